/*
 * The program around the workloads: arguments, timing, report.
 *
 *   bench_allocator [--quick] WORKLOAD [name=value ...]
 *   bench_allocator --list | --help WORKLOAD | --which
 *
 * Arguments that every workload takes: threads (default: the processors available), seed, settle
 * (wait that many seconds after all is freed and report the resident memory), and in bench_probe
 * latency and live (1: record them).
 *
 * Standard output gets one line of JSON.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/support/bench.h"
#include "bench/support/probe.h"

#define KB_WORKLOAD(name) extern const struct kb_workload kb_workload_##name;
#include "bench/workloads/workloads.def"
#undef KB_WORKLOAD

static const struct kb_workload *const workloads[] = {
#define KB_WORKLOAD(name) &kb_workload_##name,
#include "bench/workloads/workloads.def"
#undef KB_WORKLOAD
};

/* Arguments that belong to no workload. */
struct common {
    uint64_t latency;
    uint64_t live;
    uint64_t baseline_kib;
    uint64_t elapsed_ns;
};

static char report[16384];
static size_t report_length;

__attribute__((format(printf, 1, 2))) static void report_add(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof report - report_length;
    int length = vsnprintf(report + report_length, room, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= room)
        kb_die("the report is too long");
    report_length += (size_t)length;
}

static void report_write(void)
{
    size_t done = 0;
    while (done < report_length) {
        ssize_t written = write(STDOUT_FILENO, report + done, report_length - done);
        if (written <= 0)
            _exit(1);
        done += (size_t)written;
    }
    report_length = 0;
}

static unsigned processors_available(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    return (unsigned)CPU_COUNT(&set);
}

static const struct kb_workload *workload_find(const char *name)
{
    for (size_t i = 0; i < KB_ARRAY_LEN(workloads); i++)
        if (strcmp(workloads[i]->name, name) == 0)
            return workloads[i];
    kb_die("no workload '%s'; --list shows them", name);
}

static size_t param_count(const struct kb_workload *workload)
{
    size_t count = 0;
    while (count < KB_PARAMS_MAX && workload->params[count].name != NULL)
        count++;
    return count;
}

static size_t param_index(const struct kb_workload *workload, const char *name, size_t length)
{
    size_t count = param_count(workload);
    for (size_t i = 0; i < count; i++)
        if (strncmp(workload->params[i].name, name, length) == 0 &&
            workload->params[i].name[length] == '\0')
            return i;
    kb_die("workload '%s' has no argument '%.*s'", workload->name, (int)length, name);
}

uint64_t kb_arg(const struct kb_run *run, const char *name)
{
    return run->values[param_index(run->workload, name, strlen(name))];
}

void kb_note(struct kb_run *run, const char *name, uint64_t value)
{
    if (run->note_count == KB_NOTES_MAX)
        kb_die("too many notes");
    run->notes[run->note_count++] = (struct kb_note){name, value};
}

static uint64_t choice_parse(const char *choices, const char *text)
{
    size_t length = strlen(text);
    uint64_t position = 0;
    for (const char *word = choices; word != NULL; position++) {
        const char *end = strchr(word, '|');
        size_t word_length = end != NULL ? (size_t)(end - word) : strlen(word);
        if (word_length == length && memcmp(word, text, length) == 0)
            return position;
        word = end != NULL ? end + 1 : NULL;
    }
    kb_die("'%s' is none of %s", text, choices);
}

static uint64_t number_parse(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    const char *const units = "KMG";
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    if (unit != NULL) {
        value <<= 10 * (unit - units + 1);
        end++;
    }
    if (end == text || *end != '\0')
        kb_die("'%s' is no number", text);
    return value;
}

static void argument_take(struct kb_run *run, struct common *common, const char *argument)
{
    const char *equals = strchr(argument, '=');
    if (equals == NULL)
        kb_die("'%s' is not of the form name=value", argument);
    size_t length = (size_t)(equals - argument);
    const char *text = equals + 1;
#define IS(word) (length == sizeof(word) - 1 && memcmp(argument, word, length) == 0)
    if (IS("threads"))
        run->threads = (unsigned)number_parse(text);
    else if (IS("seed"))
        run->seed = number_parse(text);
    else if (IS("settle"))
        run->settle_seconds = number_parse(text);
    else if (KB_PROBE && IS("latency"))
        common->latency = number_parse(text);
    else if (KB_PROBE && IS("live"))
        common->live = number_parse(text);
    else {
        size_t index = param_index(run->workload, argument, length);
        const char *choices = run->workload->params[index].choices;
        run->values[index] = choices != NULL ? choice_parse(choices, text) : number_parse(text);
    }
#undef IS
}

static void list_print(void)
{
    for (size_t i = 0; i < KB_ARRAY_LEN(workloads); i++)
        report_add("%-14s %s\n", workloads[i]->name, workloads[i]->summary);
    report_write();
}

