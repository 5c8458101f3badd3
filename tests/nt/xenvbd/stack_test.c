/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proves xenvbd on the whole xenbus, simxen, real xenstored and linux/dom0's disk backend in a
 * process of its own: a disk that `casement-disk attach` brings while the machine runs is read and
 * written, what is in its image has the right SHA-256, and `casement-disk detach` takes it away; a
 * backend that is killed in the middle of requests fails the disk, and the machine goes on.
 */
#include "../xenbus/live_machine.h"
#include "core/xen/decimal.h"
#include "harness.h"
#include "model/host.h"
#include "model/pnp.h"
#include "model/storport.h"
#include "xen/machine.h"

#define ON_XEN .set_up = stack_set_up, .tear_down = stack_tear_down

enum {
    BLOCK = 512,
    HALF = 2048, /* blocks */
    PIECE_MAX = 512,
    FLIGHTS = 16,
    QUIET_MS = 300,
    LIMIT_MS = 200000, /* of the machine's time */
};

DRIVER_INITIALIZE XenvbdDriverEntry;

static const struct pnp_driver Driver = {
    .name = "xenvbd", .hardware_id = "CASEMENT\\VBD", .entry = XenvbdDriverEntry};

static UCHAR Piece[PIECE_MAX * BLOCK];

/* --- The backend answers in real time: as long as there is one, it is waited for before the
 * machine's time jumps. */

static BOOLEAN Lives;

static bool pump(void *context)
{
    return false; /* events are the machine's own source */
}

static bool outstanding(void *context)
{
    return Lives && host_wait(QUIET_MS);
}

static struct host_source Backend = {.fd = -1, .pump = pump, .outstanding = outstanding};

static void stack_set_up(void)
{
    xen_machine_set_up();
    host_source_add(&Backend);
}

static void stack_tear_down(void)
{
    host_source_remove(&Backend);
    xen_machine_tear_down();
}

/* --- dom0. Each script has the domain in $domain, and the image in $image. */

static void dom0(const char *script, char *output, SIZE_T bytes)
{
    static const char prefix[] = "domain=$0 image=$SIMXEN_DIR/image.$0\n";
    char text[1024], domain[DECIMAL_MAX_BYTES];
    const char *arguments[] = {"sh", "-c", text, domain, NULL};

    (void)decimal_write(domain, xen_machine_domid());
    RtlCopyMemory(text, prefix, sizeof(prefix));
    CHECK(sizeof(prefix) + strlen(script) <= sizeof(text));
    RtlCopyMemory(text + sizeof(prefix) - 1, script, strlen(script) + 1);
    CHECK_EQ(xen_machine_dom0(arguments, output, bytes), 0);
}

static void make_image(void)
{
    dom0("head -c 1048576 /dev/urandom >$image && truncate -s 2097152 $image", NULL, 0);
}

/* Attaching and detaching wait for the machine, so they run beside it. */
static void begin(const char *script)
{
    dom0("mkfifo $image.end", NULL, 0);
    dom0(script, NULL, 0);
    Lives = TRUE;
    xen_machine_expect();
}

static void has_succeeded(void)
{
    dom0("[ $(cat $image.end) = 0 ] && rm $image.end", NULL, 0);
}

/* A backend that can be killed. Simxen has let go what it had mapped before $image.end says so: the
 * list comes from the daemon, which saw the end of the process first. */
static void serve(void)
{
    begin("{ casement-disk serve $domain 51808 $image xvdg w >&2 & echo $! >$image.pid; wait $!;"
          " $SIMXEN list >/dev/null; echo >$image.end; } >&2 &");
}

static bool started(void *context)
{
    struct pnp_node *disk = pnp_find("CASEMENT\\VBD");

    return disk && disk->state == PNP_STARTED;
}

static bool gone(void *context)
{
    return !pnp_find("CASEMENT\\VBD");
}

/* --- Requests. */

