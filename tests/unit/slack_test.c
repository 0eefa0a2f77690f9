#include "core/slack.h"

#include "harness.h"

#define MOST 1000

KN_TEST(slack, grows_by_what_is_given_back_and_needed_again)
{
    struct kn_slack slack = {0};
    kn_slack_handed_out(&slack, 50, 0, MOST);
    ck_assert_uint_eq(slack.extra, 0); /* nothing had been given back */
    kn_slack_given_back(&slack, 100);
    kn_slack_handed_out(&slack, 30, 0, MOST);
    ck_assert_uint_eq(slack.extra, 30);
    kn_slack_handed_out(&slack, 300, 0, MOST);
    ck_assert_uint_eq(slack.extra, 100);
    kn_slack_handed_out(&slack, 300, 0, MOST);
    ck_assert_uint_eq(slack.extra, 100); /* each granule is regretted once */
}

KN_TEST(slack, never_exceeds_its_most)
{
    struct kn_slack slack = {0};
    kn_slack_given_back(&slack, 10 * MOST);
    kn_slack_handed_out(&slack, 10 * MOST, 0, MOST);
    ck_assert_uint_eq(slack.extra, MOST);
    kn_slack_handed_out(&slack, 0, 0, MOST / 2);
    ck_assert_uint_eq(slack.extra, MOST / 2); /* the option was set to less meanwhile */
}

KN_TEST(slack, shrinks_by_half_of_what_lay_idle_through_a_period)
{
    struct kn_slack slack = {.extra = 400, .regrettable = 80, .lowest = 1000};
    kn_slack_handed_out(&slack, 0, 200, MOST);
    kn_slack_handed_out(&slack, 0, 300, MOST);
    kn_slack_taken_back(&slack, 1999, 100);
    ck_assert_uint_eq(slack.extra, 400); /* the period is not over */
    kn_slack_taken_back(&slack, 1, 100);
    ck_assert_uint_eq(slack.extra, 300);
    ck_assert_uint_eq(slack.regrettable, 40);
    kn_slack_taken_back(&slack, 100000, 100);
    ck_assert_uint_eq(slack.extra, 0); /* nothing was handed out in all of the second period */
}

KN_TEST(slack, stays_while_all_of_it_is_used)
{
    struct kn_slack slack = {.extra = 400};
    for (int i = 0; i < 100; i++) {
        kn_slack_handed_out(&slack, 0, 0, MOST);
        kn_slack_taken_back(&slack, 5000, 100);
    }
    ck_assert_uint_eq(slack.extra, 400);
}
