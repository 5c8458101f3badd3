/* SPDX-License-Identifier: BSD-2-Clause */
/* See want.h. */
#include <string.h>
#include "windows/agent/network/want.h"

enum { VALUE_BYTES = 64 };

VIF_STATE NetworkWant(_In_ qdb_handle_t Db, _Inout_ VIF *Vif,
                      _Inout_ struct netconfig_wanted *Wanted)
{
    char Values[NETCONFIG_KEYS][VALUE_BYTES];
    const char *Known[NETCONFIG_KEYS];
    const bool SeenBefore = Wanted->mac_set;
    uint8_t Mac[MAC_BYTES];

    memcpy(Mac, Wanted->mac, MAC_BYTES); /* of a vif that is gone by now */
    for (int i = 0; i < NETCONFIG_KEYS; i++)
        Known[i] = FollowRead(Db, netconfig_paths[i], Values[i], VALUE_BYTES) ? Values[i] : NULL;
    netconfig_want(Known, Wanted);
    const VIF_STATE State = VifLook(Vif, Mac);
    if (State == VifNone)
        netconfig_want_nothing(Wanted);
    if (!Wanted->mac_set) {
        memcpy(Wanted->mac, Mac, MAC_BYTES);
        Wanted->mac_set = State == VifThere || SeenBefore;
    }
    return State;
}
