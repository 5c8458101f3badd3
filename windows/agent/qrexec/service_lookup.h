/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which program answers a service. Folders are searched in order, in each for the file
 * "service+argument" and then "service", also with ".exe" behind. A file that begins with "MZ" is
 * the program itself. Any other is one line of UTF-8 text: a command line whose program, when it
 * has no folder, is looked for beside that file, then beside the agent, then by Windows. Lines that
 * begin with '#' and empty ones are skipped. When the call has an argument it is the last argument
 * of the program, quoted.
 *
 * The folder "rpc-config" beside each of those folders holds settings (core/qrexec/command.h) in
 * files of the same names.
 *
 * First come the overrides, which an administrator of this qube makes, as root does on Linux in
 * /usr/local/etc/qubes-rpc:
 *
 *   C:\Private\Casement\qubes-rpc       on the private disk: this qube's, though its C: is a
 * template's %ProgramData%\Casement\qubes-rpc    of a template, for all qubes that are based on it
 *
 * They count only while none but SYSTEM and administrators can write to them, to the folders beside
 * and above, and to the file itself, or replace any of these (guarded_folder.h); the log says when
 * they do not. A new volume lets every user make folders: docs/not-proven-here.md has the command
 * that takes it away.
 */
#pragma once

#include <windows.h>
#include "core/qrexec/command.h"

enum { SERVICE_FOLDERS_MAX = 4 };

typedef struct SERVICE_FOLDERS {
    WCHAR Paths[SERVICE_FOLDERS_MAX][MAX_PATH];
    DWORD Count;
    DWORD Guarded;            /* so many, the first, are overrides */
    WCHAR Programs[MAX_PATH]; /* the agent's own folder */
} SERVICE_FOLDERS;

typedef struct SERVICE_FOUND {
    PWSTR CommandLine; /* free() it */
    struct qrexec_rpc_config Config;
    WCHAR ForceUser[256]; /* "" : as the call says */
} SERVICE_FOUND;

/* The overrides, then ..\qubes-rpc seen from the agent's program. */
void ServiceFoldersDefault(_Out_ SERVICE_FOLDERS *Folders);

/* ERROR_SUCCESS; ERROR_FILE_NOT_FOUND: no such service; another: its file or its settings are no
 * good (the log says why). */
DWORD ServiceLookup(_In_ const SERVICE_FOLDERS *Folders, _In_ const struct qrexec_command *Command,
                    _Out_ SERVICE_FOUND *Found);
