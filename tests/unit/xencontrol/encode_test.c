/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves the buffers that xencontrol.dll hands to the xeniface driver, byte by byte: each expected
 * buffer is written out here as the bytes at the offsets of the field's table, never with
 * the structures that the encoder itself uses. Also that the sizes hold up to the largest counts,
 * that nothing is written when the room is one byte short, and that nothing the buffer held before
 * reaches the driver.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <windows.h>
#include "windows/lib/xencontrol/encode.h"

enum { ROOM = 8192, STALE = 0xA5 };

static unsigned char buffer[ROOM], wanted[ROOM];

static int setup(void **state)
{
    memset(buffer, STALE, sizeof(buffer));
    memset(wanted, 0, sizeof(wanted));
    return 0;
}

static void put(size_t offset, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        wanted[offset + i] = (unsigned char)(value >> (8 * i));
}

/* Runs one encoder three times: to measure, with one byte too few, with the room it wants. */
#define EXPECT(Size, Encoder, ...)                                                                 \
    do {                                                                                           \
        assert_int_equal(Encoder(NULL, 0, __VA_ARGS__), (Size));                                   \
        assert_int_equal(Encoder(buffer, (Size)-1, __VA_ARGS__), (Size));                          \
        assert_int_equal(buffer[0], STALE);                                                        \
        assert_int_equal(Encoder(buffer, (Size), __VA_ARGS__), (Size));                            \
        assert_memory_equal(buffer, wanted, (Size));                                               \
        assert_int_equal(buffer[(Size)], STALE);                                                   \
    } while (0)

static void store_path(void **state)
{
    memcpy(wanted, "data/x", 7);
    EXPECT(7, EncodeStorePath, "data/x");
}

static void store_write(void **state)
{
    memcpy(wanted, "a/b\0value\0\0", 11);
    EXPECT(11, EncodeStoreWrite, "a/b", "value");
}

static void store_write_of_an_empty_value(void **state)
{
    memcpy(wanted, "a/b\0\0\0", 6);
    EXPECT(6, EncodeStoreWrite, "a/b", "");
}

static void store_set_permissions(void **state)
{
    const XENIFACE_STORE_PERMISSION list[3] = {{7, XENIFACE_STORE_PERM_NONE},
                                               {0, XENIFACE_STORE_PERM_READ},
                                               {0x1234, XENIFACE_STORE_ALLOWED_PERMISSIONS}};
    const char *path = "data/vchan";

    put(0, (uint64_t)(uintptr_t)path, 8);
    put(8, 11, 4);
    put(12, 3, 4);
    put(16, 7, 2), put(20, 0, 4);
    put(24, 0, 2), put(28, 1, 4);
    put(32, 0x1234, 2), put(36, 3, 4);
    EXPECT(40, EncodeStoreSetPermissions, path, 3, list);
}

/* The driver wants at least the structure with its one entry: 24 bytes. */
static void store_set_permissions_of_one(void **state)
{
    const XENIFACE_STORE_PERMISSION one = {9, XENIFACE_STORE_PERM_WRITE};
    const char *path = "p";

    put(0, (uint64_t)(uintptr_t)path, 8);
    put(8, 2, 4);
    put(12, 1, 4);
    put(16, 9, 2), put(20, 2, 4);
    EXPECT(24, EncodeStoreSetPermissions, path, 1, &one);
}

static void store_set_permissions_of_255(void **state)
{
    static XENIFACE_STORE_PERMISSION list[255];
    const char *path = "p";

    put(0, (uint64_t)(uintptr_t)path, 8);
    put(8, 2, 4);
    put(12, 255, 4);
    for (unsigned i = 0; i < 255; i++) {
        list[i].Domain = (USHORT)(i + 1);
        list[i].Mask = XENIFACE_STORE_PERM_READ;
        put(16 + 8 * i, i + 1, 2);
        put(20 + 8 * i, 1, 4);
    }
    EXPECT(16 + 8 * 255, EncodeStoreSetPermissions, path, 255, list);
}

