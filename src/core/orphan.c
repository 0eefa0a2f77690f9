#include "core/orphan.h"

#include "base/assert.h"
#include "core/map.h"

/* A slab handed out completely is offered to others when this share of its blocks has come back. */
#define OFFER_SHARE 8u

static struct pool {
    struct kn_lock lock;
    _Atomic uint32_t count;
    struct kn_dlist slabs;
} pools[KN_CLASS_COUNT];

void kn_orphans_init(void)
{
    for (unsigned i = 0; i < KN_CLASS_COUNT; i++) {
        kn_lock_init(&pools[i].lock, KN_RANK_ORPHANS);
        kn_dlist_init(&pools[i].slabs);
    }
}

static struct kn_run *run_of_link(struct kn_dlist *link)
{
    return KN_CONTAINER_OF(link, struct kn_run, slab.link);
}

static void pool_add(struct pool *pool, struct kn_run *run)
{
    kn_dlist_push_back(&pool->slabs, &run->slab.link);
    run->parked = 1;
    kn_store_relaxed(&pool->count, kn_load_relaxed(&pool->count) + 1);
}

static void pool_remove(struct pool *pool, struct kn_run *run)
{
    kn_dlist_remove(&run->slab.link);
    run->parked = 0;
    kn_store_relaxed(&pool->count, kn_load_relaxed(&pool->count) - 1);
}

/* POOLED -> OWNED under the pool's lock; pushes by others only change the list meanwhile. */
static void claim_pooled(struct pool *pool, struct kn_run *run)
{
    pool_remove(pool, run);
    while (!kn_slab_try_claim(run, kn_load_relaxed(&run->slab.remote)))
        kn_cpu_pause();
}

struct kn_run *kn_orphan_take(unsigned size_class)
{
    struct pool *pool = &pools[size_class];
    struct kn_run *run = NULL;
    if (kn_load_relaxed(&pool->count) == 0)
        return NULL;
    kn_lock_acquire(&pool->lock);
    struct kn_dlist *first = kn_dlist_first(&pool->slabs);
    if (first != NULL) {
        run = run_of_link(first);
        claim_pooled(pool, run);
    }
    kn_lock_release(&pool->lock);
    return run;
}

/*
 * OWNED -> POOLED, with the local list moved into the word. False, and still OWNED, if the last
 * blocks have come back in the meantime: nobody else can reach the slab any more. Called with the
 * pool's lock held.
 */
static bool try_publish(struct kn_run *run)
{
    uint32_t local_count = run->slab.local_count;
    void *head = run->slab.local;
    void *tail = head;
    while (tail != NULL && kn_link_next(tail) != NULL)
        tail = kn_link_next(tail);
    run->slab.local = NULL;
    run->slab.local_count = 0;
    /* Acquire: pairs with the release of each push. Those who freed the last blocks are done with
     * them, which the slab's next use relies on. */
    uint64_t old = kn_load_acquire(&run->slab.remote);
    uint64_t new;
    do {
        uint32_t count = local_count + kn_remote_count(old);
        void *remote = kn_remote_head(run, old);
        if (count == kn_load_relaxed(&run->carved))
            return false;
        if (tail != NULL)
            kn_link_set(tail, remote);
        else
            head = remote;
        new = kn_remote_pack(KN_SLAB_POOLED, count, head == NULL ? 0 : kn_remote_code(run, head));
        /* Release: pairs with the acquire of whoever claims the slab next and gets the record and
         * the list. Acquire: as above. */
    } while (!kn_cas_weak_acq_rel(&run->slab.remote, &old, new));
    return true;
}

void kn_orphan_give(struct kn_run *run)
{
    struct pool *pool = &pools[run->size_class];
    kn_slab_collect(run);
    if (kn_slab_is_idle(run)) {
        kn_slab_release(run);
        return;
    }
    run->slab.owner_tag = KN_TAG_NONE;
    kn_slab_describe(run, KN_DESC_UNOWNED);
    if (run->slab.local_count == 0 && kn_load_relaxed(&run->carved) == run->capacity &&
        kn_slab_try_disown(run))
        return;
    kn_lock_acquire(&pool->lock);
    bool is_pooled = try_publish(run);
    if (is_pooled)
        pool_add(pool, run);
    kn_lock_release(&pool->lock);
    if (!is_pooled)
        kn_slab_release(run);
}

