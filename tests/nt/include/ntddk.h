/* SPDX-License-Identifier: BSD-2-Clause */
/* The DDK's ntddk.h for the bench: what it reads through GS becomes a call of the model. */
#ifndef BENCH_NTDDK_H
#define BENCH_NTDDK_H

#include <wdm.h>
#define KeGetCurrentProcessorNumber Header_KeGetCurrentProcessorNumber
#define KeGetPcr                    Header_KeGetPcr
#include_next <ntddk.h>
#undef KeGetCurrentProcessorNumber
#undef KeGetPcr

ULONG NTAPI KeGetCurrentProcessorNumber(VOID);

#endif
