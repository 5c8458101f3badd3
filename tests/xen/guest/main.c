/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From 64-bit mode to the first test: console, memory map, page tables, traps, CPUs. Then the tests
 * that the command line names, then power off.
 */
#include "apic.h"
#include "console.h"
#include "cpu.h"
#include "memory.h"
#include "main.h"
#include "modules.h"
#include "pci.h"
#include "print.h"
#include "smp.h"
#include <string.h>
#include "trap.h"
#include "xen.h"

enum { START_MAGIC = 0x336ec578, E820_RAM = 1, E820_ROWS_MAX = 64, RANGES_MAX = 8 };

struct start_info { /* arch-x86/hvm/start_info.h */
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, rsdp;
};

struct start_module {
    uint64_t address, size, command_line, reserved;
};

struct e820_row {
    uint64_t start, size;
    uint32_t type;
} __attribute__((packed));

static char command_line[1024];

void FROM_ASSEMBLY guest_main(uint32_t start_info_address);

/* Xen's own map of the guest: the loader's or the firmware's are not needed. */
static unsigned find_ram(struct memory_range *ram)
{
    static struct e820_row rows[E820_ROWS_MAX];
    struct xen_memory_map_request request = {E820_ROWS_MAX, 0, (uintptr_t)rows};
    unsigned count = 0;

    if (memory_op(XEN_MEMORY_MEMORY_MAP, &request))
        panic("Xen has no memory map for us");
    for (uint32_t i = 0; i < request.nr_entries && count < RANGES_MAX; i++)
        if (rows[i].type == E820_RAM && rows[i].start + rows[i].size <= 4ull << 30)
            ram[count++] = (struct memory_range){rows[i].start, rows[i].start + rows[i].size};
    return count;
}

static void take_start_info(const struct start_info *info)
{
    const struct start_module *module = (const struct start_module *)info->modules;

    if (info->magic != START_MAGIC)
        panic("no start info: magic is %#x", info->magic);
    if (info->command_line)
        snprintf(command_line, sizeof command_line, "%s", (const char *)info->command_line);
    if (info->module_count)
        modules_found((const void *)module->address, module->size);
}

/* QEMU's option ROM puts words of its own in front of the command line's. */
static const char *test_names(void)
{
    const char *names = strstr(command_line, "tests=");

    return names ? names + strlen("tests=") : "";
}

void FROM_ASSEMBLY guest_main(uint32_t start_info_address)
{
    struct memory_range ram[RANGES_MAX], kept;
    unsigned ram_count;

    pic_silence();
    xen_find();
    ram_count = find_ram(ram);
    take_start_info((const struct start_info *)(uintptr_t)start_info_address);
    kept = modules_range();
    trap_init();
    memory_init(ram, ram_count, &kept, 1);
    smp_init();
    interrupts_restore(true);
    guest_clock();
    console_connect();
    print("Casement's test guest: domain %u, Xen %ld.%ld, %zu pages free\n", xen_domid_own(),
          hypercall2(XEN_HYPERCALL_XEN_VERSION, XEN_VERSION_VERSION, 0) >> 16,
          hypercall2(XEN_HYPERCALL_XEN_VERSION, XEN_VERSION_VERSION, 0) & 0xffff, page_left());
    print("%u CPUs, %s, command line: %s\n", smp_start(),
          pci_find(PCI_XEN_VENDOR, PCI_XEN_PLATFORM) >= 0 ? "HVM with a device model" : "PVH",
          command_line);
    guest_run(test_names());
    xen_shutdown(XEN_SHUTDOWN_POWEROFF);
}
