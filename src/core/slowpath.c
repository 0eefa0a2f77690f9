#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "core/alloc.h"
#include "core/cell.h"
#include "core/fastpath.h"
#include "core/foreign.h"
#include "core/heap.h"
#include "core/large.h"
#include "core/limits.h"
#include "core/map.h"
#include "core/page_heap.h"

static void *out_of_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

/* The end of a slow allocation: the heap is in order, and no lock is held. */
static void *finish(void *block)
{
    kn_limits_deliver();
    return KN_LIKELY(block != NULL) ? block : out_of_memory();
}

/* ---- malloc ---- */

static void *refill_shared(unsigned size_class)
{
    struct kn_heap *heap = kn_heap_lock_shared();
    void *block = kn_heap_refill(heap, size_class);
    kn_heap_unlock_shared();
    return block;
}

static void *slab_alloc(unsigned size_class)
{
    struct kn_heap *heap = kn_heap_get();
    if (heap == NULL)
        return refill_shared(size_class);
    return kn_heap_refill(heap, size_class);
}

static void *large_alloc(size_t bytes, size_t align, bool is_zeroed)
{
    void *block;
    (void)kn_heap_get();
    do {
        block = kn_large_alloc(bytes, align, is_zeroed);
    } while (KN_UNLIKELY(block == NULL) && kn_limits_try_relieve(bytes));
    return finish(block);
}

void *kn_malloc_slow(size_t bytes)
{
    void *block;
    if (bytes > KN_MEDIUM_MAX)
        return large_alloc(bytes, KN_ALIGN_MIN, false);
    do {
        block = slab_alloc(kn_class_of(bytes == 0 ? 1 : bytes));
    } while (KN_UNLIKELY(block == NULL) && kn_limits_try_relieve(bytes));
    return finish(block);
}

static void *malloc_smallest(struct kn_heap *heap)
{
    void *block = heap->head[1];
    KN_COUNTER8_SUB_OR_GOTO(&heap->units[1], 1, empty);
    heap->head[1] = kn_link_next(block);
    return block;
empty:
    return kn_malloc_empty_cell(1, heap);
}

void *kn_malloc_empty_cell(size_t size_class, struct kn_heap *heap)
{
    heap->units[size_class] = (uint8_t)(heap->units[size_class] + size_class);
    if (KN_UNLIKELY(size_class == 0)) /* a request of zero bytes gets the smallest block */
        return malloc_smallest(heap);
    void *block = kn_heap_refill(heap, (unsigned)size_class);
    if (KN_UNLIKELY(block == NULL))
        return kn_malloc_slow(size_class * KN_ALIGN_MIN);
    kn_limits_deliver();
    return block;
}

void *kn_zalloc(size_t bytes)
{
    if (bytes > KN_MEDIUM_MAX)
        return large_alloc(bytes, KN_ALIGN_MIN, true);
    void *block = kn_malloc(bytes);
    if (KN_LIKELY(block != NULL))
        memset(block, 0, kn_class_bytes(kn_class_of(bytes == 0 ? 1 : bytes)));
    return block;
}

void *kn_alloc_aligned(size_t bytes, size_t align, bool is_zeroed)
{
    if (align <= KN_ALIGN_MIN)
        return is_zeroed ? kn_zalloc(bytes) : kn_malloc(bytes);
    unsigned size_class = kn_class_of_aligned(bytes == 0 ? 1 : bytes, align);
    if (size_class != 0) /* every block of the class has the alignment */
        return is_zeroed ? kn_zalloc(kn_class_bytes(size_class))
                         : kn_malloc(kn_class_bytes(size_class));
    return large_alloc(bytes == 0 ? 1 : bytes, align, is_zeroed);
}

size_t kn_malloc_batch(size_t bytes, size_t count, void **out)
{
    size_t done = 0;
    while (done < count && (out[done] = kn_malloc(bytes)) != NULL)
        done++;
    return done;
}

/* ---- what a pointer is ---- */

struct target {
    struct kn_run *run;
    unsigned size_class; /* 0: a large block */
    uint32_t owner_tag;  /* of a slab; KN_DESC_UNOWNED when nobody owns it */
};

/* Finds the slab or large block that starts a block at p; false for every other pointer. Never
 * faults. */
KN_INLINE bool find_block(const void *p, struct target *target)
{
    struct kn_place place;
    uintptr_t address = (uintptr_t)p;
    if (KN_UNLIKELY(!kn_map_find(address, &place)))
        return false;
    uint32_t desc = kn_load_relaxed(place.desc);
    if (KN_LIKELY(kn_desc_is_slab(desc))) {
        target->run = kn_run_of_slot(place.slot);
        target->size_class = desc & KN_DESC_CLASS_MASK;
        target->owner_tag = desc & KN_DESC_TAG_MASK;
        return kn_slab_is_block(target->run, target->size_class, address);
    }
    target->run = place.slot;
    target->size_class = 0;
    return desc == KN_DESC_LARGE && address == place.slot->base;
}

static size_t usable_bytes(const struct target *target)
{
    return target->size_class == 0 ? target->run->large.bytes : kn_class_bytes(target->size_class);
}

size_t kn_usable_size(const void *p, enum kn_call call)
{
    struct target target;
    if (p == NULL)
        return 0;
    if (KN_LIKELY(find_block(p, &target)))
        return usable_bytes(&target);
    size_t foreign_bytes = kn_foreign_usable_bytes(p);
    if (foreign_bytes == 0)
        kn_report_bad_pointer(p, call);
    return foreign_bytes;
}

