#include "ds/hashtable.h"

#include <errno.h>

static size_t home_of(const struct kn_hashtable *table, uintptr_t key)
{
    uint64_t hash = key;

    hash ^= hash >> 32;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> (kn_clz64(table->capacity) + 1));
}

static size_t after(const struct kn_hashtable *table, size_t index)
{
    return (index + 1) & (table->capacity - 1);
}

/* The slot that holds the key, or the empty one where it belongs. */
static size_t locate(const struct kn_hashtable *table, uintptr_t key)
{
    size_t index = home_of(table, key);

    while (table->slots[index].key != key && table->slots[index].key != 0)
        index = after(table, index);
    return index;
}

void kn_hashtable_init(struct kn_hashtable *table, struct kn_hashslot *slots, size_t capacity)
{
    KN_ASSERT(kn_is_power_of_two(capacity) && capacity >= 2);
    table->slots = slots;
    table->capacity = capacity;
    table->count = 0;
    for (size_t i = 0; i < capacity; i++)
        slots[i] = (struct kn_hashslot){0, 0};
}

int kn_hashtable_set(struct kn_hashtable *table, uintptr_t key, uintptr_t value)
{
    struct kn_hashslot *slot = &table->slots[locate(table, key)];

    KN_ASSERT(key != 0);
    if (slot->key == 0) {
        if (table->count >= kn_hashtable_max_count(table->capacity))
            return ENOMEM;
        table->count++;
        slot->key = key;
    }
    slot->value = value;
    return 0;
}

uintptr_t *kn_hashtable_find(const struct kn_hashtable *table, uintptr_t key)
{
    struct kn_hashslot *slot = &table->slots[locate(table, key)];

    KN_ASSERT(key != 0);
    return slot->key == 0 ? NULL : &slot->value;
}

bool kn_hashtable_try_remove(struct kn_hashtable *table, uintptr_t key, uintptr_t *value)
{
    size_t hole = locate(table, key);
    size_t mask = table->capacity - 1;

    KN_ASSERT(key != 0);
    if (table->slots[hole].key == 0)
        return false;
    if (value != NULL)
        *value = table->slots[hole].value;
    table->count--;
    /* Until the next empty slot, an entry moves into the hole unless its home lies behind the hole:
     * that is, unless it is nearer to its home than to the hole. */
    for (size_t i = after(table, hole); table->slots[i].key != 0; i = after(table, i)) {
        size_t home = home_of(table, table->slots[i].key);

        if (((i - home) & mask) >= ((i - hole) & mask)) {
            table->slots[hole] = table->slots[i];
            hole = i;
        }
    }
    table->slots[hole] = (struct kn_hashslot){0, 0};
    return true;
}

void kn_hashtable_rehash(struct kn_hashtable *to, const struct kn_hashtable *from)
{
    struct kn_hashslot *entry;
    size_t cursor = 0;

    KN_ASSERT(to->count == 0 && from->count <= kn_hashtable_max_count(to->capacity));
    while ((entry = kn_hashtable_next(from, &cursor)) != NULL)
        to->slots[locate(to, entry->key)] = *entry;
    to->count = from->count;
}

struct kn_hashslot *kn_hashtable_next(const struct kn_hashtable *table, size_t *cursor)
{
    while (*cursor < table->capacity) {
        struct kn_hashslot *slot = &table->slots[(*cursor)++];

        if (slot->key != 0)
            return slot;
    }
    return NULL;
}

const char *kn_hashtable_check(const struct kn_hashtable *table)
{
    size_t count = 0;

    if (!kn_is_power_of_two(table->capacity) || table->capacity < 2)
        return "hashtable: capacity is no power of two";
    for (size_t i = 0; i < table->capacity; i++)
        count += table->slots[i].key != 0;
    if (count != table->count)
        return "hashtable: entries differ from their count";
    if (count > kn_hashtable_max_count(table->capacity))
        return "hashtable: too full";
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].key != 0 && locate(table, table->slots[i].key) != i)
            return "hashtable: entry cannot be found";
    }
    return NULL;
}
