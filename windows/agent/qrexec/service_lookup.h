/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which program answers a service. Folders are searched in order (the owner's overrides first, when
 * only SYSTEM and administrators can write to that folder, its parent and rpc-config there),
 * in each for the file "service+argument" and then "service", also with ".exe" behind. A file that
 * begins with "MZ" is the program itself. Any other is one line of UTF-8 text: a command line
 * whose program, when it has no folder, is looked for beside that file, then beside the agent,
 * then by Windows. Lines that begin with '#' and empty ones are skipped. When the call has an
 * argument it is the last argument of the program, quoted.
 *
 * The folder "rpc-config" beside each of those folders holds settings (core/qrexec/command.h) in
 * files of the same names.
 */
#pragma once

#include <windows.h>
#include "core/qrexec/command.h"

enum { SERVICE_FOLDERS_MAX = 4 };

typedef struct SERVICE_FOLDERS {
    WCHAR Paths[SERVICE_FOLDERS_MAX][MAX_PATH];
    DWORD Count;
    BOOL Guarded;             /* the first is used only while FolderIsGuarded() */
    WCHAR Programs[MAX_PATH]; /* the agent's own folder */
} SERVICE_FOLDERS;

typedef struct SERVICE_FOUND {
    PWSTR CommandLine; /* free() it */
    struct qrexec_rpc_config Config;
    WCHAR ForceUser[256]; /* "" : as the call says */
} SERVICE_FOUND;

/* %ProgramData%\Casement\qubes-rpc, then ..\qubes-rpc seen from the agent's program. The first is
 * guarded: every user may write to folders made in %ProgramData% until that is taken away, for
 * which docs/not-proven-here.md has the command. */
void ServiceFoldersDefault(_Out_ SERVICE_FOLDERS *Folders);

/* ERROR_SUCCESS; ERROR_FILE_NOT_FOUND: no such service; another: its file or its settings are no
 * good (the log says why). */
DWORD ServiceLookup(_In_ const SERVICE_FOLDERS *Folders, _In_ const struct qrexec_command *Command,
                    _Out_ SERVICE_FOUND *Found);
