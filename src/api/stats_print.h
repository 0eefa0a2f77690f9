/*
 * Statistics as text: the functions of <knoll/stats.h> that write, and the pieces that the
 * replacements of malloc_stats and malloc_info need.
 *
 * Threads: any. Nothing is allocated.
 */
#ifndef KN_API_STATS_PRINT_H
#define KN_API_STATS_PRINT_H

#include "base/compiler.h"

#include <knoll/stats.h>

/* Text on its way to a function that takes it in pieces. */
struct kn_writer {
    knoll_write *write;
    void *arg;
    size_t used;
    char buffer[1024];
};

/* Adds formatted text, of at most half the buffer. kn_writer_flush at the end. */
void kn_writer_print(struct kn_writer *writer, const char *format, ...) KN_PRINTF(2, 3);
void kn_writer_flush(struct kn_writer *writer);

/* A knoll_write that writes to a file descriptor; arg points to it, an int. */
void kn_write_to_fd(const char *text, size_t bytes, void *arg);

/* Statistics in the XML that malloc_info is known for. */
void kn_stats_print_xml(knoll_write *write, void *arg);

#endif
