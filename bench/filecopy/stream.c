/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stream.exe sink: reads its input to the end. stream.exe source BYTES: writes so many. What a
 * qrexec stream carries when nothing is done with the bytes.
 */
#include <windows.h>

int wmain(int Count, PWSTR Arguments[])
{
    static BYTE Buffer[1 << 20];
    DWORD Done;

    if (Count == 2) {
        while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), Buffer, sizeof(Buffer), &Done, NULL) &&
               Done > 0)
            ;
        return 0;
    }
    for (LONGLONG Left = Count == 3 ? _wtoi64(Arguments[2]) : 0; Left > 0; Left -= Done) {
        DWORD Wanted = Left < (LONGLONG)sizeof(Buffer) ? (DWORD)Left : sizeof(Buffer);

        if (!WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), Buffer, Wanted, &Done, NULL))
            return 1;
    }
    return 0;
}
