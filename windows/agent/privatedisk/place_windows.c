/* SPDX-License-Identifier: BSD-2-Clause */
/* See place.h. */
#include "windows/agent/privatedisk/place.h"

BOOL PrivateIsMounted(void)
{
    WCHAR Volume[64];

    return GetVolumeNameForVolumeMountPointW(PRIVATE_FOLDER, Volume, 64);
}
