/* SPDX-License-Identifier: BSD-2-Clause */
/* The clocks that drivers read, all from virtual time; and stalling. */
#include "model/machine.h"
#include "model/windows.h"

RULE(stall_long, "KeStallExecutionProcessor stalls for at most 50 microseconds at a time",
     "KeStallExecutionProcessor function (wdm.h)");

/* 2026-01-01 00:00 UTC in 100 ns since 1601. */
static const uint64_t start_time = 134117856000000000u;
enum { TICK_UNITS = 156250, COUNTER_PER_SECOND = 10000000 };

static int64_t time_adjustment; /* the system time may be set; interrupt time may not */

void time_adjust(int64_t units);
void time_adjust(int64_t units)
{
    time_adjustment += units;
}

VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    CurrentTime->QuadPart = (LONGLONG)(start_time + sched_time()) + time_adjustment;
}

VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime);
VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime)
{
    KeQuerySystemTime(CurrentTime);
}

SYSTEM_ROUTINE(KeQuerySystemTimePrecise, WINDOWS_8);

ULONGLONG NTAPI KeQueryInterruptTime(VOID)
{
    return sched_time();
}

ULONGLONG NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp);
ULONGLONG NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    *QpcTimeStamp = sched_time();
    return sched_time();
}

SYSTEM_ROUTINE(KeQueryInterruptTimePrecise, WINDOWS_8);

ULONGLONG NTAPI KeQueryUnbiasedInterruptTime(VOID)
{
    return sched_time();
}

VOID NTAPI KeQueryTickCount(PLARGE_INTEGER CurrentCount)
{
    CurrentCount->QuadPart = (LONGLONG)(sched_time() / TICK_UNITS);
}

ULONG NTAPI KeQueryTimeIncrement(VOID)
{
    return TICK_UNITS;
}

LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
    LARGE_INTEGER now = {.QuadPart = (LONGLONG)sched_time()};

    BenchSchedulePoint();
    if (PerformanceFrequency)
        PerformanceFrequency->QuadPart = COUNTER_PER_SECOND;
    return now;
}

VOID NTAPI KeStallExecutionProcessor(ULONG MicroSeconds)
{
    if (MicroSeconds > 50)
        rule_broken(&stall_long, "%u microseconds", MicroSeconds);
    sched_time_pass((uint64_t)MicroSeconds * 10);
    BenchYieldProcessor();
}

VOID NTAPI ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime)
{
    *LocalTime = *SystemTime; /* the machine's zone is UTC */
}

VOID NTAPI ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime)
{
    *SystemTime = *LocalTime;
}
