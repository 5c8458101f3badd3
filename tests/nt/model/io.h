/* SPDX-License-Identifier: BSD-2-Clause */
/* The upper half's start, for the harness. */
#ifndef NT_MODEL_IO_H
#define NT_MODEL_IO_H

void io_start(void);

#endif
