/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Read before each file of a driver (windows/kernel/meson.build). mingw's intrin.h declares two
 * functions that the DDK's wdm.h then defines as static; clang makes global symbols of those, one
 * in every object.
 */
#ifndef CLANG_PREFIX_H
#define CLANG_PREFIX_H

#define InterlockedBitTestAndSet   Intrin_InterlockedBitTestAndSet
#define InterlockedBitTestAndReset Intrin_InterlockedBitTestAndReset
#include <intrin.h>
#undef InterlockedBitTestAndSet
#undef InterlockedBitTestAndReset

#endif
