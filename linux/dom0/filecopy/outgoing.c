/* SPDX-License-Identifier: BSD-2-Clause */
/* The stream of a copy that is being sent; see outgoing.h. */
#include "linux/dom0/filecopy/outgoing.h"
#include "core/filecopy/name.h"
#include "linux/dom0/filecopy/checksum.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void outgoing_init(struct outgoing *outgoing, int stream)
{
    memset(outgoing, 0, sizeof(*outgoing));
    fc_sender_init(&outgoing->sender, checksum_crc32);
    fc_progress_start(&outgoing->progress, now_ms(), 500);
    outgoing->stream = stream;
}

static int fail(struct outgoing *outgoing, int error, const char *problem)
{
    outgoing->problem = problem;
    return error;
}

static void show_line(struct outgoing *outgoing, const char *name, bool last)
{
    char text[FC_PROGRESS_TEXT_SIZE];

    fc_progress_text(&outgoing->progress, now_ms(), outgoing->sender.files, outgoing->sender.bytes,
                     name, text);
    fc_make_printable(text);
    if (outgoing->lines)
        fprintf(stderr, "%s\n", text);
    else
        fprintf(stderr, "\r%s\033[K%s", text, last ? "\n" : "");
}

void outgoing_show_end(struct outgoing *outgoing)
{
    if (outgoing->show_progress)
        show_line(outgoing, NULL, true);
}

static int flush(struct outgoing *outgoing)
{
    for (size_t at = 0; at < outgoing->used;) {
        ssize_t n = write(outgoing->stream, outgoing->buffer + at, outgoing->used - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            outgoing->stream_broken = errno == EPIPE;
            return fail(outgoing, errno, "cannot write the stream");
        }
        at += (size_t)n;
    }
    outgoing->used = 0;
    if (outgoing->show_progress && fc_progress_due(&outgoing->progress, now_ms()))
        show_line(outgoing, outgoing->path, false);
    return 0;
}

static size_t room(const struct outgoing *outgoing)
{
    return OUTGOING_BUFFER_SIZE - outgoing->used;
}

static struct fc_header header_of(const struct stat *status)
{
    return (struct fc_header){
        .mode = status->st_mode,
        .atime_s = (uint32_t)status->st_atim.tv_sec,
        .atime_ns = (uint32_t)status->st_atim.tv_nsec,
        .mtime_s = (uint32_t)status->st_mtim.tv_sec,
        .mtime_ns = (uint32_t)status->st_mtim.tv_nsec,
    };
}

static int put_entry(struct outgoing *outgoing, struct fc_header *header)
{
    int error;

    if (room(outgoing) < FC_HEADER_SIZE + FC_NAME_LIMIT && (error = flush(outgoing)) != 0)
        return error;
    outgoing->used +=
        fc_sender_entry(&outgoing->sender, header, outgoing->path, outgoing->path_length,
                        outgoing->buffer + outgoing->used, room(outgoing));
    return 0;
}

/* Reads until size bytes or the end of the file; *got tells which. */
static int read_up_to(int file, uint8_t *buffer, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        ssize_t n = read(file, buffer + *got, size - *got);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return 0;
}

/* The whole file fits behind its header: read first, announce what there was. */
static int send_small_file(struct outgoing *outgoing, int file, const struct stat *status)
{
    struct fc_header header = header_of(status);
    size_t before = FC_HEADER_SIZE + outgoing->path_length + 1;
    uint8_t *data = outgoing->buffer + outgoing->used + before;
    size_t got;
    int error = read_up_to(file, data, (size_t)status->st_size, &got);

    if (error != 0)
        return fail(outgoing, error, "cannot read");
    header.file_size = got;
    error = put_entry(outgoing, &header);
    if (error != 0)
        return error;
    fc_sender_data(&outgoing->sender, data, got);
    outgoing->used += got;
    return 0;
}

static void warn_of_change(struct outgoing *outgoing, int file, const struct stat *before)
{
    struct stat after;

    if (fstat(file, &after) == 0 && after.st_size != before->st_size)
        fprintf(stderr, "filecopy: %s changed its size while it was sent\n", outgoing->path);
}

static int send_large_file(struct outgoing *outgoing, int file, const struct stat *status)
{
    struct fc_header header = header_of(status);
    int error;

    header.file_size = (uint64_t)status->st_size;
    error = put_entry(outgoing, &header);
    while (error == 0 && outgoing->sender.data_left > 0) {
        size_t wanted = room(outgoing), got;

        if (wanted > outgoing->sender.data_left)
            wanted = (size_t)outgoing->sender.data_left;
        error = read_up_to(file, outgoing->buffer + outgoing->used, wanted, &got);
        if (error != 0)
            return fail(outgoing, error, "cannot read");
        if (got < wanted)
            return fail(outgoing, EIO, "the file became shorter while it was sent");
        fc_sender_data(&outgoing->sender, outgoing->buffer + outgoing->used, got);
        outgoing->used += got;
        error = flush(outgoing);
    }
    if (error == 0)
        warn_of_change(outgoing, file, status);
    return error;
}

static int send_file(struct outgoing *outgoing, int parent, const char *name)
{
    int file = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat status;
    size_t before = FC_HEADER_SIZE + FC_NAME_LIMIT;
    int error = 0;

    if (file < 0)
        return fail(outgoing, errno, "cannot open");
    if (fstat(file, &status) != 0)
        error = fail(outgoing, errno, "cannot read the attributes");
    else if (!S_ISREG(status.st_mode))
        error = fail(outgoing, EINVAL, "neither file, directory nor link");
    else if ((uint64_t)status.st_size > OUTGOING_BUFFER_SIZE - before)
        error = send_large_file(outgoing, file, &status);
    else if ((size_t)status.st_size + before <= room(outgoing) || (error = flush(outgoing)) == 0)
        error = send_small_file(outgoing, file, &status);
    close(file);
    return error;
}

