#include "core/region.h"

#include <errno.h>

#include "base/align.h"
#include "base/assert.h"
#include "core/meta.h"
#include "ds/radix.h"
#include "os/os.h"

/* Of the main range, which 64-bit machines have. */
#define MAIN_BYTES_MAX   ((uint64_t)1 << 40)
#define MAIN_BYTES_MIN   ((uint64_t)1 << 30)
#define TABLE_ENTRIES    ((uint64_t)1 << 28)
#define TABLE_BYTES      (TABLE_ENTRIES * sizeof(kn_desc))
#define TABLE_MULTIPLIER (((uint64_t)1 << 22) + ((uint64_t)1 << 60))
#define TABLE_SPAN       ((uint64_t)1 << 42) /* addresses this far apart share a place */
/* Below this limit of address space the heap reserves no more than it needs. */
#define ADDRESS_SPACE_AMPLE ((uint64_t)1 << 42)
/* The main range begins at one of these many steps in the area for reservations. */
#define PLACE_STEP ((uint64_t)64 << 30)
/* How far from what we know of it the program's own memory is taken to lie: mappings grow downwards
 * from the libraries, the break upwards from the program. */
#define MAPPINGS_REACH ((uint64_t)256 << 30)
#define BREAK_REACH    ((uint64_t)64 << 30)
#define NEAR_REACH     ((uint64_t)4 << 30)

#define COMMIT_BYTES_MIN ((size_t)1 << 20)
#define COMMIT_BYTES_MAX ((size_t)64 << 20)
/* Growth commits at least this part of what there is already. */
#define COMMIT_SHARE 8
/* Slots and descriptors are committed for this many granules at a time (1 MiB of slots). */
#define METADATA_GRANULES ((size_t)16384)
/* Further ranges: aligned to the radix map's unit, at least this large. */
#define RANGE_UNIT_LOG2 16
#define RANGE_UNIT      ((size_t)1 << RANGE_UNIT_LOG2)
#define RANGE_BYTES_MIN ((size_t)4 << 20)
#define RANGE_BYTES_MAX ((size_t)1 << 30)
#define RANGE_SHARE     4
#define RANGE_KEY_BITS  (sizeof(void *) == 8 ? 48 - RANGE_UNIT_LOG2 : 32 - RANGE_UNIT_LOG2)
/* Commits begin and end on multiples of this, the largest page size of any supported machine. */
#define COMMIT_ALIGN    ((size_t)65536)
#define HUGE_PAGE_BYTES ((size_t)2 << 20)

static struct {
    struct kn_range *last;  /* the one that grows */
    struct kn_range *spare; /* record for the next one, left from a failed attempt */
    size_t committed_bytes;
    size_t metadata_bytes;
    struct kn_radix ranges; /* address >> RANGE_UNIT_LOG2 -> range, for all but the main one */
} region = {.last = &kn_main_range};

/* Its value matches no tag, nor the zero of thread storage that the loader has not set yet. */
static kn_desc empty_table[1] = {KN_DESC_NOWHERE};

struct kn_range kn_main_range;
struct kn_map kn_map = {.multiplier = 0, .table = empty_table};

/* ---- lookup ---- */

struct kn_range *kn_range_find_further(uintptr_t address)
{
    return kn_radix_get(&region.ranges, address >> RANGE_UNIT_LOG2);
}

struct kn_range *kn_region_first(void)
{
    return &kn_main_range;
}

size_t kn_region_committed_bytes(void)
{
    return region.committed_bytes;
}

size_t kn_region_metadata_bytes(void)
{
    return region.metadata_bytes;
}

/* ---- reservation ---- */

static void *radix_node(void *context, size_t bytes)
{
    (void)context;
    return kn_meta_alloc(bytes);
}

/* Nothing depends on its success: what stays is address space without memory. */
static void unreserve(void *start, size_t bytes)
{
    int error = kn_os_unmap(start, bytes);
    (void)error;
}

static size_t slots_bytes(size_t granules)
{
    return kn_align_up((granules + 2) * sizeof(struct kn_run), COMMIT_ALIGN);
}

/* Places slots behind the granules; slot 0 of the array is the edge before the first granule. */
static void range_init(struct kn_range *range, uintptr_t base, size_t granules, kn_desc *desc)
{
    range->base = base;
    range->granules_reserved = granules;
    range->slots = (struct kn_run *)(base + granules * KN_GRANULE) + 1;
    range->desc = desc;
}

/* The flat table: readable everywhere, costing nothing until it is written. */
static kn_desc *map_table(void)
{
    return kn_os_map_read((size_t)TABLE_BYTES);
}

/* Whether [base, base + bytes) and [from, to) share places in the table. */
static bool shares_places(uint64_t base, uint64_t bytes, uint64_t from, uint64_t to)
{
    uint64_t distance = (from - base) & (TABLE_SPAN - 1);
    return distance < bytes || distance + (to - from) > TABLE_SPAN;
}

