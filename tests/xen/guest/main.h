/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an image does on the machine that main.c has brought up: test.c (guest.elf: the tests in
 * tests/) or nt_world.c (nt.elf: the NT model with drivers).
 */
#ifndef GUEST_MAIN_H
#define GUEST_MAIN_H

/* Makes clock_ns() work. */
void guest_clock(void);

/* names: what the command line says behind "tests=". guest.elf: the tests, separated by spaces;
 * none: all that need no partner. Prints a line for each and at last "N passed, N failed". */
void guest_run(const char *names);

#endif
