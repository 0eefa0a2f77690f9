/*
 * Tests of a heap that starts under conditions of its own. By the time a test runs, the heap has
 * long started, so the runner is run again for that one test, with the conditions set up before
 * anything else in the process.
 *
 *     KN_TEST(heap, works_in_small_ranges)
 *     {
 *         if (kn_start_again("heap/works_in_small_ranges", "reserve-fails=1"))
 *             return;
 *         ... runs in a process in which the first reservation has failed
 *     }
 *
 * Conditions, separated by commas:
 *
 *     reserve-fails=N   the first N reservations of address space fail (needs KN_FAULTS)
 *     page=BYTES        the size of a page, no less than the true one (needs KN_FAULTS)
 *     as=BYTES          RLIMIT_AS
 *     data=BYTES        RLIMIT_DATA
 *     early-fork=1      kn_start_fork_hook is called before and after each fork, by handlers that
 *                       were registered earlier than the heap's
 */
#ifndef KN_TESTS_SUPPORT_START_H
#define KN_TESTS_SUPPORT_START_H

#include <stdbool.h>
#include <stddef.h>

/* True: the test has been run and has passed; false: this is the process for it. Fails the test if
 * that process fails. */
bool kn_start_again(const char *test, const char *conditions);

extern void (*kn_start_fork_hook)(void);

/* What of the limits "as" and "data" this process has used up. */
size_t kn_start_as_bytes(void);
size_t kn_start_data_bytes(void);

#endif
