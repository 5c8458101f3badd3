/* SPDX-License-Identifier: BSD-2-Clause */
/* See windows/kernel/common/event_type.h: nothing is imported here. */
#include "windows/kernel/common/event_type.h"

POBJECT_TYPE EventObjectType(VOID)
{
    return *ExEventObjectType;
}
