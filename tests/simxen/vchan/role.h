/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test programs of two domains: the parent (domain 0, inside `simxen host`) runs itself again as a
 * process of another domain, with a socket to talk over. `simxen` is found through the
 * environment, SIMXEN_TOOL.
 */
#ifndef ROLE_H
#define ROLE_H

#include <stdbool.h>
#include <sys/types.h>

/* Ends the process with a message when the condition does not hold. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            role_fail(__FILE__, __LINE__, #condition);                                             \
    } while (0)

_Noreturn void role_fail(const char *file, int line, const char *what);

/* A new domain; it stays until destroyed. */
int role_create_domain(const char *name);
void role_destroy_domain(int domid);
/* Runs argv (argv[0]: a path) in the domain, with fd as its descriptor 3 (-1: none). */
pid_t role_start(int domid, char *const argv[], int fd);
/* The same with two descriptors, hear at number and tell at number + 1. */
pid_t role_start_piped(int domid, char *const argv[], int hear, int tell, int number);
/* Waits for it; it must have ended with exit code 0. */
void role_join(pid_t pid);

/* One byte over the socket; role_hear() fails the test when the other end is gone. */
void role_tell(int fd, char what);
char role_hear(int fd);

#endif
