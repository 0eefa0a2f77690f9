/*
 * The program to run: where it is, and whether a library can be loaded ahead of it.
 */
#ifndef KN_CLI_PROGRAM_H
#define KN_CLI_PROGRAM_H

#include "base/compiler.h"

struct cli_program {
    char *path;
    char sanitizer[64]; /* of the program: the runtime that must stay first, or empty */
};

/*
 * Finds `name` as a shell does, in PATH unless it has a slash. 0, or after a complaint CLI_NOT_FOUND or
 * CLI_NOT_RUNNABLE.
 */
KN_NODISCARD int cli_program_find(const char *name, struct cli_program *program);

/*
 * Whether the loader will heed LD_PRELOAD: not for programs without a loader, of another machine, or
 * with more rights than the user. Of a script, its interpreter counts. 0, or CLI_NOT_RUNNABLE after
 * a complaint. What cannot be read is taken to be fine.
 */
KN_NODISCARD int cli_program_check(struct cli_program *program);

#endif
