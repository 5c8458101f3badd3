/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds streams of a file copy for the tests, good ones and on request bad ones. */
#ifndef TEST_FILECOPY_STREAM_H
#define TEST_FILECOPY_STREAM_H

#include "core/filecopy/wire.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

struct stream {
    uint8_t bytes[1 << 16];
    size_t size;
    size_t headers[64]; /* where each header begins */
    size_t header_count;
};

static inline uint32_t stream_crc32(uint32_t sum, const void *data, size_t size)
{
    return (uint32_t)crc32_z(sum, data, size);
}

static inline void stream_bytes(struct stream *stream, const void *data, size_t size)
{
    memcpy(stream->bytes + stream->size, data, size);
    stream->size += size;
}

static inline void stream_header(struct stream *stream, const struct fc_header *header)
{
    stream->headers[stream->header_count++] = stream->size;
    fc_header_encode(stream->bytes + stream->size, header);
    stream->size += FC_HEADER_SIZE;
}

static inline void stream_entry(struct stream *stream, const char *name, uint32_t mode,
                                const void *data, size_t size)
{
    struct fc_header header = {.name_size = (uint32_t)strlen(name) + 1,
                               .mode = mode,
                               .file_size = size,
                               .atime_s = 1500000000,
                               .atime_ns = 123456700,
                               .mtime_s = 1400000000,
                               .mtime_ns = 765432100};

    stream_header(stream, &header);
    stream_bytes(stream, name, strlen(name) + 1);
    stream_bytes(stream, data, size);
}

static inline void stream_file(struct stream *stream, const char *name, const char *text)
{
    stream_entry(stream, name, FC_MODE_REGULAR | 0644, text, strlen(text));
}

static inline void stream_directory(struct stream *stream, const char *name)
{
    stream_entry(stream, name, FC_MODE_DIRECTORY | 0755, "", 0);
}

static inline void stream_link(struct stream *stream, const char *name, const char *target)
{
    stream_entry(stream, name, FC_MODE_SYMLINK | 0777, target, strlen(target));
}

static inline void stream_end(struct stream *stream)
{
    struct fc_header header = {0};

    stream_header(stream, &header);
}

/* Every kind of entry that all receivers take: files, an empty one, directories in each other. */
static inline void stream_sample(struct stream *stream)
{
    memset(stream, 0, sizeof(*stream));
    stream_file(stream, "first", "hello");
    stream_directory(stream, "dir");
    stream_file(stream, "dir/empty", "");
    stream_directory(stream, "dir/in");
    stream_file(stream, "dir/in/na\xC3\xAFve.txt", "two\r\nlines\n");
    stream_directory(stream, "dir/in");
    stream_directory(stream, "dir");
    stream_end(stream);
}

#endif
