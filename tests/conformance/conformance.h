/*
 * What the conformance programs share. Each is linked with libc alone and run twice, with libc's
 * malloc and under libknoll.so, and once more linked to libknoll.a, then with CONFORMANCE_LINKED: what
 * it prints must be the same. Only on knoll are blocks asked whether they are knoll's.
 */
#ifndef KN_TESTS_CONFORMANCE_H
#define KN_TESTS_CONFORMANCE_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <knoll/walk.h>

#define REQUIRE(cond)                                                                              \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #cond);                   \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* So that the compiler neither removes nor foresees calls of malloc. */
static inline void *opaque(void *p)
{
    __asm__ volatile("" : "+r"(p) : : "memory");
    return p;
}

static inline size_t opaque_size(size_t bytes)
{
    __asm__ volatile("" : "+r"(bytes));
    return bytes;
}

typedef int find_function(const void *address, struct knoll_block *block);

/* NULL when the program runs on libc's malloc. */
static inline find_function *find_block(void)
{
#ifdef CONFORMANCE_LINKED
    return knoll_block_find;
#else
    return (find_function *)(uintptr_t)dlsym(RTLD_DEFAULT, "knoll_block_find");
#endif
}

static inline int is_knoll(void)
{
    return find_block() != NULL;
}

/* Whether p begins a used block of knoll's; true for all when the program runs on libc's malloc. */
static inline int is_ours(const void *p)
{
    struct knoll_block block;
    return !is_knoll() || (find_block()(p, &block) == 0 && block.address == p && block.is_used);
}

#endif
