#include "core/heap.h"

#include "core/orphan.h"

/* Among several heaps, one with this many slabs of a class has plenty. */
#define PLENTY 4u

static void post(struct kn_heap *heap, struct kn_batch *batch)
{
    heap->open_batches--;
    kn_remote_push(batch->slab, &batch->chain);
    batch->slab = NULL;
    batch->chain.count = 0;
}

void kn_heap_post_batches(struct kn_heap *heap)
{
    heap->refills = 0;
    for (unsigned i = 0; i < KN_BATCHES; i++) {
        if (heap->batches[i].slab != NULL)
            post(heap, &heap->batches[i]);
    }
}

static size_t batch_index(const struct kn_run *run)
{
    uint64_t hash = (uint64_t)((uintptr_t)run / sizeof(*run)) * 0x9E3779B97F4A7C15u;
    return hash >> 60;
}

bool kn_heap_is_last_batched(const struct kn_heap *heap, const struct kn_run *run,
                             const void *block)
{
    const struct kn_batch *batch = &heap->batches[batch_index(run)];
    return batch->slab == run && batch->chain.head == block;
}

bool kn_heap_try_batch(struct kn_heap *heap, struct kn_run *run, void *block)
{
    struct kn_batch *batch = &heap->batches[batch_index(run)];
    if (batch->slab != run || batch->chain.head == block)
        return false;
    kn_link_set(block, batch->chain.head);
    batch->chain.head = block;
    batch->chain.count++;
    if (batch->chain.count >= kn_classes[run->size_class].batch_blocks)
        post(heap, batch);
    return true;
}

/* Asks the descriptor, not the slab's word, which its owner may be writing to. */
static bool is_unowned(const struct kn_run *run)
{
    return (kn_load_relaxed(kn_map_descs(run)) & KN_DESC_TAG_MASK) == KN_DESC_UNOWNED;
}

/*
 * A slab handed out completely is claimed by the heap that frees into it, if that heap has handed
 * out more slabs of the class than it has claimed: one that allocates will use the blocks, one that
 * only frees would hoard them. And not if, among several threads, it has plenty already: what it
 * does not claim gets into the pool, where the others find it.
 */
static bool wants_more(const struct kn_bin *bin)
{
    return bin->balance > 0 && (bin->slab_count < PLENTY || kn_load_relaxed(&kn_heaps_in_use) == 1);
}

static bool try_claim_full(struct kn_heap *heap, struct kn_run *run)
{
    uint64_t word = kn_load_relaxed(&run->slab.remote);
    if (kn_remote_state(word) != KN_SLAB_FULL || !kn_slab_try_claim(run, word))
        return false;
    heap->bins[run->size_class].balance--;
    kn_heap_own(heap, run);
    return true;
}

void kn_heap_free_remote(struct kn_heap *heap, struct kn_run *run, void *block)
{
    if (wants_more(&heap->bins[run->size_class]) && is_unowned(run) && try_claim_full(heap, run)) {
        kn_heap_free_local(heap, run, block);
        return;
    }
    struct kn_chain single = {.head = block, .tail = block, .count = 1};
    kn_link_set(block, NULL);
    if (heap->is_shared) {
        kn_remote_push(run, &single);
        return;
    }
    struct kn_batch *batch = &heap->batches[batch_index(run)];
    if (batch->slab != NULL)
        post(heap, batch);
    batch->slab = run;
    batch->chain = single;
    heap->open_batches++;
}
