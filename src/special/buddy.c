/* The public buddy, on ds/buddy.h. The records are this structure with the core's metadata right
 * behind it, in the caller's memory or in a range of a source. */
#include "ds/buddy.h"

#include "base/align.h"
#include "special/misuse.h"
#include "special/source.h"

#include <errno.h>

#include <knoll/buddy.h>

struct knoll_buddy {
    struct kn_buddy core;
    void *base; /* NULL: offsets only */
    size_t used_blocks;
    size_t bytes;             /* of the range, as given */
    unsigned max_order;       /* as given */
    struct kn_source *source; /* NULL: the records are in memory of the caller */
    struct kn_range records;
};

KN_STATIC_ASSERT(KNOLL_BUDDY_ORDERS == KN_BUDDY_ORDERS, "both count the bits of a size_t");
KN_STATIC_ASSERT(KNOLL_BUDDY_NONE == KN_BUDDY_NONE, "offsets are passed on as they are");

enum { RECORDS_ALIGN = sizeof(uint64_t) };

/* Where the core's metadata begin. */
static size_t metadata_at(void)
{
    return kn_align_up(sizeof(struct knoll_buddy), RECORDS_ALIGN);
}

size_t knoll_buddy_state_bytes(size_t bytes, unsigned min_order, unsigned max_order)
{
    if (min_order > max_order || max_order >= KNOLL_BUDDY_ORDERS)
        return 0;
    /* The core takes less than four bytes for each smallest block. */
    if (bytes >> min_order > PTRDIFF_MAX / 8)
        return 0;
    return metadata_at() + kn_buddy_metadata_bytes(bytes, min_order, max_order);
}

static void start(struct knoll_buddy *buddy, unsigned min_order)
{
    kn_buddy_init(&buddy->core, kn_ptr_add(buddy, metadata_at()), buddy->bytes, min_order,
                  buddy->max_order);
    buddy->used_blocks = 0;
}

struct knoll_buddy *knoll_buddy_init(void *state, size_t state_bytes, void *base, size_t bytes,
                                     unsigned min_order, unsigned max_order)
{
    size_t needed = knoll_buddy_state_bytes(bytes, min_order, max_order);
    struct knoll_buddy *buddy = state;

    if (needed == 0 || state == NULL || !kn_is_aligned((uintptr_t)state, RECORDS_ALIGN) ||
        bytes > UINTPTR_MAX - (uintptr_t)base) {
        errno = EINVAL;
        return NULL;
    }
    if (state_bytes < needed) {
        errno = ENOMEM;
        return NULL;
    }
    *buddy = (struct knoll_buddy){.base = base, .bytes = bytes, .max_order = max_order};
    start(buddy, min_order);
    return buddy;
}

struct knoll_buddy *knoll_buddy_new(struct knoll_source *source, void *base, size_t bytes,
                                    unsigned min_order, unsigned max_order)
{
    size_t needed = knoll_buddy_state_bytes(bytes, min_order, max_order);
    struct kn_source *from = source == NULL ? kn_source_mmap() : kn_source_of_public(source);
    struct kn_range records;
    struct knoll_buddy *buddy;

    if (needed == 0) {
        errno = EINVAL;
        return NULL;
    }
    if (kn_source_acquire(from, needed, RECORDS_ALIGN, &records) != 0) {
        errno = ENOMEM;
        return NULL;
    }
    buddy = knoll_buddy_init(records.start, records.bytes, base, bytes, min_order, max_order);
    if (buddy == NULL) {
        (void)kn_source_release(from, records.start, records.bytes);
        return NULL;
    }
    buddy->source = from;
    buddy->records = records;
    return buddy;
}

void knoll_buddy_delete(struct knoll_buddy *buddy)
{
    struct kn_range records;

    if (buddy == NULL || buddy->source == NULL)
        return;
    records = buddy->records;
    (void)kn_source_release(buddy->source, records.start, records.bytes);
}

void knoll_buddy_reset(struct knoll_buddy *buddy)
{
    start(buddy, buddy->core.min_order);
}

/* ---- misuse ----------------------------------------------------------------------------------- */

static const char *fault_of(const struct knoll_buddy *buddy, size_t offset)
{
    size_t block = kn_buddy_enclosing(&buddy->core, offset);

    if (offset >> buddy->core.min_order >= buddy->core.units)
        return "outside of the range";
    if (block != KN_BUDDY_NONE)
        return "inside a block, not its first byte";
    if (kn_buddy_was_freed(&buddy->core, offset))
        return "freed already";
    return "free, and never the first byte of a block";
}

/* For an offset at which no used block starts; `call` was made with `given`. */
KN_COLD static void report(const struct knoll_buddy *buddy, size_t offset, const char *call,
                           const void *given)
{
    kn_special_misuse("buddy", call, given, fault_of(buddy, offset));
}

static const void *as_given(size_t offset)
{
    return (const void *)(uintptr_t)offset;
}

static size_t offset_of(const struct knoll_buddy *buddy, const void *block)
{
    return (uintptr_t)block - (uintptr_t)buddy->base;
}

static void free_block(struct knoll_buddy *buddy, size_t offset, const char *call,
                       const void *given)
{
    if (kn_buddy_free(&buddy->core, offset) != 0)
        report(buddy, offset, call, given);
    else
        buddy->used_blocks--;
}

