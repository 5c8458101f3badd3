/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Domains: made with their memory and XenStore ring, destroyed in the hypervisor's order (ports
 * close, grants end, VIRQ_DOM_EXC tells domain 0), kept as dying while another domain maps their
 * pages. Ids count up and return only after they wrapped.
 */
#include "instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct domain *domain_find(struct instance *in, uint32_t domid)
{
    for (struct domain *domain = in->domains; domain; domain = domain->next)
        if (domain->domid == domid)
            return domain;
    return NULL;
}

static void domain_release(struct domain *domain)
{
    guest_free(domain);
    if (domain->memory_fd >= 0)
        close(domain->memory_fd);
    if (domain->memory_ro_fd >= 0)
        close(domain->memory_ro_fd);
    if (domain->shared)
        munmap(domain->shared, SX_DOMAIN_STRIDE);
    free(domain->ports);
    free(domain->grants);
    free(domain->frames_used);
    free(domain);
}

/* The memory file, and the same file opened for reading only: who maps a page read-only gets no
 * more than that. */
static int open_memory(struct domain *domain)
{
    char path[32];
    domain->memory_fd = memfd_create("simxen-domain", MFD_CLOEXEC);
    if (domain->memory_fd < 0 || ftruncate(domain->memory_fd, (off_t)SX_MAX_FRAMES * 4096) < 0)
        return -errno;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", domain->memory_fd);
    domain->memory_ro_fd = open(path, O_RDONLY | O_CLOEXEC);
    return domain->memory_ro_fd < 0 ? -errno : 0;
}

static struct domain *domain_new(struct instance *in, uint32_t domid, const char *name)
{
    struct domain *domain = calloc(1, sizeof(*domain));
    if (!domain)
        return NULL;
    domain->domid = domid;
    domain->memory_fd = domain->memory_ro_fd = -1;
    domain->next_ref = SX_RESERVED_GRANTS;
    snprintf(domain->name, sizeof(domain->name), "%s", name);
    domain->ports = calloc(SX_MAX_PORTS, sizeof(*domain->ports));
    domain->grants = calloc(SX_MAX_GRANTS, sizeof(*domain->grants));
    domain->frames_used = calloc(SX_MAX_FRAMES / 64, sizeof(uint64_t));
    void *shared = mmap(NULL, SX_DOMAIN_STRIDE, PROT_READ | PROT_WRITE, MAP_SHARED, in->state_fd,
                        (off_t)domid * SX_DOMAIN_STRIDE);
    domain->shared = shared == MAP_FAILED ? NULL : shared;
    if (!domain->ports || !domain->grants || !domain->frames_used || !domain->shared ||
        open_memory(domain) < 0) {
        domain_release(domain);
        return NULL;
    }
    memset(domain->shared, 0, sizeof(*domain->shared)); /* ids come round again */
    return domain;
}

static int free_domid(struct instance *in)
{
    for (uint32_t tried = 1; tried < SX_FIRST_RESERVED_DOMID; tried++) {
        uint32_t domid = in->next_domid;
        in->next_domid = domid + 1 < SX_FIRST_RESERVED_DOMID ? domid + 1 : 1;
        if (!domain_find(in, domid))
            return (int)domid;
    }
    return -ENOSPC;
}

/* The part of the guest kernel that is always there: simxen's own xenbus driver, unless the
 * kernel is a program. */
static int start_kernel(struct instance *in, struct domain *domain, bool is_program)
{
    if (is_program)
        return guest_start(domain);
    grant_xenstore(domain);
    return xenbus_start(in, domain);
}

int domain_create(struct instance *in, const char *name, uint32_t flags)
{
    int domid = in->domains ? free_domid(in) : 0;
    if (domid < 0)
        return domid;
    struct domain *domain = domain_new(in, (uint32_t)domid, name);
    if (!domain)
        return -ENOMEM;
    domain->keep = flags & SX_FLAG_KEEP;
    int error = start_kernel(in, domain, flags & SX_FLAG_GUEST);
    if (error) {
        xenbus_stop(in, domain);
        domain_release(domain);
        return error;
    }
    struct domain **link = &in->domains;
    while (*link && (*link)->domid < domain->domid)
        link = &(*link)->next;
    domain->next = *link;
    *link = domain;
    return domid;
}

void domain_settle(struct instance *in, struct domain *domain)
{
    if (!domain->dying || domain->foreign_maps)
        return;
    struct domain **link = &in->domains;
    while (*link != domain)
        link = &(*link)->next;
    *link = domain->next;
    if (fallocate(in->state_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  (off_t)domain->domid * SX_DOMAIN_STRIDE, SX_DOMAIN_STRIDE) < 0)
        perror("simxen: shared state");
    domain->shared->gone = 1;
    domain_release(domain);
    virq_raise(in->domains, SX_VIRQ_DOM_EXC);
}

void domain_destroy(struct instance *in, struct domain *domain)
{
    if (domain->dying)
        return;
    domain->dying = true;
    __atomic_store_n(&domain->shared->gone, 1, __ATOMIC_SEQ_CST);
    domain->foreign_maps++; /* it stays until this function is through */
    for (struct connection *next, *of = in->connections; of; of = next) {
        next = of->next;
        if (of->domain == domain)
            connection_end(in, of);
    }
    xenbus_stop(in, domain);
    ports_close_all(in, domain);
    grants_close_all(domain);
    virq_raise(in->domains, SX_VIRQ_DOM_EXC);
    domain->foreign_maps--;
    domain_settle(in, domain);
}

void domains_free(struct instance *in)
{
    while (in->domains) {
        struct domain *domain = in->domains;
        in->domains = domain->next;
        domain_release(domain);
    }
}
