#include "harness.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/process.h"

#define BYTES ((size_t)8 << 20)

KN_TEST(process_linux, has_the_number_and_name_of_the_process)
{
    char name[KN_PROCESS_NAME_BYTES];
    errno = 77;
    ck_assert_uint_eq(kn_process_id(), (uint32_t)getpid());
    ck_assert_str_eq(kn_process_name(name), "test_allocator");
    ck_assert_int_eq(errno, 77);
}

KN_TEST(process_linux, counts_faults_and_the_peak)
{
    struct kn_process_usage before, after;
    kn_process_usage_get(&before);
    char *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    (void)madvise(p, BYTES, MADV_NOHUGEPAGE);
    memset(p, 1, BYTES);
    munmap(p, BYTES);
    kn_process_usage_get(&after);
    ck_assert_uint_ge(after.page_faults, before.page_faults + BYTES / (size_t)getpagesize());
    ck_assert_uint_ge(after.page_faults, after.major_faults);
    ck_assert_uint_ge(after.resident_peak_bytes, BYTES);
}

static void *wait_for_ever(void *arg)
{
    pause();
    return arg;
}

KN_TEST(process_linux, counts_threads)
{
    struct kn_process_usage before, after;
    pthread_t thread;
    kn_process_usage_get(&before);
    ck_assert_uint_ge(before.threads, 1);
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_ever, NULL), 0);
    kn_process_usage_get(&after);
    /* A sanitizer may start one of its own with the first. */
    ck_assert_uint_ge(after.threads, before.threads + 1);
    ck_assert_uint_le(after.threads, before.threads + 2);
}
