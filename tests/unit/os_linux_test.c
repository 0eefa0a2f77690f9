#define _GNU_SOURCE

#include "harness.h"

#include "base/align.h"
#include "os/os.h"
#include "os/syscall.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* A value that no call here produces; every test ends by finding it untouched. */
enum { SENTINEL = 4711 };

static size_t page;

static void begin(void)
{
    page = kn_os_page_bytes();
    errno = SENTINEL;
}

static void end(void)
{
    ck_assert_int_eq(errno, SENTINEL);
}

static void assert_filled(const unsigned char *start, size_t bytes, unsigned char value)
{
    for (size_t i = 0; i < bytes; i++)
        ck_assert_uint_eq(start[i], value);
}

static bool is_resident(void *start)
{
    unsigned char state = 0;
    return mincore(start, page, &state) == 0 && (state & 1) != 0;
}

static unsigned char *map_filled(size_t bytes, unsigned char value)
{
    unsigned char *start = kn_os_map(bytes, page);
    ck_assert_ptr_nonnull(start);
    memset(start, value, bytes);
    return start;
}

KN_TEST(os_linux, page_bytes_is_the_kernels_when_asked)
{
    begin();
    ck_assert_uint_eq(page, (size_t)sysconf(_SC_PAGESIZE));
    end();
}

KN_TEST(os_linux, reserve_gives_page_aligned_addresses_without_memory)
{
    begin();
    size_t bytes = (size_t)64 << 20;
    char *start = kn_os_reserve(NULL, bytes);
    ck_assert_ptr_nonnull(start);
    ck_assert(kn_is_aligned((uintptr_t)start, page));
    ck_assert_int_eq(kn_os_unmap(start, bytes), 0);
    end();
}

KN_TEST_SIGNAL(os_linux, reserve_faults_when_read, SIGSEGV)
{
    begin();
    signal(SIGSEGV, SIG_DFL);
    volatile char *start = kn_os_reserve(NULL, page);
    ck_assert_ptr_nonnull((void *)start);
    (void)*start;
}

KN_TEST(os_linux, reserve_takes_hint_when_place_is_free)
{
    begin();
    char *start = kn_os_reserve(NULL, 16 * page);
    ck_assert_ptr_nonnull(start);
    ck_assert_int_eq(kn_os_unmap(start + 4 * page, 4 * page), 0);
    ck_assert_ptr_eq(kn_os_reserve(start + 4 * page, 4 * page), start + 4 * page);
    end();
}

KN_TEST(os_linux, reserve_replaces_nothing_when_hint_is_taken)
{
    begin();
    unsigned char *taken = map_filled(page, 7);
    char *start = kn_os_reserve(taken, page);
    ck_assert_ptr_nonnull(start);
    ck_assert_ptr_ne(start, taken);
    assert_filled(taken, page, 7);
    end();
}

KN_TEST(os_linux, reserve_returns_null_when_size_is_absurd)
{
    begin();
    ck_assert_ptr_null(kn_os_reserve(NULL, kn_align_down(SIZE_MAX, page)));
    ck_assert_ptr_null(kn_os_reserve(NULL, kn_align_down(SIZE_MAX / 2, page)));
    end();
}

KN_TEST(os_linux, commit_gives_writable_zeroes)
{
    begin();
    unsigned char *start = kn_os_reserve(NULL, 8 * page);
    ck_assert_int_eq(kn_os_commit(start + page, 2 * page), 0);
    assert_filled(start + page, 2 * page, 0);
    memset(start + page, 1, 2 * page);
    end();
}

KN_TEST(os_linux, commit_fails_when_range_is_not_mapped)
{
    begin();
    char *start = kn_os_reserve(NULL, page);
    ck_assert_int_eq(kn_os_unmap(start, page), 0);
    ck_assert_int_eq(kn_os_commit(start, page), ENOMEM);
    end();
}

