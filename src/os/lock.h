/*
 * A small mutual-exclusion lock on a futex, with ranks.
 *
 * state:   FREE --acquire--> HELD --another waits--> SLEEPERS (held, and somebody may sleep)
 *            ^                 |                         |
 *            +--- release -----+------ release + wake ---+
 *            ^
 *            +--- give + wake -- FORK <-- take (by a thread that forks, from any of the others)
 *
 * Invariants. Exactly one thread is between acquire and release of a lock. A thread that sleeps
 * sleeps on SLEEPERS or FORK; whoever ends either state wakes one sleeper, and a woken sleeper
 * takes the lock as SLEEPERS, so that its release wakes the next one.
 *
 * Ranks. Every lock has a rank from the list below. A thread takes locks in strictly increasing
 * order of rank: hence no cycle of waiting threads, and never two locks of one rank at a time.
 * Debug builds check this in every acquisition and end the process with a message that names both
 * ranks.
 *
 * Fork. The handler that runs before a fork must take every lock, yet other libraries' fork
 * handlers may run after it and allocate. So locks taken by kn_lock_fork_take let the forking
 * thread pass: its own acquire and release have no effect until the lock is given back. The other
 * threads wait.
 *
 *     before:  kn_lock_fork_begin(); kn_lock_fork_take(each lock, in order of rank)
 *     parent:  kn_lock_fork_give(each lock); kn_lock_fork_end(false)
 *     child:   kn_lock_fork_reset(each lock); kn_lock_fork_end(true)
 *
 * Locks of one rank may all be taken this way. A lock left out works as ever in the parent, and in
 * the child stays held for ever if another thread held it.
 *
 * Memory order. acquire is an acquire operation and pairs with the release operation in release,
 * which is all a lock needs: what was written before a release is seen after the acquire that
 * follows it. Going to sleep needs no order, because the kernel compares the state under its own
 * lock before it puts a thread to sleep, and the waker changes the state before it enters the
 * kernel.
 *
 * Waiting. A waiter spins for a bounded while before it sleeps in the kernel, never for a fixed
 * time. How long follows from whether spinning on this lock has lately paid, so on one processor,
 * where it cannot pay, it soon falls to nothing, and nobody has to ask the kernel for the number of
 * processors.
 *
 * Thread safety: any thread; not from a signal handler. errno is untouched.
 * Cost: acquire and release are one atomic instruction each while nobody else wants the lock.
 *
 * After Ulrich Drepper, "Futexes are tricky" (the three states).
 */
#ifndef KN_OS_LOCK_H
#define KN_OS_LOCK_H

#include "base/atomic.h"
#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

/* Ranks, first to be taken first. */
#define KN_LOCK_RANKS(X)                                                                           \
    X(SPECIAL, "specialised allocator")                                                            \
    X(INIT, "init")                                                                                \
    X(OPTIONS, "options")                                                                          \
    X(HEAP_LIST, "heap list")                                                                      \
    X(HEAP, "heap")                                                                                \
    X(ORPHANS, "orphans")                                                                          \
    X(PAGE_HEAP, "page heap")                                                                      \
    X(REGION, "region")                                                                            \
    X(META, "meta")                                                                                \
    X(SOURCE, "source")                                                                            \
    X(STATS, "stats")                                                                              \
    X(REPORT, "report")

enum kn_lock_rank {
#define KN_LOCK_RANK_ENUM(name, text) KN_RANK_##name,
    KN_LOCK_RANKS(KN_LOCK_RANK_ENUM)
#undef KN_LOCK_RANK_ENUM
        KN_RANK_COUNT
};

struct kn_lock {
    _Atomic uint32_t state;     /* one of KN_LOCK_FREE ... KN_LOCK_FORK; the futex */
    _Atomic uint32_t contended; /* acquisitions that had to wait; written by the holder only */
    uint8_t rank;               /* enum kn_lock_rank */
    _Atomic uint8_t spins;      /* how often the next waiter looks before it sleeps; a guess */
};

KN_STATIC_ASSERT(sizeof(struct kn_lock) == 12, "small enough to stand beside what it protects");

enum {
    KN_LOCK_FREE,
    KN_LOCK_HELD,
    KN_LOCK_SLEEPERS,
    KN_LOCK_FORK,
};

enum { KN_LOCK_SPINS_START = 16 };

KN_STATIC_ASSERT(KN_RANK_COUNT <= 32, "a thread's ranks are bits of one word");

/* A free lock of rank KN_RANK_<name>, for objects with static storage. */
#define KN_LOCK_INITIALIZER(rank_)                                                                 \
    {                                                                                              \
        .rank = (rank_), .spins = KN_LOCK_SPINS_START                                              \
    }

/* Makes a free lock of any memory. The lock must not be in use. */
void kn_lock_init(struct kn_lock *lock, enum kn_lock_rank rank);

/* Slow halves of acquire and release; not for use elsewhere. */
void kn_lock_wait(struct kn_lock *lock);
void kn_lock_wake(struct kn_lock *lock);

#if KN_DEBUG
void kn_lock_rank_enter(const struct kn_lock *lock);
void kn_lock_rank_leave(const struct kn_lock *lock);
#else
KN_INLINE void kn_lock_rank_enter(const struct kn_lock *lock)
{
    (void)lock;
}
KN_INLINE void kn_lock_rank_leave(const struct kn_lock *lock)
{
    (void)lock;
}
#endif

/* Waits until the calling thread has the lock. The thread must hold no lock of this rank or a
 * higher one. */
KN_INLINE void kn_lock_acquire(struct kn_lock *lock)
{
    uint32_t state = KN_LOCK_FREE;
    kn_lock_rank_enter(lock);
    /* Acquire: pairs with the release in kn_lock_release, kn_lock_wake and kn_lock_fork_give. */
    if (KN_UNLIKELY(!kn_cas_strong_acquire(&lock->state, &state, KN_LOCK_HELD)))
        kn_lock_wait(lock);
}

/* Gives back a lock which the calling thread has acquired. */
KN_INLINE void kn_lock_release(struct kn_lock *lock)
{
    uint32_t state = KN_LOCK_HELD;
    kn_lock_rank_leave(lock);
    /* Release: pairs with the acquire in kn_lock_acquire and kn_lock_wait. */
    if (KN_UNLIKELY(!kn_cas_strong_release(&lock->state, &state, KN_LOCK_FREE)))
        kn_lock_wake(lock);
}

/*
 * Whether the lock is held, by whomever; in debug builds, whether it is held and the calling thread
 * holds a lock of its rank. For assertions.
 */
bool kn_lock_is_held(const struct kn_lock *lock);

/* How many acquisitions had to wait so far; wraps around. May lag behind while the lock is in use.
 */
KN_INLINE uint32_t kn_lock_contended(const struct kn_lock *lock)
{
    return kn_load_relaxed(&lock->contended);
}

/* The word for a rank in messages and reports. */
const char *kn_lock_rank_name(enum kn_lock_rank rank);

/* Makes the caller the forking thread; waits while another thread is. The thread must hold no lock.
 */
void kn_lock_fork_begin(void);
/* Takes a lock for the forking thread, which passes through it until it is given back. */
void kn_lock_fork_take(struct kn_lock *lock);
/* In the parent: gives back a lock so taken. In any order. */
void kn_lock_fork_give(struct kn_lock *lock);
/* In the child, which has one thread: makes a lock so taken free again; the other waiters do not
 * exist. */
void kn_lock_fork_reset(struct kn_lock *lock);
/* Ends what kn_lock_fork_begin began, once every lock has been given back or reset. */
void kn_lock_fork_end(bool is_child);

#endif
