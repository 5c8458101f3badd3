/* SPDX-License-Identifier: BSD-2-Clause */
/* What cmocka wants before it, and itself. */
#ifndef TEST_FILECOPY_UNIT_H
#define TEST_FILECOPY_UNIT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