static void store_add_watch(void **state)
{
    const char *path = "data/vchan/0/512";

    put(0, (uint64_t)(uintptr_t)path, 8);
    put(8, 17, 4);
    put(16, 0xdeadbeefcafe, 8);
    EXPECT(24, EncodeStoreAddWatch, path, (HANDLE)0xdeadbeefcafe);
}

static void address_and_number(void **state)
{
    put(0, 0x7fff12345000, 8);
    EXPECT(8, EncodeAddress, (PVOID)0x7fff12345000);
    setup(state);
    put(0, 0x89abcdef, 4);
    EXPECT(4, EncodeUlong, 0x89abcdef);
}

static void bind_unbound(void **state)
{
    put(0, 0x1234, 2);
    put(2, 1, 1);
    put(8, 0x1122334455667788, 8);
    EXPECT(16, EncodeBindUnbound, 0x1234, (HANDLE)0x1122334455667788, 4711);
}

static void bind_interdomain(void **state)
{
    put(0, 5, 2);
    put(4, 77, 4);
    put(8, 1, 1);
    put(16, 0x1122334455667788, 8);
    EXPECT(24, EncodeBindInterdomain, 5, 77, (HANDLE)0x1122334455667788, TRUE);
    setup(state);
    put(0, 5, 2);
    put(4, 77, 4);
    put(16, 8, 8);
    EXPECT(24, EncodeBindInterdomain, 5, 77, (HANDLE)8, FALSE);
}

static XC_SHARE_REQUEST share(ULONG pages)
{
    return (XC_SHARE_REQUEST){
        .RemoteDomain = 0x0203,
        .NumberPages = pages,
        .Flags = XENIFACE_GNTTAB_READONLY | XENIFACE_GNTTAB_USE_NOTIFY_PORT,
        .NotifyOffset = 0x01020304,
        .NotifyPort = 99,
    };
}

static void permit(void **state)
{
    XC_SHARE_REQUEST request = share(8100);

    request.Address = (PVOID)0x7ff000000000;
    put(0, 0x0203, 2);
    put(8, 0x7ff000000000, 8);
    put(16, 8100, 4);
    put(20, 5, 4);
    put(24, 0x01020304, 4);
    put(28, 99, 4);
    EXPECT(32, EncodePermit, &request);
}

static void permit_version_1(void **state)
{
    XC_SHARE_REQUEST request = share(16);

    put(0, 4242, 4);
    put(4, 0x0203, 2);
    put(8, 16, 4);
    put(12, 5, 4);
    put(16, 0x01020304, 4);
    put(20, 99, 4);
    EXPECT(24, EncodePermitV1, 4242, &request);
}

static void put_references(size_t offset, ULONG *references, ULONG count)
{
    for (ULONG i = 0; i < count; i++) {
        references[i] = 0x100 + 3 * i;
        put(offset + 4 * i, 0x100 + 3 * i, 4);
    }
}

static void map(void **state)
{
    for (ULONG pages = 1; pages <= 257; pages += 128) {
        XC_SHARE_REQUEST request = share(pages);
        ULONG references[257];

        setup(state);
        request.References = references;
        put(0, 0x0203, 2);
        put(4, pages, 4);
        put(8, 5, 4);
        put(12, 0x01020304, 4);
        put(16, 99, 4);
        put_references(20, references, pages);
        EXPECT(20 + 4 * pages, EncodeMap, &request);
    }
}

static void map_version_1(void **state)
{
    for (ULONG pages = 1; pages <= 257; pages += 128) {
        XC_SHARE_REQUEST request = share(pages);
        ULONG references[257];

        setup(state);
        request.References = references;
        put(0, 4242, 4);
        put(4, 0x0203, 2);
        put(8, pages, 4);
        put(12, 5, 4);
        put(16, 0x01020304, 4);
        put(20, 99, 4);
        put_references(24, references, pages);
        EXPECT(24 + 4 * pages, EncodeMapV1, 4242, &request);
    }
}

