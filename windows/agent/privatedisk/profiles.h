/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The folder in which Windows makes new users' profiles: ProfilesDirectory of
 * HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList (Microsoft's documentation of the
 * user profile service). What it was stays beside it as CasementProfilesDirectory, for the way
 * back. All functions return Win32 error codes and need an administrator's rights.
 */
#pragma once

#include <windows.h>
#include "core/privatedisk/profiles.h"

DWORD ProfilesLook(_Out_ struct profiles_state *State);
/* Into <PRIVATE_FOLDER>Profiles, which is made with the access list of C:\Users. It is no folder of
 * <PRIVATE_FOLDER>Users, so that the two never take each other's names. ERROR_ACCESS_DENIED: users
 * can write to the one that is there. */
DWORD ProfilesToDisk(void);
/* To where they were; ERROR_SUCCESS also when they are there. */
DWORD ProfilesBack(void);
