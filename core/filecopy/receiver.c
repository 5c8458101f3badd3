/* SPDX-License-Identifier: BSD-2-Clause */
/* The receiving end of a file copy; see receiver.h. */
#include "core/filecopy/receiver.h"
#include "core/filecopy/name.h"

#include <string.h>

void fc_receiver_init(struct fc_receiver *receiver, const struct fc_receiver_options *options)
{
    memset(receiver, 0, sizeof(*receiver));
    receiver->options = *options;
}

void fc_receiver_fail(struct fc_receiver *receiver, enum fc_error error, const char *problem)
{
    if (receiver->state == FC_RECEIVER_IN_ERROR)
        return;
    receiver->state = FC_RECEIVER_IN_ERROR;
    receiver->error = error;
    receiver->problem = problem;
}

static enum fc_receiver_action fail(struct fc_receiver *receiver, enum fc_error error,
                                    const char *problem)
{
    fc_receiver_fail(receiver, error, problem);
    return FC_RECEIVER_FAILED;
}

void fc_receiver_eof(struct fc_receiver *receiver)
{
    if (receiver->state != FC_RECEIVER_IN_END)
        fc_receiver_fail(receiver, FC_EREMOTEIO, "the stream ended without its end header");
}

/* Adds input to a part of known size; true when the part is whole. */
static bool collect(struct fc_receiver *receiver, void *part, size_t size, const uint8_t *input,
                    size_t input_size, size_t *consumed)
{
    size_t n = size - receiver->have;

    if (n > input_size - *consumed)
        n = input_size - *consumed;
    if (n > 0)
        memcpy((uint8_t *)part + receiver->have, input + *consumed, n);
    receiver->have += n;
    *consumed += n;
    if (receiver->have < size)
        return false;
    receiver->crc = receiver->options.crc32(receiver->crc, part, size);
    receiver->have = 0;
    return true;
}

static bool is_all_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static void take_header(struct fc_receiver *receiver)
{
    fc_header_decode(&receiver->header, receiver->raw);
    if (receiver->header.name_size == 0) {
        if (is_all_zero(receiver->raw, FC_HEADER_SIZE))
            receiver->state = FC_RECEIVER_IN_END;
        else
            fc_receiver_fail(receiver, FC_EINVAL, "an end header that is not all zero");
        return;
    }
    if (receiver->header.name_size >= FC_NAME_LIMIT) {
        fc_receiver_fail(receiver, FC_ENAMETOOLONG, "a name longer than the protocol allows");
        return;
    }
    receiver->name_length = 0; /* the one before is overwritten now */
    receiver->state = FC_RECEIVER_IN_NAME;
}

/* A name may come with its NUL or without; one inside is not part of any name. */
static bool take_name(struct fc_receiver *receiver)
{
    size_t length = receiver->header.name_size;

    if (receiver->name[length - 1] == '\0')
        length--;
    receiver->name[length] = '\0';
    receiver->name_length = length;
    if (fc_check_path(receiver->name, length, receiver->options.allow_all_names) == FC_OK)
        return true;
    fc_receiver_fail(receiver, FC_EILSEQ, "a name that is not allowed");
    return false;
}

/* Whether the entry is the innermost open directory, or one that it lies in. */
static bool closes_directory(const struct fc_receiver *receiver)
{
    size_t n = receiver->name_length;

    if (n > receiver->directory_length || memcmp(receiver->directory, receiver->name, n) != 0)
        return false;
    return n == receiver->directory_length || receiver->directory[n] == '/';
}

static enum fc_receiver_action take_directory(struct fc_receiver *receiver)
{
    size_t n = receiver->name_length;

    receiver->state = FC_RECEIVER_IN_HEADER;
    if (receiver->header.file_size != 0)
        return fail(receiver, FC_EINVAL, "a directory with data");
    if (closes_directory(receiver)) {
        while (n > 0 && receiver->name[n - 1] != '/')
            n--;
        receiver->directory_length = n > 0 ? n - 1 : 0;
        return FC_RECEIVER_CLOSE_DIRECTORY;
    }
    memcpy(receiver->directory, receiver->name, n);
    receiver->directory_length = n;
    receiver->files++;
    return FC_RECEIVER_OPEN_DIRECTORY;
}

static bool exceeds_quota(const struct fc_receiver *receiver)
{
    uint64_t size = receiver->header.file_size;
    uint64_t limit = receiver->options.bytes_limit;

    if (size > INT64_MAX)
        return true;
    return limit != 0 && (size > limit || receiver->bytes > limit - size);
}

/* The header and name are here and the name is good: what is it? */
static enum fc_receiver_action take_entry(struct fc_receiver *receiver)
{
    const struct fc_header *header = &receiver->header;
    uint32_t type = header->mode & FC_MODE_TYPE;

