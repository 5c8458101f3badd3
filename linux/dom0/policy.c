/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading and asking the policy (policy.h). The parser cuts a private copy of the file into tokens
 * in place; a rule only points into that copy, which the policy owns.
 */
#include "policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rule {
    const char *service;  /* NULL: any */
    const char *argument; /* NULL: any; else with its leading '+' */
    const char *source, *target;
    const char *redirect; /* NULL: none */
    const char *user;     /* NULL: none */
    unsigned line;
    bool allow;
};

struct policy {
    char *text;
    struct rule *rules;
    size_t count;
};

struct line {
    char *rest;
    unsigned number;
    struct policy_error *error;
};

__attribute__((format(printf, 2, 3))) static bool fail(const struct line *line, const char *format,
                                                       ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line->error->text, sizeof line->error->text, format, arguments);
    va_end(arguments);
    line->error->line = line->number;
    return false;
}

static char *next_token(struct line *line)
{
    char *token = line->rest + strspn(line->rest, " \t\r");
    if (*token == '\0' || *token == '#') {
        line->rest = token + strlen(token);
        return NULL;
    }
    char *end = token + strcspn(token, " \t\r");
    line->rest = *end != '\0' ? end + 1 : end;
    *end = '\0';
    return token;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

static bool is_plain_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length >= 32)
        return false;
    for (; *name != '\0'; name++) {
        if (!is_name_char(*name))
            return false;
    }
    return true;
}

/* A plain name, or DOMAIN\name of two: POLICY_NAME_BYTES_MAX with its NUL at most. */
static bool is_user_name(char *name)
{
    char *slash = strchr(name, '\\');
    if (slash == NULL)
        return is_plain_name(name);
    *slash = '\0';
    bool valid = is_plain_name(name) && is_plain_name(slash + 1);
    *slash = '\\';
    return valid;
}

bool policy_guest_name_valid(const char *name)
{
    char first = name[0];
    bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
    return letter && is_plain_name(name) && strcmp(name, "dom0") != 0;
}

static bool parse_service(struct line *line, struct rule *rule)
{
    const char *service = next_token(line);
    const char *argument = next_token(line);
    if (argument == NULL)
        return fail(line, "the argument is missing: write *, + or +text after the service");
    if (strcmp(service, "*") != 0) {
        for (const char *c = service; *c != '\0'; c++) {
            if (!is_name_char(*c))
                return fail(line, "service \"%.60s\": '%c' cannot be in a service's name", service,
                            *c);
        }
        rule->service = service;
    }
    if (strcmp(argument, "*") == 0)
        return true;
    if (argument[0] != '+')
        return fail(line, "argument \"%.60s\" does not start with +", argument);
    for (const char *c = argument; *c != '\0'; c++) {
        if (!is_name_char(*c) && *c != '+')
            return fail(line, "argument \"%.60s\": '%c' cannot be in an argument", argument, *c);
    }
    if (rule->service == NULL)
        return fail(line, "with service * the argument is *, not \"%.60s\"", argument);
    rule->argument = argument;
    return true;
}

/* *token is replaced by "dom0" when it is @adminvm. */
static bool parse_domain(struct line *line, const char *column, const char *const *keywords,
                         const char **token)
{
    const char *text = next_token(line);
    if (text == NULL)
        return fail(line, "the %s is missing", column);
    *token = text;
    for (; *keywords != NULL; keywords++) {
        if (strcmp(text, *keywords) == 0) {
            if (strcmp(text, "@adminvm") == 0)
                *token = "dom0";
            return true;
        }
    }
    if (text[0] == '@')
        return fail(line, "%s \"%.60s\" is not supported here", column, text);
    if (!policy_guest_name_valid(text))
        return fail(line, "%s \"%.60s\" is no guest's name", column, text);
    return true;
}

static bool parse_parameter(struct line *line, struct rule *rule, char *token)
{
    char *value = strchr(token, '=');
    if (value == NULL)
        return fail(line, "\"%.60s\" is no parameter (name=value)", token);
    *value++ = '\0';
    if (!rule->allow)
        return fail(line, "deny has no parameters, \"%.60s\" was given", token);
    if (strcmp(token, "target") == 0) {
        if (rule->redirect != NULL)
            return fail(line, "target= is given twice");
        bool dom0 = strcmp(value, "dom0") == 0 || strcmp(value, "@adminvm") == 0;
        if (!dom0 && !policy_guest_name_valid(value))
            return fail(line, "target=\"%.60s\" is neither a guest's name nor dom0", value);
        rule->redirect = dom0 ? "dom0" : value;
        return true;
    }
    if (strcmp(token, "user") == 0) {
        if (rule->user != NULL)
            return fail(line, "user= is given twice");
        if (!is_user_name(value))
            return fail(line, "user=\"%.60s\" is no user's name", value);
        rule->user = value;
        return true;
    }
    return fail(line, "parameter \"%.60s\" is not supported here (target, user)", token);
}

static bool parse_action(struct line *line, struct rule *rule)
{
    const char *action = next_token(line);
    if (action == NULL)
        return fail(line, "the action is missing (allow or deny)");
    if (strcmp(action, "ask") == 0)
        return fail(line,
                    "\"ask\" is not supported: nobody is here to answer; write allow or deny");
    rule->allow = strcmp(action, "allow") == 0;
    if (!rule->allow && strcmp(action, "deny") != 0)
        return fail(line, "action \"%.60s\" is neither allow nor deny", action);
    for (char *token = next_token(line); token != NULL; token = next_token(line)) {
        if (!parse_parameter(line, rule, token))
            return false;
    }
    if (rule->allow && strcmp(rule->target, "@default") == 0 && rule->redirect == NULL)
        return fail(line, "a rule that allows @default must say which: target=NAME");
    return true;
}

