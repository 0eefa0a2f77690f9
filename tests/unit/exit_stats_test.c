/* Statistics at the end of programs, as knoll run --stats asks for them. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct kn_child child;

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

#define TITLE ": memory of known_blocks, process "

/* ---- what the table shows ---- */

KN_TEST(exit_stats, shows_exactly_the_blocks_that_the_program_has)
{
    struct kn_command_row row;
    kn_command_need_malloc();
    kn_command_run(&child, NULL, "run", "--stats", "--", kn_command_known_blocks(), "12345", "48",
                   "free", "1345", NULL);
    kn_child_assert_exit(&child, 0);
    kn_command_row_find(child.output, "48", &row);
    ck_assert_uint_eq(row.used_blocks, 11000);
    ck_assert_str_eq(row.used_bytes, "515.6 KiB");
    kn_command_row_find(child.output, "all", &row);
    ck_assert_uint_eq(row.used_blocks, 11000);
    kn_child_assert_says(&child, "  used         515.6 KiB   in 11000 blocks\n");
    kn_child_assert_says(&child, "The heap's numbers are exact.");
    ck_assert_uint_eq(count_of(child.output, TITLE), 1);
}

KN_TEST(exit_stats, shows_large_blocks_apart)
{
    struct kn_command_row row;
    kn_command_need_malloc();
    kn_command_run(&child, NULL, "run", "-s", kn_command_known_blocks(), "7", "1048576", NULL);
    kn_command_row_find(child.output, "large", &row);
    ck_assert_uint_eq(row.used_blocks, 7);
    ck_assert_str_eq(row.used_bytes, "7.0 MiB");
    kn_child_assert_says(&child, "in 7 blocks; 7.0 MiB of it in 7 large ones\n");
}

KN_TEST(exit_stats, are_one_object_in_json)
{
    kn_command_need_malloc();
    kn_command_run(&child, NULL, "run", "--stats-format=json", kn_command_known_blocks(), "1000",
                   "100", NULL);
    kn_child_assert_exit(&child, 0);
    kn_child_assert_says(&child, "\"program\":\"known_blocks\",\"used_bytes\":112000,");
    kn_child_assert_says(&child, "\"block_bytes\":112,");
    kn_child_assert_says(&child, "\"used_blocks\":1000,");
    ck_assert_ptr_eq(strchr(child.output, '\n'), child.output + child.output_bytes - 1);
}

KN_TEST(exit_stats, say_when_other_threads_went_on)
{
    kn_command_need_preload();
    kn_command_run(&child, NULL, "run", "--stats", kn_command_known_blocks(), "10", "16", "thread",
                   NULL);
    kn_child_assert_exit(&child, 0);
    kn_child_assert_says(&child, "2 threads were running");
}

/* ---- where the table goes ---- */

KN_TEST(exit_stats, keep_the_status_and_say_nothing_unless_asked)
{
    kn_command_need_preload();
    kn_command_run(&child, NULL, "run", "--stats", kn_command_known_blocks(), "1", "16", "status",
                   "42", NULL);
    kn_child_assert_exit(&child, 42);
    kn_child_assert_says(&child, TITLE);
    kn_command_run(&child, NULL, "run", kn_command_known_blocks(), "1", "16", NULL);
    kn_child_assert_exit(&child, 0);
    ck_assert_str_eq(child.output, "");
}

KN_TEST(exit_stats, do_not_come_when_the_program_ends_without_exit)
{
    kn_command_need_preload();
    kn_command_run(&child, NULL, "run", "--stats", kn_command_known_blocks(), "1", "16", "quit",
                   NULL);
    kn_child_assert_exit(&child, 0);
    ck_assert_str_eq(child.output, "");
}

KN_TEST(exit_stats, come_when_the_program_has_closed_standard_error)
{
    kn_command_need_preload();
    kn_command_run(&child, NULL, "run", "--stats", kn_command_known_blocks(), "3", "16", "close",
                   NULL);
    kn_child_assert_exit(&child, 0);
    kn_child_assert_says(&child, TITLE);
    kn_command_run(&child, NULL, "run", "--stats", kn_command_known_blocks(), "3", "16",
                   "close-all", NULL);
    kn_child_assert_exit(&child, 0);
    ck_assert_str_eq(child.output, "");
}

