/*
 * Tests of the command `knoll`: runs of it, and the tables that it shows.
 */
#ifndef KN_TESTS_SUPPORT_COMMAND_H
#define KN_TESTS_SUPPORT_COMMAND_H

#include "child.h"

/* Runs the built command with up to 20 arguments, ended by NULL. The environment is that of the
 * test, without LD_PRELOAD and variables of knoll's, and with `env`, which may be NULL. */
void kn_command_run(struct kn_child *child, char *const env[], ...);

/* The path of the program of known use; see tests/conformance/known_blocks.c. */
char *kn_command_known_blocks(void);

/* End the test unless programs can be run with the library of this variant, or unless they then
 * allocate from it, too. */
void kn_command_need_preload(void);
void kn_command_need_malloc(void);

/* A row of the table of size classes in a text. */
struct kn_command_row {
    unsigned long used_blocks;
    char used_bytes[24]; /* as shown: "515.6 KiB" */
};

/* The row with that label, such as "48", "large" or "all"; fails the test if there is none. */
void kn_command_row_find(const char *text, const char *label, struct kn_command_row *row);

/* All of a file, in static memory until the next call; "" if there is none. */
const char *kn_command_file(const char *path);

#endif
