/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/block as a disk driver in a guest of simxen, against linux/dom0's backend in another
 * process: a file system image is read and another one written and both have their SHA-256;
 * read-only, a CD, discard, growing, detaching, a save and restore with requests under way; a table
 * of lies, each of which fails the disk with its reason, every request done once, and the machine
 * going on; a backend that is killed; a power cut of a disk with a volatile cache, after which all
 * is there that was flushed or written through, and no more; QEMU's own backend in place of ours.
 *
 *   disk_test CASEMENT CASEMENT-DISK HOSTILE VOLATILE [CASE...]      under `simxen host --`
 */
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "platform_simxen.h"
#include "tests/disk/driver.h"
#include "tests/simxen/simxen/fixture.h"

enum {
    HANDLE = 51712, /* xvda */
    IMAGE_BYTES = 24 << 20,
    LIMIT_MS = 20000,
    PATIENCE = 1500, /* ms, with a backend that does not answer */
};

extern char **environ;
static const char *casement, *casement_disk, *hostile_disk, *volatile_disk;
static char folder[] = "/tmp/casement-disk.XXXXXX";
static char image[64], other[64], copy[64];
static struct disk disk;

/* --- Programs of dom0. */

static pid_t spawn(char *const argv[], int out)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    CHECK_EQUAL(posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

static int ended(pid_t pid)
{
    int status;
    CHECK_EQUAL(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static int run(char *const argv[])
{
    return ended(spawn(argv, 2));
}
#define RUN(...) run((char *[]){__VA_ARGS__, NULL})

static void sha256(const char *path, char out[65])
{
    int fds[2];
    CHECK(pipe2(fds, O_CLOEXEC) == 0);
    pid_t pid = spawn((char *[]){"sha256sum", (char *)path, NULL}, fds[1]);
    close(fds[1]);
    CHECK(read(fds[0], out, 64) == 64);
    out[64] = 0;
    close(fds[0]);
    ended(pid);
}

static void same_sha256(const char *a, const char *b)
{
    char sums[2][65];
    sha256(a, sums[0]);
    sha256(b, sums[1]);
    CHECK(strcmp(sums[0], sums[1]) == 0);
    printf("    sha256 %.16s...\n", sums[0]);
}

/* --- Images. */

static void make_image(const char *path, const char *content)
{
    char size[16];
    snprintf(size, sizeof(size), "%uk", (unsigned)IMAGE_BYTES / 1024);
    unlink(path);
    CHECK_EQUAL(RUN("mke2fs", "-q", "-t", "ext4", "-d", (char *)content, (char *)path, size), 0);
}

static uint8_t *load(const char *path, uint64_t *size)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && fstat(fd, &status) == 0);
    *size = (uint64_t)status.st_size;
    uint8_t *bytes = malloc(*size);
    CHECK(read(fd, bytes, *size) == status.st_size);
    close(fd);
    return bytes;
}

static void save(const char *path, const uint8_t *bytes, uint64_t size)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    close(fd);
}

/* --- A guest with a disk. */

static const struct disk_options options = {.handle = HANDLE,
                                            .cpu_count = 2,
                                            .queues_max = 2,
                                            .ring_order_max = 4,
                                            .patience_ms = LIMIT_MS};

static char *guest_name(uint32_t domid)
{
    static char text[12];
    snprintf(text, sizeof(text), "%u", domid);
    return text;
}

/* The guest's folder appears: that is what starts a driver. */
static void await_folder(void)
{
    char value[16];
    uint32_t length;
    CHECK(disk_store_watch("device/vbd/51712/state"));
    while (disk_store_read("device/vbd/51712/state", value, sizeof(value), &length) != BLK_DONE)
        disk_sleep(LIMIT_MS);
}

static void take(const struct disk_options *wanted)
{
    await_folder();
    disk_start(&disk, wanted);
    do {
        disk_turn(&disk);
        disk_sleep(100);
    } while (!disk.open && !disk.failed);
}

static void attach_with(const char *program, uint32_t domid, const char *mode,
                        const struct disk_options *wanted)
{
    pid_t pid = spawn(
        (char *[]){(char *)program, "attach", guest_name(domid), copy, "xvda", (char *)mode, NULL},
        2);
    take(wanted);
    if (!disk.open) /* it would wait for a while */
        kill(pid, SIGKILL);
    CHECK_EQUAL(ended(pid), disk.open ? 0 : 128);
}

