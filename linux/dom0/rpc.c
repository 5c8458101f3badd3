/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * casement-rpc: runs one service of dom0 for one call of a guest. casementd starts it after the
 * policy allowed the call; the guest serves the vchan, this program connects to it.
 *
 *     casement-rpc DOMAIN PORT SOURCE SERVICE[+ARGUMENT] TARGET
 *
 * A service is an executable file: $CASEMENT_HOME/qubes-rpc, then the folder qubes-rpc beside this
 * program; in each first SERVICE+ARGUMENT, then SERVICE. It gets the call on stdin and stdout; its
 * stderr goes to the log. No such file: the caller gets exit code 127.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data.h"
#include "layout.h"
#include "process.h"

struct request {
    int domain, port;
    const char *source, *service, *target;
};

static char *find_service(const struct layout *layout, const char *service)
{
    const char *folders[] = {layout->home, layout->dom0};
    size_t name_length = strcspn(service, "+");
    for (int i = 0; i < 2; i++) {
        size_t lengths[] = {strlen(service), name_length};
        for (int j = 0; j < 2; j++) {
            char *path = path_join(folders[i], "qubes-rpc/%.*s", (int)lengths[j], service);
            struct stat status;
            if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0)
                return path;
            free(path);
        }
    }
    return NULL;
}

static char **service_environment(const struct layout *layout, const struct request *request)
{
    const char *argument = strchr(request->service, '+'), *target = request->target;
    bool keyword = target[0] == '@';
    const char *const values[][2] = {
        {"QREXEC_REMOTE_DOMAIN", request->source},
        {"QREXEC_SERVICE_FULL_NAME", request->service},
        {"QREXEC_SERVICE_ARGUMENT", argument != NULL ? argument + 1 : NULL},
        {"QREXEC_REQUESTED_TARGET_TYPE", target[0] == '\0' ? ""
                                         : keyword         ? "keyword"
                                                           : "name"},
        {"QREXEC_REQUESTED_TARGET", target[0] != '\0' && !keyword ? target : NULL},
        {"QREXEC_REQUESTED_TARGET_KEYWORD", keyword ? target + 1 : NULL},
        {"CASEMENT_HOME", layout->home},
        {"CASEMENT_PROGRAMS", layout->dom0},
    };
    char **environment = environment_copy(environ);
    bool ok = environment != NULL;
    for (size_t i = 0; ok && i < sizeof values / sizeof *values; i++)
        ok = environment_set(&environment, values[i][0], values[i][1]);
    if (ok)
        return environment;
    environment_free(environment);
    return NULL;
}

/* Starts the service with pipes to it in *end. 0 or the exit code that the caller is to get. */
static int start_service(const struct layout *layout, const struct request *request,
                         struct data_end *end)
{
    char *program = find_service(layout, request->service);
    if (program == NULL) {
        fprintf(stderr, "%s: %s: no such service\n", request->source, request->service);
        return QREXEC_EXIT_NOT_FOUND;
    }
    char **environment = service_environment(layout, request);
    const char *argument = strchr(request->service, '+');
    int in[2] = {-1, -1}, out[2] = {-1, -1}, result = QREXEC_EXIT_PROBLEM;
    if (environment != NULL && pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0) {
        char *argv[] = {program, argument != NULL ? (char *)argument + 1 : NULL, NULL};
        struct process_spec spec = {.argv = argv,
                                    .environment = environment,
                                    .stdin_fd = in[0],
                                    .stdout_fd = out[1],
                                    .stderr_fd = fcntl(2, F_DUPFD_CLOEXEC, 10)};
        pid_t pid = process_start(&spec, &end->pidfd);
        close(spec.stderr_fd);
        if (pid > 0)
            result = 0;
        else
            fprintf(stderr, "%s: %s: %s\n", request->source, program, strerror(-pid));
    }
    if (result == 0) {
        end->out_fd = in[1];
        end->in_fd = out[0];
    } else {
        close(in[1]);
        close(out[0]);
    }
    close(in[0]);
    close(out[1]);
    environment_free(environment);
    free(program);
    return result;
}

/* NULL when the guest does not serve the port in time. */
static libvchan_t *connect_guest(const struct request *request)
{
    EVTCHN watch;
    libvchan_t *vchan = libvchan_client_init_async(request->domain, request->port, &watch);
    int state = 1;
    while (vchan != NULL && state == 1) {
        struct pollfd wait = {.fd = watch, .events = POLLIN};
        int ready = poll(&wait, 1, QREXEC_CONNECT_TIMEOUT_MS);
        if (ready > 0)
            state = libvchan_client_init_async_finish(vchan, false);
        else if (ready == 0 || errno != EINTR)
            state = -1;
    }
    if (vchan != NULL && state < 0) {
        libvchan_close(vchan);
        vchan = NULL;
    }
    return vchan;
}

static int serve(const struct layout *layout, const struct request *request)
{
    struct data_end end = {.role = QREXEC_SERVICE,
                           .in_fd = -1,
                           .out_fd = -1,
                           .err_fd = -1,
                           .pidfd = -1,
                           .cancel_fd = -1};
    end.vchan = connect_guest(request);
    if (end.vchan == NULL) {
        fprintf(stderr, "%s: %s: the caller went away\n", request->source, request->service);
        return QREXEC_EXIT_PROBLEM;
    }
    int code = start_service(layout, request, &end);
    const char *error;
    enum data_result result = data_run(&end, &code, &error);
    libvchan_close(end.vchan);
    /* A service whose caller is gone sees its pipes end, and may take its time to finish. */
    if (end.in_fd >= 0)
        close(end.in_fd);
    if (end.out_fd >= 0)
        close(end.out_fd);
    if (result == DATA_EXITED)
        return 0;
    fprintf(stderr, "%s: %s: %s\n", request->source, request->service,
            error != NULL ? error : "the caller went away before the end");
    if (end.pidfd >= 0) {
        siginfo_t info;
        waitid(P_PIDFD, (id_t)end.pidfd, &info, WEXITED);
    }
    return QREXEC_EXIT_PROBLEM;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fputs("casement-rpc DOMAIN PORT SOURCE SERVICE[+ARGUMENT] TARGET (started by casementd)\n",
              stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    struct layout layout;
    if (layout_find(&layout) != 0)
        return QREXEC_EXIT_PROBLEM;
    struct request request = {atoi(argv[1]), atoi(argv[2]), argv[3], argv[4], argv[5]};
    int code = serve(&layout, &request);
    layout_free(&layout);
    return code;
}
