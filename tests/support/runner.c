/*
 * The main program of test_allocator: selects tests, spreads them over worker processes and
 * counts what came out.
 *
 * A worker takes the next test from a shared counter and runs it under Check, which forks once
 * more, so that a test's crash ends that test alone. The workers share one page of counters with
 * the parent; each result is printed by a single write, so lines of several workers never mix.
 */
#include "harness.h"
#include "scratch.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_JOBS = 64, USAGE_ERROR = 2 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif
enum { TIME_SCALE = SANITIZED ? 6 : 1 };

/* Sanitizers leave signals to the tests, some of which expect to die by one, and let a threaded
 * program fork, as programs under an allocator do. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0";
}
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0:"
           "die_after_fork=0";
}

/* Shared with the workers. */
struct progress {
    atomic_size_t next;
    atomic_uint passed, failed, skipped;
};

struct options {
    bool list, fast, verbose;
    unsigned jobs;
    uint64_t seed;
    int filter_count;
    char **filters;
};

static struct kn_test *registered;
static size_t registered_count;
static uint64_t run_seed;
static struct progress *progress;
/* Where the test being run by this worker leaves the reason why it was skipped. */
static char *skip_reason;
enum { SKIP_REASON_BYTES = 256 };

void kn_test_register(struct kn_test *test)
{
    test->next = registered;
    registered = test;
    registered_count++;
}

uint64_t kn_test_seed(void)
{
    return run_seed;
}

bool kn_test_is_sanitized(void)
{
    return SANITIZED;
}

void kn_test_skip(const char *reason)
{
    snprintf(skip_reason, SKIP_REASON_BYTES, "%s", reason);
    _exit(0);
}

const char *kn_test_built(const char *relative_path)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", KN_TEST_BUILD_DIR, relative_path);
    return path;
}

const char *kn_test_source(const char *relative_path)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", KN_TEST_SOURCE_DIR, relative_path);
    return path;
}

static void print_help(FILE *out)
{
    fputs("usage: test_allocator [options] [filter...]\n"
          "Runs the tests whose suite/name contains one of the filters; all tests without any.\n"
          "  --list       print the selected tests and run nothing\n"
          "  --seed N     seed of the randomised tests; printed at the start of each run\n"
          "  --fast       leave out the tests marked as slow\n"
          "  --verbose    print each test with its time\n"
          "  -j N         run N tests at a time\n"
          "  --help       print this\n"
          "CK_FORK=no in the environment runs tests inside the runner, for a debugger.\n",
          out);
}

static uint64_t random_seed(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t mixed = (uint64_t)now.tv_nsec * 0x9E3779B97F4A7C15u ^ (uint64_t)now.tv_sec;
    return mixed % 1000000000u;
}

static uint64_t parse_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = text != NULL ? strtoull(text, &end, 0) : 0;
    if (text == NULL || end == text || *end != '\0' || errno != 0 || value < min || value > max) {
        fprintf(stderr, "test_allocator: %s needs a number from %llu to %llu\n", option,
                (unsigned long long)min, (unsigned long long)max);
        exit(USAGE_ERROR);
    }
    return value;
}

static struct options parse_options(int argc, char **argv)
{
    struct options options = {.jobs = 1, .seed = random_seed(), .filters = argv};
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--list") == 0) {
            options.list = true;
        } else if (strcmp(arg, "--fast") == 0) {
            options.fast = true;
        } else if (strcmp(arg, "--verbose") == 0) {
            options.verbose = true;
        } else if (strcmp(arg, "--seed") == 0) {
            options.seed = parse_number(arg, argv[++i], 0, UINT64_MAX);
        } else if (strcmp(arg, "-j") == 0) {
            options.jobs = (unsigned)parse_number(arg, argv[++i], 1, MAX_JOBS);
        } else if (strncmp(arg, "-j", 2) == 0) {
            options.jobs = (unsigned)parse_number("-j", arg + 2, 1, MAX_JOBS);
        } else if (strcmp(arg, "--help") == 0) {
            print_help(stdout);
            exit(EXIT_SUCCESS);
        } else if (arg[0] == '-') {
            fprintf(stderr, "test_allocator: unknown option %s\n", arg);
            print_help(stderr);
            exit(USAGE_ERROR);
        } else {
            options.filters[options.filter_count++] = argv[i];
        }
    }
    return options;
}

static void format_name(const struct kn_test *test, char *buffer, size_t bytes)
{
    snprintf(buffer, bytes, "%s/%s", test->suite, test->body.name);
}

static bool is_selected(const struct kn_test *test, const struct options *options)
{
    if (options->fast && test->is_slow)
        return false;
    char name[256];
    format_name(test, name, sizeof name);
    for (int i = 0; i < options->filter_count; i++)
        if (strstr(name, options->filters[i]) != NULL)
            return true;
    return options->filter_count == 0;
}

/* Slow tests start first, so that no worker begins one when the others are done. */
static int compare_tests(const void *left, const void *right)
{
    const struct kn_test *a = *(struct kn_test *const *)left;
    const struct kn_test *b = *(struct kn_test *const *)right;
    if (a->is_slow != b->is_slow)
        return a->is_slow ? -1 : 1;
    int by_suite = strcmp(a->suite, b->suite);
    return by_suite != 0 ? by_suite : strcmp(a->body.name, b->body.name);
}

