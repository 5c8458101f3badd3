/* SPDX-License-Identifier: BSD-2-Clause */
/* See vif.h. */
#include <stdio.h>
#include <string.h>
#include "windows/agent/network/vif.h"

enum { NAMES_BYTES = 1024, MAC_TEXT_BYTES = 32, PATH_BYTES = 64 };
static char Folder[] = "device/vif";

void VifOpen(_Out_ VIF *Vif, _In_ HANDLE Event)
{
    memset(Vif, 0, sizeof(*Vif));
    Vif->Event = Event;
}

static BOOL Connect(_Inout_ VIF *Vif)
{
    if (Vif->Xc)
        return TRUE;
    if (XcOpen(NULL, &Vif->Xc))
        return FALSE;
    if (!XcStoreAddWatch(Vif->Xc, Folder, Vif->Event, &Vif->Watch))
        return TRUE;
    XcClose(Vif->Xc);
    Vif->Xc = NULL;
    return FALSE;
}

void VifClose(_Inout_ VIF *Vif)
{
    XcClose(Vif->Xc); /* and the watch with it */
    Vif->Xc = NULL;
}

VIF_STATE VifLook(_Inout_ VIF *Vif, _Inout_updates_(MAC_BYTES) uint8_t *Mac)
{
    char Names[NAMES_BYTES] = "", Path[PATH_BYTES], Text[MAC_TEXT_BYTES];
    DWORD Error;

    if (!Connect(Vif))
        return VifUnknown;
    Error = XcStoreDirectory(Vif->Xc, Folder, sizeof(Names), Names);
    if (Error)
        return Error == ERROR_FILE_NOT_FOUND ? VifNone : VifUnknown;
    for (PCSTR Name = Names; *Name; Name += strlen(Name) + 1) {
        if (snprintf(Path, sizeof(Path), "%s/%s/mac", Folder, Name) < (int)sizeof(Path) &&
            !XcStoreRead(Vif->Xc, Path, sizeof(Text), Text) && mac_parse(Text, Mac))
            return VifThere;
    }
    return VifNone;
}
