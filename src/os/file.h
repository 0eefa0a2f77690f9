/*
 * The few files that the library touches: those of /proc that tell about the process, and those that
 * it is asked to write reports to.
 *
 * Nothing here allocates, locks, is replaced by the program, or touches errno. Thread and signal
 * safety: all of it, always. Cost: a system call or a few.
 */
#ifndef KN_OS_FILE_H
#define KN_OS_FILE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a file descriptor stands for, whatever its number. */
struct kn_file_id {
    uint64_t device;
    uint64_t inode;
};

/* Up to `bytes` from the start of a file, and how many; 0 if it cannot be read. */
size_t kn_file_read(const char *path, char *buffer, size_t bytes);

/* Opens a file for adding to its end, and makes it if need be. The descriptor, or -1. */
KN_NODISCARD int kn_file_open_append(const char *path);

/*
 * Another descriptor for the same file, `least` or the next free number above; it does not survive
 * execve. -1 if there is none, or `fd` is not open.
 */
KN_NODISCARD int kn_file_copy(int fd, int least);

void kn_file_close(int fd);

/* False if `fd` is not open, or the kernel is too old to tell (before 4.11). */
KN_NODISCARD bool kn_file_try_identify(int fd, struct kn_file_id *id);

/* Whether `fd` is open and stands for that file. */
bool kn_file_is(int fd, const struct kn_file_id *id);

#endif
