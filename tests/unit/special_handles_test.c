#include "child.h"
#include "fake_source.h"
#include "require.h"

#include "base/compiler.h"
#include "special/handles.h"
#include "special/source.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

enum { BUFFER_BYTES = 8192 };

static _Alignas(16) char buffer[BUFFER_BYTES];

static struct knoll_handles *in_buffer(void)
{
    struct knoll_handles *heap = knoll_handles_init(buffer, sizeof(buffer));

    ck_assert_ptr_nonnull(heap);
    return heap;
}

/* A block filled with the letter. */
static knoll_handle letters(struct knoll_handles *heap, size_t bytes, char letter)
{
    knoll_handle handle = knoll_handles_alloc(heap, bytes);

    ck_assert_uint_ne(handle, 0);
    memset(knoll_handles_lock(heap, handle), letter, bytes);
    knoll_handles_unlock(heap, handle);
    return handle;
}

static void assert_letters(struct knoll_handles *heap, knoll_handle handle, size_t bytes,
                           char letter)
{
    const char *block = knoll_handles_lock(heap, handle);

    for (size_t i = 0; i < bytes; i++)
        ck_assert_int_eq(block[i], letter);
    knoll_handles_unlock(heap, handle);
}

static void pin(struct knoll_handles *heap, knoll_handle handle)
{
    ck_assert_ptr_nonnull(knoll_handles_lock(heap, handle));
}

static struct knoll_handles_stats stats_of(const struct knoll_handles *heap)
{
    struct knoll_handles_stats stats;

    kn_require_sound(knoll_handles_check(heap));
    knoll_handles_stats_get(heap, &stats);
    return stats;
}

/* ---- making ----------------------------------------------------------------------------------- */

KN_TEST(special_handles, is_made_in_any_buffer_that_holds_a_block)
{
    errno = 0;
    ck_assert_ptr_null(knoll_handles_init(NULL, 4096));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(knoll_handles_init(buffer, SIZE_MAX));
    ck_assert_int_eq(errno, EINVAL);
    for (size_t bytes = 0; bytes < 400; bytes++) {
        struct knoll_handles *heap;

        errno = 0;
        heap = knoll_handles_init(buffer + bytes % 17, bytes);
        ck_assert_int_eq(errno, heap == NULL ? ENOMEM : 0);
        if (bytes >= 300)
            ck_assert_ptr_nonnull(heap);
        if (heap != NULL)
            ck_assert_uint_ne(knoll_handles_alloc(heap, 16), 0);
    }
}

KN_TEST(special_handles, takes_memory_as_it_grows)
{
    static struct kn_fake_source fake;
    struct knoll_handles *heap;
    knoll_handle handle;

    kn_fake_source_init(&fake);
    errno = 0;
    ck_assert_ptr_null(knoll_handles_new(kn_source_to_public(&fake.source), 0));
    ck_assert_int_eq(errno, ENOMEM);
    kn_fake_source_fail(&fake, KN_FAKE_RESERVE, 1, 1);
    ck_assert_ptr_null(knoll_handles_new(kn_source_to_public(&fake.source), 1 << 20));
    kn_fake_source_fail(&fake, KN_FAKE_COMMIT, 1, 1);
    ck_assert_ptr_null(knoll_handles_new(kn_source_to_public(&fake.source), 1 << 20));
    kn_fake_source_assert_all_released(&fake);

    heap = knoll_handles_new(kn_source_to_public(&fake.source), 1 << 20);
    ck_assert_ptr_nonnull(heap);
    /* The first block needs a slot, whose memory is not had. */
    kn_fake_source_fail(&fake, KN_FAKE_COMMIT, 1, 1);
    errno = 0;
    ck_assert_uint_eq(knoll_handles_alloc(heap, 100), 0);
    ck_assert_int_eq(errno, ENOMEM);
    /* The second commit is for the block. */
    kn_fake_source_fail(&fake, KN_FAKE_COMMIT, 2, 1);
    ck_assert_uint_eq(knoll_handles_alloc(heap, 200000), 0);
    handle = letters(heap, 200000, 'a');
    kn_fake_source_fail(&fake, KN_FAKE_COMMIT, 1, 1);
    ck_assert_int_eq(knoll_handles_resize(heap, handle, 900000), ENOMEM);
    assert_letters(heap, handle, 200000, 'a');
    ck_assert_int_eq(knoll_handles_resize(heap, handle, 900000), 0);
    ck_assert_uint_eq(stats_of(heap).blocks, 1);
    knoll_handles_delete(heap);
    kn_fake_source_assert_all_released(&fake);
}

