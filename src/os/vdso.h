/*
 * Functions which the kernel maps into every process (the vDSO).
 *
 * Purpose     the clock without a system call: a strict seccomp filter may forbid the call, and
 *             libc's own way to the vDSO is a function that other libraries replace.
 * Threads     any thread, signal handlers included. No state, no lock, no allocation, errno
 *             untouched.
 * Cost        linear in the vDSO's symbols, about a dozen; callers keep the result.
 */
#ifndef KN_OS_VDSO_H
#define KN_OS_VDSO_H

/* The address of a function by its name, such as "__vdso_clock_gettime"; NULL if the kernel, or a
 * tool between it and the process, offers none. */
void *kn_vdso_find(const char *name);

#endif
