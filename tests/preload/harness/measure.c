/* measure: runs one command and reports what it used.
 *
 *   measure REPORT SECONDS [KEY=VALUE]... -- COMMAND [ARGUMENT]...
 *
 * The report is one line of JSON. The variables are set for the command alone: this process never
 * runs under the library being tested.
 *
 * A process starts with the peak resident size of the process that it was forked from, so peaks
 * measured from a large parent (an interpreter, say) are wrong for small commands. This program
 * exists to be that parent, and is linked statically to be small.
 *
 * Peak resident size is that of the largest single process among the command and all that it
 * started; processor time and faults are those of all of them together. Whatever is still running
 * when the command ends, when its time is over, or when our own parent dies is killed: as
 * sub-reaper, this process inherits every orphan among its descendants. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct usage {
    long max_resident_kib;
    long minor_faults;
    double user_s;
    double system_s;
};

struct outcome {
    int status;
    bool is_over;
    bool has_timed_out;
    int killed;
    double wall_s;
    struct usage usage;
};

static double time_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double timeval_s(struct timeval value)
{
    return (double)value.tv_sec + (double)value.tv_usec * 1e-6;
}

static void usage_add(struct usage *sum, const struct rusage *usage)
{
    if (usage->ru_maxrss > sum->max_resident_kib)
        sum->max_resident_kib = usage->ru_maxrss;
    sum->minor_faults += usage->ru_minflt;
    sum->user_s += timeval_s(usage->ru_utime);
    sum->system_s += timeval_s(usage->ru_stime);
}

/* Reaps every child that has ended. Returns false if no child is left. */
static bool reap(pid_t command, double start_s, struct outcome *outcome)
{
    for (;;) {
        int status;
        struct rusage usage;
        pid_t pid = wait4(-1, &status, WNOHANG, &usage);
        if (pid <= 0)
            return pid == 0;
        usage_add(&outcome->usage, &usage);
        if (pid == command) {
            outcome->status = status;
            outcome->is_over = true;
            outcome->wall_s = time_now_s() - start_s;
        }
    }
}

/* Kills every present child; their own children become ours and are met in a later round. */
static int kill_children(void)
{
    int killed = 0;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *children = fopen(path, "re");
    if (children == NULL)
        return 0;
    int pid;
    while (fscanf(children, "%d", &pid) == 1) {
        if (kill(pid, SIGKILL) == 0)
            killed++;
    }
    fclose(children);
    return killed;
}

static void start_command(char **variables, char **command, const sigset_t *old_mask)
{
    for (; strcmp(*variables, "--") != 0; variables++) {
        if (putenv(*variables) != 0)
            _exit(127);
    }
    /* A shell starts background jobs with some signals ignored, which programs notice. */
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, old_mask, NULL);
    setsid();
    execvp(command[0], command);
    fprintf(stderr, "measure: %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

static void wait_for_end(pid_t command, double start_s, double limit_s, const sigset_t *signals,
                         struct outcome *outcome)
{
    while (reap(command, start_s, outcome) && !outcome->is_over) {
        double left_s = start_s + limit_s - time_now_s();
        if (left_s <= 0) {
            outcome->has_timed_out = true;
            break;
        }
        struct timespec pause = {(time_t)left_s, (long)((left_s - (double)(time_t)left_s) * 1e9)};
        int signal_number = sigtimedwait(signals, NULL, &pause);
        if (signal_number > 0 && signal_number != SIGCHLD)
            break;
    }
    while (reap(command, start_s, outcome)) {
        int killed = kill_children();
        if (outcome->is_over)
            outcome->killed += killed;
        struct timespec pause = {0, 20 * 1000 * 1000};
        sigtimedwait(signals, NULL, &pause);
    }
}

static int write_report(const char *path, const struct outcome *outcome)
{
    FILE *report = fopen(path, "we");
    if (report == NULL) {
        fprintf(stderr, "measure: %s: %s\n", path, strerror(errno));
        return 1;
    }
    bool is_signal = WIFSIGNALED(outcome->status);
    fprintf(report,
            "{\"exit_status\": %d, \"signal\": %d, \"timed_out\": %s, \"killed\": %d, "
            "\"wall_s\": %.6f, \"user_s\": %.6f, \"system_s\": %.6f, "
            "\"max_resident_kib\": %ld, \"minor_faults\": %ld}\n",
            is_signal ? 0 : WEXITSTATUS(outcome->status), is_signal ? WTERMSIG(outcome->status) : 0,
            outcome->has_timed_out ? "true" : "false", outcome->killed, outcome->wall_s,
            outcome->usage.user_s, outcome->usage.system_s, outcome->usage.max_resident_kib,
            outcome->usage.minor_faults);
    return fclose(report) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    char **separator = argv;
    while (*separator != NULL && strcmp(*separator, "--") != 0)
        separator++;
    if (argc < 5 || separator - argv < 3 || *separator == NULL || separator[1] == NULL) {
        fprintf(stderr, "usage: measure REPORT SECONDS [KEY=VALUE]... -- COMMAND [ARGUMENT]...\n");
        return 2;
    }
    sigset_t signals, old_mask;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, &old_mask);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_SET_CHILD_SUBREAPER, 1);

    double start_s = time_now_s();
    pid_t command = fork();
    if (command < 0) {
        fprintf(stderr, "measure: fork: %s\n", strerror(errno));
        return 1;
    }
    if (command == 0)
        start_command(&argv[3], &separator[1], &old_mask);
    struct outcome outcome = {.wall_s = 0};
    wait_for_end(command, start_s, strtod(argv[2], NULL), &signals, &outcome);
    return write_report(argv[1], &outcome);
}