KN_TEST(special_handles, works_on_sources_of_every_kind)
{
    struct knoll_source_buffer storage;
    struct knoll_source *sources[] = {NULL, knoll_source_sbrk(),
                                      knoll_source_buffer_init(&storage, buffer, sizeof(buffer))};

    for (size_t i = 0; i < KN_ARRAY_LEN(sources); i++) {
        struct knoll_handles *heap = knoll_handles_new(sources[i], 8000);

        ck_assert_ptr_nonnull(heap);
        assert_letters(heap, letters(heap, 5000, 'x'), 5000, 'x');
        ck_assert_uint_eq(stats_of(heap).blocks, 1);
        knoll_handles_delete(heap);
    }
    kn_require_sound(knoll_source_buffer_check(&storage));
    knoll_handles_delete(NULL);
    knoll_handles_delete(in_buffer());
}

KN_TEST(special_handles, reserves_much_and_commits_little)
{
    struct knoll_handles *heap = knoll_handles_new(NULL, (size_t)100 << 30);

    /* Where there is not so much address space, there is nothing to test. */
    if (heap == NULL)
        kn_test_skip("100 GiB cannot be reserved");
    assert_letters(heap, letters(heap, 100000, 'q'), 100000, 'q');
    ck_assert_uint_eq(knoll_handles_alloc(heap, (size_t)65 << 30), 0);
    ck_assert_uint_eq(knoll_handles_alloc(heap, SIZE_MAX), 0);
    ck_assert_uint_eq(knoll_handles_alloc(heap, PTRDIFF_MAX), 0);
    ck_assert_uint_eq(stats_of(heap).blocks, 1);
    knoll_handles_delete(heap);
}

/* ---- blocks ----------------------------------------------------------------------------------- */

KN_TEST(special_handles, gives_blocks_of_no_bytes_places_of_their_own)
{
    struct knoll_handles *heap = in_buffer();
    knoll_handle first = knoll_handles_alloc(heap, 0);
    knoll_handle second = knoll_handles_alloc(heap, 0);

    ck_assert_uint_ne(first, second);
    ck_assert_ptr_ne(knoll_handles_lock(heap, first), knoll_handles_lock(heap, second));
    ck_assert_uint_eq(knoll_handles_size(heap, first), 0);
    ck_assert_uint_eq(stats_of(heap).locked_blocks, 2);
}

KN_TEST(special_handles, never_gives_a_handle_twice)
{
    struct knoll_handles *heap = in_buffer();
    knoll_handle last = 0;

    for (unsigned i = 0; i < 1000; i++) {
        knoll_handle handle = knoll_handles_alloc(heap, 10);

        ck_assert_uint_ne(handle, 0);
        ck_assert_uint_ne(handle, last);
        ck_assert(!knoll_handles_is_valid(heap, last));
        ck_assert(knoll_handles_is_valid(heap, handle));
        knoll_handles_free(heap, handle);
        last = handle;
    }
    ck_assert_uint_eq(heap->slots, 1);
    ck_assert(!knoll_handles_is_valid(heap, 0));
}

KN_TEST(special_handles, gives_up_a_slot_that_had_all_generations)
{
    struct knoll_handles *heap = in_buffer();
    knoll_handle handle = knoll_handles_alloc(heap, 10);

    knoll_handles_free(heap, handle);
    kn_handles_slot_at(heap, 0)->generation = UINT32_MAX;
    handle = knoll_handles_alloc(heap, 10);
    ck_assert_uint_eq(handle, (knoll_handle)UINT32_MAX << 32);
    knoll_handles_free(heap, handle);
    ck_assert(!knoll_handles_is_valid(heap, handle));
    ck_assert(!knoll_handles_is_valid(heap, 0));
    ck_assert_uint_eq((uint32_t)knoll_handles_alloc(heap, 10), 1);
    ck_assert_uint_eq(stats_of(heap).blocks, 1);
}

KN_TEST(special_handles, leaves_errno_alone_when_it_succeeds)
{
    struct knoll_handles *heap = in_buffer();
    knoll_handle handle;

    errno = EXDEV;
    handle = letters(heap, 7000, 'a');
    ck_assert_int_eq(knoll_handles_resize(heap, handle, 9000), ENOMEM);
    ck_assert_int_eq(knoll_handles_resize(heap, handle, 10), 0);
    (void)knoll_handles_compact(heap, 100, 100, NULL);
    ck_assert_uint_eq(knoll_handles_trim(heap), 0);
    knoll_handles_free(heap, handle);
    knoll_handles_free(heap, 0);
    ck_assert_int_eq(errno, EXDEV);
}

