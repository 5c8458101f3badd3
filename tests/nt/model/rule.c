/* SPDX-License-Identifier: BSD-2-Clause */
/* Broken rules: the report, and the check that every model function begins with. */
#include "model/grave.h"
#include "model/machine.h"
#include "model/print.h"
#include "harness_run.h"

RULE(irql, "A kernel function is called only at the IRQLs that its documentation allows",
     "Managing Hardware Priorities");
RULE(memory_access, "A driver touches only memory that it owns",
     "Memory Management for Windows Drivers");
RULE(bench_unsupported, "The bench has this function", "tests/nt/README.md");

static void print(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    size_t length;

    va_start(arguments, format);
    length = print_format(text, sizeof(text), format, arguments);
    va_end(arguments);
    host_print(text, length < sizeof(text) ? length : sizeof(text) - 1);
}

void model_log(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    size_t length;

    va_start(arguments, format);
    length = print_format(text, sizeof(text), format, arguments);
    va_end(arguments);
    host_print(text, length < sizeof(text) ? length : sizeof(text) - 1);
}

void model_text(char *out, size_t size, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_format(out, size, format, arguments);
    va_end(arguments);
}

static void mark_broken(const struct rule *rule)
{
    const struct run *run = run_current();

    if (run && !run->result->broken[0])
        memcpy(run->result->broken, rule->id,
               min(strlen(rule->id) + 1, sizeof(run->result->broken) - 1));
}

static void print_place(void)
{
    const struct run *run = run_current();
    const struct cpu *cpu = this_cpu();

    if (machine.running) {
        print("    IRQL %u, CPU %u of %u, thread \"%s\"%s%s, virtual time %lu us\n", cpu->irql,
              cpu->number, machine.cpus, cpu->thread ? cpu->thread->name : "none",
              cpu->dpc ? ", in a DPC" : "", cpu->isr_depth ? ", in an interrupt" : "",
              (unsigned)(machine.time_ns / 1000));
        for (unsigned i = 0; i < cpu->held_count; i++)
            print("    holds %s %p\n", cpu->held[i].kind, cpu->held[i].lock);
    }
    if (run && run->result->fault_injected)
        print("    after an injected fault: %s\n", run->result->fault_what);
}

void rule_broken(const struct rule *rule, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    print_format(text, sizeof(text), format, arguments);
    va_end(arguments);
    mark_broken(rule);
    print("RULE BROKEN: %s\n    %s.\n    (%s)\n    %s\n", rule->id, rule->says, rule->source, text);
    print_place();
    host_print_stack();
    host_exit(1);
}

void model_check(const struct model_function *function)
{
    KIRQL now;

    if (!machine.running)
        return;
    now = irql_now();
    if (now < function->lowest || now > function->highest)
        rule_broken(&irql, "%s at IRQL %u; allowed: %u to %u (%s)", function->name, now,
                    function->lowest, function->highest, function->source);
}

/* ASan's report follows; this says what it means for the driver. */
void rule_on_fault(const void *address, bool is_write);
void rule_on_fault(const void *address, bool is_write)
{
    char text[256];
    const struct rule *rule;

    if (run_current() && run_current()->result->broken[0])
        return;
    text[0] = 0;
    rule = address ? pool_explain(address, is_write, text, sizeof(text)) : NULL;
    if (!rule && address)
        rule = grave_explain(address, is_write, text, sizeof(text));
    if (!rule)
        rule = &memory_access;
    mark_broken(rule);
    if (!text[0])
        model_text(text, sizeof(text), "%s of %p", is_write ? "write" : "read", address);
    print("RULE BROKEN: %s\n    %s.\n    (%s)\n    %s\n", rule->id, rule->says, rule->source, text);
    print_place();
}

void BenchUnsupported(const char *what)
{
    rule_broken(&bench_unsupported, "%s", what);
}

extern const struct rule *const __start_nt_rules[], *const __stop_nt_rules[];

void run_print_rules(void)
{
    for (const struct rule *const *rule = __start_nt_rules; rule < __stop_nt_rules; rule++)
        print("%-28s %s. (%s)\n", (*rule)->id, (*rule)->says, (*rule)->source);
}
