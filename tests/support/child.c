#include "child.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void read_output(struct kn_child *child, int fd)
{
    char dropped[512];
    child->output_bytes = 0;
    for (;;) {
        size_t room = sizeof child->output - 1 - child->output_bytes;
        ssize_t got = room != 0 ? read(fd, child->output + child->output_bytes, room)
                                : read(fd, dropped, sizeof dropped);
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
        if (got > 0 && room != 0)
            child->output_bytes += (size_t)got;
    }
    child->output[child->output_bytes] = '\0';
}

/* Forks with the child's output led into a pipe. Returns the pid: 0 in the child; the parent finds
 * the end to read from in *fd. */
static pid_t fork_with_pipe(int *fd)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
    }
    close(ends[1]);
    *fd = ends[0];
    return pid;
}

static void await_end(struct kn_child *child, pid_t pid, int fd)
{
    read_output(child, fd);
    close(fd);
    pid_t ended;
    do {
        ended = waitpid(pid, &child->status, 0);
    } while (ended < 0 && errno == EINTR);
    ck_assert_int_eq(ended, pid);
}

void kn_child_call(struct kn_child *child, void (*body)(void *arg), void *arg)
{
    int fd;
    pid_t pid = fork_with_pipe(&fd);
    if (pid == 0) {
        body(arg);
        fflush(NULL);
        _exit(EXIT_SUCCESS);
    }
    await_end(child, pid, fd);
}

void kn_child_run(struct kn_child *child, char *const argv[], char *const env[])
{
    int fd;
    pid_t pid = fork_with_pipe(&fd);
    if (pid == 0) {
        for (; env != NULL && *env != NULL; env++)
            putenv(*env);
        execvp(argv[0], argv);
        fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
        fflush(NULL);
        _exit(127);
    }
    await_end(child, pid, fd);
}

static void describe_end(int status, char *buffer, size_t bytes)
{
    if (WIFSIGNALED(status))
        snprintf(buffer, bytes, "died by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(buffer, bytes, "exited with status %d", WEXITSTATUS(status));
}

void kn_child_require_exit(const struct kn_child *child, int code, const char *file, int line)
{
    char end[128];
    describe_end(child->status, end, sizeof end);
    if (!WIFEXITED(child->status) || WEXITSTATUS(child->status) != code)
        ck_abort_msg("%s:%d: the child %s instead of exiting with status %d; it said: %s", file,
                     line, end, code, child->output);
}

void kn_child_require_signal(const struct kn_child *child, int signo, const char *file, int line)
{
    char end[128];
    describe_end(child->status, end, sizeof end);
    if (!WIFSIGNALED(child->status) || WTERMSIG(child->status) != signo)
        ck_abort_msg("%s:%d: the child %s instead of dying by signal %d; it said: %s", file, line,
                     end, signo, child->output);
}

void kn_child_require_abort(void (*body)(void *arg), void *arg, const char *text, const char *file,
                            int line)
{
    static struct kn_child child;
    kn_child_call(&child, body, arg);
    kn_child_require_signal(&child, SIGABRT, file, line);
    if (strcmp(child.output, text) != 0)
        ck_abort_msg("%s:%d: the child did not say just \"%s\"; it said: %s", file, line, text,
                     child.output);
}

void kn_child_require_text(const struct kn_child *child, const char *text, const char *file,
                           int line)
{
    if (strstr(child->output, text) == NULL)
        ck_abort_msg("%s:%d: the child did not say \"%s\"; it said: %s", file, line, text,
                     child->output);
}
