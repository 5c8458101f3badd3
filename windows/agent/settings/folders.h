/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A user's own folders (Documents, Desktop, Downloads ...) on the private disk, by Windows' known
 * folders: no link at C:\Users, and no program at boot. What a qube that keeps its system disk has
 * is Windows' own: there they go back to where they belong.
 */
#pragma once

#include <windows.h>

/* Private: to <PRIVATE_FOLDER>Users\<user>, made for that user alone; else back to their defaults
 * when they are there. Files are not moved: they stay on the disk that they are on. ERROR_SUCCESS,
 * also when nothing had to change; or why not. ERROR_INVALID_OWNER: that folder is somebody
 * else's. */
DWORD FoldersSet(_In_ BOOL Private);