KN_TEST(special_handles, uses_the_hole_that_fits_best)
{
    struct knoll_handles *heap = in_buffer();
    knoll_handle handles[6];
    static const size_t sizes[6] = {500, 100, 200, 100, 300, 100};
    void *place;

    for (size_t i = 0; i < 6; i++)
        handles[i] = letters(heap, sizes[i], 'a');
    place = knoll_handles_lock(heap, handles[2]);
    knoll_handles_unlock(heap, handles[2]);
    for (size_t i = 0; i < 6; i += 2)
        knoll_handles_free(heap, handles[i]);
    ck_assert_uint_eq(stats_of(heap).holes, 3);
    ck_assert_ptr_eq(knoll_handles_lock(heap, knoll_handles_alloc(heap, 190)), place);
}

KN_TEST(special_handles, resizes_where_it_is_while_locked)
{
    struct knoll_handles *heap = in_buffer();
    knoll_handle first = letters(heap, 100, 'a');
    knoll_handle second = letters(heap, 100, 'b');
    knoll_handle third = letters(heap, 100, 'c');
    char *place = knoll_handles_lock(heap, first);

    ck_assert_int_eq(knoll_handles_resize(heap, first, 112), 0);
    ck_assert_int_eq(knoll_handles_resize(heap, first, 113), ENOMEM);
    ck_assert_uint_eq(knoll_handles_size(heap, first), 112);
    knoll_handles_free(heap, second);
    ck_assert_int_eq(knoll_handles_resize(heap, first, 200), 0);
    ck_assert_int_eq(knoll_handles_resize(heap, first, 112 + 128), 0);
    ck_assert_int_eq(knoll_handles_resize(heap, first, 112 + 129), ENOMEM);
    ck_assert_uint_eq(stats_of(heap).holes, 0);
    ck_assert_ptr_eq(knoll_handles_lock(heap, first), place);
    knoll_handles_unlock(heap, first);
    knoll_handles_unlock(heap, first);
    ck_assert_int_eq(knoll_handles_resize(heap, first, 1000), 0);
    assert_letters(heap, first, 100, 'a');
    assert_letters(heap, third, 100, 'c');
    kn_require_sound(knoll_handles_check(heap));
}

/* ---- compaction ------------------------------------------------------------------------------- */

enum { MANY = 40 };

/* Blocks of 100 bytes, 8 units with their headers, every other one freed again. */
static void make_holes(struct knoll_handles *heap, knoll_handle *handles)
{
    for (size_t i = 0; i < MANY; i++)
        handles[i] = letters(heap, 100, (char)('A' + i));
    for (size_t i = 0; i < MANY; i += 2)
        knoll_handles_free(heap, handles[i]);
}

static void assert_kept(struct knoll_handles *heap, const knoll_handle *handles)
{
    for (size_t i = 1; i < MANY; i += 2)
        assert_letters(heap, handles[i], 100, (char)('A' + i));
}

KN_TEST(special_handles, closes_all_holes)
{
    struct knoll_handles *heap = in_buffer();
    struct knoll_handles_progress progress;
    knoll_handle handles[MANY];

    make_holes(heap, handles);
    ck_assert_uint_eq(stats_of(heap).holes, MANY / 2);
    ck_assert(!knoll_handles_compact(heap, SIZE_MAX, SIZE_MAX, &progress));
    ck_assert_uint_eq(stats_of(heap).holes, 0);
    ck_assert_uint_eq(stats_of(heap).fragmentation_percent, 0);
    /* The upper half of them fills the holes in the lower half. */
    ck_assert_uint_eq(progress.moved_blocks, MANY / 4);
    ck_assert_uint_eq(progress.moved_bytes, MANY / 4 * 128);
    assert_kept(heap, handles);
}

