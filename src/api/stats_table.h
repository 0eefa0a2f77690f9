/*
 * Statistics as a table for people.
 *
 * It says where the memory is, in parts that add up, and what each size class holds. Sizes are
 * rounded for reading; JSON has them to the byte.
 */
#ifndef KN_API_STATS_TABLE_H
#define KN_API_STATS_TABLE_H

#include "api/stats_print.h"
#include "core/stats.h"

void kn_stats_print_table(struct kn_writer *writer, const struct kn_stats *stats);

#endif
