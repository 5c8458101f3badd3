/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What EXEC_CMDLINE and JUST_EXEC carry: "user:[nogui:]command", where a command that begins with
 * "QUBESRPC " is a call of a service: "QUBESRPC service[+argument] source [keyword|name target]".
 * Taken apart into pieces that point into the text; nothing is copied.
 */
#ifndef CASEMENT_QREXEC_COMMAND_H
#define CASEMENT_QREXEC_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include "core/qrexec/message.h"

/* Part of a longer text; not NUL ended. */
struct qrexec_piece {
    const char *text;
    size_t length;
};

struct qrexec_command {
    struct qrexec_piece user;
    bool nogui;
    bool is_service;
    const char *command; /* what follows user and nogui, NUL ended; the whole "QUBESRPC ..." */
    /* Of a service: */
    struct qrexec_piece full_name; /* service+argument */
    struct qrexec_piece service;
    bool has_argument; /* there is a '+', perhaps with nothing behind it */
    struct qrexec_piece argument;
    struct qrexec_piece source;
    struct qrexec_piece target_type; /* "keyword", "name" or empty */
    struct qrexec_piece target;
};

/* QREXEC_BAD_COMMAND, QREXEC_BAD_NAME or QREXEC_OK. `text` must outlive *command. */
enum qrexec_error qrexec_parse_command(const char *text, struct qrexec_command *command);

/* The parts of an rpc-config file: lines of key = value, values true, false, 0, 1 or 'text';
 * '#' begins a comment. */
struct qrexec_rpc_config {
    bool wait_for_session;
    bool skip_service_descriptor;
    bool exit_on_client_eof;
    bool exit_on_service_eof;
    struct qrexec_piece force_user; /* empty: as the call says */
};

enum { QREXEC_RPC_CONFIG_MAX = 4096 };

/* Returns 0, or the number (from 1) of the line that is wrong: an unknown value, a key twice, a
 * missing '='. Unknown keys are skipped, as newer files must not stop an older agent. The defaults
 * are all false and empty. More than QREXEC_RPC_CONFIG_MAX bytes are wrong in line 1. */
size_t qrexec_parse_rpc_config(const char *text, size_t length, struct qrexec_rpc_config *config);

#endif
