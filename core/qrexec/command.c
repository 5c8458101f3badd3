/* SPDX-License-Identifier: BSD-2-Clause */
/* See command.h. */
#include <string.h>
#include "core/qrexec/command.h"
#include "core/qrexec/names.h"

static bool piece_is(struct qrexec_piece piece, const char *text)
{
    return piece.length == strlen(text) && memcmp(piece.text, text, piece.length) == 0;
}

/* The next word of *text; a single blank divides words. Empty at the end. */
static struct qrexec_piece next_word(const char **text)
{
    struct qrexec_piece word = {*text, strcspn(*text, " ")};
    *text += word.length;
    if (**text == ' ')
        ++*text;
    return word;
}

static bool name_piece_ok(struct qrexec_piece piece, bool (*ok)(const char *))
{
    char name[64];
    if (piece.length == 0 || piece.length >= sizeof(name))
        return false;
    memcpy(name, piece.text, piece.length);
    name[piece.length] = 0;
    return ok(name);
}

static bool service_piece_ok(struct qrexec_piece piece)
{
    if (piece.length == 0 || piece.length > QREXEC_SERVICE_NAME_MAX || piece.text[0] == '+')
        return false;
    for (size_t i = 0; i < piece.length; i++) {
        const char one[2] = {piece.text[i], 0};
        if (one[0] != '+' && !qrexec_service_name_ok(one))
            return false;
    }
    return true;
}

static enum qrexec_error parse_service(const char *text, struct qrexec_command *command)
{
    command->full_name = next_word(&text);
    command->source = next_word(&text);
    command->target_type = next_word(&text);
    command->target = next_word(&text);
    if (*text || command->source.length == 0)
        return QREXEC_BAD_COMMAND;
    if (!service_piece_ok(command->full_name) ||
        !name_piece_ok(command->source, qrexec_domain_name_ok))
        return QREXEC_BAD_NAME;
    if (command->target_type.length) {
        if (!piece_is(command->target_type, "keyword") && !piece_is(command->target_type, "name"))
            return QREXEC_BAD_COMMAND;
        if (!name_piece_ok(command->target, qrexec_target_name_ok))
            return QREXEC_BAD_NAME;
    }
    const char *plus = memchr(command->full_name.text, '+', command->full_name.length);
    command->service = command->full_name;
    if (plus) {
        command->has_argument = true;
        command->service.length = (size_t)(plus - command->full_name.text);
        command->argument.text = plus + 1;
        command->argument.length = command->full_name.length - command->service.length - 1;
    }
    return QREXEC_OK;
}

enum qrexec_error qrexec_parse_command(const char *text, struct qrexec_command *command)
{
    static const char nogui[] = "nogui:", service[] = "QUBESRPC ";
    const char *colon = strchr(text, ':');

    memset(command, 0, sizeof(*command));
    if (!colon || colon == text)
        return QREXEC_BAD_COMMAND;
    command->user.text = text;
    command->user.length = (size_t)(colon - text);
    text = colon + 1;
    if (strncmp(text, nogui, strlen(nogui)) == 0) {
        command->nogui = true;
        text += strlen(nogui);
    }
    if (*text == 0)
        return QREXEC_BAD_COMMAND;
    command->command = text;
    if (strncmp(text, service, strlen(service)) != 0)
        return QREXEC_OK;
    command->is_service = true;
    return parse_service(text + strlen(service), command);
}

static struct qrexec_piece trim(struct qrexec_piece piece)
{
    while (piece.length && (piece.text[0] == ' ' || piece.text[0] == '\t'))
        piece.text++, piece.length--;
    while (piece.length && memchr(" \t\r", piece.text[piece.length - 1], 3))
        piece.length--;
    return piece;
}

static bool comment_or_nothing(struct qrexec_piece rest)
{
    rest = trim(rest);
    return rest.length == 0 || rest.text[0] == '#';
}

static bool parse_switch(struct qrexec_piece value, bool *to)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true}, {"false", false}, {"1", true}, {"0", false}};

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        const size_t n = strlen(words[i].word);
        if (value.length < n || memcmp(value.text, words[i].word, n) != 0)
            continue;
        const struct qrexec_piece rest = {value.text + n, value.length - n};
        *to = words[i].value;
        return comment_or_nothing(rest);
    }
    return false;
}

static bool parse_quoted(struct qrexec_piece value, struct qrexec_piece *to)
{
    if (value.length < 2 || value.text[0] != '\'')
        return false;
    const char *end = memchr(value.text + 1, '\'', value.length - 1);
    if (!end)
        return false;
    to->text = value.text + 1;
    to->length = (size_t)(end - to->text);
    const struct qrexec_piece rest = {end + 1, value.length - to->length - 2};
    return comment_or_nothing(rest);
}

static bool parse_line(struct qrexec_piece line, struct qrexec_rpc_config *config,
                       unsigned int *seen)
{
    const struct {
        const char *key;
        bool *to;
    } switches[] = {{"wait-for-session", &config->wait_for_session},
                    {"skip-service-descriptor", &config->skip_service_descriptor},
                    {"exit-on-client-eof", &config->exit_on_client_eof},
                    {"exit-on-service-eof", &config->exit_on_service_eof}};
    const unsigned int force_user = sizeof(switches) / sizeof(*switches);

    if (comment_or_nothing(line))
        return true;
    const char *equals = memchr(line.text, '=', line.length);
    if (!equals || memchr(line.text, 0, line.length))
        return false;
    const size_t key_length = (size_t)(equals - line.text);
    const struct qrexec_piece key = trim((struct qrexec_piece){line.text, key_length});
    const struct qrexec_piece value =
        trim((struct qrexec_piece){equals + 1, line.length - key_length - 1});
    if (piece_is(key, "force-user")) {
        const bool twice = *seen & 1u << force_user;
        *seen |= 1u << force_user;
        return !twice && parse_quoted(value, &config->force_user);
    }
    for (unsigned int i = 0; i < force_user; i++) {
        if (!piece_is(key, switches[i].key))
            continue;
        const bool twice = *seen & 1u << i;
        *seen |= 1u << i;
        return !twice && parse_switch(value, switches[i].to);
    }
    return key.length > 0;
}

size_t qrexec_parse_rpc_config(const char *text, size_t length, struct qrexec_rpc_config *config)
{
    unsigned int seen = 0;

    memset(config, 0, sizeof(*config));
    if (length > QREXEC_RPC_CONFIG_MAX)
        return 1;
    for (size_t number = 1; length; number++) {
        const char *end = memchr(text, '\n', length);
        const struct qrexec_piece line = {text, end ? (size_t)(end - text) : length};
        if (!parse_line(line, config, &seen))
            return number;
        const size_t used = line.length + (end ? 1 : 0);
        text += used, length -= used;
    }
    return 0;
}
