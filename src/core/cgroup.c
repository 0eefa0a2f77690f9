#include "core/cgroup.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/fmt.h"
#include "os/file.h"

#define MEMBERSHIP_BYTES 4096
#define PATH_BYTES       1024

/* The number in a file; no limit if there is no file or no number in it ("max"). */
static uint64_t read_limit(const char *path)
{
    char text[32];
    uint64_t limit = 0;
    size_t bytes = kn_file_read(path, text, sizeof(text) - 1);
    text[bytes] = 0;
    if (text[0] < '0' || text[0] > '9')
        return UINT64_MAX;
    for (const char *at = text; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(limit, (uint64_t)10, &limit) ||
            __builtin_add_overflow(limit, (uint64_t)(*at - '0'), &limit))
            return UINT64_MAX;
    }
    return limit;
}

/* The smallest limit from a group up to the root. `group` is cut level by level. */
static uint64_t smallest_limit(const char *root, char *group, const char *file)
{
    uint64_t smallest = UINT64_MAX;
    for (;;) {
        char path[PATH_BYTES];
        kn_format(path, sizeof(path), "%s%s/%s", root, group, file);
        uint64_t limit = read_limit(path);
        if (limit < smallest)
            smallest = limit;
        char *slash = strrchr(group, '/');
        if (slash == NULL)
            return smallest;
        *slash = 0;
    }
}

/* Whether the list "cpu,memory" between two colons names the controller of memory. */
static bool has_memory(const char *list, const char *end)
{
    static const char name[] = "memory";
    size_t length = sizeof(name) - 1;
    for (const char *at = list; at + length <= end; at++) {
        if (memcmp(at, name, length) == 0 && (at == list || at[-1] == ',') &&
            (at + length == end || at[length] == ','))
            return true;
    }
    return false;
}

/* What one line, "number:controllers:/group", limits the process to. */
static uint64_t limit_of_line(char *line, const char *root)
{
    char *controllers = strchr(line, ':');
    char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    if (group == NULL)
        return UINT64_MAX;
    controllers++;
    bool is_unified = controllers == group;
    bool is_memory = has_memory(controllers, group);
    group++;
    if (strcmp(group, "/") == 0)
        group[0] = 0;
    if (is_unified)
        return smallest_limit(root, group, "memory.max");
    if (!is_memory)
        return UINT64_MAX;
    char memory_root[PATH_BYTES];
    kn_format(memory_root, sizeof(memory_root), "%s/memory", root);
    return smallest_limit(memory_root, group, "memory.limit_in_bytes");
}

uint64_t kn_cgroup_limit_bytes(const char *membership_file, const char *root)
{
    char text[MEMBERSHIP_BYTES];
    uint64_t smallest = UINT64_MAX;
    size_t bytes = kn_file_read(membership_file, text, sizeof(text) - 1);
    text[bytes] = 0;
    for (char *line = text; *line != 0;) {
        char *end = strchr(line, '\n');
        char *next = end != NULL ? end + 1 : line + strlen(line);
        if (end != NULL)
            *end = 0;
        uint64_t limit = limit_of_line(line, root);
        if (limit < smallest)
            smallest = limit;
        line = next;
    }
    return smallest;
}
