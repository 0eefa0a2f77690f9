/* Pointers that are no blocks, handed to every function that takes one. */
#include "child.h"
#include "crime.h"
#include "model_calls.h"

#include "core/heap_check.h"
#include "core/report.h"
#include "core/sizeclass.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <knoll/knoll.h>

enum { SMALL = 100, SMALL_USABLE = 112, MEDIUM = 5000, LARGE = 100000 };

/* Number of the calls that free, which come first and take the fast path. */
enum { FREEING = 4 };

static void *new_block(size_t bytes)
{
    void *block = knoll_malloc(bytes);
    ck_assert_ptr_nonnull(block);
    return block;
}

/* ---- memory of others ---- */

static void *foreign_block(void)
{
    return malloc(100);
}

static void *static_data(void)
{
    static _Alignas(16) char data[64];
    return data;
}

static void *code(void)
{
    return (void *)((uintptr_t)&foreign_block & ~(uintptr_t)15);
}

static void *other_mapping(void)
{
    return mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void *unmapped(void)
{
    void *p = other_mapping();
    munmap(p, 1 << 20);
    return p;
}

static void *first_page(void)
{
    return (void *)(uintptr_t)16;
}

static void *last_address(void)
{
    return (void *)~(uintptr_t)15;
}

KN_TEST(bad_pointer, is_named_when_it_belongs_to_somebody_else)
{
    static const char says[] = "invalid pointer: not a block of this heap\n";
    crime_expect_abort_of_all(foreign_block, says, 0);
    crime_expect_abort_of_all(static_data, says, 0);
    crime_expect_abort_of_all(code, says, 0);
    crime_expect_abort_of_all(other_mapping, says, 0);
    crime_expect_abort_of_all(unmapped, says, 0);
    crime_expect_abort_of_all(first_page, says, 0);
    crime_expect_abort_of_all(last_address, says, 0);
}

static void *misaligned_data(void)
{
    return (char *)static_data() + 3;
}

static void *on_the_stack(void)
{
    /* Of a frame that is over: nobody looks at what is there. */
    return (void *)((uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)15);
}

KN_TEST(bad_pointer, is_named_when_it_is_misaligned_or_on_the_stack)
{
    crime_expect_abort_of_all(misaligned_data, "and it is not 16-byte aligned", 0);
    crime_expect_abort_of_all(on_the_stack, "it is on the calling thread's stack\n", 0);
}

/* ---- inside blocks ---- */

static void *misaligned_in_small(void)
{
    return (char *)new_block(SMALL) + 8;
}

static void *odd_in_small(void)
{
    return (char *)new_block(SMALL) + 1;
}

static void *misaligned_in_medium(void)
{
    return (char *)new_block(MEDIUM) + 1032;
}

static void *misaligned_in_large(void)
{
    return (char *)new_block(LARGE) + 24;
}

static void *aligned_in_large(void)
{
    return (char *)new_block(LARGE) + 64;
}

static void *far_in_large(void)
{
    return (char *)new_block(LARGE) + 5 * KN_GRANULE + 32;
}

static void *granule_of_large(void)
{
    return (char *)new_block(LARGE) + 2 * KN_GRANULE;
}

KN_TEST(bad_pointer, is_named_when_it_points_into_a_block)
{
    crime_expect_abort_of_all(misaligned_in_small, "it is 8 bytes into the 112-byte block at", 0);
    crime_expect_abort_of_all(odd_in_small, "it is 1 bytes into the 112-byte block at", 0);
    crime_expect_abort_of_all(misaligned_in_medium, "it is 1032 bytes into the 5120-byte block", 0);
    crime_expect_abort_of_all(misaligned_in_large, "it is 24 bytes into the 114688-byte block", 0);
    crime_expect_abort_of_all(aligned_in_large, "it is 64 bytes into the 114688-byte block", 0);
    crime_expect_abort_of_all(far_in_large, "it is 81952 bytes into the 114688-byte block", 0);
    crime_expect_abort_of_all(granule_of_large, "it is 32768 bytes into the 114688-byte block", 0);
}

static void *aligned_in_small(void)
{
    return (char *)new_block(SMALL) + 16;
}

static void *aligned_in_medium(void)
{
    return (char *)new_block(MEDIUM) + 1024;
}

/* What frees takes the fast path, which does not look so closely. */
KN_TEST(bad_pointer, is_named_by_calls_that_look_closely_when_it_is_aligned_in_a_block)
{
    crime_expect_abort_of_all(aligned_in_small, "it is 16 bytes into the 112-byte block", FREEING);
    crime_expect_abort_of_all(aligned_in_medium, "it is 1024 bytes into the 5120-byte", FREEING);
}

/* Runs a function in a thread that then ends, so that what it allocates belongs to nobody here. */
static void *run_thread(void *arg)
{
    void *(**body)(void) = arg;
    return (*body)();
}

static void *from_another_thread(void *(*body)(void))
{
    pthread_t thread;
    void *result = NULL;
    ck_assert_int_eq(pthread_create(&thread, NULL, run_thread, &body), 0);
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    return result;
}

static void *aligned_in_foreign_small(void)
{
    return from_another_thread(aligned_in_small);
}

static void *aligned_in_foreign_medium(void)
{
    return from_another_thread(aligned_in_medium);
}

KN_TEST(bad_pointer, is_named_when_it_is_aligned_in_a_block_of_another_thread)
{
    crime_expect_abort_of_all(aligned_in_foreign_small, "it is 16 bytes into the 112-byte", 0);
    crime_expect_abort_of_all(aligned_in_foreign_medium, "it is 1024 bytes into the 5120-byte", 0);
}

/* ---- where no block is ---- */

static void *never_handed_out(void)
{
    return (char *)new_block(SMALL_USABLE) + (size_t)SMALL_USABLE * 120;
}

static void *beyond_the_heap(void)
{
    return (char *)new_block(LARGE) + ((size_t)1 << 32);
}

static void *unused_granule(void)
{
    char *block = new_block(LARGE);
    knoll_free(new_block(LARGE));
    return block + 20 * KN_GRANULE;
}

KN_TEST(bad_pointer, is_named_when_no_block_has_been_there)
{
    crime_expect_abort_of_all(never_handed_out, "no block has been handed out there", FREEING);
    crime_expect_abort_of_all(beyond_the_heap, "not a block of this heap", 0);
    crime_expect_abort_of_all(unused_granule, "the memory there is free", 0);
}

static void *freed_large(void)
{
    void *block = new_block(LARGE);
    knoll_free(block);
    return block;
}

static void *freed_and_trimmed(void)
{
    void *block = freed_large();
    knoll_trim(0);
    return block;
}

static void *in_released_slab(void)
{
    void *block = new_block(MEDIUM);
    knoll_free(block);
    knoll_trim(0);
    return block;
}

KN_TEST(bad_pointer, is_named_when_the_memory_has_been_freed)
{
    static const char says[] = "invalid pointer: the memory there is free (double free?)\n";
    crime_expect_abort_of_all(freed_large, says, 0);
    crime_expect_abort_of_all(freed_and_trimmed, says, 0);
    crime_expect_abort_of_all(in_released_slab, says, 0);
}

/* ---- policies ---- */

static void *(*const setups[])(void) = {
    foreign_block,       static_data,
    other_mapping,       unmapped,
    first_page,          last_address,
    misaligned_data,     on_the_stack,
    misaligned_in_small, odd_in_small,
    aligned_in_large,    far_in_large,
    granule_of_large,    aligned_in_foreign_small,
    beyond_the_heap,     freed_large,
    freed_and_trimmed,
};

static void commit_everything(void *arg)
{
    const char *policy = arg;
    ck_assert_int_eq(knoll_option_set("on_error", policy), 0);
    for (size_t i = 0; i < sizeof(setups) / sizeof(setups[0]); i++) {
        for (const struct crime_call *call = crime_calls; call->reported_as != NULL; call++)
            call->make(setups[i]());
    }
    const char *wrong = kn_check_all(NULL);
    if (wrong != NULL || knoll_malloc(10) == NULL)
        _exit(1);
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++)
        lines++;
    return lines;
}

KN_TEST(bad_pointer, is_reported_and_no_more_when_the_policy_is_report)
{
    struct kn_child child;
    kn_child_call(&child, commit_everything, (char[]){"report"});
    kn_child_assert_exit(&child, 0);
    /* The buffer may be too short for all of it. */
    ck_assert_uint_ge(count_lines(child.output), 100);
    ck_assert_ptr_null(strstr(child.output, "\n\n"));
}

KN_TEST(bad_pointer, is_ignored_when_the_policy_is_ignore)
{
    struct kn_child child;
    kn_child_call(&child, commit_everything, (char[]){"ignore"});
    kn_child_assert_exit(&child, 0);
    ck_assert_str_eq(child.output, "");
}
