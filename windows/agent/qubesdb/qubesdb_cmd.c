/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qubesdb-cmd.exe: looks at and changes this qube's QubesDB from a command line.
 *
 *   qubesdb-cmd [-c] read PATH | list [PATH] | multiread [PATH] | write PATH VALUE | rm PATH |
 *               watch PATH
 *
 * Values are UTF-8 and printed as they are. watch prints one path for each change until the daemon
 * goes away. Exit code: 0, 1 failed, 2 wrong usage.
 */
#include <io.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "include/qubesdb-client.h"
#include "windows/agent/common/text.h"

static int Failed(_In_ PCSTR What, _In_ PCSTR Path)
{
    const DWORD Error = GetLastError();
    const char *const Reason = Error == ERROR_FILE_NOT_FOUND      ? "there is no such key"
                               : Error == ERROR_INVALID_PARAMETER ? "no path or value for QubesDB"
                               : Error == ERROR_ACCESS_DENIED
                                   ? "refused: only administrators change keys, and only while "
                                     "dom0 is connected"
                                   : "the QubesDB daemon does not answer (sc query QubesDB)";

    fprintf(stderr, "qubesdb-cmd: %s %s: %s\n", What, Path, Reason);
    return 1;
}

static int Read(_In_ qdb_handle_t Handle, _In_ PSTR Path)
{
    unsigned int Length;
    char *const Value = qdb_read(Handle, Path, &Length);

    if (!Value)
        return Failed("read", Path);
    fwrite(Value, 1, Length, stdout);
    putchar('\n');
    qdb_free(Value);
    return 0;
}

static int List(_In_ qdb_handle_t Handle, _In_ PSTR Path)
{
    char **const Paths = qdb_list(Handle, Path, NULL);

    if (!Paths)
        return Failed("list", Path);
    for (char **At = Paths; *At; At++) {
        puts(*At);
        qdb_free(*At);
    }
    qdb_free(Paths);
    return 0;
}

static int MultiRead(_In_ qdb_handle_t Handle, _In_ PSTR Path)
{
    unsigned int *Lengths, Count;
    char **const Pairs = qdb_multiread(Handle, Path, &Lengths, &Count);

    if (!Pairs)
        return Failed("multiread", Path);
    for (unsigned int i = 0; i < Count; i++) {
        printf("%s = ", Pairs[2 * i]);
        fwrite(Pairs[2 * i + 1], 1, Lengths[i], stdout);
        putchar('\n');
        qdb_free(Pairs[2 * i]);
        qdb_free(Pairs[2 * i + 1]);
    }
    qdb_free(Lengths);
    qdb_free(Pairs);
    return 0;
}

static int Watch(_In_ qdb_handle_t Handle, _In_ PSTR Path)
{
    char *Changed;

    if (!qdb_watch(Handle, Path))
        return Failed("watch", Path);
    while ((Changed = qdb_read_watch(Handle))) {
        puts(Changed);
        fflush(stdout);
        qdb_free(Changed);
    }
    return Failed("watch", Path);
}

static int Usage(void)
{
    fputs("usage: qubesdb-cmd read PATH | list [PATH] | multiread [PATH] | write PATH VALUE |\n"
          "                   rm PATH | watch PATH\n",
          stderr);
    return 2;
}

/* Words[0] is the command. */
static int Do(_In_ qdb_handle_t Handle, _In_ int Count, _In_ PSTR *Words)
{
    const char *const Command = Words[0];
    char *const Path = Count > 1 ? Words[1] : (char[]){""};

    if (!strcmp(Command, "read") && Count == 2)
        return Read(Handle, Path);
    if (!strcmp(Command, "list") && Count <= 2)
        return List(Handle, Path);
    if (!strcmp(Command, "multiread") && Count <= 2)
        return MultiRead(Handle, Path);
    if (!strcmp(Command, "watch") && Count == 2)
        return Watch(Handle, Path);
    if (!strcmp(Command, "rm") && Count == 2)
        return qdb_rm(Handle, Path) ? 0 : Failed("rm", Path);
    if (!strcmp(Command, "write") && Count == 3)
        return qdb_write(Handle, Path, Words[2], (unsigned int)strlen(Words[2]))
                   ? 0
                   : Failed("write", Path);
    return Usage();
}

int wmain(int Count, WCHAR **Arguments)
{
    PSTR Words[4];
    int First = Count > 1 && !wcscmp(Arguments[1], L"-c") ? 2 : 1;
    const int Number = Count - First;

    if (Number < 1 || Number > 3)
        return Usage();
    for (int i = 0; i < Number; i++)
        if (!(Words[i] = TextToUtf8(Arguments[First + i])))
            return 1;
    _setmode(_fileno(stdout), _O_BINARY);
    const qdb_handle_t Handle = qdb_open(NULL);
    if (!Handle)
        return Failed("open", "");
    const int Code = Do(Handle, Number, Words);
    qdb_close(Handle);
    return Code;
}
