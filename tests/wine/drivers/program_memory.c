/* SPDX-License-Identifier: BSD-2-Clause */
/* See program_memory.h. kernel32.dll is looked up at run time: a driver that imports it is an
 * ordinary DLL to Wine. */
#include "program_memory.h"

#include <windows.h>
#include <process.h>

typedef HANDLE WINAPI open_process_fn(DWORD access, BOOL inherit, DWORD pid);
typedef BOOL WINAPI read_memory_fn(HANDLE process, const void *from, void *to, SIZE_T length,
                                   SIZE_T *got);
typedef BOOL WINAPI close_handle_fn(HANDLE handle);

bool program_memory_read(uint32_t pid, const void *from, void *to, size_t length)
{
    intptr_t kernel32 = _loaddll((char *)"kernel32.dll");
    open_process_fn *open_process = (void *)_getdllprocaddr(kernel32, (char *)"OpenProcess", -1);
    read_memory_fn *read_memory =
        (void *)_getdllprocaddr(kernel32, (char *)"ReadProcessMemory", -1);
    close_handle_fn *close_handle = (void *)_getdllprocaddr(kernel32, (char *)"CloseHandle", -1);
    SIZE_T got = 0;
    HANDLE process;
    bool read;

    process = open_process(PROCESS_VM_READ, FALSE, pid);
    if (process == NULL)
        return false;
    read = read_memory(process, from, to, length, &got) && got == length;
    close_handle(process);
    return read;
}
