/* atomic.h - every atomic operation of the library, with its memory order in its name.
 *
 * Purpose     one place through which atomics go, so that a reader sees the order at each use, and
 *             none is sequentially consistent by omission.
 * Invariants  p points to an _Atomic object. The name's order is that of success; a failed
 *             compare-and-swap has the same order without its release half, which a load cannot
 *             have. Beside each acquire or release stands a comment that names the operation it
 *             pairs with.
 *             Before each exchange and compare-and-swap a test may hold the thread up
 *             (race_point.h).
 * Threads     that is what they are for. All used types are lock-free on supported platforms
 *             (asserted below).
 * Cost        on x86-64, loads and all stores but seq_cst are plain moves, every read-modify-write
 *             is a locked instruction whatever its order; on arm64 the orders matter.
 * Fences      ThreadSanitizer does not see them: prefer an order on the operation itself.
 */
#ifndef KN_BASE_ATOMIC_H
#define KN_BASE_ATOMIC_H

#include "base/compiler.h"
#include "base/race_point.h"

#include <stdatomic.h>

KN_STATIC_ASSERT(ATOMIC_POINTER_LOCK_FREE == 2, "pointers are lock-free");
KN_STATIC_ASSERT(ATOMIC_LONG_LOCK_FREE == 2, "size_t is lock-free");
KN_STATIC_ASSERT(ATOMIC_INT_LOCK_FREE == 2, "uint32_t is lock-free");

#define kn_load_relaxed(p) atomic_load_explicit(p, memory_order_relaxed)
#define kn_load_acquire(p) atomic_load_explicit(p, memory_order_acquire)
#define kn_load_seq_cst(p) atomic_load_explicit(p, memory_order_seq_cst)

#define kn_store_relaxed(p, v) atomic_store_explicit(p, v, memory_order_relaxed)
#define kn_store_release(p, v) atomic_store_explicit(p, v, memory_order_release)
#define kn_store_seq_cst(p, v) atomic_store_explicit(p, v, memory_order_seq_cst)

#define kn_exchange_relaxed(p, v)                                                                  \
    (KN_RACE_POINT(), atomic_exchange_explicit(p, v, memory_order_relaxed))
#define kn_exchange_acquire(p, v)                                                                  \
    (KN_RACE_POINT(), atomic_exchange_explicit(p, v, memory_order_acquire))
#define kn_exchange_release(p, v)                                                                  \
    (KN_RACE_POINT(), atomic_exchange_explicit(p, v, memory_order_release))
#define kn_exchange_acq_rel(p, v)                                                                  \
    (KN_RACE_POINT(), atomic_exchange_explicit(p, v, memory_order_acq_rel))

/* Compare-and-swap: true if *p was *expected and is now `desired`; else *expected is what *p was.
 * The weak form may fail for no reason and belongs in a loop. */
#define KN_CAS(strength, p, expected, desired, success, failure)                                   \
    (KN_RACE_POINT(), atomic_compare_exchange_##strength##_explicit(                               \
                          p, expected, desired, memory_order_##success, memory_order_##failure))
#define kn_cas_weak_relaxed(p, expected, desired)                                                  \
    KN_CAS(weak, p, expected, desired, relaxed, relaxed)
#define kn_cas_weak_acquire(p, expected, desired)                                                  \
    KN_CAS(weak, p, expected, desired, acquire, acquire)
#define kn_cas_weak_release(p, expected, desired)                                                  \
    KN_CAS(weak, p, expected, desired, release, relaxed)
#define kn_cas_weak_acq_rel(p, expected, desired)                                                  \
    KN_CAS(weak, p, expected, desired, acq_rel, acquire)

#define kn_cas_strong_relaxed(p, expected, desired)                                                \
    KN_CAS(strong, p, expected, desired, relaxed, relaxed)
#define kn_cas_strong_acquire(p, expected, desired)                                                \
    KN_CAS(strong, p, expected, desired, acquire, acquire)
#define kn_cas_strong_release(p, expected, desired)                                                \
    KN_CAS(strong, p, expected, desired, release, relaxed)
#define kn_cas_strong_acq_rel(p, expected, desired)                                                \
    KN_CAS(strong, p, expected, desired, acq_rel, acquire)

/* Each gives back the value before the operation. */
#define kn_fetch_add_relaxed(p, v) atomic_fetch_add_explicit(p, v, memory_order_relaxed)
#define kn_fetch_add_acquire(p, v) atomic_fetch_add_explicit(p, v, memory_order_acquire)
#define kn_fetch_add_release(p, v) atomic_fetch_add_explicit(p, v, memory_order_release)
#define kn_fetch_add_acq_rel(p, v) atomic_fetch_add_explicit(p, v, memory_order_acq_rel)

#define kn_fetch_sub_relaxed(p, v) atomic_fetch_sub_explicit(p, v, memory_order_relaxed)
#define kn_fetch_sub_acquire(p, v) atomic_fetch_sub_explicit(p, v, memory_order_acquire)
#define kn_fetch_sub_release(p, v) atomic_fetch_sub_explicit(p, v, memory_order_release)
#define kn_fetch_sub_acq_rel(p, v) atomic_fetch_sub_explicit(p, v, memory_order_acq_rel)

#define kn_fetch_or_relaxed(p, v) atomic_fetch_or_explicit(p, v, memory_order_relaxed)
#define kn_fetch_or_acquire(p, v) atomic_fetch_or_explicit(p, v, memory_order_acquire)
#define kn_fetch_or_release(p, v) atomic_fetch_or_explicit(p, v, memory_order_release)
#define kn_fetch_or_acq_rel(p, v) atomic_fetch_or_explicit(p, v, memory_order_acq_rel)

#define kn_fetch_and_relaxed(p, v) atomic_fetch_and_explicit(p, v, memory_order_relaxed)
#define kn_fetch_and_acquire(p, v) atomic_fetch_and_explicit(p, v, memory_order_acquire)
#define kn_fetch_and_release(p, v) atomic_fetch_and_explicit(p, v, memory_order_release)
#define kn_fetch_and_acq_rel(p, v) atomic_fetch_and_explicit(p, v, memory_order_acq_rel)

/* gcc warns of each fence it compiles for ThreadSanitizer; the text above has said so already. */
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif

KN_INLINE void kn_fence_acquire(void)
{
    atomic_thread_fence(memory_order_acquire);
}

KN_INLINE void kn_fence_release(void)
{
    atomic_thread_fence(memory_order_release);
}

KN_INLINE void kn_fence_seq_cst(void)
{
    atomic_thread_fence(memory_order_seq_cst);
}

#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

/* One turn of a spin loop: lets the sibling hardware thread run, and saves power. */
KN_INLINE void kn_cpu_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    /* isb waits for the pipeline to drain, which is about what pause costs; yield is a no-op on
     * most cores. */
    __asm__ volatile("isb" ::: "memory");
#elif defined(__riscv)
    /* The pause hint of Zihintpause in its encoding as a fence, which older cores execute as
     * such. */
    __asm__ volatile(".4byte 0x0100000f" ::: "memory");
#else
    __asm__ volatile("" ::: "memory");
#endif
}

#endif
