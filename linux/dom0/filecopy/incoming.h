/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The folder that a copy is received into. Every step starts at the folder's descriptor and follows
 * no symbolic link, so what a peer has sent, and what stands there already, cannot lead out of it.
 * Nothing that exists is replaced; an existing directory is filled.
 *
 * A file has no name until it is complete: O_TMPFILE and a link at the end, so whatever ends the
 * process leaves nothing. A file system without O_TMPFILE gets a file ".casement-PID-N.part" with a
 * rename at the end; there a SIGKILL leaves that one file behind.
 * Set-user-id, set-group-id and sticky bits are not taken from the peer.
 *
 * All functions return 0 or an errno value. One thread.
 */
#ifndef CASEMENT_DOM0_FILECOPY_INCOMING_H
#define CASEMENT_DOM0_FILECOPY_INCOMING_H

#include "core/filecopy/wire.h"

struct incoming {
    int root;
    int directory; /* of the path below; -1: none open */
    char directory_path[FC_NAME_LIMIT];
    int file; /* -1: none */
    const char *file_name;
    char part_name[64]; /* "" when the file has no name yet */
    unsigned part_count;
    char path[FC_NAME_LIMIT]; /* of the current entry, cut at its last "/" */
};

/* Before all else; incoming_close may follow at once. */
void incoming_init(struct incoming *incoming);
/* path is made with its parents when it is missing. */
int incoming_open(struct incoming *incoming, const char *path);
/* Drops an unfinished file. */
void incoming_close(struct incoming *incoming);
/* Everything received is on disk when this returns 0. */
int incoming_sync(struct incoming *incoming);

/* One for each action of core/filecopy/receiver.h; paths have passed fc_check_path. */
int incoming_open_directory(struct incoming *incoming, const char *path);
int incoming_close_directory(struct incoming *incoming, const char *path,
                             const struct fc_header *header);
int incoming_create_file(struct incoming *incoming, const char *path, uint64_t size);
int incoming_write(struct incoming *incoming, const void *data, size_t size);
int incoming_finish_file(struct incoming *incoming, const struct fc_header *header);
int incoming_make_symlink(struct incoming *incoming, const char *path, const char *target,
                          const struct fc_header *header);

#endif
