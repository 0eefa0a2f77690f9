/*
 * Runs one program and reports what it used, as one line of JSON.
 *
 *   launcher [options] -- PROGRAM [ARGUMENT ...]
 *     --env NAME=VALUE   variable for the program alone (LD_PRELOAD must not reach the launcher)
 *     --stdin, --stdout, --stderr FILE   for the program
 *     --cpus LIST        processors for the program, such as 0,2-3
 *     --user UID:GID     identity for the program
 *     --interval MS      reads the resident size so often; 0: never
 *     --tree             resident size of the program and all its descendants (their proportional
 *                        sizes added up), for programs that fork
 *     --live             shares cells of live bytes with the program (see support/probe.h)
 *     --curve FILE       writes the readings: microseconds, resident KiB, live bytes
 *     --timeout SECONDS  kills the program's process group
 *     --result FILE      where the line of JSON goes (default: standard output)
 *
 * The peak resident size of a process starts at that of the process that forked it, so this program
 * is static, allocates nothing and maps little: what a child inherits is below what any program
 * needs. User and system time, faults and switches include those of descendants that were waited
 * for; the peak is that of the largest single process.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/support/probe.h"

enum { VARIABLES_MAX = 32, PROCESSES_MAX = 512, READINGS_MAX = 1 << 20 };

struct options {
    const char *variables[VARIABLES_MAX];
    size_t variable_count;
    const char *files[3]; /* standard input, output, error */
    const char *cpus;
    const char *user;
    const char *curve;
    const char *result;
    uint64_t interval_ms;
    uint64_t timeout_s;
    bool is_tree;
    bool is_live;
    char **command;
};

struct reading {
    uint64_t time_us;
    uint64_t rss_kib;
    int64_t live_bytes;
};

struct series {
    struct reading *readings; /* mapped; pages appear as they are written */
    size_t count;
    uint64_t start_ns;
    int statm;
    const struct kb_live_cell *live;
};

static _Noreturn void fail(const char *what, const char *detail)
{
    fprintf(stderr, "launcher: %s %s: %s\n", what, detail, strerror(errno));
    exit(125);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *map_shared(size_t bytes, int flags, int fd)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (memory == MAP_FAILED)
        fail("cannot map", "memory");
    return memory;
}

/* ---- arguments ---- */

static bool take_text(char **arguments, int *at, const char *name, const char **out)
{
    if (strcmp(arguments[*at], name) != 0)
        return false;
    if (arguments[*at + 1] == NULL) {
        errno = EINVAL;
        fail("no value for", name);
    }
    *out = arguments[++*at];
    return true;
}

static bool take_number(char **arguments, int *at, const char *name, uint64_t *out)
{
    const char *text;
    if (!take_text(arguments, at, name, &text))
        return false;
    *out = strtoull(text, NULL, 10);
    return true;
}

static bool take_flag(const char *argument, const char *name, bool *out)
{
    if (strcmp(argument, name) != 0)
        return false;
    *out = true;
    return true;
}

static struct options options_read(char **arguments)
{
    struct options options = {.interval_ms = 5};
    int at = 1;
    for (; arguments[at] != NULL && strcmp(arguments[at], "--") != 0; at++) {
        const char *variable;
        if (take_text(arguments, &at, "--env", &variable)) {
            if (options.variable_count == VARIABLES_MAX)
                fail("too many", "--env");
            options.variables[options.variable_count++] = variable;
        } else if (!take_text(arguments, &at, "--stdin", &options.files[0]) &&
                   !take_text(arguments, &at, "--stdout", &options.files[1]) &&
                   !take_text(arguments, &at, "--stderr", &options.files[2]) &&
                   !take_text(arguments, &at, "--cpus", &options.cpus) &&
                   !take_text(arguments, &at, "--user", &options.user) &&
                   !take_text(arguments, &at, "--curve", &options.curve) &&
                   !take_text(arguments, &at, "--result", &options.result) &&
                   !take_number(arguments, &at, "--interval", &options.interval_ms) &&
                   !take_number(arguments, &at, "--timeout", &options.timeout_s) &&
                   !take_flag(arguments[at], "--tree", &options.is_tree) &&
                   !take_flag(arguments[at], "--live", &options.is_live)) {
            errno = EINVAL;
            fail("option", arguments[at]);
        }
    }
    if (arguments[at] == NULL || arguments[at + 1] == NULL) {
        errno = EINVAL;
        fail("usage:", "launcher [options] -- PROGRAM [ARGUMENT ...]");
    }
    options.command = &arguments[at + 1];
    return options;
}

/* ---- the child ---- */

static void cpus_bind(const char *list)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const char *at = list; *at != '\0';) {
        char *end;
        unsigned long first = strtoul(at, &end, 10), last = first;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        for (unsigned long cpu = first; cpu <= last && cpu < CPU_SETSIZE; cpu++)
            CPU_SET(cpu, &set);
        if (end == at)
            break;
        at = *end == ',' ? end + 1 : end;
    }
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        fail("cannot use processors", list);
}

