/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's service test.Echo for the end-to-end tests: gives back every byte of stdin, says
 * how many on stderr, and ends with the exit code that is its argument (default 0).
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    static char bytes[65536];
    HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_OUTPUT_HANDLE);
    unsigned long long total = 0;
    DWORD got, written;

    while (ReadFile(in, bytes, sizeof(bytes), &got, NULL) && got > 0) {
        total += got;
        for (DWORD at = 0; at < got; at += written) {
            if (!WriteFile(out, bytes + at, got - at, &written, NULL))
                return 99;
        }
    }
    fprintf(stderr, "%llu bytes", total);
    return argc > 1 ? atoi(argv[1]) : 0;
}
