/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * image.exe, the service qubes.GetImageRGBA: one line on stdin says which picture, stdout gets
 * "<width> <height>\n" and the pixels (pixels.h).
 *
 *   xdgicon:<id>   the icon of a program of the Start menu (startmenu.h)
 *   -              the picture follows on stdin, at most INPUT_BYTES_MAX
 *   <path>         a picture file, or the icon of a program, a link or any other file
 *
 * core/services/picture.h says which lines are taken.
 * Exit code 0, or 1 with a line on stderr; then stdout has nothing.
 */
#define COBJMACROS
#include <fcntl.h>
#include <io.h>
#include <windows.h>
#include <objbase.h>
#include <shellapi.h>
#include <shlobj.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "core/services/picture.h"
#include "windows/agent/common/pixels.h"
#include "windows/agent/common/text.h"
#include "windows/rpc/apps/startmenu.h"
#include "windows/rpc/apps/store_apps.h"

enum {
    INPUT_BYTES_MAX = 32 << 20,
    ICON_SIDE = 128, /* of a program's: what dom0 likes best */
};

/* --- Icons */

static DWORD IconAt(_In_ PCWSTR Path, _In_ int Index, _Out_ PIXELS *Pixels)
{
    HICON Icon = NULL;

    if (PrivateExtractIconsW(Path, Index, ICON_SIDE, ICON_SIDE, &Icon, NULL, 1, 0) != 1 || !Icon)
        return ERROR_FILE_NOT_FOUND;
    const DWORD Error = PixelsOfIcon(Icon, Pixels);
    DestroyIcon(Icon);
    return Error;
}

/* An icon file, as large as it is. */
static DWORD IconFile(_In_ PCWSTR Path, _Out_ PIXELS *Pixels)
{
    const HICON Icon = LoadImageW(NULL, Path, IMAGE_ICON, 0, 0, LR_LOADFROMFILE);

    if (!Icon)
        return ERROR_FILE_NOT_FOUND;
    const DWORD Error = PixelsOfIcon(Icon, Pixels);
    DestroyIcon(Icon);
    return Error;
}

/* The icon that Explorer shows for a file. */
static DWORD ShellIcon(_In_ PCWSTR Path, _Out_ PIXELS *Pixels)
{
    SHFILEINFOW Info = {0};

    if (!SHGetFileInfoW(Path, 0, &Info, sizeof(Info), SHGFI_ICON | SHGFI_LARGEICON) || !Info.hIcon)
        return ERROR_FILE_NOT_FOUND;
    const DWORD Error = PixelsOfIcon(Info.hIcon, Pixels);
    DestroyIcon(Info.hIcon);
    return Error;
}

/* FALSE: the link names no icon and no program. */
static BOOL IconOfLink(_In_ PCWSTR Path, _Out_writes_(MAX_PATH) PWSTR IconPath, _Out_ int *Index)
{
    WCHAR Named[MAX_PATH] = L"";
    IShellLinkW *Link;
    IPersistFile *File;

    *Index = 0;
    if (FAILED(CoCreateInstance(&CLSID_ShellLink, NULL, CLSCTX_INPROC_SERVER, &IID_IShellLinkW,
                                (void **)&Link)))
        return FALSE;
    if (SUCCEEDED(IShellLinkW_QueryInterface(Link, &IID_IPersistFile, (void **)&File))) {
        if (SUCCEEDED(IPersistFile_Load(File, Path, STGM_READ)) &&
            (FAILED(IShellLinkW_GetIconLocation(Link, Named, MAX_PATH, Index)) || !Named[0])) {
            *Index = 0;
            if (IShellLinkW_GetPath(Link, Named, MAX_PATH, NULL, 0) != S_OK)
                Named[0] = 0;
        }
        IPersistFile_Release(File);
    }
    IShellLinkW_Release(Link);
    return Named[0] && ExpandEnvironmentStringsW(Named, IconPath, MAX_PATH) <= MAX_PATH;
}

static DWORD LinkIcon(_In_ PCWSTR Path, _Out_ PIXELS *Pixels)
{
    WCHAR IconPath[MAX_PATH];
    int Index;

    if (IconOfLink(Path, IconPath, &Index) && !IconAt(IconPath, Index, Pixels))
        return ERROR_SUCCESS;
    return ShellIcon(Path, Pixels);
}

/* --- What is asked for */

