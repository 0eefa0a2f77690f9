/* A program with a malloc of its own: the four functions that a replacement has to have, and no
 * more. What is built on them, in libc or in the library, has to come to these. */
#include <dirent.h>
#include <errno.h>
#include <stdalign.h>

#include "expect.h"

enum { ARENA_BYTES = 1 << 24, HEADER_BYTES = 16 };

static alignas(16) char arena[ARENA_BYTES];
static size_t used;
static int wrong_pointers;

static int is_own(const void *block)
{
    uintptr_t offset = (uintptr_t)block - (uintptr_t)arena;
    return offset >= HEADER_BYTES && offset < used;
}

static size_t size_of(const void *block)
{
    size_t bytes;
    memcpy(&bytes, (const char *)block - HEADER_BYTES, sizeof bytes);
    return bytes;
}

void *malloc(size_t bytes)
{
    size_t total = HEADER_BYTES + ((bytes + 15) & ~(size_t)15);
    if (bytes > ARENA_BYTES || total > ARENA_BYTES - used) {
        errno = ENOMEM;
        return NULL;
    }
    char *start = arena + used;
    used += total;
    memcpy(start, &bytes, sizeof bytes);
    return start + HEADER_BYTES;
}

void free(void *block)
{
    if (block != NULL && !is_own(block))
        wrong_pointers++;
}

void *calloc(size_t count, size_t bytes)
{
    size_t total;
    /* Nothing is used twice, so it reads as zero. */
    return __builtin_mul_overflow(count, bytes, &total) ? NULL : malloc(total);
}

void *realloc(void *block, size_t bytes)
{
    void *larger = malloc(bytes);
    if (block != NULL && !is_own(block))
        wrong_pointers++;
    else if (block != NULL && larger != NULL)
        memcpy(larger, block, size_of(block) < bytes ? size_of(block) : bytes);
    return larger;
}

int main(void)
{
    char *block = opaque(reallocarray(opaque(NULL), 10, 10));
    EXPECT(block != NULL && is_own(block));
    block = opaque(reallocarray(block, 100, 100));
    EXPECT(block != NULL && is_own(block));
    free(block);
    errno = 0;
    EXPECT(reallocarray(NULL, (size_t)opaque((void *)SIZE_MAX), 2) == NULL && errno == ENOMEM);

    char *text = opaque(strdup("text"));
    EXPECT(is_own(text));
    free(text);
    struct dirent **entries;
    int count = scandir("/", &entries, NULL, alphasort);
    EXPECT(count > 0 && is_own(entries));
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    EXPECT(wrong_pointers == 0);
    return 0;
}
