#include "core/page_heap.h"

#include <stdint.h>

#include "base/align.h"
#include "base/assert.h"
#include "core/limits.h"
#include "core/map.h"
#include "core/region.h"
#include "core/slack.h"
#include "os/os.h"

/* One system call gives back at most this much, so that the run is soon to be had again, and not
 * less than this. */
#define PURGE_GRANULES_MAX ((size_t)4096)
#define PURGE_GRANULES_MIN ((size_t)4)
/* Going over the limit purges this share of the limit at once, so that not every free purges. */
#define PURGE_SHARE ((size_t)4)
/* Growth is made up for in steps of this at least. Less is not made up for while the process is
 * larger than it needed to be by at most this share of its peak: calls and faults cost more. */
#define MAKE_UP_GRANULES ((size_t)64)
#define MAKE_UP_SHARE    ((size_t)16)
/* So many runs without a whole dirty page are passed over before purging is left for later. */
#define PURGE_MISSES_MAX 8u

struct kn_lock kn_page_heap_lock = KN_LOCK_INITIALIZER(KN_RANK_PAGE_HEAP);
size_t kn_page_heap_dirty_min_bytes = (size_t)4 << 20;
size_t kn_page_heap_dirty_share = 8;
size_t kn_page_heap_dirty_slack_bytes = (size_t)64 << 20;

/* Runs of up to this many granules have a list for each size, longer ones share a tree. */
#define BINS 64

struct index {
    uint64_t filled; /* bit i: bins[i] is not empty */
    struct kn_dlist bins[BINS];
    struct kn_rbtree longer; /* by size, then address */
};

static struct {
    struct index with_dirty;
    struct index clean;
    struct kn_dlist by_age; /* the runs in with_dirty, the one freed longest ago first */
    size_t used;            /* granules, like all counts here */
    size_t used_peak;
    size_t dirty;
    size_t free;
    struct kn_slack slack;
    bool purge_fails; /* the OS refuses to take memory back (locked pages): do not ask again */
    uint64_t purge_calls;
    uint64_t purged;
    uint64_t grow_calls;
} pages;

/* ---- indexes ---- */

static struct kn_run *run_of_node(const struct kn_rbnode *node)
{
    return KN_CONTAINER_OF(node, struct kn_run, free.node);
}

static struct kn_run *run_of_link(struct kn_dlist *link)
{
    return KN_CONTAINER_OF(link, struct kn_run, free.link);
}

static int compare_runs(const struct kn_rbnode *a, const struct kn_rbnode *b)
{
    const struct kn_run *x = run_of_node(a);
    const struct kn_run *y = run_of_node(b);
    if (x->granules != y->granules)
        return x->granules < y->granules ? -1 : 1;
    return x->base < y->base ? -1 : x->base > y->base;
}

static int probe_granules(const struct kn_rbnode *node, const void *key)
{
    return run_of_node(node)->granules >= *(const size_t *)key ? 0 : -1;
}

static struct kn_run *best_fit(struct index *index, size_t granules)
{
    uint64_t candidates = granules > BINS ? 0 : index->filled >> (granules - 1);
    if (candidates != 0)
        return run_of_link(index->bins[granules - 1 + kn_ctz64(candidates)].next);
    struct kn_rbnode *node = kn_rbtree_lower_bound(&index->longer, probe_granules, &granules);
    return node == NULL ? NULL : run_of_node(node);
}

static struct index *index_of(const struct kn_run *run)
{
    return run->dirty == 0 ? &pages.clean : &pages.with_dirty;
}

static void index_insert(struct kn_run *run)
{
    struct index *index = index_of(run);
    KN_ASSERT(run->dirty <= run->granules);
    kn_run_set_kind(run, KN_RUN_FREE);
    pages.free += run->granules;
    pages.dirty += run->dirty;
    if (run->dirty != 0)
        kn_dlist_push_back(&pages.by_age, &run->free.age);
    if (run->granules > BINS) {
        kn_rbtree_insert(&index->longer, &run->free.node);
        return;
    }
    struct kn_dlist *bin = &index->bins[run->granules - 1];
    index->filled |= (uint64_t)1 << (run->granules - 1);
    /* Not in full order of address, but lower ones tend to the front. */
    if (kn_dlist_is_empty(bin) || run->base < run_of_link(bin->next)->base)
        kn_dlist_push_front(bin, &run->free.link);
    else
        kn_dlist_push_back(bin, &run->free.link);
}

