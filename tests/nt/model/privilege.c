/* SPDX-License-Identifier: BSD-2-Clause */
/* Privileges: a number each, held by a process's token. */
#include "model/machine.h"
#include "model/process.h"
#include "model/security.h"

static const char *name_of(LUID privilege)
{
    switch (privilege.LowPart) {
    case SE_LOCK_MEMORY_PRIVILEGE:
        return "SeLockMemoryPrivilege";
    case SE_TCB_PRIVILEGE:
        return "SeTcbPrivilege";
    case SE_LOAD_DRIVER_PRIVILEGE:
        return "SeLoadDriverPrivilege";
    case SE_SHUTDOWN_PRIVILEGE:
        return "SeShutdownPrivilege";
    case SE_DEBUG_PRIVILEGE:
        return "SeDebugPrivilege";
    default:
        return NULL;
    }
}

static BOOLEAN holds(const struct security_token *token, const char *name)
{
    SIZE_T length = strlen(name);

    for (const char *at = token->privileges; *at != 0;) {
        if (strncmp(at, name, length) == 0 && (at[length] == ' ' || at[length] == 0))
            return TRUE;
        while (*at != 0 && *at != ' ')
            at++;
        while (*at == ' ')
            at++;
    }
    return FALSE;
}

BOOLEAN NTAPI SeSinglePrivilegeCheck(LUID PrivilegeValue, KPROCESSOR_MODE PreviousMode)
{
    MODEL_CALL(SeSinglePrivilegeCheck, PASSIVE_LEVEL, PASSIVE_LEVEL,
               "SeSinglePrivilegeCheck function (ntddk.h)");
    if (PreviousMode == KernelMode)
        return TRUE;
    return name_of(PrivilegeValue) != NULL &&
           holds(process_current()->token, name_of(PrivilegeValue));
}
