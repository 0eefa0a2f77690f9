/*
 * A cache between processes: a hash table of texts in a shared heap.
 *
 * One process fills the cache, another one reads it, at another address of the same memory. Then a
 * writer is killed in the middle of its work, with the heap's lock held, and the cache goes on: the
 * next one to take the lock is told, finds the heap in order, and drops the entry that was half made.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <knoll/shared.h>

enum { BYTES = 1 << 20, BUCKETS = 64 };

/* Links are offsets from the start of the heap, 0 for none. */
struct entry {
    size_t next;
    size_t value;
    int is_complete;
    char key[];
};

struct table {
    size_t buckets[BUCKETS];
};

static void fail(const char *what)
{
    fprintf(stderr, "shared_cache: %s\n", what);
    exit(1);
}

static struct knoll_shared open_heap(int file, int is_new)
{
    struct knoll_shared heap;
    void *space = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    int error;

    if (space == MAP_FAILED)
        fail("cannot map the memory");
    error = is_new ? knoll_shared_create(&heap, space, BYTES, knoll_compact_best_fit())
                   : knoll_shared_attach(&heap, space, BYTES, knoll_compact_best_fit());
    if (error != 0)
        fail(strerror(error));
    return heap;
}

static unsigned bucket_of(const char *key)
{
    unsigned hash = 5381;

    while (*key != '\0')
        hash = hash * 33 + (unsigned char)*key++;
    return hash % BUCKETS;
}

/* Takes the lock; after a death, drops what was half made. */
static void lock(struct knoll_shared *heap)
{
    int result = knoll_shared_lock(heap);

    if (result == EOWNERDEAD) {
        struct table *table = knoll_shared_root(heap);
        unsigned dropped = 0;

        for (unsigned i = 0; i < BUCKETS; i++) {
            size_t *link = &table->buckets[i];
            while (*link != 0) {
                struct entry *entry = knoll_shared_pointer(heap, *link);
                if (entry->is_complete) {
                    link = &entry->next;
                    continue;
                }
                *link = entry->next;
                knoll_shared_free(heap, knoll_shared_pointer(heap, entry->value));
                knoll_shared_free(heap, entry);
                dropped++;
            }
        }
        printf("somebody died with the lock; entries dropped: %u\n", dropped);
        knoll_shared_settle(heap);
    } else if (result != 0) {
        fail(strerror(result));
    }
}

static void put(struct knoll_shared *heap, const char *key, const char *value, int dies)
{
    struct table *table;
    struct entry *entry;
    char *text;
    size_t *link;

    lock(heap);
    table = knoll_shared_root(heap);
    link = &table->buckets[bucket_of(key)];
    entry = knoll_shared_calloc(heap, 1, sizeof(*entry) + strlen(key) + 1);
    if (entry == NULL)
        fail("the cache is full");
    strcpy(entry->key, key);
    entry->next = *link;
    *link = knoll_shared_offset(heap, entry);
    if (dies)
        raise(SIGKILL);
    text = knoll_shared_malloc(heap, strlen(value) + 1);
    if (text == NULL)
        fail("the cache is full");
    strcpy(text, value);
    entry->value = knoll_shared_offset(heap, text);
    entry->is_complete = 1;
    knoll_shared_unlock(heap);
}

static void show(struct knoll_shared *heap, const char *key)
{
    struct table *table;
    const char *value = "not there";

    lock(heap);
    table = knoll_shared_root(heap);
    for (size_t at = table->buckets[bucket_of(key)]; at != 0;) {
        struct entry *entry = knoll_shared_pointer(heap, at);
        if (strcmp(entry->key, key) == 0)
            value = knoll_shared_pointer(heap, entry->value);
        at = entry->next;
    }
    printf("%s: %s\n", key, value);
    knoll_shared_unlock(heap);
}

/* Runs work(file) in a process of its own. */
static void in_child(void (*work)(int file), int file)
{
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        work(file);
        fflush(stdout);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static void write_entries(int file)
{
    struct knoll_shared heap = open_heap(file, 0);

    put(&heap, "knoll", "a small heap; to lay things out square and tidy", 0);
    put(&heap, "tag", "eight bytes in front of each block", 0);
}

static void write_and_die(int file)
{
    struct knoll_shared heap = open_heap(file, 0);

    put(&heap, "unfinished", "never written", 1);
}

static void read_entries(int file)
{
    struct knoll_shared heap = open_heap(file, 0);

    show(&heap, "knoll");
    show(&heap, "tag");
    show(&heap, "unfinished");
}

int main(void)
{
    int file = memfd_create("cache", 0);
    struct knoll_shared heap;
    struct knoll_compact_stats stats;
    const char *fault;

    if (file < 0 || ftruncate(file, BYTES) != 0)
        fail("no memory to share");
    heap = open_heap(file, 1);
    knoll_shared_set_root(&heap, knoll_shared_calloc(&heap, 1, sizeof(struct table)));

    in_child(write_entries, file);
    in_child(write_and_die, file);
    in_child(read_entries, file);

    fault = knoll_shared_check(&heap);
    knoll_shared_stats_get(&heap, &stats);
    printf("%zu blocks, %zu bytes; deaths: %llu; check: %s\n", stats.used_blocks, stats.used_bytes,
           (unsigned long long)knoll_shared_deaths(&heap), fault == NULL ? "sound" : fault);
    return fault == NULL && stats.used_blocks == 5 ? 0 : 1;
}
