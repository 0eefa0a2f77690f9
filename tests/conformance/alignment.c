/*
 * Alignments from 1 to 2 MiB times sizes, through each function that takes an alignment, after blocks
 * of other classes were freed; contents and usable sizes too.
 */
#include <malloc.h>
#include <string.h>

#include "conformance.h"

#define ALIGN_MOST ((size_t)2 << 20)
#define KEPT       64

static struct {
    unsigned char *block;
    size_t bytes;
    unsigned char fill;
} kept[KEPT];

static unsigned long long state = 88172645463325252ull;

static size_t random_below(size_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % limit);
}

/* Puts a block in the place of an older one, whose contents must still be there. */
static void keep(unsigned char *block, size_t bytes)
{
    size_t i = random_below(KEPT);
    if (kept[i].block != NULL) {
        REQUIRE(kept[i].bytes == 0 || kept[i].block[0] == kept[i].fill);
        REQUIRE(kept[i].bytes == 0 || kept[i].block[kept[i].bytes - 1] == kept[i].fill);
        free(kept[i].block);
    }
    kept[i].block = block;
    kept[i].bytes = bytes;
    kept[i].fill = (unsigned char)random_below(256);
    memset(block, kept[i].fill, bytes < 8192 ? bytes : 8192);
    if (bytes != 0)
        block[bytes - 1] = kept[i].fill;
}

static void try_pair(size_t align, size_t bytes)
{
    void *block = NULL;
    switch (random_below(3)) {
    case 0:
        block = memalign(align, bytes);
        break;
    case 1:
        block = aligned_alloc(align, bytes);
        break;
    default:
        REQUIRE(posix_memalign(&block, align < sizeof(void *) ? sizeof(void *) : align, bytes) ==
                0);
    }
    REQUIRE(block != NULL && (uintptr_t)block % align == 0 && (uintptr_t)block % 16 == 0);
    REQUIRE(malloc_usable_size(block) >= bytes);
    keep(block, bytes);
    if (random_below(8) == 0) {
        unsigned char *grown = realloc(malloc(bytes / 2 + 1), bytes);
        REQUIRE(bytes == 0 || ((uintptr_t)grown % 16 == 0 && malloc_usable_size(grown) >= bytes));
        free(grown);
    }
}

int main(void)
{
    for (size_t align = 1; align <= ALIGN_MOST; align *= 2) {
        for (size_t bytes = 0; bytes <= 8192; bytes += align < 64 ? 1 : 1 + random_below(200))
            try_pair(align, bytes);
        for (size_t i = 0; i < 100; i++)
            try_pair(align, random_below((size_t)1 << 22));
        try_pair(align, align);
        try_pair(align, align + 1);
        try_pair(align, align - 1);
    }
    return 0;
}