static uint32_t start(const char *mode)
{
    uint32_t domid = platform_start("disk");
    attach_with(casement_disk, domid, mode, &options);
    CHECK(disk.open);
    return domid;
}

static void finish(void)
{
    if (!disk.closed)
        CHECK(disk_close(&disk, LIMIT_MS));
    CHECK_EQUAL(disk.pages_lost, 0);
    disk_free(&disk);
    platform_end();
}

/* --- The cases. */

static void image_read_and_written(void)
{
    uint64_t size;
    RUN("cp", image, copy);
    uint8_t *wanted = load(other, &size), *bytes = malloc(size);
    /* By the command that people use, which finds this simxen in its runtime folder. */
    platform_start("disk");
    pid_t pid =
        spawn((char *[]){(char *)casement, "disk", "attach", "disk", copy, "xvda", NULL}, 2);
    take(&options);
    CHECK(disk.open);
    CHECK_EQUAL(ended(pid), 0);
    CHECK_EQUAL(disk.queue_count, 2);
    CHECK_EQUAL(disk.front.plan.ring_order, 4);
    CHECK_EQUAL(disk.front.disk.sector_count, IMAGE_BYTES / 512);
    CHECK_EQUAL(disk.front.disk.segments_max, 256);
    CHECK(disk.front.disk.persistent);

    char out[80];
    snprintf(out, sizeof(out), "%s/out", folder);
    CHECK_EQUAL(disk_move(&disk, BLK_READ, 0, bytes, size, 256 << 10, 8), BLK_OK);
    save(out, bytes, size);
    same_sha256(out, image);
    memset(bytes, 0, size);
    CHECK_EQUAL(disk_move(&disk, BLK_READ, 0, bytes, size, 4096, 128), BLK_OK);
    save(out, bytes, size);
    same_sha256(out, image);

    uint64_t operations = disk_grant_operations();
    CHECK_EQUAL(disk_move(&disk, BLK_WRITE, 0, wanted, size, 1 << 20, 4), BLK_OK);
    CHECK_EQUAL(disk_do(&disk, BLK_FLUSH, 0, NULL, 0), BLK_OK);
    CHECK_EQUAL(disk_grant_operations() - operations, 0); /* steady state */
    same_sha256(copy, other);

    CHECK_EQUAL(RUN((char *)casement, "disk", "list", "disk"), 0);
    CHECK(RUN((char *)casement, "disk", "attach", "disk", copy, "xvda") != 0); /* it has one */
    CHECK(RUN((char *)casement, "disk", "attach", "nobody", copy, "xvda") != 0);
    CHECK(RUN((char *)casement, "disk", "attach", "disk", folder, "xvdb") != 0);
    CHECK(RUN((char *)casement, "disk", "detach", "disk", "xvdb") != 0);
    pid = spawn((char *[]){(char *)casement, "disk", "detach", "disk", "xvda", NULL}, 2);
    CHECK(disk_until(&disk, &disk.close_asked, LIMIT_MS));
    CHECK(disk_close(&disk, LIMIT_MS));
    CHECK_EQUAL(ended(pid), 0);
    CHECK(!disk.failed);
    finish();
    CHECK_EQUAL(RUN("e2fsck", "-fn", copy), 0);
    same_sha256(copy, other);
    free(wanted);
    free(bytes);
}

static void read_only(void)
{
    static uint8_t bytes[4096];
    RUN("cp", image, copy);
    start("--read-only");
    CHECK(disk.front.disk.read_only);
    CHECK_EQUAL(disk_do(&disk, BLK_WRITE, 0, bytes, 4096), BLK_READ_ONLY_DISK);
    CHECK_EQUAL(disk_do(&disk, BLK_READ, 0, bytes, 4096), BLK_OK);
    finish();
    same_sha256(copy, image);
}

