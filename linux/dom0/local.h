/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `casement` and `casementd` say to each other: a SOCK_SEQPACKET socket in the private
 * runtime folder, one message a packet, each a struct local_header and a body of a fixed shape per
 * type, text last. One connection does one thing:
 *
 *   ATTACH name, DETACH name   -> DONE or ERROR
 *   WAIT name                  -> DONE once the guest's agent said HELLO; ERROR if it is detached
 *   STATUS                     -> GUEST ..., DONE
 *   CALL name, command         -> CALL_PORT, or ERROR. The client makes its vchan server and then
 *   START                      -> (nothing) and the agent is told. The connection stays open while
 *                                 the client uses the port; ERROR comes when the guest goes away.
 *
 * Integers are of this machine. Bytes from a socket are checked by local_parse() before use.
 */
#ifndef CASEMENT_LOCAL_H
#define CASEMENT_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum local_type {
    LOCAL_ATTACH = 0xca5e0001, /* local_name */
    LOCAL_DETACH,              /* local_name */
    LOCAL_WAIT,                /* local_name */
    LOCAL_STATUS,              /* - */
    LOCAL_CALL,                /* local_call and the command line, NUL ended */
    LOCAL_START,               /* - */

    LOCAL_DONE = 0xca5e0101, /* - */
    LOCAL_ERROR,             /* text, NUL ended */
    LOCAL_CALL_PORT,         /* local_port */
    LOCAL_GUEST,             /* local_guest */
};

enum {
    LOCAL_NAME_BYTES = 32, /* with NUL */
    LOCAL_COMMAND_BYTES_MAX = 65000,
    LOCAL_PACKET_BYTES_MAX = 65536,
};

struct local_name {
    char name[LOCAL_NAME_BYTES];
};
struct local_call {
    char name[LOCAL_NAME_BYTES];
    uint32_t just_exec; /* 0 or 1 */
};
struct local_port {
    uint32_t domain, port;
};
enum local_guest_state {
    LOCAL_GUEST_ABSENT,     /* no domain of that name */
    LOCAL_GUEST_CONNECTING, /* the domain is there, its agent is not */
    LOCAL_GUEST_GREETING,   /* connected, HELLO not yet seen */
    LOCAL_GUEST_READY,
    LOCAL_GUEST_STATES,
};
struct local_guest {
    char name[LOCAL_NAME_BYTES];
    uint32_t domain; /* UINT32_MAX: none */
    uint32_t state;  /* enum local_guest_state */
    uint32_t agent_version;
    uint32_t calls_open;
    uint64_t calls_total;
};

struct local_message {
    uint32_t type;
    union {
        struct local_name name;
        struct local_call call;
        struct local_port port;
        struct local_guest guest;
    };
    const char *text; /* CALL: command; ERROR: reason; points into the packet */
};

/* false: not a message (wrong size, type, number, name or missing NUL). */
bool local_parse(const void *packet, size_t size_bytes, struct local_message *message);
/* The packet's size, or 0 when it does not fit. */
size_t local_put(const struct local_message *message, void *packet, size_t room);

/* Blocking ends, for clients: 0 or -errno; -EPROTO for what local_parse() refuses, -ECONNRESET
 * when the other side is gone. buffer: LOCAL_PACKET_BYTES_MAX bytes; message->text points there. */
int local_send(int fd, const struct local_message *message);
int local_receive(int fd, void *buffer, struct local_message *message);
/* The socket <runtime>/casementd; a descriptor or -errno. */
int local_connect(const char *runtime);
int local_listen(const char *runtime);

#endif
