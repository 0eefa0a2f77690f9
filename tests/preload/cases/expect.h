/* What the programs of the cases share: EXPECT, which names what failed and ends the process with
 * status 1 without a call to malloc, and small helpers for memory that the compiler must not see
 * through. */
#ifndef KNOLL_TESTS_PRELOAD_CASES_EXPECT_H
#define KNOLL_TESTS_PRELOAD_CASES_EXPECT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPECT_TEXT(n) #n
#define EXPECT_LINE(n) EXPECT_TEXT(n)
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            expect_failed(__FILE__ ":" EXPECT_LINE(__LINE__) ": not true: " #condition "\n");      \
    } while (0)

__attribute__((noreturn, unused)) static void expect_failed(const char *message)
{
    if (write(STDERR_FILENO, message, strlen(message)) < 0)
        _exit(2);
    _exit(1);
}

/* Keeps the compiler from removing a pair of malloc and free, or from knowing a size. */
__attribute__((unused)) static void *opaque(void *pointer)
{
    __asm__ volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}

/* Allocates, fills and checks one block of each of many sizes, and frees them in another order. */
__attribute__((unused)) static void exercise_heap(void)
{
    enum { BLOCKS = 48 };
    unsigned char *blocks[BLOCKS];
    size_t sizes[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        sizes[i] = ((size_t)1 << (i % 18)) + (size_t)i;
        blocks[i] = (unsigned char *)opaque(malloc(sizes[i]));
        EXPECT(blocks[i] != NULL);
        memset(blocks[i], i, sizes[i]);
    }
    for (int i = 0; i < BLOCKS; i += 5) {
        sizes[i] += 1000;
        blocks[i] = (unsigned char *)realloc(blocks[i], sizes[i]);
        EXPECT(blocks[i] != NULL);
        memset(blocks[i], i, sizes[i]);
    }
    for (int i = 0; i < BLOCKS; i++) {
        int at = i * 29 % BLOCKS;
        EXPECT(blocks[at][0] == at && blocks[at][sizes[at] - 1] == at);
        free(blocks[at]);
    }
}

/* How often a loop runs: `count`, multiplied for a long run by the driver's --scale. */
__attribute__((unused)) static int scaled(int count)
{
    const char *scale = getenv("CASE_SCALE");
    return scale == NULL ? count : count * atoi(scale);
}

/* A generator of its own for each thread; not rand(), which shares a lock. */
__attribute__((unused)) static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* Bytes of this process in memory. */
__attribute__((unused)) static size_t resident_bytes(void)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    size_t pages = 0;
    EXPECT(statm != NULL);
    EXPECT(fscanf(statm, "%*s %zu", &pages) == 1);
    fclose(statm);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

#endif
