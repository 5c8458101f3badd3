/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of a file copy (qubes.Filecopy), in both directions, little-endian whatever the
 * machine.
 *
 * Sender to receiver: for each entry a header of 32 bytes, the name with its NUL, then the data.
 * A directory is sent before its content and once more after it, so that its times survive the
 * creation of what lies in it. A symbolic link carries its target as data, without NUL. A header
 * of 32 zero bytes ends the stream.
 * Receiver to sender: one result of 16 bytes, then optionally the length and bytes of the last
 * name. It comes after the end, or early when something failed.
 *
 * Errors on the wire are Linux's errno numbers on every platform; so is enum fc_error.
 * Specification: QubesOS, linux-utils, qrexec-lib/libqubes-rpc-filecopy.h.
 */
#ifndef CASEMENT_FILECOPY_WIRE_H
#define CASEMENT_FILECOPY_WIRE_H

#include <stddef.h>
#include <stdint.h>

/* Linux's numbers: they cross the wire and become the exit code. */
enum fc_error {
    FC_OK = 0,
    FC_EPERM = 1,
    FC_ENOENT = 2,
    FC_EIO = 5,
    FC_ENOMEM = 12,
    FC_EACCES = 13,
    FC_EBUSY = 16,
    FC_EEXIST = 17,
    FC_ENOTDIR = 20,
    FC_EISDIR = 21,
    FC_EINVAL = 22,
    FC_EMFILE = 24,
    FC_EFBIG = 27,
    FC_ENOSPC = 28,
    FC_EROFS = 30,
    FC_EPIPE = 32,
    FC_ENAMETOOLONG = 36,
    FC_ENOTEMPTY = 39,
    FC_ELOOP = 40,
    FC_ENOLINK = 67,
    FC_EBADMSG = 74,
    FC_EILSEQ = 84,
    FC_EREMOTEIO = 121,
    FC_EDQUOT = 122,
    FC_ECANCELED = 125,
};

enum fc_wire_size {
    FC_HEADER_SIZE = 32,
    FC_RESULT_SIZE = 16,
    FC_RESULT_NAME_LENGTH_SIZE = 4,
    /* A name with its NUL is shorter than this; the same limit holds for a link's target. */
    FC_NAME_LIMIT = 16384,
    FC_RESULT_LIMIT = FC_RESULT_SIZE + FC_RESULT_NAME_LENGTH_SIZE + FC_NAME_LIMIT,
};

/* File types and permissions as Linux has them in st_mode. */
enum fc_mode {
    FC_MODE_TYPE = 0170000,
    FC_MODE_DIRECTORY = 0040000,
    FC_MODE_REGULAR = 0100000,
    FC_MODE_SYMLINK = 0120000,
    FC_MODE_PERMISSIONS = 07777,
    FC_MODE_OWNER_WRITES = 0200,
};

struct fc_header {
    uint32_t name_size; /* with the NUL; 0 ends the stream */
    uint32_t mode;
    uint64_t file_size;
    uint32_t atime_s; /* seconds since 1970, unsigned: until 2106 */
    uint32_t atime_ns;
    uint32_t mtime_s;
    uint32_t mtime_ns;
};

struct fc_result {
    uint32_t error; /* Linux errno */
    uint32_t padding;
    uint64_t crc32; /* of every header, name and data byte including the end */
};

/* zlib's crc32() in its shape: the sum so far (0 at the start) and more bytes. The edge supplies
 * it, a test may supply a counterfeit. */
typedef uint32_t (*fc_crc32_function)(uint32_t sum, const void *data, size_t size);

void fc_header_encode(uint8_t out[FC_HEADER_SIZE], const struct fc_header *header);
void fc_header_decode(struct fc_header *header, const uint8_t in[FC_HEADER_SIZE]);
void fc_result_encode(uint8_t out[FC_RESULT_SIZE], const struct fc_result *result);
void fc_result_decode(struct fc_result *result, const uint8_t in[FC_RESULT_SIZE]);

uint32_t fc_load32(const uint8_t in[4]);
void fc_store32(uint8_t out[4], uint32_t value);

/* A few words for a person, in English; never NULL. */
const char *fc_error_text(uint32_t error);

#endif