static DWORD MenuIcon(_In_ PCSTR Id, _Out_ PIXELS *Pixels)
{
    APP App;

    if (!StartMenuFind(Id, &App))
        return ERROR_FILE_NOT_FOUND;
    return App.OfStore ? StoreAppIcon(App.Link, ICON_SIDE, Pixels) : LinkIcon(App.Link, Pixels);
}

/* Input at most INPUT_BYTES_MAX. */
static DWORD ReadAndDecode(_In_ FILE *Input, _Out_ PIXELS *Pixels)
{
    BYTE *const Bytes = malloc(INPUT_BYTES_MAX + 1);
    const SIZE_T Size = Bytes ? fread(Bytes, 1, INPUT_BYTES_MAX + 1, Input) : 0;
    const DWORD Error = !Bytes                   ? ERROR_NOT_ENOUGH_MEMORY
                        : Size > INPUT_BYTES_MAX ? ERROR_NOT_SUPPORTED
                                                 : PixelsOfImage(Bytes, (DWORD)Size, Pixels);

    free(Bytes);
    return Error;
}

static DWORD FilePicture(_In_ PCWSTR Path, _Out_ PIXELS *Pixels)
{
    const PCWSTR Ending = wcsrchr(Path, L'.');
    FILE *File;
    DWORD Error;

    if (Ending && !_wcsicmp(Ending, L".lnk"))
        return LinkIcon(Path, Pixels);
    if (Ending && !_wcsicmp(Ending, L".ico") && !IconFile(Path, Pixels))
        return ERROR_SUCCESS;
    if (!IconAt(Path, 0, Pixels)) /* a program */
        return ERROR_SUCCESS;
    File = _wfopen(Path, L"rb");
    if (!File)
        return ERROR_FILE_NOT_FOUND;
    Error = ReadAndDecode(File, Pixels);
    fclose(File);
    return Error == ERROR_INVALID_DATA ? ShellIcon(Path, Pixels) : Error;
}

static DWORD FilePictureOf(_In_ PCSTR Name, _Out_ PIXELS *Pixels)
{
    const PWSTR Path = TextToWide(Name, strlen(Name));
    const DWORD Error = Path ? FilePicture(Path, Pixels) : ERROR_FILE_NOT_FOUND;

    free(Path);
    return Error;
}

static DWORD Find(_In_reads_(Length) PCSTR Line, _In_ SIZE_T Length, _Out_ PIXELS *Pixels)
{
    static CHAR Name[PICTURE_LINE_BYTES];

    switch (picture_parse(Line, Length, Name)) {
    case PICTURE_STDIN:
        return ReadAndDecode(stdin, Pixels);
    case PICTURE_MENU:
        return MenuIcon(Name, Pixels);
    case PICTURE_FILE:
        return FilePictureOf(Name, Pixels);
    case PICTURE_NONE:
        break;
    }
    return ERROR_INVALID_DATA;
}

/* Its length without the line end; what is behind it stays for who reads next. Too long a line
 * fills the buffer. */
static SIZE_T ReadLine(_Out_writes_(PICTURE_LINE_BYTES) PSTR Line)
{
    SIZE_T Length = 0;
    int Character;

    while (Length < PICTURE_LINE_BYTES && (Character = getchar()) != EOF && Character != '\n')
        Line[Length++] = (CHAR)Character;
    return Length;
}

static BOOL Write(_In_ const PIXELS *Pixels)
{
    SIZE_T Size;
    BYTE *const Bytes = PixelsEncode(Pixels, &Size);
    const BOOL Written = Bytes && fwrite(Bytes, 1, Size, stdout) == Size && fflush(stdout) == 0;

    free(Bytes);
    return Written;
}

int wmain(void)
{
    static CHAR Line[PICTURE_LINE_BYTES];
    PIXELS Pixels = {0};

    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED | COINIT_DISABLE_OLE1DDE);
    DWORD Error = Find(Line, ReadLine(Line), &Pixels);
    if (Error)
        fprintf(stderr, "qubes.GetImageRGBA: %s\n",
                Error == ERROR_FILE_NOT_FOUND  ? "there is no such picture"
                : Error == ERROR_NOT_SUPPORTED ? "the picture is too large"
                : Error == ERROR_INVALID_DATA  ? "that is no picture"
                                               : "no memory");
    else if (!Write(&Pixels))
        Error = ERROR_WRITE_FAULT;
    free(Pixels.Rgba);
    CoUninitialize();
    return Error ? 1 : 0;
}
