/*
 * The one way in which the specialised allocators answer misuse; see <knoll/misuse.h>.
 *
 * Invariants  the caller has changed nothing yet, holds no lock, and returns at once when this
 *             returns.
 * Threads     any.
 * Cost        off every hot path.
 */
#ifndef KN_SPECIAL_MISUSE_H
#define KN_SPECIAL_MISUSE_H

#include "base/compiler.h"

#include <knoll/misuse.h>

/*
 * Tells the program's call-back; without one, writes the line
 *     knoll: PRODUCT: CALL(ADDRESS): WHAT
 * and ends the process. All texts are literals.
 */
KN_COLD void kn_special_misuse(const char *product, const char *call, const void *p,
                               const char *what);

#endif
