/* SPDX-License-Identifier: BSD-2-Clause */
/* Processor numbers, counts and affinity. One group. */
#include "model/machine.h"

static KAFFINITY all(void)
{
    return ((KAFFINITY)1 << machine.cpus) - 1;
}

ULONG NTAPI KeGetCurrentProcessorNumber(VOID)
{
    BenchSchedulePoint();
    return machine.now;
}

ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber)
{
    BenchSchedulePoint();
    if (ProcNumber)
        *ProcNumber = (PROCESSOR_NUMBER){.Group = 0, .Number = (UCHAR)machine.now};
    return machine.now;
}

ULONG NTAPI KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors)
{
    if (ActiveProcessors)
        *ActiveProcessors = all();
    return machine.cpus;
}

ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT GroupNumber)
{
    return GroupNumber == 0 || GroupNumber == ALL_PROCESSOR_GROUPS ? machine.cpus : 0;
}

ULONG NTAPI KeQueryMaximumProcessorCount(VOID)
{
    return machine.cpus;
}

ULONG NTAPI KeQueryMaximumProcessorCountEx(USHORT GroupNumber)
{
    return KeQueryActiveProcessorCountEx(GroupNumber);
}

KAFFINITY NTAPI KeQueryActiveProcessors(VOID)
{
    return all();
}

KAFFINITY NTAPI KeQueryGroupAffinity(USHORT GroupNumber)
{
    return GroupNumber == 0 ? all() : 0;
}

USHORT NTAPI KeQueryActiveGroupCount(VOID)
{
    return 1;
}

USHORT NTAPI KeQueryMaximumGroupCount(VOID)
{
    return 1;
}

NTSTATUS NTAPI KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcIndex >= machine.cpus)
        return STATUS_INVALID_PARAMETER;
    *ProcNumber = (PROCESSOR_NUMBER){.Group = 0, .Number = (UCHAR)ProcIndex};
    return STATUS_SUCCESS;
}

ULONG NTAPI KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcNumber->Group || ProcNumber->Number >= machine.cpus || ProcNumber->Reserved)
        return INVALID_PROCESSOR_INDEX;
    return ProcNumber->Number;
}

KAFFINITY NTAPI KeSetSystemAffinityThreadEx(KAFFINITY Affinity)
{
    KAFFINITY before = this_thread()->affinity;

    MODEL_CALL(KeSetSystemAffinityThreadEx, PASSIVE_LEVEL, APC_LEVEL,
               "KeSetSystemAffinityThreadEx function (wdm.h)");
    if (Affinity & all())
        thread_set_affinity(Affinity & all());
    return before == ~(KAFFINITY)0 ? 0 : before;
}

VOID NTAPI KeSetSystemAffinityThread(KAFFINITY Affinity)
{
    KeSetSystemAffinityThreadEx(Affinity);
}

VOID NTAPI KeRevertToUserAffinityThreadEx(KAFFINITY Affinity)
{
    MODEL_CALL(KeRevertToUserAffinityThreadEx, PASSIVE_LEVEL, APC_LEVEL,
               "KeRevertToUserAffinityThreadEx function (wdm.h)");
    thread_set_affinity(Affinity ? Affinity : ~(KAFFINITY)0);
}

VOID NTAPI KeRevertToUserAffinityThread(VOID)
{
    KeRevertToUserAffinityThreadEx(0);
}

VOID NTAPI KeSetSystemGroupAffinityThread(PGROUP_AFFINITY Affinity,
                                          PGROUP_AFFINITY PreviousAffinity)
{
    KAFFINITY before;

    MODEL_CALL(KeSetSystemGroupAffinityThread, PASSIVE_LEVEL, APC_LEVEL,
               "KeSetSystemGroupAffinityThread function (wdm.h)");
    before = this_thread()->affinity;
    if (PreviousAffinity) {
        memset(PreviousAffinity, 0, sizeof(*PreviousAffinity));
        PreviousAffinity->Mask = before == ~(KAFFINITY)0 ? 0 : before;
    }
    if (Affinity->Group == 0 && (Affinity->Mask & all()))
        thread_set_affinity(Affinity->Mask & all());
}

VOID NTAPI KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY PreviousAffinity)
{
    KeRevertToUserAffinityThreadEx(PreviousAffinity->Mask);
}
