/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Security: tokens, descriptors, SDDL and the access check; see security.h. A descriptor is always
 * the model's own: an owner-less discretionary list of allow and deny entries by group name.
 */
#include "model/security.h"
#include "model/descriptor.h"
#include "model/host.h"
#include "model/rule.h"

RULE(sddl_malformed, "A security descriptor string is well formed",
     "Security Descriptor String Format");

enum { ENTRIES_MAX = 16, DESCRIPTOR_MAGIC = 0x44534d4e };

struct entry {
    BOOLEAN deny;
    char group[3];
    ACCESS_MASK rights; /* generic rights allowed */
};

struct descriptor {
    ULONG magic;
    ULONG count;
    struct entry entries[ENTRIES_MAX];
};

const struct security_token security_system = {
    "SYSTEM", "SY BA AU WD",
    "SeTcbPrivilege SeLoadDriverPrivilege SeDebugPrivilege "
    "SeShutdownPrivilege SeLockMemoryPrivilege"};
const struct security_token security_administrator = {
    "an administrator", "BA BU AU IU WD",
    "SeLoadDriverPrivilege SeDebugPrivilege SeShutdownPrivilege"};
const struct security_token security_user = {"a user", "BU AU IU WD", "SeShutdownPrivilege"};
const struct security_token security_anonymous = {"an anonymous caller", "AN WD", ""};

static struct descriptor *descriptor_create(void)
{
    struct descriptor *descriptor = host_alloc(sizeof(*descriptor));

    descriptor->magic = DESCRIPTOR_MAGIC;
    return descriptor;
}

static void add(struct descriptor *to, BOOLEAN deny, const char *group, ACCESS_MASK rights)
{
    struct entry *entry = &to->entries[to->count++];

    entry->deny = deny;
    entry->group[0] = group[0];
    entry->group[1] = group[1];
    entry->rights = rights;
}

/* What IoCreateDevice gives most devices: system and administrators everything, everybody else
 * reads, writes and executes. */
PSECURITY_DESCRIPTOR security_default_for_device(DEVICE_TYPE type)
{
    struct descriptor *descriptor = descriptor_create();

    add(descriptor, FALSE, "SY", GENERIC_ALL);
    add(descriptor, FALSE, "BA", GENERIC_ALL);
    add(descriptor, FALSE, "WD", GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE);
    return descriptor;
}

void security_free(PSECURITY_DESCRIPTOR descriptor)
{
    host_free(descriptor);
}

/* --- SDDL: D:P(A;;GA;;;SY)... */

struct sddl {
    char text[256];
    ULONG at;
};

static BOOLEAN take(struct sddl *in, const char *what)
{
    SIZE_T length = strlen(what);

    if (strncmp(in->text + in->at, what, length) != 0)
        return FALSE;
    in->at += (ULONG)length;
    return TRUE;
}

static BOOLEAN take_number(struct sddl *in, ACCESS_MASK *rights)
{
    ACCESS_MASK value = 0;

    if (!take(in, "0x"))
        return FALSE;
    for (;; in->at++) {
        char c = in->text[in->at];

        if (c >= '0' && c <= '9')
            value = value * 16 + (ULONG)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            value = value * 16 + (ULONG)((c | 32) - 'a') + 10;
        else
            break;
    }
    *rights |= value;
    return TRUE;
}

static BOOLEAN take_rights(struct sddl *in, ACCESS_MASK *rights)
{
    static const struct {
        const char *name;
        ACCESS_MASK rights;
    } names[] = {
        {"GA", GENERIC_ALL},        {"GR", GENERIC_READ},
        {"GW", GENERIC_WRITE},      {"GX", GENERIC_EXECUTE},
        {"FA", FILE_ALL_ACCESS},    {"FR", FILE_GENERIC_READ},
        {"FW", FILE_GENERIC_WRITE}, {"FX", FILE_GENERIC_EXECUTE},
        {"RC", READ_CONTROL},       {"SD", DELETE},
        {"WD", WRITE_DAC},          {"WO", WRITE_OWNER},
    };

    while (in->text[in->at] != ';') {
        ULONG i = 0;

        if (take_number(in, rights))
            continue;
        while (i < RTL_NUMBER_OF(names) && !take(in, names[i].name))
            i++;
        if (i == RTL_NUMBER_OF(names))
            return FALSE;
        *rights |= names[i].rights;
    }
    return TRUE;
}

