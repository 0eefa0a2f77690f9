#include "core/cell.h"

#include "base/assert.h"

void kn_cell_count_beyond(struct kn_heap *heap, unsigned size_class)
{
    struct kn_bin *bin = &heap->bins[size_class];
    uint32_t max = kn_cell_counter_max(size_class);
    uint32_t count = bin->beyond < max ? bin->beyond : max;
    bin->beyond -= count;
    heap->units[size_class] = (uint8_t)(KN_UNITS_EMPTY + count * size_class);
}

void kn_cell_fill(struct kn_heap *heap, unsigned size_class, void *head, uint32_t count)
{
    heap->head[size_class] = head;
    if (size_class < KN_SMALL_CLASSES) {
        heap->bins[size_class].beyond = count;
        kn_cell_count_beyond(heap, size_class);
    } else {
        heap->room[size_class] = (int16_t)(kn_classes[size_class].cell_blocks - (int)count);
    }
}

static uint32_t counted(const struct kn_heap *heap, unsigned size_class)
{
    return (heap->units[size_class] - (uint32_t)KN_UNITS_EMPTY) / size_class;
}

uint32_t kn_cell_count(const struct kn_heap *heap, unsigned size_class)
{
    if (size_class < KN_SMALL_CLASSES)
        return heap->bins[size_class].beyond + counted(heap, size_class);
    return (uint32_t)(kn_classes[size_class].cell_blocks - heap->room[size_class]);
}

void *kn_cell_pop(struct kn_heap *heap, unsigned size_class)
{
    void *block = heap->head[size_class];
    heap->head[size_class] = kn_link_next(block);
    if (size_class < KN_SMALL_CLASSES)
        heap->units[size_class] = (uint8_t)(heap->units[size_class] - size_class);
    else
        heap->room[size_class]++;
    return block;
}

void kn_cell_push(struct kn_heap *heap, unsigned size_class, void *block)
{
    kn_link_set(block, heap->head[size_class]);
    heap->head[size_class] = block;
    if (size_class < KN_SMALL_CLASSES)
        heap->units[size_class] = (uint8_t)(heap->units[size_class] + size_class);
    else
        heap->room[size_class]--;
}

void *kn_cell_take_all(struct kn_heap *heap, unsigned size_class)
{
    void *head = heap->head[size_class];
    kn_cell_fill(heap, size_class, NULL, 0);
    return head;
}

static void *nth(void *block, uint32_t n)
{
    while (n-- > 0)
        block = kn_link_next(block);
    return block;
}

/* Takes `count` blocks behind the first `keep` out of the list, which must be longer, and returns
 * them. */
static void return_part(struct kn_heap *heap, unsigned size_class, uint32_t keep, uint32_t count)
{
    void *last_kept = nth(heap->head[size_class], keep - 1);
    void *first = kn_link_next(last_kept);
    void *last = nth(first, count - 1);
    kn_link_set(last_kept, kn_link_next(last));
    kn_link_set(last, NULL);
    kn_heap_return_list(heap, first);
}

static void make_room_medium(struct kn_heap *heap, unsigned size_class)
{
    uint32_t limit = kn_classes[size_class].cell_blocks;
    uint32_t keep = limit / 2;
    heap->room[size_class] = (int16_t)(heap->room[size_class] + (int)(limit - keep));
    return_part(heap, size_class, keep, limit - keep);
}

void kn_cell_make_room(struct kn_heap *heap, unsigned size_class)
{
    if (size_class >= KN_SMALL_CLASSES) {
        make_room_medium(heap, size_class);
        return;
    }
    struct kn_bin *bin = &heap->bins[size_class];
    uint32_t limit = kn_classes[size_class].cell_blocks;
    uint32_t total = bin->beyond + counted(heap, size_class);
    if (total < limit) {
        bin->beyond = total;
        heap->units[size_class] = KN_UNITS_EMPTY;
        return;
    }
    uint32_t keep = kn_cell_counter_max(size_class) / 2;
    uint32_t count = limit / 2;
    heap->units[size_class] = (uint8_t)(KN_UNITS_EMPTY + keep * size_class);
    bin->beyond = total - keep - count;
    return_part(heap, size_class, keep, count);
}