/* Whether a main range there can be told from the program, its libraries and stack by the table. */
static bool is_unmistakable(uint64_t base, uint64_t bytes)
{
    uint64_t library = (uintptr_t)&region;
    uint64_t program = kn_os_program_address();
    uint64_t stack = (uintptr_t)&stack;
    uint64_t first = base & (TABLE_SPAN - 1);
    if (first == 0 || first + bytes > TABLE_SPAN) /* the first place is NULL's */
        return false;
    if (kn_os_reserve_area().end == 0) /* no choice */
        return true;
    return !shares_places(base, bytes, library - MAPPINGS_REACH, library + NEAR_REACH) &&
           !shares_places(base, bytes, program - NEAR_REACH, program + BREAK_REACH) &&
           !shares_places(base, bytes, stack - NEAR_REACH, stack + NEAR_REACH);
}

/* An address for the main range, by chance among those that will do; 0 if none. */
static uint64_t choose_base(uint64_t bytes)
{
    uint64_t random = kn_os_random();
    uint64_t jitter = (random >> 32) % (PLACE_STEP / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;
    struct kn_os_area area = kn_os_reserve_area();
    uint64_t places = (area.end - area.first) / PLACE_STEP;
    for (uint64_t i = 0; i < places; i++) {
        uint64_t base = area.first + (random + i) % places * PLACE_STEP + jitter;
        if (is_unmistakable(base, bytes))
            return base;
    }
    return 0;
}

static bool try_reserve_main(kn_desc *table, size_t bytes)
{
    size_t granules = bytes >> KN_GRANULE_LOG2;
    size_t total = bytes + slots_bytes(granules) + HUGE_PAGE_BYTES;
    void *reserved = kn_os_reserve((void *)(uintptr_t)choose_base(bytes), total);
    if (reserved == NULL)
        return false;
    uintptr_t base = kn_align_up((uintptr_t)reserved, HUGE_PAGE_BYTES);
    if (!is_unmistakable(base, bytes)) { /* the kernel put it elsewhere */
        unreserve(reserved, total);
        return false;
    }
    size_t place = (base >> KN_GRANULE_LOG2) & (TABLE_ENTRIES - 1);
    range_init(&kn_main_range, base, granules, table + place);
    return true;
}

static bool try_reserve_any_main(kn_desc *table)
{
    uint64_t bytes = MAIN_BYTES_MAX;
    if (try_reserve_main(table, (size_t)bytes))
        return true;
    /* Where address space is limited, the program shall have the rest of it. */
    if (kn_os_address_space_limit() < ADDRESS_SPACE_AMPLE)
        return false;
    do
        bytes /= 2;
    while (bytes >= MAIN_BYTES_MIN && !try_reserve_main(table, (size_t)bytes));
    return bytes >= MAIN_BYTES_MIN;
}

static void init_main(void)
{
    if (sizeof(void *) < 8)
        return;
    kn_desc *table = map_table();
    if (table == NULL)
        return;
    if (!try_reserve_any_main(table)) {
        unreserve(table, (size_t)TABLE_BYTES);
        return;
    }
    kn_map.table = table;
    kn_map.multiplier = TABLE_MULTIPLIER;
}
void kn_region_init(void)
{
    kn_radix_init(&region.ranges, RANGE_KEY_BITS, radix_node, NULL);
    init_main();
}

/* Reserves a further range of `bytes` (a multiple of RANGE_UNIT), with slots and descriptors behind
 * it. */
static bool try_add_range(struct kn_range *range, size_t bytes)
{
    size_t granules = bytes >> KN_GRANULE_LOG2;
    size_t desc_bytes = kn_align_up(granules * sizeof(kn_desc), COMMIT_ALIGN);
    size_t total = RANGE_UNIT + bytes + slots_bytes(granules) + desc_bytes;
    char *reserved = kn_os_reserve(NULL, total);
    if (reserved == NULL)
        return false;
    char *base = (char *)kn_align_up((uintptr_t)reserved, RANGE_UNIT);
    char *end = base + (total - RANGE_UNIT);
    if (base > reserved)
        unreserve(reserved, (size_t)(base - reserved));
    if (end < reserved + total)
        unreserve(end, (size_t)(reserved + total - end));

    range_init(range, (uintptr_t)base, granules, (kn_desc *)(base + bytes + slots_bytes(granules)));
    if (kn_radix_set_range(&region.ranges, (uintptr_t)base >> RANGE_UNIT_LOG2,
                           bytes >> RANGE_UNIT_LOG2, range) != 0) {
        unreserve(base, total - RANGE_UNIT);
        return false;
    }
    kn_store_release(&region.last->next, range);
    region.last = range;
    region.spare = NULL;
    return true;
}

static bool try_add_range_for(size_t granules)
{
    size_t least = kn_align_up(granules * KN_GRANULE, RANGE_UNIT);
    size_t wish = region.committed_bytes / RANGE_SHARE;
    wish = wish < RANGE_BYTES_MIN   ? RANGE_BYTES_MIN
           : wish > RANGE_BYTES_MAX ? RANGE_BYTES_MAX
                                    : wish;
    if (wish > granules * KN_GRANULE) /* a whole number of such requests */
        wish -= wish % (granules * KN_GRANULE);
    wish = kn_align_up(wish, RANGE_UNIT);
    if (region.spare == NULL)
        region.spare = kn_meta_alloc(sizeof(*region.spare));
    if (region.spare == NULL)
        return false;
    for (; wish > least; wish = kn_align_down(wish / 2, RANGE_UNIT)) {
        if (try_add_range(region.spare, wish))
            return true;
    }
    return try_add_range(region.spare, least);
}

/* ---- growth ---- */

static bool try_commit(uintptr_t from, uintptr_t to)
{
    return from == to || kn_os_commit((void *)from, to - from) == 0;
}

/* Makes slots (with both edges) and descriptors of the first `granules` granules writable. */
static bool try_describe(struct kn_range *range, size_t granules)
{
    if (granules <= range->described)
        return true;
    size_t upto = kn_align_up(granules, METADATA_GRANULES);
    if (upto > range->granules_reserved)
        upto = range->granules_reserved;

    uintptr_t slots = (uintptr_t)(range->slots - 1);
    uintptr_t slots_from = range->described == 0 ? slots : slots + slots_bytes(range->described);
    uintptr_t slots_to = slots + slots_bytes(upto);
    size_t page = kn_os_page_bytes();
    uintptr_t desc_from = kn_align_down((uintptr_t)&range->desc[range->described], page);
    uintptr_t desc_to = kn_align_up((uintptr_t)&range->desc[upto], page);
    if (!try_commit(slots_from, slots_to) || !try_commit(desc_from, desc_to))
        return false;
    region.metadata_bytes += slots_to - slots_from + (desc_to - desc_from);
    if (range->described == 0) {
        kn_run_set_kind(&range->slots[-1], KN_RUN_EDGE);
        range->slots[-1].granules = 1;
    }
    range->described = upto;
    return true;
}

/* Commits the next `count` granules of a range. */
static bool try_grow_by(struct kn_range *range, size_t count, struct kn_growth *growth)
{
    size_t old = kn_load_relaxed(&range->granules);
    uintptr_t from = range->base + old * KN_GRANULE;
    if (!try_describe(range, old + count) || !try_commit(from, from + count * KN_GRANULE))
        return false;
    region.committed_bytes += count * KN_GRANULE;
    range->slots[old].base = from;
    kn_run_set_kind(&range->slots[old], KN_RUN_NONE);
    kn_run_set_kind(&range->slots[old + count], KN_RUN_EDGE);
    range->slots[old + count].granules = 1;
    kn_store_release(&range->granules, old + count);
    growth->slot = &range->slots[old];
    growth->granules = count;
    return true;
}

/* By more than asked for, as the heap is large; near a limit of the process by what is needed. */
static bool try_grow_range(struct kn_range *range, size_t granules, struct kn_growth *growth)
{
    size_t left = range->granules_reserved - kn_load_relaxed(&range->granules);
    if (granules > left)
        return false;
    size_t step = kn_align_up(region.committed_bytes / COMMIT_SHARE, COMMIT_BYTES_MIN);
    step = (step < COMMIT_BYTES_MIN   ? COMMIT_BYTES_MIN
            : step > COMMIT_BYTES_MAX ? COMMIT_BYTES_MAX
                                      : step);
    size_t needed = kn_align_up(granules * KN_GRANULE, COMMIT_BYTES_MIN) >> KN_GRANULE_LOG2;
    if (needed > left)
        needed = left;
    size_t count = step >> KN_GRANULE_LOG2;
    if (count > left)
        count = left;
    if (count > needed && try_grow_by(range, count, growth))
        return true;
    return try_grow_by(range, needed, growth);
}

/*
 * The end of the last range, though it is too short: it may join with what is free before it, and
 * no later growth would come back to it.
 */
static bool try_use_up(struct kn_range *range, struct kn_growth *growth)
{
    size_t left = range->granules_reserved - kn_load_relaxed(&range->granules);
    return left != 0 && range != &kn_main_range && left * KN_GRANULE <= RANGE_BYTES_MAX &&
           try_grow_range(range, left, growth);
}

int kn_region_grow(size_t granules, struct kn_growth *growth)
{
    struct kn_range *last = region.last;
    if (try_grow_range(&kn_main_range, granules, growth))
        return 0;
    if (last != &kn_main_range && try_grow_range(last, granules, growth))
        return 0;
    if (try_use_up(last, growth))
        return 0;
    if (try_add_range_for(granules) && try_grow_range(region.last, granules, growth))
        return 0;
    return ENOMEM;
}
