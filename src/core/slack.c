#include "core/slack.h"

#include <stdint.h>

/* A period ends when this many times the bound has been freed. */
#define PERIOD_BOUNDS 4u

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

void kn_slack_given_back(struct kn_slack *slack, size_t granules)
{
    slack->regrettable += granules;
}

void kn_slack_handed_out(struct kn_slack *slack, size_t faulted, size_t dirty, size_t most)
{
    size_t regretted = least(faulted, slack->regrettable);
    slack->regrettable -= regretted;
    slack->extra = least(slack->extra + regretted, most);
    slack->lowest = least(slack->lowest, dirty);
}

void kn_slack_taken_back(struct kn_slack *slack, size_t granules, size_t bound)
{
    slack->freed += granules;
    if (slack->freed / PERIOD_BOUNDS < bound + slack->extra)
        return;
    slack->extra -= least(slack->extra, (slack->lowest + 1) / 2);
    slack->regrettable /= 2;
    slack->lowest = SIZE_MAX / 2;
    slack->freed = 0;
}