static BOOLEAN take_entry(struct sddl *in, struct descriptor *out)
{
    BOOLEAN deny = take(in, "(D;");
    ACCESS_MASK rights = 0;
    char group[3] = {0};

    if ((!deny && !take(in, "(A;")) || !take(in, ";") || !take_rights(in, &rights) ||
        !take(in, ";;;") || out->count == ENTRIES_MAX)
        return FALSE;
    group[0] = in->text[in->at];
    group[1] = group[0] != 0 ? in->text[in->at + 1] : 0;
    if (group[1] == 0)
        return FALSE;
    in->at += 2;
    if (!take(in, ")"))
        return FALSE;
    add(out, deny, group, rights);
    return TRUE;
}

NTSTATUS security_from_sddl(PCUNICODE_STRING sddl, PSECURITY_DESCRIPTOR *descriptor)
{
    struct descriptor *out = descriptor_create();
    struct sddl in = {.at = 0};
    ULONG characters = sddl->Length / sizeof(WCHAR);

    for (ULONG i = 0; i < characters && i < sizeof(in.text) - 1; i++)
        in.text[i] = (char)sddl->Buffer[i];
    if (!take(&in, "D:"))
        goto malformed;
    take(&in, "P");
    while (in.text[in.at] != 0)
        if (!take_entry(&in, out))
            goto malformed;
    *descriptor = out;
    return STATUS_SUCCESS;

malformed:
    rule_broken(&sddl_malformed, "%s, at %u", in.text, in.at);
}

/* --- The access check. */

static BOOLEAN member(const struct security_token *token, const char *group)
{
    for (const char *at = token->groups; at[0] != 0; at += at[2] == ' ' ? 3 : 2)
        if (at[0] == group[0] && at[1] == group[1])
            return TRUE;
    return FALSE;
}

ACCESS_MASK security_map(ACCESS_MASK rights, const GENERIC_MAPPING *mapping)
{
    ACCESS_MASK mapped = rights & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);

    mapped |= rights & GENERIC_READ ? mapping->GenericRead : 0;
    mapped |= rights & GENERIC_WRITE ? mapping->GenericWrite : 0;
    mapped |= rights & GENERIC_EXECUTE ? mapping->GenericExecute : 0;
    mapped |= rights & GENERIC_ALL ? mapping->GenericAll : 0;
    return mapped;
}

static void add_windows_entry(void *context, BOOLEAN deny, const char *group, ACCESS_MASK rights)
{
    struct descriptor *to = context;

    if (to->count < ENTRIES_MAX)
        add(to, deny, group, rights);
}

NTSTATUS security_check(PSECURITY_DESCRIPTOR descriptor, const struct security_token *token,
                        ACCESS_MASK desired, const GENERIC_MAPPING *mapping, ACCESS_MASK *granted)
{
    const struct descriptor *from = descriptor;
    struct descriptor copy = {.magic = DESCRIPTOR_MAGIC};
    ACCESS_MASK allowed = 0, denied = 0, wanted = security_map(desired & ~MAXIMUM_ALLOWED, mapping);

    if (descriptor != NULL && descriptor_is_windows(descriptor))
        from = descriptor_entries(descriptor, add_windows_entry, &copy) == DESCRIPTOR_NO_DACL
                   ? NULL
                   : &copy;
    for (ULONG i = 0; from != NULL && i < from->count; i++) {
        ACCESS_MASK rights = security_map(from->entries[i].rights, mapping);

        if (!member(token, from->entries[i].group))
            continue;
        if (from->entries[i].deny)
            denied |= rights & ~allowed;
        else
            allowed |= rights & ~denied;
    }
    if (from == NULL)
        allowed = mapping->GenericAll; /* no descriptor: no protection */
    if ((wanted & ~allowed) != 0)
        return STATUS_ACCESS_DENIED;
    *granted = desired & MAXIMUM_ALLOWED ? allowed : wanted;
    return *granted == 0 && (desired & MAXIMUM_ALLOWED) ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}
