/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads a libxenvchan (vchan_library.h). */
#include "tests/simxen/vchan/vchan_library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static void find(void *handle, const char *name, void **function)
{
    *function = dlvsym(handle, name, "VERS_4.17.0");
    if (!*function) {
        fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
}

void vchan_library_load(struct vchan_library *library, const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (!handle) {
        fprintf(stderr, "%s\n", dlerror());
        exit(2);
    }
    find(handle, "libxenvchan_server_init", (void **)&library->server_init);
    find(handle, "libxenvchan_client_init", (void **)&library->client_init);
    find(handle, "libxenvchan_close", (void **)&library->close);
    find(handle, "libxenvchan_recv", (void **)&library->recv);
    find(handle, "libxenvchan_send", (void **)&library->send);
    find(handle, "libxenvchan_read", (void **)&library->read);
    find(handle, "libxenvchan_write", (void **)&library->write);
    find(handle, "libxenvchan_wait", (void **)&library->wait);
    find(handle, "libxenvchan_fd_for_select", (void **)&library->fd_for_select);
    find(handle, "libxenvchan_is_open", (void **)&library->is_open);
    find(handle, "libxenvchan_data_ready", (void **)&library->data_ready);
    find(handle, "libxenvchan_buffer_space", (void **)&library->buffer_space);
}
