/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an instance holds, as a text for people who look for a leak or a hang: domains, ports with
 * their other end and event bits, grants with flags and who maps them.
 */
#include "instance.h"

#include <string.h>

static const char *state_name(uint8_t state)
{
    switch (state) {
    case SX_PORT_UNBOUND:
        return "unbound";
    case SX_PORT_INTERDOMAIN:
        return "interdomain";
    case SX_PORT_VIRQ:
        return "virq";
    case SX_PORT_IPI:
        return "ipi";
    default:
        return "closed";
    }
}

static bool is_kernels(const struct domain *domain, uint32_t number)
{
    return number == xenbus_port(domain->xenbus);
}

static void write_port(const struct domain *domain, uint32_t number, FILE *out)
{
    const struct port *port = &domain->ports[number];
    uint64_t word = __atomic_load_n(&domain->shared->word[number / 32], __ATOMIC_RELAXED);
    char peer[32] = "-", owner[32] = "notify";
    if (port->state == SX_PORT_UNBOUND)
        snprintf(peer, sizeof(peer), "%u:?", port->remote_domid);
    else if (port->state == SX_PORT_INTERDOMAIN)
        snprintf(peer, sizeof(peer), "%u:%u", port->remote_domid, port->remote_port);
    else
        snprintf(peer, sizeof(peer), "virq %u", port->virq);
    if (is_kernels(domain, number))
        strcpy(owner, "xenbus");
    else if (port->handle)
        snprintf(owner, sizeof(owner), "pid %d", (int)port->handle->pid);
    fprintf(out, "  port %-5u %-12s %-12s %s%s %s\n", number, state_name(port->state), peer,
            word & SX_PENDING_BIT(number) ? "pending " : "",
            word & SX_MASK_BIT(number) ? "masked " : "", owner);
}

static void write_grant(const struct domain *domain, uint32_t ref, FILE *out)
{
    const struct grant_entry *entry = &domain->grants[ref];
    fprintf(out, "  grant %-5u to %-5u frame %-6u %s%s%s%s%smapped %u\n", ref, entry->domid,
            entry->frame, entry->flags & GRANT_PERMIT ? "permit " : "",
            entry->flags & GRANT_READONLY ? "readonly " : "",
            entry->flags & GRANT_READING ? "reading " : "",
            entry->flags & GRANT_WRITING ? "writing " : "",
            entry->flags & GRANT_ENDING ? "ending " : "", entry->readers);
}

/* Ports and grants that are neither the guest kernel's nor xenstored's. */
static uint32_t write_domain(const struct instance *in, const struct domain *domain, FILE *out)
{
    uint32_t things = 0;
    fprintf(out, "domain %u %s%s%s  processes %u  xenbus clients %u  pages mapped %u\n",
            domain->domid, domain->name, domain->keep && domain->domid ? " (kept)" : "",
            domain->dying ? " (dying)" : "", domain->connection_count,
            domain->xenbus ? xenbus_client_count(domain->xenbus) : 0, domain->mapped_pages);
    for (uint32_t number = 1; number < domain->port_limit; number++) {
        const struct port *port = &domain->ports[number];
        if (!port->state)
            continue;
        write_port(domain, number, out);
        if (!is_kernels(domain, number) &&
            !(port->handle && in->xenstored_pid && port->handle->pid == in->xenstored_pid))
            things++;
    }
    for (uint32_t ref = 0; ref < SX_MAX_GRANTS; ref++)
        if (domain->grants[ref].flags) {
            write_grant(domain, ref, out);
            if (ref != SX_XENSTORE_GRANT)
                things++;
        }
    return things;
}

uint32_t list_write(struct instance *in, FILE *out)
{
    uint32_t things = 0;
    for (const struct domain *domain = in->domains; domain; domain = domain->next) {
        things += write_domain(in, domain, out);
        if (domain->domid)
            things++;
        /* Domain 0 maps a ring for each guest: xenstored does, so those go with the guests. */
    }
    if (!things)
        fprintf(out, "empty: no guest, and domain 0 holds only XenStore's own\n");
    return things;
}
