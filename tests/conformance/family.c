#define _GNU_SOURCE
/*
 * Every function of the malloc family, and what each says in the cases that programs depend on.
 */
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "conformance.h"

#define SENTINEL 4242

/* Not in every C library, and in fewer of their headers. */
void *pvalloc(size_t bytes);
void *valloc(size_t bytes);
__attribute__((weak)) void cfree(void *p);
__attribute__((weak)) void free_sized(void *p, size_t bytes);
__attribute__((weak)) void free_aligned_sized(void *p, size_t align, size_t bytes);

/* Prints what a call returned and what it did to errno, then frees the block. */
static void show(const char *call, void *block)
{
    int error = errno;
    printf("%s: %s", call, block != NULL ? "block" : "NULL");
    if (error == SENTINEL)
        printf("\n");
    else
        printf(", %s\n", strerror(error));
    if (block != NULL)
        REQUIRE(is_ours(block));
    errno = SENTINEL;
    free(block);
    REQUIRE(errno == SENTINEL);
}

#define SHOW(call) (errno = SENTINEL, show(#call, opaque(call)))

static void show_sizes(void)
{
    size_t huge = opaque_size(SIZE_MAX);
    size_t half = opaque_size(SIZE_MAX / 2 + 1);
    size_t most = opaque_size(PTRDIFF_MAX);
    SHOW(malloc(opaque_size(0)));
    SHOW(malloc(opaque_size(1)));
    SHOW(malloc(opaque_size(100000)));
    SHOW(malloc(huge));
    SHOW(malloc(half));
    SHOW(malloc(most));
    SHOW(calloc(opaque_size(0), 0));
    SHOW(calloc(opaque_size(0), huge));
    SHOW(calloc(opaque_size(3), 5));
    SHOW(calloc(huge, huge));
    SHOW(calloc(half, 2));
    SHOW(calloc(opaque_size(((size_t)1 << 32) + 1), opaque_size((size_t)1 << 32)));
    SHOW(realloc(NULL, opaque_size(0)));
    SHOW(realloc(NULL, opaque_size(10)));
    SHOW(reallocarray(NULL, half, 2));
    SHOW(reallocarray(NULL, huge, huge));
    SHOW(reallocarray(NULL, opaque_size(5), 7));
    SHOW(valloc(opaque_size(1)));
    SHOW(valloc(huge));
    SHOW(pvalloc(opaque_size(1)));
    SHOW(pvalloc(huge));
    SHOW(aligned_alloc(64, opaque_size(100)));
    SHOW(aligned_alloc(4096, huge));
    SHOW(memalign(opaque_size(0), opaque_size(100)));
    SHOW(memalign(1, opaque_size(100)));
    SHOW(memalign(opaque_size(24), opaque_size(100)));
    SHOW(memalign(opaque_size(100000), 100));
    SHOW(memalign(huge, 100));
    SHOW(memalign(half, 100));
    SHOW(memalign(64, most));
}

static void show_posix_memalign(void)
{
    static const size_t aligns[] = {0, 1, 2, 3, 4, 8, 16, 24, 4096, 1 << 20, SIZE_MAX};
    static const size_t sizes[] = {0, 1, 100, 5000, PTRDIFF_MAX, SIZE_MAX};
    for (size_t i = 0; i < sizeof(aligns) / sizeof(aligns[0]); i++) {
        for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
            void *const untouched = (void *)0x1234;
            void *block = untouched;
            errno = SENTINEL;
            int error = posix_memalign(&block, opaque_size(aligns[i]), opaque_size(sizes[j]));
            printf("posix_memalign(%zu, %zu): %s\n", aligns[i], sizes[j],
                   error == 0 ? "0" : strerror(error));
            REQUIRE(errno == SENTINEL || !is_knoll()); /* glibc's sets it */
            REQUIRE((block == untouched) == (error != 0));
            if (error == 0) {
                REQUIRE(is_ours(block) && (uintptr_t)block % aligns[i] == 0);
                memset(block, 1, sizes[j]);
                free(block);
            }
        }
    }
}