static int resize_block(struct knoll_buddy *buddy, size_t offset, size_t bytes, const char *call,
                        const void *given)
{
    int error = kn_buddy_resize(&buddy->core, offset, kn_buddy_order_of(bytes));

    if (error == EINVAL)
        report(buddy, offset, call, given);
    return error;
}

/* ---- blocks by offset ------------------------------------------------------------------------- */

size_t knoll_buddy_alloc_offset(struct knoll_buddy *buddy, size_t bytes, size_t align)
{
    size_t offset;

    if (align == 0)
        align = 1;
    if (!kn_is_power_of_two(align)) {
        errno = EINVAL;
        return KNOLL_BUDDY_NONE;
    }
    offset = kn_buddy_alloc_aligned(&buddy->core, kn_buddy_order_of(bytes), kn_log2_floor(align));
    if (offset == KN_BUDDY_NONE)
        errno = ENOMEM;
    else
        buddy->used_blocks++;
    return offset;
}

void knoll_buddy_free_offset(struct knoll_buddy *buddy, size_t offset)
{
    if (offset != KNOLL_BUDDY_NONE)
        free_block(buddy, offset, "knoll_buddy_free_offset", as_given(offset));
}

int knoll_buddy_resize_offset(struct knoll_buddy *buddy, size_t offset, size_t bytes)
{
    return resize_block(buddy, offset, bytes, "knoll_buddy_resize_offset", as_given(offset));
}

size_t knoll_buddy_size_offset(const struct knoll_buddy *buddy, size_t offset)
{
    return kn_buddy_block_bytes(&buddy->core, offset);
}

/* ---- blocks by pointer ------------------------------------------------------------------------ */

void *knoll_buddy_alloc_aligned(struct knoll_buddy *buddy, size_t align, size_t bytes)
{
    size_t offset;

    if (buddy->base == NULL || (align > 1 && ((uintptr_t)buddy->base & (align - 1)) != 0)) {
        errno = EINVAL;
        return NULL;
    }
    offset = knoll_buddy_alloc_offset(buddy, bytes, align);
    return offset == KNOLL_BUDDY_NONE ? NULL : kn_ptr_add(buddy->base, offset);
}

void *knoll_buddy_alloc(struct knoll_buddy *buddy, size_t bytes)
{
    return knoll_buddy_alloc_aligned(buddy, 1, bytes);
}

void knoll_buddy_free(struct knoll_buddy *buddy, void *block)
{
    if (block != NULL)
        free_block(buddy, offset_of(buddy, block), "knoll_buddy_free", block);
}

int knoll_buddy_resize(struct knoll_buddy *buddy, void *block, size_t bytes)
{
    return resize_block(buddy, offset_of(buddy, block), bytes, "knoll_buddy_resize", block);
}

size_t knoll_buddy_size(const struct knoll_buddy *buddy, const void *block)
{
    return kn_buddy_block_bytes(&buddy->core, offset_of(buddy, block));
}

/* ---- what it looks like ----------------------------------------------------------------------- */

size_t knoll_buddy_free_bytes(const struct knoll_buddy *buddy)
{
    return buddy->core.free_bytes;
}

size_t knoll_buddy_largest_bytes(const struct knoll_buddy *buddy)
{
    return kn_buddy_largest_bytes(&buddy->core);
}

/* Halvings from the largest block that the free bytes could make to the largest that there is. */
static unsigned lost_halves(const struct kn_buddy *core)
{
    unsigned could_be;

    if (core->free_bytes == 0)
        return 0;
    could_be = kn_log2_floor(core->free_bytes);
    if (could_be > core->max_order)
        could_be = core->max_order;
    return could_be - kn_log2_floor(kn_buddy_largest_bytes(core));
}

void knoll_buddy_stats_get(const struct knoll_buddy *buddy, struct knoll_buddy_stats *stats)
{
    const struct kn_buddy *core = &buddy->core;

    *stats = (struct knoll_buddy_stats){
        .range_bytes = core->units << core->min_order,
        .used_bytes = (core->units << core->min_order) - core->free_bytes,
        .free_bytes = core->free_bytes,
        .largest_free_bytes = kn_buddy_largest_bytes(core),
        .used_blocks = buddy->used_blocks,
        .fragmentation_percent = 100 - (unsigned)(UINT64_C(100) >> lost_halves(core)),
    };
    for (unsigned order = core->min_order; order <= core->max_order; order++) {
        stats->free_blocks_of_order[order] = kn_buddy_free_blocks(core, order);
        stats->free_blocks += stats->free_blocks_of_order[order];
    }
}

int knoll_buddy_walk(const struct knoll_buddy *buddy,
                     int (*visit)(const struct knoll_buddy_block *block, void *arg), void *arg)
{
    struct kn_buddy_block found;
    int result = 0;

    for (size_t at = 0; result == 0 && kn_buddy_try_block_at(&buddy->core, at, &found);
         at += found.bytes) {
        struct knoll_buddy_block block = {found.offset, found.bytes, !found.is_free};

        result = visit(&block, arg);
    }
    return result;
}

const char *knoll_buddy_check(const struct knoll_buddy *buddy)
{
    const char *fault = kn_buddy_check(&buddy->core);
    struct kn_buddy_block block;
    size_t used = 0;

    if (fault != NULL)
        return fault;
    for (size_t at = 0; kn_buddy_try_block_at(&buddy->core, at, &block); at += block.bytes)
        used += !block.is_free;
    return used == buddy->used_blocks ? NULL : "buddy: used blocks differ from their count";
}