KN_TEST(os_linux, map_read_gives_zeroes)
{
    begin();
    unsigned char *start = kn_os_map_read(4 * page);
    assert_filled(start, 4 * page, 0);
    ck_assert_int_eq(kn_os_commit(start, page), 0);
    start[0] = 1;
    end();
}

KN_TEST_SIGNAL(os_linux, map_read_faults_when_written, SIGSEGV)
{
    begin();
    signal(SIGSEGV, SIG_DFL);
    volatile char *start = kn_os_map_read(page);
    *start = 1;
}

KN_TEST(os_linux, decommit_gives_memory_back_and_commit_finds_zeroes)
{
    begin();
    unsigned char *start = map_filled(4 * page, 9);
    ck_assert_int_eq(kn_os_decommit(start, 4 * page), 0);
    ck_assert(!is_resident(start));
    ck_assert_int_eq(kn_os_commit(start, 4 * page), 0);
    assert_filled(start, 4 * page, 0);
    end();
}

KN_TEST_SIGNAL(os_linux, decommit_faults_when_read, SIGSEGV)
{
    begin();
    signal(SIGSEGV, SIG_DFL);
    volatile char *start = (char *)map_filled(page, 1);
    ck_assert_int_eq(kn_os_decommit((void *)start, page), 0);
    (void)*start;
}

/* Twice, because the first purge also finds out whether purging works. */
KN_TEST(os_linux, purge_makes_zero)
{
    begin();
    unsigned char *start = map_filled(6 * page, 0xff);
    ck_assert_int_eq(kn_os_purge(start + page, 2 * page), 0);
    assert_filled(start, page, 0xff);
    assert_filled(start + page, 2 * page, 0);
    ck_assert_int_eq(kn_os_purge(start + 3 * page, 2 * page), 0);
    ck_assert(!is_resident(start + 3 * page));
    assert_filled(start + 3 * page, 2 * page, 0);
    assert_filled(start + 5 * page, page, 0xff);
    end();
}

KN_TEST(os_linux, purge_returns_error_when_pages_are_locked)
{
    begin();
    unsigned char *start = map_filled(2 * page, 5);
    /* Raw, since the sanitizers turn mlock into nothing. */
    if (kn_syscall(SYS_mlock, start, page) != 0)
        kn_test_skip("memory cannot be locked here");
    ck_assert_int_eq(kn_os_purge(start, page), EINVAL);
    ck_assert_int_eq(kn_os_purge(start + page, page), 0);
    assert_filled(start + page, page, 0);
    ck_assert_int_eq(kn_syscall(SYS_munlock, start, page), 0);
    ck_assert_int_eq(kn_os_purge(start, page), 0);
    assert_filled(start, page, 0);
    end();
}

KN_TEST(os_linux, reservations_hold_no_memory_when_all_memory_is_locked)
{
    begin();
    if (kn_test_is_sanitized())
        kn_test_skip("the sanitizer has reserved more than can be locked");
    if (kn_syscall(SYS_mlockall, MCL_CURRENT | MCL_FUTURE) != 0)
        kn_test_skip("memory cannot be locked here");
    size_t before = kn_os_resident_bytes(), bytes = (size_t)1 << 30;
    unsigned char *start = kn_os_reserve(NULL, bytes);
    ck_assert_ptr_nonnull(start);
    ck_assert_int_eq(kn_os_commit(start, 4 * page), 0);
    ck_assert(is_resident(start));
    memset(start, 1, 4 * page);
    ck_assert_int_eq(kn_os_purge(start, 4 * page), EINVAL);
    ck_assert_int_eq(kn_os_decommit(start, 4 * page), 0);
    ck_assert_uint_lt(kn_os_resident_bytes(), before + bytes / 64);
    ck_assert_int_eq(kn_os_commit(start, page), 0);
    assert_filled(start, page, 0);
    end();
}