static void show_realloc(void)
{
    char *block = opaque(malloc(100));
    memset(block, 7, 100);
    errno = SENTINEL;
    REQUIRE(opaque(realloc(opaque(block), opaque_size(SIZE_MAX))) == NULL && errno == ENOMEM);
    errno = SENTINEL;
    REQUIRE(opaque(reallocarray(opaque(block), opaque_size(SIZE_MAX / 2 + 1), 2)) == NULL);
    REQUIRE(errno == ENOMEM);
    for (size_t bytes = 1; bytes < 10000000; bytes *= 3) {
        errno = SENTINEL;
        block = realloc(block, bytes + 100);
        REQUIRE(errno == SENTINEL && is_ours(block) && block[99] == 7);
        REQUIRE(malloc_usable_size(block) >= bytes + 100);
        block[bytes + 99] = 7;
    }
    for (size_t bytes = 10000000; bytes > 100; bytes /= 3) {
        errno = SENTINEL;
        block = realloc(block, bytes);
        REQUIRE(errno == SENTINEL && is_ours(block) && block[99] == 7);
    }
    errno = SENTINEL;
    block = opaque(realloc(block, opaque_size(0)));
    printf("realloc(block, 0): %s\n", block == NULL ? "NULL" : "block");
    REQUIRE(errno == SENTINEL);
}

static void check_frees(void)
{
    free(opaque(NULL));
    REQUIRE(malloc_usable_size(opaque(NULL)) == 0);
    errno = SENTINEL;
    for (size_t bytes = 1; bytes < 100000000; bytes *= 5) {
        if (cfree != NULL)
            cfree(opaque(malloc(bytes)));
        if (free_sized != NULL)
            free_sized(opaque(malloc(bytes)), bytes);
        if (free_aligned_sized != NULL)
            free_aligned_sized(opaque(aligned_alloc(256, bytes)), 256, bytes);
        char *block = opaque(malloc(bytes));
        memset(block, 1, bytes);
        free(block);
        char *zeroed = opaque(calloc(1, bytes));
        REQUIRE(is_ours(zeroed));
        for (size_t i = 0; i < bytes; i += bytes / 1000 + 1)
            REQUIRE(zeroed[i] == 0);
        free(zeroed);
    }
    REQUIRE(errno == SENTINEL);
    if (is_knoll())
        REQUIRE(cfree != NULL && free_sized != NULL && free_aligned_sized != NULL);
}

#ifdef __GLIBC__

static void check_introspection(void)
{
    void *small = opaque(malloc(1000));
    void *large = opaque(malloc(1000000));
    memset(large, 1, 1000000);
    struct mallinfo2 info = mallinfo2();
    REQUIRE(info.uordblks + info.hblkhd >= 1001000);
    free(small);
    free(large);
    int trimmed = malloc_trim(0);
    REQUIRE(trimmed == 0 || trimmed == 1);
    errno = SENTINEL;
    printf("malloc_info(1): %d", malloc_info(1, stdout));
    printf(" %d\n", errno == EINVAL || errno == SENTINEL);
    char *text = NULL;
    size_t bytes = 0;
    FILE *stream = open_memstream(&text, &bytes);
    REQUIRE(malloc_info(0, stream) == 0 && fclose(stream) == 0);
    REQUIRE(strncmp(text, "<malloc version=\"1\">", 20) == 0);
    REQUIRE(strcmp(text + bytes - 10, "</malloc>\n") == 0);
    free(text);
    for (int code = M_ARENA_MAX; code <= M_MXFAST; code++) {
        if (code != 0)
            REQUIRE(mallopt(code, 64) == 1);
    }
}

#else

static void check_introspection(void)
{
}

#endif

int main(void)
{
    show_sizes();
    show_posix_memalign();
    show_realloc();
    check_frees();
    check_introspection();
    return 0;
}
