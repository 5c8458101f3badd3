/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's partner in dom0: does there what a test asks for (partner.h), with Xen's own
 * libraries, one command after the other.
 *
 *   guest_partner DOMID [READY]
 *
 * The guest writes "NUMBER COMMAND..." to its data/partner/ask, the partner "NUMBER ANSWER" to
 * data/partner/answer; an answer that begins with "-" is a failed call's errno. Ends when the
 * guest's part of xenstore is gone.
 *
 *   ready                         "ready" goes to READY, a FIFO that a script in dom0 reads
 *   make-nodes PATH COUNT         many nodes below the guest's PATH
 *   set PATH VALUE                one
 *   map REF rw|ro  unmap          a page of the guest; peek OFFSET  poke OFFSET VALUE: its bytes
 *   share COUNT rw|ro  unshare    pages of dom0 (filled with 0x5d), answers their references
 *   look PAGE OFFSET              a byte of them
 *   offer / bind PORT  notify  await  close      an event channel; answers the port
 *   vchan-serve LIBRARY PATH LEFT RIGHT          libxenvchan, from the file LIBRARY
 *   vchan-join LIBRARY PATH
 *   vchan-echo                    sends back all it gets until the other side closes
 *   vchan-sink BYTES  vchan-source BYTES         for throughput; a checksum byte is answered
 *   vchan-break WHAT              the hostile peer: spoils the shared page
 *   vchan-close
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>

#include "tests/simxen/vchan/vchan_library.h"

enum { WORDS_MAX = 8, ANSWER_BYTES = 1500, CHUNK_BYTES = 1 << 20, PAGE = 4096 };

struct partner {
    int domid;
    const char *ready; /* or NULL */
    struct xs_handle *store;
    xengnttab_handle *map;
    xengntshr_handle *share;
    xenevtchn_handle *event;
    uint8_t *mapped, *shared;
    uint32_t shared_pages;
    evtchn_port_t port;
    struct vchan_library library;
    struct libxenvchan *vchan;
    char answer[ANSWER_BYTES];
};

typedef void command(struct partner *partner, char **words);

static uint8_t chunk[CHUNK_BYTES];

