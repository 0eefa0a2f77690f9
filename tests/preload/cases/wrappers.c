/* A library that stands before libc's functions, as tracers and sandboxes do: each wrapper finds
 * the real function with dlsym(RTLD_NEXT) on its first use. Built with ALLOCATES, each wrapper
 * also allocates on every call. */
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

static __thread int depth;

static void *find_next(const char *name)
{
    void *next = dlsym(RTLD_NEXT, name);
    if (next == NULL)
        _exit(99);
    return next;
}

static void maybe_allocate(void)
{
#ifdef ALLOCATES
    if (depth++ == 0) {
        void *block = malloc(77);
        __asm__ volatile("" : "+r"(block));
        free(block);
    }
    depth--;
#else
    (void)depth;
#endif
}

#define WRAP(result, name, parameters, arguments)                                                  \
    result name parameters                                                                         \
    {                                                                                              \
        static result(*real) parameters;                                                           \
        if (real == NULL)                                                                          \
            real = (result(*) parameters)find_next(#name);                                         \
        maybe_allocate();                                                                          \
        return real arguments;                                                                     \
    }

WRAP(void *, mmap, (void *address, size_t length, int protection, int flags, int fd, off_t offset),
     (address, length, protection, flags, fd, offset))
WRAP(void *, mmap64,
     (void *address, size_t length, int protection, int flags, int fd, off64_t offset),
     (address, length, protection, flags, fd, offset))
WRAP(int, munmap, (void *address, size_t length), (address, length))
WRAP(int, madvise, (void *address, size_t length, int advice), (address, length, advice))
WRAP(int, mprotect, (void *address, size_t length, int protection), (address, length, protection))
WRAP(char *, getenv, (const char *name), (name))
WRAP(char *, secure_getenv, (const char *name), (name))
WRAP(long, sysconf, (int name), (name))
WRAP(int, getpagesize, (void), ())
WRAP(void *, sbrk, (intptr_t increment), (increment))
WRAP(int, sigprocmask, (int how, const sigset_t *set, sigset_t *old), (how, set, old))
WRAP(int, pthread_sigmask, (int how, const sigset_t *set, sigset_t *old), (how, set, old))
WRAP(int, sigaction, (int number, const struct sigaction *action, struct sigaction *old),
     (number, action, old))
WRAP(int, dl_iterate_phdr, (int (*callback)(struct dl_phdr_info *, size_t, void *), void *data),
     (callback, data))
WRAP(ssize_t, read, (int fd, void *buffer, size_t bytes), (fd, buffer, bytes))
WRAP(int, close, (int fd), (fd))
WRAP(char *, strerror, (int number), (number))

static mode_t mode_of(int flags, va_list arguments)
{
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    static int (*real)(const char *, int, ...);
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    if (real == NULL)
        real = (int (*)(const char *, int, ...))find_next("open");
    maybe_allocate();
    return real(path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
    static int (*real)(int, const char *, int, ...);
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    if (real == NULL)
        real = (int (*)(int, const char *, int, ...))find_next("openat");
    maybe_allocate();
    return real(directory, path, flags, mode);
}

void *mremap(void *address, size_t old_length, size_t new_length, int flags, ...)
{
    static void *(*real)(void *, size_t, size_t, int, ...);
    va_list arguments;
    va_start(arguments, flags);
    void *new_address = (flags & MREMAP_FIXED) != 0 ? va_arg(arguments, void *) : NULL;
    va_end(arguments);
    if (real == NULL)
        real = (void *(*)(void *, size_t, size_t, int, ...))find_next("mremap");
    maybe_allocate();
    return real(address, old_length, new_length, flags, new_address);
}
