/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casement-call: dom0's end of one call into a guest; what `casement run`, `call` and `copy`
 * become once they know what to say. A program of its own because it alone needs Xen's libraries.
 *
 *     casement-call [--just-exec] [--source PROGRAM ARG... --] GUEST COMMANDLINE
 *
 * COMMANDLINE is qrexec's: "user:command" or "user:QUBESRPC service source". Standard input goes
 * to the guest's program, its output and errors come here; with --source, that local program's
 * output goes in and it reads what comes out. Exit code: the guest program's low 8 bits; 125 when
 * qrexec failed, 126 refused, 127 no such service, 130 after Ctrl-C; with --source, the local
 * program's unless the call failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/qrexec/command.h"
#include "data.h"
#include "layout.h"
#include "local.h"
#include "process.h"

enum { INTERRUPTED_EXIT = 130, PIPE_EXIT = 141 };

struct request {
    const char *guest, *command;
    char *const *source_argv; /* NULL: our own stdin and stdout */
    bool just_exec;
};

struct session {
    int daemon_fd, signal_fd, cancel_fd;
    char packet[LOCAL_PACKET_BYTES_MAX];
    pid_t source_pid;
};

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "casement: %s%s%s\n", what, why != NULL ? ": " : "", why != NULL ? why : "");
    return QREXEC_EXIT_PROBLEM;
}

/* Ctrl-C, or a word from the daemon, ends the call: both in one descriptor. */
static bool open_cancel(struct session *session)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    session->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    session->cancel_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(session->cancel_fd, EPOLL_CTL_ADD, session->signal_fd, &event) == 0 &&
           epoll_ctl(session->cancel_fd, EPOLL_CTL_ADD, session->daemon_fd, &event) == 0;
}

/* Asks for a port, serves it, and lets the daemon tell the agent. NULL after a message. */
static libvchan_t *open_call(struct session *session, const struct request *request)
{
    struct local_message message = {
        .type = LOCAL_CALL, .call.just_exec = request->just_exec, .text = request->command};
    snprintf(message.call.name, sizeof message.call.name, "%s", request->guest);
    int result = local_send(session->daemon_fd, &message);
    if (result == 0)
        result = local_receive(session->daemon_fd, session->packet, &message);
    if (result != 0 || message.type != LOCAL_CALL_PORT) {
        complain("cannot call",
                 result == 0 && message.type == LOCAL_ERROR ? message.text : strerror(-result));
        return NULL;
    }
    libvchan_t *vchan = libvchan_server_init((int)message.port.domain, (int)message.port.port,
                                             QREXEC_RING_BYTES, QREXEC_RING_BYTES);
    if (vchan == NULL) {
        complain("cannot serve a vchan", strerror(errno));
        return NULL;
    }
    result = local_send(session->daemon_fd, &(struct local_message){.type = LOCAL_START});
    if (result != 0) {
        complain("the daemon went away", strerror(-result));
        libvchan_close(vchan);
        return NULL;
    }
    return vchan;
}

static bool start_source(struct session *session, const struct request *request,
                         struct data_end *end)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) {
        complain("cannot make a pipe", strerror(errno));
        return false;
    }
    struct process_spec spec = {.argv = request->source_argv,
                                .environment = environ,
                                .stdin_fd = in[0],
                                .stdout_fd = out[1],
                                .stderr_fd = fcntl(2, F_DUPFD_CLOEXEC, 10)};
    session->source_pid = process_start(&spec, NULL);
    close(spec.stderr_fd);
    close(in[0]);
    close(out[1]);
    end->out_fd = in[1];
    end->in_fd = out[0];
    if (session->source_pid < 0)
        complain(request->source_argv[0], strerror(-session->source_pid));
    return session->source_pid > 0;
}

