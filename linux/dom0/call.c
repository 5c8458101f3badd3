/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls: a data port between two domains with two sides, and what happens when an agent asks for
 * one. dom0 only introduces the two; the data flows on a vchan between them.
 */
#include "daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/qrexec/names.h"

struct call *call_open(struct daemon *daemon, uint32_t domain_a, uint32_t domain_b)
{
    struct call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return NULL;
    call->port = ports_take(daemon->ports, domain_a, domain_b);
    if (call->port == 0) {
        free(call);
        return NULL;
    }
    call->domain[0] = domain_a;
    call->domain[1] = domain_b;
    call->open[0] = call->open[1] = true;
    call->next = daemon->calls;
    daemon->calls = call;
    return call;
}

void call_done(struct daemon *daemon, struct call *call, uint32_t domain)
{
    call->open[call->domain[0] == domain ? 0 : 1] = false;
    if (call->open[0] || call->open[1])
        return;
    ports_give(daemon->ports, call->domain[0], call->domain[1], call->port);
    struct call **link = &daemon->calls;
    while (*link != call)
        link = &(*link)->next;
    *link = call->next;
    free(call);
}

struct call *call_find(struct daemon *daemon, uint32_t domain_a, uint32_t domain_b, uint32_t port)
{
    struct call *call = daemon->calls;
    while (call != NULL &&
           !(call->port == port && ((call->domain[0] == domain_a && call->domain[1] == domain_b) ||
                                    (call->domain[0] == domain_b && call->domain[1] == domain_a))))
        call = call->next;
    return call;
}

void calls_drop_domain(struct daemon *daemon, uint32_t domain)
{
    struct call *next;
    for (struct call *call = daemon->calls; call != NULL; call = next) {
        next = call->next;
        if (call->domain[0] != domain && call->domain[1] != domain)
            continue;
        if (call->client != NULL)
            client_error(daemon, call->client, "the guest's agent went away");
        call_done(daemon, call, domain);
    }
}

uint32_t calls_count(const struct daemon *daemon, uint32_t domain)
{
    uint32_t count = 0;
    for (const struct call *call = daemon->calls; call != NULL; call = call->next)
        count += call->domain[0] == domain || call->domain[1] == domain;
    return count;
}

/* --- Requests of agents */

static void refuse(struct daemon *daemon, struct guest *guest, const struct qrexec_control *request,
                   const char *reason)
{
    log_line("guest %s: %s to %s refused: %s", guest->name, request->service,
             request->target[0] != '\0' ? request->target : "@default", reason);
    uint8_t message[64];
    size_t size = qrexec_put_refused(message, sizeof message, &request->ident);
    if (!guest_send(daemon, guest, message, size))
        log_line("guest %s: the refusal could not be sent", guest->name);
}

static bool connect_source(struct daemon *daemon, struct guest *guest,
                           const struct qrexec_control *request, uint32_t domain, uint32_t port)
{
    uint8_t message[64];
    size_t size = qrexec_put_connect(message, sizeof message, domain, port, &request->ident);
    return guest_send(daemon, guest, message, size);
}

static void serve_in_dom0(struct daemon *daemon, struct guest *guest,
                          const struct qrexec_control *request)
{
    struct call *call = call_open(daemon, (uint32_t)guest->domain, 0);
    if (call == NULL) {
        refuse(daemon, guest, request, "no data port is free");
        return;
    }
    if (!service_start(daemon, call, guest, request->service, request->target)) {
        call_done(daemon, call, 0);
        call_done(daemon, call, (uint32_t)guest->domain);
        refuse(daemon, guest, request, "dom0 could not start its side");
        return;
    }
    if (connect_source(daemon, guest, request, 0, call->port)) {
        guest->calls_total++;
        log_line("guest %s: %s in dom0, port %u", guest->name, request->service, call->port);
    } else {
        call_done(daemon, call, (uint32_t)guest->domain);
    }
}

/* "user:QUBESRPC service source" for the target's agent; NULL: no memory. */
static char *service_command(const struct daemon *daemon, const char *user, const char *service,
                             const char *source)
{
    if (user[0] == '\0')
        user = daemon->default_user != NULL ? daemon->default_user : "DEFAULT";
    char *command;
    return asprintf(&command, "%s:QUBESRPC %s %s", user, service, source) < 0 ? NULL : command;
}

static void serve_in_guest(struct daemon *daemon, struct guest *guest,
                           const struct qrexec_control *request,
                           const struct policy_verdict *verdict)
{
    struct guest *target = guest_find(daemon, verdict->target);
    if (target == NULL || target->state != LOCAL_GUEST_READY) {
        refuse(daemon, guest, request, "the target is not running");
        return;
    }
    char *command = service_command(daemon, verdict->user, request->service, guest->name);
    size_t room = command != NULL ? strlen(command) + 64 : 0;
    uint8_t *message = malloc(room);
    struct call *call = NULL;
    if (message != NULL && guest_fits(target, room) && guest_fits(guest, 64))
        call = call_open(daemon, (uint32_t)guest->domain, (uint32_t)target->domain);
    if (call == NULL) {
        refuse(daemon, guest, request, "no data port is free, or the target does not read");
    } else {
        size_t size = qrexec_put_exec(message, room, QREXEC_EXEC_CMDLINE, (uint32_t)guest->domain,
                                      call->port, command);
        guest_send(daemon, target, message, size);
        connect_source(daemon, guest, request, (uint32_t)target->domain, call->port);
        guest->calls_total++;
        target->calls_total++;
        log_line("guest %s: %s in %s, port %u", guest->name, request->service, target->name,
                 call->port);
    }
    free(message);
    free(command);
}

void call_trigger(struct daemon *daemon, struct guest *guest, const struct qrexec_control *received)
{
    struct qrexec_control request = *received;
    char *service = strdup(request.service);
    if (service == NULL || service[0] == '\0' || service[0] == '+' ||
        strlen(service) > LOCAL_COMMAND_BYTES_MAX || !qrexec_ident_ok(&request.ident)) {
        refuse(daemon, guest, &request, "the service's or the request's name is not allowed");
        free(service);
        return;
    }
    qrexec_sanitise_service(service);
    qrexec_sanitise_target(request.target);
    request.service = service;

    struct policy_verdict verdict = {.reason = "the policy cannot be read"};
    const struct policy *policy = policy_file_current(&daemon->policy);
    if (policy != NULL)
        policy_decide(policy,
                      &(struct policy_call){
                          .service = service, .source = guest->name, .target = request.target},
                      &verdict);
    if (!verdict.allowed)
        refuse(daemon, guest, &request, verdict.reason);
    else if (strcmp(verdict.target, "dom0") == 0)
        serve_in_dom0(daemon, guest, &request);
    else
        serve_in_guest(daemon, guest, &request, &verdict);
    free(service);
}