/* pv-drivers 3.1 item 7: 1024 * 1024 pages of 4096 bytes are 0 in 32 bits. */
static void the_largest_sharing_does_not_overflow(void **state)
{
    XC_SHARE_REQUEST request = share(XENIFACE_GNTTAB_PAGES_MAX);

    request.Flags |= XENIFACE_GNTTAB_USE_NOTIFY_OFFSET;
    request.NotifyOffset = UINT32_MAX;
    assert_true(CheckShareRequest(&request));
    assert_int_equal(EncodeMap(NULL, 0, &request), 20 + 4 * 1024 * 1024);
    assert_int_equal(EncodeMapV1(NULL, 0, 1, &request), 24 + 4 * 1024 * 1024);
    assert_int_equal(PermitOutSize(XENIFACE_GNTTAB_PAGES_MAX), 8 + 4 * 1024 * 1024);
    assert_int_equal(PermitOutSize(1), 12);
}

static void share_limits(void **state)
{
    XC_SHARE_REQUEST request = {.NumberPages = 0};

    assert_false(CheckShareRequest(&request));
    request.NumberPages = XENIFACE_GNTTAB_PAGES_MAX + 1;
    assert_false(CheckShareRequest(&request));
    request.NumberPages = UINT32_MAX;
    assert_false(CheckShareRequest(&request));
    request.NumberPages = 2;
    assert_true(CheckShareRequest(&request));
    request.NotifyOffset = 2 * 4096;
    assert_true(CheckShareRequest(&request)); /* not used */
    request.Flags = XENIFACE_GNTTAB_USE_NOTIFY_OFFSET;
    assert_false(CheckShareRequest(&request));
    request.NotifyOffset = 2 * 4096 - 1;
    assert_true(CheckShareRequest(&request));
    request.Flags = 8;
    assert_false(CheckShareRequest(&request));
    request.Flags = XENIFACE_GNTTAB_READONLY;
    request.Address = (PVOID)0x10001000;
    assert_true(CheckShareRequest(&request));
    request.Address = (PVOID)0x10001008;
    assert_false(CheckShareRequest(&request));
}

static void store_limits(void **state)
{
    XENIFACE_STORE_PERMISSION list[256] = {{0, XENIFACE_STORE_PERM_NONE}};
    char *text = malloc(5000); /* exact: the sanitizer sees a read beyond the NUL */

    memset(text, 'x', 5000);
    text[3071] = '\0';
    assert_int_equal(CheckPath(text), 3072);
    text[3071] = 'x', text[3072] = '\0';
    assert_int_equal(CheckPath(text), 0);
    assert_int_equal(CheckPath(NULL), 0);
    assert_int_equal(CheckPath(""), 1);
    text[3072] = 'x', text[4096 - 10] = '\0';
    assert_true(CheckValue(10, text));
    assert_false(CheckValue(11, text));
    assert_false(CheckValue(1, NULL));
    free(text);

    assert_true(CheckPrintable("0123 ~"));
    assert_false(CheckPrintable("a\tb"));
    assert_false(CheckPrintable("\xc3\xa4"));

    assert_true(CheckPermissions(255, list));
    assert_false(CheckPermissions(256, list));
    assert_false(CheckPermissions(0, list));
    assert_false(CheckPermissions(1, NULL));
    list[1].Mask = 4;
    assert_true(CheckPermissions(1, list));
    assert_false(CheckPermissions(2, list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(store_path, setup),
        cmocka_unit_test_setup(store_write, setup),
        cmocka_unit_test_setup(store_write_of_an_empty_value, setup),
        cmocka_unit_test_setup(store_set_permissions, setup),
        cmocka_unit_test_setup(store_set_permissions_of_one, setup),
        cmocka_unit_test_setup(store_set_permissions_of_255, setup),
        cmocka_unit_test_setup(store_add_watch, setup),
        cmocka_unit_test_setup(address_and_number, setup),
        cmocka_unit_test_setup(bind_unbound, setup),
        cmocka_unit_test_setup(bind_interdomain, setup),
        cmocka_unit_test_setup(permit, setup),
        cmocka_unit_test_setup(permit_version_1, setup),
        cmocka_unit_test_setup(map, setup),
        cmocka_unit_test_setup(map_version_1, setup),
        cmocka_unit_test(the_largest_sharing_does_not_overflow),
        cmocka_unit_test(share_limits),
        cmocka_unit_test(store_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
