#include "fake_source.h"

#include "child.h"
#include "harness.h"

#include "base/align.h"
#include "os/os.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static struct kn_fake_source fake;

static char *acquire(size_t bytes)
{
    struct kn_range range;
    ck_assert_int_eq(kn_source_acquire(&fake.source, bytes, 1, &range), 0);
    return range.start;
}

KN_TEST(fake_source, keeps_account_of_parts)
{
    size_t page = kn_os_page_bytes();
    kn_fake_source_init(&fake);
    char *first = acquire(5 * page), *second = acquire(1);
    ck_assert_uint_eq(fake.held_bytes, 6 * page);
    ck_assert_int_eq(kn_source_release(&fake.source, first + page, 2 * page), 0);
    memset(first, 1, page);
    memset(first + 3 * page, 1, 2 * page);
    ck_assert_int_eq(kn_source_release(&fake.source, second, page), 0);
    ck_assert_int_eq(kn_source_release(&fake.source, first, page), 0);
    ck_assert_int_eq(kn_source_release(&fake.source, first + 3 * page, 2 * page), 0);
    kn_fake_source_assert_all_released(&fake);
    ck_assert_uint_eq(fake.calls[KN_FAKE_RELEASE], 4);
}

KN_TEST(fake_source, fails_the_nth_call)
{
    struct kn_range range;
    kn_fake_source_init(&fake);
    acquire(1);
    kn_fake_source_fail(&fake, KN_FAKE_ACQUIRE, 2, 1);
    acquire(1);
    ck_assert_int_eq(kn_source_acquire(&fake.source, 1, 1, &range), ENOMEM);
    acquire(1);
    ck_assert_uint_eq(fake.calls[KN_FAKE_ACQUIRE], 4);
    ck_assert_int_eq(kn_source_acquire(&fake.source, SIZE_MAX, 1, &range), ENOMEM);
}

KN_TEST(fake_source, extends_as_far_as_there_is_room)
{
    size_t page = kn_os_page_bytes();
    struct kn_range range;
    kn_fake_source_init(&fake);
    fake.room_bytes = 3 * page;
    char *start = acquire(page);
    ck_assert_int_eq(kn_source_extend(&fake.source, start + page, 2 * page, &range), 0);
    ck_assert_ptr_eq(range.start, start + page);
    memset(start, 1, 3 * page);
    ck_assert_int_eq(kn_source_extend(&fake.source, start + 3 * page, 2 * page, &range), ENOMEM);
    ck_assert_int_eq(kn_source_release(&fake.source, start, 3 * page), 0);
    kn_fake_source_assert_all_released(&fake);
}

KN_TEST(fake_source, takes_a_part_of_two_ranges_that_adjoin)
{
    size_t page = kn_os_page_bytes();
    kn_fake_source_init(&fake);
    char *start = acquire(4 * page);
    ck_assert_int_eq(kn_source_release(&fake.source, start + page, page), 0);
    ck_assert_int_eq(kn_source_release(&fake.source, start + 2 * page, 2 * page), 0);
    ck_assert_int_eq(kn_source_release(&fake.source, start, page), 0);
    kn_fake_source_assert_all_released(&fake);
}

KN_TEST(fake_source, reserved_memory_is_usable_once_committed)
{
    size_t page = kn_os_page_bytes();
    struct kn_range range;
    kn_fake_source_init(&fake);
    ck_assert_int_eq(kn_source_reserve(&fake.source, 8 * page, 4 * page, &range), 0);
    ck_assert(kn_is_aligned((uintptr_t)range.start, 4 * page));
    ck_assert_int_eq(kn_source_commit(&fake.source, range.start, page), 0);
    memset(range.start, 1, page);
    ck_assert_int_eq(kn_source_release(&fake.source, range.start, range.bytes), 0);
    kn_fake_source_assert_all_released(&fake);
}

KN_TEST_SIGNAL(fake_source, faults_when_a_range_is_overrun, SIGSEGV)
{
    signal(SIGSEGV, SIG_DFL);
    kn_fake_source_init(&fake);
    volatile char *start = acquire(1);
    start[kn_os_page_bytes()] = 1;
}

KN_TEST_SIGNAL(fake_source, faults_when_memory_given_back_is_used, SIGSEGV)
{
    signal(SIGSEGV, SIG_DFL);
    kn_fake_source_init(&fake);
    volatile char *start = acquire(1);
    ck_assert_int_eq(kn_source_release(&fake.source, (void *)start, kn_os_page_bytes()), 0);
    start[0] = 1;
}

KN_TEST_SIGNAL(fake_source, faults_when_reserved_memory_is_used, SIGSEGV)
{
    struct kn_range range;
    signal(SIGSEGV, SIG_DFL);
    kn_fake_source_init(&fake);
    ck_assert_int_eq(kn_source_reserve(&fake.source, 1, 1, &range), 0);
    *(volatile char *)range.start = 1;
}

static void release_twice(void *arg)
{
    (void)arg;
    size_t page = kn_os_page_bytes();
    kn_fake_source_init(&fake);
    char *start = acquire(2 * page);
    kn_source_release(&fake.source, start, 2 * page);
    kn_source_release(&fake.source, start + page, page);
}

static void release_part_of_whole(void *arg)
{
    (void)arg;
    size_t page = kn_os_page_bytes();
    kn_fake_source_init(&fake);
    fake.is_whole_only = true;
    kn_source_release(&fake.source, acquire(2 * page), page);
}

static void forget(void *arg)
{
    (void)arg;
    kn_fake_source_init(&fake);
    acquire(1);
    kn_fake_source_assert_all_released(&fake);
}

KN_TEST(fake_source, aborts_when_its_user_breaks_the_contract)
{
    struct kn_child child;
    kn_child_call(&child, release_twice, NULL);
    kn_child_assert_signal(&child, SIGABRT);
    kn_child_assert_says(&child, "is not held");
    kn_child_call(&child, release_part_of_whole, NULL);
    kn_child_assert_signal(&child, SIGABRT);
    kn_child_assert_says(&child, "no whole range");
    kn_child_call(&child, forget, NULL);
    kn_child_assert_signal(&child, SIGABRT);
    kn_child_assert_says(&child, "were not given back");
}
