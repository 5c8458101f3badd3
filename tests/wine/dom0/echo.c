/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's service test.Echo for the end-to-end tests: gives back every byte of stdin, says how
 * many on stderr, and ends with the exit code that is its argument (default 0). After --arguments
 * it says what its other arguments are, each on a line in brackets.
 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    static char bytes[65536];
    HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_OUTPUT_HANDLE);
    unsigned long long total = 0;
    DWORD got, written;

    if (argc > 1 && strcmp(argv[1], "--arguments") == 0) {
        for (int i = 2; i < argc; i++)
            printf("[%s]\n", argv[i]);
        return 0;
    }
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
