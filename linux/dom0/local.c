/* SPDX-License-Identifier: BSD-2-Clause */
/* Coding and checking of the messages between casement and casementd (local.h). */
#include "local.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* How a message of each type looks: a fixed part, and whether text follows. */
struct shape {
    uint32_t type;
    size_t fixed_bytes;
    bool text;
};

static const struct shape *find_shape(uint32_t type)
{
    static const struct shape shapes[] = {
        {LOCAL_ATTACH, sizeof(struct local_name), false},
        {LOCAL_DETACH, sizeof(struct local_name), false},
        {LOCAL_WAIT, sizeof(struct local_name), false},
        {LOCAL_STATUS, 0, false},
        {LOCAL_CALL, sizeof(struct local_call), true},
        {LOCAL_START, 0, false},
        {LOCAL_DONE, 0, false},
        {LOCAL_ERROR, 0, true},
        {LOCAL_CALL_PORT, sizeof(struct local_port), false},
        {LOCAL_GUEST, sizeof(struct local_guest), false},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (shapes[i].type == type)
            return &shapes[i];
    }
    return NULL;
}

static bool name_ok(const char name[LOCAL_NAME_BYTES])
{
    return name[0] != '\0' && memchr(name, '\0', LOCAL_NAME_BYTES) != NULL;
}

static bool content_ok(const struct local_message *message)
{
    switch (message->type) {
    case LOCAL_ATTACH:
    case LOCAL_DETACH:
    case LOCAL_WAIT:
        return name_ok(message->name.name);
    case LOCAL_CALL:
        return name_ok(message->call.name) && message->call.just_exec <= 1 &&
               message->text[0] != '\0' && strlen(message->text) < LOCAL_COMMAND_BYTES_MAX;
    case LOCAL_GUEST:
        return name_ok(message->guest.name) && message->guest.state < LOCAL_GUEST_STATES;
    default:
        return true;
    }
}

bool local_parse(const void *packet, size_t size_bytes, struct local_message *message)
{
    *message = (struct local_message){0};
    if (size_bytes < sizeof message->type)
        return false;
    memcpy(&message->type, packet, sizeof message->type);
    const struct shape *shape = find_shape(message->type);
    size_t text_at = shape != NULL ? sizeof message->type + shape->fixed_bytes : SIZE_MAX;
    if (size_bytes < text_at)
        return false;
    const char *bytes = packet;
    memcpy(&message->name, bytes + sizeof message->type, shape->fixed_bytes);
    if (!shape->text)
        return size_bytes == text_at && content_ok(message);
    /* Exactly one NUL, and it is the last byte. */
    if (size_bytes == text_at ||
        memchr(bytes + text_at, '\0', size_bytes - text_at) != bytes + size_bytes - 1)
        return false;
    message->text = bytes + text_at;
    return content_ok(message);
}

size_t local_put(const struct local_message *message, void *packet, size_t room)
{
    const struct shape *shape = find_shape(message->type);
    if (shape == NULL)
        return 0;
    size_t text_at = sizeof message->type + shape->fixed_bytes;
    size_t text_bytes = shape->text ? strlen(message->text) + 1 : 0;
    if (text_at + text_bytes > room)
        return 0;
    char *bytes = packet;
    memcpy(bytes, &message->type, sizeof message->type);
    memcpy(bytes + sizeof message->type, &message->name, shape->fixed_bytes);
    if (shape->text)
        memcpy(bytes + text_at, message->text, text_bytes);
    return text_at + text_bytes;
}

int local_send(int fd, const struct local_message *message)
{
    char packet[LOCAL_PACKET_BYTES_MAX];
    size_t size = local_put(message, packet, sizeof packet);
    if (size == 0)
        return -EMSGSIZE;
    while (send(fd, packet, size, MSG_NOSIGNAL) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    return 0;
}

int local_receive(int fd, void *buffer, struct local_message *message)
{
    ssize_t got;
    do {
        got = recv(fd, buffer, LOCAL_PACKET_BYTES_MAX, MSG_TRUNC);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    if (got == 0)
        return -ECONNRESET;
    if (got > LOCAL_PACKET_BYTES_MAX || !local_parse(buffer, (size_t)got, message))
        return -EPROTO;
    return 0;
}

static int make_socket(const char *runtime, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int length = snprintf(address->sun_path, sizeof address->sun_path, "%s/casementd", runtime);
    if (length < 0 || (size_t)length >= sizeof address->sun_path)
        return -ENAMETOOLONG;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

int local_connect(const char *runtime)
{
    struct sockaddr_un address;
    int fd = make_socket(runtime, &address);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int local_listen(const char *runtime)
{
    struct sockaddr_un address;
    int fd = make_socket(runtime, &address);
    if (fd < 0)
        return fd;
    /* A name left by a daemon that was killed; a living one holds the runtime folder's lock. */
    unlink(address.sun_path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 64) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}