/* In a list as a CD; the guest may not write, and the file stays as it was. */
static void a_cd(void)
{
    static uint8_t bytes[4096], wanted[4096];
    char line[256] = "";
    int fds[2];
    RUN("cp", image, copy);
    uint32_t domid = start("--cdrom");
    CHECK(disk.front.disk.cdrom);
    CHECK(disk.front.disk.removable);
    CHECK(disk.front.disk.read_only);
    CHECK(!disk.front.disk.discard);
    CHECK_EQUAL(disk_do(&disk, BLK_WRITE, 2, bytes, 4096), BLK_READ_ONLY_DISK);
    CHECK_EQUAL(disk_do(&disk, BLK_READ, 2, bytes, 4096), BLK_OK);
    int fd = open(image, O_RDONLY | O_CLOEXEC);
    CHECK(pread(fd, wanted, 4096, 1024) == 4096);
    close(fd);
    CHECK(memcmp(bytes, wanted, 4096) == 0);

    CHECK(pipe2(fds, O_CLOEXEC) == 0);
    pid_t pid = spawn((char *[]){(char *)casement_disk, "list", guest_name(domid), NULL}, fds[1]);
    close(fds[1]);
    CHECK_EQUAL(ended(pid), 0);
    CHECK(read(fds[0], line, sizeof(line) - 1) > 0);
    close(fds[0]);
    CHECK(strstr(line, " xvda CD, read-only 24 MiB connected "));
    finish();
    same_sha256(copy, image);
}

static void discarded(void)
{
    uint64_t size;
    static uint8_t zero[65536];
    RUN("cp", image, copy);
    start(NULL);
    bool done = false;
    struct blk_request request = {
        .op = BLK_DISCARD, .sector = 256, .sector_count = 128, .owner = &done};
    CHECK(disk.front.disk.discard);
    disk_submit(&disk, 1, &request);
    CHECK(disk_until(&disk, &done, LIMIT_MS));
    CHECK_EQUAL(request.status, BLK_OK);
    finish();
    uint8_t *bytes = load(copy, &size);
    CHECK(memcmp(bytes + 256 * 512, zero, sizeof(zero)) == 0);
    free(bytes);
}

static void grows_in_use(void)
{
    static uint8_t bytes[4096], back[4096];
    RUN("cp", image, copy);
    start(NULL);
    uint64_t end = disk.front.disk.sector_count;
    CHECK_EQUAL(disk_do(&disk, BLK_WRITE, end, bytes, 4096), BLK_OUT_OF_RANGE);
    CHECK_EQUAL(truncate(copy, IMAGE_BYTES * 2), 0);
    CHECK_EQUAL(disk_do(&disk, BLK_READ, 0, bytes, 4096), BLK_OK); /* the backend looks */
    CHECK(disk_until(&disk, &disk.grown, LIMIT_MS));
    CHECK_EQUAL(disk.front.disk.sector_count, end * 2);
    memset(bytes, 0x5a, sizeof(bytes));
    CHECK_EQUAL(disk_do(&disk, BLK_WRITE, end * 2 - 8, bytes, 4096), BLK_OK);
    CHECK_EQUAL(disk_do(&disk, BLK_READ, end * 2 - 8, back, 4096), BLK_OK);
    CHECK(memcmp(bytes, back, 4096) == 0);
    finish();
}

/* --- Save and restore with requests under way. */

enum { FLIGHTS = 100 };
static pid_t arrival;

static void arrive(uint32_t domid)
{
    arrival = spawn(
        (char *[]){(char *)casement_disk, "attach", guest_name(domid), copy, "xvda", NULL}, 2);
}

static void requests_survive_a_restore(void)
{
    static struct blk_request requests[FLIGHTS];
    static struct blk_piece pieces[FLIGHTS];
    static bool done[FLIGHTS];
    static uint8_t bytes[FLIGHTS][8192];
    uint64_t size;
    RUN("cp", image, copy);
    start(NULL);
    for (uint32_t i = 0; i < FLIGHTS; i++) {
        memset(bytes[i], (int)i + 1, sizeof(bytes[i]));
        pieces[i] = (struct blk_piece){bytes[i], sizeof(bytes[i])};
        requests[i] = (struct blk_request){.op = BLK_WRITE,
                                           .sector = 1000 + 16 * i,
                                           .sector_count = 16,
                                           .pieces = &pieces[i],
                                           .piece_count = 1,
                                           .owner = &done[i]};
        disk_submit(&disk, i, &requests[i]);
        if (i == FLIGHTS / 2)
            disk_turn(&disk); /* half of them are on the rings when it is saved */
    }
    platform_save_and_restore(arrive);
    await_folder();
    disk_resume(&disk);
    for (uint32_t i = 0; i < FLIGHTS; i++) {
        CHECK(disk_until(&disk, &done[i], LIMIT_MS));
        CHECK_EQUAL(requests[i].status, BLK_OK);
    }
    CHECK_EQUAL(ended(arrival), 0);
    CHECK_EQUAL(disk.opens, 2);
    finish();
    uint8_t *file = load(copy, &size);
    for (uint32_t i = 0; i < FLIGHTS; i++)
        CHECK(memcmp(file + (1000 + 16 * i) * 512, bytes[i], sizeof(bytes[i])) == 0);
    free(file);
}

