/*
 * The process as reports show it: its number, its name, and what it has used of the machine.
 *
 * Nothing here allocates, locks, is replaced by the program, or touches errno. Thread and signal
 * safety: all of it, always. For reports: what is not in the auxiliary vector costs system calls.
 */
#ifndef KN_OS_PROCESS_H
#define KN_OS_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#define KN_PROCESS_NAME_BYTES 64

struct kn_process_usage {
    /* Since execve, as the kernel tells in /proc; 0 if it does not. */
    size_t resident_peak_bytes;
    size_t threads;
    /* Since the process was forked: execve does not start these again. */
    uint64_t page_faults;  /* all of them; of these: */
    uint64_t major_faults; /* waited for a disk */
};

uint32_t kn_process_id(void);

/*
 * Writes the file name of the program, without directories, to name[KN_PROCESS_NAME_BYTES], cut if
 * need be; "?" stands for what cannot be printed, and for quotes and backslashes. Returns `name`.
 */
const char *kn_process_name(char *name);

/* Cost: some tens of microseconds. */
void kn_process_usage_get(struct kn_process_usage *usage);

#endif
