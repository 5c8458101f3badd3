/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One side of the interoperability matrix on libxenvchan.dll, under Wine:
 *
 *   vchan_interop.exe server|client PEER-DOMAIN
 *
 * In step with the other side over standard input and output.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/simxen/vchan/interop.h"

void role_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: (Windows) not so: %s (last error %lu)\n", file, line, what,
            GetLastError());
    exit(1);
}

static struct libxenvchan *ServerInit(struct xentoollog_logger *Logger, int Domain,
                                      const char *Path, size_t Left, size_t Right)
{
    return libxenvchan_server_init(NULL, Domain, Path, Left, Right, XLL_ERROR);
}

static struct libxenvchan *ClientInit(struct xentoollog_logger *Logger, int Domain,
                                      const char *Path)
{
    return libxenvchan_client_init(NULL, Domain, Path, XLL_ERROR);
}

void interop_load(struct vchan_library *library, const char *path)
{
    *library = (struct vchan_library){
        .server_init = ServerInit,
        .client_init = ClientInit,
        .close = libxenvchan_close,
        .recv = libxenvchan_recv,
        .send = libxenvchan_send,
        .read = libxenvchan_read,
        .write = libxenvchan_write,
        .is_open = libxenvchan_is_open,
    };
}

/* The wait itself takes the event. */
void interop_poll(const struct vchan_library *library, struct libxenvchan *vchan)
{
    CHECK(WaitForSingleObject(libxenvchan_fd_for_select(vchan), INFINITE) == WAIT_OBJECT_0);
}

void interop_tell(char what)
{
    DWORD Written;

    CHECK(WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), &what, 1, &Written, NULL) && Written == 1);
}

char interop_hear(void)
{
    DWORD Read;
    char What;

    CHECK(ReadFile(GetStdHandle(STD_INPUT_HANDLE), &What, 1, &Read, NULL) && Read == 1);
    return What;
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    return interop_play(argv[1], NULL, atoi(argv[2]));
}
