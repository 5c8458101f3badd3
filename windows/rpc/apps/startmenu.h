/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs in this user's Start menu: the links (.lnk) below the user's and the machine's
 * Programs folders, and the apps of the Store. Where both folders have a link of the same relative
 * path, the user's counts.
 *
 * An entry's id stays the same for as long as its link stays where it is: the SHA-1 of the link's
 * relative path, in lower case, as 40 hexadecimal digits; of an app that of "store:" and its id.
 */
#pragma once

#include <windows.h>

enum { APP_ID_BYTES = 41, APP_NAME_BYTES = 256 };

typedef struct APP {
    WCHAR Link[MAX_PATH]; /* full path of the .lnk, or the id of an app of the Store */
    BOOL OfStore;
    CHAR Id[APP_ID_BYTES];     /* with its NUL */
    CHAR Name[APP_NAME_BYTES]; /* the link's name in plain ASCII, see app_name.h */
} APP;

/* Calls Found for each entry until it returns FALSE. ERROR_SUCCESS, or why the menu cannot be read.
 * COM is initialised. */
DWORD StartMenuEnumerate(_In_ BOOL (*Found)(_In_ PVOID Context, _In_ const APP *App),
                         _In_ PVOID Context);

/* The entry with that id. FALSE: there is none, or the menu cannot be read. COM is initialised. */
BOOL StartMenuFind(_In_ PCSTR Id, _Out_ APP *App);
