/* SPDX-License-Identifier: BSD-2-Clause */
/* No watch over memory: for benchmarks, which run under callgrind without the sanitizers. */
#include "model/host.h"
#include "model/host_check.h"

#include <stdio.h>
#include <string.h>

void check_stack_leaving(void **fake_stack, const void *bottom, size_t bytes)
{
    (void)fake_stack;
    (void)bottom;
    (void)bytes;
}

void check_stack_entered(void *fake_stack, const void **old_bottom, size_t *old_bytes)
{
    (void)fake_stack;
    *old_bottom = NULL;
    *old_bytes = 0;
}

void host_memory_poison(const void *address, size_t bytes)
{
    (void)address;
    (void)bytes;
}

void host_memory_unpoison(const void *address, size_t bytes)
{
    (void)address;
    (void)bytes;
}

const void *host_memory_poisoned(const void *address, size_t bytes)
{
    (void)address;
    (void)bytes;
    return NULL;
}

void host_print_address(uintptr_t address)
{
    char text[32];

    host_print(text, (size_t)snprintf(text, sizeof(text), " %#lx", (unsigned long)address));
}

void host_print_stack(void)
{
    uintptr_t addresses[32];
    size_t count = host_stack(addresses, 32, NULL);

    for (size_t i = 0; i < count; i++)
        host_print_address(addresses[i]);
    host_print("\n", 1);
}