static void index_remove(struct kn_run *run)
{
    struct index *index = index_of(run);
    KN_ASSERT(kn_run_kind_of(run) == KN_RUN_FREE);
    kn_run_set_kind(run, KN_RUN_BUSY);
    pages.free -= run->granules;
    pages.dirty -= run->dirty;
    if (run->dirty != 0)
        kn_dlist_remove(&run->free.age);
    if (run->granules > BINS) {
        kn_rbtree_erase(&index->longer, &run->free.node);
        return;
    }
    kn_dlist_remove(&run->free.link);
    if (kn_dlist_is_empty(&index->bins[run->granules - 1]))
        index->filled &= ~((uint64_t)1 << (run->granules - 1));
}

static void index_init(struct index *index)
{
    for (unsigned i = 0; i < BINS; i++)
        kn_dlist_init(&index->bins[i]);
    kn_rbtree_init(&index->longer, compare_runs);
}

void kn_page_heap_init(void)
{
    index_init(&pages.with_dirty);
    index_init(&pages.clean);
    kn_dlist_init(&pages.by_age);
}

/* ---- cutting and joining ---- */

/* Makes `slot` the record of a run outside the indexes. */
static struct kn_run *run_init(struct kn_run *slot, uintptr_t base, size_t granules, size_t dirty)
{
    slot->base = base;
    slot->granules = (uint32_t)granules;
    slot->back = 0;
    kn_run_set_kind(slot, KN_RUN_BUSY);
    slot->dirty = (uint32_t)dirty;
    slot[granules - 1].back = (uint32_t)granules - 1;
    return slot;
}

static bool is_dirty(const struct kn_run *run, size_t granule)
{
    return kn_load_relaxed(&kn_map_descs(run)[granule]) == KN_DESC_DIRTY;
}

static size_t count_dirty(const kn_desc *desc, size_t count)
{
    size_t dirty = 0;
    for (size_t i = 0; i < count; i++)
        dirty += kn_load_relaxed(&desc[i]) == KN_DESC_DIRTY;
    return dirty;
}

/* How many of a run's first granules are dirty; looks at the shorter part only. */
static size_t count_dirty_head(const struct kn_run *run, size_t granules)
{
    if (run->dirty == 0 || run->dirty == run->granules)
        return run->dirty == 0 ? 0 : granules;
    const kn_desc *desc = kn_map_descs(run);
    if (granules <= run->granules / 2)
        return count_dirty(desc, granules);
    return run->dirty - count_dirty(desc + granules, run->granules - granules);
}

/* Splits a run outside the indexes; returns the part from granule `at` on. */
static struct kn_run *run_split(struct kn_run *run, size_t at)
{
    size_t rest = run->granules - at;
    size_t head_dirty = count_dirty_head(run, at);
    struct kn_run *tail =
        run_init(run + at, run->base + at * KN_GRANULE, rest, run->dirty - head_dirty);
    run_init(run, run->base, at, head_dirty);
    return tail;
}

/* Joins a run outside the indexes with free neighbours and indexes the result. */
static void insert_coalesced(struct kn_run *run)
{
    struct kn_run *after = run + run->granules;
    struct kn_run *before = kn_run_of_slot(run - 1);
    if (kn_run_kind_of(after) == KN_RUN_FREE) {
        index_remove(after);
        kn_run_set_kind(after, KN_RUN_NONE);
        run_init(run, run->base, run->granules + after->granules, run->dirty + after->dirty);
    }
    if (kn_run_kind_of(before) == KN_RUN_FREE) {
        index_remove(before);
        kn_run_set_kind(run, KN_RUN_NONE);
        run = run_init(before, before->base, before->granules + run->granules,
                       before->dirty + run->dirty);
    }
    index_insert(run);
}

/* Where to cut `granules` out of a longer run: at the end where more of it is dirty. */
static size_t dirty_end(const struct kn_run *run, size_t granules)
{
    if (run->dirty != 0 && run->granules > granules && !is_dirty(run, 0) &&
        is_dirty(run, run->granules - 1))
        return run->granules - granules;
    return 0;
}

/* Cuts `granules` behind the first `skip` out of a run that was just removed from its index. */
static struct kn_run *take(struct kn_run *run, size_t granules, size_t skip)
{
    if (skip != 0) {
        struct kn_run *part = run_split(run, skip);
        index_insert(run);
        run = part;
    }
    if (run->granules > granules)
        index_insert(run_split(run, granules));
    return run;
}

/* ---- giving memory back ---- */

/* Without the slack. */
static size_t dirty_bound(void)
{
    size_t share = pages.used / kn_page_heap_dirty_share;
    size_t least = kn_page_heap_dirty_min_bytes >> KN_GRANULE_LOG2;
    return share > least ? share : least;
}

