/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a command names a user: "user" (of whatever domain), "DOMAIN\user", or ".\user" (of this
 * computer). Case does not count.
 */
#pragma once

#include <windows.h>

/* Does Wanted name the account Name of Domain, on the computer of that name? */
BOOL UserNameIsOf(_In_ PCWSTR Wanted, _In_ PCWSTR Domain, _In_ PCWSTR Name, _In_ PCWSTR Computer);
