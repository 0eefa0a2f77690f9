#include "core/large.h"

#include <stdint.h>
#include <string.h>

#include "base/align.h"
#include "base/assert.h"
#include "base/checked.h"
#include "core/map.h"
#include "core/page_heap.h"
#include "os/os.h"

/* A block whose pages the OS moved costs a mapping; the kernel allows 65,530 by default. */
#define MOVED_BLOCKS_MAX 4096

static _Atomic uint32_t moved_blocks;

static bool try_granules(size_t bytes, size_t *granules)
{
    size_t rounded;
    if (bytes > PTRDIFF_MAX || !kn_try_align_up(bytes, KN_GRANULE, &rounded))
        return false;
    *granules = rounded >> KN_GRANULE_LOG2;
    return true;
}

/* Writes zeroes over the granules whose marks say that they may hold something. */
static void zero_dirty(const struct kn_run *run, const kn_desc *desc, size_t first, size_t end)
{
    for (size_t i = first; i < end;) {
        size_t from = i;
        while (i < end && kn_load_relaxed(&desc[i]) == KN_DESC_DIRTY)
            i++;
        if (i > from)
            memset((void *)(run->base + from * KN_GRANULE), 0, (i - from) * KN_GRANULE);
        else
            i++;
    }
}

/* Makes a run that was handed out a large block. */
static void become_block(struct kn_run *run)
{
    run->moved = 0;
    run->large.bytes = run->granules * KN_GRANULE;
    kn_run_set_kind(run, KN_RUN_LARGE);
    kn_store_relaxed(kn_map_descs(run), KN_DESC_LARGE);
}

void *kn_large_alloc(size_t bytes, size_t align, bool is_zeroed)
{
    size_t granules;
    size_t align_granules = align <= KN_GRANULE ? 1 : align >> KN_GRANULE_LOG2;
    if (!try_granules(bytes, &granules))
        return NULL;
    struct kn_run *run = kn_run_alloc(granules, align_granules);
    if (run == NULL)
        return NULL;
    if (is_zeroed)
        zero_dirty(run, kn_map_descs(run), 0, granules);
    become_block(run);
    return (void *)run->base;
}

/* Replaces the mapping of a moved block by a fresh one that the kernel can join with its neighbours
 * again. */
static bool try_remap(const struct kn_run *run)
{
    size_t bytes = run->granules * KN_GRANULE;
    if (kn_os_decommit((void *)run->base, bytes) != 0)
        return false;
    int error = kn_os_commit((void *)run->base, bytes);
    /* Committing what was committed a moment ago fails only when another thread took the last of
     * the commit charge. */
    while (error != 0)
        error = kn_os_commit((void *)run->base, bytes);
    return true;
}

void kn_large_free(struct kn_run *run)
{
    kn_desc *desc = kn_map_descs(run);
    size_t granules = run->granules;
    bool is_clean = false;
    if (run->moved) {
        is_clean = try_remap(run);
        kn_fetch_sub_relaxed(&moved_blocks, 1);
        run->moved = 0;
    }
    kn_desc_fill(desc, granules, is_clean ? KN_DESC_CLEAN : KN_DESC_DIRTY);
    kn_run_free(run, is_clean ? 0 : granules);
}

bool kn_large_try_resize(struct kn_run *run, size_t bytes)
{
    size_t granules;
    if (!try_granules(bytes, &granules))
        return false;
    if (granules == run->granules)
        return true;
    if (granules > run->granules) {
        if (run->moved || !kn_run_try_extend(run, granules))
            return false;
    } else if (!run->moved) {
        kn_run_cut(run, granules);
    } else {
        /* Cutting would leave part of the kernel's extra mapping behind: the block stays whole, or is
         * copied when too much of it would lie idle. */
        return granules >= run->granules / 2;
    }
    run->large.bytes = granules * KN_GRANULE;
    return true;
}

/* Granules may be smaller than pages. */
static bool is_whole_pages(const struct kn_run *run)
{
    return kn_is_aligned(run->base | run->granules * KN_GRANULE, kn_os_page_bytes());
}

static bool try_move_pages(struct kn_run *from, struct kn_run *to, size_t bytes)
{
    if (bytes < KN_MOVE_BYTES_MIN || from->moved || !is_whole_pages(from) || !is_whole_pages(to) ||
        kn_load_relaxed(&moved_blocks) >= MOVED_BLOCKS_MAX)
        return false;
    if (kn_os_move((void *)from->base, (void *)to->base, bytes) != 0)
        return false;
    kn_fetch_add_relaxed(&moved_blocks, 1);
    to->moved = 1;
    return true;
}

void *kn_large_move(struct kn_run *run, size_t bytes)
{
    size_t old_bytes = run->granules * KN_GRANULE;
    size_t granules;
    if (!try_granules(bytes, &granules))
        return NULL;
    struct kn_run *to = kn_run_alloc_to_grow(granules);
    if (to == NULL)
        return NULL;
    become_block(to);
    KN_ASSERT(bytes > old_bytes);
    if (try_move_pages(run, to, old_bytes)) {
        kn_desc_fill(kn_map_descs(run), run->granules, KN_DESC_CLEAN);
        kn_run_free(run, 0);
    } else {
        memcpy((void *)to->base, (void *)run->base, old_bytes);
        kn_large_free(run);
    }
    return (void *)to->base;
}
