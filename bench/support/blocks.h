/*
 * Blocks that know whether they are intact.
 *
 *   address  p          p + 4096 * i            p + size - 8
 *            +------+---------+------+--------------+------+
 *            | head |   ...   | mark |     ...      | tail |
 *            +------+---------+------+--------------+------+
 *
 * head = size xor a hash of p; tail = head inverted (blocks of 16 bytes and more); blocks larger
 * than a page carry head + offset at each multiple of the page size, which also makes their pages
 * resident. Whoever frees a block reads its size from the head and checks the marks: overlapping
 * blocks, a block handed out twice, a realloc that lost bytes or a write into a live block do not
 * go unnoticed, at a cost of a few instructions per call.
 *
 * The smallest block is 8 bytes. Bytes 8 to size - 8 of the first page belong to the workload.
 */
#ifndef KB_BLOCKS_H
#define KB_BLOCKS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/support/bench.h"
#include "bench/support/probe.h"

enum { KB_BLOCK_MIN = 8, KB_PAGE = 4096 };
#define KB_BLOCK_MAX (UINT64_C(1) << 40)

/* Hides from the compiler where a pointer comes from, so that it draws no conclusions. */
static inline void *kb_opaque(void *pointer)
{
    __asm__ volatile("" : "+r"(pointer));
    return pointer;
}

static inline void *kb_malloc(size_t size)
{
    if (!KB_PROBE)
        return kb_opaque(malloc(size));
    uint64_t start = kb_ticks();
    void *block = malloc(size);
    kb_probe_record(KB_OP_MALLOC, kb_ticks() - start, (int64_t)size);
    return kb_opaque(block);
}

static inline void *kb_calloc(size_t count, size_t size)
{
    if (!KB_PROBE)
        return kb_opaque(calloc(count, size));
    uint64_t start = kb_ticks();
    void *block = calloc(count, size);
    kb_probe_record(KB_OP_MALLOC, kb_ticks() - start, (int64_t)(count * size));
    return kb_opaque(block);
}

static inline void *kb_aligned(size_t alignment, size_t size)
{
    void *block = NULL;
    uint64_t start = KB_PROBE ? kb_ticks() : 0;
    if (posix_memalign(&block, alignment, size) != 0)
        block = NULL;
    if (KB_PROBE)
        kb_probe_record(KB_OP_MALLOC, kb_ticks() - start, (int64_t)size);
    return kb_opaque(block);
}

static inline void *kb_realloc(void *block, size_t old_size, size_t size)
{
    if (!KB_PROBE)
        return kb_opaque(realloc(block, size));
    uint64_t start = kb_ticks();
    block = realloc(block, size);
    kb_probe_record(KB_OP_REALLOC, kb_ticks() - start, (int64_t)size - (int64_t)old_size);
    return kb_opaque(block);
}

static inline void kb_free(void *block, size_t size)
{
    if (!KB_PROBE) {
        free(block);
        return;
    }
    uint64_t start = kb_ticks();
    free(block);
    kb_probe_record(KB_OP_FREE, kb_ticks() - start, -(int64_t)size);
}

static inline uint64_t kb_word_load(const void *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline void kb_word_store(void *at, uint64_t word)
{
    memcpy(at, &word, sizeof word);
}

static inline uint64_t kb_address_hash(const void *block)
{
    return (uint64_t)(uintptr_t)block * UINT64_C(0x9FB21C651E98DF25);
}

static inline void kb_block_mark(void *block, size_t size)
{
    uint64_t head = kb_address_hash(block) ^ size;
    char *bytes = block;
    kb_word_store(bytes, head);
    if (size >= 16)
        kb_word_store(bytes + size - 8, ~head);
    for (size_t at = KB_PAGE; at + 16 <= size; at += KB_PAGE)
        kb_word_store(bytes + at, head + at);
}

/* Size of an intact block, as stored in it. */
static inline size_t kb_block_size(const void *block)
{
    uint64_t size = kb_word_load(block) ^ kb_address_hash(block);
    if (size > KB_BLOCK_MAX || size < KB_BLOCK_MIN)
        kb_broken("the head mark is damaged", block, 0);
    return (size_t)size;
}

/* Checks the marks after the head, written when the block had the address that `head` was made of.
 */
static inline void kb_block_verify_marks(const void *block, size_t size, uint64_t head)
{
    const char *bytes = block;
    if (size >= 16 && kb_word_load(bytes + size - 8) != ~head)
        kb_broken("the tail mark is damaged", block, size);
    for (size_t at = KB_PAGE; at + 16 <= size; at += KB_PAGE)
        if (kb_word_load(bytes + at) != head + at)
            kb_broken("a mark inside is damaged", block, size);
}

/* Checks all marks; returns the size. */
static inline size_t kb_block_verify(const void *block)
{
    size_t size = kb_block_size(block);
    kb_block_verify_marks(block, size, kb_word_load(block));
    return size;
}

static inline void kb_block_accept(void *block, size_t alignment, size_t size)
{
    if (block == NULL)
        kb_die("out of memory: %zu bytes", size);
    if (((uintptr_t)block & (alignment - 1)) != 0)
        kb_broken("the address is not aligned", block, size);
    kb_block_mark(block, size);
}

static inline void *kb_block_new(size_t size)
{
    void *block = kb_malloc(size);
    kb_block_accept(block, size >= 16 ? 16 : 8, size);
    return block;
}

static inline void *kb_block_new_aligned(size_t alignment, size_t size)
{
    void *block = kb_aligned(alignment, size);
    kb_block_accept(block, alignment, size);
    return block;
}

static inline void kb_block_delete(void *block)
{
    size_t size = kb_block_verify(block);
    kb_free(block, size);
}

static inline void kb_block_delete_if(void *block)
{
    if (block != NULL)
        kb_block_delete(block);
}

/* realloc with a check that the marks of the part kept came along. */
static inline void *kb_block_resize(void *block, size_t size)
{
    size_t old_size = kb_block_verify(block);
    uint64_t head = kb_word_load(block);
    block = kb_realloc(block, old_size, size);
    if (block == NULL)
        kb_die("out of memory: %zu bytes", size);
    if (kb_word_load(block) != head)
        kb_broken("realloc lost the head", block, size);
    if (size >= old_size)
        kb_block_verify_marks(block, old_size, head);
    kb_block_accept(block, size >= 16 ? 16 : 8, size);
    return block;
}

#endif
