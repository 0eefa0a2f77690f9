/* fmt.h - formatted text without stdio.
 *
 * Purpose     messages and reports from places where snprintf may not be called: it may allocate,
 *             take locks, and read the locale.
 * Invariants  the result is always terminated when cap > 0. The value returned is the number of
 *             characters in buf, terminator not counted, so it is below cap, and writes can be
 *             chained:
 *                 n += kn_format(buf + n, cap - n, ...);
 *             (snprintf returns what an endless buffer would have held; this does not.) A result of
 *             cap - 1 may mean that the text was cut.
 * Threads     async-signal-safe; no state, no lock, no allocation, errno untouched.
 * Cost        linear in the text; under 200 bytes of stack.
 *
 * Format      %[flags][width][.precision][length]conversion
 *               flags       - (left-justified)  0 (filled with zeroes, for numbers)
 *               width       decimal number or *
 *               precision   decimal number or *, for s only: no more than so many bytes are read
 *               length      l ll z
 *               conversion  d u  x (lower case, without 0x)  p (0x and digits)  c  %
 *                           s (NULL reads as "(null)")
 *             Anything else is a defect of the caller (asserted): it and what follows are copied
 *             unformatted.
 */
#ifndef KN_BASE_FMT_H
#define KN_BASE_FMT_H

#include "base/compiler.h"

#include <stdarg.h>
#include <stdint.h>

size_t kn_format(char *buf, size_t cap, const char *format, ...) KN_PRINTF(3, 4);
size_t kn_vformat(char *buf, size_t cap, const char *format, va_list args) KN_PRINTF(3, 0);

/* A size for people: "0 B", "1023 B", "1.0 KiB", "12.3 MiB", rounded to the nearest tenth. 11 bytes
 * always suffice. */
size_t kn_format_bytes(char *buf, size_t cap, uint64_t bytes);

#endif