static struct kn_test **select_tests(const struct options *options, size_t *count)
{
    struct kn_test **tests = calloc(registered_count + 1, sizeof *tests);
    if (tests == NULL)
        abort();
    *count = 0;
    for (struct kn_test *test = registered; test != NULL; test = test->next)
        if (is_selected(test, options))
            tests[(*count)++] = test;
    qsort(tests, *count, sizeof *tests, compare_tests);
    for (size_t i = 1; i < *count; i++) {
        if (compare_tests(&tests[i - 1], &tests[i]) == 0) {
            fprintf(stderr, "test_allocator: two tests are named %s/%s\n", tests[i]->suite,
                    tests[i]->body.name);
            exit(USAGE_ERROR);
        }
    }
    return tests;
}

static void add_to_case(TCase *tcase, const struct kn_test *test)
{
    tcase_set_timeout(tcase, (double)test->seconds * TIME_SCALE);
    if (test->signo != 0)
        tcase_add_loop_test_raise_signal(tcase, &test->body, test->signo, test->from, test->to);
    else
        tcase_add_loop_exit_test(tcase, &test->body, test->exit_code, test->from, test->to);
}

/* The report of each failed run of the test, with the command that repeats it. */
static void print_failures(SRunner *runner, const char *name)
{
    TestResult **failures = srunner_failures(runner);
    for (int i = 0; i < srunner_ntests_failed(runner); i++) {
        char text[4096];
        int bytes =
            snprintf(text, sizeof text, "FAIL %s: %s:%d: %s\n     repeat: %s --seed %llu %s\n",
                     name, tr_lfile(failures[i]), tr_lno(failures[i]), tr_msg(failures[i]),
                     "./test_allocator", (unsigned long long)run_seed, name);
        size_t length = bytes < (int)sizeof text ? (size_t)bytes : sizeof text - 1;
        if (write(STDOUT_FILENO, text, length) < 0)
            abort();
    }
    free(failures);
}

static void print_result(const char *result, const char *name, const char *detail)
{
    char text[1024];
    snprintf(text, sizeof text, "%s %s%s%s\n", result, name, detail[0] != '\0' ? ": " : "", detail);
    if (write(STDOUT_FILENO, text, strlen(text)) < 0)
        abort();
}

static void run_test(const struct kn_test *test, bool verbose)
{
    char name[256];
    format_name(test, name, sizeof name);
    skip_reason[0] = '\0';
    Suite *suite = suite_create(test->suite);
    TCase *tcase = tcase_create(test->body.name);
    add_to_case(tcase, test);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    srunner_run_all(runner, CK_SILENT);
    clock_gettime(CLOCK_MONOTONIC, &end);
    kn_scratch_remove();
    double seconds =
        (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    if (skip_reason[0] != '\0') {
        atomic_fetch_add(&progress->skipped, 1);
        print_result("SKIP", name, skip_reason);
    } else if (srunner_ntests_failed(runner) != 0) {
        atomic_fetch_add(&progress->failed, 1);
        print_failures(runner, name);
    } else {
        atomic_fetch_add(&progress->passed, 1);
        char detail[32];
        snprintf(detail, sizeof detail, "%.3f s", seconds);
        if (verbose)
            print_result("PASS", name, detail);
    }
    srunner_free(runner);
}

static void *map_shared(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("test_allocator: mmap");
        exit(EXIT_FAILURE);
    }
    return memory;
}

static void work(struct kn_test **tests, size_t count, bool verbose)
{
    skip_reason = map_shared(SKIP_REASON_BYTES);
    kn_scratch_init(map_shared(KN_SCRATCH_PATH_BYTES));
    for (;;) {
        size_t i = atomic_fetch_add(&progress->next, 1);
        if (i >= count)
            return;
        run_test(tests[i], verbose);
    }
}

/* Runs the tests; returns whether every worker came to its end. */
static bool run_all(struct kn_test **tests, size_t count, const struct options *options)
{
    progress = map_shared(sizeof *progress);
    if (options->jobs == 1) {
        work(tests, count, options->verbose);
        return true;
    }
    fflush(NULL);
    unsigned started = 0;
    while (started < options->jobs) {
        pid_t pid = fork();
        if (pid == 0) {
            work(tests, count, options->verbose);
            _exit(EXIT_SUCCESS);
        }
        if (pid < 0)
            break;
        started++;
    }
    bool complete = started > 0;
    for (int status; started > 0; started--)
        if (wait(&status) < 0 || status != 0)
            complete = false;
    return complete;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct options options = parse_options(argc, argv);
    size_t count;
    struct kn_test **tests = select_tests(&options, &count);
    if (count == 0) {
        fprintf(stderr, "test_allocator: no test has a name that contains the filter\n");
        free(tests);
        return EXIT_FAILURE;
    }
    if (options.list) {
        for (size_t i = 0; i < count; i++)
            printf("%s/%s\n", tests[i]->suite, tests[i]->body.name);
        free(tests);
        return EXIT_SUCCESS;
    }
    /* Tests that die on purpose leave no core files behind. */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    run_seed = options.seed;
    printf("%zu tests, seed %llu\n", count, (unsigned long long)run_seed);
    bool complete = run_all(tests, count, &options);
    free(tests);
    unsigned passed = atomic_load(&progress->passed), failed = atomic_load(&progress->failed);
    unsigned skipped = atomic_load(&progress->skipped);
    if (!complete || passed + failed + skipped != count) {
        fprintf(stderr, "test_allocator: a worker ended early\n");
        failed += (unsigned)count - passed - failed - skipped;
    }
    if (skipped != 0)
        printf("%u skipped\n", skipped);
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 && complete ? EXIT_SUCCESS : EXIT_FAILURE;
}
