/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the private disk's volume is mounted, and whether it is. Any thread. */
#pragma once

#include <windows.h>

/* Always; and the letter, when nothing else has it. */
#define PRIVATE_FOLDER L"C:\\Private\\"
#define PRIVATE_LETTER L"Q:\\"

BOOL PrivateIsMounted(void);
