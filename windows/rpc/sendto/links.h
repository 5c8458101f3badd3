/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entries in Explorer's Send-to menu, links in a folder of each user. Each user makes his own
 * when he logs on (windows/agent/common/service_table.h): so a new user has them too, wherever his
 * folder is, and nobody writes into a folder of another.
 */
#pragma once

#include <windows.h>

/* Makes (or renews) the links of this user. COM is initialised. */
DWORD LinksMake(void);
