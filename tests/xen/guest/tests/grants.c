/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/xen's grant table on real Xen, with dom0 as the other domain:
 *
 *   - what is written on one side of a granted page is read on the other, whoever granted it;
 *   - a grant that dom0 has mapped is not revoked, its reference not used again, its page not freed
 *     before the mapping is gone, and all of it at once afterwards;
 *   - a grant that may only be read cannot be mapped for writing, and a page of dom0's that is
 *     mapped for reading faults when it is written;
 *   - a reference that is revoked, another domain's, or none at all cannot be mapped;
 *   - the table grows frame by frame to what Xen allows, all of it can be granted, then a grant is
 *     refused; given back, the references are there again.
 *
 * Recorded of Xen: a domain cannot see its own page twice. An HVM guest that maps a page of its own
 * finds it at the new page number, and at the old one nothing is left (reads give all ones), also
 * after the mapping has ended.
 */
#include <string.h>

#include "../grants.h"
#include "../memory.h"
#include "../partner.h"
#include "../test.h"
#include "../trap.h"
#include "../xen.h"

TEST(grants_dom0_maps, TEST_PARTNER)
{
    uint8_t *page = page_new(1);
    uint32_t ref = grant_page(0, page, false);

    CHECK(ref >= XEN_GNTTAB_RESERVED_ENTRIES);
    memset(page, 0x11, PAGE_BYTES);
    partner_ask("map %u rw", ref);
    CHECK_EQUAL(partner_number("peek 4095"), 0x11);
    partner_ask("poke 4095 34");
    CHECK_EQUAL(page[4095], 34);
    partner_ask("unmap");
    CHECK(grant_end(ref));
    CHECK(partner_number("map %u rw", ref) < 0);
    page_free(page, 1);
}

TEST(grants_in_use_are_not_reused, TEST_PARTNER)
{
    uint8_t *page = page_new(1);
    uint32_t ref = grant_page(0, page, false), other;
    size_t pages;

    partner_ask("map %u rw", ref);
    pages = page_left();
    CHECK(!grant_end(ref));
    grant_end_and_free(ref, page);
    CHECK_EQUAL(grants_collect(), 1);
    CHECK_EQUAL(page_left(), pages);
    for (unsigned i = 0; i < 1000; i++) {
        other = grant_take(grants_table());
        CHECK(other != ref);
        CHECK(grant_give(grants_table(), other));
    }
    partner_ask("poke 7 51");
    CHECK_EQUAL(page[7], 51);
    partner_ask("unmap");
    CHECK_EQUAL(grants_collect(), 0);
    CHECK_EQUAL(page_left(), pages + 1);
    CHECK(partner_number("map %u rw", ref) < 0);
}

TEST(grants_read_only, TEST_PARTNER)
{
    uint8_t *page = page_new(1);
    uint32_t ref = grant_page(0, page, true);

    page[5] = 0x44;
    CHECK(partner_number("map %u rw", ref) < 0);
    partner_ask("map %u ro", ref);
    CHECK_EQUAL(partner_number("peek 5"), 0x44);
    partner_ask("unmap");
    CHECK(grant_end(ref));
    page_free(page, 1);
}

static void next_number(const char **text, uint32_t *number)
{
    char *end;

    *number = (uint32_t)strtoul(*text, &end, 10);
    *text = *end == ' ' ? end + 1 : end;
}

TEST(grants_of_dom0, TEST_PARTNER)
{
    enum { PAGES = 5 };
    uint32_t refs[PAGES];
    struct foreign map;
    const char *answer = partner_ask("share %u rw", PAGES);

    for (unsigned i = 0; i < PAGES; i++)
        next_number(&answer, &refs[i]);
    CHECK_EQUAL(foreign_map(&map, 0, refs, PAGES, false), XEN_GNTST_OKAY);
    for (unsigned i = 0; i < PAGES * PAGE_BYTES; i++)
        CHECK_EQUAL(map.bytes[i], 0x5d);
    map.bytes[3 * PAGE_BYTES + 17] = 99;
    CHECK_EQUAL(partner_number("look 3 17"), 99);
    CHECK_EQUAL(foreign_unmap(&map), XEN_GNTST_OKAY);
    partner_ask("unshare");
    CHECK(foreign_map(&map, 0, refs, PAGES, false) != XEN_GNTST_OKAY);
}

