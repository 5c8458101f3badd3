/* SPDX-License-Identifier: BSD-2-Clause */
/* See features.h. */
#include "core/services/features.h"

#include <string.h>

/* The release of Qubes' agents whose formats and services ours are ("4.2": digits, dot, digits). */
static const char agent_version[] = "4.2";

static bool is_one_of(char c, const char *others)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    while (*others != '\0' && *others != c)
        others++;
    return *others != '\0';
}

/* Behind what is in `to` already; with others: only letters, digits and those. */
static bool append(char *to, size_t room, size_t *length, const char *text, const char *others)
{
    for (; *text != '\0'; text++) {
        if (*length + 1 >= room || !is_one_of(*text, others))
            return false;
        to[(*length)++] = *text;
    }
    to[*length] = '\0';
    return true;
}

static void add(struct feature_list *list, const char *folder, const char *prefix, const char *name,
                const char *value)
{
    struct feature *entry = &list->entries[list->count];
    size_t path = 0, length = 0;

    if (list->count < FEATURES_MAX && *value != '\0' &&
        append(entry->path, sizeof(entry->path), &path, folder, "/-") &&
        append(entry->path, sizeof(entry->path), &path, prefix, "-.") &&
        append(entry->path, sizeof(entry->path), &path, name, "-._") &&
        append(entry->value, sizeof(entry->value), &length, value, "-.,_= "))
        list->count++;
    else
        list->left_out++;
}

static void request(struct feature_list *list, const char *name, const char *value)
{
    add(list, "/features-request/", "", name, value);
}

/* dom0 takes letters and digits alone here. */
static void tell(struct feature_list *list, const char *name, const char *value)
{
    add(list, "/qubes-tools/", "", name, value);
}

void features_begin(struct feature_list *list, const struct guest_facts *facts)
{
    const char *gui = facts->gui ? "1" : "0";
    const char *emulated = facts->gui ? "0" : "1"; /* without our windows: the emulated screen */

    list->count = list->left_out = 0;
    request(list, "qrexec", "1");
    request(list, "gui", gui);
    request(list, "gui-emulated", emulated);
    request(list, "os", "Windows");
    request(list, "os-distribution", "windows");
    request(list, "os-version", facts->os_version);
    request(list, "qubes-agent-version", agent_version);
    tell(list, "version", "1");
    tell(list, "os", "Windows");
    tell(list, "qrexec", "1");
    tell(list, "gui", gui);
    tell(list, "gui-emulated", emulated);
}

void features_add_service(struct feature_list *list, const char *name)
{
    add(list, "/features-request/", "supported-rpc.", name, *name != '\0' ? "1" : "");
    if (strcmp(name, "qubes.VMExec") == 0)
        request(list, "vmexec", "1");
}
