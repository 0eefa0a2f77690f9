/*
 * The part of the malloc family that glibc added for looking and tuning: mallinfo, malloc_stats,
 * malloc_info, mallopt.
 *
 * The numbers are those of knoll's statistics, sorted into glibc's fields: "mmapped" are the large
 * blocks. mallopt knows the codes and has nothing to set by them.
 */
#include <limits.h>
#include <stdio.h>

#include "api/entry.h"
#include "api/stats_print.h"
#include "override/override.h"

/* As <malloc.h> of glibc lays them out. */
struct kn_mallinfo {
    int arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};

struct kn_mallinfo2 {
    size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};

struct kn_mallinfo mallinfo(void);
struct kn_mallinfo2 mallinfo2(void);
void malloc_stats(void);
int malloc_info(int options, FILE *stream);
int mallopt(int code, int value);

/* The codes of mallopt are 1 to 4 and -8 to -1. */
#define MALLOPT_MOST  4
#define MALLOPT_LEAST (-8)

KN_EXPORT struct kn_mallinfo2 mallinfo2(void)
{
    struct knoll_stats stats = {.struct_bytes = sizeof(stats)};
    if (knoll_stats_get(&stats) != 0)
        return (struct kn_mallinfo2){0};
    size_t unused = stats.dirty_bytes + stats.clean_bytes;
    return (struct kn_mallinfo2){
        .arena = stats.committed_bytes - stats.large_bytes,
        .ordblks = stats.cached_blocks,
        .hblks = stats.large_blocks,
        .hblkhd = stats.large_bytes,
        .uordblks = stats.used_bytes,
        .fordblks = stats.run_bytes - stats.used_bytes + unused,
        .keepcost = stats.dirty_bytes,
    };
}

static int as_int(size_t number)
{
    return number > INT_MAX ? INT_MAX : (int)number;
}

KN_EXPORT struct kn_mallinfo mallinfo(void)
{
    struct kn_mallinfo2 info = mallinfo2();
    return (struct kn_mallinfo){
        .arena = as_int(info.arena),
        .ordblks = as_int(info.ordblks),
        .hblks = as_int(info.hblks),
        .hblkhd = as_int(info.hblkhd),
        .uordblks = as_int(info.uordblks),
        .fordblks = as_int(info.fordblks),
        .keepcost = as_int(info.keepcost),
    };
}

KN_EXPORT void malloc_stats(void)
{
    int fd = 2;
    knoll_stats_print(KNOLL_STATS_TEXT, kn_write_to_fd, &fd);
}

static void write_to_stream(const char *text, size_t bytes, void *arg)
{
    (void)fwrite(text, 1, bytes, arg);
}

KN_EXPORT int malloc_info(int options, FILE *stream)
{
    if (options != 0)
        return EINVAL; /* and not -1, which the manual promises: this is what glibc does */
    kn_stats_print_xml(write_to_stream, stream);
    return 0;
}

KN_EXPORT int mallopt(int code, int value)
{
    (void)value;
    return code != 0 && code >= MALLOPT_LEAST && code <= MALLOPT_MOST;
}
