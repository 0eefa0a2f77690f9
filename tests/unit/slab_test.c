#include "core/slab.h"

#include "require.h"

#include "core/heap.h"
#include "core/map.h"
#include "core/page_heap.h"

/* A tag that no heap of this process has. */
#define TAG (KN_TAG_FIRST * 1000)

static struct kn_run *new_slab(unsigned size_class)
{
    kn_require(kn_heap_get() != NULL);
    struct kn_run *run = kn_slab_new(size_class, TAG, false);
    kn_require(run != NULL);
    kn_require_sound(kn_slab_check(run));
    return run;
}

/* Carves all blocks and puts them into the local list. */
static void carve_all(struct kn_run *run)
{
    while (kn_load_relaxed(&run->carved) < run->capacity) {
        struct kn_chain chain = kn_slab_carve(run, run->capacity);
        kn_require(chain.count >= 1);
        kn_link_set(chain.tail, run->slab.local);
        run->slab.local = chain.head;
        run->slab.local_count += chain.count;
    }
}

KN_TEST(slab, begins_without_blocks_and_described_as_its_owners)
{
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++) {
        struct kn_run *run = new_slab(i);
        const kn_desc *desc = kn_map_descs(run);
        ck_assert_uint_eq(kn_load_relaxed(&run->carved), 0);
        for (size_t k = 0; k < run->granules; k++) {
            kn_require(kn_load_relaxed(&desc[k]) == (TAG | i));
            kn_require(kn_run_at(run->base + k * KN_GRANULE + 77) == run);
        }
        kn_require(!kn_slab_is_block(run, i, run->base));
        kn_slab_release(run);
    }
    kn_require_sound(kn_page_heap_check());
}

KN_TEST(slab, carves_each_block_once_and_in_order)
{
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++) {
        struct kn_run *run = new_slab(i);
        uintptr_t expected = run->base;
        uint32_t count = 0;
        while (count < run->capacity) {
            struct kn_chain chain = kn_slab_carve(run, 5);
            kn_require(chain.count >= 1 && chain.count <= 5);
            count += chain.count;
            for (void *block = chain.head; block != NULL; block = kn_link_next(block)) {
                kn_require((uintptr_t)block == expected);
                kn_require(kn_slab_is_block(run, i, expected));
                kn_require(!kn_slab_is_block(run, i, expected + 16) || i == 1);
                expected += kn_class_bytes(i);
                kn_require(block != chain.tail || kn_link_next(block) == NULL);
            }
        }
        kn_require(count == run->capacity && expected <= run->base + run->granules * KN_GRANULE);
        kn_slab_release(run);
    }
}

KN_TEST(slab, passes_from_owner_to_nobody_and_back_with_its_list)
{
    struct kn_run *run = new_slab(kn_class_of(1000));
    carve_all(run);
    struct kn_chain all = kn_slab_take_local(run);
    ck_assert_uint_eq(all.count, run->capacity);
    ck_assert(kn_slab_try_disown(run));
    uint64_t word = kn_load_relaxed(&run->slab.remote);
    ck_assert_int_eq(kn_remote_state(word), KN_SLAB_FULL);
    /* A block comes back, so a claim that has not seen it fails. */
    kn_link_set(all.head, NULL);
    kn_store_relaxed(&run->slab.remote,
                     kn_remote_pack(KN_SLAB_FULL, 1, kn_remote_code(run, all.head)));
    ck_assert(!kn_slab_try_claim(run, word));
    ck_assert(kn_slab_try_claim(run, kn_load_relaxed(&run->slab.remote)));
    ck_assert_uint_eq(run->slab.local_count, 1);
    ck_assert_ptr_eq(run->slab.local, all.head);
    kn_require_sound(kn_slab_check(run));
}

KN_TEST(slab, is_not_disowned_when_a_block_has_come_back)
{
    struct kn_run *run = new_slab(kn_class_of(100));
    carve_all(run);
    struct kn_chain all = kn_slab_take_local(run);
    kn_link_set(all.head, NULL);
    kn_store_relaxed(&run->slab.remote,
                     kn_remote_pack(KN_SLAB_OWNED, 1, kn_remote_code(run, all.head)));
    ck_assert(!kn_slab_try_disown(run));
    kn_slab_collect(run);
    ck_assert_uint_eq(run->slab.local_count, 1);
    ck_assert_uint_eq(kn_remote_count(kn_load_relaxed(&run->slab.remote)), 0);
    kn_require_sound(kn_slab_check(run));
}

KN_TEST(slab, finds_the_granule_of_a_block_by_its_code)
{
    struct kn_run *run = new_slab(KN_CLASS_COUNT - 1);
    carve_all(run);
    for (void *block = run->slab.local; block != NULL; block = kn_link_next(block)) {
        uint64_t word = kn_remote_pack(KN_SLAB_POOLED, 9, kn_remote_code(run, block));
        kn_require(kn_remote_head(run, word) == block);
        kn_require(kn_remote_count(word) == 9 && kn_remote_state(word) == KN_SLAB_POOLED);
    }
    ck_assert_ptr_null(kn_remote_head(run, kn_remote_pack(KN_SLAB_FULL, 0, 0)));
}

KN_TEST(slab, check_finds_damaged_lists)
{
    struct kn_run *run = new_slab(kn_class_of(64));
    carve_all(run);
    void *head = run->slab.local;
    void *second = kn_link_next(head);
    run->slab.local_count--;
    kn_require_fault(kn_slab_check(run), "longer than its count");
    run->slab.local_count++;
    kn_link_set(head, (char *)second + 16);
    kn_require_fault(kn_slab_check(run), "something that is not a block");
    kn_link_set(head, (void *)(run->base - 64));
    kn_require_fault(kn_slab_check(run), "out of its slab");
    kn_link_set(head, NULL);
    kn_require_fault(kn_slab_check(run), "shorter than its count");
    kn_link_set(head, head);
    kn_require_fault(kn_slab_check(run), "longer than its count");
    kn_link_set(head, second);
    kn_require_sound(kn_slab_check(run));
    kn_store_relaxed(&run->carved, (uint16_t)(run->capacity - 1));
    kn_require_fault(kn_slab_check(run), "more free blocks than carved");
}