static size_t first_dirty(const struct kn_run *run)
{
    kn_desc *desc = kn_map_descs(run);
    size_t first = 0;
    while (kn_load_relaxed(&desc[first]) != KN_DESC_DIRTY)
        first++;
    return first;
}

/* The whole pages of a run from its first to its last dirty granule. */
static size_t dirty_extent(const struct kn_run *run, uintptr_t *from)
{
    kn_desc *desc = kn_map_descs(run);
    size_t end = run->granules;
    while (kn_load_relaxed(&desc[end - 1]) != KN_DESC_DIRTY)
        end--;
    *from = kn_align_up(run->base + first_dirty(run) * KN_GRANULE, kn_os_page_bytes());
    uintptr_t to = kn_align_down(run->base + end * KN_GRANULE, kn_os_page_bytes());
    return to > *from ? to - *from : 0;
}

/* Takes the oldest run with dirty granules out of its index, or its head with about `granules` of
 * them. */
static struct kn_run *take_oldest(size_t granules)
{
    struct kn_dlist *oldest = kn_dlist_first(&pages.by_age);
    if (oldest == NULL)
        return NULL;
    struct kn_run *run = KN_CONTAINER_OF(oldest, struct kn_run, free.age);
    index_remove(run);
    granules = granules < PURGE_GRANULES_MIN ? PURGE_GRANULES_MIN : granules;
    granules = granules > PURGE_GRANULES_MAX ? PURGE_GRANULES_MAX : granules;
    size_t end = first_dirty(run) + granules;
    if (run->granules > end)
        index_insert(run_split(run, end));
    return run;
}

/*
 * Gives back about `granules` of the oldest dirty ones. Called and returns with the lock held;
 * drops it during the system call. Returns how many are no longer dirty.
 */
static size_t purge_oldest(size_t granules)
{
    uintptr_t from;
    size_t purged = 0;
    struct kn_run *run = take_oldest(granules);
    if (run == NULL)
        return 0;
    size_t bytes = dirty_extent(run, &from);
    kn_lock_release(&kn_page_heap_lock);
    bool is_purged = bytes != 0 && kn_os_purge((void *)from, bytes) == 0;
    kn_lock_acquire(&kn_page_heap_lock);

    pages.purge_calls += bytes != 0;
    if (is_purged) {
        /* Where a page holds several granules, dirty ones may be left at both ends. */
        kn_desc *desc = kn_map_descs(run) + ((from - run->base) >> KN_GRANULE_LOG2);
        purged = count_dirty(desc, bytes >> KN_GRANULE_LOG2);
        pages.purged += purged;
        kn_desc_fill(desc, bytes >> KN_GRANULE_LOG2, KN_DESC_CLEAN);
        run->dirty -= (uint32_t)purged;
    } else if (bytes != 0) {
        pages.purge_fails = true;
    }
    insert_coalesced(run);
    return purged;
}

static size_t purge_to(size_t keep_granules)
{
    size_t purged = 0;
    unsigned misses = 0;
    while (pages.dirty > keep_granules && misses < PURGE_MISSES_MAX && !pages.purge_fails) {
        size_t step = purge_oldest(pages.dirty - keep_granules);
        misses += step == 0;
        purged += step;
    }
    return purged;
}

size_t kn_page_heap_purge(size_t keep_bytes)
{
    kn_lock_acquire(&kn_page_heap_lock);
    pages.purge_fails = false;
    size_t purged = purge_to(keep_bytes >> KN_GRANULE_LOG2);
    kn_lock_release(&kn_page_heap_lock);
    return purged << KN_GRANULE_LOG2;
}

/* ---- handing out ---- */

static bool try_grow(size_t granules)
{
    struct kn_growth growth;
    struct kn_run *last = NULL;
    pages.grow_calls++;
    if (kn_region_grow(granules, &growth) != 0)
        return false;
    last = run_init(growth.slot, growth.slot->base, growth.granules, 0);
    insert_coalesced(last);
    return true;
}

/* Whether the limits allow so many more granules. */
static bool try_admit(size_t granules)
{
    return KN_LIKELY(pages.used + granules <= kn_limits_thresholds.above) ||
           kn_limits_admit(pages.used, granules);
}

/* Removes a run that can hold the request from its index, or grows the heap for it. */
static struct kn_run *find_fit(size_t granules)
{
    struct kn_run *run;
    while ((run = best_fit(&pages.with_dirty, granules)) == NULL &&
           (run = best_fit(&pages.clean, granules)) == NULL) {
        if (!try_grow(granules))
            return NULL;
    }
    index_remove(run);
    return run;
}