static int send_symlink(struct outgoing *outgoing, int parent, const char *name,
                        const struct stat *status)
{
    struct fc_header header = header_of(status);
    char target[PATH_MAX];
    ssize_t length = readlinkat(parent, name, target, sizeof(target));
    int error;

    if (length < 0)
        return fail(outgoing, errno, "cannot read the link");
    if (length == sizeof(target))
        return fail(outgoing, ENAMETOOLONG, "cannot read the link");
    header.file_size = (uint64_t)length;
    error = put_entry(outgoing, &header);
    if (error == 0 && room(outgoing) < (size_t)length)
        error = flush(outgoing);
    if (error != 0)
        return error;
    fc_sender_data(&outgoing->sender, target, (size_t)length);
    memcpy(outgoing->buffer + outgoing->used, target, (size_t)length);
    outgoing->used += (size_t)length;
    return 0;
}

static int send_entry(struct outgoing *outgoing, int parent, const char *name, int type);

static int append_component(struct outgoing *outgoing, const char *name)
{
    size_t length = strlen(name);
    size_t separator = outgoing->path_length > 0;

    if (outgoing->path_length + separator + length + 1 >= FC_NAME_LIMIT)
        return fail(outgoing, ENAMETOOLONG, "a path longer than the protocol allows");
    if (separator)
        outgoing->path[outgoing->path_length++] = '/';
    memcpy(outgoing->path + outgoing->path_length, name, length + 1);
    outgoing->path_length += length;
    if (fc_check_path(name, length, true) != FC_OK)
        return fail(outgoing, EILSEQ, "a name that is not UTF-8");
    return 0;
}

static int send_content(struct outgoing *outgoing, DIR *directory)
{
    size_t length = outgoing->path_length;

    for (;;) {
        struct dirent *entry;
        int error;

        errno = 0;
        entry = readdir(directory);
        if (entry == NULL)
            return errno != 0 ? fail(outgoing, errno, "cannot list") : 0;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        error = append_component(outgoing, entry->d_name);
        if (error == 0)
            error = send_entry(outgoing, dirfd(directory), entry->d_name, entry->d_type);
        if (error != 0)
            return error; /* with the path of what went wrong */
        outgoing->path_length = length;
        outgoing->path[length] = '\0';
    }
}

static int send_directory(struct outgoing *outgoing, int parent, const char *name)
{
    int descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory;
    struct fc_header header;
    struct stat status;
    int error;

    if (descriptor < 0)
        return fail(outgoing, errno, "cannot open");
    directory = fdopendir(descriptor);
    if (directory == NULL || fstat(descriptor, &status) != 0) {
        error = errno;
        close(descriptor);
        return fail(outgoing, error, "cannot open");
    }
    header = header_of(&status);
    error = put_entry(outgoing, &header);
    if (error == 0)
        error = send_content(outgoing, directory);
    if (error == 0)
        error = put_entry(outgoing, &header);
    closedir(directory);
    return error;
}

/* type: a DT_ constant; most file systems know it, which spares a stat for every file. */
static int send_entry(struct outgoing *outgoing, int parent, const char *name, int type)
{
    struct stat status;

    if (type == DT_REG)
        return send_file(outgoing, parent, name);
    if (type == DT_DIR)
        return send_directory(outgoing, parent, name);
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return fail(outgoing, errno, "cannot read the attributes");
    if (S_ISLNK(status.st_mode))
        return outgoing->ignore_symlinks ? 0 : send_symlink(outgoing, parent, name, &status);
    if (S_ISDIR(status.st_mode))
        return send_directory(outgoing, parent, name);
    if (S_ISREG(status.st_mode))
        return send_file(outgoing, parent, name);
    return fail(outgoing, EINVAL, "neither file, directory nor link");
}

/* "." and ".." have no name of their own to be sent under. */
static bool ends_in_dots(const char *path)
{
    const char *last = strrchr(path, '/');

    last = last == NULL ? path : last + 1;
    return strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
}

int outgoing_send(struct outgoing *outgoing, const char *argument)
{
    char path[PATH_MAX];
    char *name;
    size_t length = strlen(argument);
    int error;

    outgoing->path_length = 0;
    snprintf(outgoing->path, sizeof(outgoing->path), "%s", argument);
    while (length > 1 && argument[length - 1] == '/')
        length--;
    if (length == 0 || length >= sizeof(path))
        return fail(outgoing, length == 0 ? ENOENT : ENAMETOOLONG, "cannot send");
    memcpy(path, argument, length);
    path[length] = '\0';
    if (ends_in_dots(path) && realpath(argument, path) == NULL)
        return fail(outgoing, errno, "cannot find");
    name = strrchr(path, '/');
    name = name == NULL ? path : name + 1;
    if (*name == '\0')
        return fail(outgoing, EINVAL, "has no name to be sent under");
    error = append_component(outgoing, name);
    return error != 0 ? error : send_entry(outgoing, AT_FDCWD, path, DT_UNKNOWN);
}

int outgoing_end(struct outgoing *outgoing)
{
    int error = room(outgoing) < FC_HEADER_SIZE ? flush(outgoing) : 0;

    if (error != 0)
        return error;
    if (!fc_sender_end(&outgoing->sender, outgoing->buffer + outgoing->used))
        return fail(outgoing, EIO, "a file was not sent completely");
    outgoing->used += FC_HEADER_SIZE;
    return flush(outgoing);
}
