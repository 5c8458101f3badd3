/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The folder that a copy is received into. Names are stored as core/filecopy/winmap.h says: escaped
 * where Windows forbids them, so that no name reaches another file, a stream of a file or a device.
 * Paths are of the \\?\ kind: up to 32767 characters. Nothing that exists is replaced; an existing
 * directory is filled; junctions and links in the folder are not followed.
 *
 * No file is seen before it is complete, and none is left when the copy fails or the process is
 * killed at any moment: from its creation to its completion a file is marked for deletion, so the
 * system removes it with the process's last handle. A large one is written under a part name
 * ("~casement-PID-N.part" in the top folder) and renamed when complete, so that not even a power
 * failure leaves it half under its own name; between its unmarking and the rename a kill leaves
 * that part, complete, and the next copy into the folder removes it. A small one, whose data are
 * all here already, is made under its own name at once.
 *
 * Times have Windows' resolution of 100 ns. Of the mode only the missing write permission of its
 * owner is kept, as the read-only attribute of files.
 *
 * Functions return FC_OK or an errno value of Linux. One thread.
 */
#ifndef CASEMENT_RPC_FILECOPY_INCOMING_H
#define CASEMENT_RPC_FILECOPY_INCOMING_H

#include "core/filecopy/winmap.h"

#include <windows.h>

enum {
    /* Below this a file has no part name, if its data are at hand. */
    INCOMING_SMALL_BYTES = 256 * 1024,
};

typedef struct _INCOMING {
    struct fc_winmap Names;
    HANDLE File;         /* the unfinished one, or NULL */
    BOOL Renamed;        /* it has a part name and gets its own at the end */
    SIZE_T RootLength;   /* of Path, with its last "\" */
    SIZE_T ParentLength; /* the directory which was seen to be free of links */
    ULONG PartCount;
    WCHAR Parent[FC_WINPATH_UNITS + 1];
    WCHAR Path[FC_WINPATH_UNITS + 1]; /* of the current entry, with its NUL */
    WCHAR Part[FC_WINPATH_UNITS + 1];
} INCOMING, *PINCOMING;

/* Folder is a full path without \\?\; it is made with its parents when missing. IncomingClose is
 * needed after a failure, too. */
enum fc_error IncomingOpen(_Out_ PINCOMING Incoming, _In_z_ PCWSTR Folder);

/* Drops an unfinished file. */
VOID IncomingClose(_Inout_ PINCOMING Incoming);

/* One for each action of core/filecopy/receiver.h; names have passed fc_check_path. */
enum fc_error IncomingOpenDirectory(_Inout_ PINCOMING Incoming, _In_ PCSTR Name,
                                    _In_ SIZE_T Length);
enum fc_error IncomingCloseDirectory(_Inout_ PINCOMING Incoming, _In_ PCSTR Name,
                                     _In_ SIZE_T Length, _In_ const struct fc_header *Header);
/* AllHere: the caller has all the data and will write them at once. */
enum fc_error IncomingCreateFile(_Inout_ PINCOMING Incoming, _In_ PCSTR Name, _In_ SIZE_T Length,
                                 _In_ ULONGLONG Size, _In_ BOOL AllHere);
enum fc_error IncomingWrite(_Inout_ PINCOMING Incoming, _In_reads_bytes_(Size) const VOID *Data,
                            _In_ SIZE_T Size);
enum fc_error IncomingFinishFile(_Inout_ PINCOMING Incoming, _In_ const struct fc_header *Header);

#endif
