/*
 * What a workload is, and what it may use.
 *
 * A workload is one function that does a fixed amount of work with malloc and its relatives, from a
 * fixed seed, and frees everything that it allocated. It is described by a `struct kb_workload`
 * that workloads.def lists; the program's main function reads the arguments, runs the workload
 * between two clock readings and prints one line of JSON.
 *
 * Nothing but the blocks of a workload comes from the allocator under test: tables are mapped
 * (kb_table_map), the report is written from static memory.
 */
#ifndef KB_BENCH_H
#define KB_BENCH_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/support/rng.h"

#define KB_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define KB_CACHE_LINE   64

enum { KB_PARAMS_MAX = 12, KB_NOTES_MAX = 24 };

/* One `name=value` argument. Values are numbers with an optional K, M or G (powers of 1,024), or,
 * when `choices` is set, one of its words separated by '|', whose position is the value. */
struct kb_param {
    const char *name;
    uint64_t full;  /* default */
    uint64_t quick; /* default under --quick: a run of some milliseconds */
    const char *choices;
    const char *help;
};

struct kb_run;

struct kb_workload {
    const char *name;
    const char *summary;
    const char *operation; /* what `ops` counts */
    void (*run)(struct kb_run *run);
    struct kb_param params[KB_PARAMS_MAX]; /* ends at the first without a name */
};

struct kb_note {
    const char *name;
    uint64_t value;
};

struct kb_run {
    const struct kb_workload *workload;
    bool is_quick;
    unsigned threads;
    uint64_t seed;
    uint64_t settle_seconds;
    uint64_t values[KB_PARAMS_MAX];
    uint64_t ops; /* set by the workload */
    struct kb_note notes[KB_NOTES_MAX];
    size_t note_count;
};

/* Value of the workload's argument `name`, which must be in its params. */
uint64_t kb_arg(const struct kb_run *run, const char *name);

/* Adds a figure of the workload's own to the report. `name` must outlive the run. */
void kb_note(struct kb_run *run, const char *name, uint64_t value);

/* Writes one line to standard error and exits with status 1 (arguments, lack of memory). */
_Noreturn void kb_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reports a block whose contents or address are wrong and aborts. */
_Noreturn void kb_broken(const char *what, const void *block, size_t bytes);

uint64_t kb_now_ns(void);
void kb_sleep_ms(uint64_t ms);

/* Resident memory of this process, counted exactly by the kernel. */
uint64_t kb_rss_kib(void);

/* Zeroed memory that does not come from the allocator under test. */
void *kb_table_map(size_t count, size_t item_bytes);
void kb_table_unmap(void *table, size_t count, size_t item_bytes);

struct kb_thread {
    struct kb_run *run;
    void *shared; /* the argument of kb_threads_run, the same for all threads */
    unsigned index;
    unsigned count;
    struct kb_rng rng; /* seeded by the run's seed and the thread's index */
};

typedef void (*kb_thread_fn)(struct kb_thread *self);

/*
 * Runs `fn` in `count` threads that start together, and waits for them. With `count` of 1 the
 * calling thread itself runs it, so that a process that never starts a thread is measured as one.
 * `round` is mixed into the seeds.
 */
void kb_threads_run(struct kb_run *run, unsigned count, uint64_t round, kb_thread_fn fn,
                    void *shared);

/* pthread_create with a small stack; ends the program on failure. */
void kb_thread_create(pthread_t *id, void *(*fn)(void *), void *argument);

#endif
