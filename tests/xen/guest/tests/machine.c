/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest itself can be trusted: its code is not writable, its data not executable, address 0 and
 * the page below a stack are not mapped, freed pages are used again, time goes forward, and every
 * CPU runs what it is given. Whatever the other tests prove stands on this.
 */
#include "../clock.h"
#include "../cpu.h"
#include "../memory.h"
#include "../smp.h"
#include <string.h>
#include "../test.h"
#include "../trap.h"

static const uint8_t constant[] = {0xc3}; /* ret */
static uint8_t variable[] = {0xc3};

TEST(machine_page_rights, TEST_ALONE)
{
    uint8_t *page = page_new(1), *window = window_new(1), value;

    CHECK(!trap_try_write((uint8_t *)(uintptr_t)test_machine_is_hvm, 0x90));
    CHECK(!trap_try_write((uint8_t *)constant, 0));
    CHECK(!trap_try_execute(constant));
    CHECK(!trap_try_execute(variable));
    CHECK(!trap_try_read(NULL, &value));
    CHECK(!trap_try_read(window, &value));
    *page = 0xc3;
    CHECK(!trap_try_execute(page));
    memory_map(window, (uintptr_t)page, PAGE_BYTES, PAGE_RX);
    CHECK(trap_try_execute(window));
    CHECK(!trap_try_write(window, 0));
    memory_protect(window, PAGE_BYTES, PAGE_RW);
    CHECK(trap_try_write(window, 7));
    CHECK_EQUAL(*page, 7);
    memory_unmap(window, PAGE_BYTES);
    CHECK(!trap_try_read(window, &value));
    page_free(page, 1);
}

TEST(machine_pages, TEST_ALONE)
{
    size_t before = page_left();
    uint8_t *one = page_new(1), *many = page_new(300);

    CHECK_EQUAL(page_left(), before - 301);
    CHECK_EQUAL((uintptr_t)many % PAGE_BYTES, 0);
    memset(many, 0xff, 300 * PAGE_BYTES);
    page_free(many, 300);
    many = page_new(300);
    CHECK_EQUAL(many[299 * PAGE_BYTES], 0);
    page_free(many, 300);
    page_free(one, 1);
    CHECK_EQUAL(page_left(), before);
}

TEST(machine_clock, TEST_ALONE)
{
    uint64_t start = clock_ns(), passed;

    clock_pass(20);
    passed = clock_ns() - start;
    CHECK(passed >= 20000000);
    CHECK(passed < 5000000000);
}

static void note_cpu(void *context)
{
    *(uint32_t *)context = cpu_current()->index;
}

TEST(machine_cpus, TEST_CPUS)
{
    for (uint32_t i = 1; i < smp_count(); i++) {
        uint32_t seen = 0;

        smp_run(i, note_cpu, &seen);
        CHECK_EQUAL(seen, i);
    }
}

static void touch(void *context)
{
    uint8_t value;

    *(bool *)context = trap_try_read(*(void **)((uint8_t *)context + 8), &value);
}

/* A page that is unmapped on one CPU is not seen any more by another that had looked at it. */
TEST(machine_shootdown, TEST_CPUS)
{
    struct {
        bool seen;
        void *address;
    } look = {.address = window_new(1)};

    memory_map(look.address, (uintptr_t)page_new(1), PAGE_BYTES, PAGE_RW);
    smp_run(1, touch, &look);
    CHECK(look.seen);
    memory_unmap(look.address, PAGE_BYTES);
    smp_run(1, touch, &look);
    CHECK(!look.seen);
}
