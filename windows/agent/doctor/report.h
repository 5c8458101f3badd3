/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file to attach to a bug: what the doctor found, then the end of each log, and the keys of
 * QubesDB. Values that are nobody's business (/qubes-random-seed) are left out.
 */
#pragma once

#include <stdio.h>

/* FALSE: File could not be written. */
int ReportLogs(FILE *File);
int ReportQubesDb(FILE *File);
