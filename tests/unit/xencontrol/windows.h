/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The base types of <windows.h> with the widths of 64-bit Windows: enough for the OS-free part of
 * xencontrol.dll (check.c, encode.c) to be built natively, under the sanitizers. Nothing else.
 */
#ifndef WINDOWS_H
#define WINDOWS_H

#include <stddef.h>
#include <stdint.h>

#define FALSE 0
#define TRUE  1

#define C_ASSERT(Condition)       _Static_assert(Condition, #Condition)
#define FIELD_OFFSET(Type, Field) ((int32_t)offsetof(Type, Field))

#define _In_
#define _In_z_
#define _In_opt_z_
#define _In_reads_opt_(Count)

typedef char CHAR, *PCHAR;
typedef unsigned char BOOLEAN;
typedef int BOOL;
typedef uint16_t USHORT;
typedef uint32_t ULONG;
typedef uint64_t ULONG64, ULONG_PTR;
typedef size_t SIZE_T;
typedef void *PVOID, *HANDLE;
typedef struct _FILETIME {
    uint32_t dwLowDateTime, dwHighDateTime;
} FILETIME;

#endif
