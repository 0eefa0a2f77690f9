#include "start.h"

#include "child.h"
#include "os/os_fault.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char variable[] = "KNOLL_TEST_START";

void (*kn_start_fork_hook)(void);

static void call_fork_hook(void)
{
    if (kn_start_fork_hook != NULL)
        kn_start_fork_hook();
}

static void set_limit(__rlimit_resource_t resource, size_t bytes)
{
    struct rlimit limit = {bytes, bytes};
    if (setrlimit(resource, &limit) != 0)
        abort();
}

static void apply(const char *name, size_t value)
{
    if (strcmp(name, "as") == 0)
        set_limit(RLIMIT_AS, value);
    else if (strcmp(name, "data") == 0)
        set_limit(RLIMIT_DATA, value);
    else if (strcmp(name, "early-fork") == 0)
        (void)pthread_atfork(call_fork_hook, call_fork_hook, call_fork_hook);
#if KN_FAULTS
    else if (strcmp(name, "reserve-fails") == 0)
        kn_os_fault_set(KN_FAULT_RESERVE, 1, value);
    else if (strcmp(name, "page") == 0)
        kn_os_fault_set_page_bytes(value);
#endif
    else
        abort();
}

/* Linked before the library, so this comes before the heap's own constructor of that priority. */
__attribute__((constructor(101))) static void begin(void)
{
    char text[256];
    char *rest = text;
    const char *conditions = getenv(variable);
    if (conditions == NULL)
        return;
    snprintf(text, sizeof(text), "%s", conditions);
    for (char *item; (item = strsep(&rest, ",")) != NULL;) {
        char *value = strchr(item, '=');
        if (value == NULL)
            abort();
        *value = '\0';
        apply(item, strtoull(value + 1, NULL, 0));
    }
}

bool kn_start_again(const char *test, const char *conditions)
{
    static char path[PATH_MAX];
    char seed[32];
    char setting[256];
    struct kn_child child;
    if (getenv(variable) != NULL)
        return false;
    ck_assert_int_gt(readlink("/proc/self/exe", path, sizeof(path) - 1), 0);
    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)kn_test_seed());
    snprintf(setting, sizeof(setting), "%s=%s", variable, conditions);
    char *argv[] = {path, "--seed", seed, (char *)(uintptr_t)test, NULL};
    char *env[] = {setting, NULL};
    kn_child_run(&child, argv, env);
    kn_child_assert_exit(&child, EXIT_SUCCESS);
    return true;
}

/* A line of the process's status that counts in units of 1024 bytes. */
static size_t status_bytes(const char *name)
{
    char line[256];
    size_t bytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    ck_assert_ptr_nonnull(file);
    while (bytes == 0 && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            bytes = strtoull(line + strlen(name), NULL, 10) * 1024;
    }
    fclose(file);
    ck_assert_uint_ne(bytes, 0);
    return bytes;
}

size_t kn_start_as_bytes(void)
{
    return status_bytes("VmSize:");
}

size_t kn_start_data_bytes(void)
{
    return status_bytes("VmData:");
}
