#define _GNU_SOURCE

#include "child.h"
#include "harness.h"

#include "os/lock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct kn_lock low = KN_LOCK_INITIALIZER(KN_RANK_HEAP);
static struct kn_lock high = KN_LOCK_INITIALIZER(KN_RANK_REGION);

KN_TEST(lock, is_held_between_acquire_and_release)
{
    ck_assert(!kn_lock_is_held(&low));
    kn_lock_acquire(&low);
    ck_assert(kn_lock_is_held(&low));
    kn_lock_acquire(&high);
    kn_lock_release(&low);
    ck_assert(!kn_lock_is_held(&low) && kn_lock_is_held(&high));
    kn_lock_release(&high);
    ck_assert_uint_eq(kn_lock_contended(&low), 0);
}

KN_TEST(lock, init_makes_a_free_lock_of_any_memory)
{
    struct kn_lock lock;
    memset(&lock, 0xff, sizeof(lock));
    kn_lock_init(&lock, KN_RANK_META);
    ck_assert(!kn_lock_is_held(&lock));
    ck_assert_uint_eq(kn_lock_contended(&lock), 0);
    kn_lock_acquire(&lock);
    kn_lock_release(&lock);
}

KN_TEST(lock, every_rank_has_a_name)
{
    for (int rank = 0; rank < KN_RANK_COUNT; rank++)
        ck_assert_str_ne(kn_lock_rank_name((enum kn_lock_rank)rank), "unknown");
    ck_assert_str_eq(kn_lock_rank_name(KN_RANK_COUNT), "unknown");
    ck_assert_str_eq(kn_lock_rank_name(KN_RANK_PAGE_HEAP), "page heap");
}

static void *acquire_and_release(void *arg)
{
    struct kn_lock *lock = arg;
    errno = 4711;
    kn_lock_acquire(lock);
    kn_lock_release(lock);
    return errno == 4711 ? NULL : lock;
}

KN_TEST(lock, waiters_sleep_until_release_and_are_counted)
{
    enum { WAITERS = 4 };
    pthread_t threads[WAITERS];
    kn_lock_acquire(&low);
    for (int i = 0; i < WAITERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, acquire_and_release, &low), 0);
    usleep(50000);
    ck_assert_uint_eq(kn_lock_contended(&low), 0);
    kn_lock_release(&low);
    for (int i = 0; i < WAITERS; i++) {
        void *failed = NULL;
        ck_assert_int_eq(pthread_join(threads[i], &failed), 0);
        ck_assert_ptr_null(failed);
    }
    ck_assert(!kn_lock_is_held(&low));
    ck_assert_uint_ge(kn_lock_contended(&low), 1);
    ck_assert_uint_le(kn_lock_contended(&low), WAITERS);
}

/* ---- fork ---- */

static void take_both(void)
{
    kn_lock_fork_begin();
    kn_lock_fork_take(&low);
    kn_lock_fork_take(&high);
}

static void pass_through(void)
{
    kn_lock_acquire(&low);
    kn_lock_acquire(&high);
    kn_lock_release(&high);
    kn_lock_release(&low);
}

static void give_both(void)
{
    kn_lock_fork_give(&low);
    kn_lock_fork_give(&high);
    kn_lock_fork_end(false);
}

KN_TEST(lock, forking_thread_passes_through_what_it_took)
{
    take_both();
    pass_through();
    ck_assert(kn_lock_is_held(&low) && kn_lock_is_held(&high));
    pass_through();
    give_both();
    ck_assert(!kn_lock_is_held(&low) && !kn_lock_is_held(&high));
    pass_through();
    ck_assert_uint_eq(kn_lock_contended(&low), 0);
}

KN_TEST(lock, forking_thread_excludes_others_from_what_it_took)
{
    pthread_t thread;
    take_both();
    ck_assert_int_eq(pthread_create(&thread, NULL, acquire_and_release, &high), 0);
    pass_through();
    usleep(20000);
    ck_assert_uint_eq(kn_lock_contended(&high), 0);
    give_both();
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_eq(kn_lock_contended(&high), 1);
}

KN_TEST(lock, child_gets_free_locks_by_reset)
{
    pthread_t thread;
    take_both();
    ck_assert_int_eq(pthread_create(&thread, NULL, acquire_and_release, &low), 0);
    pid_t child = _Fork(); /* without the handlers that the library has registered */
    if (child == 0) {
        pass_through();
        kn_lock_fork_reset(&low);
        kn_lock_fork_reset(&high);
        kn_lock_fork_end(true);
        bool is_free = !kn_lock_is_held(&low) && !kn_lock_is_held(&high);
        pass_through();
        take_both();
        give_both();
        _exit(is_free ? 0 : 1);
    }
    give_both();
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

/* ---- misuse, in debug builds ---- */

#if KN_DEBUG

static void acquire_downwards(void *arg)
{
    (void)arg;
    kn_lock_acquire(&high);
    kn_lock_acquire(&low);
}

KN_TEST(lock, dies_naming_both_ranks_when_taken_in_wrong_order)
{
    struct kn_child child;
    kn_child_call(&child, acquire_downwards, NULL);
    kn_child_assert_signal(&child, SIGABRT);
    kn_child_assert_says(&child, "knoll: lock rank: acquiring \"heap\" while holding \"region\"\n");
}

static void acquire_two_of_a_rank(void *arg)
{
    (void)arg;
    static struct kn_lock twin = KN_LOCK_INITIALIZER(KN_RANK_HEAP);
    kn_lock_acquire(&low);
    kn_lock_acquire(&twin);
}

KN_TEST(lock, dies_when_two_of_one_rank_are_taken)
{
    struct kn_child child;
    kn_child_call(&child, acquire_two_of_a_rank, NULL);
    kn_child_assert_signal(&child, SIGABRT);
    kn_child_assert_says(&child, "acquiring \"heap\" while holding \"heap\"");
}

static void release_what_is_not_held(void *arg)
{
    (void)arg;
    kn_lock_release(&low);
}

KN_TEST(lock, dies_when_released_without_being_held)
{
    struct kn_child child;
    kn_child_call(&child, release_what_is_not_held, NULL);
    kn_child_assert_signal(&child, SIGABRT);
    kn_child_assert_says(&child, "releasing \"heap\" while holding \"nothing\"");
}

#endif