static void user_become(const char *text)
{
    char *end;
    uid_t user = (uid_t)strtoul(text, &end, 10);
    gid_t group = *end == ':' ? (gid_t)strtoul(end + 1, NULL, 10) : user;
    if (setgroups(0, NULL) != 0 || setgid(group) != 0 || setuid(user) != 0)
        fail("cannot become user", text);
}

static void files_open(const struct options *options)
{
    for (int fd = 0; fd < 3; fd++) {
        const char *path = options->files[fd];
        if (path == NULL)
            continue;
        int opened = open(path, fd == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (opened < 0 || dup2(opened, fd) < 0)
            fail("cannot open", path);
        close(opened);
    }
}

static _Noreturn void child_exec(const struct options *options, int live_fd)
{
    char live[32];
    setpgid(0, 0);
    files_open(options);
    if (options->cpus != NULL)
        cpus_bind(options->cpus);
    if (options->user != NULL)
        user_become(options->user);
    for (size_t i = 0; i < options->variable_count; i++)
        putenv((char *)(uintptr_t)options->variables[i]);
    if (live_fd >= 0) {
        snprintf(live, sizeof live, "%s=%d", KB_LIVE_FD_VARIABLE, live_fd);
        putenv(live);
    }
    execvp(options->command[0], options->command);
    fail("cannot run", options->command[0]);
}

/* Returns when the child has exec'd, or has failed to. */
static pid_t child_start(const struct options *options, int live_fd)
{
    int started[2];
    if (pipe2(started, O_CLOEXEC) != 0)
        fail("cannot make a", "pipe");
    pid_t child = fork();
    if (child < 0)
        fail("cannot", "fork");
    if (child == 0)
        child_exec(options, live_fd);
    close(started[1]);
    char nothing;
    while (read(started[0], &nothing, 1) < 0 && errno == EINTR)
        continue;
    close(started[0]);
    return child;
}

/* ---- resident size over time ---- */

static uint64_t statm_resident_kib(int fd)
{
    char text[128];
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    const char *resident = strchr(text, ' ');
    return resident == NULL ? 0
                            : strtoull(resident, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static uint64_t proportional_kib(pid_t pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    const char *field = strstr(text, "\nPss:");
    return field == NULL ? 0 : strtoull(field + 5, NULL, 10);
}

/* Appends the children of all threads of `pid`. */
static size_t children_append(pid_t pid, pid_t *pids, size_t count)
{
    char path[300], text[4096];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL)
        return count;
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        snprintf(path, sizeof path, "/proc/%d/task/%.32s/children", (int)pid, task->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
        if (fd >= 0)
            close(fd);
        text[length > 0 ? length : 0] = '\0';
        char *at = text;
        for (long child; (child = strtol(at, &at, 10)) > 0 && count < PROCESSES_MAX;)
            pids[count++] = (pid_t)child;
    }
    closedir(tasks);
    return count;
}

static uint64_t tree_resident_kib(pid_t root)
{
    static pid_t pids[PROCESSES_MAX];
    uint64_t total = 0;
    pids[0] = root;
    size_t count = 1;
    for (size_t at = 0; at < count; at++) {
        count = children_append(pids[at], pids, count);
        total += proportional_kib(pids[at]);
    }
    return total;
}

static int64_t live_bytes(const struct kb_live_cell *cells)
{
    if (cells == NULL)
        return 0;
    int64_t used = __atomic_load_n(&cells[0].value, __ATOMIC_ACQUIRE);
    int64_t sum = 0;
    for (int64_t i = 1; i < used && i < KB_LIVE_CELLS; i++)
        sum += __atomic_load_n(&cells[i].value, __ATOMIC_RELAXED);
    return sum;
}

static void series_read(struct series *series, const struct options *options, pid_t child)
{
    uint64_t rss = options->is_tree ? tree_resident_kib(child) : statm_resident_kib(series->statm);
    if (rss == 0 || series->count == READINGS_MAX)
        return;
    series->readings[series->count++] =
        (struct reading){(now_ns() - series->start_ns) / 1000, rss, live_bytes(series->live)};
}

struct summary {
    uint64_t peak_kib, mean_kib;
    int64_t live_peak, live_mean;
};

/* Means are weighted by the time to the next reading. */
static struct summary series_summarise(const struct series *series, uint64_t end_us)
{
    struct summary result = {0};
    double rss = 0, live = 0, weight = 0;
    for (size_t i = 0; i < series->count; i++) {
        const struct reading *one = &series->readings[i];
        uint64_t next_us = i + 1 < series->count ? one[1].time_us : end_us;
        result.peak_kib = one->rss_kib > result.peak_kib ? one->rss_kib : result.peak_kib;
        result.live_peak = one->live_bytes > result.live_peak ? one->live_bytes : result.live_peak;
        next_us = next_us < end_us ? next_us : end_us;
        if (one->time_us >= next_us)
            continue;
        double span = (double)(next_us - one->time_us);
        rss += (double)one->rss_kib * span;
        live += (double)one->live_bytes * span;
        weight += span;
    }
    if (weight > 0) {
        result.mean_kib = (uint64_t)(rss / weight);
        result.live_mean = (int64_t)(live / weight);
    }
    return result;
}

static void curve_write(const char *path, const struct series *series)
{
    FILE *out = fopen(path, "w");
    if (out == NULL)
        fail("cannot write", path);
    fprintf(out, "time_us,rss_kib,live_bytes\n");
    for (size_t i = 0; i < series->count; i++)
        fprintf(out, "%llu,%llu,%lld\n", (unsigned long long)series->readings[i].time_us,
                (unsigned long long)series->readings[i].rss_kib,
                (long long)series->readings[i].live_bytes);
    fclose(out);
}

/* ---- waiting and the report ---- */

struct outcome {
    int status;
    bool is_timeout;
    uint64_t wall_ns;
    struct rusage usage;
};

static struct outcome child_watch(pid_t child, struct series *series, const struct options *options)
{
    struct outcome outcome = {0};
    int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
    if (pidfd < 0)
        fail("cannot watch", "the program");
    uint64_t deadline_ns = series->start_ns + options->timeout_s * 1000000000u;
    int wait_ms = options->interval_ms > 0 ? (int)options->interval_ms : 100;
    for (;;) {
        struct pollfd ready = {.fd = pidfd, .events = POLLIN};
        if (options->interval_ms > 0)
            series_read(series, options, child);
        if (poll(&ready, 1, wait_ms) > 0)
            break;
        if (options->timeout_s > 0 && now_ns() > deadline_ns && !outcome.is_timeout) {
            outcome.is_timeout = true;
            kill(-child, SIGKILL);
        }
    }
    outcome.wall_ns = now_ns() - series->start_ns;
    while (wait4(child, &outcome.status, 0, &outcome.usage) < 0 && errno == EINTR)
        continue;
    close(pidfd);
    return outcome;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void outcome_write(const struct options *options, const struct outcome *outcome,
                          const struct summary *summary, size_t readings)
{
    const struct rusage *usage = &outcome->usage;
    FILE *out = options->result != NULL ? fopen(options->result, "w") : stdout;
    if (out == NULL)
        fail("cannot write", options->result);
    fprintf(out, "{\"wall_s\":%.6f,\"user_s\":%.6f,\"sys_s\":%.6f,\"peak_kib\":%ld,",
            (double)outcome->wall_ns / 1e9, seconds(usage->ru_utime), seconds(usage->ru_stime),
            usage->ru_maxrss);
    fprintf(out, "\"minor_faults\":%ld,\"major_faults\":%ld,", usage->ru_minflt, usage->ru_majflt);
    fprintf(out, "\"voluntary_switches\":%ld,\"involuntary_switches\":%ld,", usage->ru_nvcsw,
            usage->ru_nivcsw);
    fprintf(out, "\"exit\":%d,\"signal\":%d,\"timeout\":%s,",
            WIFEXITED(outcome->status) ? WEXITSTATUS(outcome->status) : -1,
            WIFSIGNALED(outcome->status) ? WTERMSIG(outcome->status) : 0,
            outcome->is_timeout ? "true" : "false");
    fprintf(out, "\"readings\":%zu,\"sampled_peak_kib\":%llu,\"mean_kib\":%llu,", readings,
            (unsigned long long)summary->peak_kib, (unsigned long long)summary->mean_kib);
    fprintf(out, "\"live_peak_bytes\":%lld,\"live_mean_bytes\":%lld}\n",
            (long long)summary->live_peak, (long long)summary->live_mean);
    fclose(out);
}

int main(int argc, char **argv)
{
    (void)argc;
    struct options options = options_read(argv);
    struct series series = {.statm = -1};
    series.readings = map_shared(sizeof *series.readings * READINGS_MAX,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    int live_fd = -1;
    if (options.is_live) {
        size_t bytes = sizeof(struct kb_live_cell) * KB_LIVE_CELLS;
        live_fd = memfd_create("live", 0);
        if (live_fd < 0 || ftruncate(live_fd, (off_t)bytes) != 0)
            fail("cannot make", "the cells of live bytes");
        series.live = map_shared(bytes, MAP_SHARED, live_fd);
    }
    series.start_ns = now_ns();
    pid_t child = child_start(&options, live_fd);
    char statm[64];
    snprintf(statm, sizeof statm, "/proc/%d/statm", (int)child);
    series.statm = open(statm, O_RDONLY | O_CLOEXEC);
    struct outcome outcome = child_watch(child, &series, &options);
    struct summary summary = series_summarise(&series, outcome.wall_ns / 1000);
    if (options.curve != NULL)
        curve_write(options.curve, &series);
    outcome_write(&options, &outcome, &summary, series.count);
    return 0;
}
