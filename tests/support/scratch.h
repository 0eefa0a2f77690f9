/* For the runner: the directory that kn_test_scratch makes, and its end. */
#ifndef KN_TESTS_SUPPORT_SCRATCH_H
#define KN_TESTS_SUPPORT_SCRATCH_H

/* Before the first test of a worker; `path` is memory that the worker shares with its tests. */
enum { KN_SCRATCH_PATH_BYTES = 64 };
void kn_scratch_init(char *path);

/* After each test, however it ended: removes the directory if there is one. */
void kn_scratch_remove(void);

#endif