/* The run that was just taken will make `faulted` granules resident: gives back as many others, as
 * far as the process would otherwise become larger than it needed to be at its peak. */
static void make_up_for(size_t faulted)
{
    size_t resident = pages.used + pages.dirty;
    size_t excess = resident > pages.used_peak ? resident - pages.used_peak : 0;
    size_t tolerated = MAKE_UP_GRANULES + pages.used_peak / MAKE_UP_SHARE;
    if (faulted == 0 || excess == 0 || (faulted < MAKE_UP_GRANULES && excess <= tolerated))
        return;
    size_t back = faulted < MAKE_UP_GRANULES ? MAKE_UP_GRANULES : faulted;
    back = back < excess ? back : excess;
    KN_ASSERT(pages.used <= pages.used_peak); /* so the excess is dirty */
    purge_to(pages.dirty - back);
}

/* Accounts for granules that are about to be handed out, `dirty` of them dirty. */
static void count_handed_out(size_t granules, size_t dirty)
{
    size_t faulted = granules - dirty;
    pages.used += granules;
    if (pages.used > pages.used_peak)
        pages.used_peak = pages.used;
    size_t most = kn_page_heap_dirty_slack_bytes >> KN_GRANULE_LOG2;
    most = most < pages.used_peak ? most : pages.used_peak;
    kn_slack_handed_out(&pages.slack, faulted, pages.dirty, most);
    make_up_for(faulted);
}

/* Hands out `granules` behind the first `skip` of a run that find_fit returned; NULL for none. */
static struct kn_run *hand_out(struct kn_run *run, size_t granules, size_t skip)
{
    if (run == NULL)
        return NULL;
    run = take(run, granules, skip);
    count_handed_out(granules, run->dirty);
    return run;
}

struct kn_run *kn_run_alloc(size_t granules, size_t align_granules)
{
    size_t needed = granules + align_granules - 1;
    size_t skip = 0;
    if (needed < granules || needed > UINT32_MAX)
        return NULL;
    kn_lock_acquire(&kn_page_heap_lock);
    struct kn_run *run = try_admit(granules) ? find_fit(needed) : NULL;
    if (run != NULL && align_granules == 1)
        skip = dirty_end(run, granules);
    else if (run != NULL)
        skip = (kn_align_up(run->base, align_granules * KN_GRANULE) - run->base) >> KN_GRANULE_LOG2;
    run = hand_out(run, granules, skip);
    kn_lock_release(&kn_page_heap_lock);
    return run;
}

struct kn_run *kn_run_alloc_to_grow(size_t granules)
{
    struct kn_run *run = NULL;
    if (granules > UINT32_MAX)
        return NULL;
    kn_lock_acquire(&kn_page_heap_lock);
    if (try_admit(granules)) {
        if (granules <= UINT32_MAX / 2)
            run = find_fit(2 * granules);
        if (run == NULL)
            run = find_fit(granules);
    }
    run = hand_out(run, granules, 0);
    kn_lock_release(&kn_page_heap_lock);
    return run;
}

static void free_locked(struct kn_run *run, size_t dirty_granules)
{
    pages.used -= run->granules;
    if (KN_UNLIKELY(pages.used < kn_limits_thresholds.below))
        kn_limits_fell();
    run_init(run, run->base, run->granules, dirty_granules);
    size_t bound = dirty_bound();
    kn_slack_taken_back(&pages.slack, run->granules, bound);
    insert_coalesced(run);
    bound += pages.slack.extra;
    if (pages.dirty > bound)
        kn_slack_given_back(&pages.slack, purge_to(bound - bound / PURGE_SHARE));
}

void kn_run_free(struct kn_run *run, size_t dirty_granules)
{
    kn_lock_acquire(&kn_page_heap_lock);
    free_locked(run, dirty_granules);
    kn_lock_release(&kn_page_heap_lock);
}

bool kn_run_try_extend(struct kn_run *run, size_t granules)
{
    size_t extra = granules - run->granules;
    bool is_extended = false;
    KN_ASSERT(granules > run->granules);
    kn_lock_acquire(&kn_page_heap_lock);
    struct kn_run *after = run + run->granules;
    if (kn_run_kind_of(after) == KN_RUN_FREE && after->granules >= extra && try_admit(extra)) {
        index_remove(after);
        if (after->granules > extra)
            index_insert(run_split(after, extra));
        kn_run_set_kind(after, KN_RUN_NONE);
        run->granules = (uint32_t)granules;
        run[granules - 1].back = (uint32_t)granules - 1;
        count_handed_out(extra, after->dirty);
        is_extended = true;
    }
    kn_lock_release(&kn_page_heap_lock);
    return is_extended;
}

