#define _GNU_SOURCE

#include "harness.h"

#include "base/align.h"
#include "os/lock.h"
#include "os/os.h"
#include "os/os_fault.h"
#include "os/source.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SENTINEL = 4711 };

static struct kn_source *source;
static size_t page;

static void begin(void)
{
    source = kn_source_sbrk();
    page = kn_os_page_bytes();
    errno = SENTINEL;
}

static char *acquire(size_t bytes)
{
    struct kn_range range;
    ck_assert_int_eq(kn_source_acquire(source, bytes, 1, &range), 0);
    ck_assert_uint_eq(range.bytes, kn_align_up(bytes, page));
    memset(range.start, 0x11, range.bytes);
    return range.start;
}

static char *current_break(void)
{
    return kn_os_brk(NULL);
}

KN_TEST(source_sbrk, raises_the_break)
{
    struct kn_range range;
    begin();
    char *before = current_break();
    ck_assert_int_eq(kn_source_acquire(source, 3 * page, 16 * page, &range), 0);
    char *start = range.start;
    ck_assert(start >= before && start + 3 * page == current_break());
    ck_assert(kn_is_aligned((uintptr_t)start, 16 * page));
    ck_assert(range.is_zero);
    for (size_t i = 0; i < range.bytes; i++)
        ck_assert_int_eq(start[i], 0);
    ck_assert_ptr_eq(acquire(17 * page), start + 3 * page);
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST(source_sbrk, uses_again_what_was_given_back)
{
    begin();
    char *start = acquire(8 * page);
    ck_assert_int_eq(kn_source_release(source, start + page, 2 * page), 0);
    ck_assert_int_eq(kn_source_release(source, start + 3 * page, 2 * page), 0);
    struct kn_range range;
    ck_assert_int_eq(kn_source_acquire(source, 4 * page, 1, &range), 0);
    ck_assert_ptr_eq(range.start, start + page);
    ck_assert(!range.is_zero);
    ck_assert_int_eq(start[0], 0x11);
    ck_assert_int_eq(start[5 * page], 0x11);
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST(source_sbrk, tells_when_a_range_is_given_back_twice)
{
    begin();
    char *start = acquire(4 * page);
    ck_assert_int_eq(kn_source_release(source, start, 2 * page), 0);
    ck_assert_int_eq(kn_source_release(source, start + page, page), EINVAL);
}

KN_TEST(source_sbrk, extends_at_the_break_and_into_what_is_free)
{
    struct kn_range added;
    begin();
    char *start = acquire(4 * page);
    ck_assert_int_eq(kn_source_extend(source, start + 4 * page, 2 * page, &added), 0);
    ck_assert_ptr_eq(added.start, start + 4 * page);
    ck_assert_ptr_eq(current_break(), start + 6 * page);
    ck_assert_int_eq(kn_source_extend(source, start + 2 * page, page, &added), ENOMEM);
    ck_assert_int_eq(kn_source_release(source, start + 2 * page, 2 * page), 0);
    ck_assert_int_eq(kn_source_extend(source, start + 2 * page, page, &added), 0);
    ck_assert_int_eq(kn_source_extend(source, start + 3 * page, 2 * page, &added), ENOMEM);
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST(source_sbrk, leaves_sbrk_of_libc_working)
{
    begin();
    char *first = sbrk(100);
    ck_assert_ptr_ne(first, (void *)-1);
    memset(first, 0x22, 100);
    char *start = acquire(3 * page);
    ck_assert(start >= first + 100);
    char *second = sbrk(5 * (intptr_t)page);
    ck_assert_ptr_eq(second, start + 3 * page);
    memset(second, 0x33, 5 * page);
    char *other = acquire(2 * page);
    ck_assert(other + 2 * page <= start || other >= second + 5 * page);
    ck_assert_int_eq(start[0], 0x11);
    ck_assert_int_eq(start[3 * page - 1], 0x11);
    ck_assert_int_eq(first[99], 0x22);
    ck_assert_int_eq(second[5 * page - 1], 0x33);
}

KN_TEST(source_sbrk, leaves_the_break_alone_when_somebody_else_moved_it)
{
    struct kn_range added;
    begin();
    char *start = acquire(2 * page);
    ck_assert_ptr_ne(sbrk((intptr_t)page), (void *)-1);
    char *moved = current_break();
    ck_assert_int_eq(kn_source_extend(source, start + 2 * page, page, &added), ENOMEM);
    char *mapped = acquire(3 * page);
    ck_assert_ptr_eq(current_break(), moved);
    ck_assert_int_eq(brk(start + 2 * page), 0);
    char *mapped_too = acquire(3 * page);
    ck_assert_ptr_eq(current_break(), start + 2 * page);
    ck_assert_int_eq(kn_source_release(source, mapped_too, 3 * page), 0);
    ck_assert_int_eq(kn_source_release(source, mapped + page, page), 0);
    ck_assert_int_eq(kn_source_release(source, start, page), 0);
    ck_assert_ptr_eq(acquire(page), start);
}

KN_TEST(source_sbrk, leaves_the_break_alone_when_the_record_of_libc_is_wrong)
{
    extern void *__curbrk __attribute__((weak));
    begin();
    ck_assert_ptr_ne(sbrk(0), (void *)-1);
    if (&__curbrk == NULL)
        kn_test_skip("this libc keeps no record");
    char *before = current_break();
    __curbrk = before - 16;
    acquire(page);
    ck_assert_ptr_eq(current_break(), before);
}

KN_TEST(source_sbrk, refuses_absurd_sizes)
{
    struct kn_range range;
    begin();
    char *before = current_break();
    ck_assert_int_eq(kn_source_acquire(source, SIZE_MAX, 1, &range), ENOMEM);
    ck_assert_int_eq(kn_source_acquire(source, SIZE_MAX / 2, 1, &range), ENOMEM);
    ck_assert_int_eq(kn_source_acquire(source, 1, SIZE_MAX / 2 + 1, &range), ENOMEM);
    ck_assert_int_eq(kn_source_extend(source, before, SIZE_MAX, &range), ENOMEM);
    ck_assert_ptr_eq(current_break(), before);
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST(source_sbrk, works_in_the_child_of_a_fork)
{
    begin();
    char *start = acquire(2 * page);
    kn_lock_fork_begin();
    kn_source_fork_take();
    pid_t child = _Fork(); /* without the handlers that the library has registered */
    if (child == 0) {
        kn_source_fork_reset();
        kn_lock_fork_end(true);
        _exit(acquire(page) != NULL && start[page] == 0x11 ? 0 : 1);
    }
    kn_source_fork_give();
    kn_lock_fork_end(false);
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_ptr_nonnull(acquire(page));
}

#if KN_FAULTS

KN_TEST(source_sbrk, maps_pages_when_the_break_cannot_be_raised)
{
    struct kn_range range;
    begin();
    char *before = current_break();
    kn_os_fault_set(KN_FAULT_MAP, 1, 1);
    char *start = acquire(2 * page);
    ck_assert_ptr_eq(current_break(), before);
    ck_assert_int_eq(kn_source_release(source, start, 2 * page), 0);
    kn_os_fault_set(KN_FAULT_MAP, 1, 2);
    ck_assert_int_eq(kn_source_acquire(source, page, 1, &range), ENOMEM);
    ck_assert_ptr_eq(acquire(page), (char *)kn_align_up((uintptr_t)before, page));
}

KN_TEST(source_sbrk, keeps_a_range_whose_memory_cannot_be_purged)
{
    begin();
    char *start = acquire(2 * page);
    kn_os_fault_set(KN_FAULT_PURGE, 1, 1);
    ck_assert_int_eq(kn_source_release(source, start, 2 * page), 0);
    ck_assert_ptr_eq(acquire(2 * page), start);
}

#endif