static void make_transfer(struct storport_request *request, UCHAR operation, ULONG lba,
                          ULONG blocks, PVOID data)
{
    *request = (struct storport_request){
        .function = SRB_FUNCTION_EXECUTE_SCSI,
        .cdb = {operation, 0, 0, 0, (UCHAR)(lba >> 8), (UCHAR)lba, 0, (UCHAR)(blocks >> 8),
                (UCHAR)blocks},
        .cdb_bytes = 10,
        .data = data,
        .data_bytes = blocks * BLOCK,
    };
}

static UCHAR transfer(UCHAR operation, ULONG lba, ULONG blocks)
{
    struct storport_request request;

    make_transfer(&request, operation, lba, blocks, Piece);
    return storport_run(storport_of(pnp_find("CASEMENT\\VBD")), &request);
}

static void copy_halves(void)
{
    for (ULONG at = 0, blocks = 1; at < HALF; at += blocks, blocks = blocks * 3 % 509 + 1) {
        blocks = min(blocks, HALF - at);
        CHECK_EQ(transfer(0x28, at, blocks), SRB_STATUS_SUCCESS);
        CHECK_EQ(transfer(0x2a, HALF + at, blocks), SRB_STATUS_SUCCESS);
    }
    CHECK_EQ(transfer(0x35, 0, 0), SRB_STATUS_SUCCESS);
}

NT_TEST(a_disk_comes_is_copied_and_goes, .seeds = 3, ON_XEN)
{
    struct pnp_node *platform;

    make_image();
    dom0("head -c 1048576 $image | sha256sum >$image.sum", NULL, 0);
    pnp_install(&Driver);
    platform = live_start();
    CHECK(gone(NULL));
    begin("{ casement-disk attach $domain $image xvdg >&2; echo $? >$image.end; } >&2 &");
    test_run_until(started, NULL, LIMIT_MS);
    has_succeeded(); /* casement-disk has seen it connected */
    copy_halves();
    dom0("head -c 1048576 $image | sha256sum | cmp $image.sum", NULL, 0);
    dom0("tail -c 1048576 $image | sha256sum | cmp $image.sum", NULL, 0);
    begin("{ casement-disk detach $domain xvdg >&2; echo $? >$image.end; } >&2 &");
    test_run_until(gone, NULL, LIMIT_MS);
    Lives = FALSE;
    has_succeeded();
    live_end(platform);
    pnp_uninstall("xenvbd");
}

NT_TEST(a_backend_killed_in_the_middle_fails_the_disk, .seeds = 3, ON_XEN)
{
    static struct storport_request requests[FLIGHTS];
    static UCHAR data[FLIGHTS][PIECE_MAX * BLOCK];
    struct pnp_node *platform;

    make_image();
    pnp_install(&Driver);
    platform = live_start();
    serve();
    test_run_until(started, NULL, LIMIT_MS);
    CHECK_EQ(transfer(0x28, 0, 8), SRB_STATUS_SUCCESS);
    dom0("kill -STOP $(cat $image.pid)", NULL, 0);
    for (ULONG i = 0; i < FLIGHTS; i++) {
        make_transfer(&requests[i], 0x2a, i * 64, 64, data[i]);
        storport_send(storport_of(pnp_find("CASEMENT\\VBD")), &requests[i]);
    }
    dom0("kill -KILL $(cat $image.pid) && cat $image.end", NULL, 0);
    Lives = FALSE;
    for (ULONG i = 0; i < FLIGHTS; i++) {
        KeWaitForSingleObject(&requests[i].done, Executive, KernelMode, FALSE, NULL);
        CHECK_EQ(SRB_STATUS(requests[i].status), SRB_STATUS_NO_DEVICE);
    }
    CHECK_EQ(transfer(0x28, 0, 8), SRB_STATUS_NO_DEVICE);
    live_end(platform);
    pnp_uninstall("xenvbd");
}
