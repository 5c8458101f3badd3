/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interoperability matrix's host half: two sides in two domains, each on a library that is
 * named (ours or Debian's) or a Windows program under Wine; first with the server in the guest,
 * then with the client there. Windows is always the guest.
 *
 *   interop SERVER CLIENT        (inside `simxen host`)
 *
 * SERVER and CLIENT are paths: of a libxenvchan.so.4.17, or of a Windows program (.exe), which
 * INTEROP_WINE runs.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/simxen/vchan/interop.h"

enum { HEAR = 3, TELL = 4 };

void interop_load(struct vchan_library *library, const char *path)
{
    vchan_library_load(library, path);
}

void interop_poll(const struct vchan_library *library, struct libxenvchan *vchan)
{
    struct pollfd fd = {.fd = library->fd_for_select(vchan), .events = POLLIN};

    CHECK(poll(&fd, 1, -1) == 1);
    CHECK(library->wait(vchan) == 0);
}

void interop_tell(char what)
{
    role_tell(TELL, what);
}

char interop_hear(void)
{
    return role_hear(HEAR);
}

static bool is_windows(const char *path)
{
    return strstr(path, ".exe") != NULL;
}

static pid_t start_side(char *self, char *role, char *library, int domid, int peer, int hear,
                        int tell)
{
    char number[12];
    char *linux_argv[] = {self, role, library, number, NULL};
    char *wine_argv[] = {getenv("INTEROP_WINE"), library, role, number, NULL};

    snprintf(number, sizeof(number), "%d", peer);
    return role_start_piped(domid, is_windows(library) ? wine_argv : linux_argv, hear, tell,
                            is_windows(library) ? 0 : HEAR);
}

static void both_sides(char *self, char *const libraries[2], int server_domid, int client_domid)
{
    int to_server[2], to_client[2];
    pid_t server, client;

    CHECK(pipe(to_server) == 0 && pipe(to_client) == 0);
    server = start_side(self, "server", libraries[0], server_domid, client_domid, to_server[0],
                        to_client[1]);
    client = start_side(self, "client", libraries[1], client_domid, server_domid, to_client[0],
                        to_server[1]);
    for (int i = 0; i < 2; i++) {
        close(to_server[i]);
        close(to_client[i]);
    }
    role_join(server);
    role_join(client);
}

int main(int argc, char **argv)
{
    int domid;

    if (argc == 4)
        return interop_play(argv[1], argv[2], atoi(argv[3]));
    CHECK(argc == 3);
    domid = role_create_domain("peer");
    if (!is_windows(argv[2]))
        both_sides(argv[0], argv + 1, domid, 0);
    if (!is_windows(argv[1]))
        both_sides(argv[0], argv + 1, 0, domid);
    role_destroy_domain(domid);
    return 0;
}
