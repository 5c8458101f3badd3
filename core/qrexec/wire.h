/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers and structures of the qrexec protocol, versions 2 and 3 (and the one message that 4
 * adds). Everything here crosses a boundary: little-endian, exact widths. A session has one
 * control channel (vchan port 512, the agent is its server for domain 0) and one data channel for
 * each call (ports 513 to 768, chosen by dom0). Every message is a struct qrexec_header and
 * `length` bytes of body.
 *
 * Specification: Qubes OS documentation, "Qrexec: command execution in VMs", and qrexec.h of
 * qubes-core-qrexec for the numbers.
 */
#ifndef CASEMENT_QREXEC_WIRE_H
#define CASEMENT_QREXEC_WIRE_H

#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "qrexec is little-endian on the wire; this core copies its structures unconverted"
#endif

enum {
    QREXEC_CONTROL_PORT = 512,
    QREXEC_DATA_PORT_FIRST = 513,
    QREXEC_DATA_PORT_LAST = 768,

    QREXEC_VERSION_OLDEST = 2,
    /* The daemon echoes the agent's number, so an agent cannot learn that the daemon is older
     * than 4.3; 3 is what every daemon since R4.1 understands. */
    QREXEC_VERSION = 3,

    QREXEC_RING_BYTES = 65536,       /* of each ring that an agent of ours serves */
    QREXEC_CONTROL_BODY_MAX = 65535, /* bytes of a control message after its header */
    QREXEC_SERVICE_NAME_MAX = 65000, /* bytes of "service+argument" without NUL */
    QREXEC_CHUNK_V2 = 4096,          /* most body bytes of a data message */
    QREXEC_CHUNK_V3 = 65536,

    QREXEC_CONNECT_TIMEOUT_MS = 120000, /* for the other side of a data channel to appear */

    QREXEC_EXIT_NOT_FOUND = 127, /* no such service */
    QREXEC_EXIT_REFUSED = 126,   /* the policy or the agent said no */
    QREXEC_EXIT_PROBLEM = 125,   /* qrexec itself failed */
};

enum qrexec_type {
    QREXEC_DATA_STDIN = 0x190,     /* caller -> service; empty: end of that stream */
    QREXEC_DATA_STDOUT = 0x191,    /* service -> caller */
    QREXEC_DATA_STDERR = 0x192,    /* service -> caller */
    QREXEC_DATA_EXIT_CODE = 0x193, /* service -> caller, i32, the last message */

    QREXEC_EXEC_CMDLINE = 0x200,          /* daemon -> agent, qrexec_exec + command line */
    QREXEC_JUST_EXEC = 0x201,             /* the same, stdio is the null device */
    QREXEC_SERVICE_CONNECT = 0x202,       /* daemon -> agent, qrexec_exec + qrexec_ident */
    QREXEC_SERVICE_REFUSED = 0x203,       /* daemon -> agent, qrexec_ident */
    QREXEC_TRIGGER_SERVICE = 0x210,       /* agent -> daemon, version 2 only */
    QREXEC_CONNECTION_TERMINATED = 0x211, /* agent -> daemon: the port is free again */
    QREXEC_TRIGGER_SERVICE3 = 0x212,      /* agent -> daemon, version 3 and up */
    QREXEC_TRIGGER_SERVICE4 = 0x213,      /* agent -> daemon, version 4 and up */

    QREXEC_HELLO = 0x300, /* both ways, first on every channel */
};

struct qrexec_header {
    uint32_t type;
    uint32_t length; /* bytes that follow */
} __attribute__((packed));
_Static_assert(sizeof(struct qrexec_header) == 8, "msg_header");

struct qrexec_hello {
    uint32_t version;
} __attribute__((packed));
_Static_assert(sizeof(struct qrexec_hello) == 4, "peer_info");

/* Followed by a command line (NUL ended) or a struct qrexec_ident. */
struct qrexec_exec {
    uint32_t domain;
    uint32_t port;
} __attribute__((packed));
_Static_assert(sizeof(struct qrexec_exec) == 8, "exec_params");

/* Names one service request of an agent. [0-9A-Za-z_.- ], NUL padded. */
struct qrexec_ident {
    char text[32];
} __attribute__((packed));
_Static_assert(sizeof(struct qrexec_ident) == 32, "service_params");

struct qrexec_trigger2 {
    char service[64];
    char target[32];
    struct qrexec_ident ident;
} __attribute__((packed));
_Static_assert(sizeof(struct qrexec_trigger2) == 128, "trigger_service_params");

/* Followed by "service+argument", NUL ended. */
struct qrexec_trigger3 {
    char target[64];
    struct qrexec_ident ident;
} __attribute__((packed));
_Static_assert(sizeof(struct qrexec_trigger3) == 96, "trigger_service_params3");

struct qrexec_trigger4 {
    char source[64];
    char target[64];
    struct qrexec_ident ident;
} __attribute__((packed));
_Static_assert(sizeof(struct qrexec_trigger4) == 160, "trigger_service_params4");

/* Body of QREXEC_CONNECTION_TERMINATED. */
struct qrexec_terminated {
    uint32_t domain;
    uint32_t port;
} __attribute__((packed));
_Static_assert(sizeof(struct qrexec_terminated) == 8, "exec_params without a command");

struct qrexec_exit_code {
    int32_t code;
} __attribute__((packed));
_Static_assert(sizeof(struct qrexec_exit_code) == 4, "exit code");

#endif
