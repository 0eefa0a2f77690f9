/* Runs without standard input, output and error, so that the file of data that it opens next gets
 * one of their numbers; nothing but its own line may end up there.
 *
 *   closed_files FILE [close]      with close: closes them itself, else the caller did */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>

#include "expect.h"

static const char line[] = "the only line of this file\n";

static void *run_thread(void *argument)
{
    exercise_heap();
    return argument;
}

static void provoke_complaints(void)
{
    for (int i = 0; i < 200; i++)
        exercise_heap();
    EXPECT(malloc((size_t)opaque((void *)SIZE_MAX)) == NULL && errno == ENOMEM);
    EXPECT(calloc((size_t)opaque((void *)(SIZE_MAX / 2)), 3) == NULL);
    free(opaque(malloc((size_t)opaque((void *)((size_t)1 << 46)))));
    (void)mallopt(-12345, 1);
    (void)malloc_trim(0);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        EXPECT(pthread_create(&threads[i], NULL, run_thread, NULL) == 0);
    for (int i = 0; i < 4; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        for (int fd = 0; fd <= 2; fd++)
            close(fd);
    }
    int files[3];
    for (int i = 0; i < 3; i++) {
        files[i] = open(argv[1], O_CREAT | O_RDWR | O_APPEND, 0600);
        EXPECT(files[i] == i);
    }
    EXPECT(write(files[2], line, sizeof line - 1) == (ssize_t)sizeof line - 1);
    provoke_complaints();
    char text[1000];
    if (pread(files[0], text, sizeof text, 0) != (ssize_t)sizeof line - 1)
        return 5;
    return memcmp(text, line, sizeof line - 1) == 0 ? 0 : 6;
}
