/*
 * The beginning and the end that the library itself takes part in.
 *
 * The heap needs neither: it starts with the first call and never ends. Here is what must be done
 * once, as early as possible but not before libc works: handlers for fork, and the options for the
 * case that the heap started before the environment was there.
 */
#include <fcntl.h>
#include <string.h>

#include "api/entry.h"
#include "api/stats_print.h"
#include "base/fmt.h"
#include "core/fork.h"
#include "core/init.h"
#include "core/options.h"
#include "os/syscall.h"

/* Before the constructors of the program, which have no number. */
#define CONSTRUCTOR_PRIORITY 101

__attribute__((constructor(CONSTRUCTOR_PRIORITY))) static void begin(void)
{
    kn_init();
    kn_options_load();
    kn_fork_register();
}

/* Opens the file that the option names, with the process's number for %p. -1 if that fails. */
static int open_stats_file(const char *name)
{
    char path[KNOLL_OPTION_VALUE_BYTES + 16];
    const char *number = strstr(name, "%p");
    if (number != NULL)
        kn_format(path, sizeof(path), "%.*s%ld%s", (int)(number - name), name,
                  kn_syscall(SYS_getpid, 0), number + 2);
    else
        kn_format(path, sizeof(path), "%s", name);
    return (int)kn_syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                           0666);
}

/* After the destructors of the program, as `begin` was before its constructors. */
__attribute__((destructor(CONSTRUCTOR_PRIORITY))) static void end(void)
{
    uint64_t choice = kn_option(KN_OPTION_stats_at_exit);
    char name[KNOLL_OPTION_VALUE_BYTES];
    if (choice == KN_STATS_AT_EXIT_OFF)
        return;
    kn_option_text(KN_OPTION_stats_file, name);
    int fd = name[0] != 0 ? open_stats_file(name) : 2;
    if (fd < 0)
        return;
    knoll_stats_print(choice == KN_STATS_AT_EXIT_JSON ? KNOLL_STATS_JSON : KNOLL_STATS_TEXT,
                      kn_write_to_fd, &fd);
    if (fd != 2)
        (void)kn_syscall(SYS_close, fd);
}
