#include "os/lock.h"

#include "base/assert.h"
#include "base/fmt.h"
#include "os/os.h"
#include "os/syscall.h"

#include <stddef.h>

#ifdef SYS_futex
#define KN_SYS_FUTEX SYS_futex
#else
#define KN_SYS_FUTEX SYS_futex_time64
#endif

/* Operations of the futex call on a word that no other process shares. */
enum {
    WAIT_PRIVATE = 128,
    WAKE_PRIVATE = 129,
};

enum {
    SPINS_MAX = 64,
    /* Every so many contended acquisitions spinning gets another trial, should it have fallen to
       nothing. */
    SPINS_RETRY_PERIOD = 64,
};

/* The thread between kn_lock_fork_begin and kn_lock_fork_end, 0 if none. Written by that thread
 * only. */
static _Atomic size_t fork_owner;
/* Held by the forking thread. Not ranked, since every ranked lock is taken after it. */
static _Atomic uint32_t fork_state;
/* Rank of the lock that the forking thread took last. */
static uint8_t fork_rank;

/* Sleeps unless the word has another value by now; may wake for no reason. */
static void sleep_on(_Atomic uint32_t *word, uint32_t value)
{
    (void)kn_syscall(KN_SYS_FUTEX, word, WAIT_PRIVATE, value, NULL);
}

static void wake_one(_Atomic uint32_t *word)
{
    (void)kn_syscall(KN_SYS_FUTEX, word, WAKE_PRIVATE, 1);
}

/*
 * Whether the calling thread is the forking one. Relaxed: a thread sees its own stores, and any
 * other value means another thread whatever it is.
 */
static bool is_fork_owner(void)
{
    return kn_load_relaxed(&fork_owner) == kn_os_thread_id();
}

void kn_lock_init(struct kn_lock *lock, enum kn_lock_rank rank)
{
    /* Relaxed: a lock is made known to other threads by other means, which order these stores. */
    kn_store_relaxed(&lock->state, KN_LOCK_FREE);
    kn_store_relaxed(&lock->contended, 0);
    kn_store_relaxed(&lock->spins, KN_LOCK_SPINS_START);
    lock->rank = (uint8_t)rank;
}

/* Looks at the lock until it is free, `spins` times at most; takes it if it can. */
static bool try_spin(struct kn_lock *lock, unsigned spins)
{
    for (unsigned i = 0; i < spins; i++) {
        uint32_t state = kn_load_relaxed(&lock->state);
        if (state == KN_LOCK_FORK)
            return false;
        /* Acquire: pairs as in kn_lock_acquire. */
        if (state == KN_LOCK_FREE && kn_cas_weak_acquire(&lock->state, &state, KN_LOCK_HELD))
            return true;
        kn_cpu_pause();
    }
    return false;
}

/*
 * Takes the lock, sleeping while it is not free. Marks it SLEEPERS even when taking it, because
 * others may sleep that this thread cannot know of. False if this is the forking thread, which
 * passes through.
 */
static bool try_sleep(struct kn_lock *lock)
{
    for (;;) {
        uint32_t state = kn_load_relaxed(&lock->state);
        if (state == KN_LOCK_FREE) {
            /* Acquire: pairs as in kn_lock_acquire. */
            if (kn_cas_weak_acquire(&lock->state, &state, KN_LOCK_SLEEPERS))
                return true;
            continue;
        }
        if (state == KN_LOCK_FORK && is_fork_owner())
            return false;
        if (state == KN_LOCK_HELD) {
            if (!kn_cas_weak_relaxed(&lock->state, &state, KN_LOCK_SLEEPERS))
                continue;
            state = KN_LOCK_SLEEPERS;
        }
        sleep_on(&lock->state, state);
    }
}

/* Called by the holder, so plain arithmetic on the counters is exact. */
static void record_wait(struct kn_lock *lock, unsigned spins, bool has_spinning_paid)
{
    uint32_t contended = kn_load_relaxed(&lock->contended) + 1;
    kn_store_relaxed(&lock->contended, contended);
    if (has_spinning_paid)
        spins = spins < SPINS_MAX / 2 ? spins * 2 : SPINS_MAX;
    else if (contended % SPINS_RETRY_PERIOD == 0)
        spins = KN_LOCK_SPINS_START;
    else
        spins = spins / 2;
    kn_store_relaxed(&lock->spins, (uint8_t)spins);
}

KN_NOINLINE void kn_lock_wait(struct kn_lock *lock)
{
    unsigned spins = kn_load_relaxed(&lock->spins);
    bool has_spinning_paid = try_spin(lock, spins);
    if (has_spinning_paid || try_sleep(lock))
        record_wait(lock, spins, has_spinning_paid);
}

KN_NOINLINE void kn_lock_wake(struct kn_lock *lock)
{
    uint32_t state = kn_load_relaxed(&lock->state);
    if (state == KN_LOCK_FORK) {
        KN_ASSERT(is_fork_owner());
        return;
    }
    KN_ASSERT(state == KN_LOCK_SLEEPERS);
    /* Release: pairs with the acquire in kn_lock_acquire and kn_lock_wait. */
    kn_store_release(&lock->state, KN_LOCK_FREE);
    wake_one(&lock->state);
}

