/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which Windows the model is: what RtlGetVersion says, which routines MmGetSystemRoutineAddress
 * finds, which pool types exist. A test chooses (nt_test.windows) or leaves it to the seed.
 */
#ifndef NT_MODEL_WINDOWS_H
#define NT_MODEL_WINDOWS_H

enum windows_version {
    WINDOWS_BY_SEED,
    WINDOWS_7,       /* 6.1, build 7601 */
    WINDOWS_8,       /* 6.2, build 9200 */
    WINDOWS_10_1607, /* 10.0, build 14393 */
    WINDOWS_10_2004, /* 10.0, build 19041 */
    WINDOWS_11,      /* 10.0, build 22631 */
};

enum windows_version windows_version(void);
void windows_set(enum windows_version version);

/* A routine that MmGetSystemRoutineAddress finds, from that version on:
 *     SYSTEM_ROUTINE(ExAllocatePool2, WINDOWS_10_2004); */
struct system_routine {
    const char *name;
    void (*address)(void);
    enum windows_version since;
};

#define SYSTEM_ROUTINE(routine, first)                                                             \
    static const struct system_routine system_routine_##routine = {                                \
        #routine, (void (*)(void))routine, first};                                                 \
    static const struct system_routine *const system_routine_list_##routine                        \
        __attribute__((used, section("nt_routines"))) = &system_routine_##routine

#endif
