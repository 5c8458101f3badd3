/* SPDX-License-Identifier: BSD-2-Clause */
/* What a file holds, as a sum: whether it is another than before does not depend on its times. */
#pragma once

#include <windows.h>

enum { DIGEST_BYTES = 32 }; /* SHA-256 */

/* File: opened for reading, is read from its beginning to its end, and stands at its beginning
 * again. */
DWORD DigestOfFile(_In_ HANDLE File, _Out_writes_(DIGEST_BYTES) BYTE *Sum);