/* Why the call was cancelled: Ctrl-C, or the daemon's word. */
static int cancelled(struct session *session)
{
    struct signalfd_siginfo signal;
    if (read(session->signal_fd, &signal, sizeof signal) == sizeof signal)
        return signal.ssi_signo == SIGINT ? INTERRUPTED_EXIT : 128 + (int)signal.ssi_signo;
    struct local_message message;
    int result = local_receive(session->daemon_fd, session->packet, &message);
    if (result == 0 && message.type == LOCAL_ERROR)
        return complain("the call ended", message.text);
    return complain("the call ended", "casementd went away");
}

static int exit_code_of(struct session *session, enum data_result result, int code,
                        const char *error)
{
    switch (result) {
    case DATA_EXITED:
        return code & 0xff;
    case DATA_CANCELLED:
        return cancelled(session);
    case DATA_OUT_CLOSED:
        return PIPE_EXIT;
    case DATA_LOST:
        return complain("the guest's agent ended the call without an exit code", NULL);
    case DATA_PROTOCOL:
        return complain("the guest's agent sent", error);
    case DATA_FAILED:
        break;
    }
    return complain("the call failed", error);
}

/* The agent's own words for a service that never ran. A command may end with these codes as well,
 * and has told its user why; a service's caller sees nothing else. */
static bool service_failed(const struct request *request, enum data_result result, int code)
{
    struct qrexec_command command;
    if (result != DATA_EXITED || code < QREXEC_EXIT_PROBLEM || code > QREXEC_EXIT_NOT_FOUND ||
        qrexec_parse_command(request->command, &command) != QREXEC_OK || !command.is_service)
        return false;
    fprintf(stderr, "casement: %s %s %.*s (exit code %d)\n", request->guest,
            code == QREXEC_EXIT_NOT_FOUND ? "has no service" : "could not run the service",
            (int)command.full_name.length, command.full_name.text, code);
    return true;
}

static int run(struct session *session, const struct request *request)
{
    struct data_end end = {.role = QREXEC_CALLER,
                           .in_fd = 0,
                           .out_fd = 1,
                           .err_fd = fcntl(2, F_DUPFD_CLOEXEC, 10), /* 2 stays for our own words */
                           .pidfd = -1,
                           .cancel_fd = session->cancel_fd,
                           .end_when_out_closes = request->source_argv == NULL};
    end.vchan = open_call(session, request);
    if (end.vchan == NULL)
        return QREXEC_EXIT_PROBLEM;
    int code = QREXEC_EXIT_PROBLEM;
    bool failed = true;
    if (request->source_argv == NULL || start_source(session, request, &end)) {
        const char *error;
        enum data_result result = data_run(&end, &code, &error);
        code = exit_code_of(session, result, code, error);
        failed = service_failed(request, result, code) || result != DATA_EXITED;
    }
    libvchan_close(end.vchan);
    if (session->source_pid > 0) {
        if (end.in_fd >= 0)
            close(end.in_fd);
        if (end.out_fd >= 0)
            close(end.out_fd);
        int source_code = process_wait(session->source_pid);
        /* What it says of a call that failed is only a consequence. */
        if (source_code != 0 && !failed)
            code = source_code;
    }
    return code;
}

static int usage(void)
{
    fputs("casement-call [--just-exec] [--source PROGRAM ARG... --] GUEST COMMANDLINE\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct request request = {0};
    int at = 1;
    if (at < argc && strcmp(argv[at], "--just-exec") == 0) {
        request.just_exec = true;
        at++;
    }
    if (at < argc && strcmp(argv[at], "--source") == 0) {
        request.source_argv = &argv[++at];
        while (at < argc && strcmp(argv[at], "--") != 0)
            at++;
        if (at < argc)
            argv[at++] = NULL;
    }
    if (argc - at != 2)
        return usage();
    request.guest = argv[at];
    request.command = argv[at + 1];

    struct layout layout;
    if (layout_find(&layout) != 0)
        return QREXEC_EXIT_PROBLEM;
    struct session session = {.daemon_fd = local_connect(layout.runtime)};
    layout_free(&layout);
    if (session.daemon_fd < 0)
        return complain("casementd is not running (casement up starts it)", NULL);
    if (!open_cancel(&session))
        return complain("cannot watch for signals", strerror(errno));
    return run(&session, &request);
}
