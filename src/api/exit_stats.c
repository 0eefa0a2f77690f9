#include "api/exit_stats.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "api/stats_print.h"
#include "base/fmt.h"
#include "core/options.h"
#include "core/stats.h"
#include "os/file.h"
#include "os/os.h"
#include "os/process.h"

#include <knoll/stats.h>

#define STANDARD_ERROR 2
/* The copy's number is out of the way of those that programs choose or count on. */
#define COPY_LEAST 200
/* Enough for all size classes: one write keeps reports of several processes apart. */
#define REPORT_BYTES ((size_t)64 << 10)

static struct {
    bool is_watched; /* since the start; else statistics were only asked for later */
    bool is_known;   /* it was open then */
    struct kn_file_id id;
    int copy; /* or -1 */
} standard_error = {.copy = -1};

static bool is_wanted(void)
{
    uint64_t only = kn_option(KN_OPTION_stats_process);
    return kn_option(KN_OPTION_stats_at_exit) != KN_STATS_AT_EXIT_OFF &&
           (only == 0 || only == kn_process_id());
}

/* A child that will show nothing must not keep a pipe open whose reader waits for its end. */
static void after_fork_in_child(void)
{
    kn_stats_count_faults_from_here();
    if (!is_wanted() && standard_error.copy >= 0 &&
        kn_file_is(standard_error.copy, &standard_error.id)) {
        kn_file_close(standard_error.copy);
        standard_error.copy = -1;
    }
}

void kn_exit_stats_begin(void)
{
    if (!is_wanted())
        return;
    kn_stats_count_faults_from_here();
    standard_error.is_watched = true;
    standard_error.is_known = kn_file_try_identify(STANDARD_ERROR, &standard_error.id);
    if (standard_error.is_known)
        standard_error.copy = kn_file_copy(STANDARD_ERROR, COPY_LEAST);
    (void)pthread_atfork(NULL, NULL, after_fork_in_child);
}

/* A descriptor for what was standard error at the start, or -1. Whoever asks for statistics later
 * means the one of that moment. */
static int find_standard_error(void)
{
    const int candidates[] = {standard_error.copy, STANDARD_ERROR};
    if (!standard_error.is_watched)
        return STANDARD_ERROR;
    for (size_t i = 0; i < KN_ARRAY_LEN(candidates); i++) {
        if (standard_error.is_known && kn_file_is(candidates[i], &standard_error.id))
            return candidates[i];
    }
    return -1;
}

/* Opens the file that the option names, with the number of the process for %p. -1 after a complaint. */
static int open_file(const char *name)
{
    char path[KNOLL_OPTION_VALUE_BYTES + 32];
    char line[KNOLL_OPTION_VALUE_BYTES + 64];
    const char *number = strstr(name, "%p");
    if (number != NULL)
        kn_format(path, sizeof(path), "%.*s%u%s", (int)(number - name), name, kn_process_id(),
                  number + 2);
    else
        kn_format(path, sizeof(path), "%s", name);
    int fd = kn_file_open_append(path);
    int complaints = find_standard_error();
    if (fd < 0 && complaints >= 0) {
        size_t n = kn_format(line, sizeof(line), "knoll: statistics: cannot open %s\n", path);
        (void)kn_os_write(complaints, line, n);
    }
    return fd;
}

/* The process ends next, so the report's memory is left to it. */
static void show(int fd)
{
    enum knoll_stats_format format = kn_option(KN_OPTION_stats_at_exit) == KN_STATS_AT_EXIT_JSON
                                         ? KNOLL_STATS_JSON
                                         : KNOLL_STATS_TEXT;
    char *report = kn_os_map(REPORT_BYTES, kn_os_page_bytes());
    if (report == NULL) {
        knoll_stats_print(format, kn_write_to_fd, &fd);
        return;
    }
    size_t bytes = knoll_stats_format(format, report, REPORT_BYTES);
    (void)kn_os_write(fd, report, bytes < REPORT_BYTES ? bytes : REPORT_BYTES - 1);
}

void kn_exit_stats_end(void)
{
    char name[KNOLL_OPTION_VALUE_BYTES];
    if (!is_wanted())
        return;
    kn_option_text(KN_OPTION_stats_file, name);
    int fd = name[0] != 0 ? open_file(name) : find_standard_error();
    if (fd < 0)
        return;
    show(fd);
    if (name[0] != 0)
        kn_file_close(fd);
}