KN_TEST(special_handles, works_in_the_pieces_that_are_allowed)
{
    struct knoll_handles *heap = in_buffer();
    struct knoll_handles_progress progress;
    knoll_handle handles[MANY];
    unsigned calls = 1;

    make_holes(heap, handles);
    for (; knoll_handles_compact(heap, 300, SIZE_MAX, &progress); calls++) {
        ck_assert_uint_le(progress.moved_bytes, 300);
        ck_assert_uint_eq(progress.moved_blocks, 2);
        kn_require_sound(knoll_handles_check(heap));
    }
    ck_assert_uint_ge(calls, MANY / 4 / 2);
    ck_assert_uint_eq(stats_of(heap).holes, 0);
    assert_kept(heap, handles);

    heap = in_buffer();
    make_holes(heap, handles);
    while (knoll_handles_compact(heap, SIZE_MAX, 0, &progress))
        ck_assert_uint_eq(progress.steps, 1);
    ck_assert_uint_eq(stats_of(heap).holes, 0);
    assert_kept(heap, handles);
}

KN_TEST(special_handles, leaves_locked_blocks_alone)
{
    struct knoll_handles *heap = in_buffer();
    knoll_handle handles[MANY];
    void *places[2];

    make_holes(heap, handles);
    places[0] = knoll_handles_lock(heap, handles[1]);
    places[1] = knoll_handles_lock(heap, handles[MANY - 1]);
    ck_assert(!knoll_handles_compact(heap, SIZE_MAX, SIZE_MAX, NULL));
    ck_assert_ptr_eq(knoll_handles_lock(heap, handles[1]), places[0]);
    ck_assert_ptr_eq(knoll_handles_lock(heap, handles[MANY - 1]), places[1]);
    ck_assert_uint_eq(stats_of(heap).holes, 2);
    ck_assert_uint_eq(stats_of(heap).fragmentation_percent > 0, 1);
    for (unsigned i = 0; i < 2; i++) {
        knoll_handles_unlock(heap, handles[1]);
        knoll_handles_unlock(heap, handles[MANY - 1]);
    }
    ck_assert(!knoll_handles_compact(heap, SIZE_MAX, SIZE_MAX, NULL));
    ck_assert_uint_eq(stats_of(heap).holes, 0);
    assert_kept(heap, handles);
}

KN_TEST(special_handles, leaves_large_blocks_where_they_are_until_allowed)
{
    struct knoll_handles *heap = in_buffer();
    knoll_handle hole = letters(heap, 100, 'a');
    knoll_handle large = letters(heap, 1000, 'b');
    knoll_handle small = letters(heap, 50, 'c');

    knoll_handles_free(heap, hole);
    pin(heap, small);
    ck_assert(!knoll_handles_compact(heap, 1000, SIZE_MAX, NULL));
    ck_assert_uint_eq(stats_of(heap).holes, 1);
    ck_assert(!knoll_handles_compact(heap, 2000, SIZE_MAX, NULL));
    ck_assert_uint_eq(stats_of(heap).moved_blocks, 1);
    assert_letters(heap, large, 1000, 'b');

    /* One that was passed over is looked at again when it has become smaller. */
    heap = in_buffer();
    hole = letters(heap, 100, 'a');
    large = letters(heap, 1000, 'b');
    pin(heap, letters(heap, 50, 'c'));
    knoll_handles_free(heap, hole);
    ck_assert(!knoll_handles_compact(heap, 500, SIZE_MAX, NULL));
    ck_assert_int_eq(knoll_handles_resize(heap, large, 200), 0);
    ck_assert(!knoll_handles_compact(heap, 500, SIZE_MAX, NULL));
    ck_assert_uint_eq(stats_of(heap).moved_blocks, 1);
    assert_letters(heap, large, 200, 'b');
}

KN_TEST(special_handles, compacts_for_a_block_only_as_far_as_needed)
{
    struct knoll_handles *heap = in_buffer();
    knoll_handle handles[200];
    size_t count = 0;
    uint64_t moved;

    while (count < 200 && (handles[count] = knoll_handles_alloc(heap, 100)) != 0)
        count++;
    ck_assert_uint_lt(count, 200);
    for (size_t i = 0; i < count; i += 2)
        knoll_handles_free(heap, handles[i]);
    ck_assert_uint_eq(knoll_handles_alloc(heap, 240), 0);
    errno = EXDEV;
    ck_assert_uint_ne(knoll_handles_alloc_compacting(heap, 240), 0);
    ck_assert_int_eq(errno, EXDEV);
    moved = stats_of(heap).moved_blocks;
    ck_assert_uint_gt(moved, 0);
    ck_assert_uint_lt(moved, 16);
    ck_assert_uint_ne(knoll_handles_alloc_compacting(heap, 2000), 0);
    moved = stats_of(heap).moved_blocks;
    errno = 0;
    ck_assert_uint_eq(knoll_handles_alloc_compacting(heap, 4000), 0);
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_eq(stats_of(heap).moved_blocks, moved);
}

