#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/file.h"

static char path[128];

static int make_file(void)
{
    snprintf(path, sizeof(path), "%s/file", kn_test_scratch());
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    ck_assert_int_ge(fd, 0);
    return fd;
}

KN_TEST(file_linux, appends_to_what_is_there)
{
    char text[16] = "";
    int fd = make_file();
    ck_assert_int_eq(write(fd, "ab", 2), 2);
    close(fd);
    fd = kn_file_open_append(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "cd", 2), 2);
    kn_file_close(fd);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
    ck_assert_uint_eq(kn_file_read(path, text, sizeof(text)), 4);
    ck_assert_str_eq(text, "abcd");
    ck_assert_uint_eq(kn_file_read(path, text, 3), 3);
}

KN_TEST(file_linux, makes_a_file_that_is_not_there)
{
    close(make_file());
    unlink(path);
    int fd = kn_file_open_append(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(access(path, R_OK), 0);
}

KN_TEST(file_linux, fails_without_touching_errno)
{
    char text[4];
    struct kn_file_id id = {0, 0};
    errno = 77;
    ck_assert_int_eq(kn_file_open_append("/no/such/file"), -1);
    ck_assert_uint_eq(kn_file_read("/no/such/file", text, sizeof(text)), 0);
    ck_assert_int_eq(kn_file_copy(999, 3), -1);
    ck_assert(!kn_file_try_identify(999, &id));
    ck_assert(!kn_file_is(999, &id));
    kn_file_close(999);
    ck_assert_int_eq(errno, 77);
}

KN_TEST(file_linux, knows_a_file_under_another_number)
{
    struct kn_file_id id;
    int fd = make_file();
    int other = open("/dev/null", O_RDONLY);
    int copy = kn_file_copy(fd, 100);
    ck_assert_int_ge(copy, 100);
    ck_assert_int_eq(fcntl(copy, F_GETFD), FD_CLOEXEC);
    ck_assert(kn_file_try_identify(fd, &id));
    ck_assert(kn_file_is(copy, &id));
    ck_assert(!kn_file_is(other, &id));
    ck_assert_int_eq(dup2(other, copy), copy);
    ck_assert(!kn_file_is(copy, &id));
}