/* --- Lies. */

static const struct lie {
    const char *conduct;
    enum blk_fault fault;
} lies[] = {
    {"id", BLK_FAULT_ID},
    {"generation", BLK_FAULT_ID},
    {"twice", BLK_FAULT_ID},
    {"operation", BLK_FAULT_OPERATION},
    {"index", BLK_FAULT_INDEX},
    {"index-back", BLK_FAULT_INDEX},
    {"silent", BLK_FAULT_SILENT},
    {"node:sectors=0", BLK_FAULT_SIZE},
    {"node:sectors=18446744073709551615", BLK_FAULT_SIZE},
    {"node:sectors=-1", BLK_FAULT_NODE},
    {"node:sector-size=0", BLK_FAULT_SECTOR_SIZE},
    {"node:sector-size=3", BLK_FAULT_SECTOR_SIZE},
    {"node:sector-size=2147483648", BLK_FAULT_SECTOR_SIZE},
    {"node:max-ring-page-order=four", BLK_FAULT_NODE},
    {"node:feature-max-indirect-segments=0", BLK_FAULT_NO_INDIRECT},
    {"node:state=9", BLK_FAULT_STATE},
    {"node:state=1", BLK_FAULT_SLOW},
};

static uint32_t submit_reads(struct blk_request *requests, struct blk_piece *pieces, bool *done,
                             uint8_t (*bytes)[4096], uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        pieces[i] = (struct blk_piece){bytes[i], 4096};
        requests[i] = (struct blk_request){.op = BLK_READ,
                                           .sector = 8 * i,
                                           .sector_count = 8,
                                           .pieces = &pieces[i],
                                           .piece_count = 1,
                                           .owner = &done[i]};
        disk_submit(&disk, i, &requests[i]);
    }
    return count;
}

/* The disk fails with that reason, within twice the patience and the three waits of parting; each
 * request is done, once; the guest goes on. */
static void one_lie(const struct lie *lie)
{
    static struct blk_request requests[32];
    static struct blk_piece pieces[32];
    static bool done[32];
    static uint8_t bytes[32][4096];
    struct disk_options short_patience = options;
    short_patience.patience_ms = PATIENCE;
    uint64_t began_ms = disk_now_ms();
    RUN("cp", image, copy);
    setenv("CONDUCT", lie->conduct, 1);
    setenv("CONDUCT_AFTER", "5", 1);
    uint32_t domid = platform_start("disk");
    attach_with(hostile_disk, domid, NULL, &short_patience);
    if (disk.open) {
        uint64_t before = disk.done;
        submit_reads(requests, pieces, done, bytes, 32);
        for (uint32_t i = 0; i < 32; i++)
            CHECK(disk_until(&disk, &done[i], 8 * PATIENCE));
        CHECK_EQUAL(disk.done - before, 32);
    }
    CHECK(disk_until(&disk, &disk.closed, 8 * PATIENCE));
    CHECK(disk.failed);
    CHECK_EQUAL(disk.front.fault, lie->fault);
    printf("    %-36s %5llu ms  %s\n", lie->conduct, (unsigned long long)(disk_now_ms() - began_ms),
           blk_fault_text(disk.front.fault));
    RUN((char *)casement_disk, "detach", guest_name(domid), "xvda", "--force");
    unsetenv("CONDUCT");
    disk_free(&disk);
    platform_end();
}

