/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other CPUs: started by Xen's own call, then asleep, until they are given a function to run.
 */
#ifndef GUEST_SMP_H
#define GUEST_SMP_H

#include <stdbool.h>
#include <stdint.h>

/* Tables for the CPU that runs; once, first of all. */
void smp_init(void);
/* Starts every vCPU that there is. Returns how many run, this one included. */
uint32_t smp_start(void);
uint32_t smp_count(void);
struct cpu;
struct cpu *smp_cpu(uint32_t index);

/* Runs function(context) on another CPU and returns when it has; interrupts are off there. */
void smp_run(uint32_t index, void (*function)(void *context), void *context);
/* Starts it only; one function at a time for each CPU. */
void smp_begin(uint32_t index, void (*function)(void *context), void *context);
bool smp_finished(uint32_t index);

/* Before a suspend: the other CPUs wait without interrupts until smp_unpark(). Nothing of theirs
 * may be running. */
void smp_park(void);
void smp_unpark(void);

/* memory.c: the other CPUs drop what they know of the page tables. */
void smp_shootdown(uint32_t wanted);

#endif