static void answer(struct partner *partner, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void answer(struct partner *partner, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(partner->answer, sizeof partner->answer, format, arguments);
    va_end(arguments);
}

static bool failed(struct partner *partner, bool good)
{
    if (!good)
        answer(partner, "-%d", errno);
    return !good;
}

static bool write_node(struct partner *partner, const char *path, const char *value)
{
    char whole[256];

    snprintf(whole, sizeof whole, "/local/domain/%d/%s", partner->domid, path);
    return xs_write(partner->store, XBT_NULL, whole, value, (unsigned)strlen(value));
}

static void ready(struct partner *partner, char **words)
{
    FILE *file = partner->ready ? fopen(partner->ready, "w") : NULL;

    if (failed(partner, file != NULL))
        return;
    fputs("ready\n", file);
    failed(partner, fclose(file) == 0);
}

static void make_nodes(struct partner *partner, char **words)
{
    char path[200];

    for (int i = 0; i < atoi(words[2]); i++) {
        snprintf(path, sizeof path, "%s/a-rather-long-name-%03d", words[1], i);
        if (failed(partner, write_node(partner, path, "")))
            return;
    }
}

static void set(struct partner *partner, char **words)
{
    failed(partner, write_node(partner, words[1], words[2]));
}

static void map(struct partner *partner, char **words)
{
    int rights = PROT_READ | (strcmp(words[2], "rw") ? 0 : PROT_WRITE);

    partner->mapped = xengnttab_map_grant_ref(partner->map, (uint32_t)partner->domid,
                                              (uint32_t)atoi(words[1]), rights);
    failed(partner, partner->mapped != NULL);
}

static void unmap(struct partner *partner, char **words)
{
    failed(partner, xengnttab_unmap(partner->map, partner->mapped, 1) == 0);
    partner->mapped = NULL;
}

static void peek(struct partner *partner, char **words)
{
    answer(partner, "%d", partner->mapped[atoi(words[1]) % PAGE]);
}

static void poke(struct partner *partner, char **words)
{
    partner->mapped[atoi(words[1]) % PAGE] = (uint8_t)atoi(words[2]);
}

static void share(struct partner *partner, char **words)
{
    uint32_t refs[64], count = (uint32_t)atoi(words[1]) % 65;
    size_t at = 0;

    partner->shared = xengntshr_share_pages(partner->share, (uint32_t)partner->domid, (int)count,
                                            refs, strcmp(words[2], "rw") == 0);
    if (failed(partner, partner->shared != NULL))
        return;
    partner->shared_pages = count;
    memset(partner->shared, 0x5d, (size_t)count * PAGE);
    for (uint32_t i = 0; i < count; i++)
        at += (size_t)snprintf(partner->answer + at, sizeof partner->answer - at, "%s%u",
                               i ? " " : "", refs[i]);
}

static void unshare(struct partner *partner, char **words)
{
    failed(partner, xengntshr_unshare(partner->share, partner->shared, partner->shared_pages) == 0);
    partner->shared = NULL;
}

static void look(struct partner *partner, char **words)
{
    answer(partner, "%d", partner->shared[atoi(words[1]) * PAGE + atoi(words[2])]);
}

static void answer_port(struct partner *partner, xenevtchn_port_or_error_t port)
{
    if (failed(partner, port >= 0))
        return;
    partner->port = (evtchn_port_t)port;
    answer(partner, "%d", port);
}

static void offer(struct partner *partner, char **words)
{
    answer_port(partner, xenevtchn_bind_unbound_port(partner->event, (uint32_t)partner->domid));
}

static void bind(struct partner *partner, char **words)
{
    answer_port(partner, xenevtchn_bind_interdomain(partner->event, (uint32_t)partner->domid,
                                                    (evtchn_port_t)atoi(words[1])));
}

static void notify(struct partner *partner, char **words)
{
    int times = words[1] ? atoi(words[1]) : 1;

    for (int i = 0; i < times; i++)
        if (failed(partner, xenevtchn_notify(partner->event, partner->port) == 0))
            return;
}

static void await(struct partner *partner, char **words)
{
    xenevtchn_port_or_error_t port = xenevtchn_pending(partner->event);

    if (!failed(partner, port >= 0))
        failed(partner, xenevtchn_unmask(partner->event, (evtchn_port_t)port) == 0);
}

static void close_event(struct partner *partner, char **words)
{
    failed(partner, xenevtchn_unbind(partner->event, partner->port) == 0);
}

static void vchan_serve(struct partner *partner, char **words)
{
    vchan_library_load(&partner->library, words[1]);
    partner->vchan = partner->library.server_init(NULL, partner->domid, words[2],
                                                  (size_t)atol(words[3]), (size_t)atol(words[4]));
    if (!failed(partner, partner->vchan != NULL))
        partner->vchan->blocking = 1;
}

static void vchan_join(struct partner *partner, char **words)
{
    vchan_library_load(&partner->library, words[1]);
    partner->vchan = partner->library.client_init(NULL, partner->domid, words[2]);
    if (!failed(partner, partner->vchan != NULL))
        partner->vchan->blocking = 1;
}

static bool vchan_write_all(struct partner *partner, size_t size)
{
    for (size_t done = 0; done < size;) {
        int count = partner->library.write(partner->vchan, chunk + done, size - done);

        if (count <= 0)
            return false;
        done += (size_t)count;
    }
    return true;
}

static void vchan_echo(struct partner *partner, char **words)
{
    size_t total = 0;
    int count;

    /* A server's first read would say that nobody is there before the client has come. */
    while (partner->library.is_open(partner->vchan) == 2)
        partner->library.wait(partner->vchan);
    while ((count = partner->library.read(partner->vchan, chunk, CHUNK_BYTES)) > 0 &&
           vchan_write_all(partner, (size_t)count))
        total += (size_t)count;
    answer(partner, "%zu", total);
}

static void vchan_sink(struct partner *partner, char **words)
{
    uint64_t left = strtoull(words[1], NULL, 10);

    while (partner->library.is_open(partner->vchan) == 2)
        partner->library.wait(partner->vchan);
    while (left) {
        int count =
            partner->library.read(partner->vchan, chunk, left < CHUNK_BYTES ? left : CHUNK_BYTES);

        if (failed(partner, count > 0))
            return;
        left -= (uint64_t)count;
    }
    failed(partner, vchan_write_all(partner, 1));
}

static void vchan_source(struct partner *partner, char **words)
{
    uint64_t left = strtoull(words[1], NULL, 10);

    while (partner->library.is_open(partner->vchan) == 2)
        partner->library.wait(partner->vchan);
    while (left) {
        size_t size = left < CHUNK_BYTES ? left : CHUNK_BYTES;

        if (failed(partner, vchan_write_all(partner, size)))
            return;
        left -= size;
    }
    failed(partner, partner->library.read(partner->vchan, chunk, 1) == 1);
}

/* Of the control page (core/vchan/vchan_ring.h), by offset: what a hostile peer would change. */
static void vchan_break(struct partner *partner, char **words)
{
    volatile uint8_t *page = (volatile uint8_t *)partner->vchan->ring;
    bool left_is_ours = !partner->vchan->is_server; /* the client writes the left ring */
    volatile uint32_t *ours = (volatile uint32_t *)(page + (left_is_ours ? 4 : 12));
    volatile uint32_t *theirs = (volatile uint32_t *)(page + (left_is_ours ? 8 : 0));

    if (!strcmp(words[1], "producer"))
        *ours += 0x7fffffff;
    else if (!strcmp(words[1], "consumer"))
        *theirs += 0x7fffffff;
    else if (!strcmp(words[1], "orders"))
        page[16] = page[18] = 255;
    else if (!strcmp(words[1], "live"))
        page[partner->vchan->is_server ? 21 : 20] = 77;
    else
        memset((void *)page, 0xff, 24);
    failed(partner, xenevtchn_notify(partner->vchan->event, partner->vchan->event_port) == 0);
}

static void vchan_close(struct partner *partner, char **words)
{
    partner->library.close(partner->vchan);
    partner->vchan = NULL;
}

static const struct {
    const char *name;
    int words;
    command *run;
} commands[] = {
    {"ready", 1, ready},
    {"make-nodes", 3, make_nodes},
    {"set", 3, set},
    {"map", 3, map},
    {"unmap", 1, unmap},
    {"peek", 2, peek},
    {"poke", 3, poke},
    {"share", 3, share},
    {"unshare", 1, unshare},
    {"look", 3, look},
    {"offer", 1, offer},
    {"bind", 2, bind},
    {"notify", 1, notify},
    {"await", 1, await},
    {"close", 1, close_event},
    {"vchan-serve", 5, vchan_serve},
    {"vchan-join", 3, vchan_join},
    {"vchan-echo", 1, vchan_echo},
    {"vchan-sink", 2, vchan_sink},
    {"vchan-source", 2, vchan_source},
    {"vchan-break", 2, vchan_break},
    {"vchan-close", 1, vchan_close},
};

static void obey(struct partner *partner, char *line)
{
    char *words[WORDS_MAX + 1] = {NULL}, *rest = NULL;
    int count = 0;

    for (char *word = strtok_r(line, " ", &rest); word && count < WORDS_MAX;
         word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    snprintf(partner->answer, sizeof partner->answer, "ok");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (count >= commands[i].words && strcmp(words[0], commands[i].name) == 0) {
            commands[i].run(partner, words);
            return;
        }
    answer(partner, "-%d", ENOSYS);
}

/* The next command with another number than the last, or NULL: the guest is gone. */
static char *next_ask(struct partner *partner, unsigned *last)
{
    for (;;) {
        char path[80], **event, *ask;
        unsigned count, number;

        snprintf(path, sizeof path, "/local/domain/%d/data/partner/ask", partner->domid);
        ask = xs_read(partner->store, XBT_NULL, path, &count);
        if (ask && sscanf(ask, "%u", &number) == 1 && number != *last && strchr(ask, ' ')) {
            *last = number;
            return ask;
        }
        free(ask);
        snprintf(path, sizeof path, "/local/domain/%d", partner->domid);
        free(ask = xs_read(partner->store, XBT_NULL, path, &count));
        if (!ask)
            return NULL;
        event = xs_read_watch(partner->store, &count);
        if (!event)
            return NULL;
        free(event);
    }
}

static void serve(struct partner *partner)
{
    unsigned number = 0;
    char *ask, whole[ANSWER_BYTES + 20];

    while ((ask = next_ask(partner, &number))) {
        printf("partner: %s: ", ask);
        fflush(stdout);
        obey(partner, strchr(ask, ' ') + 1);
        puts(partner->answer);
        fflush(stdout);
        snprintf(whole, sizeof whole, "%u %s", number, partner->answer);
        write_node(partner, "data/partner/answer", whole);
        free(ask);
    }
}

int main(int argc, char **argv)
{
    struct partner partner = {0};
    char path[80];

    if (argc != 2 && argc != 3) {
        fprintf(stderr, "Usage: guest_partner DOMID [READY]\n");
        return 2;
    }
    partner.domid = atoi(argv[1]);
    partner.ready = argv[2];
    partner.store = xs_open(0);
    partner.map = xengnttab_open(NULL, 0);
    partner.share = xengntshr_open(NULL, 0);
    partner.event = xenevtchn_open(NULL, 0);
    if (!partner.store || !partner.map || !partner.share || !partner.event) {
        perror("guest_partner: Xen's devices");
        return 1;
    }
    snprintf(path, sizeof path, "/local/domain/%d/data/partner", partner.domid);
    if (!xs_watch(partner.store, path, "ask") ||
        !xs_watch(partner.store, "@releaseDomain", "end")) {
        perror("guest_partner: xenstore");
        return 1;
    }
    serve(&partner);
    return 0;
}
