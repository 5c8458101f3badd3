/* SPDX-License-Identifier: BSD-2-Clause */
/* See shared_info.h. */
#include "handle.h"
#include "shared_info.h"

#include "contract.h"

NTSTATUS IoctlSharedInfoGetTime(PIOCTL_CALL Call)
{
    XENIFACE_SHAREDINFO_GET_TIME_OUT Out = {0};
    LARGE_INTEGER Time;
    NTSTATUS Status = CALL(Call->Services, SharedInfo, GetTime, &Time, &Out.Local);

    if (!NT_SUCCESS(Status))
        return Status;
    Out.Time.dwLowDateTime = Time.LowPart;
    Out.Time.dwHighDateTime = (ULONG)Time.HighPart;
    return IoctlAnswer(Call, &Out, sizeof(Out));
}
