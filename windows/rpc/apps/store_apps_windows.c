/* SPDX-License-Identifier: BSD-2-Clause */
/* See store_apps.h. */
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0602 /* the Store came with Windows 8 */
#define COBJMACROS
#include <initguid.h>
#include <windows.h>
#include <knownfolders.h>
#include <objbase.h>
#include <propkey.h>
#include <shlobj.h>
#include <shobjidl.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include "windows/rpc/apps/store_apps.h"

/* Missing from the headers of this compiler, or in one that does not go with <knownfolders.h>. */
DEFINE_GUID(EnumerateItems, 0x94f60519, 0x2850, 0x4924, 0xaa, 0x5a, 0xd1, 0x5e, 0x84, 0x86, 0x80,
            0x39); /* BHID_EnumItems */
DEFINE_GUID(StoreActivationManager, 0x45ba127d, 0x10a8, 0x46ea, 0x8a, 0xb7, 0x56, 0xea, 0x90, 0x78,
            0x94, 0x3c);

/* The Store's ids have a "!"; all else in that folder is a program's, which has a link. */
static BOOL Describe(_In_ IShellItem2 *Item, _Out_ STORE_APP *App)
{
    PWSTR Id = NULL, Name = NULL;
    BOOL Fits = FALSE;

    if (SUCCEEDED(IShellItem2_GetString(Item, &PKEY_AppUserModel_ID, &Id)) && wcschr(Id, L'!') &&
        SUCCEEDED(IShellItem2_GetDisplayName(Item, SIGDN_NORMALDISPLAY, &Name)) &&
        wcslen(Id) < STORE_APP_ID_UNITS && wcslen(Name) < STORE_APP_NAME_UNITS) {
        wcscpy(App->Id, Id);
        wcscpy(App->Name, Name);
        Fits = TRUE;
    }
    CoTaskMemFree(Id);
    CoTaskMemFree(Name);
    return Fits;
}

void StoreAppsEnumerate(_In_ BOOL (*Found)(_In_ PVOID Context, _In_ const STORE_APP *App),
                        _In_ PVOID Context)
{
    IShellItem *Folder, *Item;
    IShellItem2 *Item2;
    IEnumShellItems *Items;
    STORE_APP App;
    BOOL Going = TRUE;

    if (FAILED(SHCreateItemInKnownFolder(&FOLDERID_AppsFolder, 0, NULL, &IID_IShellItem,
                                         (void **)&Folder)))
        return;
    if (SUCCEEDED(IShellItem_BindToHandler(Folder, NULL, &EnumerateItems, &IID_IEnumShellItems,
                                           (void **)&Items))) {
        while (Going && IEnumShellItems_Next(Items, 1, &Item, NULL) == S_OK) {
            if (SUCCEEDED(IShellItem_QueryInterface(Item, &IID_IShellItem2, (void **)&Item2))) {
                if (Describe(Item2, &App))
                    Going = Found(Context, &App);
                IShellItem2_Release(Item2);
            }
            IShellItem_Release(Item);
        }
        IEnumShellItems_Release(Items);
    }
    IShellItem_Release(Folder);
}

DWORD StoreAppStart(_In_ PCWSTR Id, _Out_ DWORD *ProcessId)
{
    IApplicationActivationManager *Manager;
    HRESULT Result = CoCreateInstance(&StoreActivationManager, NULL, CLSCTX_LOCAL_SERVER,
                                      &IID_IApplicationActivationManager, (void **)&Manager);

    *ProcessId = 0;
    if (FAILED(Result))
        return (DWORD)Result;
    CoAllowSetForegroundWindow((IUnknown *)Manager, NULL);
    Result =
        IApplicationActivationManager_ActivateApplication(Manager, Id, NULL, AO_NONE, ProcessId);
    IApplicationActivationManager_Release(Manager);
    return FAILED(Result) ? (DWORD)Result : ERROR_SUCCESS;
}

DWORD StoreAppIcon(_In_ PCWSTR Id, _In_ int Side, _Out_ PIXELS *Pixels)
{
    IShellItemImageFactory *Factory;
    const SIZE Size = {Side, Side};
    HBITMAP Bitmap = NULL;
    DWORD Error = ERROR_FILE_NOT_FOUND;

    memset(Pixels, 0, sizeof(*Pixels));
    if (FAILED(SHCreateItemInKnownFolder(&FOLDERID_AppsFolder, 0, Id, &IID_IShellItemImageFactory,
                                         (void **)&Factory)))
        return ERROR_FILE_NOT_FOUND;
    if (SUCCEEDED(IShellItemImageFactory_GetImage(Factory, Size,
                                                  SIIGBF_ICONONLY | SIIGBF_BIGGERSIZEOK, &Bitmap)))
        Error = PixelsOfBitmap(Bitmap, Pixels);
    if (Bitmap)
        DeleteObject(Bitmap);
    IShellItemImageFactory_Release(Factory);
    return Error;
}
