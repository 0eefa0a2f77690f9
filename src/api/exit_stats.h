/*
 * Statistics at the end of the program, for the options stats_at_exit, stats_file and
 * stats_process.
 *
 * They appear when the process ends by exit or by returning from main. What ends by _exit, execve
 * or a signal shows nothing.
 *
 * Standard error is remembered from the start, and nothing else is ever written to: a program may
 * have closed it and opened a file of its own, which then has the number 2.
 */
#ifndef KN_API_EXIT_STATS_H
#define KN_API_EXIT_STATS_H

/* At the start of the program, when the options are known. */
void kn_exit_stats_begin(void);

/* At its end, when its own destructors have run. */
void kn_exit_stats_end(void);

#endif
