/*
 * What "knoll run" was told: its own options, and those of the library, each of which is an option
 * here under its own name.
 */
#ifndef KN_CLI_RUN_OPTIONS_H
#define KN_CLI_RUN_OPTIONS_H

#include <stdbool.h>

#include "base/compiler.h"

struct cli_run_options {
    bool is_help;
    char **program; /* the program and its arguments, with a NULL at the end */
    char *list;     /* for KNOLL_OPTIONS: "name=value,name=value" */
};

/* 0, or CLI_FAILED after a complaint. */
KN_NODISCARD int cli_run_options_parse(int argc, char **argv, struct cli_run_options *options);

#endif
