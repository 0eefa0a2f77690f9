#include "harness.h"
#include "require.h"

#include "special/source.h"

#include <errno.h>
#include <string.h>

static _Alignas(64) char array[4096];

static void *acquire(struct knoll_source *source, size_t bytes, size_t align)
{
    struct kn_range range;
    if (kn_source_acquire(kn_source_of_public(source), bytes, align, &range) != 0)
        return NULL;
    return range.start;
}

KN_TEST(special_source, mmap_and_sbrk_are_the_ones_of_the_process)
{
    ck_assert_ptr_eq(kn_source_of_public(knoll_source_mmap()), kn_source_mmap());
    ck_assert_ptr_eq(kn_source_of_public(knoll_source_sbrk()), kn_source_sbrk());
}

KN_TEST(special_source, buffer_hands_out_the_buffer)
{
    struct knoll_source_buffer storage;
    memset(&storage, 0x77, sizeof(storage));
    struct knoll_source *source = knoll_source_buffer_init(&storage, array, sizeof(array));
    ck_assert_ptr_eq(acquire(source, sizeof(array), 64), array);
    ck_assert_ptr_null(acquire(source, 1, 1));
    ck_assert_int_eq(kn_source_release(kn_source_of_public(source), array, sizeof(array)), 0);
    kn_require_sound(knoll_source_buffer_check(&storage));
}

KN_TEST(special_source, buffer_check_finds_what_was_written_over)
{
    struct knoll_source_buffer storage;
    struct knoll_source *source = knoll_source_buffer_init(&storage, array, sizeof(array));
    (void)source;
    memset(array, 0x77, 64);
    ck_assert_ptr_nonnull(knoll_source_buffer_check(&storage));
}

KN_TEST(special_source, buffer_may_be_smaller_than_a_unit)
{
    struct knoll_source_buffer storage;
    ck_assert_ptr_null(acquire(knoll_source_buffer_init(&storage, array + 1, 17), 1, 1));
    ck_assert_ptr_null(acquire(knoll_source_buffer_init(&storage, NULL, 0), 1, 1));
}

static size_t asked_bytes, asked_align;

static void *give_array(void *context, size_t bytes, size_t align)
{
    asked_bytes = bytes;
    asked_align = align;
    return context;
}

KN_TEST(special_source, callbacks_are_called_with_their_context)
{
    struct knoll_source_custom storage;
    struct knoll_source_callbacks callbacks = {
        .context = array, .acquire = give_array, .part_bytes = 64, .is_zero_when_new = true};
    struct knoll_source *source = knoll_source_custom_init(&storage, &callbacks);
    memset(&callbacks, 0, sizeof(callbacks));
    ck_assert_ptr_eq(acquire(source, 100, 32), array);
    ck_assert_uint_eq(asked_bytes, 128);
    ck_assert_uint_eq(asked_align, 32);
    ck_assert_uint_eq(kn_source_part_bytes(kn_source_of_public(source)), 64);
    ck_assert_int_eq(kn_source_release(kn_source_of_public(source), array, 128), 0);
}

KN_TEST(special_source, callbacks_are_refused_when_they_cannot_work)
{
    struct knoll_source_custom storage;
    errno = 0;
    ck_assert_ptr_null(knoll_source_custom_init(&storage, &(struct knoll_source_callbacks){0}));
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_ptr_null(knoll_source_custom_init(
        &storage, &(struct knoll_source_callbacks){.acquire = give_array, .part_bytes = 3}));
    ck_assert_int_eq(errno, EINVAL);
}
