/* SPDX-License-Identifier: BSD-2-Clause */
/* See event_type.h: what the compiler reads here is NT's variable. The bench has another file. */
#include "event_type.h"

POBJECT_TYPE EventObjectType(VOID)
{
    return (POBJECT_TYPE)ExEventObjectType;
}
