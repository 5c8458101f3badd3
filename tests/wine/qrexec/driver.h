/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dom0's side of qrexec for tests: drives the agent of one guest, with no more of its own than the
 * core has. Everything is on one thread; guest_pump() moves all sessions until a condition holds.
 * A condition that does not come true within DRIVER_PATIENCE_MS fails the test with its name.
 */
#ifndef CASEMENT_TEST_QREXEC_DRIVER_H
#define CASEMENT_TEST_QREXEC_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include "core/qrexec/channel.h"
#include "include/libvchan.h"

enum { DRIVER_PATIENCE_MS = 60000, DRIVER_SESSIONS = 320 };

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            driver_failed();                                                                       \
        }                                                                                          \
    } while (0)
#define EXPECT_EQUAL(got, wanted)                                                                  \
    do {                                                                                           \
        const long long got_ = (got), wanted_ = (wanted);                                          \
        if (got_ != wanted_) {                                                                     \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, got_,       \
                    wanted_);                                                                      \
            driver_failed();                                                                       \
        }                                                                                          \
    } while (0)
/* Stops the guest's Wine and ends the program with code 1. */
_Noreturn void driver_failed(void);

struct session {
    libvchan_t *vchan;
    uint32_t domain, port;
    struct qrexec_channel channel;
    bool raw;          /* the test moves the bytes itself */
    bool stop_reading; /* leave what comes in the ring */
    size_t stop_after; /* stop_reading once that much stdout came; 0: never */
    bool keep_input;   /* do not end stdin after `input` */
    bool discard;      /* count output, do not keep it */
    const uint8_t *input;
    size_t input_size, input_sent;
    uint8_t out[128]; /* on its way */
    size_t out_size, out_sent;
    struct qrexec_header chunk; /* of stdin, being written */
    size_t chunk_left, chunk_header_left;
    char *got[QREXEC_STREAMS]; /* NUL ended for convenience */
    size_t got_size[QREXEC_STREAMS];
    bool ended[QREXEC_STREAMS];
    bool exited, closed, terminated; /* exit code came; vchan ended; port was given back */
    int exit_code;
};

struct guest {
    int domid;
    pid_t agent; /* the Wine process; 0: none */
    libvchan_t *control;
    struct qrexec_decoder decoder;
    uint8_t body[QREXEC_CONTROL_BODY_MAX + 1];
    uint8_t queue[262144]; /* to the agent */
    size_t queue_size;
    uint32_t next_port;
    int spins; /* how often guest_turn() looks again before it waits, as libvchan's own waits do */
    struct session sessions[DRIVER_SESSIONS];
    unsigned int session_count;
    struct qrexec_control trigger; /* the last TRIGGER_SERVICE* */
    char trigger_service[256];
    unsigned int triggers;
    unsigned int stray_terminations; /* of ports that no session has */
};

/* Makes the domain and starts the agent in it; extra: further arguments, NULL ended or NULL. */
void guest_start(struct guest *guest, const char *const *extra);
/* Starts the agent (again). */
void guest_start_agent(struct guest *guest, const char *const *extra);
/* Runs a Windows program of CASEMENT_TEST_BIN in the guest; returns its process. stdin and stdout
 * may be -1 (the null device). */
pid_t guest_run(struct guest *guest, const char *const *arguments, int stdin_fd, int stdout_fd);
void guest_kill_agent(struct guest *guest);
/* Joins the agent's control channel and exchanges HELLO. */
void guest_connect(struct guest *guest, uint32_t version);
void guest_disconnect(struct guest *guest);
void guest_stop(struct guest *guest);

/* A vchan for a new session. */
struct session *guest_session(struct guest *guest);
struct session *guest_exec(struct guest *guest, uint32_t type, const char *command);
/* Answers the last trigger: we are the service side. */
struct session *guest_accept(struct guest *guest);
void guest_queue(struct guest *guest, const void *bytes, size_t size);

/* One round; waits up to the time for something to do. */
void guest_turn(struct guest *guest, int timeout_ms);
/* Until the condition holds, which may use `guest`. */
#define PUMP_UNTIL(guest, condition)                                                               \
    do {                                                                                           \
        const uint64_t end_ = driver_now_ms() + DRIVER_PATIENCE_MS;                                \
        while (!(condition)) {                                                                     \
            if (driver_now_ms() > end_) {                                                          \
                fprintf(stderr, "%s:%d: never: %s\n", __FILE__, __LINE__, #condition);             \
                driver_failed();                                                                   \
            }                                                                                      \
            guest_turn(guest, 1000);                                                               \
        }                                                                                          \
    } while (0)
uint64_t driver_now_ms(void);

/* --- Programs of several tests */

struct driver_test {
    const char *name;
    void (*run)(void);
};
#define TEST(name)                                                                                 \
    {                                                                                              \
#name, name                                                                                \
    }
/* PROGRAM NAME [TIMES]: runs the one, else all but those that skip() names; after each one after()
 * (both may be NULL). The program's exit code. */
int driver_run(int argc, char **argv, const struct driver_test *tests, size_t count,
               bool (*skip)(const struct driver_test *test), void (*after)(void));

/* Ends a session's vchan and forgets what it got. */
void session_close(struct session *session);
/* Runs a command to its end with that input; the session stays readable until closed. */
struct session *guest_call(struct guest *guest, const char *command, const char *input);

#endif