KN_TEST_LOOP(os_linux, map_aligns_to_any_power_of_two, 0, 18)
{
    begin();
    size_t align = (size_t)1024 << _i;
    for (size_t pages = 1; pages <= 5; pages += 2) {
        unsigned char *start = kn_os_map(pages * page, align);
        ck_assert_ptr_nonnull(start);
        ck_assert(kn_is_aligned((uintptr_t)start, align) && kn_is_aligned((uintptr_t)start, page));
        assert_filled(start, pages * page, 0);
        memset(start, 1, pages * page);
        ck_assert_int_eq(kn_os_unmap(start, pages * page), 0);
    }
    end();
}

KN_TEST(os_linux, map_returns_null_when_size_or_alignment_is_absurd)
{
    begin();
    ck_assert_ptr_null(kn_os_map(kn_align_down(SIZE_MAX, page), page));
    ck_assert_ptr_null(kn_os_map(kn_align_down(SIZE_MAX, page), 4 * page));
    ck_assert_ptr_null(kn_os_map(page, SIZE_MAX / 2 + 1));
    end();
}

static size_t count_mapped_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    size_t pages = 0;
    ck_assert(file != NULL && fscanf(file, "%zu", &pages) == 1);
    ck_assert_int_eq(fclose(file), 0);
    return pages * page;
}

KN_TEST(os_linux, map_keeps_nothing_but_the_range_when_it_cuts)
{
    begin();
    size_t before = count_mapped_bytes();
    char *start = kn_os_map(page, (size_t)16 << 20);
    ck_assert_ptr_nonnull(start);
    ck_assert_uint_eq(count_mapped_bytes(), before + page);
    ck_assert_int_eq(kn_os_unmap(start, page), 0);
    ck_assert_uint_eq(count_mapped_bytes(), before);
}

