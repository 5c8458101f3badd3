/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains and processes for tests (role.h). */
#include "tests/simxen/vchan/role.h"

#include <errno.h>
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

pid_t role_start(int domid, char *const argv[], int fd)
{
    const char *words[24] = {tool(), "exec", NULL, "--"};
    char number[12];
    int count = 4;
    pid_t pid;

    snprintf(number, sizeof(number), "%d", domid);
    words[2] = number;
    for (int i = 0; argv[i]; i++)
        words[count++] = argv[i];
    words[count] = NULL;
    fflush(NULL);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        if (fd >= 0)
            dup2(fd, 3);
        for (int other = 4; other < 64; other++)
            close(other);
        if (domid == 0)
            execv(words[4], (char *const *)words + 4);
        else
            execv(words[0], (char *const *)words);
        _exit(127);
    }
    return pid;
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
