/* SPDX-License-Identifier: BSD-2-Clause */
/* See readahead.h. */
#include "windows/rpc/filecopy/readahead.h"

VOID ReadAheadInit(_Inout_ PREAD_AHEAD Ahead, _In_ HANDLE Input)
{
    Ahead->Input = Input;
}

/* Into the block that the caller does not have. */
static VOID ReadBlock(_Inout_ PREAD_AHEAD Ahead)
{
    Ahead->Error = ERROR_SUCCESS;
    if (ReadFile(Ahead->Input, Ahead->Blocks[!Ahead->Current], Ahead->Limit, &Ahead->Size, NULL))
        return;
    Ahead->Size = 0;
    /* A pipe whose writers are gone has ended; everything else is an error of this end. */
    if (GetLastError() != ERROR_BROKEN_PIPE && GetLastError() != ERROR_HANDLE_EOF)
        Ahead->Error = GetLastError();
}

static DWORD WINAPI ReadBlocks(_In_ PVOID Context)
{
    PREAD_AHEAD Ahead = Context;

    AcquireSRWLockExclusive(&Ahead->Lock);
    for (;;) {
        while (!Ahead->Wanted && !Ahead->Quit)
            SleepConditionVariableSRW(&Ahead->Changed, &Ahead->Lock, INFINITE, 0);
        if (!Ahead->Wanted)
            break;
        ReleaseSRWLockExclusive(&Ahead->Lock);
        ReadBlock(Ahead);
        AcquireSRWLockExclusive(&Ahead->Lock);
        Ahead->Wanted = FALSE;
        WakeConditionVariable(&Ahead->Changed);
    }
    ReleaseSRWLockExclusive(&Ahead->Lock);
    return 0;
}

static VOID AwaitRead(_Inout_ PREAD_AHEAD Ahead)
{
    AcquireSRWLockExclusive(&Ahead->Lock);
    while (Ahead->Wanted)
        SleepConditionVariableSRW(&Ahead->Changed, &Ahead->Lock, INFINITE, 0);
    ReleaseSRWLockExclusive(&Ahead->Lock);
    Ahead->Busy = FALSE;
}

DWORD ReadAheadNext(_Inout_ PREAD_AHEAD Ahead, _Outptr_ const BYTE **Block, _Out_ DWORD *Size)
{
    if (Ahead->Busy) {
        AwaitRead(Ahead);
    } else {
        Ahead->Limit = READ_AHEAD_BLOCK_BYTES;
        ReadBlock(Ahead);
    }
    Ahead->Current = !Ahead->Current;
    *Block = Ahead->Blocks[Ahead->Current];
    *Size = Ahead->Size;
    return Ahead->Error;
}

static VOID Tell(_Inout_ PREAD_AHEAD Ahead, _Inout_ BOOL *What)
{
    AcquireSRWLockExclusive(&Ahead->Lock);
    *What = TRUE;
    ReleaseSRWLockExclusive(&Ahead->Lock);
    WakeConditionVariable(&Ahead->Changed);
}

VOID ReadAheadStart(_Inout_ PREAD_AHEAD Ahead, _In_ ULONGLONG Promised)
{
    if (Ahead->Thread == NULL)
        Ahead->Thread = CreateThread(NULL, 64 << 10, ReadBlocks, Ahead,
                                     STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (Ahead->Busy || Ahead->Thread == NULL)
        return;
    Ahead->Limit = Promised < READ_AHEAD_BLOCK_BYTES ? (DWORD)Promised : READ_AHEAD_BLOCK_BYTES;
    Ahead->Busy = TRUE;
    Tell(Ahead, &Ahead->Wanted);
}

VOID ReadAheadEnd(_Inout_ PREAD_AHEAD Ahead)
{
    if (Ahead->Thread == NULL)
        return;
    Tell(Ahead, &Ahead->Quit);
    WaitForSingleObject(Ahead->Thread, INFINITE);
    CloseHandle(Ahead->Thread);
}