    if ((header->mode & ~(uint32_t)(FC_MODE_TYPE | FC_MODE_PERMISSIONS)) != 0 ||
        header->atime_ns > 999999999 || header->mtime_ns > 999999999)
        return fail(receiver, FC_EINVAL, "a mode or time that cannot be");
    if (type == FC_MODE_SYMLINK && !receiver->options.allow_symlinks)
        return fail(receiver, FC_EINVAL, "a symbolic link, which cannot be made here");
    if (type != FC_MODE_DIRECTORY && type != FC_MODE_REGULAR && type != FC_MODE_SYMLINK)
        return fail(receiver, FC_EINVAL, "neither file, directory nor symbolic link");
    if (receiver->options.files_limit != 0 && receiver->files >= receiver->options.files_limit &&
        !(type == FC_MODE_DIRECTORY && closes_directory(receiver)))
        return fail(receiver, FC_EDQUOT, "more entries than allowed");
    if (type == FC_MODE_DIRECTORY)
        return take_directory(receiver);
    if (exceeds_quota(receiver))
        return fail(receiver, FC_EDQUOT, "more data than allowed");
    receiver->files++;
    if (type == FC_MODE_SYMLINK) {
        if (header->file_size >= FC_NAME_LIMIT)
            return fail(receiver, FC_ENAMETOOLONG, "a link with too long a target");
        receiver->state = FC_RECEIVER_IN_TARGET;
        return FC_RECEIVER_NEED_INPUT;
    }
    receiver->data_left = header->file_size;
    receiver->state = FC_RECEIVER_IN_DATA;
    return FC_RECEIVER_CREATE_FILE;
}

static enum fc_receiver_action take_target(struct fc_receiver *receiver)
{
    enum fc_error error;

    receiver->target_length = (size_t)receiver->header.file_size;
    receiver->target[receiver->target_length] = '\0';
    receiver->bytes += receiver->target_length;
    receiver->state = FC_RECEIVER_IN_HEADER;
    error = fc_check_symlink(receiver->name, receiver->name_length, receiver->target,
                             receiver->target_length, receiver->options.allow_all_names);
    if (error == FC_ENOLINK)
        return fail(receiver, error, "a link that leads out of the copied folder");
    if (error != FC_OK)
        return fail(receiver, error, "a link to a name that is not allowed");
    return FC_RECEIVER_MAKE_SYMLINK;
}

static enum fc_receiver_action take_data(struct fc_receiver *receiver, const uint8_t *input,
                                         size_t input_size, size_t *consumed)
{
    size_t n = input_size - *consumed;

    if (receiver->data_left == 0) {
        receiver->state = FC_RECEIVER_IN_HEADER;
        return FC_RECEIVER_FINISH_FILE;
    }
    if (n == 0)
        return FC_RECEIVER_NEED_INPUT;
    if (n > receiver->data_left)
        n = (size_t)receiver->data_left;
    receiver->data = input + *consumed;
    receiver->data_size = n;
    receiver->crc = receiver->options.crc32(receiver->crc, receiver->data, n);
    receiver->data_left -= n;
    receiver->bytes += n;
    *consumed += n;
    return FC_RECEIVER_WRITE_DATA;
}

uint64_t fc_receiver_promised(const struct fc_receiver *receiver)
{
    return receiver->state == FC_RECEIVER_IN_DATA ? receiver->data_left : 0;
}

enum fc_receiver_action fc_receiver_next(struct fc_receiver *receiver, const uint8_t *input,
                                         size_t input_size, size_t *consumed)
{
    *consumed = 0;
    for (;;) {
        switch (receiver->state) {
        case FC_RECEIVER_IN_HEADER:
            if (!collect(receiver, receiver->raw, FC_HEADER_SIZE, input, input_size, consumed))
                return FC_RECEIVER_NEED_INPUT;
            take_header(receiver);
            break;
        case FC_RECEIVER_IN_NAME:
            if (!collect(receiver, receiver->name, receiver->header.name_size, input, input_size,
                         consumed))
                return FC_RECEIVER_NEED_INPUT;
            if (take_name(receiver)) {
                enum fc_receiver_action action = take_entry(receiver);

                if (action != FC_RECEIVER_NEED_INPUT)
                    return action;
            }
            break;
        case FC_RECEIVER_IN_TARGET:
            if (!collect(receiver, receiver->target, (size_t)receiver->header.file_size, input,
                         input_size, consumed))
                return FC_RECEIVER_NEED_INPUT;
            return take_target(receiver);
        case FC_RECEIVER_IN_DATA:
            return take_data(receiver, input, input_size, consumed);
        case FC_RECEIVER_IN_END:
            return FC_RECEIVER_END;
        default:
            return FC_RECEIVER_FAILED;
        }
    }
}

size_t fc_receiver_result(const struct fc_receiver *receiver, uint8_t out[FC_RESULT_LIMIT])
{
    struct fc_result result = {.error = receiver->error, .crc32 = receiver->crc};

    fc_result_encode(out, &result);
    fc_store32(out + FC_RESULT_SIZE, (uint32_t)receiver->name_length);
    memcpy(out + FC_RESULT_SIZE + FC_RESULT_NAME_LENGTH_SIZE, receiver->name,
           receiver->name_length);
    return FC_RESULT_SIZE + FC_RESULT_NAME_LENGTH_SIZE + receiver->name_length;
}
