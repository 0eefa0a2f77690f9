#include "core/limits.h"

#include <errno.h>
#include <stdint.h>

#include "base/assert.h"
#include "core/cgroup.h"
#include "core/options.h"
#include "core/page_heap.h"

/* The used memory has to fall by this part of the soft limit before passing it counts again. */
#define REARM_SHARE 16
/* The reserve is at most this part of the hard limit. */
#define RESERVE_SHARE 4

struct kn_limits_thresholds kn_limits_thresholds = {.above = SIZE_MAX, .below = 0};
_Atomic bool kn_limits_has_event;

static struct {
    size_t soft; /* granules; SIZE_MAX is no limit */
    size_t hard;
    size_t hard_for_large;
    size_t wanted; /* by the request that passed the soft limit */
    bool is_soft_passed;
    knoll_limit_callback *callback;
    void *arg;
} limits = {.soft = SIZE_MAX, .hard = SIZE_MAX, .hard_for_large = SIZE_MAX};

/* The thread is in a callback: its own requests deliver nothing. */
static _Thread_local bool is_in_callback;

/* The least `used` at which kn_limits_admit has something to decide. */
static void set_thresholds(void)
{
    size_t above = limits.hard_for_large;
    if (!limits.is_soft_passed && limits.soft < above)
        above = limits.soft;
    kn_limits_thresholds.above = above;
    kn_limits_thresholds.below =
        limits.is_soft_passed ? limits.soft - limits.soft / REARM_SHARE : 0;
}

static bool is_over(size_t used, size_t granules, size_t limit)
{
    return used > limit || granules > limit - used;
}

bool kn_limits_admit(size_t used, size_t granules)
{
    KN_ASSERT(kn_lock_is_held(&kn_page_heap_lock));
    size_t hard = granules <= KN_LIMITS_SMALL_GRANULES ? limits.hard : limits.hard_for_large;
    if (is_over(used, granules, hard))
        return false;
    if (!limits.is_soft_passed && is_over(used, granules, limits.soft)) {
        limits.is_soft_passed = true;
        limits.wanted = granules;
        set_thresholds();
        kn_store_relaxed(&kn_limits_has_event, true);
    }
    return true;
}

void kn_limits_fell(void)
{
    limits.is_soft_passed = false;
    set_thresholds();
}

static size_t used_bytes(void)
{
    struct kn_page_heap_stats stats;
    kn_page_heap_stats(&stats);
    return stats.used_bytes;
}

static void tell(enum knoll_limit_event event, size_t wanted_bytes)
{
    struct knoll_limit_state state = {.event = event, .wanted_bytes = wanted_bytes};
    kn_limits_get(&state.limits);
    kn_lock_acquire(&kn_page_heap_lock);
    knoll_limit_callback *callback = limits.callback;
    void *arg = limits.arg;
    kn_lock_release(&kn_page_heap_lock);
    if (callback == NULL)
        return;
    state.used_bytes = used_bytes();
    is_in_callback = true;
    callback(&state, arg);
    is_in_callback = false;
}

void kn_limits_deliver_slow(void)
{
    if (is_in_callback)
        return;
    int saved = errno;
    kn_store_relaxed(&kn_limits_has_event, false);
    kn_lock_acquire(&kn_page_heap_lock);
    size_t wanted_bytes = limits.wanted << KN_GRANULE_LOG2;
    kn_lock_release(&kn_page_heap_lock);
    (void)kn_page_heap_purge(0);
    tell(KNOLL_LIMIT_SOFT, wanted_bytes);
    errno = saved;
}

bool kn_limits_try_relieve(size_t bytes)
{
    if (is_in_callback || kn_option(KN_OPTION_limit_hard) == 0 || bytes > PTRDIFF_MAX)
        return false;
    int saved = errno;
    size_t before = used_bytes();
    tell(KNOLL_LIMIT_HARD, bytes);
    errno = saved;
    return used_bytes() < before;
}

static size_t limit_granules(enum kn_option_id id)
{
    uint64_t bytes = kn_option(id);
    return bytes == 0 ? SIZE_MAX : (size_t)(bytes >> KN_GRANULE_LOG2);
}

void kn_limits_apply(void)
{
    kn_lock_acquire(&kn_page_heap_lock);
    limits.soft = limit_granules(KN_OPTION_limit_soft);
    limits.hard = limit_granules(KN_OPTION_limit_hard);
    limits.hard_for_large = limits.hard;
    if (limits.hard != SIZE_MAX) {
        size_t reserve = (size_t)(kn_option(KN_OPTION_limit_reserve) >> KN_GRANULE_LOG2);
        size_t most = limits.hard / RESERVE_SHARE;
        limits.hard_for_large = limits.hard - (reserve < most ? reserve : most);
    }
    limits.is_soft_passed = false;
    set_thresholds();
    kn_lock_release(&kn_page_heap_lock);
}

void kn_limits_apply_cgroup(void)
{
    uint64_t percent = kn_option(KN_OPTION_limit_cgroup);
    uint64_t allowed = percent != 0 ? kn_cgroup_own_limit_bytes() : UINT64_MAX;
    uint64_t limit = allowed / 100 * percent;
    /* Groups without a limit of their own have one beyond all memory. */
    if (allowed > KN_OPTION_LIMIT_MOST || limit == 0)
        return;
    kn_store_relaxed(&kn_option_values[KN_OPTION_limit_hard], limit);
    kn_limits_apply();
}

int kn_limits_set(const struct knoll_limits *new)
{
    if (new->soft_bytes != 0 && new->hard_bytes != 0 && new->soft_bytes > new->hard_bytes)
        return EINVAL;
    kn_lock_acquire(&kn_options_lock);
    kn_store_relaxed(&kn_option_values[KN_OPTION_limit_soft], new->soft_bytes);
    kn_store_relaxed(&kn_option_values[KN_OPTION_limit_hard], new->hard_bytes);
    kn_store_relaxed(&kn_option_values[KN_OPTION_limit_reserve], new->reserve_bytes);
    kn_limits_apply();
    kn_lock_release(&kn_options_lock);
    return 0;
}

void kn_limits_get(struct knoll_limits *out)
{
    kn_lock_acquire(&kn_options_lock);
    out->soft_bytes = (size_t)kn_option(KN_OPTION_limit_soft);
    out->hard_bytes = (size_t)kn_option(KN_OPTION_limit_hard);
    out->reserve_bytes = (size_t)kn_option(KN_OPTION_limit_reserve);
    kn_lock_release(&kn_options_lock);
}

void kn_limits_watch(knoll_limit_callback *callback, void *arg)
{
    kn_lock_acquire(&kn_page_heap_lock);
    limits.callback = callback;
    limits.arg = arg;
    kn_lock_release(&kn_page_heap_lock);
}