KN_TEST(special_handles, gives_the_free_end_back)
{
    static struct kn_fake_source fake;
    struct knoll_handles *heap;
    knoll_handle small;
    knoll_handle large;

    kn_fake_source_init(&fake);
    heap = knoll_handles_new(kn_source_to_public(&fake.source), 1 << 20);
    ck_assert_uint_eq(knoll_handles_trim(heap), 0);
    large = letters(heap, 500000, 'a');
    small = letters(heap, 5000, 'b');
    ck_assert_uint_eq(knoll_handles_trim(heap), 0);
    knoll_handles_free(heap, large);
    ck_assert(!knoll_handles_compact(heap, SIZE_MAX, SIZE_MAX, NULL));
    kn_fake_source_fail(&fake, KN_FAKE_PURGE, 1, 1);
    ck_assert_uint_eq(knoll_handles_trim(heap), 0);
    ck_assert_uint_ge(knoll_handles_trim(heap), 490000);
    ck_assert_uint_eq(knoll_handles_trim(heap), 0);
    assert_letters(heap, small, 5000, 'b');
    /* All but the last few KiB next to the handles. */
    large = letters(heap, stats_of(heap).largest_free_bytes, 'c');
    knoll_handles_free(heap, large);
    ck_assert_uint_ge(knoll_handles_trim(heap), 1000000);
    assert_letters(heap, small, 5000, 'b');
    ck_assert(knoll_handles_is_valid(heap, small));
    knoll_handles_delete(heap);
    kn_fake_source_assert_all_released(&fake);
}

/* ---- what it looks like ----------------------------------------------------------------------- */

static int keep_block(const struct knoll_handles_block *block, void *arg)
{
    struct knoll_handles_block **next = arg;

    *(*next)++ = *block;
    return block->locks == 2 ? 5 : 0;
}

KN_TEST(special_handles, walk_meets_blocks_and_holes)
{
    struct knoll_handles *heap = in_buffer();
    knoll_handle first = letters(heap, 10, 'a');
    knoll_handle second = letters(heap, 100, 'b');
    knoll_handle third = letters(heap, 30, 'c');
    struct knoll_handles_block blocks[4];
    struct knoll_handles_block *next = blocks;

    ck_assert_uint_ne(knoll_handles_alloc(heap, 10), 0);
    knoll_handles_free(heap, second);
    pin(heap, third);
    ck_assert_ptr_eq(knoll_handles_lock(heap, third),
                     (char *)knoll_handles_lock(heap, first) + 32 + 128);
    ck_assert_int_eq(knoll_handles_walk(heap, keep_block, (void *)&next), 5);
    ck_assert_ptr_eq(next, blocks + 3);
    ck_assert_uint_eq(blocks[0].handle, first);
    ck_assert_uint_eq(blocks[0].bytes, 10);
    ck_assert_uint_eq(blocks[0].locks, 1);
    ck_assert_uint_eq(blocks[1].handle, 0);
    ck_assert_uint_eq(blocks[1].bytes, 112);
    ck_assert_uint_eq(blocks[2].handle, third);
    ck_assert_ptr_eq(blocks[2].address, knoll_handles_lock(heap, third));
}

KN_TEST(special_handles, check_finds_what_was_written_over)
{
    struct knoll_handles *heap = in_buffer();
    knoll_handle handles[MANY];
    char *block;
    char *hole;

    make_holes(heap, handles);
    block = knoll_handles_lock(heap, handles[5]);
    hole = block + 112 + 16;
    memset(block + 100, 0x55, 20);
    kn_require_fault(knoll_handles_check(heap), "written over");

    heap = in_buffer();
    make_holes(heap, handles);
    ck_assert_ptr_eq(knoll_handles_lock(heap, handles[5]), block);
    memset(hole, 0x55, 30);
    kn_require_fault(knoll_handles_check(heap), "hole was written to");
}

/* ---- misuse ----------------------------------------------------------------------------------- */

static struct knoll_handles *heap_of_crimes;
static knoll_handle handle_of_crimes;

static void stale_lock(void *arg)
{
    (void)arg;
    knoll_handles_free(heap_of_crimes, handle_of_crimes);
    ck_abort_msg("%p", knoll_handles_lock(heap_of_crimes, handle_of_crimes));
}

