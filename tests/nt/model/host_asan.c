/* SPDX-License-Identifier: BSD-2-Clause */
/* The host layer's watch over memory: AddressSanitizer's shadow, reports and names of addresses. */
#include "model/host.h"
#include "model/host_check.h"

#include <string.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

void check_stack_leaving(void **fake_stack, const void *bottom, size_t bytes)
{
    __sanitizer_start_switch_fiber(fake_stack, bottom, bytes);
}

void check_stack_entered(void *fake_stack, const void **old_bottom, size_t *old_bytes)
{
    __sanitizer_finish_switch_fiber(fake_stack, old_bottom, old_bytes);
}

void host_memory_poison(const void *address, size_t bytes)
{
    __asan_poison_memory_region(address, bytes);
}

void host_memory_unpoison(const void *address, size_t bytes)
{
    __asan_unpoison_memory_region(address, bytes);
}

const void *host_memory_poisoned(const void *address, size_t bytes)
{
    return __asan_region_is_poisoned((void *)address, bytes);
}

void host_print_stack(void)
{
    __sanitizer_print_stack_trace();
}

void host_print_address(uintptr_t address)
{
    char text[512];

    __sanitizer_symbolize_pc((void *)(address - 1), "\n        %f %S", text, sizeof(text));
    host_print(text, strlen(text));
}

/* Called by ASan before its report. */
void __asan_on_error(void);
void __asan_on_error(void)
{
    host_faulted(__asan_get_report_address(), __asan_get_report_access_type());
}

static void on_death(void)
{
    host_faulted(NULL, false);
}

__attribute__((constructor)) static void watch_death(void)
{
    __sanitizer_set_death_callback(on_death);
}

/* The model finds leaks itself, by the driver's own pool tags. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0:detect_stack_use_after_return=0:allocator_may_return_null=1:"
           "handle_abort=1:fast_unwind_on_fatal=0:symbolize=1";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
    return "print_stacktrace=1:halt_on_error=1";
}
