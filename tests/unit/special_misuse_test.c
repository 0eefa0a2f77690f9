#include "child.h"
#include "harness.h"

#include "special/misuse.h"

#include <signal.h>
#include <string.h>

static struct knoll_misuse told;
static unsigned times_told;

static void tell(const struct knoll_misuse *misuse, void *arg)
{
    told = *misuse;
    ck_assert_ptr_eq(arg, &told);
    times_told++;
}

static void report(void *arg)
{
    kn_special_misuse("pool", "knoll_pool_free", arg, "double free");
}

KN_TEST(special_misuse, ends_the_program_with_one_line)
{
    kn_child_expect_abort(report, (void *)0x1234,
                          "knoll: pool: knoll_pool_free(0x1234): double free\n");
}

KN_TEST(special_misuse, tells_the_call_back_and_returns)
{
    knoll_special_on_misuse(tell, &told);
    report(&times_told);
    ck_assert_uint_eq(times_told, 1);
    ck_assert_str_eq(told.product, "pool");
    ck_assert_str_eq(told.call, "knoll_pool_free");
    ck_assert_ptr_eq(told.address, &times_told);
    ck_assert_str_eq(told.what, "double free");
}

KN_TEST_SIGNAL(special_misuse, ends_the_program_again_when_the_call_back_is_taken_away, SIGABRT)
{
    knoll_special_on_misuse(tell, &told);
    knoll_special_on_misuse(NULL, NULL);
    report(NULL);
}
