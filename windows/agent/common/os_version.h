/* SPDX-License-Identifier: BSD-2-Clause */
/* Which Windows this is. */
#pragma once

#include <windows.h>

/* Not GetVersionEx(), which tells programs without a manifest that this is Windows 8. */
void OsVersion(_Out_ OSVERSIONINFOW *Version);
