/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where text goes: Xen's PV console once it is connected (xenconsoled in dom0 keeps the log), port
 * 0xe9 (Xen's own console) before that and in a panic.
 */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

#include <stdbool.h>

/* Finds the PV console's page and port. Also after a resume. */
void console_connect(void);

/* Around console_put(): lines of two CPUs do not mix. */
bool console_begin(void);
void console_end(bool interrupts_were_on);
void console_put(char c);
/* A line, without its end, of Xen's own console: it is there when this returns. */
void console_say_to_xen(const char *line);

/* From here on both ways, no lock. */
void console_panic_mode(void);
/* Waits until dom0 has taken all. */
void console_flush(void);

#endif
