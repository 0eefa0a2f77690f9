/*
 * Instrumentation of the allocation calls, in a program of its own (bench_probe, KB_PROBE=1), so
 * that the plain one (bench_allocator) calls malloc and free and nothing else.
 *
 * Latency: the time-stamp counter is read around each call and the difference counted in a
 * histogram of the thread: logarithmic, 32 buckets per power of two, so within 3 %. Histograms are
 * recycled when threads die and added up in the report.
 *
 * Live bytes: each thread adds the bytes it asked for and takes off those it freed in a cell of its
 * own. The cells lie in memory shared with bench/launcher, which adds them up each time it reads
 * the resident size.
 */
#ifndef KB_PROBE_H
#define KB_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef KB_PROBE
#define KB_PROBE 0
#endif

enum kb_op { KB_OP_MALLOC, KB_OP_FREE, KB_OP_REALLOC, KB_OP_COUNT };

/* Shared with the launcher: cell 0 holds the number of cells in use, the others bytes. */
enum { KB_LIVE_CELLS = 4096 };
#define KB_LIVE_FD_VARIABLE "KB_LIVE_FD"
struct kb_live_cell {
    _Alignas(64) int64_t value;
};

static inline uint64_t kb_ticks(void)
{
#if defined(__x86_64__)
    unsigned core;
    return __builtin_ia32_rdtscp(&core);
#elif defined(__aarch64__)
    uint64_t value;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value)::"memory");
    return value;
#else
    uint64_t kb_now_ns(void);
    return kb_now_ns();
#endif
}

struct kb_latency {
    uint64_t count;
    double p50_ns, p90_ns, p99_ns, p999_ns, p9999_ns, max_ns;
};

/* `want_latency` and `want_live` select what is recorded from here on. */
void kb_probe_start(bool want_latency, bool want_live);
void kb_probe_record(enum kb_op op, uint64_t ticks, int64_t live_change_bytes);

/* Leaves the calling thread's latencies out (and in again). Live bytes are always counted. */
void kb_probe_mute(bool is_muted);

struct kb_latency kb_probe_latency(enum kb_op op);

/* What an empty measurement costs: part of each recorded latency. */
double kb_probe_overhead_ns(void);

#endif
