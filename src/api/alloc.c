#include <knoll/knoll.h>

#include <stdint.h>
#include <string.h>

#include "api/entry.h"
#include "core/large.h"

void *knoll_malloc(size_t bytes)
{
    return kn_malloc(bytes);
}

void *knoll_calloc(size_t count, size_t bytes)
{
    return kn_entry_calloc(count, bytes);
}

void *knoll_realloc(void *p, size_t bytes)
{
    return kn_entry_realloc(p, bytes, KN_CALL_REALLOC);
}

void knoll_free(void *p)
{
    kn_free(p, KN_CALL_FREE);
}

void *knoll_reallocarray(void *p, size_t count, size_t bytes)
{
    return kn_entry_reallocarray(p, count, bytes, KN_CALL_REALLOC);
}

/* Sets the bytes of a block from `used` on to zero, as far as it reaches. */
static void clear_rest(void *p, size_t used)
{
    memset((char *)p + used, 0, kn_usable_size(p, KN_CALL_RECALLOC) - used);
}

/* A larger block whose new part is zero. */
static void *recalloc_more(void *p, size_t old_bytes, size_t bytes)
{
    if (kn_try_expand(p, bytes, KN_CALL_RECALLOC)) {
        clear_rest(p, old_bytes);
        return p;
    }
    if (old_bytes >= KN_MOVE_BYTES_MIN) { /* moving pages and clearing the rest beats copying */
        void *moved = kn_realloc(p, bytes, KN_CALL_RECALLOC);
        if (moved != NULL)
            clear_rest(moved, old_bytes);
        return moved;
    }
    void *block = kn_zalloc(bytes);
    if (block != NULL) {
        memcpy(block, p, old_bytes);
        kn_free(p, KN_CALL_RECALLOC);
    }
    return block;
}

void *knoll_recalloc(void *p, size_t count, size_t bytes)
{
    size_t total;
    if (KN_UNLIKELY(!kn_try_mul(count, bytes, &total)))
        return kn_entry_refuse(ENOMEM);
    if (p == NULL)
        return kn_zalloc(total);
    if (total == 0)
        return kn_entry_realloc_zero(p, KN_CALL_RECALLOC);
    size_t old_bytes = kn_usable_size(p, KN_CALL_RECALLOC);
    if (old_bytes == 0)
        return kn_entry_refuse(ENOMEM); /* not a block, which has been reported */
    if (total > old_bytes)
        return recalloc_more(p, old_bytes, total);
    void *block = kn_realloc(p, total, KN_CALL_RECALLOC);
    if (block != NULL)
        clear_rest(block, total);
    return block;
}

void *knoll_aligned_alloc(size_t align, size_t bytes)
{
    if (KN_UNLIKELY(!kn_is_power_of_two(align)))
        return kn_entry_refuse(EINVAL);
    return kn_alloc_aligned(bytes, align, false);
}

void *knoll_memalign(size_t align, size_t bytes)
{
    return kn_entry_memalign(align, bytes);
}

int knoll_posix_memalign(void **result, size_t align, size_t bytes)
{
    return kn_entry_posix_memalign(result, align, bytes);
}

void *knoll_valloc(size_t bytes)
{
    return kn_entry_valloc(bytes);
}

void *knoll_pvalloc(size_t bytes)
{
    return kn_entry_pvalloc(bytes);
}

void knoll_free_sized(void *p, size_t bytes)
{
    (void)bytes;
    kn_free(p, KN_CALL_FREE_SIZED);
}

void knoll_free_aligned_sized(void *p, size_t align, size_t bytes)
{
    (void)align;
    (void)bytes;
    kn_free(p, KN_CALL_FREE_ALIGNED_SIZED);
}

size_t knoll_usable_size(const void *p)
{
    return kn_usable_size(p, KN_CALL_USABLE_SIZE);
}

size_t knoll_good_size(size_t bytes)
{
    return kn_good_size(bytes);
}

void *knoll_expand(void *p, size_t bytes)
{
    return kn_try_expand(p, bytes, KN_CALL_EXPAND) ? p : NULL;
}

size_t knoll_malloc_batch(size_t bytes, size_t count, void **out)
{
    return kn_malloc_batch(bytes, count, out);
}

void knoll_free_batch(void **blocks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        kn_free(blocks[i], KN_CALL_FREE_BATCH);
}

int knoll_trim(size_t keep_bytes)
{
    return kn_trim(keep_bytes);
}
