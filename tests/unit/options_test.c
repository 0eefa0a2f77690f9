#include "child.h"
#include "require.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <knoll/options.h>

#include "core/options.h"
#include "core/page_heap.h"
#include "core/report.h"

static const char *value_of(const char *name)
{
    static char value[KNOLL_OPTION_VALUE_BYTES];
    ck_assert_int_eq(knoll_option_get(name, value, sizeof(value)), 0);
    return value;
}

KN_TEST(options, sizes_take_suffixes)
{
    static const struct {
        const char *text;
        const char *value;
    } cases[] = {
        {"0", "0"},       {"1000", "1000"},  {"1024", "1KiB"}, {"4096B", "4KiB"},
        {"64k", "64KiB"}, {"64KB", "64KiB"}, {"5MiB", "5MiB"}, {"1536M", "1536MiB"},
        {"2g", "2GiB"},   {"1T", "1TiB"},    {"1TiB", "1TiB"}, {"1025", "1025"},
    };
    for (size_t i = 0; i < KN_ARRAY_LEN(cases); i++) {
        ck_assert_int_eq(knoll_option_set("dirty_min", cases[i].text), 0);
        ck_assert_str_eq(value_of("dirty_min"), cases[i].value);
    }
}

KN_TEST(options, values_are_refused_when_they_mean_nothing)
{
    static const char *const wrong[] = {"",    "k",    "-1",  "12x",  "1.5M",
                                        "1 M", "0x10", "1KK", "1Ki ", "1Bi"};
    for (size_t i = 0; i < KN_ARRAY_LEN(wrong); i++)
        ck_assert_int_eq(knoll_option_set("dirty_min", wrong[i]), EINVAL);
    ck_assert_int_eq(knoll_option_set("dirty_share", "4k"), EINVAL);
    ck_assert_int_eq(knoll_option_set("on_error", "abor"), EINVAL);
    ck_assert_int_eq(knoll_option_set("on_error", "abort|report"), EINVAL);
    ck_assert_int_eq(knoll_option_set("deepbind", "maybe"), EINVAL);
    ck_assert_int_eq(knoll_option_set("no_such_option", "1"), ENOENT);
    ck_assert_str_eq(value_of("dirty_min"), "4MiB");
}

KN_TEST(options, values_are_refused_when_out_of_range)
{
    static const char *const wrong[] = {"2T", "18446744073709551615", "18446744073709551616",
                                        "99999999999999999999999", "16777216T"};
    for (size_t i = 0; i < KN_ARRAY_LEN(wrong); i++)
        ck_assert_int_eq(knoll_option_set("dirty_min", wrong[i]), ERANGE);
    ck_assert_int_eq(knoll_option_set("dirty_share", "0"), ERANGE);
    ck_assert_int_eq(knoll_option_set("dirty_share", "1025"), ERANGE);
    char name[400];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = 0;
    ck_assert_int_eq(knoll_option_set("stats_file", name), ERANGE);
}

KN_TEST(options, switches_have_several_words)
{
    static const char *const on[] = {"on", "1", "yes", "true"};
    static const char *const off[] = {"off", "0", "no", "false"};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(knoll_option_set("deepbind", on[i]), 0);
        ck_assert_str_eq(value_of("deepbind"), "on");
        ck_assert_int_eq(knoll_option_set("deepbind", off[i]), 0);
        ck_assert_str_eq(value_of("deepbind"), "off");
    }
}

KN_TEST(options, values_reach_those_they_are_for)
{
    ck_assert_int_eq(knoll_option_set("on_error", "ignore"), 0);
    ck_assert_int_eq(knoll_option_set("dirty_min", "3M"), 0);
    ck_assert_int_eq(knoll_option_set("dirty_share", "5"), 0);
    ck_assert_int_eq((int)kn_on_error, (int)KN_ON_ERROR_IGNORE);
    ck_assert_uint_eq(kn_page_heap_dirty_min_bytes, 3 << 20);
    ck_assert_uint_eq(kn_page_heap_dirty_share, 5);
}

