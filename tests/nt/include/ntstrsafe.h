/* SPDX-License-Identifier: BSD-2-Clause */
/* The DDK's ntstrsafe.h defines its inline functions in every file; here each file has its own. */
#ifndef BENCH_NTSTRSAFE_H
#define BENCH_NTSTRSAFE_H

#include <wdm.h>
#include <stdio.h>
#include <string.h>
#include <stdarg.h>
#define extern static
#include_next <ntstrsafe.h>
#undef extern

#endif