KN_TEST(exit_stats, do_not_come_into_a_file_that_took_standard_errors_number)
{
    char path[128];
    kn_command_need_preload();
    snprintf(path, sizeof(path), "%s/file", kn_test_scratch());
    fclose(fopen(path, "w"));
    kn_command_run(&child, NULL, "run", "--stats", kn_command_known_blocks(), "3", "16",
                   "close-all", "replace", path, NULL);
    ck_assert_str_eq(kn_command_file(path), "");
    kn_command_run(&child, NULL, "run", "--stats", kn_command_known_blocks(), "3", "16", "replace",
                   path, NULL);
    ck_assert_str_eq(kn_command_file(path), "");
    kn_child_assert_says(&child, TITLE);
}

KN_TEST(exit_stats, come_from_a_forked_process_only_when_asked)
{
    kn_command_need_preload();
    kn_command_run(&child, NULL, "run", "--stats", kn_command_known_blocks(), "3", "16", "fork",
                   NULL);
    ck_assert_uint_eq(count_of(child.output, TITLE), 1);
    kn_command_run(&child, NULL, "run", "--stats-children", kn_command_known_blocks(), "3", "16",
                   "fork", NULL);
    ck_assert_uint_eq(count_of(child.output, TITLE), 2);
}

KN_TEST(exit_stats, go_to_a_file_wherever_the_program_goes)
{
    char path[128];
    kn_command_need_preload();
    ck_assert_int_eq(chdir(kn_test_scratch()), 0);
    for (int i = 0; i < 2; i++) {
        kn_command_run(&child, NULL, "run", "--stats=table", kn_command_known_blocks(), "3", "16",
                       "chdir", "close", NULL);
        kn_child_assert_exit(&child, 0);
        ck_assert_str_eq(child.output, "");
    }
    snprintf(path, sizeof(path), "%s/table", kn_test_scratch());
    ck_assert_uint_eq(count_of(kn_command_file(path), TITLE), 1);
}

/* The numbers of the two processes that "known_blocks ... fork" is, from its files in a directory. */
static size_t count_files(const char *directory)
{
    char command[128];
    snprintf(command, sizeof(command), "ls %s | grep -c '^t[0-9][0-9]*$'", directory);
    kn_child_run(&child, (char *[]){"sh", "-c", command, NULL}, NULL);
    return (size_t)atoi(child.output);
}

KN_TEST(exit_stats, go_to_a_file_for_each_process)
{
    char option[128];
    kn_command_need_preload();
    const char *directory = kn_test_scratch();
    snprintf(option, sizeof(option), "--stats=%s/t%%p", directory);
    kn_command_run(&child, NULL, "run", option, kn_command_known_blocks(), "3", "16", "fork", NULL);
    ck_assert_uint_eq(count_files(directory), 1);
    kn_command_run(&child, NULL, "run", option, "--stats-children", kn_command_known_blocks(), "3",
                   "16", "fork", NULL);
    ck_assert_uint_eq(count_files(directory), 3);
}

KN_TEST(exit_stats, name_a_file_that_cannot_be_written)
{
    kn_command_need_malloc();
    kn_command_run(&child, NULL, "run", "--stats=/no/such/file", "true", NULL);
    kn_child_assert_exit(&child, 125);
    ck_assert_str_eq(child.output, "knoll: --stats=/no/such/file: No such file or directory\n");
    kn_command_run(&child, NULL, "run", "--stats=/no/such/%p", "true", NULL);
    kn_child_assert_exit(&child, 0);
    kn_child_assert_says(&child, "knoll: statistics: cannot open /no/such/");
}

/* The reader of a pipe sees its end with that of the program, even if a child of it lives on. */
KN_TEST(exit_stats, leave_no_pipe_open_in_a_forked_process)
{
    kn_command_need_preload();
    time_t start = time(NULL);
    kn_command_run(&child, NULL, "run", "--stats", kn_command_known_blocks(), "3", "16", "daemon",
                   NULL);
    ck_assert_int_le(time(NULL) - start, 3);
    ck_assert_uint_eq(count_of(child.output, TITLE), 1);
}
