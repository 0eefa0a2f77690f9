#include "core/slab.h"

#include "base/assert.h"
#include "core/map.h"
#include "core/page_heap.h"

/* Carving of fresh memory stops at multiples of this: no page is touched before it is needed. */
#define CARVE_BYTES ((size_t)4096)

void kn_slab_describe(struct kn_run *run, uint32_t tag)
{
    kn_desc_fill(kn_map_descs(run), run->granules, tag | run->size_class);
}

struct kn_run *kn_slab_new(unsigned size_class, uint32_t tag, bool is_grown)
{
    const struct kn_class *c = &kn_classes[size_class];
    size_t granules = is_grown ? c->slab_granules_grown : c->slab_granules;
    struct kn_run *run = kn_run_alloc(granules, 1);
    if (run == NULL && is_grown) {
        granules = c->slab_granules;
        run = kn_run_alloc(granules, 1);
    }
    if (run == NULL)
        return NULL;

    /* The first and the last are right already, and neighbours may be reading them. */
    for (uint32_t i = 1; i + 1 < granules; i++)
        run[i].back = i;
    run->size_class = (uint8_t)size_class;
    run->parked = 0;
    run->warm = run->dirty == granules;
    run->capacity = (uint16_t)(granules * KN_GRANULE / c->block_bytes);
    kn_store_relaxed(&run->carved, 0);
    kn_store_relaxed(&run->slab.remote, kn_remote_pack(KN_SLAB_OWNED, 0, 0));
    run->slab.local = NULL;
    run->slab.local_count = 0;
    run->slab.owner_tag = tag;
    kn_slab_describe(run, tag);
    kn_run_set_kind(run, KN_RUN_SLAB);
    return run;
}

void kn_slab_release(struct kn_run *run)
{
    /* Granules never carved may still be dirty from an earlier use, so all of the run counts as
     * dirty. */
    kn_desc_fill(kn_map_descs(run), run->granules, KN_DESC_DIRTY);
    kn_run_free(run, run->granules);
}

struct kn_chain kn_slab_carve(struct kn_run *run, uint32_t max)
{
    const struct kn_class *c = &kn_classes[run->size_class];
    size_t block_bytes = c->block_bytes;
    uint32_t carved = kn_load_relaxed(&run->carved);
    uint32_t left = run->capacity - carved;
    uintptr_t first = run->base + carved * block_bytes;
    uint32_t count = (uint32_t)((CARVE_BYTES - (first & (CARVE_BYTES - 1))) / block_bytes);
    KN_ASSERT(left > 0 && max > 0);

    count = run->warm ? max : count == 0 ? 1 : count;
    count = count > max ? max : count;
    count = count > left ? left : count;
    uintptr_t block = first;
    for (uint32_t i = 1; i < count; i++, block += block_bytes)
        kn_link_set((void *)block, (void *)(block + block_bytes));
    kn_link_set((void *)block, NULL);
    kn_store_relaxed(&run->carved, (uint16_t)(carved + count));
    return (struct kn_chain){.head = (void *)first, .tail = (void *)block, .count = count};
}

struct kn_chain kn_slab_take_remote(struct kn_run *run)
{
    /* Acquire: pairs with the release of each push, so that the links and the old users' last
     * accesses are seen. */
    uint64_t word = kn_exchange_acquire(&run->slab.remote, kn_remote_pack(KN_SLAB_OWNED, 0, 0));
    KN_ASSERT(kn_remote_state(word) == KN_SLAB_OWNED);
    return (struct kn_chain){.head = kn_remote_head(run, word), .count = kn_remote_count(word)};
}

void kn_slab_collect(struct kn_run *run)
{
    struct kn_chain remote = kn_slab_take_remote(run);
    while (remote.head != NULL) {
        void *next = kn_link_next(remote.head);
        kn_link_set(remote.head, run->slab.local);
        run->slab.local = remote.head;
        remote.head = next;
    }
    run->slab.local_count += remote.count;
}

bool kn_slab_try_claim(struct kn_run *run, uint64_t seen)
{
    KN_ASSERT(kn_remote_state(seen) != KN_SLAB_OWNED);
    /* Acquire: pairs with the release in the disowner's and every pusher's compare-and-swap. */
    if (!kn_cas_strong_acquire(&run->slab.remote, &seen, kn_remote_pack(KN_SLAB_OWNED, 0, 0)))
        return false;
    run->slab.local = kn_remote_head(run, seen);
    run->slab.local_count = kn_remote_count(seen);
    return true;
}

bool kn_slab_try_disown(struct kn_run *run)
{
    uint64_t expected = kn_remote_pack(KN_SLAB_OWNED, 0, 0);
    KN_ASSERT(run->slab.local_count == 0 && kn_load_relaxed(&run->carved) == run->capacity);
    /* Release: pairs with the acquire of the claim, so that the next owner sees the record as this
     * one left it. */
    return kn_cas_strong_release(&run->slab.remote, &expected, kn_remote_pack(KN_SLAB_FULL, 0, 0));
}

static const char *check_list(const struct kn_run *run, const void *head, uint32_t count)
{
    for (const void *block = head; block != NULL; block = kn_link_next(block)) {
        if ((uintptr_t)block - run->base >= run->granules * KN_GRANULE)
            return "a free list leads out of its slab";
        if (!kn_slab_is_block(run, run->size_class, (uintptr_t)block))
            return "a free list holds something that is not a block";
        if (count-- == 0)
            return "a free list is longer than its count";
    }
    return count == 0 ? NULL : "a free list is shorter than its count";
}

const char *kn_slab_check(const struct kn_run *run)
{
    uint64_t word = kn_load_acquire(&run->slab.remote);
    uint32_t carved = kn_load_relaxed(&run->carved);
    if (kn_run_kind_of(run) != KN_RUN_SLAB || run->size_class == 0 ||
        run->size_class >= KN_CLASS_COUNT)
        return "a slab's record is not one of a slab";
    if (carved > run->capacity)
        return "a slab has more blocks carved than fit";
    if (run->slab.local_count + kn_remote_count(word) > carved)
        return "a slab has more free blocks than carved ones";
    const char *wrong = check_list(run, run->slab.local, run->slab.local_count);
    return wrong != NULL ? wrong
                         : check_list(run, kn_remote_head(run, word), kn_remote_count(word));
}
