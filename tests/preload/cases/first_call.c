/* Makes the call named by the program's first argument at the earliest moment of a kind, before
 * anything else can have called malloc. The macro PLACE chooses the moment:
 *
 *   PLACE_PREINIT       an entry of .preinit_array, before the constructors of all libraries
 *   PLACE_IFUNC         the resolver of an indirect function, while the program is relocated
 *   PLACE_CONSTRUCTOR   a constructor of the program with the highest priority
 *   PLACE_LIBRARY       such a constructor in a library that is preloaded (no main)
 *   PLACE_MAIN          main itself */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>

#include "expect.h"

#define PLACE_PREINIT     1
#define PLACE_IFUNC       2
#define PLACE_CONSTRUCTOR 3
#define PLACE_LIBRARY     4
#define PLACE_MAIN        5

static void fill_and_free(void *block, size_t bytes)
{
    EXPECT(block != NULL);
    memset(block, 0x5A, bytes);
    free(block);
}

static void call_free(void)
{
    free(opaque(NULL));
}

static void call_malloc_usable_size(void)
{
    EXPECT(malloc_usable_size(opaque(NULL)) == 0);
}

static void call_realloc_0(void)
{
    fill_and_free(realloc(opaque(NULL), 0), 0);
}

static void call_realloc_8(void)
{
    fill_and_free(realloc(opaque(NULL), 8), 8);
}

static void call_calloc(void)
{
    char *block = opaque(calloc(10, 10));
    EXPECT(block != NULL && block[0] == 0 && block[99] == 0);
    free(block);
}

static void call_memalign(void)
{
    fill_and_free(opaque(memalign(256, 100)), 100);
}

static void call_posix_memalign(void)
{
    void *block = NULL;
    EXPECT(posix_memalign(&block, 4096, 100) == 0);
    fill_and_free(block, 100);
}

static void call_aligned_alloc(void)
{
    fill_and_free(opaque(aligned_alloc(64, 128)), 128);
}

static void call_valloc(void)
{
    fill_and_free(opaque(valloc(100)), 100);
}

static void call_malloc_trim(void)
{
    (void)malloc_trim(0);
}

static void call_mallinfo2(void)
{
    (void)mallinfo2();
}

static void call_malloc_info(void)
{
    FILE *sink = fopen("/dev/null", "w");
    EXPECT(sink != NULL && malloc_info(0, sink) == 0);
    fclose(sink);
}

static void call_mallopt(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

static void call_malloc(void)
{
    fill_and_free(opaque(malloc(24)), 24);
}

static void call_reallocarray(void)
{
    fill_and_free(reallocarray(opaque(NULL), 5, 7), 35);
}

static void call_malloc_large(void)
{
    fill_and_free(opaque(malloc(200000)), 200000);
}

static void call_malloc_huge(void)
{
    fill_and_free(opaque(malloc(5000000)), 5000000);
}

static void call_calloc_overflow(void)
{
    EXPECT(calloc((size_t)opaque((void *)SIZE_MAX), 2) == NULL);
}

struct call {
    const char *name;
    void (*make)(void);
};

static const struct call calls[] = {
    {"free", call_free},
    {"malloc_usable_size", call_malloc_usable_size},
    {"realloc-0", call_realloc_0},
    {"realloc-8", call_realloc_8},
    {"calloc", call_calloc},
    {"memalign", call_memalign},
    {"posix_memalign", call_posix_memalign},
    {"aligned_alloc", call_aligned_alloc},
    {"valloc", call_valloc},
    {"malloc_trim", call_malloc_trim},
    {"mallinfo2", call_mallinfo2},
    {"malloc_info", call_malloc_info},
    {"mallopt", call_mallopt},
    {"malloc", call_malloc},
    {"reallocarray", call_reallocarray},
    {"malloc-large", call_malloc_large},
    {"malloc-huge", call_malloc_huge},
    {"calloc-overflow", call_calloc_overflow},
};
enum { CALLS = sizeof calls / sizeof calls[0] };

/* The first argument of the process, from the kernel: no part of libc needs to be ready. */
static void make_first_call(void)
{
    char line[4096];
    int fd = open("/proc/self/cmdline", O_RDONLY);
    ssize_t bytes = read(fd, line, sizeof line - 1);
    EXPECT(bytes > 0);
    close(fd);
    line[bytes] = '\0';
    const char *name = line + strlen(line) + 1;
    for (int i = 0; i < CALLS; i++) {
        if (strcmp(name, calls[i].name) == 0) {
            calls[i].make();
            return;
        }
    }
    expect_failed("no such call\n");
}

#if PLACE == PLACE_PREINIT
__attribute__((section(".preinit_array"), used)) static void (*first_entry)(void) = make_first_call;
#elif PLACE == PLACE_IFUNC
static int answer(void)
{
    return 42;
}
static int (*resolve_answer(void))(void)
{
    make_first_call();
    return answer;
}
int indirect_answer(void) __attribute__((ifunc("resolve_answer")));
#elif PLACE == PLACE_CONSTRUCTOR || PLACE == PLACE_LIBRARY
__attribute__((constructor(101))) static void early(void)
{
    make_first_call();
}
#endif

#if PLACE != PLACE_LIBRARY
static void *run_thread(void *argument)
{
    exercise_heap();
    return argument;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (int i = 0; i < CALLS; i++)
            puts(calls[i].name);
        return 0;
    }
#if PLACE == PLACE_MAIN
    make_first_call();
#elif PLACE == PLACE_IFUNC
    EXPECT(indirect_answer() == 42);
#endif
    exercise_heap();
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, run_thread, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    return 0;
}
#endif
