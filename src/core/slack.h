/*
 * Slack: how much dirty memory may lie unused beyond the fixed bound, because giving it back turned
 * out to be a mistake.
 *
 * Memory that the bound made the page heap give back, and that had to be faulted in again soon
 * after, is regretted: the slack grows by that much, so a program that frees and allocates the same
 * large blocks in turn pays for them once. What lay dirty all through a period was not needed, and
 * the slack shrinks by half of it. Periods are measured in memory freed, not in time: a program that
 * does nothing is not worth waking up for.
 *
 *     bound = the larger of dirty_min and used / dirty_share
 *             + slack, at most dirty_slack and the peak of used memory
 *
 * All counts are granules. No locks: the page heap's lock is held. Cost: constant.
 */
#ifndef KN_CORE_SLACK_H
#define KN_CORE_SLACK_H

#include <stddef.h>

struct kn_slack {
    size_t extra;       /* the slack */
    size_t regrettable; /* given back lately, and not faulted in again yet */
    size_t lowest;      /* least dirty memory in this period */
    size_t freed;       /* in this period */
};

/* The bound made so much be given back. */
void kn_slack_given_back(struct kn_slack *slack, size_t granules);

/* A run was handed out, `faulted` of whose granules are not in memory; `dirty` are left. The slack
 * is to be at most `most`. */
void kn_slack_handed_out(struct kn_slack *slack, size_t faulted, size_t dirty, size_t most);

/* A run came back. `bound` is the bound without the slack. */
void kn_slack_taken_back(struct kn_slack *slack, size_t granules, size_t bound);

#endif