static void help_print(const struct kb_workload *workload)
{
    report_add("%s: %s\n  one operation: %s\n", workload->name, workload->summary,
               workload->operation);
    size_t count = param_count(workload);
    for (size_t i = 0; i < count; i++) {
        const struct kb_param *param = &workload->params[i];
        report_add("  %-12s default %-10llu quick %-10llu %s%s%s\n", param->name,
                   (unsigned long long)param->full, (unsigned long long)param->quick,
                   param->choices != NULL ? param->choices : "", param->choices != NULL ? " " : "",
                   param->help);
    }
    report_write();
}

/* The file that the running program's malloc comes from, so that a preload that failed is noticed.
 */
static void which_print(void)
{
    Dl_info info;
    void *symbol = dlsym(RTLD_DEFAULT, "malloc");
    if (symbol == NULL || dladdr(symbol, &info) == 0)
        kb_die("malloc is in no shared object");
    report_add("%s\n", info.dli_fname);
    report_write();
}

static void latency_report(const char *name, enum kb_op op)
{
    struct kb_latency got = kb_probe_latency(op);
    if (got.count == 0)
        return;
    report_add("%s\"%s\":{\"count\":%llu,\"p50_ns\":%.1f,\"p90_ns\":%.1f,\"p99_ns\":%.1f,"
               "\"p99.9_ns\":%.1f,\"p99.99_ns\":%.1f,\"max_ns\":%.1f}",
               report[report_length - 1] == '{' ? "" : ",", name, (unsigned long long)got.count,
               got.p50_ns, got.p90_ns, got.p99_ns, got.p999_ns, got.p9999_ns, got.max_ns);
}

static void run_report(const struct kb_run *run, const struct common *common)
{
    report_add("{\"workload\":\"%s\",\"threads\":%u,\"seed\":%llu,\"ops\":%llu,\"elapsed_ns\":%llu,"
               "\"rss_start_kib\":%llu,\"rss_freed_kib\":%llu",
               run->workload->name, run->threads, (unsigned long long)run->seed,
               (unsigned long long)run->ops, (unsigned long long)common->elapsed_ns,
               (unsigned long long)common->baseline_kib, (unsigned long long)kb_rss_kib());
    if (run->settle_seconds > 0) {
        kb_sleep_ms(run->settle_seconds * 1000);
        report_add(",\"settle_s\":%llu,\"rss_settled_kib\":%llu",
                   (unsigned long long)run->settle_seconds, (unsigned long long)kb_rss_kib());
        void *volatile touch = malloc(100);
        free(touch);
        report_add(",\"rss_touched_kib\":%llu", (unsigned long long)kb_rss_kib());
    }
    if (run->note_count > 0) {
        report_add(",\"notes\":{");
        for (size_t i = 0; i < run->note_count; i++)
            report_add("%s\"%s\":%llu", i == 0 ? "" : ",", run->notes[i].name,
                       (unsigned long long)run->notes[i].value);
        report_add("}");
    }
    if (common->latency != 0) {
        report_add(",\"latency_overhead_ns\":%.1f,\"latency\":{", kb_probe_overhead_ns());
        latency_report("malloc", KB_OP_MALLOC);
        latency_report("free", KB_OP_FREE);
        latency_report("realloc", KB_OP_REALLOC);
        report_add("}");
    }
    report_add("}\n");
    report_write();
}

static void run_execute(struct kb_run *run, struct common *common)
{
    if (run->threads == 0)
        kb_die("threads must not be 0");
    if (KB_PROBE)
        kb_probe_start(common->latency != 0, common->live != 0);
    common->baseline_kib = kb_rss_kib();
    uint64_t start_ns = kb_now_ns();
    run->workload->run(run);
    common->elapsed_ns = kb_now_ns() - start_ns;
    run_report(run, common);
}

int main(int argc, char **argv)
{
    struct kb_run run = {.threads = processors_available(), .seed = 1};
    struct common common = {0};
    int at = 1;
    if (at < argc && strcmp(argv[at], "--list") == 0)
        return list_print(), 0;
    if (at < argc && strcmp(argv[at], "--which") == 0)
        return which_print(), 0;
    if (at + 1 < argc && strcmp(argv[at], "--help") == 0)
        return help_print(workload_find(argv[at + 1])), 0;
    if (at < argc && strcmp(argv[at], "--quick") == 0) {
        run.is_quick = true;
        at++;
    }
    if (at >= argc)
        kb_die("usage: %s [--quick] WORKLOAD [name=value ...] | --list | --help WORKLOAD | --which",
               argv[0]);
    run.workload = workload_find(argv[at++]);
    for (size_t i = 0; i < param_count(run.workload); i++)
        run.values[i] = run.is_quick ? run.workload->params[i].quick : run.workload->params[i].full;
    while (at < argc)
        argument_take(&run, &common, argv[at++]);
    run_execute(&run, &common);
    return 0;
}
