/* SPDX-License-Identifier: BSD-2-Clause */
/* See report.h. */
#include <windows.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "include/qubesdb-client.h"
#include "windows/agent/doctor/check.h"
#include "windows/agent/doctor/report.h"

enum { LOG_TAIL_BYTES = 65536 };

static void CopyTail(_In_ FILE *To, _In_ PCWSTR Path)
{
    char Bytes[4096];
    FILE *const From = _wfopen(Path, L"rb");
    size_t Count;

    if (!From) {
        fprintf(To, "(it cannot be read)\n");
        return;
    }
    if (fseek(From, -LOG_TAIL_BYTES, SEEK_END))
        rewind(From);
    while ((Count = fread(Bytes, 1, sizeof(Bytes), From)) > 0)
        fwrite(Bytes, 1, Count, To);
    fclose(From);
}

int ReportLogs(FILE *File)
{
    WCHAR Folder[MAX_PATH], Path[3 * MAX_PATH];
    WIN32_FIND_DATAW Found;

    if (!ProgramFolder(Folder))
        return FALSE;
    swprintf(Path, 3 * MAX_PATH, L"%ls\\..\\log\\*.log", Folder);
    const HANDLE Search = FindFirstFileW(Path, &Found);
    if (Search == INVALID_HANDLE_VALUE)
        return !ferror(File);
    do {
        fprintf(File, "\n--- log\\%ls\n", Found.cFileName);
        swprintf(Path, 3 * MAX_PATH, L"%ls\\..\\log\\%ls", Folder, Found.cFileName);
        CopyTail(File, Path);
    } while (FindNextFileW(Search, &Found));
    FindClose(Search);
    return !ferror(File);
}

static BOOL IsSecret(_In_ PCSTR Path)
{
    return !strcmp(Path, "/qubes-random-seed") || !strncmp(Path, "/vm-config/", 11);
}

int ReportQubesDb(FILE *File)
{
    const qdb_handle_t Db = qdb_open(NULL);
    unsigned int Count = 0;
    char **const Pairs = Db ? qdb_multiread(Db, (char[]){"/"}, NULL, &Count) : NULL;

    fprintf(File, "\n--- QubesDB, %u keys\n", Count);
    for (unsigned int i = 0; i < Count; i++) {
        fprintf(File, "%s = %s\n", Pairs[2 * i],
                IsSecret(Pairs[2 * i]) ? "(left out)" : Pairs[2 * i + 1]);
        qdb_free(Pairs[2 * i]);
        qdb_free(Pairs[2 * i + 1]);
    }
    qdb_free(Pairs);
    qdb_close(Db);
    return !ferror(File);
}