static void double_free(void *arg)
{
    (void)arg;
    knoll_handles_free(heap_of_crimes, handle_of_crimes);
    ck_assert_uint_ne(knoll_handles_alloc(heap_of_crimes, 1), 0);
    knoll_handles_free(heap_of_crimes, handle_of_crimes);
}

static void free_of_a_number(void *arg)
{
    (void)arg;
    knoll_handles_free(heap_of_crimes, 1234567);
}

static void free_of_a_later_handle(void *arg)
{
    (void)arg;
    knoll_handles_free(heap_of_crimes, handle_of_crimes + (UINT64_C(1) << 32));
}

static void unlock_too_many(void *arg)
{
    (void)arg;
    pin(heap_of_crimes, handle_of_crimes);
    knoll_handles_unlock(heap_of_crimes, handle_of_crimes);
    knoll_handles_unlock(heap_of_crimes, handle_of_crimes);
}

static void free_of_locked(void *arg)
{
    (void)arg;
    pin(heap_of_crimes, handle_of_crimes);
    knoll_handles_free(heap_of_crimes, handle_of_crimes);
}

static void overrun(void *arg)
{
    char *block = knoll_handles_lock(heap_of_crimes, handle_of_crimes);

    (void)arg;
    knoll_handles_unlock(heap_of_crimes, handle_of_crimes);
    memset(block, 0x11, 120);
    knoll_handles_free(heap_of_crimes, handle_of_crimes);
}

static void underrun(void *arg)
{
    char *block = knoll_handles_lock(heap_of_crimes, handle_of_crimes);

    (void)arg;
    knoll_handles_unlock(heap_of_crimes, handle_of_crimes);
    memset(block - 16, 0x11, 16);
    ck_abort_msg("%p", knoll_handles_lock(heap_of_crimes, handle_of_crimes));
}

static void overrun_and_compaction(void *arg)
{
    knoll_handle next = letters(heap_of_crimes, 50, 'n');
    char *block = knoll_handles_lock(heap_of_crimes, next);

    (void)arg;
    ck_assert_uint_ne(knoll_handles_alloc(heap_of_crimes, 50), 0);
    knoll_handles_unlock(heap_of_crimes, next);
    memset(block, 0x11, 80);
    knoll_handles_free(heap_of_crimes, handle_of_crimes);
    (void)knoll_handles_compact(heap_of_crimes, SIZE_MAX, SIZE_MAX, NULL);
}

static void lock_too_many(void *arg)
{
    (void)arg;
    pin(heap_of_crimes, handle_of_crimes);
    kn_handles_slot_at(heap_of_crimes, (uint32_t)handle_of_crimes)->locks = UINT32_MAX - 1;
    ck_abort_msg("%p", knoll_handles_lock(heap_of_crimes, handle_of_crimes));
}

static const struct crime {
    void (*commit)(void *arg);
    const char *says[2];
} crimes[] = {
    {stale_lock, {"knoll: handles: knoll_handles_lock(0x1", "stale handle, its block was freed"}},
    {double_free, {"knoll_handles_free(0x1", "stale handle, its block was freed"}},
    {free_of_a_number, {"knoll_handles_free(0x12d687)", "no handle of this heap"}},
    {free_of_a_later_handle, {"knoll_handles_free(0x2", "no handle of this heap"}},
    {unlock_too_many, {"knoll_handles_unlock(", "the block is not locked"}},
    {free_of_locked, {"knoll_handles_free(", "the block is locked"}},
    {overrun, {"knoll_handles_free(", "the header of the block was written over"}},
    {underrun, {"knoll_handles_lock(", "the header of the block was written over"}},
    {overrun_and_compaction, {"knoll_handles_compact(", "header of a block was written over"}},
    {lock_too_many, {"knoll_handles_lock(", "locked too many times"}},
};

KN_TEST_LOOP(special_handles, ends_the_program_when_misused, 0, (int)KN_ARRAY_LEN(crimes))
{
    static struct kn_child child;

    heap_of_crimes = in_buffer();
    handle_of_crimes = letters(heap_of_crimes, 100, 'm');
    ck_assert_uint_ne(knoll_handles_alloc(heap_of_crimes, 100), 0);
    kn_child_call(&child, crimes[_i].commit, NULL);
    kn_child_assert_signal(&child, SIGABRT);
    kn_child_assert_says(&child, crimes[_i].says[0]);
    kn_child_assert_says(&child, crimes[_i].says[1]);
}
