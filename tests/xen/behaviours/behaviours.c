/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The groups in their order, and what all of them use.
 */
#include "list.h"

static void behave_end(void)
{
    dom0_does("bye", 0, 0, 0); /* nobody is there where suspend is not */
}

const struct behaviour_group behaviour_groups[] = {
    {"ports", behave_ports},     {"2-level", behave_2l}, {"grants", behave_grants},
    {"foreign", behave_foreign}, {"copy", behave_copy},  {"memory", behave_memory},
    {"hvm", behave_hvm},         {"fifo", behave_fifo},  {"reset", behave_reset},
    {"suspend", behave_suspend}, {"end", behave_end},    {NULL, NULL}};

int64_t call_evtchn(uint32_t op, void *argument)
{
    return env_hypercall(XEN_HYPERCALL_EVENT_CHANNEL_OP, op, (uintptr_t)argument, 0);
}

int64_t call_memory(uint32_t op, void *argument)
{
    return env_hypercall(XEN_HYPERCALL_MEMORY_OP, op, (uintptr_t)argument, 0);
}

int64_t call_hvm(uint32_t op, void *argument)
{
    return env_hypercall(XEN_HYPERCALL_HVM_OP, op, (uintptr_t)argument, 0);
}

int64_t call_gnttab(uint32_t op, void *argument)
{
    return env_hypercall(XEN_HYPERCALL_GRANT_TABLE_OP, op, (uintptr_t)argument, 1);
}

/* --- Ports */

int64_t new_unbound(uint32_t remote_domid)
{
    struct xen_evtchn_alloc_unbound op = {.domid = XEN_DOMID_SELF,
                                          .remote_domid = (uint16_t)remote_domid};
    int64_t error = call_evtchn(XEN_EVTCHNOP_ALLOC_UNBOUND, &op);
    return error ? error : op.port;
}

int64_t bind_to(uint32_t remote_domid, uint32_t remote_port)
{
    struct xen_evtchn_bind_interdomain op = {.remote_domid = (uint16_t)remote_domid,
                                             .remote_port = remote_port};
    int64_t error = call_evtchn(XEN_EVTCHNOP_BIND_INTERDOMAIN, &op);
    return error ? error : op.local_port;
}

int64_t close_port(uint32_t port)
{
    return call_evtchn(XEN_EVTCHNOP_CLOSE, &port);
}

int64_t send_port(uint32_t port)
{
    return call_evtchn(XEN_EVTCHNOP_SEND, &port);
}

int64_t unmask_port(uint32_t port)
{
    return call_evtchn(XEN_EVTCHNOP_UNMASK, &port);
}

int64_t bind_vcpu(uint32_t port, uint32_t vcpu)
{
    struct xen_evtchn_bind_vcpu op = {port, vcpu};
    return call_evtchn(XEN_EVTCHNOP_BIND_VCPU, &op);
}

int64_t port_status(uint32_t port, struct xen_evtchn_status *out)
{
    struct xen_evtchn_status op = {.domid = XEN_DOMID_SELF, .port = port};
    int64_t error = call_evtchn(XEN_EVTCHNOP_STATUS, &op);
    if (out)
        *out = op;
    return error ? error : op.status;
}

uint32_t new_channel(int64_t *peer)
{
    int64_t port = new_unbound(0);
    *peer = port > 0 ? dom0_does("bind", port, 0, 0) : -1;
    if (*peer <= 0)
        env_row("list", "a channel to dom0", port > 0 ? *peer : port, 1);
    return (uint32_t)port;
}

bool bit_of(const uint64_t *words, uint32_t number)
{
    return __atomic_load_n(&words[number / 64], __ATOMIC_SEQ_CST) >> (number % 64) & 1;
}

void bit_clear(uint64_t *words, uint32_t number)
{
    __atomic_fetch_and(&words[number / 64], ~(1ull << (number % 64)), __ATOMIC_SEQ_CST);
}

void bit_set(uint64_t *words, uint32_t number)
{
    __atomic_fetch_or(&words[number / 64], 1ull << (number % 64), __ATOMIC_SEQ_CST);
}

/* --- dom0 */

static char *put_number(char *at, int64_t number)
{
    char digits[24];
    int count = 0;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    if (number < 0)
        *at++ = '-';
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    while (count)
        *at++ = digits[--count];
    *at = 0;
    return at;
}

static const char *take_number(const char *at, int64_t *out)
{
    bool negative = *at == '-';
    *out = 0;
    for (at += negative; *at >= '0' && *at <= '9'; at++)
        *out = *out * 10 + (*at - '0');
    if (negative)
        *out = -*out;
    return at;
}

static char last[64]; /* answer */

/* Each request has a number, so that an answer is never taken for another's. */
int64_t dom0_does(const char *verb, int64_t a, int64_t b, int64_t c)
{
    static int64_t requests;
    char text[128], answer[64], *at = put_number(text, ++requests);
    int64_t number = 0, result = INT64_MIN;
    *at++ = ' ';
    memcpy(at, verb, strlen(verb));
    at += strlen(verb);
    const int64_t argument[3] = {a, b, c};
    for (int i = 0; i < 3; i++) {
        *at++ = ' ';
        at = put_number(at, argument[i]);
    }
    if (!node_write("data/behaviours-ask", text) ||
        !node_wait("data/behaviours-answer", last, answer, sizeof(answer)))
        return INT64_MIN;
    memcpy(last, answer, sizeof(last));
    const char *rest = take_number(answer, &number);
    if (number == requests && *rest == ' ')
        take_number(rest + 1, &result);
    return result;
}

/* --- Grants */

uint32_t new_ref(void)
{
    static uint32_t next = 64;
    uint32_t ref = next;
    next = next == 511 ? 64 : next + 1;
    return ref;
}

void grant_set(uint32_t ref, uint16_t flags, uint32_t domid, uint64_t frame)
{
    struct xen_grant_entry *entry = &env_grant_table()[ref];
    __atomic_store_n(&entry->flags, 0, __ATOMIC_SEQ_CST);
    entry->domid = (uint16_t)domid;
    entry->frame = (uint32_t)frame;
    __atomic_store_n(&entry->flags, flags, __ATOMIC_SEQ_CST);
}
