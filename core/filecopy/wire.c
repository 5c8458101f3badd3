/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of a file copy; see wire.h. */
#include "core/filecopy/wire.h"

uint32_t fc_load32(const uint8_t in[4])
{
    return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

void fc_store32(uint8_t out[4], uint32_t value)
{
    out[0] = (uint8_t)value;
    out[1] = (uint8_t)(value >> 8);
    out[2] = (uint8_t)(value >> 16);
    out[3] = (uint8_t)(value >> 24);
}

static uint64_t load64(const uint8_t in[8])
{
    return (uint64_t)fc_load32(in) | (uint64_t)fc_load32(in + 4) << 32;
}

static void store64(uint8_t out[8], uint64_t value)
{
    fc_store32(out, (uint32_t)value);
    fc_store32(out + 4, (uint32_t)(value >> 32));
}

void fc_header_encode(uint8_t out[FC_HEADER_SIZE], const struct fc_header *header)
{
    fc_store32(out, header->name_size);
    fc_store32(out + 4, header->mode);
    store64(out + 8, header->file_size);
    fc_store32(out + 16, header->atime_s);
    fc_store32(out + 20, header->atime_ns);
    fc_store32(out + 24, header->mtime_s);
    fc_store32(out + 28, header->mtime_ns);
}

void fc_header_decode(struct fc_header *header, const uint8_t in[FC_HEADER_SIZE])
{
    header->name_size = fc_load32(in);
    header->mode = fc_load32(in + 4);
    header->file_size = load64(in + 8);
    header->atime_s = fc_load32(in + 16);
    header->atime_ns = fc_load32(in + 20);
    header->mtime_s = fc_load32(in + 24);
    header->mtime_ns = fc_load32(in + 28);
}

void fc_result_encode(uint8_t out[FC_RESULT_SIZE], const struct fc_result *result)
{
    fc_store32(out, result->error);
    fc_store32(out + 4, result->padding);
    store64(out + 8, result->crc32);
}

void fc_result_decode(struct fc_result *result, const uint8_t in[FC_RESULT_SIZE])
{
    result->error = fc_load32(in);
    result->padding = fc_load32(in + 4);
    result->crc32 = load64(in + 8);
}

const char *fc_error_text(uint32_t error)
{
    switch (error) {
    case FC_OK:
        return "no error";
    case FC_EPERM:
        return "operation not permitted";
    case FC_ENOENT:
        return "no such file or directory";
    case FC_EIO:
        return "input/output error";
    case FC_ENOMEM:
        return "out of memory";
    case FC_EACCES:
        return "permission denied";
    case FC_EBUSY:
        return "in use by another program";
    case FC_EEXIST:
        return "a file of that name exists";
    case FC_ENOTDIR:
        return "not a directory";
    case FC_EISDIR:
        return "is a directory";
    case FC_EINVAL:
        return "not a valid entry, or of a type that cannot be made there";
    case FC_EMFILE:
        return "too many open files";
    case FC_EFBIG:
        return "file too large";
    case FC_ENOSPC:
        return "no space left";
    case FC_EROFS:
        return "read-only file system";
    case FC_EPIPE:
        return "the other side closed the connection";
    case FC_ENAMETOOLONG:
        return "name too long";
    case FC_ENOTEMPTY:
        return "directory not empty";
    case FC_ELOOP:
        return "a link stands in the way";
    case FC_ENOLINK:
        return "a link that leads out of the copied folder";
    case FC_EBADMSG:
        return "checksum mismatch";
    case FC_EILSEQ:
        return "a name that is not allowed";
    case FC_EREMOTEIO:
        return "the stream ended early";
    case FC_EDQUOT:
        return "quota exceeded";
    case FC_ECANCELED:
        return "cancelled";
    default:
        return "unknown error";
    }
}
