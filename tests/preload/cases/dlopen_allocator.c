/* Opens libraries and then, last, an allocator, whose functions it calls from several threads.
 *
 *   dlopen_allocator LIBRARY... ALLOCATOR */
#include <dlfcn.h>
#include <pthread.h>

#include "expect.h"

static void *(*other_malloc)(size_t);
static void *(*other_calloc)(size_t, size_t);
static void *(*other_realloc)(void *, size_t);
static void (*other_free)(void *);

static void *run_thread(void *argument)
{
    for (int i = 0; i < 2000; i++) {
        size_t bytes = (size_t)(i * 37 % 50000) + 1;
        char *block = other_malloc(bytes);
        EXPECT(block != NULL);
        memset(block, 1, bytes);
        block = other_realloc(block, bytes * 2);
        EXPECT(block != NULL && block[bytes - 1] == 1);
        char *zeroed = other_calloc(1, bytes);
        EXPECT(zeroed != NULL && zeroed[bytes / 2] == 0);
        other_free(block);
        other_free(zeroed);
        free(opaque(malloc(bytes)));
    }
    return argument;
}

int main(int argc, char **argv)
{
    EXPECT(argc >= 2);
    void *library = NULL;
    for (int i = 1; i < argc; i++) {
        library = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
        if (library == NULL)
            expect_failed(dlerror());
    }
    other_malloc = (void *(*)(size_t))dlsym(library, "malloc");
    other_calloc = (void *(*)(size_t, size_t))dlsym(library, "calloc");
    other_realloc = (void *(*)(void *, size_t))dlsym(library, "realloc");
    other_free = (void (*)(void *))dlsym(library, "free");
    EXPECT(other_malloc != NULL && other_calloc != NULL && other_realloc != NULL &&
           other_free != NULL);
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        EXPECT(pthread_create(&threads[i], NULL, run_thread, NULL) == 0);
    for (int i = 0; i < 8; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    run_thread(NULL);
    return 0;
}
