/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments of programs: those a qubes.VMExec call carries in its service argument, and how a list
 * of them is written into the one command line that a Windows program gets. Text is UTF-8.
 */
#ifndef CASEMENT_QREXEC_ARGUMENTS_H
#define CASEMENT_QREXEC_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

/* Decodes "prog+arg1+arg2", where a byte outside [A-Za-z0-9_.] is written -HH (upper-case hex) and
 * '-' may be written --. Fills `out` with the arguments, each NUL ended, and returns how many;
 * 0 when the text breaks a rule, holds a NUL, or does not fit. strlen(text) + 1 bytes always fit.
 */
size_t qrexec_decode_vmexec(const char *text, char *out, size_t room);

/* The reverse; `arguments` are `count` NUL-ended texts behind each other. Returns bytes without
 * NUL, or 0 when it does not fit. */
size_t qrexec_encode_vmexec(const char *arguments, size_t count, char *out, size_t room);

/* Appends one argument to the command line `out` (NUL ended, `room` bytes in all), with a blank
 * before it when it is not the first, quoted so that CommandLineToArgvW and the C run-time give
 * back exactly this text. False (and `out` unchanged) when it does not fit. The program's own name
 * is quoted with `program` set: there a backslash never escapes, and a quote is refused. */
bool qrexec_append_argument(char *out, size_t room, const char *argument, bool program);

#endif
