/*
 * The name that a user probably meant.
 */
#ifndef KN_CLI_SUGGEST_H
#define KN_CLI_SUGGEST_H

#include <stddef.h>

struct cli_suggestion {
    const char *word; /* what was typed, `bytes` of it */
    size_t bytes;
    const char *best; /* NULL as long as nothing is near */
    size_t distance;
};

/*
 * Takes `name` if it is nearer to the word than the best so far, and near enough to be meant at all:
 * a third of the letters may be wrong, missing, too many or swapped with their neighbours.
 */
void cli_suggestion_offer(struct cli_suggestion *suggestion, const char *name);

#endif
