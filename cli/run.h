/*
 * The command "knoll run": starts a program with libknoll.so loaded ahead of it.
 *
 * The command becomes the program (execve), so process, exit status and signals are the program's
 * own, and nothing of the command stays behind.
 */
#ifndef KN_CLI_RUN_H
#define KN_CLI_RUN_H

/* Returns an exit status if the program was not started. */
int cli_run_main(int argc, char **argv);

#endif
