/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stream of a copy, block by block, where the next block may be on its way while the last one
 * is worked on. Only bytes that are known to come are read ahead (the rest of a file whose header
 * promised them): so no read is left waiting when the copy has ended, and the process can end by
 * itself. The thread for it is made at its first use; small copies have none.
 *
 * Two blocks take turns: the one that ReadAheadNext gave stays until the next ReadAheadNext. One
 * thread calls these.
 */
#ifndef CASEMENT_RPC_FILECOPY_READAHEAD_H
#define CASEMENT_RPC_FILECOPY_READAHEAD_H

#include <windows.h>

enum { READ_AHEAD_BLOCK_BYTES = 512 << 10 };

typedef struct _READ_AHEAD {
    HANDLE Input;
    HANDLE Thread; /* NULL: none was needed yet */
    SRWLOCK Lock;  /* of Wanted and Quit */
    CONDITION_VARIABLE Changed;
    BOOL Wanted;       /* a read was started and is not done */
    BOOL Quit;         /* no more reads */
    BOOL Busy;         /* a read was started and not yet taken: the caller's note */
    DWORD Limit;       /* of the read, in bytes */
    DWORD Size, Error; /* its outcome */
    ULONG Current;     /* which block the caller has */
    BYTE Blocks[2][READ_AHEAD_BLOCK_BYTES];
} READ_AHEAD, *PREAD_AHEAD;

/* Ahead is zeroed memory; Input is synchronous and stays the caller's. */
VOID ReadAheadInit(_Inout_ PREAD_AHEAD Ahead, _In_ HANDLE Input);

/* The next bytes of the stream; none: it has ended. ERROR_SUCCESS or why it cannot be read. */
DWORD ReadAheadNext(_Inout_ PREAD_AHEAD Ahead, _Outptr_ const BYTE **Block, _Out_ DWORD *Size);

/* Starts to read what the next ReadAheadNext gives. Promised: how many bytes are known to follow
 * the block at hand, at least 1. Nothing happens where there is no memory for a thread. */
VOID ReadAheadStart(_Inout_ PREAD_AHEAD Ahead, _In_ ULONGLONG Promised);

/* Ends the thread. Waits for a read that was started: tell the peer before this that no more of
 * its bytes are wanted. */
VOID ReadAheadEnd(_Inout_ PREAD_AHEAD Ahead);

#endif
