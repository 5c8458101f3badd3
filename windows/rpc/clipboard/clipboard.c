/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clipboard.exe copy, the service qubes.ClipboardCopy: writes the clipboard's text to stdout.
 * clipboard.exe paste, the service qubes.ClipboardPaste: stdin becomes the clipboard's text.
 *
 * Text is UTF-8 with LF (clipboard.h). Of too long a text, copy writes one byte more than may be,
 * by which dom0 knows; paste takes none of it. Exit code: 0, or 1 with a line on stderr.
 */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "windows/agent/common/clipboard.h"

static int Failed(_In_ DWORD Error)
{
    if (Error == ERROR_BUFFER_OVERFLOW)
        fprintf(stderr, "clipboard: the text is longer than %d bytes; nothing was changed\n",
                CLIPBOARD_TEXT_BYTES);
    else if (Error == ERROR_ACCESS_DENIED)
        fputs("clipboard: another program keeps the clipboard open; try again\n", stderr);
    else
        fprintf(stderr, "clipboard: error %lu\n", Error);
    return 1;
}

static int Copy(void)
{
    SIZE_T Length;
    PSTR Text;
    const DWORD Error = ClipboardRead(&Text, &Length);

    if (Error)
        return Failed(Error);
    Length = min(Length, CLIPBOARD_TEXT_BYTES + 1);
    const BOOL Written = fwrite(Text, 1, Length, stdout) == Length && fflush(stdout) == 0;
    free(Text);
    return Written ? 0 : 1;
}

static int Paste(void)
{
    const PSTR Text = malloc(CLIPBOARD_TEXT_BYTES + 1);
    const SIZE_T Length = Text ? fread(Text, 1, CLIPBOARD_TEXT_BYTES + 1, stdin) : 0;
    const DWORD Error = !Text           ? ERROR_NOT_ENOUGH_MEMORY
                        : ferror(stdin) ? ERROR_READ_FAULT
                                        : ClipboardWrite(Text, Length);

    free(Text);
    return Error ? Failed(Error) : 0;
}

int wmain(int Count, WCHAR **Arguments)
{
    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
    if (Count == 2 && !wcscmp(Arguments[1], L"copy"))
        return Copy();
    if (Count == 2 && !wcscmp(Arguments[1], L"paste"))
        return Paste();
    fputs("usage: clipboard copy | paste\n", stderr);
    return 2;
}
