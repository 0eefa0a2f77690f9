/*
 * Calls for bench/callgrind to count instructions in.
 *
 *   hotpaths SCENARIO | --list
 *
 * A scenario first warms the allocator up by plain calls and then makes the calls that count
 * through the functions hot_*, which bench/callgrind names to callgrind: what is counted is what
 * runs between the call of such a function and its return, less the few instructions of the
 * function itself.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARM = 2000, PAIRS = 5000, BURST = 1000, BURSTS = 5, SLOTS = 512, MIXED = 20000 };

#define HOT         __attribute__((noinline))
#define KEEP(value) __asm__ volatile("" : "+r"(value)::"memory")

HOT static void *hot_malloc(size_t size)
{
    void *block = malloc(size);
    KEEP(block);
    return block;
}

HOT static void hot_free(void *block)
{
    free(block);
    KEEP(block);
}

HOT static void *hot_calloc(size_t size)
{
    void *block = calloc(1, size);
    KEEP(block);
    return block;
}

HOT static void *hot_realloc(void *block, size_t size)
{
    block = realloc(block, size);
    KEEP(block);
    return block;
}

HOT static void *hot_aligned(size_t alignment, size_t size)
{
    void *block = NULL;
    if (posix_memalign(&block, alignment, size) != 0)
        abort();
    KEEP(block);
    return block;
}

static void *blocks[BURST > SLOTS ? BURST : SLOTS];
static uint64_t random_state = 1;

static uint64_t random_below(uint64_t bound)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (random_state >> 33) % bound;
}

static void pair(size_t size)
{
    for (int i = 0; i < WARM; i++) {
        void *block = malloc(size);
        KEEP(block);
        free(block);
    }
    for (int i = 0; i < PAIRS; i++)
        hot_free(hot_malloc(size));
}

static void calloc_pair(size_t size)
{
    for (int i = 0; i < PAIRS; i++)
        hot_free(hot_calloc(size));
}

static void aligned_pair(size_t size)
{
    for (int i = 0; i < PAIRS; i++)
        hot_free(hot_aligned(64, size));
}

/* The size stays within what any size class of the block leaves free or cuts off. */
static void realloc_in_place(size_t size)
{
    void *block = malloc(size);
    for (int i = 0; i < PAIRS; i++)
        block = hot_realloc(block, i % 2 == 0 ? size - 1 : size);
    free(block);
}

static void realloc_growth(size_t limit)
{
    for (int i = 0; i < 100; i++) {
        void *block = NULL;
        for (size_t size = 16; size <= limit; size += size / 2)
            block = hot_realloc(block, size);
        hot_free(block);
    }
}

static void burst(size_t size)
{
    for (int round = 0; round < BURSTS; round++) {
        for (int i = 0; i < BURST; i++)
            blocks[i] = hot_malloc(size);
        for (int i = 0; i < BURST; i++)
            hot_free(blocks[i]);
    }
}

static void mixed(size_t max)
{
    for (int i = 0; i < WARM; i++) {
        size_t slot = random_below(SLOTS);
        free(blocks[slot]);
        blocks[slot] = malloc(16 + random_below(max));
    }
    for (int i = 0; i < MIXED; i++) {
        size_t slot = random_below(SLOTS);
        hot_free(blocks[slot]);
        blocks[slot] = hot_malloc(16 + random_below(max));
    }
}

static void *remote_free(void *barrier)
{
    for (int round = 0; round < BURSTS; round++) {
        pthread_barrier_wait(barrier);
        for (int i = 0; i < BURST; i++)
            hot_free(blocks[i]);
        pthread_barrier_wait(barrier);
    }
    return NULL;
}

static void remote(size_t size)
{
    pthread_t other;
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, 2);
    if (pthread_create(&other, NULL, remote_free, &barrier) != 0)
        abort();
    for (int round = 0; round < BURSTS; round++) {
        for (int i = 0; i < BURST; i++)
            blocks[i] = hot_malloc(size);
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
    }
    pthread_join(other, NULL);
    pthread_barrier_destroy(&barrier);
}

struct scenario {
    const char *name;
    void (*run)(size_t size);
    size_t size;
    const char *counted; /* the hot functions of the scenario */
    const char *meaning;
};

static const struct scenario scenarios[] = {
    {"pair-16", pair, 16, "hot_malloc hot_free", "malloc and free in turn"},
    {"pair-64", pair, 64, "hot_malloc hot_free", "malloc and free in turn"},
    {"pair-512", pair, 512, "hot_malloc hot_free", "malloc and free in turn"},
    {"pair-4096", pair, 4096, "hot_malloc hot_free", "malloc and free in turn"},
    {"pair-32768", pair, 32768, "hot_malloc hot_free", "malloc and free in turn"},
    {"pair-262144", pair, 262144, "hot_malloc hot_free", "malloc and free in turn"},
    {"calloc-64", calloc_pair, 64, "hot_calloc hot_free", "calloc and free in turn"},
    {"calloc-4096", calloc_pair, 4096, "hot_calloc hot_free", "calloc and free in turn"},
    {"aligned-256", aligned_pair, 256, "hot_aligned hot_free",
     "posix_memalign to 64 bytes and free"},
    {"realloc-stay", realloc_in_place, 256, "hot_realloc", "realloc to a byte less and back"},
    {"realloc-grow", realloc_growth, 65536, "hot_realloc hot_free",
     "growth by half, 16 B to 64 KiB"},
    {"burst-64", burst, 64, "hot_malloc hot_free", "1,000 mallocs, then 1,000 frees in order"},
    {"mixed-1024", mixed, 1024, "hot_malloc hot_free", "random slots, 16 to 1,040 bytes"},
    {"remote-64", remote, 64, "hot_malloc hot_free", "1,000 mallocs, then frees by another thread"},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof scenarios / sizeof scenarios[0]; i++) {
        const struct scenario *one = &scenarios[i];
        if (strcmp(argv[1], "--list") == 0)
            printf("%s\t%s\t%s\n", one->name, one->counted, one->meaning);
        else if (strcmp(argv[1], one->name) == 0)
            return one->run(one->size), 0;
    }
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return 0;
    fprintf(stderr, "usage: %s SCENARIO | --list\n", argv[0]);
    return 2;
}
