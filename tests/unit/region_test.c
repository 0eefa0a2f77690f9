#include "core/region.h"

#include "child.h"
#include "model_calls.h"
#include "require.h"
#include "start.h"

#include "core/heap_check.h"
#include "core/page_heap.h"

#include <errno.h>
#include <string.h>

static const struct model_calls *const core = &model_calls_core;

/* Takes blocks until the heap has grown, so that the last one lies in what is new. */
static void *grow(void)
{
    size_t before = kn_region_committed_bytes();
    void *block = NULL;
    while (kn_region_committed_bytes() == before) {
        block = core->malloc(1000);
        kn_require(block != NULL);
    }
    return block;
}

KN_TEST(region, describes_blocks_in_the_flat_table_when_there_is_a_main_range)
{
    if (kn_map.multiplier == 0)
        kn_test_skip("the main range could not be reserved");
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_ne(kn_map_desc((uintptr_t)grow()), 0);
}

KN_TEST(region, goes_on_in_the_main_range_when_a_huge_request_has_failed)
{
    if (kn_map.multiplier == 0)
        kn_test_skip("the main range could not be reserved");
    for (size_t log2 = 40; log2 < 47; log2++) {
        errno = 0;
        if (core->malloc((size_t)1 << log2) != NULL)
            kn_test_skip("this system gives any size");
        ck_assert_int_eq(errno, ENOMEM);
    }
    ck_assert_uint_ne(kn_map_desc((uintptr_t)grow()), 0);
    kn_require_sound(kn_check_all(NULL));
}

KN_TEST(region, keeps_no_address_space_when_a_huge_request_has_failed)
{
    size_t before = kn_start_as_bytes();
    for (size_t log2 = 40; log2 < 47; log2++) {
        if (core->malloc((size_t)1 << log2) != NULL)
            kn_test_skip("this system gives any size");
    }
    ck_assert_uint_lt(kn_start_as_bytes(), before + ((size_t)1 << 30));
}