KN_TEST(options, get_says_when_the_buffer_is_short)
{
    char value[5];
    ck_assert_int_eq(knoll_option_get("on_error", value, sizeof(value)), ERANGE);
    ck_assert_int_eq(knoll_option_get("deepbind", value, 4), 0);
    ck_assert_str_eq(value, "off");
    ck_assert_int_eq(knoll_option_get("no_such_option", value, 4), ENOENT);
}

/* Sets every option to its own value, at which nothing may change. */
static int check_one(const struct knoll_option *option, void *arg)
{
    struct knoll_option again;
    ++*(int *)arg;
    ck_assert_int_eq(knoll_option_describe(option->name, &again), 0);
    ck_assert_str_eq(option->value, option->default_value);
    ck_assert_uint_gt(strlen(option->text), 10);
    ck_assert_uint_gt(strlen(option->range), 1);
    ck_assert_int_eq(knoll_option_set(option->name, option->value), 0);
    ck_assert_int_eq(knoll_option_describe(option->name, &again), 0);
    ck_assert_str_eq(again.value, option->value);
    return 0;
}

static int stop(const struct knoll_option *option, void *arg)
{
    (void)option;
    ++*(int *)arg;
    return 7;
}

KN_TEST(options, list_describes_each)
{
    int count = 0;
    ck_assert_int_eq(knoll_option_list(check_one, &count), 0);
    ck_assert_int_eq(count, KN_OPTION_COUNT);
    count = 0;
    ck_assert_int_eq(knoll_option_list(stop, &count), 7);
    ck_assert_int_eq(count, 1);
    struct knoll_option option;
    ck_assert_int_eq(knoll_option_describe("on_error", &option), 0);
    ck_assert_str_eq(option.range, "abort, report, ignore");
    ck_assert_str_eq(option.type, "choice");
}

/* ---- lists, as in the environment ---- */

static void parse(void *arg)
{
    kn_options_parse(arg);
}

KN_TEST(options, list_sets_each_of_its_options)
{
    struct kn_child child;
    kn_options_parse("on_error=report,,deepbind,stats_file=/tmp/a=b,dirty_min=1M,");
    ck_assert_str_eq(value_of("on_error"), "report");
    ck_assert_str_eq(value_of("deepbind"), "on");
    ck_assert_str_eq(value_of("stats_file"), "/tmp/a=b");
    ck_assert_str_eq(value_of("dirty_min"), "1MiB");
    kn_child_call(&child, parse, "dirty_min=2M,deepbind=off");
    kn_child_assert_exit(&child, 0);
    ck_assert_str_eq(child.output, "");
}

KN_TEST(options, list_complains_in_one_line_naming_what_is_valid)
{
    struct kn_child child;
    kn_child_call(&child, parse, "dirty_share=0");
    ck_assert_str_eq(
        child.output,
        "knoll: KNOLL_OPTIONS: dirty_share=0 is out of range; valid: 1 to 1024; kept: 8\n");
    kn_child_call(&child, parse, "on_error=explode");
    ck_assert_str_eq(child.output,
                     "knoll: KNOLL_OPTIONS: on_error=explode is not a value; valid: abort, "
                     "report, ignore; kept: abort\n");
    kn_child_call(&child, parse, "dirtymin=1M");
    kn_child_assert_says(&child, "knoll: KNOLL_OPTIONS: no option dirtymin; there are: on_error ");
    ck_assert_ptr_eq(strchr(child.output, '\n'), child.output + strlen(child.output) - 1);
    char *text = malloc(100000);
    memset(text, 'x', 100000 - 1);
    text[100000 - 1] = 0;
    kn_child_call(&child, parse, text);
    kn_child_assert_exit(&child, 0);
    memcpy(text, "dirty_min=", 10);
    kn_child_call(&child, parse, text);
    kn_child_assert_exit(&child, 0);
    ck_assert_ptr_eq(strchr(child.output, '\n'), child.output + strlen(child.output) - 1);
    free(text);
}
