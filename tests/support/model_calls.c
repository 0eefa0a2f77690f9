#include "model_calls.h"

#include <errno.h>

#include "core/fastpath.h"

#include <knoll/knoll.h>

/* ---- core ---- */

static void *core_malloc(size_t bytes)
{
    return kn_malloc(bytes);
}

static void *core_realloc(void *p, size_t bytes)
{
    return kn_realloc(p, bytes, KN_CALL_REALLOC);
}

static void core_free(void *p)
{
    kn_free(p, KN_CALL_FREE);
}

static size_t core_usable_size(const void *p)
{
    return kn_usable_size(p, KN_CALL_USABLE_SIZE);
}

static bool core_try_expand(void *p, size_t bytes)
{
    return kn_try_expand(p, bytes, KN_CALL_EXPAND);
}

static void core_free_batch(void **blocks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        kn_free(blocks[i], KN_CALL_FREE_BATCH);
}

const struct model_calls model_calls_core = {
    .name = "core",
    .malloc = core_malloc,
    .zalloc = kn_zalloc,
    .alloc_aligned = kn_alloc_aligned,
    .realloc = core_realloc,
    .free = core_free,
    .usable_size = core_usable_size,
    .good_size = kn_good_size,
    .try_expand = core_try_expand,
    .malloc_batch = kn_malloc_batch,
    .free_batch = core_free_batch,
    .trim = kn_trim,
    .thread_end = kn_heap_thread_end,
};

/* ---- public ---- */

static void *public_zalloc(size_t bytes)
{
    /* One factor or the other, so that both take their turn. */
    return bytes % 2 == 0 ? knoll_calloc(bytes / 2, 2) : knoll_calloc(1, bytes);
}

static void *public_alloc_aligned(size_t bytes, size_t align, bool is_zeroed)
{
    void *block = NULL;
    if (is_zeroed)
        return kn_alloc_aligned(bytes, align, true);
    if (align < sizeof(void *) || bytes % 3 == 0)
        return knoll_aligned_alloc(align, bytes);
    if (bytes % 3 == 1)
        return knoll_memalign(align, bytes);
    errno = knoll_posix_memalign(&block, align, bytes) == 0 ? errno : ENOMEM;
    return block;
}

static void *public_recalloc(void *p, size_t bytes)
{
    return knoll_recalloc(p, bytes, 1);
}

static bool public_try_expand(void *p, size_t bytes)
{
    return knoll_expand(p, bytes) != NULL;
}

static bool public_trim(size_t keep_bytes)
{
    return knoll_trim(keep_bytes) != 0;
}

const struct model_calls model_calls_public = {
    .name = "knoll",
    .malloc = knoll_malloc,
    .zalloc = public_zalloc,
    .alloc_aligned = public_alloc_aligned,
    .realloc = knoll_realloc,
    .recalloc = public_recalloc,
    .free = knoll_free,
    .free_sized = knoll_free_sized,
    .usable_size = knoll_usable_size,
    .good_size = knoll_good_size,
    .try_expand = public_try_expand,
    .malloc_batch = knoll_malloc_batch,
    .free_batch = knoll_free_batch,
    .trim = public_trim,
    .thread_end = kn_heap_thread_end,
};
