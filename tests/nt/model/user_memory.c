/* SPDX-License-Identifier: BSD-2-Clause */
/* A process's user addresses, see user_memory.h. */
#include "model/user_memory.h"
#include "model/process.h"
#include "model/requests.h"

void user_memory_reserve(PEPROCESS process)
{
}

void user_memory_release(PEPROCESS process)
{
}

BOOLEAN requests_cancel_all(PEPROCESS process)
{
    return TRUE;
}
