/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's own disk backend (xen-qdisk) on simxen: makes a disk's folders below backend/qdisk, and
 * becomes QEMU as Xen's tools start it for a guest without emulated devices.
 *
 *   qemu_disk ROOT SHIM DOMAIN NUMBER FILE NAME     ROOT: Debian's packages, unpacked
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "linux/dom0/disk/store.h"

int main(int argc, char **argv)
{
    struct disk_store store;
    struct xs_handle *xs = xs_open(0);
    char libraries[4096], qemu[4096];

    if (argc != 7 || !xs)
        return 1;
    disk_store_init(&store, xs, (uint32_t)atoi(argv[3]), (uint32_t)atoi(argv[4]));
    snprintf(store.back, sizeof(store.back), "/local/domain/0/backend/qdisk/%s/%s", argv[3],
             argv[4]);
    if (!disk_store_create(&store, argv[6], argv[5], DISK_WRITABLE))
        return 1;
    xs_close(xs);
    snprintf(libraries, sizeof(libraries), "%s:%s/usr/lib/x86_64-linux-gnu",
             getenv("LD_LIBRARY_PATH"), argv[1]);
    snprintf(qemu, sizeof(qemu), "%s/usr/libexec/xen-qemu-system-i386", argv[1]);
    setenv("LD_LIBRARY_PATH", libraries, 1);
    setenv("LD_PRELOAD", argv[2], 1);
    execl(qemu, qemu, "-M", "xenpv", "-xen-attach", "-xen-domid", argv[3], "-nodefaults",
          "-display", "none", "-name", "disk", (char *)NULL);
    perror(qemu);
    return 1;
}
