#include "child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void complain_and_abort(void *arg)
{
    fprintf(stderr, "complaint %d\n", *(int *)arg);
    abort();
}

static void write_a_lot(void *arg)
{
    char chunk[1000] = {0};
    (void)arg;
    for (int i = 0; i < 200; i++)
        if (write(STDERR_FILENO, chunk, sizeof chunk) < 0)
            abort();
    exit(5);
}

KN_TEST(child, keeps_signal_and_output_when_the_body_aborts)
{
    struct kn_child child;
    int number = 17;
    kn_child_call(&child, complain_and_abort, &number);
    kn_child_assert_signal(&child, SIGABRT);
    kn_child_assert_says(&child, "complaint 17");
}

KN_TEST(child, drops_the_rest_when_the_output_is_long)
{
    struct kn_child child;
    kn_child_call(&child, write_a_lot, NULL);
    kn_child_assert_exit(&child, 5);
    ck_assert_uint_eq(child.output_bytes, sizeof child.output - 1);
}

KN_TEST(child, sees_the_environment_when_a_program_runs)
{
    struct kn_child child;
    kn_child_run(&child, (char *[]){"sh", "-c", "echo $GREETING; exit 4", NULL},
                 (char *[]){"GREETING=hello", NULL});
    kn_child_assert_exit(&child, 4);
    kn_child_assert_says(&child, "hello\n");
}

KN_TEST(child, exits_with_127_when_there_is_no_such_program)
{
    struct kn_child child;
    kn_child_run(&child, (char *[]){"/nonexistent/program", NULL}, NULL);
    kn_child_assert_exit(&child, 127);
}

static void expect_another_end(void *arg)
{
    struct kn_child child;
    (void)arg;
    kn_child_call(&child, write_a_lot, NULL);
    kn_child_assert_signal(&child, SIGABRT);
}

KN_TEST(child, fails_the_test_when_the_end_is_another)
{
    struct kn_child child;
    kn_child_call(&child, expect_another_end, NULL);
    ck_assert(child.status != 0);
}