/* *is_rule: false for a line that only holds blanks or a comment. */
static bool parse_line(struct line *line, struct rule *rule, bool *is_rule)
{
    static const char *const sources[] = {"*", "@anyvm", NULL};
    static const char *const targets[] = {"*", "@anyvm", "@default", "@adminvm", "dom0", NULL};

    const char *start = line->rest + strspn(line->rest, " \t\r");
    *is_rule = *start != '\0' && *start != '#';
    if (!*is_rule)
        return true;
    if (*start == '!')
        return fail(line, "\"%.40s\" is not supported here", start);
    *rule = (struct rule){.line = line->number};
    return parse_service(line, rule) && parse_domain(line, "source", sources, &rule->source) &&
           parse_domain(line, "target", targets, &rule->target) && parse_action(line, rule);
}

static bool parse_text(struct policy *policy, struct policy_error *error)
{
    struct line line = {.error = error};
    char *next = policy->text;
    while (next != NULL) {
        line.rest = next;
        line.number++;
        next = strchr(next, '\n');
        if (next != NULL)
            *next++ = '\0';
        bool is_rule;
        if (!parse_line(&line, &policy->rules[policy->count], &is_rule))
            return false;
        if (is_rule && policy->count == POLICY_RULES_MAX)
            return fail(&line, "more than %d rules", POLICY_RULES_MAX);
        policy->count += is_rule;
    }
    return true;
}

struct policy *policy_parse(const char *text, size_t size_bytes, struct policy_error *error)
{
    *error = (struct policy_error){0};
    struct line whole = {.error = error};
    if (size_bytes > POLICY_FILE_BYTES_MAX) {
        fail(&whole, "the file is larger than %d bytes", POLICY_FILE_BYTES_MAX);
        return NULL;
    }
    const char *nul = memchr(text, '\0', size_bytes);
    if (nul != NULL) {
        whole.number = 1;
        for (const char *c = text; c < nul; c++)
            whole.number += *c == '\n';
        fail(&whole, "a NUL byte is in the line");
        return NULL;
    }
    struct policy *policy = calloc(1, sizeof *policy);
    if (policy != NULL) {
        policy->text = malloc(size_bytes + 1);
        policy->rules = calloc(POLICY_RULES_MAX + 1, sizeof *policy->rules);
    }
    if (policy == NULL || policy->text == NULL || policy->rules == NULL) {
        fail(&whole, "out of memory");
        policy_free(policy);
        return NULL;
    }
    memcpy(policy->text, text, size_bytes);
    policy->text[size_bytes] = '\0';
    if (!parse_text(policy, error)) {
        policy_free(policy);
        return NULL;
    }
    return policy;
}

void policy_free(struct policy *policy)
{
    if (policy == NULL)
        return;
    free(policy->rules);
    free(policy->text);
    free(policy);
}

/* A call without "+" has no argument, which a rule's "+" (the empty argument) matches too. */
static bool service_matches(const struct rule *rule, const char *service)
{
    size_t name_length = strcspn(service, "+");
    if (rule->service != NULL &&
        (strlen(rule->service) != name_length || memcmp(rule->service, service, name_length) != 0))
        return false;
    if (rule->argument == NULL)
        return true;
    const char *argument = service[name_length] != '\0' ? service + name_length : "+";
    return strcmp(rule->argument, argument) == 0;
}

static bool domain_matches(const char *pattern, const char *domain)
{
    if (strcmp(pattern, "*") == 0)
        return true;
    if (strcmp(pattern, "@anyvm") == 0)
        return strcmp(domain, "dom0") != 0;
    return strcmp(pattern, domain) == 0;
}

__attribute__((format(printf, 2, 3))) static void deny(struct policy_verdict *verdict,
                                                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verdict->reason, sizeof verdict->reason, format, arguments);
    va_end(arguments);
    verdict->allowed = false;
}

static void apply(const struct rule *rule, const struct policy_call *call, const char *target,
                  struct policy_verdict *verdict)
{
    verdict->line = rule->line;
    const char *chosen = rule->redirect != NULL ? rule->redirect : target;
    if (!rule->allow) {
        deny(verdict, "denied by line %u", rule->line);
    } else if (strcmp(chosen, "@default") == 0) {
        deny(verdict, "line %u allows, but nobody named a target", rule->line);
    } else if (strcmp(chosen, call->source) == 0) {
        deny(verdict, "line %u allows, but a guest cannot call itself", rule->line);
    } else if (strcmp(chosen, "dom0") != 0 && !policy_guest_name_valid(chosen)) {
        deny(verdict, "line %u allows, but the target is no guest's name", rule->line);
    } else {
        verdict->allowed = true;
        snprintf(verdict->target, sizeof verdict->target, "%s", chosen);
        snprintf(verdict->user, sizeof verdict->user, "%s", rule->user != NULL ? rule->user : "");
    }
}

void policy_decide(const struct policy *policy, const struct policy_call *call,
                   struct policy_verdict *verdict)
{
    *verdict = (struct policy_verdict){0};
    const char *target = call->target;
    if (target[0] == '\0')
        target = "@default";
    else if (strcmp(target, "@adminvm") == 0)
        target = "dom0";

    for (size_t i = 0; i < policy->count; i++) {
        const struct rule *rule = &policy->rules[i];
        if (service_matches(rule, call->service) && domain_matches(rule->source, call->source) &&
            domain_matches(rule->target, target)) {
            apply(rule, call, target, verdict);
            return;
        }
    }
    deny(verdict, "no rule matches");
}
