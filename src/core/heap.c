#include "core/heap.h"

#include "base/assert.h"
#include "core/cell.h"
#include "core/init.h"
#include "core/meta.h"
#include "core/orphan.h"
#include "core/thread.h"
#include "os/thread_id.h"

/* New slabs become larger when a heap has made this many of a class. */
#define SLABS_BEFORE_GROWTH 8u
/* A heap keeps its last slab of a class even when idle, unless it is larger than this. */
#define IDLE_SLAB_BYTES_MAX ((size_t)65536)
/* Batches are posted at least once in this many refills. */
#define REFILLS_PER_POST 64u
/* Threads without a heap point at one of these. They are never written to. */
static const struct kn_heap heap_none;  /* has not needed one yet */
static const struct kn_heap heap_ended; /* has given it up for good */
#define SELF_WITHOUT(absent)                                                                       \
    {                                                                                              \
        .heap = (struct kn_heap *)(absent), .fast_tag = KN_TAG_NEVER                               \
    }

_Atomic uint32_t kn_heaps_in_use;

_Thread_local struct kn_self kn_self = SELF_WITHOUT(&heap_none);

static struct {
    struct kn_lock lock;
    struct kn_lock shared_lock;
    _Atomic(struct kn_heap *) first;
    struct kn_heap *unused;
    uint32_t next_tag;
    uint32_t shared_tag;
    _Atomic bool is_shared_ready;
    bool is_main_taken;
    size_t main_owner;   /* id of the thread that has the main heap, or 0 */
    struct kn_heap main; /* for the first thread, so that a small program needs no further memory */
    struct kn_heap shared;
} heaps;

/* ---- bins ---- */

static void bin_add(struct kn_heap *heap, struct kn_run *run)
{
    struct kn_bin *bin = &heap->bins[run->size_class];
    kn_dlist_push_back(&bin->slabs, &run->slab.link);
    bin->slab_count++;
}

static void bin_remove(struct kn_heap *heap, struct kn_run *run)
{
    kn_dlist_remove(&run->slab.link);
    heap->bins[run->size_class].slab_count--;
}

static struct kn_run *bin_first(struct kn_bin *bin)
{
    struct kn_dlist *link = kn_dlist_first(&bin->slabs);
    return link == NULL ? NULL : KN_CONTAINER_OF(link, struct kn_run, slab.link);
}

void kn_heap_own(struct kn_heap *heap, struct kn_run *run)
{
    run->slab.owner_tag = heap->tag;
    kn_slab_describe(run, heap->tag);
    bin_add(heap, run);
}

/* Gives up a slab without free blocks; whoever frees one of its blocks will find it. */
static void disown(struct kn_heap *heap, struct kn_run *run)
{
    /* Looked up before: once disowned, the record may become another run's at any time. */
    struct kn_bin *bin = &heap->bins[run->size_class];
    bin_remove(heap, run);
    run->slab.owner_tag = KN_TAG_NONE;
    kn_slab_describe(run, KN_DESC_UNOWNED);
    if (kn_slab_try_disown(run))
        bin->balance++;
    else
        kn_heap_own(heap, run); /* blocks came back at the last moment */
}

static bool should_keep(const struct kn_bin *bin, const struct kn_run *run)
{
    return bin->slab_count == 1 && run->granules * KN_GRANULE <= IDLE_SLAB_BYTES_MAX;
}

/* Free blocks of the slab: the local list, else the remote one, else new ones. Empty when it has
 * none. */
static struct kn_chain slab_blocks(struct kn_run *run, uint32_t carve_max)
{
    if (run->slab.local_count != 0)
        return kn_slab_take_local(run);
    if (kn_remote_count(kn_load_relaxed(&run->slab.remote)) != 0)
        return kn_slab_take_remote(run);
    if (kn_load_relaxed(&run->carved) < run->capacity)
        return kn_slab_carve(run, carve_max);
    return (struct kn_chain){.count = 0};
}

static struct kn_run *slab_for(struct kn_heap *heap, unsigned size_class)
{
    struct kn_bin *bin = &heap->bins[size_class];
    struct kn_run *run = kn_orphan_take(size_class);
    if (run != NULL) {
        kn_heap_own(heap, run);
        return run;
    }
    run = kn_slab_new(size_class, heap->tag, bin->slabs_made >= SLABS_BEFORE_GROWTH);
    if (run != NULL) {
        bin->slabs_made++;
        bin_add(heap, run);
    }
    return run;
}