/* ---- pushes by others ---- */

static uint64_t word_with_chain(const struct kn_run *run, uint64_t old, enum kn_slab_state state,
                                const struct kn_chain *chain)
{
    kn_link_set(chain->tail, kn_remote_head(run, old));
    return kn_remote_pack(state, kn_remote_count(old) + chain->count,
                          kn_remote_code(run, chain->head));
}

/* The chain is all that was missing from a FULL slab: nobody else can reach it any more. */
static bool try_reclaim_full(struct kn_run *run, uint64_t seen)
{
    if (!kn_slab_try_claim(run, seen))
        return false;
    kn_slab_release(run);
    return true;
}

/* FULL -> POOLED with the chain, if the slab is still FULL and other blocks are still out. */
static bool try_offer(struct kn_run *run, const struct kn_chain *chain)
{
    struct pool *pool = &pools[run->size_class];
    bool is_offered = false;
    kn_lock_acquire(&pool->lock);
    uint64_t old = kn_load_relaxed(&run->slab.remote);
    while (!is_offered && kn_remote_state(old) == KN_SLAB_FULL &&
           kn_remote_count(old) + chain->count < run->capacity) {
        uint64_t new = word_with_chain(run, old, KN_SLAB_POOLED, chain);
        /* Acquire besides release: `old` may carry the disowner's last writes, which pool_add
         * builds on. */
        is_offered = kn_cas_weak_acq_rel(&run->slab.remote, &old, new);
    }
    if (is_offered)
        pool_add(pool, run);
    kn_lock_release(&pool->lock);
    return is_offered;
}

/* The chain may be all that was missing from a POOLED slab: take it out of the pool and back to the
 * page heap. */
static bool try_reclaim_pooled(struct kn_run *run, const struct kn_chain *chain)
{
    struct pool *pool = &pools[run->size_class];
    bool is_reclaimed = false;
    kn_lock_acquire(&pool->lock);
    uint64_t word = kn_load_acquire(&run->slab.remote);
    if (kn_remote_state(word) == KN_SLAB_POOLED &&
        kn_remote_count(word) + chain->count == kn_load_relaxed(&run->carved)) {
        claim_pooled(pool, run);
        is_reclaimed = true;
    }
    kn_lock_release(&pool->lock);
    if (is_reclaimed)
        kn_slab_release(run);
    return is_reclaimed;
}

void kn_remote_push(struct kn_run *run, const struct kn_chain *chain)
{
    /* Acquire: pairs with the release that made the slab POOLED, so that `carved` is no older than
     * the word. */
    uint64_t old = kn_load_acquire(&run->slab.remote);
    for (;;) {
        enum kn_slab_state state = kn_remote_state(old);
        uint32_t count = kn_remote_count(old) + chain->count;
        bool is_done;
        if (state == KN_SLAB_FULL && count == run->capacity) {
            is_done = try_reclaim_full(run, old);
        } else if (state == KN_SLAB_FULL && count * OFFER_SHARE >= run->capacity) {
            is_done = try_offer(run, chain);
        } else if (state == KN_SLAB_POOLED && count == kn_load_relaxed(&run->carved)) {
            is_done = try_reclaim_pooled(run, chain);
        } else {
            uint64_t new = word_with_chain(run, old, state, chain);
            /* Release: pairs with the acquire of whoever takes the list. */
            is_done = kn_cas_weak_release(&run->slab.remote, &old, new);
        }
        if (is_done)
            return;
        old = kn_load_acquire(&run->slab.remote);
    }
}

void kn_orphans_fork_each(void (*action)(struct kn_lock *lock))
{
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++)
        action(&pools[i].lock);
}
