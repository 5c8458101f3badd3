/* SPDX-License-Identifier: BSD-2-Clause */
/* The sending end of a file copy; see sender.h. */
#include "core/filecopy/sender.h"
#include "core/filecopy/name.h"

#include <string.h>

void fc_sender_init(struct fc_sender *sender, fc_crc32_function crc32)
{
    memset(sender, 0, sizeof(*sender));
    sender->crc32 = crc32;
}

size_t fc_sender_entry(struct fc_sender *sender, struct fc_header *header, const char *name,
                       size_t name_length, uint8_t *out, size_t out_size)
{
    size_t size = FC_HEADER_SIZE + name_length + 1;

    if (out_size < size || sender->data_left != 0)
        return 0;
    header->name_size = (uint32_t)name_length + 1;
    fc_header_encode(out, header);
    memcpy(out + FC_HEADER_SIZE, name, name_length);
    out[size - 1] = '\0';
    sender->crc = sender->crc32(sender->crc, out, size);
    sender->data_left = header->file_size;
    sender->files++;
    return size;
}

bool fc_sender_data(struct fc_sender *sender, const void *data, size_t size)
{
    if (size > sender->data_left)
        return false;
    sender->crc = sender->crc32(sender->crc, data, size);
    sender->data_left -= size;
    sender->bytes += size;
    return true;
}

bool fc_sender_end(struct fc_sender *sender, uint8_t out[FC_HEADER_SIZE])
{
    if (sender->data_left != 0)
        return false;
    memset(out, 0, FC_HEADER_SIZE);
    sender->crc = sender->crc32(sender->crc, out, FC_HEADER_SIZE);
    return true;
}

void fc_result_init(struct fc_result_reader *reader)
{
    memset(reader, 0, sizeof(*reader));
}

enum fc_result_state fc_result_feed(struct fc_result_reader *reader, const void *data, size_t size)
{
    const size_t name_at = FC_RESULT_SIZE + FC_RESULT_NAME_LENGTH_SIZE;

    if (size > FC_RESULT_LIMIT - reader->have)
        size = FC_RESULT_LIMIT - reader->have;
    memcpy(reader->raw + reader->have, data, size);
    reader->have += size;
    if (reader->have < FC_RESULT_SIZE)
        return FC_RESULT_WAITING;
    fc_result_decode(&reader->result, reader->raw);
    if (reader->have < name_at)
        return FC_RESULT_NUMBERS;
    reader->announced = fc_load32(reader->raw + FC_RESULT_SIZE);
    if (reader->announced > FC_NAME_LIMIT)
        reader->announced = FC_NAME_LIMIT;
    return reader->have < name_at + reader->announced ? FC_RESULT_NUMBERS : FC_RESULT_COMPLETE;
}

const char *fc_result_name(struct fc_result_reader *reader)
{
    uint8_t *name = reader->raw + FC_RESULT_SIZE + FC_RESULT_NAME_LENGTH_SIZE;
    size_t length = reader->announced;

    if (reader->have < FC_RESULT_SIZE + FC_RESULT_NAME_LENGTH_SIZE)
        return "";
    if (length > reader->have - FC_RESULT_SIZE - FC_RESULT_NAME_LENGTH_SIZE)
        length = reader->have - FC_RESULT_SIZE - FC_RESULT_NAME_LENGTH_SIZE;
    name[length] = '\0';
    fc_make_printable((char *)name);
    return (const char *)name;
}

enum fc_error fc_sender_verdict(const struct fc_sender *sender,
                                const struct fc_result_reader *reader, bool ended)
{
    if (reader->have < FC_RESULT_SIZE)
        return FC_EREMOTEIO;
    if (reader->result.error != 0)
        return (enum fc_error)reader->result.error;
    /* "All is well" before all was sent is as wrong as a wrong sum. */
    if (!ended || reader->result.crc32 != sender->crc)
        return FC_EBADMSG;
    return FC_OK;
}
