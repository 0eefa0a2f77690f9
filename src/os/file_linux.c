/* Files by the system calls of Linux. The contract is in file.h. */
#define _GNU_SOURCE

#include "os/file.h"

#include "os/syscall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>

#define ALL_MAY_READ_AND_WRITE 0666

size_t kn_file_read(const char *path, char *buffer, size_t bytes)
{
    size_t length = 0;
    long fd = kn_syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (kn_syscall_error(fd) != 0)
        return 0;
    while (length < bytes) {
        long got = kn_syscall(SYS_read, fd, buffer + length, bytes - length);
        int error = kn_syscall_error(got);
        if (error == EINTR)
            continue;
        if (error != 0 || got == 0)
            break;
        length += (size_t)got;
    }
    (void)kn_syscall(SYS_close, fd);
    return length;
}

int kn_file_open_append(const char *path)
{
    long fd = kn_syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                         ALL_MAY_READ_AND_WRITE);
    return kn_syscall_error(fd) == 0 ? (int)fd : -1;
}

int kn_file_copy(int fd, int least)
{
    long copy = kn_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, least);
    return kn_syscall_error(copy) == 0 ? (int)copy : -1;
}

void kn_file_close(int fd)
{
    (void)kn_syscall(SYS_close, fd);
}

bool kn_file_try_identify(int fd, struct kn_file_id *id)
{
    struct statx status;
    long result = kn_syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_INO, &status);
    if (kn_syscall_error(result) != 0)
        return false;
    id->device = (uint64_t)status.stx_dev_major << 32 | status.stx_dev_minor;
    id->inode = status.stx_ino;
    return true;
}

bool kn_file_is(int fd, const struct kn_file_id *id)
{
    struct kn_file_id found;
    return kn_file_try_identify(fd, &found) && found.device == id->device &&
           found.inode == id->inode;
}
