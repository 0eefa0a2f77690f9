/* The program break as a source. The contract is in source.h. */
#include "os/source.h"

#include "base/align.h"
#include "base/checked.h"
#include "os/os.h"
#include "os/source_lock.h"

#include <errno.h>
#include <stdint.h>

/*
 *     bottom                                            top = the break, while it is ours alone
 *       |  handed out | free | handed out | free | ...   |
 *
 * Guarded by kn_source_lock. All between bottom and top is ours: it is handed out or in the list.
 */
static struct kn_range_list free_ranges;
static uintptr_t bottom, top;
static bool is_foreign; /* somebody else has moved the break; it is never raised again */

/* The break now; 0 if it is not to be touched. */
static uintptr_t find_break(void)
{
    uintptr_t now = (uintptr_t)kn_os_brk(NULL);
    is_foreign = is_foreign || (top != 0 && now != top);
    return is_foreign ? 0 : now;
}

/*
 * Raises the break so that `bytes` at a multiple of `align` lie below it; returns their start. What
 * is skipped for the alignment becomes free.
 */
static void *raise_break(size_t bytes, size_t align)
{
    uintptr_t now = find_break(), base, start, end;
    if (now == 0 || !kn_try_align_up(now, kn_os_page_bytes(), &base) ||
        !kn_try_align_up(base, align, &start) || !kn_try_add(start, bytes, &end) ||
        (uintptr_t)kn_os_brk((void *)end) != end)
        return NULL;
    if (bottom == 0)
        bottom = base;
    top = end;
    if (start != base)
        (void)kn_range_list_give(&free_ranges, (void *)base, start - base);
    return (void *)start;
}

static int acquire_range(struct kn_source *source, size_t bytes, size_t align, struct kn_range *out)
{
    size_t rounded;
    (void)source;
    if (!kn_try_align_up(bytes, kn_os_page_bytes(), &rounded))
        return ENOMEM;
    kn_lock_acquire(&kn_source_lock);
    void *used = kn_range_list_take(&free_ranges, rounded, align);
    void *start = used != NULL ? used : raise_break(rounded, align);
    kn_lock_release(&kn_source_lock);
    if (start == NULL)
        return kn_source_acquire(kn_source_mmap(), bytes, align, out);
    *out = (struct kn_range){start, rounded, used == NULL};
    return 0;
}

static int release_break(uintptr_t start, uintptr_t end)
{
    kn_lock_acquire(&kn_source_lock);
    /* With the lock held, for in the list the range may be taken at once. If purging is refused,
     * the memory is held until it is used again. */
    int unpurged = kn_os_purge((void *)start, end - start);
    (void)unpurged;
    int error = kn_range_list_give(&free_ranges, (void *)start, end - start);
    kn_lock_release(&kn_source_lock);
    return error;
}

static int release_mapped(uintptr_t start, uintptr_t end)
{
    return kn_source_release(kn_source_mmap(), (void *)start, end - start);
}

/* `point` moved into [low, high]. */
static uintptr_t clamp(uintptr_t point, uintptr_t low, uintptr_t high)
{
    return point < low ? low : point > high ? high : point;
}

/* A part may reach from the break into mapped pages that happen to adjoin it. */
static int release_range(struct kn_source *source, void *start, size_t bytes)
{
    uintptr_t from = (uintptr_t)start, to = from + bytes;
    (void)source;
    kn_lock_acquire(&kn_source_lock);
    uintptr_t low = clamp(bottom, from, to), high = clamp(top, from, to);
    kn_lock_release(&kn_source_lock);
    int error = 0;
    if (low < high)
        error = release_break(low, high);
    if (error == 0 && from < low)
        error = release_mapped(from, low);
    if (error == 0 && high < to)
        error = release_mapped(high, to);
    return error;
}

static int extend_range(struct kn_source *source, void *end, size_t bytes, struct kn_range *out)
{
    uintptr_t point = (uintptr_t)end;
    (void)source;
    if (!kn_try_align_up(bytes, kn_os_page_bytes(), &bytes))
        return ENOMEM;
    kn_lock_acquire(&kn_source_lock);
    bool is_at_break = point >= bottom && point <= top;
    bool is_used = is_at_break && kn_range_list_take_at(&free_ranges, end, bytes) == 0;
    bool is_raised = is_at_break && !is_used && point == top && raise_break(bytes, 1) != NULL;
    kn_lock_release(&kn_source_lock);
    *out = (struct kn_range){end, bytes, is_raised};
    if (is_used || is_raised)
        return 0;
    return is_at_break ? ENOMEM : kn_source_extend(kn_source_mmap(), end, bytes, out);
}

static int purge_range(struct kn_source *source, void *start, size_t bytes)
{
    (void)source;
    return kn_os_purge(start, bytes);
}

static size_t page_part_bytes(const struct kn_source *source)
{
    (void)source;
    return kn_os_page_bytes();
}

struct kn_source *kn_source_sbrk(void)
{
    static const struct kn_source_ops ops = {
        .part_bytes = page_part_bytes,
        .acquire = acquire_range,
        .release = release_range,
        .extend = extend_range,
        .purge = purge_range,
    };
    static struct kn_source source = {&ops};
    return &source;
}
