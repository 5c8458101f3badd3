/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether only those who own the machine can change what a folder holds: SYSTEM, administrators,
 * Windows itself and this process's user. All is asked of opened objects, and links are not
 * followed, so that an answer is never about another object than the one meant. Any thread.
 *
 * Each function: ERROR_SUCCESS; ERROR_ACCESS_DENIED: others may, or it is a link; another: why it
 * could not be looked at.
 */
#pragma once

#include <windows.h>

/* A folder, which nobody else owns or may write to. Its path is not looked at. */
DWORD FolderIsGuarded(_In_ PCWSTR Path);

/* The same for a folder with all that is above it, from the drive's root down. Above it others may
 * add to folders, as Windows lets them in C:\ and %ProgramData%, but not take away, rename or
 * replace what is on the path. A volume may be mounted on it, on a folder to which others may not
 * write. Who could not change the path before cannot between this and its use. Path: absolute, with
 * a drive letter, without "." and "..". */
DWORD PathIsGuarded(_In_ PCWSTR Path);

/* File: with READ_CONTROL and FILE_READ_ATTRIBUTES, opened with FILE_FLAG_OPEN_REPARSE_POINT. */
DWORD FileIsGuarded(_In_ HANDLE File);
