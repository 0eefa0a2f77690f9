/* The process by the system calls of Linux. The contract is in process.h. */
#include "os/process.h"

#include "os/file.h"
#include "os/syscall.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#define STATUS_BYTES 4096

uint32_t kn_process_id(void)
{
    return (uint32_t)kn_syscall(SYS_getpid, 0);
}

const char *kn_process_name(char *name)
{
    int saved = errno;
    const char *path = (const char *)getauxval(AT_EXECFN);
    size_t n = 0;
    errno = saved;
    for (const char *at = path != NULL ? path : "?"; *at != 0; at++) {
        if (*at == '/')
            n = 0;
        else if (n < KN_PROCESS_NAME_BYTES - 1)
            name[n++] = *at < ' ' || *at > '~' || *at == '"' || *at == '\\' ? '?' : *at;
    }
    name[n] = 0;
    return name;
}

/* The number behind a name at the start of a line, "Name:   123 kB"; 0 if there is none. */
static size_t number_of(const char *text, const char *name)
{
    size_t value = 0;
    const char *at = strstr(text, name);
    if (at == NULL)
        return 0;
    for (at += strlen(name); *at == ' ' || *at == '\t'; at++)
        continue;
    for (; *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (size_t)(*at - '0');
    return value;
}

void kn_process_usage_get(struct kn_process_usage *usage)
{
    char text[STATUS_BYTES];
    struct rusage kernel = {.ru_majflt = 0};
    text[kn_file_read("/proc/self/status", text, sizeof(text) - 1)] = 0;
    usage->resident_peak_bytes = number_of(text, "\nVmHWM:") * 1024;
    usage->threads = number_of(text, "\nThreads:");
    (void)kn_syscall(SYS_getrusage, RUSAGE_SELF, &kernel);
    usage->major_faults = (uint64_t)kernel.ru_majflt;
    usage->page_faults = (uint64_t)kernel.ru_minflt + usage->major_faults;
}
