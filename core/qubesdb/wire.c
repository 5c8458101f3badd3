/* SPDX-License-Identifier: BSD-2-Clause */
/* See wire.h. */
#include "core/qubesdb/wire.h"

enum { PATH_AT = 1, LENGTH_AT = 68 };

static bool path_character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           __builtin_strchr("-_/.:@", c) != NULL;
}

bool qdb_path_valid(const char *path)
{
    size_t length = 0;

    if (path[0] != '/')
        return false;
    while (length < QDB_PATH_BYTES && path[length] != '\0') {
        if (!path_character(path[length]))
            return false;
        length++;
    }
    return length < QDB_PATH_BYTES;
}

bool qdb_path_matches(const char *path, const char *pattern)
{
    size_t length = __builtin_strlen(pattern);

    if (length > 0 && pattern[length - 1] == '/')
        return __builtin_strncmp(path, pattern, length) == 0;
    return __builtin_strcmp(path, pattern) == 0;
}

bool qdb_data_valid(const void *data, size_t length)
{
    return length <= QDB_DATA_BYTES && (length == 0 || __builtin_memchr(data, 0, length) == NULL);
}

static void write_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

size_t qdb_message_write(uint8_t *out, uint8_t type, const char *path, const void *data,
                         uint32_t data_length)
{
    __builtin_memset(out, 0, QDB_HEADER_BYTES);
    out[0] = type;
    __builtin_memcpy(out + PATH_AT, path, __builtin_strlen(path));
    write_u32(out + LENGTH_AT, data_length);
    if (data_length > 0)
        __builtin_memcpy(out + QDB_HEADER_BYTES, data, data_length);
    return QDB_HEADER_BYTES + data_length;
}

/* NULL, or what is wrong with the header. */
static const char *header_problem(const uint8_t *bytes)
{
    const char *path = (const char *)bytes + PATH_AT;

    if (bytes[0] > QDB_ANSWER_WATCH)
        return "a message of an unknown type";
    if (read_u32(bytes + LENGTH_AT) > QDB_DATA_BYTES)
        return "a message with more data than QubesDB allows";
    if (path[0] != '\0' && !qdb_path_valid(path))
        return "a path that QubesDB does not allow";
    return NULL;
}

/* Fills the assembler up to goal bytes. */
static void gather(struct qdb_assembler *assembler, uint32_t goal, const uint8_t *bytes,
                   size_t length, size_t *taken)
{
    size_t count = goal - assembler->have;

    if (count > length - *taken)
        count = length - *taken;
    if (count == 0)
        return;
    __builtin_memcpy(assembler->bytes + assembler->have, bytes + *taken, count);
    assembler->have += (uint32_t)count;
    *taken += count;
}

enum qdb_assembled qdb_assembler_feed(struct qdb_assembler *assembler, const uint8_t *bytes,
                                      size_t length, size_t *taken, struct qdb_message *message,
                                      const char **problem)
{
    uint32_t goal;

    *taken = 0;
    if (assembler->have < QDB_HEADER_BYTES) {
        gather(assembler, QDB_HEADER_BYTES, bytes, length, taken);
        if (assembler->have < QDB_HEADER_BYTES)
            return QDB_ASSEMBLED_PART;
        *problem = header_problem(assembler->bytes);
        if (*problem != NULL)
            return QDB_ASSEMBLED_BROKEN;
    }
    goal = QDB_HEADER_BYTES + read_u32(assembler->bytes + LENGTH_AT);
    gather(assembler, goal, bytes, length, taken);
    if (assembler->have < goal)
        return QDB_ASSEMBLED_PART;
    message->type = assembler->bytes[0];
    __builtin_memcpy(message->path, assembler->bytes + PATH_AT, QDB_PATH_BYTES);
    message->data = assembler->bytes + QDB_HEADER_BYTES;
    message->data_length = goal - QDB_HEADER_BYTES;
    assembler->have = 0;
    if (!qdb_data_valid(message->data, message->data_length)) {
        *problem = "a value with a NUL in it";
        return QDB_ASSEMBLED_BROKEN;
    }
    return QDB_ASSEMBLED_MESSAGE;
}
