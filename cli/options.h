/*
 * The options of the library, as the command shows and checks them. What there is comes from the
 * library's own table, through <knoll/options.h>.
 */
#ifndef KN_CLI_OPTIONS_H
#define KN_CLI_OPTIONS_H

#include <stdio.h>

#include "base/compiler.h"

/* Lists all options with their defaults, values and purposes; `prefix` goes before each name. */
void cli_options_print(FILE *stream, const char *prefix);

/* The same without purposes, a line each, for complaints. */
void cli_options_print_short(FILE *stream, const char *prefix);

/*
 * Checks name=value as the library will, and adds it to *list, which is replaced by a longer one.
 * A NULL value is that of a switch that is just named. 0, or CLI_FAILED after a complaint that names
 * what was typed, `typed`, and the valid values.
 */
KN_NODISCARD int cli_options_add(char **list, const char *name, const char *value,
                                 const char *typed);

/* The command "knoll options". The exit status. */
int cli_options_main(int argc, char **argv);

#endif
