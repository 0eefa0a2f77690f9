#include "bench/support/probe.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/support/bench.h"

enum { SUB_LOG2 = 5, SUB = 1 << SUB_LOG2, BUCKETS = (64 - SUB_LOG2 + 1) * SUB };

/* The records of one living thread; kept and passed on when it dies, since they only accumulate. */
struct recorder {
    struct recorder *next_idle;
    struct recorder *next_known;
    struct kb_live_cell *live;
    bool is_muted;
    uint64_t max[KB_OP_COUNT];
    uint64_t buckets[KB_OP_COUNT][BUCKETS];
};

static pthread_mutex_t recorders_lock = PTHREAD_MUTEX_INITIALIZER;
static struct recorder *recorders_idle;
static struct recorder *recorders_known;
static pthread_key_t recorder_key;
static _Thread_local struct recorder *recorder_mine;

static bool latency_is_on;
static struct kb_live_cell *live_cells;
static uint64_t start_ticks;
static uint64_t start_ns;

static size_t bucket_of(uint64_t ticks)
{
    if (ticks < SUB)
        return (size_t)ticks;
    unsigned shift = 63 - (unsigned)__builtin_clzll(ticks) - SUB_LOG2;
    return ((size_t)(shift + 1) << SUB_LOG2) + (size_t)((ticks >> shift) - SUB);
}

/* Middle of the bucket. */
static double bucket_ticks(size_t bucket)
{
    if (bucket < SUB)
        return (double)bucket;
    unsigned shift = (unsigned)(bucket >> SUB_LOG2) - 1;
    uint64_t low = ((uint64_t)(bucket % SUB) + SUB) << shift;
    return (double)low + (double)(UINT64_C(1) << shift) / 2;
}

static struct recorder *recorder_create(void)
{
    static size_t cells_used = 1;
    struct recorder *mine = kb_table_map(1, sizeof *mine);
    mine->next_known = recorders_known;
    recorders_known = mine;
    if (live_cells != NULL && cells_used < KB_LIVE_CELLS) {
        mine->live = &live_cells[cells_used++];
        __atomic_store_n(&live_cells[0].value, (int64_t)cells_used, __ATOMIC_RELEASE);
    }
    return mine;
}

static struct recorder *recorder_attach(void)
{
    pthread_mutex_lock(&recorders_lock);
    struct recorder *mine = recorders_idle;
    if (mine != NULL)
        recorders_idle = mine->next_idle;
    else
        mine = recorder_create();
    pthread_mutex_unlock(&recorders_lock);
    mine->is_muted = false;
    recorder_mine = mine;
    pthread_setspecific(recorder_key, mine);
    return mine;
}

static void recorder_detach(void *mine_pointer)
{
    struct recorder *mine = mine_pointer;
    recorder_mine = NULL;
    pthread_mutex_lock(&recorders_lock);
    mine->next_idle = recorders_idle;
    recorders_idle = mine;
    pthread_mutex_unlock(&recorders_lock);
}

void kb_probe_start(bool want_latency, bool want_live)
{
    const char *fd = getenv(KB_LIVE_FD_VARIABLE);
    if (want_live && fd != NULL) {
        void *cells = mmap(NULL, sizeof(struct kb_live_cell) * KB_LIVE_CELLS,
                           PROT_READ | PROT_WRITE, MAP_SHARED, atoi(fd), 0);
        if (cells == MAP_FAILED)
            kb_die("cannot map the live-byte cells of " KB_LIVE_FD_VARIABLE "=%s", fd);
        live_cells = cells;
    }
    latency_is_on = want_latency;
    if (pthread_key_create(&recorder_key, recorder_detach) != 0)
        kb_die("no thread key left");
    start_ticks = kb_ticks();
    start_ns = kb_now_ns();
}

void kb_probe_record(enum kb_op op, uint64_t ticks, int64_t live_change_bytes)
{
    struct recorder *mine = recorder_mine;
    if (mine == NULL)
        mine = recorder_attach();
    if (mine->live != NULL) {
        int64_t live = __atomic_load_n(&mine->live->value, __ATOMIC_RELAXED) + live_change_bytes;
        __atomic_store_n(&mine->live->value, live, __ATOMIC_RELAXED);
    }
    if (!latency_is_on || mine->is_muted)
        return;
    mine->buckets[op][bucket_of(ticks)]++;
    if (ticks > mine->max[op])
        mine->max[op] = ticks;
}

void kb_probe_mute(bool is_muted)
{
    struct recorder *mine = recorder_mine != NULL ? recorder_mine : recorder_attach();
    mine->is_muted = is_muted;
}

static double ns_per_tick(void)
{
    uint64_t ticks = kb_ticks() - start_ticks;
    return ticks == 0 ? 1 : (double)(kb_now_ns() - start_ns) / (double)ticks;
}

/* Latencies of one kind of call, over all threads. */
struct total {
    uint64_t count, max;
    uint64_t buckets[BUCKETS];
};

static double percentile_ns(const struct total *total, double share, double scale)
{
    uint64_t wanted = (uint64_t)((double)total->count * share);
    uint64_t seen = 0;
    size_t bucket = 0;
    while (bucket < BUCKETS - 1 && (seen += total->buckets[bucket]) <= wanted)
        bucket++;
    double ticks = bucket_ticks(bucket);
    return (ticks < (double)total->max ? ticks : (double)total->max) * scale;
}

struct kb_latency kb_probe_latency(enum kb_op op)
{
    static struct total total;
    memset(&total, 0, sizeof total);
    pthread_mutex_lock(&recorders_lock);
    for (struct recorder *one = recorders_known; one != NULL; one = one->next_known) {
        total.max = one->max[op] > total.max ? one->max[op] : total.max;
        for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
            total.buckets[bucket] += one->buckets[op][bucket];
            total.count += one->buckets[op][bucket];
        }
    }
    pthread_mutex_unlock(&recorders_lock);
    double scale = ns_per_tick();
    struct kb_latency result = {
        .count = total.count,
        .p50_ns = percentile_ns(&total, 0.5, scale),
        .p90_ns = percentile_ns(&total, 0.9, scale),
        .p99_ns = percentile_ns(&total, 0.99, scale),
        .p999_ns = percentile_ns(&total, 0.999, scale),
        .p9999_ns = percentile_ns(&total, 0.9999, scale),
        .max_ns = (double)total.max * scale,
    };
    return result;
}

double kb_probe_overhead_ns(void)
{
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < 1000; i++) {
        uint64_t start = kb_ticks();
        uint64_t ticks = kb_ticks() - start;
        least = ticks < least ? ticks : least;
    }
    return (double)least * ns_per_tick();
}