static void lies_fail_the_disk(void)
{
    for (uint32_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
        one_lie(&lies[i]);
}

/* An error is an error of its request, and no more. */
static void errors_are_told(void)
{
    static uint8_t bytes[4096];
    RUN("cp", image, copy);
    setenv("CONDUCT", "error", 1);
    setenv("CONDUCT_AFTER", "1", 1);
    attach_with(hostile_disk, platform_start("disk"), NULL, &options);
    CHECK(disk.open);
    CHECK_EQUAL(disk_do(&disk, BLK_READ, 0, bytes, 4096), BLK_OK);
    CHECK_EQUAL(disk_do(&disk, BLK_READ, 0, bytes, 4096), BLK_ERROR);
    CHECK_EQUAL(disk_do(&disk, BLK_FLUSH, 0, NULL, 0), BLK_ERROR);
    unsetenv("CONDUCT");
    finish();
}

static void a_backend_that_shrinks(void)
{
    static uint8_t bytes[4096];
    RUN("cp", image, copy);
    start(NULL);
    CHECK_EQUAL(truncate(copy, IMAGE_BYTES / 2), 0);
    disk_do(&disk, BLK_READ, 0, bytes, 4096);
    CHECK(disk_until(&disk, &disk.closed, LIMIT_MS));
    CHECK_EQUAL(disk.front.fault, BLK_FAULT_SHRUNK);
    finish();
}

static void a_backend_that_is_killed(void)
{
    static struct blk_request requests[32];
    static struct blk_piece pieces[32];
    static bool done[32];
    static uint8_t bytes[32][4096];
    struct disk_options short_patience = options;
    short_patience.patience_ms = PATIENCE;
    RUN("cp", image, copy);
    setenv("CONDUCT", "slow", 1);
    setenv("CONDUCT_AFTER", "0", 1);
    uint32_t domid = platform_start("disk");
    pid_t backend = spawn((char *[]){(char *)hostile_disk, "serve", guest_name(domid), "51712",
                                     copy, "xvda", "w", NULL},
                          2);
    unsetenv("CONDUCT");
    take(&short_patience);
    CHECK(disk.open);
    submit_reads(requests, pieces, done, bytes, 32);
    CHECK(disk_until(&disk, &done[0], LIMIT_MS));
    kill_process(backend);
    for (uint32_t i = 0; i < 32; i++)
        CHECK(disk_until(&disk, &done[i], 4 * PATIENCE));
    CHECK_EQUAL(requests[31].status, BLK_FAILED);
    CHECK(disk_until(&disk, &disk.closed, 8 * PATIENCE));
    CHECK_EQUAL(disk.front.fault, BLK_FAULT_SILENT);
    RUN((char *)casement_disk, "detach", guest_name(domid), "xvda", "--force");
    finish();
}

/* --- A power cut. */

enum { ROUNDS = 24, ROUND_BLOCKS = 8, BLOCK_BYTES = 4096, FLUSHED_ROUNDS = 20 };

static bool has_round(const uint8_t *file, uint32_t round)
{
    uint8_t wanted[BLOCK_BYTES];
    memset(wanted, (int)round + 1, sizeof(wanted));
    for (uint32_t i = 0; i < ROUND_BLOCKS; i++)
        if (memcmp(file + (size_t)(round * ROUND_BLOCKS + i) * BLOCK_BYTES, wanted, BLOCK_BYTES))
            return false;
    return true;
}

/* One after the other, over both queues; the last of an odd round is written through (fua), behind
 * an even one comes a flush. The last rounds are written, and nothing more. */
static void write_round(uint32_t round)
{
    static uint8_t bytes[BLOCK_BYTES];
    memset(bytes, (int)round + 1, sizeof(bytes));
    for (uint32_t i = 0; i < ROUND_BLOCKS; i++) {
        bool done = false;
        struct blk_piece piece = {bytes, BLOCK_BYTES};
        struct blk_request request = {.op = BLK_WRITE,
                                      .fua = round < FLUSHED_ROUNDS && round % 2 &&
                                             i == ROUND_BLOCKS - 1,
                                      .sector = (round * ROUND_BLOCKS + i) * (BLOCK_BYTES / 512),
                                      .sector_count = BLOCK_BYTES / 512,
                                      .pieces = &piece,
                                      .piece_count = 1,
                                      .owner = &done};
        disk_submit(&disk, i, &request);
        CHECK(disk_until(&disk, &done, LIMIT_MS));
        CHECK_EQUAL(request.status, BLK_OK);
    }
    if (round < FLUSHED_ROUNDS && round % 2 == 0)
        CHECK_EQUAL(disk_do(&disk, BLK_FLUSH, 0, NULL, 0), BLK_OK);
}

static void what_was_flushed_survives_a_power_cut(void)
{
    struct disk_options short_patience = options;
    short_patience.patience_ms = PATIENCE;
    uint64_t size;
    RUN("cp", image, copy);
    uint32_t domid = platform_start("disk");
    pid_t backend = spawn((char *[]){(char *)volatile_disk, "serve", guest_name(domid), "51712",
                                     copy, "xvda", "w", NULL},
                          2);
    take(&short_patience);
    CHECK(disk.open);
    for (uint32_t round = 0; round < ROUNDS; round++)
        write_round(round);
    kill_process(backend);
    uint8_t *file = load(copy, &size);
    for (uint32_t round = 0; round < ROUNDS; round++)
        CHECK_EQUAL(has_round(file, round), round < FLUSHED_ROUNDS);
    free(file);
    RUN((char *)casement_disk, "detach", guest_name(domid), "xvda", "--force");
    CHECK(disk_until(&disk, &disk.closed, 8 * PATIENCE));
    finish();
}

/* --- Another backend: QEMU's, which copies what is granted and has no indirect requests. */

static void qemu_as_the_backend(void)
{
    const char *root = getenv("QEMU_ROOT");
    uint64_t size;
    char program[512], out[80];
    snprintf(program, sizeof(program), "%s/usr/libexec/xen-qemu-system-i386", root ? root : "");
    if (access(program, X_OK) != 0) {
        printf("    skipped: tests/xen has not fetched QEMU, or there is a sanitizer\n");
        return;
    }
    RUN("cp", image, copy);
    uint8_t *wanted = load(other, &size), *bytes = malloc(size);
    uint32_t domid = platform_start("disk");
    pid_t qemu = spawn((char *[]){getenv("QEMU_DISK"), (char *)root, getenv("QEMU_SHIM"),
                                  guest_name(domid), "51712", copy, "xvda", NULL},
                       2);
    take(&options);
    CHECK(disk.open);
    printf("    %u queues of order %u, %u segments, flush %u, discard %u, persistent %u\n",
           disk.queue_count, disk.front.plan.ring_order, disk.front.disk.segments_max,
           disk.front.disk.flush, disk.front.disk.discard, disk.front.disk.persistent);
    snprintf(out, sizeof(out), "%s/out", folder);
    CHECK_EQUAL(disk_move(&disk, BLK_READ, 0, bytes, size, 256 << 10, 8), BLK_OK);
    save(out, bytes, size);
    same_sha256(out, image);
    CHECK_EQUAL(disk_move(&disk, BLK_WRITE, 0, wanted, size, 44 << 10, 32), BLK_OK);
    CHECK_EQUAL(disk_do(&disk, BLK_FLUSH, 0, NULL, 0), BLK_OK);
    same_sha256(copy, other);
    CHECK(disk_close(&disk, LIMIT_MS));
    kill_process(qemu);
    finish();
    free(wanted);
    free(bytes);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    {"image_read_and_written", image_read_and_written},
    {"read_only", read_only},
    {"a_cd", a_cd},
    {"discarded", discarded},
    {"grows_in_use", grows_in_use},
    {"requests_survive_a_restore", requests_survive_a_restore},
    {"lies_fail_the_disk", lies_fail_the_disk},
    {"errors_are_told", errors_are_told},
    {"a_backend_that_shrinks", a_backend_that_shrinks},
    {"a_backend_that_is_killed", a_backend_that_is_killed},
    {"what_was_flushed_survives_a_power_cut", what_was_flushed_survives_a_power_cut},
    {"qemu_as_the_backend", qemu_as_the_backend},
};

/* Where `casement` looks for it. */
static void find_this_simxen(void)
{
    char path[128];
    setenv("CASEMENT_HOME", folder, 1);
    snprintf(path, sizeof(path), "%s/run", folder);
    CHECK(mkdir(path, 0700) == 0);
    snprintf(path, sizeof(path), "%s/run/simxen", folder);
    CHECK(symlink(getenv("SIMXEN_DIR"), path) == 0);
}

int main(int argc, char **argv)
{
    char content[64];
    CHECK(argc >= 5 && mkdtemp(folder));
    casement = argv[1];
    casement_disk = argv[2];
    hostile_disk = argv[3];
    volatile_disk = argv[4];
    snprintf(image, sizeof(image), "%s/image", folder);
    snprintf(other, sizeof(other), "%s/other", folder);
    snprintf(copy, sizeof(copy), "%s/copy", folder);
    snprintf(content, sizeof(content), "%s/content", folder);
    CHECK(mkdir(content, 0700) == 0);
    make_image(image, content);
    find_this_simxen();
    CHECK_EQUAL(RUN("cp", argv[0], argv[1], content), 0);
    make_image(other, content);
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool wanted = argc == 5;
        for (int a = 5; a < argc; a++)
            wanted |= strcmp(argv[a], cases[i].name) == 0;
        if (!wanted)
            continue;
        printf("%s\n", cases[i].name);
        fflush(stdout);
        cases[i].run();
    }
    return RUN("rm", "-rf", folder);
}
