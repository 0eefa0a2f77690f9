/*
 * The hot paths, and nothing else: malloc of up to 512 bytes and free of a block of the thread's
 * own heap are twelve and eighteen instructions on x86-64 (bench/callgrind shows them), without an
 * atomic operation or a write to a slab's record.
 *
 * What each test of the fast path stands for:
 *   bytes < fast_limit        small request, and the thread has a heap
 *   counter does not run under   the cell has a block
 *   desc ^ fast_tag < 33      16-byte aligned address in a small slab of this heap; gives the class
 *   counter does not run over    the cell has room
 *   head != p                 not freed twice in a row
 */
#ifndef KN_CORE_FASTPATH_H
#define KN_CORE_FASTPATH_H

#include "base/counter8.h"
#include "core/alloc.h"
#include "core/heap.h"

KN_INLINE void *kn_malloc_medium(struct kn_heap *heap, size_t bytes)
{
    size_t size_class = kn_class_of_medium(bytes);
    void *block = heap->head[size_class];
    if (KN_UNLIKELY(block == NULL))
        return kn_malloc_slow(bytes);
    heap->room[size_class]++;
    heap->head[size_class] = kn_link_next(block);
    return block;
}

KN_INLINE void *kn_malloc(size_t bytes)
{
    if (KN_UNLIKELY(bytes >= kn_self.fast_limit))
        return bytes < kn_self.medium_limit ? kn_malloc_medium(kn_self.heap, bytes)
                                            : kn_malloc_slow(bytes);

    struct kn_heap *heap = kn_self.heap;
    size_t size_class = (bytes + 15) >> 4;
    KN_COUNTER8_SUB_OR_GOTO(&heap->units[size_class], size_class, empty);
    void *block = heap->head[size_class];
    heap->head[size_class] = kn_link_next(block);
    return block;
empty:
    return kn_malloc_empty_cell(size_class, heap);
}

/*
 * kn_malloc for callers that have something to do when memory is short: `slow`, which does all that
 * the cells cannot, is reached by a jump.
 */
KN_INLINE void *kn_malloc_or(size_t bytes, void *(*slow)(size_t bytes))
{
    if (KN_UNLIKELY(bytes >= kn_self.fast_limit))
        return slow(bytes);

    struct kn_heap *heap = kn_self.heap;
    size_t size_class = (bytes + 15) >> 4;
    KN_COUNTER8_SUB_OR_GOTO(&heap->units[size_class], size_class, empty);
    void *block = heap->head[size_class];
    heap->head[size_class] = kn_link_next(block);
    return block;
empty:
    heap->units[size_class] = (uint8_t)(heap->units[size_class] + size_class);
    return slow(bytes);
}

KN_INLINE void kn_free_medium(struct kn_heap *heap, void *p, size_t size_class, enum kn_call call)
{
    void *head = heap->head[size_class];
    if (KN_UNLIKELY(head == p)) {
        kn_free_twice(p, heap, size_class, call);
    } else if (KN_UNLIKELY(heap->room[size_class] <= 0)) {
        kn_free_full_medium(p, heap, size_class);
    } else {
        heap->room[size_class]--;
        kn_link_set(p, head);
        heap->head[size_class] = p;
    }
}

KN_INLINE void kn_free(void *p, enum kn_call call)
{
    uint64_t desc = kn_map_desc((uintptr_t)p);
    size_t size_class = desc ^ kn_self.fast_tag;
    struct kn_heap *heap = kn_self.heap;
    if (KN_UNLIKELY(size_class >= KN_SMALL_CLASSES)) {
        if (size_class < KN_CLASS_COUNT)
            kn_free_medium(heap, p, size_class, call);
        else
            kn_free_slow(p, call);
        return;
    }
    KN_COUNTER8_ADD_OR_GOTO(&heap->units[size_class], size_class, full);
    void *head = heap->head[size_class];
    if (KN_UNLIKELY(head == p)) {
        kn_free_twice(p, heap, size_class, call);
        return;
    }
    kn_link_set(p, head);
    heap->head[size_class] = p;
    return;
full:
    kn_free_full_cell(p, heap, size_class, call);
}

#endif