void kn_lock_fork_begin(void)
{
    uint32_t state = KN_LOCK_FREE;
    /* Acquire: pairs with the release in kn_lock_fork_end. Forks are rare, so there is one kind of
     * held. */
    while (!kn_cas_strong_acquire(&fork_state, &state, KN_LOCK_SLEEPERS)) {
        sleep_on(&fork_state, KN_LOCK_SLEEPERS);
        state = KN_LOCK_FREE;
    }
    kn_store_relaxed(&fork_owner, kn_os_thread_id());
    fork_rank = 0;
}

void kn_lock_fork_take(struct kn_lock *lock)
{
    KN_ASSERT(is_fork_owner() && lock->rank >= fork_rank);
    uint32_t state = KN_LOCK_FREE;
    /* Checked as for any lock, but not noted: locks of one rank are taken together here, and
     * passing through enters them again. */
    kn_lock_rank_enter(lock);
    kn_lock_rank_leave(lock);
    fork_rank = lock->rank;
    /* Acquire: pairs as in kn_lock_acquire. */
    if (!kn_cas_strong_acquire(&lock->state, &state, KN_LOCK_HELD))
        kn_lock_wait(lock);
    /*
     * Relaxed: the lock is this thread's. Sleepers that are forgotten here are woken by
     * kn_lock_fork_give, and the kernel lets no thread fall asleep on a state that is over.
     */
    kn_store_relaxed(&lock->state, KN_LOCK_FORK);
}

void kn_lock_fork_give(struct kn_lock *lock)
{
    KN_ASSERT(is_fork_owner() && kn_load_relaxed(&lock->state) == KN_LOCK_FORK);
    /* Release: pairs as in kn_lock_release. */
    kn_store_release(&lock->state, KN_LOCK_FREE);
    wake_one(&lock->state);
}

void kn_lock_fork_reset(struct kn_lock *lock)
{
    KN_ASSERT(is_fork_owner() && kn_load_relaxed(&lock->state) == KN_LOCK_FORK);
    kn_store_relaxed(&lock->state, KN_LOCK_FREE);
}

void kn_lock_fork_end(bool is_child)
{
    KN_ASSERT(is_fork_owner());
    kn_store_relaxed(&fork_owner, 0);
    /* Release: pairs with the acquire in kn_lock_fork_begin. */
    kn_store_release(&fork_state, KN_LOCK_FREE);
    if (!is_child)
        wake_one(&fork_state);
}

const char *kn_lock_rank_name(enum kn_lock_rank rank)
{
    static const char *const names[] = {
#define KN_LOCK_RANK_TEXT(name, text) [KN_RANK_##name] = text,
        KN_LOCK_RANKS(KN_LOCK_RANK_TEXT)
#undef KN_LOCK_RANK_TEXT
    };
    KN_STATIC_ASSERT(KN_ARRAY_LEN(names) == KN_RANK_COUNT, "each rank has a name");
    return (unsigned)rank < KN_RANK_COUNT ? names[rank] : "unknown";
}

#if KN_DEBUG

/* The ranks of the locks that the calling thread holds, one bit each. */
static _Thread_local uint32_t held_ranks;

bool kn_lock_is_held(const struct kn_lock *lock)
{
    uint32_t state = kn_load_relaxed(&lock->state);
    if (state == KN_LOCK_FORK)
        return is_fork_owner();
    return state != KN_LOCK_FREE && (held_ranks >> lock->rank & 1) != 0;
}

static KN_NORETURN KN_COLD void die_of_rank(const char *what, const struct kn_lock *lock)
{
    char line[160];
    const char *holding = "nothing";
    if (held_ranks != 0)
        holding = kn_lock_rank_name((enum kn_lock_rank)(31 - __builtin_clz(held_ranks)));
    size_t bytes =
        kn_format(line, sizeof(line), "knoll: lock rank: %s \"%s\" while holding \"%s\"\n", what,
                  kn_lock_rank_name((enum kn_lock_rank)lock->rank), holding);
    (void)kn_os_write(2, line, bytes);
    kn_os_abort();
}

void kn_lock_rank_enter(const struct kn_lock *lock)
{
    if (held_ranks >> lock->rank != 0)
        die_of_rank("acquiring", lock);
    held_ranks |= UINT32_C(1) << lock->rank;
}

void kn_lock_rank_leave(const struct kn_lock *lock)
{
    if ((held_ranks >> lock->rank & 1) == 0)
        die_of_rank("releasing", lock);
    held_ranks &= ~(UINT32_C(1) << lock->rank);
}

#else

bool kn_lock_is_held(const struct kn_lock *lock)
{
    return kn_load_relaxed(&lock->state) != KN_LOCK_FREE;
}

#endif
