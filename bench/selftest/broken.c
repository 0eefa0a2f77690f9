/*
 * An allocator that is broken on purpose, for the test that the workloads notice it: it hands out
 * memory from one large mapping, takes none back, and does one call in so many wrong. KB_BREAK says
 * how:
 *   overlap    malloc returns a block that begins inside the one before
 *   unaligned  malloc returns an address that is not aligned
 *   scribble   malloc overwrites a byte of a block that it returned some calls ago
 *   realloc    realloc returns memory without the old contents
 *   calloc     calloc returns memory that is not zero
 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { EVERY = 100, AGO = 10, HEADER = 16 };
#define HEAP_BYTES (UINT64_C(64) << 30)

static char *heap;
static atomic_size_t heap_used;
static const char *breakage;
static atomic_uint calls;
static _Atomic(char *) recent[AGO];

__attribute__((constructor)) static void breakage_read(void)
{
    breakage = getenv("KB_BREAK");
}

static char *heap_map(void)
{
    if (heap == NULL)
        heap = mmap(NULL, HEAP_BYTES, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return heap;
}

static bool is_due(const char *kind)
{
    if (breakage == NULL || strcmp(breakage, kind) != 0)
        return false;
    return (atomic_fetch_add(&calls, 1) + 1) % EVERY == 0;
}

/* A header with the size lies before each block. */
static char *block_take(size_t alignment, size_t size)
{
    size_t bytes = (size + alignment + HEADER + 15) / 16 * 16;
    uintptr_t start = (uintptr_t)heap_map() + atomic_fetch_add(&heap_used, bytes) + HEADER;
    char *block = (char *)((start + alignment - 1) / alignment * alignment);
    memcpy(block - 8, &size, sizeof size);
    return block;
}

static size_t block_size(const char *block)
{
    size_t size;
    memcpy(&size, block - 8, sizeof size);
    return size;
}

void *malloc(size_t size)
{
    static atomic_uint next;
    if (is_due("unaligned"))
        return block_take(16, size + 16) + 4;
    if (is_due("overlap"))
        atomic_fetch_sub(&heap_used, 48);
    char *block = block_take(16, size);
    char *old = atomic_exchange(&recent[atomic_fetch_add(&next, 1) % AGO], block);
    if (old != NULL && is_due("scribble"))
        *old = (char)(*old ^ 0x55);
    return block;
}

void free(void *block)
{
    (void)block;
}

void *calloc(size_t count, size_t size)
{
    char *block = block_take(16, count * size);
    if (is_due("calloc"))
        memset(block, 1, count * size);
    return block;
}

void *realloc(void *old, size_t size)
{
    char *block = block_take(16, size);
    if (old != NULL && !is_due("realloc"))
        memcpy(block, old, block_size(old) < size ? block_size(old) : size);
    return block;
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    *out = block_take(alignment, size);
    return 0;
}