static struct kn_chain find_blocks(struct kn_heap *heap, unsigned size_class)
{
    struct kn_bin *bin = &heap->bins[size_class];
    uint32_t carve_max = size_class < KN_SMALL_CLASSES ? kn_cell_counter_max(size_class)
                                                       : kn_classes[size_class].cell_blocks;
    for (;;) {
        struct kn_run *run = bin_first(bin);
        if (run == NULL)
            run = slab_for(heap, size_class);
        if (run == NULL)
            return (struct kn_chain){.count = 0};
        struct kn_chain chain = slab_blocks(run, carve_max);
        if (chain.count != 0)
            return chain;
        disown(heap, run);
    }
}

void *kn_heap_refill(struct kn_heap *heap, unsigned size_class)
{
    if (size_class < KN_SMALL_CLASSES && heap->bins[size_class].beyond != 0) {
        kn_cell_count_beyond(heap, size_class);
        return kn_cell_pop(heap, size_class);
    }
    if (heap->open_batches != 0 && ++heap->refills >= REFILLS_PER_POST)
        kn_heap_post_batches(heap);
    struct kn_chain chain = find_blocks(heap, size_class);
    if (chain.count == 0)
        return NULL;
    if (KN_LIKELY(!heap->is_shared)) {
        kn_cell_fill(heap, size_class, kn_link_next(chain.head), chain.count - 1);
    } else { /* a heap without cells: the rest goes back */
        struct kn_run *run = bin_first(&heap->bins[size_class]);
        run->slab.local = kn_link_next(chain.head);
        run->slab.local_count = chain.count - 1;
    }
    return chain.head;
}

/* Returns whether the slab is still there. */
static bool free_local(struct kn_heap *heap, struct kn_run *run, void *block)
{
    kn_link_set(block, run->slab.local);
    run->slab.local = block;
    run->slab.local_count++;
    if (KN_LIKELY(!kn_slab_is_idle(run)) || should_keep(&heap->bins[run->size_class], run))
        return true;
    bin_remove(heap, run);
    kn_slab_release(run);
    return false;
}

void kn_heap_free_local(struct kn_heap *heap, struct kn_run *run, void *block)
{
    (void)free_local(heap, run, block);
}

/* ---- flushing ---- */

void kn_heap_return_list(struct kn_heap *heap, void *block)
{
    struct kn_run *own =
        NULL; /* the own slab that the block before came from: neighbours are likely */
    while (block != NULL) {
        void *next = kn_link_next(block);
        if (own == NULL || (uintptr_t)block - own->base >= own->granules * KN_GRANULE) {
            struct kn_run *run = kn_run_at((uintptr_t)block);
            uint32_t desc = kn_load_relaxed(kn_map_descs(run));
            own = (desc & KN_DESC_TAG_MASK) == heap->tag ? run : NULL;
            if (own == NULL && !kn_heap_try_batch(heap, run, block))
                kn_heap_free_remote(heap, run, block);
        }
        if (own != NULL && !free_local(heap, own, block))
            own = NULL;
        block = next;
    }
}

static void release_idle(struct kn_heap *heap, struct kn_bin *bin)
{
    struct kn_dlist *link = bin->slabs.next;
    while (link != &bin->slabs) {
        struct kn_run *run = KN_CONTAINER_OF(link, struct kn_run, slab.link);
        link = link->next;
        if (kn_remote_count(kn_load_relaxed(&run->slab.remote)) != 0)
            kn_slab_collect(run);
        if (kn_slab_is_idle(run)) {
            bin_remove(heap, run);
            kn_slab_release(run);
        }
    }
}

void kn_heap_flush(struct kn_heap *heap)
{
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++) {
        kn_heap_return_list(heap, kn_cell_take_all(heap, i));
        release_idle(heap, &heap->bins[i]);
    }
    kn_heap_post_batches(heap);
}

/* ---- beginning and end ---- */

static void heap_init(struct kn_heap *heap, uint32_t tag)
{
    heap->tag = tag;
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++) {
        kn_dlist_init(&heap->bins[i].slabs);
        kn_cell_fill(heap, i, NULL, 0);
    }
    heap->next = kn_load_relaxed(&heaps.first);
    kn_store_release(&heaps.first, heap);
}

