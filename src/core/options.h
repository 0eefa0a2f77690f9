/*
 * Options: named values that steer the library, from the environment at the start and from the
 * program later. options.def lists them; <knoll/options.h> is their public side.
 *
 * Whoever needs a value either asks for it, kn_option(KN_OPTION_deepbind), which costs one load, or
 * keeps it in a variable of its own that options.c writes when the option changes.
 *
 * Threads: any. Setting takes a lock; a value read is the one before or the one after. Nothing here
 * allocates, or prints anything but a complaint about the environment.
 */
#ifndef KN_CORE_OPTIONS_H
#define KN_CORE_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/compiler.h"
#include "os/lock.h"

#include <knoll/options.h>

/* The largest limit on memory: more than there are addresses for. */
#define KN_OPTION_LIMIT_MOST ((uint64_t)1 << 46)

enum kn_option_id {
#define KN_OPTION(name, type, value, least, most, words, text) KN_OPTION_##name,
#include "core/options.def"
#undef KN_OPTION
    KN_OPTION_COUNT
};

enum kn_realloc_zero {
    KN_REALLOC_ZERO_FREE,
    KN_REALLOC_ZERO_BLOCK,
    KN_REALLOC_ZERO_ABORT,
};

enum kn_stats_at_exit {
    KN_STATS_AT_EXIT_OFF,
    KN_STATS_AT_EXIT_TEXT,
    KN_STATS_AT_EXIT_JSON,
};

extern KN_HIDDEN _Atomic uint64_t kn_option_values[KN_OPTION_COUNT];
extern KN_HIDDEN struct kn_lock kn_options_lock;

/* The value of any option but a text. */
static inline uint64_t kn_option(enum kn_option_id id)
{
    return kn_load_relaxed(&kn_option_values[id]);
}

/*
 * Reads KNOLL_OPTIONS, once; called at the start of the heap, and again when the library is
 * initialised, in case libc had not set the environment up before.
 */
void kn_options_load(void);

/* Sets the options in a list "name=value,name=value"; complains about those that cannot be set. */
void kn_options_parse(const char *list);

/* As the public functions. */
int kn_option_set(const char *name, const char *value);
void kn_option_describe(enum kn_option_id id, struct knoll_option *option);
int kn_option_find(const char *name); /* enum kn_option_id, or -1 */

/* The value of a TEXT option into value[KNOLL_OPTION_VALUE_BYTES]. */
void kn_option_text(enum kn_option_id id, char *value);

#endif
