/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QubesDB's messages as bytes (core-qubesdb, include/qubesdb.h): a header of 72 bytes, then at most
 * 3071 bytes of data. The same messages travel on the vchan between dom0 and a qube (port 111) and
 * on the local pipe or socket between the daemon and its clients.
 *
 *   offset 0   type, one byte
 *          1   path, 64 bytes with its NUL: [A-Za-z0-9-_/.:@]*, "/" first, or empty
 *          65  3 bytes of padding
 *          68  length of the data in bytes, little-endian; data have no NUL among them
 *
 * An assembler gathers one message from pieces of any size and trusts nothing but the count of
 * bytes it was given.
 */
#ifndef CASEMENT_QUBESDB_WIRE_H
#define CASEMENT_QUBESDB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum qdb_type {
    QDB_READ = 0,
    QDB_WRITE = 1,
    QDB_MULTIREAD = 2,
    QDB_LIST = 3,
    QDB_RM = 4,
    QDB_WATCH = 5,
    QDB_UNWATCH = 6,
    QDB_OK = 7,
    QDB_ERROR_NOENT = 8,
    QDB_ERROR = 9,
    QDB_ANSWER_READ = 10,
    QDB_ANSWER_MULTIREAD = 11,
    QDB_ANSWER_LIST = 12,
    QDB_ANSWER_WATCH = 13,
};

enum {
    QDB_HEADER_BYTES = 72,
    QDB_PATH_BYTES = 64,   /* with the NUL */
    QDB_DATA_BYTES = 3071, /* at most */
    QDB_MESSAGE_BYTES = QDB_HEADER_BYTES + QDB_DATA_BYTES,
    QDB_VCHAN_PORT = 111,
};

struct qdb_message {
    uint8_t type;
    char path[QDB_PATH_BYTES];
    const uint8_t *data; /* data_length bytes, in the assembler or wherever the sender has them */
    uint32_t data_length;
};

/* A path of the database: not empty, its characters allowed, "/" first, with its NUL within
 * QDB_PATH_BYTES. One that ends in "/" names everything below. */
bool qdb_path_valid(const char *path);
/* Is path the same as, or (where pattern ends in "/") below, pattern? */
bool qdb_path_matches(const char *path, const char *pattern);
/* Fits a message: length and no NUL. */
bool qdb_data_valid(const void *data, size_t length);

/* Writes a message into out (QDB_MESSAGE_BYTES of room) and returns its length. path and data
 * must be valid; path may be empty. */
size_t qdb_message_write(uint8_t *out, uint8_t type, const char *path, const void *data,
                         uint32_t data_length);

struct qdb_assembler { /* all zero: empty */
    uint32_t have;
    uint8_t bytes[QDB_MESSAGE_BYTES];
};

enum qdb_assembled {
    QDB_ASSEMBLED_PART,    /* all bytes were taken, more are needed */
    QDB_ASSEMBLED_MESSAGE, /* *message is complete; it stays until the next feed */
    QDB_ASSEMBLED_BROKEN,  /* no message begins like this: the stream cannot be followed further */
};

/* Takes bytes (*taken of them). *problem, for a broken one: static text. */
enum qdb_assembled qdb_assembler_feed(struct qdb_assembler *assembler, const uint8_t *bytes,
                                      size_t length, size_t *taken, struct qdb_message *message,
                                      const char **problem);

#endif