TEST(grants_of_dom0_read_only, TEST_PARTNER)
{
    uint32_t ref;
    uint8_t value;
    struct foreign map;
    const char *answer = partner_ask("share 1 ro");

    next_number(&answer, &ref);
    CHECK(foreign_map(&map, 0, &ref, 1, false) != XEN_GNTST_OKAY);
    CHECK_EQUAL(foreign_map(&map, 0, &ref, 1, true), XEN_GNTST_OKAY);
    CHECK(trap_try_read(map.bytes, &value));
    CHECK_EQUAL(value, 0x5d);
    CHECK(!trap_try_write(map.bytes, 1));
    CHECK_EQUAL(foreign_unmap(&map), XEN_GNTST_OKAY);
    partner_ask("unshare");
}

TEST(grants_that_may_not_be_mapped, TEST_ALONE)
{
    uint8_t *page = page_new(1);
    uint32_t ref = grant_page(0, page, false); /* dom0's to map, not ours */
    struct foreign map;

    CHECK_EQUAL(foreign_map(&map, XEN_DOMID_SELF, &ref, 1, false), XEN_GNTST_BAD_DOMAIN);
    CHECK(foreign_map(&map, (xen_domid)xen_domid_own(), &ref, 1, false) != XEN_GNTST_OKAY);
    CHECK(grant_end(ref));
    ref = 1000000;
    CHECK_EQUAL(foreign_map(&map, 0, &ref, 1, false), XEN_GNTST_BAD_GNTREF);
    CHECK_EQUAL(foreign_map(&map, 0x7fef, &ref, 1, false), XEN_GNTST_BAD_DOMAIN);
    page_free(page, 1);
}

TEST(grants_of_our_own_page, TEST_ALONE)
{
    uint8_t *page = page_new(1);
    uint32_t ref = grant_page((xen_domid)xen_domid_own(), page, false);
    struct foreign map;

    page[0] = 0x77;
    CHECK_EQUAL(foreign_map(&map, (xen_domid)xen_domid_own(), &ref, 1, false), XEN_GNTST_OKAY);
    CHECK_EQUAL(map.bytes[0], 0x77);
    CHECK_EQUAL(page[0], 0xff);
    CHECK_EQUAL(foreign_unmap(&map), XEN_GNTST_OKAY);
    CHECK_EQUAL(page[0], 0xff); /* lost: it is not given back to the pages */
    CHECK(grant_end(ref));
}

/* One page, granted as often as Xen lets us: what counts is the references. */
TEST(grants_fill_the_table, TEST_ALONE)
{
    struct xen_gnttab_query_size size = {.domid = XEN_DOMID_SELF};
    uint8_t *page = page_new(1);
    uint32_t *refs, count = 0, most, again;

    CHECK_EQUAL(gnttab_op(XEN_GNTTABOP_QUERY_SIZE, &size, 1), 0);
    CHECK_EQUAL(size.status, XEN_GNTST_OKAY);
    most = size.max_nr_frames * XEN_GNTTAB_V1_PER_PAGE;
    refs = page_new(most * sizeof *refs / PAGE_BYTES + 1);
    while (count < most && (refs[count] = grant_page(0, page, false)) != GRANT_NONE)
        count++;
    print("  %u references\n", count);
    CHECK(count >= most - XEN_GNTTAB_RESERVED_ENTRIES);
    CHECK_EQUAL(grants_table()->frame_count, size.max_nr_frames);
    CHECK_EQUAL(grant_page(0, page, false), GRANT_NONE);
    for (uint32_t i = 0; i < count; i++)
        CHECK(grant_end(refs[i]));
    for (again = 0; again < count; again++)
        CHECK((refs[again] = grant_page(0, page, false)) != GRANT_NONE);
    for (uint32_t i = 0; i < count; i++)
        CHECK(grant_end(refs[i]));
    page_free(refs, most * sizeof *refs / PAGE_BYTES + 1);
    page_free(page, 1);
}
