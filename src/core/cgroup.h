/*
 * The memory limit of the control group that the process is in: what a container, a service or a batch
 * system allows it.
 *
 * A group's limit holds for all groups below it, so the smallest on the way to the root counts. Both
 * versions of control groups are read: version 2 has one hierarchy, version 1 one for memory.
 *
 *     /proc/self/cgroup      0::/a/b           4:memory:/a/b
 *     asked                  ROOT/a/b/memory.max, ROOT/a/memory.max, ROOT/memory.max
 *                            ROOT/memory/a/b/memory.limit_in_bytes, ...
 *
 * Inside a container the path may name groups that cannot be seen from there; what is missing does not
 * limit. Threads: any. Cost: a few system calls for each level.
 */
#ifndef KN_CORE_CGROUP_H
#define KN_CORE_CGROUP_H

#include <stdint.h>

/* Bytes; UINT64_MAX without a limit. The file and the root are parameters for tests. */
uint64_t kn_cgroup_limit_bytes(const char *membership_file, const char *root);

/* Of this process. */
static inline uint64_t kn_cgroup_own_limit_bytes(void)
{
    return kn_cgroup_limit_bytes("/proc/self/cgroup", "/sys/fs/cgroup");
}

#endif
