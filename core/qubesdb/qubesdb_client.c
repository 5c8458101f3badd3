/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions of qubesdb-client.h over a platform's connection (transport.h). Each call sends
 * one request and reads until its answer; events of watches that come in between are kept for
 * qdb_read_watch(). This is the one part of core/qubesdb that waits and allocates: it is a
 * program's library, not the daemon's.
 */
#include <stdlib.h>
#include <string.h>

#include "core/qubesdb/transport.h"
#include "core/qubesdb/wire.h"

struct event {
    struct event *next;
    char path[QDB_PATH_BYTES];
};

struct qdb_handle {
    struct qdb_transport *transport;
    struct qdb_assembler input;
    struct event *first, **last; /* of the events that were not asked for yet */
    size_t at, length;           /* of bytes that were read and not yet taken */
    uint8_t bytes[16384];
};

qdb_handle_t qdb_open(char *vmname)
{
    struct qdb_handle *h = calloc(1, sizeof(*h));

    if (h == NULL) {
        qdb_transport_fail(QDB_FAILURE_MEMORY);
        return NULL;
    }
    h->last = &h->first;
    h->transport = qdb_transport_open(vmname);
    if (h->transport == NULL) {
        free(h);
        return NULL;
    }
    return h;
}

void qdb_close(qdb_handle_t h)
{
    if (h == NULL)
        return;
    while (h->first != NULL) {
        struct event *event = h->first;

        h->first = event->next;
        free(event);
    }
    qdb_transport_close(h->transport);
    free(h);
}

/* --- Messages */

static bool receive(qdb_handle_t h, struct qdb_message *message)
{
    for (;;) {
        const char *problem;
        size_t taken;
        enum qdb_assembled assembled = qdb_assembler_feed(
            &h->input, h->bytes + h->at, h->length - h->at, &taken, message, &problem);

        h->at += taken;
        if (assembled == QDB_ASSEMBLED_MESSAGE)
            return true;
        if (assembled == QDB_ASSEMBLED_PART) {
            h->at = 0;
            h->length = qdb_transport_read(h->transport, h->bytes, sizeof(h->bytes));
        }
        if (assembled == QDB_ASSEMBLED_BROKEN || h->length == 0) {
            h->at = h->length = 0;
            qdb_transport_fail(QDB_FAILURE_GONE);
            return false;
        }
    }
}

static bool keep_event(qdb_handle_t h, const struct qdb_message *message)
{
    struct event *event = calloc(1, sizeof(*event));

    if (event == NULL) {
        qdb_transport_fail(QDB_FAILURE_MEMORY);
        return false;
    }
    memcpy(event->path, message->path, sizeof(event->path));
    *h->last = event;
    h->last = &event->next;
    return true;
}

/* The call is over: has qdb_read_watch() something to return at once? */
static void rest(qdb_handle_t h)
{
    qdb_transport_rest(h->transport, h->first != NULL || h->at < h->length);
}

/* The next message that is no event. */
static bool receive_answer(qdb_handle_t h, struct qdb_message *message)
{
    do {
        if (!receive(h, message))
            return false;
    } while (message->type == QDB_ANSWER_WATCH && keep_event(h, message));
    if (message->type == QDB_ANSWER_WATCH)
        return false;
    if (message->type == QDB_ERROR_NOENT)
        qdb_transport_fail(QDB_FAILURE_NO_KEY);
    else if (message->type == QDB_ERROR)
        qdb_transport_fail(QDB_FAILURE_DENIED);
    return true;
}

static bool request(qdb_handle_t h, uint8_t type, const char *path, const void *data,
                    unsigned int length)
{
    uint8_t bytes[QDB_MESSAGE_BYTES];
    bool listing = type == QDB_LIST || type == QDB_MULTIREAD;

    if (h == NULL || path == NULL || !((listing && path[0] == '\0') || qdb_path_valid(path)) ||
        !qdb_data_valid(data, length)) {
        qdb_transport_fail(QDB_FAILURE_INVALID);
        return false;
    }
    if (!qdb_transport_write(h->transport, bytes,
                             qdb_message_write(bytes, type, path, data, length))) {
        qdb_transport_fail(QDB_FAILURE_GONE);
        return false;
    }
    return true;
}

/* --- Reading */

static char *copy_text(const void *bytes, size_t length)
{
    char *text = malloc(length + 1);

    if (text == NULL) {
        qdb_transport_fail(QDB_FAILURE_MEMORY);
        return NULL;
    }
    memcpy(text, bytes, length);
    text[length] = '\0';
    return text;
}

char *qdb_read(qdb_handle_t h, char *path, unsigned int *value_len)
{
    struct qdb_message message;

    if (!request(h, QDB_READ, path, NULL, 0) || !receive_answer(h, &message))
        return NULL;
    rest(h);
    if (message.type != QDB_ANSWER_READ)
        return NULL;
    if (value_len != NULL)
        *value_len = message.data_length;
    return copy_text(message.data, message.data_length);
}

struct list {
    char **strings;
    unsigned int *lengths; /* of the values; NULL in a listing */
    unsigned int count;    /* of entries, of one or two strings each */
    unsigned int room;
    unsigned int strings_each;
};

