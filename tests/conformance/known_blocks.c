/*
 * A program whose use of memory is known: it allocates COUNT blocks of BYTES, frees none, and calls
 * nothing of libc that allocates. What else it does is told by words:
 *
 *     known_blocks COUNT BYTES [WORD]...
 *
 *     free N        frees N of the blocks
 *     close         closes standard error
 *     close-all     closes every descriptor
 *     replace FILE  closes standard error and opens FILE in its place
 *     chdir         goes to the root directory
 *     fork          starts a child that ends by exit, and waits for it
 *     daemon        starts a child that closes its standard descriptors and stays for some seconds
 *     thread        starts a thread that is still there at the end
 *     quit          ends by _exit
 *     abort         ends by a signal
 *     status N      ends with that status
 */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance.h"

#define DAEMON_SECONDS 5

static size_t count;
static size_t bytes;
static void **first; /* each block begins with the address of the one before */
static int status;

static void allocate(void)
{
    for (size_t i = 0; i < count; i++) {
        void **block = opaque(malloc(bytes));
        if (block == NULL)
            _exit(99);
        *block = first;
        first = block;
    }
}

static void free_some(size_t n)
{
    for (; n > 0 && first != NULL; n--) {
        void **next = *first;
        free(first);
        first = next;
    }
}

static void close_all(void)
{
    for (int fd = 0; fd < 1024; fd++)
        close(fd);
}

static void replace(const char *file)
{
    close(STDERR_FILENO);
    if (open(file, O_WRONLY | O_CREAT | O_TRUNC, 0666) != STDERR_FILENO)
        _exit(98);
}

static void start_child(void)
{
    pid_t pid = fork();
    if (pid == 0)
        exit(0);
    waitpid(pid, NULL, 0);
}

static void start_daemon(void)
{
    if (fork() != 0)
        return;
    for (int fd = 0; fd <= 2; fd++)
        close(fd);
    sleep(DAEMON_SECONDS);
    _exit(0);
}

static void *sleep_for_ever(void *arg)
{
    for (;;)
        pause();
    return arg;
}

static void start_thread(void)
{
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, sleep_for_ever, NULL) == 0);
}

/* Does what one word says; returns how many further words belong to it. */
static int act(const char *word, const char *argument)
{
    if (strcmp(word, "close") == 0)
        close(STDERR_FILENO);
    else if (strcmp(word, "close-all") == 0)
        close_all();
    else if (strcmp(word, "chdir") == 0)
        REQUIRE(chdir("/") == 0);
    else if (strcmp(word, "fork") == 0)
        start_child();
    else if (strcmp(word, "daemon") == 0)
        start_daemon();
    else if (strcmp(word, "thread") == 0)
        start_thread();
    else if (strcmp(word, "quit") == 0)
        _exit(0);
    else if (strcmp(word, "abort") == 0)
        abort();
    else if (strcmp(word, "free") == 0)
        return free_some((size_t)atoi(argument)), 1;
    else if (strcmp(word, "replace") == 0)
        return replace(argument), 1;
    else if (strcmp(word, "status") == 0)
        return status = atoi(argument), 1;
    return 0;
}

int main(int argc, char **argv)
{
    REQUIRE(argc >= 3);
    count = (size_t)atol(argv[1]);
    bytes = (size_t)atol(argv[2]);
    allocate();
    for (int i = 3; i < argc; i++)
        i += act(argv[i], i + 1 < argc ? argv[i + 1] : "0");
    return status;
}
