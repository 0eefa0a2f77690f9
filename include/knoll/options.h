/*
 * Options: what the heap can be told, by name.
 *
 * At the start of the program they are read from the environment variable KNOLL_OPTIONS,
 *
 *     KNOLL_OPTIONS="on_error=report,dirty_min=16M" program
 *
 * unless the program runs with more rights than its user. An option that does not exist, or a value
 * out of its range, is named in one line on file descriptor 2, and the default stays. Later they are
 * read and set with the functions here.
 *
 * Values are text. Sizes take the suffixes K, M, G and T, for powers of 1024, also written KB or KiB.
 * Switches are on or off, 1 or 0, yes or no, true or false.
 *
 * Threads: any. Cost: a lock for setting.
 */
#ifndef KNOLL_OPTIONS_H
#define KNOLL_OPTIONS_H

#include <stddef.h>

#include <knoll/attributes.h>

KNOLL_BEGIN

/* Longest name and longest value, with the terminating zero. */
#define KNOLL_OPTION_NAME_BYTES  32
#define KNOLL_OPTION_VALUE_BYTES 256

struct knoll_option {
    const char *name;
    const char *type;                     /* "switch", "number", "size", "choice" or "text" */
    const char *text;                     /* what it does, in a line */
    char range[KNOLL_OPTION_VALUE_BYTES]; /* its values, such as "0 to 1TiB" or "abort, report" */
    char default_value[KNOLL_OPTION_VALUE_BYTES];
    char value[KNOLL_OPTION_VALUE_BYTES];
};

/* 0, or ENOENT: no such option, or EINVAL: not a value, or ERANGE: out of range. */
KNOLL_API KNOLL_NODISCARD int knoll_option_set(const char *name, const char *value) KNOLL_NOTHROW;

/*
 * Writes the value as text, with a terminating zero, to value[0..value_bytes). 0, or ENOENT: no such
 * option, or ERANGE: value_bytes is too small.
 */
KNOLL_API KNOLL_NODISCARD int knoll_option_get(const char *name, char *value,
                                               size_t value_bytes) KNOLL_NOTHROW;

/* Describes one option. 0, or ENOENT. */
KNOLL_API KNOLL_NODISCARD int knoll_option_describe(const char *name,
                                                    struct knoll_option *option) KNOLL_NOTHROW;

/*
 * Calls visit(option, arg) for every option, in the order of the documentation, until one call
 * returns another value than 0; returns the last value. The option lives until `visit` returns, its
 * name, type and text for ever.
 */
KNOLL_API int knoll_option_list(int (*visit)(const struct knoll_option *option, void *arg),
                                void *arg);

KNOLL_END

#endif
