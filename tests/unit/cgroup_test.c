#include "require.h"

#include "core/cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *directory;

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void plant(const char *name, const char *text)
{
    char command[400];
    snprintf(command, sizeof(command), "mkdir -p $(dirname %s)", path_of(name));
    ck_assert_int_eq(system(command), 0);
    FILE *file = fopen(path_of(name), "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void begin(const char *membership)
{
    directory = kn_test_scratch();
    plant("membership", membership);
}

static uint64_t limit(void)
{
    char membership[256];
    snprintf(membership, sizeof(membership), "%s", path_of("membership"));
    return kn_cgroup_limit_bytes(membership, directory);
}

KN_TEST(cgroup, smallest_limit_on_the_way_up_counts)
{
    begin("0::/a/b\n");
    plant("a/b/memory.max", "9000\n");
    plant("a/memory.max", "7000\n");
    plant("memory.max", "max\n");
    ck_assert_uint_eq(limit(), 7000);
}

KN_TEST(cgroup, root_of_a_namespace_counts)
{
    begin("0::/\n");
    plant("memory.max", "123456789\n");
    ck_assert_uint_eq(limit(), 123456789);
}

KN_TEST(cgroup, version_one_is_found_among_other_controllers)
{
    begin("12:cpuset:/x\n4:hugetlb,memory:/a\n1:memoryless:/b\n0::/\n");
    plant("memory/a/memory.limit_in_bytes", "5000\n");
    plant("memory/x/memory.limit_in_bytes", "1000\n");
    plant("memory/b/memory.limit_in_bytes", "2000\n");
    ck_assert_uint_eq(limit(), 5000);
}

KN_TEST(cgroup, nothing_limits_when_files_are_missing_or_say_max)
{
    begin("0::/gone/from/here");
    plant("memory.max", "max\n");
    ck_assert_uint_eq(limit(), UINT64_MAX);
    ck_assert_uint_eq(kn_cgroup_limit_bytes("/no/such/file", "/no/such/directory"), UINT64_MAX);
}

KN_TEST(cgroup, nonsense_does_not_limit)
{
    begin("nonsense\n\n::\n0::/a\n");
    plant("a/memory.max", "99999999999999999999999\n");
    ck_assert_uint_eq(limit(), UINT64_MAX);
}