KN_TEST(os_linux, map_returns_null_when_address_space_is_limited)
{
    begin();
    if (kn_test_is_sanitized())
        kn_test_skip("the sanitizer has mapped more than any limit");
    struct rlimit limit = {(size_t)1 << 30, RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    ck_assert_uint_eq(kn_os_address_space_limit(), limit.rlim_cur);
    ck_assert_ptr_null(kn_os_map((size_t)2 << 30, page));
    ck_assert_ptr_null(kn_os_reserve(NULL, (size_t)2 << 30));
    end();
}

KN_TEST(os_linux, unmap_removes_part_of_a_range)
{
    begin();
    unsigned char *start = map_filled(3 * page, 3);
    ck_assert_int_eq(kn_os_unmap(start + page, page), 0);
    ck_assert_int_eq(kn_os_commit(start + page, page), ENOMEM);
    assert_filled(start, page, 3);
    assert_filled(start + 2 * page, page, 3);
    end();
}

KN_TEST(os_linux, populate_gives_memory_to_every_page)
{
    begin();
    unsigned char *start = kn_os_map(8 * page, page);
    int error = kn_os_populate(start, 8 * page);
    if (error == EINVAL)
        kn_test_skip("the kernel cannot populate");
    ck_assert_int_eq(error, 0);
    for (size_t i = 0; i < 8; i++)
        ck_assert(is_resident(start + i * page));
    assert_filled(start, 8 * page, 0);
    end();
}

KN_TEST(os_linux, populate_returns_error_when_range_is_not_committed)
{
    begin();
    char *start = kn_os_reserve(NULL, page);
    ck_assert_int_ne(kn_os_populate(start, page), 0);
    end();
}

KN_TEST(os_linux, huge_is_accepted_or_refused_without_harm)
{
    begin();
    unsigned char *start = map_filled(4 * page, 2);
    int on = kn_os_huge(start, 4 * page, true);
    ck_assert(on == 0 || on == EINVAL);
    int off = kn_os_huge(start, 4 * page, false);
    ck_assert(off == 0 || off == EINVAL);
    assert_filled(start, 4 * page, 2);
    end();
}

/* Moves within one committed mapping; both ends must be as the contract says. */
static void assert_moves(size_t bytes, size_t from_offset, size_t to_offset, bool is_reserved)
{
    size_t room = kn_align_up(to_offset + bytes, page);
    unsigned char *base = kn_os_map(room, (size_t)2 << 20);
    ck_assert_ptr_nonnull(base);
    unsigned char *from = base + from_offset, *to = base + to_offset;
    for (size_t i = 0; i < bytes; i += page)
        from[i] = (unsigned char)(1 + i / page % 255);
    if (is_reserved)
        ck_assert_int_eq(kn_os_decommit(to, bytes), 0);
    else
        to[0] = 99;
    int error = kn_os_move(from, to, bytes);
    if (error == EOPNOTSUPP)
        kn_test_skip("the kernel cannot move pages and keep the old range");
    ck_assert_int_eq(error, 0);
    for (size_t i = 0; i < bytes; i += page) {
        ck_assert_uint_eq(to[i], 1 + i / page % 255);
        ck_assert_uint_eq(from[i], 0);
    }
    to[0] = from[0] = 1;
    ck_assert_int_eq(kn_os_unmap(base, room), 0);
}

KN_TEST(os_linux, move_keeps_contents_and_leaves_zeroes)
{
    begin();
    size_t table = (size_t)2 << 20;
    assert_moves(page, 0, page, false);
    assert_moves(page, 0, 5 * page, true);
    assert_moves(64 * page, 64 * page, 128 * page, false);
    assert_moves(table, 0, table, true);
    assert_moves(2 * table, page, page + 2 * table, false);
    assert_moves(2 * table, page, 3 * page + 2 * table, true);
    end();
}

KN_TEST(os_linux, move_works_again_on_what_was_moved)
{
    begin();
    unsigned char *start = map_filled(64 * page, 0);
    memset(start, 42, 8 * page);
    for (size_t i = 0; i < 6; i++) {
        int error = kn_os_move(start + 8 * i * page, start + 8 * (i + 1) * page, 8 * page);
        if (error == EOPNOTSUPP)
            kn_test_skip("the kernel cannot move pages and keep the old range");
        ck_assert_int_eq(error, 0);
    }
    assert_filled(start, 48 * page, 0);
    assert_filled(start + 48 * page, 8 * page, 42);
    end();
}

KN_TEST(os_linux, move_leaves_both_ranges_when_it_fails)
{
    begin();
    unsigned char *from = map_filled(4 * page, 6);
    unsigned char *to = map_filled(4 * page, 8);
    ck_assert_int_eq(kn_os_unmap(from + 2 * page, page), 0);
    ck_assert_int_ne(kn_os_move(from, to, 4 * page), 0);
    assert_filled(from, 2 * page, 6);
    assert_filled(to, 4 * page, 8);
    end();
}

KN_TEST(os_linux, move_leaves_contents_when_address_space_is_limited)
{
    begin();
    if (kn_test_is_sanitized())
        kn_test_skip("the sanitizer has mapped more than any limit");
    size_t bytes = (size_t)256 << 20;
    unsigned char *from = kn_os_map(bytes, page);
    unsigned char *to = kn_os_reserve(NULL, bytes);
    from[0] = from[bytes - 1] = 3;
    struct rlimit limit = {count_mapped_bytes() + bytes / 2, RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    errno = SENTINEL;
    ck_assert_int_ne(kn_os_move(from, to, bytes), 0);
    ck_assert(from[0] == 3 && from[bytes - 1] == 3);
    ck_assert_int_eq(kn_os_commit(to, page), 0);
    end();
}

KN_TEST(os_linux, raw_system_call_returns_negative_error)
{
    begin();
    ck_assert_int_eq(kn_syscall(SYS_close, -1), -EBADF);
    ck_assert_int_eq(kn_syscall_error(kn_syscall(SYS_close, -1)), EBADF);
    ck_assert_int_eq(kn_syscall(SYS_getpid, 0), getpid());
    end();
}