size_t kn_good_size(size_t bytes)
{
    if (bytes <= KN_MEDIUM_MAX)
        return kn_class_bytes(kn_class_of(bytes == 0 ? 1 : bytes));
    if (bytes > PTRDIFF_MAX)
        return 0;
    return (bytes + KN_GRANULE - 1) & ~(KN_GRANULE - 1);
}

/* ---- free ---- */

static void free_shared(struct kn_run *run, void *p)
{
    struct kn_heap *heap = kn_heap_lock_shared();
    /* Read under the lock: before, another thread could make the shared heap claim the slab or give
     * it up. */
    uint32_t desc = kn_load_relaxed(kn_map_descs(run));
    if ((desc & KN_DESC_TAG_MASK) == heap->tag)
        kn_heap_free_local(heap, run, p);
    else
        kn_heap_free_remote(heap, run, p);
    kn_heap_unlock_shared();
}

static void free_slab_block(struct kn_run *run, uint32_t owner_tag, void *p, enum kn_call call)
{
    struct kn_heap *heap = kn_heap_get();
    if (heap == NULL) {
        free_shared(run, p);
    } else if (owner_tag == heap->tag) {
        kn_heap_free_local(heap, run, p);
    } else if (kn_heap_is_last_batched(heap, run, p)) {
        kn_report_double_free(p, call);
    } else {
        kn_heap_free_remote(heap, run, p);
    }
}

static void free_foreign(void *p, enum kn_call call)
{
    if (kn_foreign_usable_bytes(p) != 0)
        kn_foreign_free(p);
    else
        kn_report_bad_pointer(p, call);
}

void kn_free_slow(void *p, enum kn_call call)
{
    struct target target;
    if (p == NULL)
        return;
    if (KN_UNLIKELY(!find_block(p, &target)))
        free_foreign(p, call);
    else if (target.size_class == 0)
        kn_large_free(target.run);
    else if (!kn_heap_try_batch(kn_self.heap, target.run, p))
        free_slab_block(target.run, target.owner_tag, p, call);
}

void kn_free_full_cell(void *p, struct kn_heap *heap, size_t size_class, enum kn_call call)
{
    heap->units[size_class] = (uint8_t)(heap->units[size_class] - size_class);
    if (KN_UNLIKELY(heap->head[size_class] == p)) {
        kn_report_double_free(p, call);
        return;
    }
    kn_cell_make_room(heap, (unsigned)size_class);
    kn_cell_push(heap, (unsigned)size_class, p);
}

void kn_free_full_medium(void *p, struct kn_heap *heap, size_t size_class)
{
    kn_cell_make_room(heap, (unsigned)size_class);
    kn_cell_push(heap, (unsigned)size_class, p);
}

void kn_free_twice(void *p, struct kn_heap *heap, size_t size_class, enum kn_call call)
{
    if (size_class < KN_SMALL_CLASSES)
        heap->units[size_class] = (uint8_t)(heap->units[size_class] - size_class);
    kn_report_double_free(p, call);
}

/* ---- realloc ---- */

/* A smaller request stays where it is while it uses at least half of the block. */
static bool fits_well(size_t bytes, size_t usable)
{
    return bytes <= usable && bytes >= usable / 2;
}

static void *realloc_by_copy(void *p, size_t old_bytes, size_t bytes, enum kn_call call)
{
    void *block = kn_malloc(bytes);
    if (block == NULL)
        return NULL;
    memcpy(block, p, old_bytes < bytes ? old_bytes : bytes);
    kn_free(p, call);
    return block;
}

/* A block of another allocator becomes one of this heap. */
static void *realloc_foreign(void *p, size_t bytes, enum kn_call call)
{
    size_t old_bytes = kn_foreign_usable_bytes(p);
    if (old_bytes != 0)
        return realloc_by_copy(p, old_bytes, bytes, call);
    kn_report_bad_pointer(p, call);
    return out_of_memory();
}

void *kn_realloc(void *p, size_t bytes, enum kn_call call)
{
    struct target target;
    if (KN_UNLIKELY(!find_block(p, &target)))
        return realloc_foreign(p, bytes, call);
    size_t usable = usable_bytes(&target);
    /* A large block that just about fits a slab stays as well, or a size that flips around the
     * border would be copied each time. */
    bool stays_large = target.size_class == 0 && bytes > KN_MEDIUM_MAX;
    if (fits_well(bytes, usable) && (!stays_large || usable - bytes < KN_GRANULE))
        return p;
    if (stays_large) {
        if (kn_large_try_resize(target.run, bytes))
            return p;
        if (bytes > usable) {
            void *block;
            do {
                block = kn_large_move(target.run, bytes);
            } while (KN_UNLIKELY(block == NULL) && kn_limits_try_relieve(bytes));
            return finish(block);
        }
    }
    int saved = errno;
    void *block = realloc_by_copy(p, usable, bytes, call);
    if (block == NULL && bytes <= usable) {
        errno = saved;
        return p; /* cannot shrink for want of memory: the block still fits */
    }
    return block;
}

bool kn_try_expand(void *p, size_t bytes, enum kn_call call)
{
    struct target target;
    if (KN_UNLIKELY(!find_block(p, &target))) {
        kn_report_bad_pointer(p, call);
        return false;
    }
    if (bytes <= usable_bytes(&target))
        return true;
    return target.size_class == 0 && kn_large_try_resize(target.run, bytes);
}

bool kn_trim(size_t keep_bytes)
{
    struct kn_heap *heap = kn_heap_get();
    if (heap != NULL)
        kn_heap_flush(heap);
    kn_heap_flush(kn_heap_lock_shared());
    kn_heap_unlock_shared();
    return kn_page_heap_purge(keep_bytes) != 0;
}
