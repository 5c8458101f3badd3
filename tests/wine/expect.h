/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks for test programs that run under Wine. A program is a list of tests; each prints a line;
 * a failed expectation names its place and ends the program with code 1.
 */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdio.h>
#include <stdlib.h>

#define EXPECT(Condition)                                                                          \
    do {                                                                                           \
        if (!(Condition)) {                                                                        \
            printf("%s:%d: %s: not so: %s\n", __FILE__, __LINE__, __func__, #Condition);           \
            fflush(stdout);                                                                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Two whole numbers (error codes, counts, sizes). */
#define EXPECT_EQUAL(Value, Wanted)                                                                \
    do {                                                                                           \
        long long Value_ = (long long)(Value), Wanted_ = (long long)(Wanted);                      \
        if (Value_ != Wanted_) {                                                                   \
            printf("%s:%d: %s: %s is %I64d, not %I64d\n", __FILE__, __LINE__, __func__, #Value,    \
                   Value_, Wanted_);                                                               \
            fflush(stdout);                                                                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define RUN(Test)                                                                                  \
    do {                                                                                           \
        Test();                                                                                    \
        printf("ok: %s\n", #Test);                                                                 \
        fflush(stdout);                                                                            \
    } while (0)

#endif
