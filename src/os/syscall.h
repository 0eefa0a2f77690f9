/*
 * Raw Linux system calls.
 *
 * The allocator runs inside malloc, so it must not enter a libc function that another library may
 * have replaced: wrappers of mmap or open commonly resolve the real function with dlsym, which
 * allocates, which would call back into an allocator that is not ready. Here a system call is one
 * instruction wherever the compiler's target is known. Other targets go through syscall(2), which
 * is next to never interposed.
 *
 * Result: as the kernel returns it, the error being a value from -4095 to -1. errno is never
 * touched. Thread and signal safety: all of it, always.
 */
#ifndef KN_OS_SYSCALL_H
#define KN_OS_SYSCALL_H

#include "base/compiler.h"

#include <sys/syscall.h>

#if defined(__x86_64__) && !defined(__ILP32__)

KN_INLINE long kn_syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    register long fourth __asm__("r10") = d;
    register long fifth __asm__("r8") = e;
    register long sixth __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__) && !defined(__ILP32__)

KN_INLINE long kn_syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    register long call __asm__("x8") = number;
    register long first __asm__("x0") = a;
    register long second __asm__("x1") = b;
    register long third __asm__("x2") = c;
    register long fourth __asm__("x3") = d;
    register long fifth __asm__("x4") = e;
    register long sixth __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(first)
                     : "r"(call), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "memory");
    return first;
}

#else

#include <errno.h>
#include <unistd.h>

KN_INLINE long kn_syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    int saved = errno;
    long result = syscall(number, a, b, c, d, e, f);
    if (result == -1)
        result = -(long)errno;
    errno = saved;
    return result;
}

#endif

/* kn_syscall(number, one to six arguments): arguments are cast to long, missing ones are passed as
 * zero. */
#define KN_SYSCALL_PAD(number, a, b, c, d, e, f, ...)                                              \
    kn_syscall6((number), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define kn_syscall(number, ...) KN_SYSCALL_PAD((number), __VA_ARGS__, 0, 0, 0, 0, 0, 0)

/* The errno value in a system call's result; 0 if the call succeeded. */
KN_INLINE int kn_syscall_error(long result)
{
    return (unsigned long)result > -4096UL ? (int)-result : 0;
}

#endif