void kn_run_cut(struct kn_run *run, size_t granules)
{
    size_t rest = run->granules - granules;
    KN_ASSERT(granules > 0 && rest > 0);
    kn_lock_acquire(&kn_page_heap_lock);
    struct kn_run *tail = run + granules;
    tail->base = run->base + granules * KN_GRANULE;
    tail->granules = (uint32_t)rest;
    run->granules = (uint32_t)granules;
    run[granules - 1].back = (uint32_t)granules - 1;
    kn_desc_fill(kn_map_descs(tail), rest, KN_DESC_DIRTY);
    free_locked(tail, rest);
    kn_lock_release(&kn_page_heap_lock);
}

/* ---- looking ---- */

void kn_page_heap_stats(struct kn_page_heap_stats *stats)
{
    kn_lock_acquire(&kn_page_heap_lock);
    stats->used_bytes = pages.used << KN_GRANULE_LOG2;
    stats->dirty_bytes = pages.dirty << KN_GRANULE_LOG2;
    stats->clean_bytes = (pages.free - pages.dirty) << KN_GRANULE_LOG2;
    stats->used_peak_bytes = pages.used_peak << KN_GRANULE_LOG2;
    stats->purge_calls = pages.purge_calls;
    stats->purged_bytes = pages.purged << KN_GRANULE_LOG2;
    stats->grow_calls = pages.grow_calls;
    kn_lock_release(&kn_page_heap_lock);
}

static const char *check_run(struct kn_run *run)
{
    if (run->back != 0 || run[run->granules - 1].back != run->granules - 1)
        return "a free run's ends do not lead to each other";
    if (kn_run_kind_of(kn_run_of_slot(run - 1)) == KN_RUN_FREE ||
        kn_run_kind_of(&run[run->granules]) == KN_RUN_FREE)
        return "two free runs lie side by side";
    kn_desc *desc = kn_map_descs(run);
    size_t dirty = 0;
    for (size_t i = 0; i < run->granules; i++) {
        uint32_t mark = kn_load_relaxed(&desc[i]);
        if (mark != KN_DESC_DIRTY && mark != KN_DESC_CLEAN)
            return "a free granule is described as in use";
        dirty += mark == KN_DESC_DIRTY;
    }
    return dirty == run->dirty ? NULL : "a free run's count of dirty granules is wrong";
}

struct tally {
    size_t granules;
    size_t dirty;
};

static const char *check_indexed(struct kn_run *run, const struct index *index, struct tally *tally)
{
    if (kn_run_kind_of(run) != KN_RUN_FREE)
        return "a run that is not free is in an index";
    if (index_of(run) != index)
        return "a free run is in the wrong index";
    tally->granules += run->granules;
    tally->dirty += run->dirty;
    return check_run(run);
}

static const char *check_bin(struct index *index, size_t granules, struct tally *tally)
{
    struct kn_dlist *bin = &index->bins[granules - 1];
    if (kn_dlist_is_empty(bin) != !(index->filled >> (granules - 1) & 1))
        return "the summary of the bins of free runs is wrong";
    for (struct kn_dlist *link = bin->next; link != bin; link = link->next) {
        if (run_of_link(link)->granules != granules)
            return "a free run is in the bin of another size";
        const char *wrong = check_indexed(run_of_link(link), index, tally);
        if (wrong != NULL)
            return wrong;
    }
    return NULL;
}

static const char *check_index(struct index *index, struct tally *tally)
{
    for (size_t granules = 1; granules <= BINS; granules++) {
        const char *wrong = check_bin(index, granules, tally);
        if (wrong != NULL)
            return wrong;
    }
    struct kn_rbnode *node = kn_rbtree_first(&index->longer);
    for (; node != NULL; node = kn_rbtree_next(node)) {
        const char *wrong = check_indexed(run_of_node(node), index, tally);
        if (wrong != NULL)
            return wrong;
    }
    return kn_rbtree_check(&index->longer);
}

const char *kn_page_heap_check(void)
{
    struct tally tally = {0};
    kn_lock_acquire(&kn_page_heap_lock);
    const char *wrong = check_index(&pages.with_dirty, &tally);
    if (wrong == NULL)
        wrong = check_index(&pages.clean, &tally);
    if (wrong == NULL && (tally.granules != pages.free || tally.dirty != pages.dirty))
        wrong = "the counts of free granules do not add up";
    kn_lock_release(&kn_page_heap_lock);
    return wrong;
}