static void free_list(struct list *list)
{
    for (unsigned int i = 0; list->strings != NULL && i < list->count * list->strings_each; i++)
        free(list->strings[i]);
    free(list->strings);
    free(list->lengths);
}

/* Room for one more entry and the NULL behind the last. */
static bool grow(struct list *list)
{
    unsigned int room = list->room == 0 ? 16 : 2 * list->room;
    char **strings;
    unsigned int *lengths;

    if (list->count < list->room)
        return true;
    strings = realloc(list->strings, (room * list->strings_each + 1) * sizeof(*strings));
    if (strings != NULL)
        list->strings = strings;
    lengths = realloc(list->lengths, room * sizeof(*lengths));
    if (lengths != NULL)
        list->lengths = lengths;
    if (strings == NULL || lengths == NULL)
        return false;
    list->room = room;
    return true;
}

static bool append(struct list *list, const struct qdb_message *message)
{
    char **at;

    if (!grow(list))
        return false;
    at = list->strings + list->count * list->strings_each;
    at[0] = copy_text(message->path, strlen(message->path));
    if (at[0] == NULL)
        return false;
    if (list->strings_each == 2) {
        at[1] = copy_text(message->data, message->data_length);
        if (at[1] == NULL) {
            free(at[0]);
            return false;
        }
    }
    list->lengths[list->count++] = message->data_length;
    return true;
}

/* Reads entries to the empty path that ends them. A failure in between leaves the rest of the
 * answer unread: the connection is of no more use, which the daemon's end tells the next caller. */
static bool receive_list(qdb_handle_t h, uint8_t type, struct list *list)
{
    struct qdb_message message;

    for (;;) {
        if (!receive_answer(h, &message))
            return false;
        if (message.type != type)
            return false;
        if (message.path[0] == '\0')
            return grow(list);
        if (!append(list, &message)) {
            qdb_transport_fail(QDB_FAILURE_MEMORY);
            return false;
        }
    }
}

static bool read_list(qdb_handle_t h, uint8_t question, uint8_t answer, const char *base_path,
                      struct list *list)
{
    if (!request(h, question, base_path, NULL, 0))
        return false;
    if (!receive_list(h, answer, list)) {
        free_list(list);
        return false;
    }
    rest(h);
    list->strings[list->count * list->strings_each] = NULL;
    return true;
}

char **qdb_list(qdb_handle_t h, char *base_path, unsigned int *list_len)
{
    struct list list = {.strings_each = 1};

    if (!read_list(h, QDB_LIST, QDB_ANSWER_LIST, base_path, &list))
        return NULL;
    free(list.lengths);
    if (list_len != NULL)
        *list_len = list.count;
    return list.strings;
}

char **qdb_multiread(qdb_handle_t h, char *base_path, unsigned int **values_len,
                     unsigned int *list_len)
{
    struct list list = {.strings_each = 2};

    if (!read_list(h, QDB_MULTIREAD, QDB_ANSWER_MULTIREAD, base_path, &list))
        return NULL;
    if (values_len != NULL)
        *values_len = list.lengths;
    else
        free(list.lengths);
    if (list_len != NULL)
        *list_len = list.count;
    return list.strings;
}

/* --- Changing and watching */

static int change(qdb_handle_t h, uint8_t type, const char *path, const void *data,
                  unsigned int length)
{
    struct qdb_message message;

    if (!request(h, type, path, data, length) || !receive_answer(h, &message))
        return 0;
    rest(h);
    return message.type == QDB_OK || (message.type == QDB_ERROR_NOENT && type != QDB_WRITE);
}

int qdb_write(qdb_handle_t h, char *path, char *value, unsigned int value_len)
{
    return change(h, QDB_WRITE, path, value, value_len);
}

int qdb_rm(qdb_handle_t h, char *path)
{
    return change(h, QDB_RM, path, NULL, 0);
}

int qdb_watch(qdb_handle_t h, char *path)
{
    return change(h, QDB_WATCH, path, NULL, 0);
}

int qdb_unwatch(qdb_handle_t h, char *path)
{
    return change(h, QDB_UNWATCH, path, NULL, 0);
}

char *qdb_read_watch(qdb_handle_t h)
{
    struct qdb_message message;

    if (h == NULL) {
        qdb_transport_fail(QDB_FAILURE_INVALID);
        return NULL;
    }
    if (h->first != NULL) {
        struct event *event = h->first;
        char *path = copy_text(event->path, strlen(event->path));

        if (path == NULL)
            return NULL;
        h->first = event->next;
        if (h->first == NULL)
            h->last = &h->first;
        free(event);
        rest(h);
        return path;
    }
    if (!receive(h, &message))
        return NULL;
    rest(h);
    if (message.type != QDB_ANSWER_WATCH) {
        qdb_transport_fail(QDB_FAILURE_GONE);
        return NULL;
    }
    return copy_text(message.path, strlen(message.path));
}

qdb_event_t qdb_watch_fd(qdb_handle_t h)
{
    return qdb_transport_event(h->transport);
}

void qdb_free(void *block)
{
    free(block);
}
