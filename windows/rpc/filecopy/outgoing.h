/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stream of a copy that is being sent: files and trees become bytes in a large buffer, so that
 * a small file costs its own open, query, read and close and hardly anything for the stream.
 *
 * Files are opened so that other programs may go on reading, writing, renaming and deleting them. A
 * file is sent as it is when it is opened. One that fits the buffer is read before its header is
 * made, so it may change at any time; a larger one that shrinks while it is sent ends the copy
 * (EIO), one that grows is sent with the bytes it had, and a message says so.
 *
 * Names that a receiver of ours has escaped (core/filecopy/winname.h) get their original back. A
 * name with half a surrogate pair is no text: EILSEQ. Relative symbolic links are sent as such;
 * other links and junctions lead out of the copy and end it with EINVAL, unless links are ignored.
 *
 * Functions return FC_OK or an errno value of Linux; Problem then says what was being done, Name
 * with what. One thread.
 */
#ifndef CASEMENT_RPC_FILECOPY_OUTGOING_H
#define CASEMENT_RPC_FILECOPY_OUTGOING_H

#include "core/filecopy/progress.h"
#include "core/filecopy/sender.h"
#include "core/filecopy/winmap.h"

#include <windows.h>

/* Small enough to stay in a cache between the reading, the sum and the writing. */
enum { OUTGOING_BUFFER_SIZE = 256 << 10 };

typedef struct _OUTGOING {
    struct fc_sender Sender;
    struct fc_progress Progress;
    BOOL ShowProgress;
    BOOL IsConsole; /* one line that is rewritten; otherwise a line each time */
    BOOL IgnoreLinks;
    BOOL StreamBroken; /* the receiver no longer reads: its result tells why */
    HANDLE Stream;
    PCSTR Problem;
    CHAR Name[FC_NAME_LIMIT]; /* as the receiver sees it */
    SIZE_T NameLength;
    WCHAR Path[FC_WINPATH_UNITS + 1]; /* \\?\ and where it is */
    SIZE_T PathLength;
    SIZE_T Used;
    BYTE Buffer[OUTGOING_BUFFER_SIZE];
} OUTGOING, *POUTGOING;

/* Outgoing is zeroed memory. */
VOID OutgoingInit(_Inout_ POUTGOING Outgoing, _In_ HANDLE Stream);

/* Sends a file, directory or link under its last component. */
enum fc_error OutgoingSend(_Inout_ POUTGOING Outgoing, _In_z_ PCWSTR Path);

/* The end header, and all that is still in the buffer. */
enum fc_error OutgoingEnd(_Inout_ POUTGOING Outgoing);

/* A last line of progress. */
VOID OutgoingShowEnd(_Inout_ POUTGOING Outgoing);

#endif
