/*
 * What the command says when something is wrong, and the exit status that goes with it.
 *
 * The statuses are those of env, nice and timeout, so that a caller can tell a failure of the command
 * from one of the program: the program itself may end with any status.
 */
#ifndef KN_CLI_MESSAGE_H
#define KN_CLI_MESSAGE_H

#include "base/compiler.h"

enum {
    CLI_FAILED = 125,       /* wrong options, or no library */
    CLI_NOT_RUNNABLE = 126, /* the program is there, but cannot be run, or not with the library */
    CLI_NOT_FOUND = 127,
};

/* One line on standard error: "knoll: ...". */
void cli_complain(const char *format, ...) KN_PRINTF(1, 2);

/*
 * As printf into new memory, which lasts as long as the command: there is little of it, and the
 * program that is run takes its place. Ends the command when there is none.
 */
char *cli_text(const char *format, ...) KN_PRINTF(1, 2);

#endif
