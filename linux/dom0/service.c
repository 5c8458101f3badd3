/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dom0's side of a call that a guest made to dom0: a process (casement-rpc) that connects to the
 * guest's vchan server and runs the service. The daemon only waits for its end.
 */
#include "daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

static void service_ended(struct daemon *daemon, struct source *source)
{
    struct service *service = (struct service *)source;
    int code = process_wait(service->pid);
    if (code != 0)
        log_line("service %s ended with %d", service->name, code);
    call_done(daemon, service->call, 0);
    int pidfd = service->source.fd;
    source_unwatch(daemon, &service->source);
    close(pidfd);
    struct service **link = &daemon->services;
    while (*link != service)
        link = &(*link)->next;
    *link = service->next;
    free(service);
}

bool service_start(struct daemon *daemon, struct call *call, const struct guest *guest,
                   const char *name, const char *target)
{
    struct service *service = calloc(1, sizeof *service);
    if (service == NULL)
        return false;
    char domain[16], port[16];
    snprintf(domain, sizeof domain, "%d", guest->domain);
    snprintf(port, sizeof port, "%u", call->port);
    snprintf(service->name, sizeof service->name, "%s", name);
    service->call = call;

    char *program = path_join(daemon->layout.dom0, "casement-rpc");
    char *log_folder = path_join(daemon->layout.home, "log");
    mkdir(log_folder, 0700);
    char *log = path_join(log_folder, "services");
    free(log_folder);
    char *argv[] = {program, domain, port, (char *)guest->name, (char *)name, (char *)target, NULL};
    struct process_spec spec = {.argv = argv, .environment = environ, .log_path = log};
    int pidfd = -1;
    service->pid = process_start(&spec, &pidfd);
    free(program);
    free(log);
    if (service->pid < 0) {
        log_line("cannot start casement-rpc: %s", strerror(-service->pid));
        free(service);
        return false;
    }
    service->source = (struct source){.ready = service_ended, .fd = -1};
    if (!source_watch(daemon, &service->source, pidfd)) {
        /* Nobody would notice its end. */
        log_line("cannot watch casement-rpc");
        kill(service->pid, SIGKILL);
        process_wait(service->pid);
        close(pidfd);
        free(service);
        return false;
    }
    service->next = daemon->services;
    daemon->services = service;
    return true;
}
