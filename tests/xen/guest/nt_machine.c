/* SPDX-License-Identifier: BSD-2-Clause */
/* See nt_machine.h. */
#include "nt_machine.h"

#include "harness_run.h"
#include "model/host.h"
#include "model/interrupt.h"
#include "model/machine.h"
#include "model/mm.h"
#include "model/pages.h"
#include "model/pci.h"
#include "tests/xen/guest/nt_world.h"

RULE(no_such_case, "A case that is named exists", "tests/xen/guest/nt_machine.c");

enum {
    RAM_PAGES = 8192,
    LINE_VECTOR = 0x38, /* of the hardware; the model has a vector of its own for the line */
    QUIET_NS = 100000000,
};

/* The drivers that can be installed: a further one is a further row. */
static const struct pnp_driver Drivers[] = {
    {.name = "xenbus", .hardware_id = "PCI\\VEN_5853&DEV_0001"},
    {.name = "xeniface", .hardware_id = "CASEMENT\\IFACE"},
    {.name = "xenvbd", .hardware_id = "CASEMENT\\VBD"},
};

/* --- The world outside. */

static struct nt_world_platform Platform;
static BOOLEAN LineRaised;

static void line_settle(void)
{
    if (!LineRaised)
        return;
    /* The driver has had its turn. If Xen still asserts the line, it comes again. */
    LineRaised = FALSE;
    interrupt_line(Platform.gsi, FALSE);
    nt_world_line_arm(Platform.gsi);
}

static bool pump(void *context)
{
    uint32_t cpu, vector;
    bool any = false;

    line_settle();
    nt_world_take();
    while (nt_world_interrupt(&cpu, &vector)) {
        any |= vector == LINE_VECTOR;
        if (vector == LINE_VECTOR) {
            LineRaised = TRUE;
            interrupt_line(Platform.gsi, TRUE);
        } else {
            any |= interrupt_raise(cpu, vector);
        }
    }
    return any;
}

/* Nobody says whether dom0 still has something to say: once xenstored has answered what it was
 * asked, what did not come within QUIET_NS after the machine did something last is not waited for.
 */
static bool outstanding(void *context)
{
    static uint64_t points, since_ns;

    if (points != machine.points || nt_world_store_waits()) {
        points = machine.points;
        since_ns = nt_world_now_ns();
    }
    return nt_world_now_ns() - since_ns < QUIET_NS;
}

static struct host_source Xen = {.fd = -1, .pump = pump, .outstanding = outstanding};

void nt_machine_set_up(void)
{
    char *ram = nt_world_ram(RAM_PAGES);

    pages_init(ram, (ULONG_PTR)(ram - (char *)NT_WORLD_ALIAS) >> PAGE_SHIFT, RAM_PAGES);
    mm_set_physical((void *)NT_WORLD_ALIAS, NT_WORLD_PHYSICAL_BYTES >> PAGE_SHIFT, NULL);
    host_source_add(&Xen);
    if (nt_world_platform(&Platform))
        nt_world_line_route(Platform.gsi, LINE_VECTOR);
}

struct pnp_node *nt_machine_platform(void)
{
    struct pci_device_config config = {
        .vendor = 0x5853,
        .device = 0x0001,
        .subsystem_vendor = Platform.subsystem_vendor,
        .subsystem = Platform.subsystem,
        .revision = Platform.revision,
        .class_base = Platform.class_base,
        .class_sub = Platform.class_sub,
        .class_interface = Platform.class_interface,
        .slot = Platform.slot,
        .port = Platform.port,
        .port_bytes = Platform.port_bytes,
        .memory = Platform.memory,
        .memory_bytes = Platform.memory_bytes,
        .line = Platform.gsi,
    };

    CHECK(Platform.memory_bytes != 0);
    return pci_add(&config);
}

void nt_machine_pull(struct pnp_node *platform)
{
    pci_unplug(platform);
}

void nt_machine_install(const char *name)
{
    static struct pnp_driver installed[sizeof(Drivers) / sizeof(Drivers[0])];
    char file[32];

    for (ULONG i = 0; i < sizeof(Drivers) / sizeof(Drivers[0]); i++) {
        if (strcmp(Drivers[i].name, name) != 0)
            continue;
        model_text(file, sizeof(file), "%s.sys", name);
        installed[i] = Drivers[i];
        if (installed[i].entry == NULL)
            installed[i].entry = (PDRIVER_INITIALIZE)nt_world_load(file);
        pnp_install(&installed[i]);
        return;
    }
    CHECK(!"a driver of the table");
}

void nt_machine_settle(void)
{
    for (int i = 0; i < 4; i++) {
        sched_settle();
        pnp_settle();
    }
}

/* --- One case in each life of the domain. */

void nt_world_run(void);

void nt_world_run(void)
{
    static struct run_result result;
    size_t count;
    const struct nt_test *const *tests = run_tests(&count);
    static struct run run;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(tests[i]->name, nt_world_case()) != 0)
            continue;
        run = (struct run){.test = tests[i], .seed = 1, .cpus = nt_world_cpus(), .result = &result};
        run.verbose = true;
        run_machine(&run);
    }
    nt_world_end(false);
}
