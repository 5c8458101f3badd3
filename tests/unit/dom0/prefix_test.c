/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's prefix without Wine: cloning a folder tree, installing by the manifest, and editing the
 * machine's environment in the registry file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/dom0/prefix.h"
#include "linux/dom0/process.h"

static char folder[] = "/tmp/casement-prefix.XXXXXX";

static void write_file(const char *name, const char *text, size_t size)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    fclose(file);
}

static const char *read_file(const char *name)
{
    static char text[8192];
    FILE *file = fopen(name, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static ino_t inode(const char *name)
{
    struct stat status;
    assert_int_equal(stat(name, &status), 0);
    return status.st_ino;
}

static int setup(void **state)
{
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int teardown(void **state)
{
    char *argv[] = {"/bin/rm", "-rf", folder, NULL};
    return process_run(&(struct process_spec){.argv = argv, .environment = environ});
}

static void large_windows_files_are_linked_all_others_copied(void **state)
{
    static char large[20000];
    mkdir("template", 0700);
    mkdir("template/drive_c", 0700);
    mkdir("template/drive_c/windows", 0700);
    mkdir("template/drive_c/users", 0700);
    write_file("template/drive_c/windows/a.dll", large, sizeof large);
    write_file("template/drive_c/windows/win.ini", "x", 1);
    write_file("template/drive_c/users/data", large, sizeof large);
    write_file("template/system.reg", "reg", 3);
    assert_int_equal(symlink("../drive_c", "template/link"), 0);

    char *prefix = path_join(folder, "guest");
    assert_int_equal(prefix_clone("template", prefix), 0);
    free(prefix);
    assert_int_equal(inode("guest/drive_c/windows/a.dll"), inode("template/drive_c/windows/a.dll"));
    assert_int_not_equal(inode("guest/drive_c/windows/win.ini"),
                         inode("template/drive_c/windows/win.ini"));
    assert_int_not_equal(inode("guest/drive_c/users/data"), inode("template/drive_c/users/data"));
    assert_string_equal(read_file("guest/system.reg"), "reg");
    char target[32] = "";
    assert_int_equal(readlink("guest/link", target, sizeof target - 1), 10);
    assert_string_equal(target, "../drive_c");
    assert_false(path_exists(".new-guest"));
}

static const char registry[] = "WINE REGISTRY Version 2\n"
                               "\n"
                               "[System\\\\CurrentControlSet\\\\Services\\\\Known] 17\n"
                               "\"A\"=\"other\"\n"
                               "\n"
                               "[System\\\\CurrentControlSet\\\\Control\\\\Session "
                               "Manager\\\\Environment] 17\n"
                               "#time=1dd7b\n"
                               "\"A\"=\"old\"\n"
                               "\"AB\"=\"stays\"\n"
                               "\n"
                               "[Software] 17\n"
                               "\"A\"=\"other\"\n";

static void the_environment_is_replaced_in_its_section(void **state)
{
    mkdir("reg", 0700);
    write_file("reg/system.reg", registry, sizeof registry - 1);
    assert_int_equal(prefix_set_environment("reg", "A", "C:\\x \"y\""), 0);
    assert_string_equal(read_file("reg/system.reg"),
                        "WINE REGISTRY Version 2\n"
                        "\n"
                        "[System\\\\CurrentControlSet\\\\Services\\\\Known] 17\n"
                        "\"A\"=\"other\"\n"
                        "\n"
                        "[System\\\\CurrentControlSet\\\\Control\\\\Session "
                        "Manager\\\\Environment] 17\n"
                        "\"A\"=\"C:\\\\x \\\"y\\\"\"\n"
                        "#time=1dd7b\n"
                        "\"AB\"=\"stays\"\n"
                        "\n"
                        "[Software] 17\n"
                        "\"A\"=\"other\"\n");
    assert_true(prefix_has_service("reg", "Known"));
    assert_false(prefix_has_service("reg", "Kno"));
    assert_false(prefix_has_service("reg", "Unknown"));
    assert_int_equal(prefix_set_environment("nowhere", "A", "x"), -ENOENT);
}

static void the_environment_is_made_where_there_is_none(void **state)
{
    mkdir("reg2", 0700);
    write_file("reg2/system.reg", "[A] 1\n", 6);
    assert_int_equal(prefix_set_environment("reg2", "N", "v"), 0);
    assert_string_equal(read_file("reg2/system.reg"),
                        "[A] 1\n\n[System\\\\CurrentControlSet\\\\Control\\\\Session "
                        "Manager\\\\Environment] 0\n\"N\"=\"v\"\n");
}

static void the_manifest_is_followed(void **state)
{
    mkdir("programs", 0700);
    mkdir("windows", 0700);
    mkdir("windows/rpc", 0700);
    mkdir("disk", 0700);
    mkdir("disk/drive_c", 0700);
    write_file("windows/one.exe", "one", 3);
    write_file("windows/rpc/a.exe", "a", 1);
    write_file("windows/rpc/qubes-rpc.x.Y", "y", 1);
    const char manifest[] = "# words\n\nbin/1.exe one.exe\nbin/ rpc/*.exe\nqubes-rpc/ "
                            "rpc/qubes-rpc.*\n";
    write_file("programs/guest.manifest", manifest, sizeof manifest - 1);
    struct layout layout = {.dom0 = "programs", .windows = "windows"};
    assert_int_equal(prefix_install(&layout, "disk"), 0);
    assert_string_equal(read_file("disk/drive_c/Program Files/Casement/bin/1.exe"), "one");
    assert_string_equal(read_file("disk/drive_c/Program Files/Casement/bin/a.exe"), "a");
    assert_string_equal(read_file("disk/drive_c/Program Files/Casement/qubes-rpc/x.Y"), "y");

    ino_t before = inode("disk/drive_c/Program Files/Casement/bin/1.exe");
    assert_int_equal(prefix_install(&layout, "disk"), 0);
    assert_int_equal(inode("disk/drive_c/Program Files/Casement/bin/1.exe"), before);
    write_file("windows/one.exe", "two!", 4);
    assert_int_equal(prefix_install(&layout, "disk"), 0);
    assert_string_equal(read_file("disk/drive_c/Program Files/Casement/bin/1.exe"), "two!");

    write_file("programs/guest.manifest", "bin/2.exe two.exe\n", 18);
    assert_int_equal(prefix_install(&layout, "disk"), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_windows_files_are_linked_all_others_copied),
        cmocka_unit_test(the_environment_is_replaced_in_its_section),
        cmocka_unit_test(the_environment_is_made_where_there_is_none),
        cmocka_unit_test(the_manifest_is_followed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
