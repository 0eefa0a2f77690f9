/* Hands free, realloc and malloc_usable_size a pointer that is not a block of the allocator.
 *
 *   foreign CALL KIND      the kinds are those of make_pointer */
#include <malloc.h>
#include <sys/mman.h>

#include "expect.h"

void *__libc_malloc(size_t bytes);

static char data[4096] __attribute__((aligned(64)));

static void *make_pointer(const char *kind)
{
    char *block = malloc(500);
    EXPECT(block != NULL);
    memset(block, 0, 500);
    if (strcmp(kind, "libc") == 0)
        return __libc_malloc(300);
    if (strcmp(kind, "libc-large") == 0)
        return __libc_malloc(3000000);
    if (strcmp(kind, "data") == 0)
        return &data[64];
    if (strcmp(kind, "interior") == 0)
        return block + 64;
    if (strcmp(kind, "misaligned") == 0)
        return block + 3;
    if (strcmp(kind, "mapped") == 0)
        return (char *)mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                            0) +
               64;
    if (strcmp(kind, "unmapped") == 0)
        return (void *)(uintptr_t)0x10000010;
    if (strcmp(kind, "non-canonical") == 0)
        return (void *)(uintptr_t)0xdead000000000010;
    if (strcmp(kind, "freed-large") == 0) {
        char *large = malloc(10000000);
        free(large);
        return opaque(large);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    EXPECT(argc == 3);
    char on_stack[256] __attribute__((aligned(16))) = "";
    void *pointer = make_pointer(argv[2]);
    if (strcmp(argv[2], "stack") == 0)
        pointer = opaque(&on_stack[32]);
    EXPECT(pointer != NULL);
    pointer = opaque(pointer);
    if (strcmp(argv[1], "free") == 0)
        free(pointer);
    else if (strcmp(argv[1], "realloc") == 0)
        free(realloc(pointer, 2000));
    else if (strcmp(argv[1], "malloc_usable_size") == 0)
        (void)opaque((void *)malloc_usable_size(pointer));
    else
        expect_failed("no such call\n");
    exercise_heap();
    return 0;
}
