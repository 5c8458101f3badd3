/* SPDX-License-Identifier: BSD-2-Clause */
/* The requests that processes have in the system, see requests.h. */
#include "model/requests.h"

BOOLEAN requests_cancel_all(PEPROCESS process)
{
    return TRUE;
}