void kn_heaps_init(void)
{
    kn_lock_init(&heaps.lock, KN_RANK_HEAP_LIST);
    kn_lock_init(&heaps.shared_lock, KN_RANK_HEAP);
    heaps.next_tag = KN_TAG_FIRST;
    heaps.shared_tag = heaps.next_tag;
    heaps.next_tag += KN_TAG_FIRST;
    if (kn_self.heap == NULL)
        kn_self = (struct kn_self)SELF_WITHOUT(&heap_none);
}

/* An unused heap, or a new one. Called with the list's lock held. */
static struct kn_heap *heap_obtain(void)
{
    struct kn_heap *heap = heaps.unused;
    if (heap != NULL) {
        heaps.unused = heap->next_unused;
        return heap;
    }
    if (!heaps.is_main_taken) {
        heaps.is_main_taken = true;
        heaps.main_owner = kn_os_thread_id();
        heap = &heaps.main;
    } else {
        heap = kn_meta_alloc(sizeof(*heap));
    }
    if (heap == NULL || heaps.next_tag > KN_TAG_LAST)
        return NULL;
    heap_init(heap, heaps.next_tag);
    heaps.next_tag += KN_TAG_FIRST;
    return heap;
}

struct kn_heap *kn_heap_get(void)
{
    struct kn_heap *heap = kn_self.heap;
    if (KN_LIKELY(heap != NULL && heap != &heap_none))
        return heap == &heap_ended ? NULL : heap;
    kn_init();
    kn_lock_acquire(&heaps.lock);
    if (heaps.main_owner == kn_os_thread_id()) { /* the loader has cleared kn_self */
        heap = &heaps.main;
    } else if ((heap = heap_obtain()) != NULL) {
        kn_fetch_add_relaxed(&kn_heaps_in_use, 1);
    }
    kn_lock_release(&heaps.lock);
    if (heap == NULL)
        return NULL;
    /* Set before the hook is armed: arming may allocate. */
    kn_self = (struct kn_self){.heap = heap,
                               .fast_limit = KN_FAST_LIMIT,
                               .medium_limit = KN_MEDIUM_LIMIT,
                               .fast_tag = heap->tag};
    kn_thread_arm_end_hook();
    return heap;
}

/* On first use: most processes never need it, and it would cost them two pages. */
static void init_shared(void)
{
    kn_lock_acquire(&heaps.lock);
    if (heaps.shared.tag == 0) {
        heaps.shared.is_shared = true;
        heap_init(&heaps.shared, heaps.shared_tag);
        /* Release: pairs with the acquire in kn_heap_lock_shared. */
        kn_store_release(&heaps.is_shared_ready, true);
    }
    kn_lock_release(&heaps.lock);
}

struct kn_heap *kn_heap_lock_shared(void)
{
    kn_init();
    if (!kn_load_acquire(&heaps.is_shared_ready))
        init_shared();
    kn_lock_acquire(&heaps.shared_lock);
    return &heaps.shared;
}

void kn_heap_unlock_shared(void)
{
    kn_lock_release(&heaps.shared_lock);
}

void kn_heap_thread_end(void)
{
    struct kn_heap *heap = kn_self.heap;
    if (heap == NULL || heap == &heap_none || heap == &heap_ended)
        return;
    kn_self = (struct kn_self)SELF_WITHOUT(&heap_ended);
    kn_heap_flush(heap);
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++) {
        struct kn_run *run;
        while ((run = bin_first(&heap->bins[i])) != NULL) {
            bin_remove(heap, run);
            kn_orphan_give(run);
        }
        heap->bins[i].slabs_made = 0;
    }
    kn_lock_acquire(&heaps.lock);
    if (heap == &heaps.main)
        heaps.main_owner = 0;
    heap->next_unused = heaps.unused;
    heaps.unused = heap;
    kn_fetch_sub_relaxed(&kn_heaps_in_use, 1);
    kn_lock_release(&heaps.lock);
}

struct kn_heap *kn_heap_first(void)
{
    return kn_load_acquire(&heaps.first);
}

void kn_heaps_fork_each(void (*action)(struct kn_lock *lock))
{
    action(&heaps.lock);
    action(&heaps.shared_lock);
}
