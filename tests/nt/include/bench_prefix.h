/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the compiler of Windows drivers knows by itself and gcc on Linux must be told. Included
 * before every file that the NT bench builds with the DDK's headers (tests/nt/meson.build), drivers
 * and model alike.
 *
 * The bench uses one calling convention everywhere, the host's: __stdcall, __cdecl and __fastcall
 * are empty. (Under ms_abi the calls of memcpy() and those that the sanitizers insert would go
 * wrong.) A host that loads shipped .sys files builds the same model with -mabi=ms.
 *
 * Atomic operations of several CPUs are points at which the scheduler may let another CPU run, so
 * code without locks is interleaved as well.
 */
#ifndef BENCH_PREFIX_H
#define BENCH_PREFIX_H

#define __INTRIN_H_ /* the header of the compiler's built-in functions: below instead */
#define _INTRIN_H_
#define _WIN32      1
#define _WIN64      1
#define WIN32       1
#define __MINGW64__ 1
#define __MINGW32__ 1
#define _AMD64_     1
#define __int64 long
#define __cdecl
#define __stdcall
#define __fastcall
#define __declspec(x) __attribute__((x))
#define selectany weak /* what each file that has <initguid.h> defines */
#ifndef DBG
#define DBG 1
#endif

/* The host's C library has wide characters of four bytes: these are the model's (rtl_string.c). */
#define wcslen  nt_wcslen
#define wcsnlen nt_wcsnlen
#define wcscmp  nt_wcscmp
#define wcsncmp nt_wcsncmp
#define wcscpy  nt_wcscpy
#define wcsncpy nt_wcsncpy
#define wcscat  nt_wcscat
#define wcschr  nt_wcschr
#define wcsrchr nt_wcsrchr
#define wcsstr  nt_wcsstr

/* The model's side of what is no function call on Windows (model/ke_irql.c, model/sched.c). */
void BenchSchedulePoint(void);
void BenchYieldProcessor(void);
unsigned char BenchReadCr8(void);
void BenchUnsupported(const char *what) __attribute__((noreturn));

#define __readcr8()           BenchReadCr8()
#define __writecr8(x)         BenchUnsupported("__writecr8")
#define __readgsqword(offset) ((unsigned long)(BenchUnsupported("__readgsqword"), 0))
#define __readgsword(offset)  ((unsigned short)(BenchUnsupported("__readgsword"), 0))
#define _mm_pause             BenchYieldProcessor
#define __int2c()             BenchUnsupported("DbgRaiseAssertionFailure")

#define BENCH_ATOMIC(ret, name, param, expr)                                                       \
    static inline __attribute__((unused)) ret name param                                           \
    {                                                                                              \
        BenchSchedulePoint();                                                                      \
        return (ret)(expr);                                                                        \
    }

#define BENCH_SEQ __ATOMIC_SEQ_CST
#define BENCH_ATOMICS(type, suffix)                                                                \
    BENCH_ATOMIC(type, _InterlockedIncrement##suffix, (volatile type * p),                         \
                 __atomic_add_fetch(p, 1, BENCH_SEQ))                                              \
    BENCH_ATOMIC(type, _InterlockedDecrement##suffix, (volatile type * p),                         \
                 __atomic_sub_fetch(p, 1, BENCH_SEQ))                                              \
    BENCH_ATOMIC(type, _InterlockedExchangeAdd##suffix, (volatile type * p, type v),               \
                 __atomic_fetch_add(p, v, BENCH_SEQ))                                              \
    BENCH_ATOMIC(type, _InterlockedAdd##suffix, (volatile type * p, type v),                       \
                 __atomic_add_fetch(p, v, BENCH_SEQ))                                              \
    BENCH_ATOMIC(type, _InterlockedExchange##suffix, (volatile type * p, type v),                  \
                 __atomic_exchange_n(p, v, BENCH_SEQ))                                             \
    BENCH_ATOMIC(                                                                                  \
        type, _InterlockedCompareExchange##suffix, (volatile type * p, type v, type expected),     \
        (__atomic_compare_exchange_n(p, &expected, v, 0, BENCH_SEQ, BENCH_SEQ), expected))         \
    BENCH_ATOMIC(type, _InterlockedOr##suffix, (volatile type * p, type v),                        \
                 __atomic_fetch_or(p, v, BENCH_SEQ))                                               \
    BENCH_ATOMIC(type, _InterlockedAnd##suffix, (volatile type * p, type v),                       \
                 __atomic_fetch_and(p, v, BENCH_SEQ))                                              \
    BENCH_ATOMIC(type, _InterlockedXor##suffix, (volatile type * p, type v),                       \
                 __atomic_fetch_xor(p, v, BENCH_SEQ))

/* LONG is `int` here (4 bytes, see _mingw.h's __LONG32); gcc checks that the types agree. */
BENCH_ATOMICS(int, )
BENCH_ATOMICS(long, 64)
BENCH_ATOMICS(short, 16)
BENCH_ATOMICS(char, 8)
BENCH_ATOMIC(void *, _InterlockedExchangePointer, (void *volatile *p, void *v),
             __atomic_exchange_n(p, v, BENCH_SEQ))
BENCH_ATOMIC(void *, _InterlockedCompareExchangePointer,
             (void *volatile *p, void *v, void *expected),
             (__atomic_compare_exchange_n(p, &expected, v, 0, BENCH_SEQ, BENCH_SEQ), expected))
BENCH_ATOMIC(unsigned char, _interlockedbittestandset, (volatile int *p, int bit),
             (__atomic_fetch_or(p, 1 << bit, BENCH_SEQ) >> bit) & 1)
BENCH_ATOMIC(unsigned char, _interlockedbittestandreset, (volatile int *p, int bit),
             (__atomic_fetch_and(p, ~(1 << bit), BENCH_SEQ) >> bit) & 1)

#define _ReadWriteBarrier() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define _ReadBarrier()      __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define _WriteBarrier()     __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define _mm_mfence()        __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define _mm_lfence()        __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define _mm_sfence()        __atomic_thread_fence(__ATOMIC_RELEASE)
#define __faststorefence()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define _ReturnAddress()    __builtin_return_address(0)

static inline __attribute__((unused)) unsigned char _BitScanForward(unsigned int *index,
                                                                    unsigned int mask)
{
    *index = mask ? (unsigned int)__builtin_ctz(mask) : 0;
    return mask != 0;
}

static inline __attribute__((unused)) unsigned char _BitScanReverse(unsigned int *index,
                                                                    unsigned int mask)
{
    *index = mask ? 31u - (unsigned int)__builtin_clz(mask) : 0;
    return mask != 0;
}

static inline __attribute__((unused)) unsigned char _BitScanForward64(unsigned int *index,
                                                                      unsigned long mask)
{
    *index = mask ? (unsigned int)__builtin_ctzl(mask) : 0;
    return mask != 0;
}

static inline __attribute__((unused)) unsigned char _BitScanReverse64(unsigned int *index,
                                                                      unsigned long mask)
{
    *index = mask ? 63u - (unsigned int)__builtin_clzl(mask) : 0;
    return mask != 0;
}

#endif
