/*
 * The identity of the calling thread without a system call.
 *
 * The thread pointer register holds the address of the thread's control block. It is distinct among
 * the threads alive at one time, aligned to at least eight bytes, stays the same in the child of a
 * fork, and works before libc has finished starting the thread. A thread created later may get the
 * same value.
 */
#ifndef KN_OS_THREAD_ID_H
#define KN_OS_THREAD_ID_H

#include "base/compiler.h"

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) && !defined(__ILP32__)

/* Never 0. Cost: one load. The first word of the control block holds its own address by the ABI. */
KN_INLINE size_t kn_os_thread_id(void)
{
    size_t id;
    __asm__("movq %%fs:0, %0" : "=r"(id));
    return id;
}

#elif defined(__aarch64__) && !defined(__ILP32__)

KN_INLINE size_t kn_os_thread_id(void)
{
    size_t id;
    __asm__("mrs %0, tpidr_el0" : "=r"(id));
    return id;
}

#else

size_t kn_os_thread_id(void);

#endif

#endif
