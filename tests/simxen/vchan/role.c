/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains and processes for tests (role.h). */
#include "tests/simxen/vchan/role.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void role_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: (process %d) not so: %s (errno: %s)\n", file, line, (int)getpid(), what,
            strerror(errno));
    exit(1);
}

static const char *tool(void)
{
    const char *path = getenv("SIMXEN_TOOL");

    return path ? path : "simxen";
}

int role_create_domain(const char *name)
{
    char line[64] = "";
    int fds[2];
    pid_t pid;

    CHECK(pipe(fds) == 0);
    pid = fork();
    if (pid == 0) {
        dup2(fds[1], 1);
        close(fds[0]);
        close(fds[1]);
        execl(tool(), "simxen", "create", "--keep", name, (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    CHECK(read(fds[0], line, sizeof(line) - 1) > 0);
    close(fds[0]);
    role_join(pid);
    return atoi(line);
}

void role_destroy_domain(int domid)
{
    char number[12];
    pid_t pid;

    snprintf(number, sizeof(number), "%d", domid);
    pid = fork();
    if (pid == 0) {
        execl(tool(), "simxen", "destroy", number, (char *)NULL);
        _exit(127);
    }
    role_join(pid);
}

/* A descriptor must not be overwritten before it is moved. */
static void place_descriptors(int hear, int tell, int number)
{
    int spare_hear = fcntl(hear, F_DUPFD, 64), spare_tell = fcntl(tell, F_DUPFD, 64);

    if (hear >= 0)
        dup2(spare_hear, number);
    if (tell >= 0)
        dup2(spare_tell, number + 1);
    for (int other = 3; other < 128; other++) {
        if ((other != number || hear < 0) && (other != number + 1 || tell < 0))
            close(other);
    }
}

pid_t role_start_piped(int domid, char *const argv[], int hear, int tell, int number)
{
    const char *words[24] = {tool(), "exec", NULL, "--"};
    char domain[12];
    int count = 4;
    pid_t pid;

    snprintf(domain, sizeof(domain), "%d", domid);
    words[2] = domain;
    for (int i = 0; argv[i]; i++)
        words[count++] = argv[i];
    words[count] = NULL;
    fflush(NULL);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        place_descriptors(hear, tell, number);
        if (domid == 0)
            execv(words[4], (char *const *)words + 4);
        else
            execv(words[0], (char *const *)words);
        _exit(127);
    }
    return pid;
}

pid_t role_start(int domid, char *const argv[], int fd)
{
    return role_start_piped(domid, argv, fd, -1, 3);
}

void role_join(pid_t pid)
{
    int status;

    CHECK(waitpid(pid, &status, 0) == pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "process %d ended with status 0x%x\n", (int)pid, (unsigned)status);
        exit(1);
    }
}

void role_tell(int fd, char what)
{
    CHECK(write(fd, &what, 1) == 1);
}

char role_hear(int fd)
{
    char what;

    CHECK(read(fd, &what, 1) == 1);
    return what;
}
