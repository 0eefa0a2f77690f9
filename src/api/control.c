#include <knoll/knoll.h>

#include <errno.h>
#include <string.h>

#include "core/limits.h"
#include "core/options.h"
#include "core/stats.h"
#include "core/walk.h"

#define WORD(number)  WORD_(number)
#define WORD_(number) #number

int knoll_version(void)
{
    return KNOLL_VERSION;
}

const char *knoll_version_text(void)
{
    return WORD(KNOLL_VERSION_MAJOR) "." WORD(KNOLL_VERSION_MINOR) "." WORD(KNOLL_VERSION_PATCH);
}

/* ---- options ---- */

int knoll_option_set(const char *name, const char *value)
{
    return kn_option_set(name, value);
}

int knoll_option_describe(const char *name, struct knoll_option *option)
{
    int id = kn_option_find(name);
    if (id < 0)
        return ENOENT;
    kn_option_describe((enum kn_option_id)id, option);
    return 0;
}

int knoll_option_get(const char *name, char *value, size_t value_bytes)
{
    struct knoll_option option;
    int error = knoll_option_describe(name, &option);
    if (error != 0)
        return error;
    size_t needed = strlen(option.value) + 1;
    if (needed > value_bytes)
        return ERANGE;
    memcpy(value, option.value, needed);
    return 0;
}

int knoll_option_list(int (*visit)(const struct knoll_option *option, void *arg), void *arg)
{
    int result = 0;
    for (int id = 0; id < KN_OPTION_COUNT && result == 0; id++) {
        struct knoll_option option;
        kn_option_describe((enum kn_option_id)id, &option);
        result = visit(&option, arg);
    }
    return result;
}

/* ---- limits ---- */

int knoll_limits_set(const struct knoll_limits *limits)
{
    return kn_limits_set(limits);
}

void knoll_limits_get(struct knoll_limits *limits)
{
    kn_limits_get(limits);
}

void knoll_limits_watch(knoll_limit_callback *callback, void *arg)
{
    kn_limits_watch(callback, arg);
}

/* ---- statistics ---- */

int knoll_stats_get(struct knoll_stats *out)
{
    struct kn_stats stats;
    size_t wanted = out->struct_bytes;
    if (wanted < sizeof(out->struct_bytes))
        return EINVAL;
    kn_stats_gather(&stats);
    stats.total.struct_bytes = wanted;
    size_t known = sizeof(stats.total);
    if (wanted > known) /* a program built with a later header */
        memset((char *)out + known, 0, wanted - known);
    memcpy(out, &stats.total, wanted < known ? wanted : known);
    return 0;
}

size_t knoll_stats_get_classes(struct knoll_class_stats *classes, size_t element_bytes,
                               size_t capacity)
{
    struct kn_stats stats;
    size_t known = sizeof(stats.classes[0]);
    kn_stats_gather(&stats);
    for (size_t i = 0; i < capacity && i + 1 < KN_CLASS_COUNT; i++) {
        char *out = (char *)classes + i * element_bytes;
        memset(out, 0, element_bytes);
        memcpy(out, &stats.classes[i + 1], element_bytes < known ? element_bytes : known);
    }
    return KN_CLASS_COUNT - 1;
}

/* ---- walks ---- */

int knoll_walk_blocks(int (*visit)(const struct knoll_block *block, void *arg), void *arg)
{
    return kn_walk_blocks(visit, arg);
}

int knoll_walk_runs(int (*visit)(const struct knoll_run *run, void *arg), void *arg)
{
    return kn_walk_runs(visit, arg);
}

int knoll_block_find(const void *address, struct knoll_block *block)
{
    return kn_block_find(address, block);
}
