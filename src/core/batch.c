#include "core/heap.h"

#include "core/orphan.h"

/* A batch is posted when it holds this many bytes or blocks, but not below the least number of blocks. */
#define BATCH_BYTES      ((size_t)16384)
#define BATCH_BLOCKS_MAX 64u
#define BATCH_BLOCKS_MIN 4u

static void post(struct kn_heap *heap, struct kn_batch *batch)
{
    heap->batched -= batch->chain.count;
    kn_remote_push(batch->slab, &batch->chain);
    batch->slab = NULL;
}

void kn_heap_post_batches(struct kn_heap *heap)
{
    heap->refills = 0;
    for (unsigned i = 0; i < KN_BATCHES; i++) {
        if (heap->batches[i].slab != NULL)
            post(heap, &heap->batches[i]);
    }
}

static uint32_t batch_blocks_max(unsigned size_class)
{
    size_t count = BATCH_BYTES / kn_class_bytes(size_class);
    return count > BATCH_BLOCKS_MAX   ? BATCH_BLOCKS_MAX
           : count < BATCH_BLOCKS_MIN ? BATCH_BLOCKS_MIN
                                      : (uint32_t)count;
}

static struct kn_batch *batch_of(struct kn_heap *heap, const struct kn_run *run)
{
    uint64_t hash = (uint64_t)((uintptr_t)run / sizeof(*run)) * 0x9E3779B97F4A7C15u;
    return &heap->batches[hash >> 60];
}

/*
 * A slab handed out completely is claimed by the heap that frees into it, if that heap has itself
 * handed out as many slabs of the class as it has claimed: one that allocates will use the blocks,
 * one that only frees would hoard them.
 */
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
    if (heap->bins[run->size_class].balance > 0 && try_claim_full(heap, run)) {
        kn_heap_free_local(heap, run, block);
        return;
    }
    struct kn_chain single = {.head = block, .tail = block, .count = 1};
    kn_link_set(block, NULL);
    if (heap->is_shared) {
        kn_remote_push(run, &single);
        return;
    }
    struct kn_batch *batch = batch_of(heap, run);
    if (batch->slab != run) {
        if (batch->slab != NULL)
            post(heap, batch);
        batch->slab = run;
        batch->chain = single;
    } else {
        kn_link_set(block, batch->chain.head);
        batch->chain.head = block;
        batch->chain.count++;
    }
    heap->batched++;
    if (batch->chain.count >= batch_blocks_max(run->size_class))
        post(heap, batch);
}
