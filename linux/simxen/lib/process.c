/* SPDX-License-Identifier: BSD-2-Clause */
/* A drop-in library's connection to its instance: see process.h. */
#include "process.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct simxen *process_connection(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct simxen *connection;
    static pid_t owner;
    const char *dir = getenv("SIMXEN_DIR"), *domid = getenv("SIMXEN_DOMID");
    int error = 0;
    pthread_mutex_lock(&lock);
    if (!connection || owner != getpid()) {
        connection = NULL; /* the parent's belongs to the parent */
        error = dir ? simxen_open(&connection, dir, domid ? (uint32_t)strtoul(domid, NULL, 10) : 0)
                    : -ENOENT;
        owner = getpid();
    }
    struct simxen *result = connection;
    pthread_mutex_unlock(&lock);
    if (error)
        errno = -error;
    return result;
}

int process_result(int result)
{
    if (result >= 0)
        return result;
    errno = -result;
    return -1;
}
