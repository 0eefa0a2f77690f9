/*
 * A cache whose memory is defragmented while it is in use, a little at a time.
 *
 * Texts of all lengths come and go until the memory is full of holes, and one large text has no
 * place although there is room for it in all. Between requests the cache then compacts for as long as
 * a request would hardly notice, and the large text fits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <knoll/handles.h>

enum {
    CACHE_BYTES = 1 << 20,
    ENTRIES = 3000,
    REQUESTS = 40000,
    LONGEST = 900,
    LARGE_BYTES = 100000,
    PAUSE_BYTES = 4096,
    PAUSE_STEPS = 64
};

struct entry {
    knoll_handle text; /* 0: not in the cache */
    unsigned key;
};

static struct knoll_handles *cache;
static struct entry entries[ENTRIES];

/* The same numbers in every run. */
static unsigned random_below(unsigned limit)
{
    static unsigned state = 1;

    state = state * 1103515245u + 12345u;
    return (state >> 8) % limit;
}

static void entry_evict(struct entry *entry)
{
    knoll_handles_free(cache, entry->text);
    entry->text = 0;
}

static void entry_store(struct entry *entry, unsigned key)
{
    size_t bytes = 16 + random_below(LONGEST);
    char *text;

    entry_evict(entry);
    while ((entry->text = knoll_handles_alloc(cache, bytes)) == 0)
        entry_evict(&entries[random_below(ENTRIES)]);
    entry->key = key;
    text = knoll_handles_lock(cache, entry->text);
    snprintf(text, bytes, "text %u", key);
    knoll_handles_unlock(cache, entry->text);
}

static int entry_is_intact(const struct entry *entry)
{
    char expected[32];
    int is_same;

    if (entry->text == 0)
        return 1;
    snprintf(expected, sizeof(expected), "text %u", entry->key);
    is_same = strncmp(knoll_handles_lock(cache, entry->text), expected, 15) == 0;
    knoll_handles_unlock(cache, entry->text);
    return is_same;
}

static void show(const char *when)
{
    struct knoll_handles_stats stats;

    knoll_handles_stats_get(cache, &stats);
    printf("%-18s %4zu texts, %6zu bytes free in %4zu holes and %6zu at the end; fragmentation %u "
           "%%\n",
           when, stats.blocks, stats.hole_bytes, stats.holes, stats.tail_bytes,
           stats.fragmentation_percent);
}

/* Returns in how many pauses. */
static unsigned compact_in_pauses(void)
{
    unsigned pauses = 1;

    while (knoll_handles_compact(cache, PAUSE_BYTES, PAUSE_STEPS, NULL))
        pauses++;
    return pauses;
}

int main(void)
{
    knoll_handle large;

    cache = knoll_handles_new(NULL, CACHE_BYTES);
    if (cache == NULL) {
        perror("knoll_handles_new");
        return 1;
    }
    for (unsigned key = 0; key < REQUESTS; key++)
        entry_store(&entries[random_below(ENTRIES)], key);
    for (unsigned i = 0; i < ENTRIES; i += 4)
        entry_evict(&entries[i]);
    show("after requests:");
    large = knoll_handles_alloc(cache, LARGE_BYTES);
    printf("a text of %d bytes %s\n", LARGE_BYTES, large == 0 ? "finds no place" : "fits");
    printf("compacting in %u pauses, each of %d bytes at most\n", compact_in_pauses(), PAUSE_BYTES);
    show("after compaction:");
    if (large == 0)
        large = knoll_handles_alloc(cache, LARGE_BYTES);
    printf("a text of %d bytes %s\n", LARGE_BYTES, large == 0 ? "finds no place" : "fits");
    for (unsigned i = 0; i < ENTRIES; i++)
        if (!entry_is_intact(&entries[i]))
            return 1;
    if (large == 0 || knoll_handles_check(cache) != NULL)
        return 1;
    knoll_handles_delete(cache);
    return 0;
}
