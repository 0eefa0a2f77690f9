/* knoll run: what becomes of the program, and of wrong arguments. */
#include "command.h"

#include <fcntl.h>
#include <elf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct kn_child child;

static void write_file(const char *path, const void *data, size_t bytes, mode_t mode)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, bytes, file), bytes);
    fclose(file);
    ck_assert_int_eq(chmod(path, mode), 0);
}

/* The path of an empty file of that name. Kept until the next call. */
static const char *make_file(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", kn_test_scratch(), name);
    write_file(path, "", 0, 0644);
    return path;
}

/* ---- the program's end is the command's ---- */

KN_TEST(cli_run, passes_the_exit_status_on)
{
    kn_command_need_preload();
    kn_command_run(&child, NULL, "run", "--", "sh", "-c", "exit 37", NULL);
    kn_child_assert_exit(&child, 37);
    kn_command_run(&child, NULL, "run", "true", NULL);
    kn_child_assert_exit(&child, 0);
    ck_assert_str_eq(child.output, "");
}

KN_TEST(cli_run, dies_by_the_signal_that_kills_the_program)
{
    kn_command_need_preload();
    kn_command_run(&child, NULL, "run", "--", "sh", "-c", "kill -TERM $$", NULL);
    kn_child_assert_signal(&child, SIGTERM);
    kn_command_run(&child, NULL, "run", kn_command_known_blocks(), "1", "1", "abort", NULL);
    kn_child_assert_signal(&child, SIGABRT);
}

KN_TEST(cli_run, is_the_process_of_the_program)
{
    kn_command_need_preload();
    kn_child_run(&child,
                 (char *[]){"sh", "-c", "echo $$; exec \"$0\" run -- sh -c 'echo $$'",
                            (char *)kn_test_built("knoll"), NULL},
                 NULL);
    long before, after;
    ck_assert_int_eq(sscanf(child.output, "%ld %ld", &before, &after), 2);
    ck_assert_int_eq(before, after);
}

KN_TEST(cli_run, leaves_the_arguments_of_the_program_alone)
{
    kn_command_need_preload();
    kn_command_run(&child, NULL, "run", "echo", "--stats", "-h", "--", "x y", NULL);
    kn_child_assert_exit(&child, 0);
    ck_assert_str_eq(child.output, "--stats -h -- x y\n");
}

/* ---- the environment ---- */

KN_TEST(cli_run, loads_the_library_ahead_of_what_is_preloaded)
{
    char expected[600];
    kn_command_need_preload();
    snprintf(expected, sizeof(expected), "%s:libc.so.6\n", kn_test_built("libknoll.so"));
    kn_command_run(&child, (char *[]){"LD_PRELOAD=libc.so.6", NULL}, "run", "--", "sh", "-c",
                   "echo $LD_PRELOAD", NULL);
    kn_child_assert_exit(&child, 0);
    ck_assert_str_eq(child.output, expected);
}

KN_TEST(cli_run, is_loaded_once_when_run_runs_run)
{
    char expected[600];
    kn_command_need_preload();
    snprintf(expected, sizeof(expected), "%s\n", kn_test_built("libknoll.so"));
    kn_command_run(&child, NULL, "run", kn_test_built("knoll"), "run", "--", "sh", "-c",
                   "echo $LD_PRELOAD", NULL);
    ck_assert_str_eq(child.output, expected);
}

KN_TEST(cli_run, lets_a_preloaded_sanitizer_come_first)
{
    char preload[160];
    char expected[600];
    kn_command_need_preload();
    const char *path = make_file("libasan.so.8");
    snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", path);
    kn_command_run(&child, (char *[]){preload, NULL}, "run", "--", "sh", "-c", "echo $LD_PRELOAD",
                   NULL);
    snprintf(expected, sizeof(expected), "%s:%s\n", path, kn_test_built("libknoll.so"));
    kn_child_assert_says(&child, expected);
}

KN_TEST(cli_run, makes_options_of_flags)
{
    kn_command_need_preload();
    kn_command_run(&child, (char *[]){"KNOLL_OPTIONS=dirty_share=9", NULL}, "run",
                   "--dirty_min=16M", "--limit-hard", "2G", "-o", "on_error=report", "--deepbind",
                   "--", "sh", "-c", "echo $KNOLL_OPTIONS", NULL);
    kn_child_assert_exit(&child, 0);
    ck_assert_str_eq(child.output, "dirty_share=9,dirty_min=16M,limit_hard=2G,on_error=report,"
                                   "deepbind=on\n");
}

/* Runs a script of the shell with the command as $0 and the library as $1. */
static void run_script(const char *script)
{
    char command[512];
    char library[512];
    snprintf(command, sizeof(command), "%s", kn_test_built("knoll"));
    snprintf(library, sizeof(library), "%s", kn_test_built("libknoll.so"));
    unsetenv("LD_PRELOAD");
    unsetenv("KNOLL_LIBRARY");
    kn_child_run(&child, (char *[]){"sh", "-c", (char *)script, command, library, NULL}, NULL);
}

KN_TEST(cli_run, puts_the_runtime_that_the_program_needs_first)
{
    kn_command_need_preload();
    run_script("d=$(mktemp -d) && trap 'rm -r $d' EXIT && cd $d || exit 1\n"
               "echo 'int main(void) { return 7; }' >a.c\n"
               "cc -fsanitize=address a.c -o a 2>/dev/null && ldd a | grep -q libasan || exit 99\n"
               "$0 run ./a\n");
    if (WEXITSTATUS(child.status) == 99)
        kn_test_skip("the compiler has no shared runtime of the address sanitizer");
    kn_child_assert_exit(&child, 7);
    kn_child_assert_says(&child, "note: ./a was built with libasan.so");
    ck_assert_ptr_null(strstr(child.output, "does not come first"));
}

/* ---- where the library is ---- */

KN_TEST(cli_run, finds_the_library_where_it_is_installed)
{
    kn_command_need_preload();
    run_script("d=$(mktemp -d) && trap 'rm -r $d' EXIT || exit 1\n"
               "mkdir -p $d/bin $d/lib/some-linux-abi && cp $0 $d/bin || exit 1\n"
               "for lib in lib/some-linux-abi lib; do\n"
               "    cp $1 $d/$lib/libknoll.so.0\n"
               "    test $($d/bin/knoll run sh -c 'echo $LD_PRELOAD') = $d/$lib/libknoll.so.0 ||\n"
               "        exit 1\n"
               "done\n");
    kn_child_assert_exit(&child, 0);
}

KN_TEST(cli_run, says_where_it_looked_for_the_library)
{
    run_script("d=$(mktemp -d) && trap 'rm -r $d' EXIT && cp $0 $d && $d/knoll run true");
    kn_child_assert_exit(&child, 125);
    kn_child_assert_says(&child, "knoll: libknoll.so is neither beside this command nor in ../lib");
}

KN_TEST(cli_run, asks_for_a_link_when_the_path_has_a_space)
{
    kn_command_need_preload();
    run_script("d=$(mktemp -d) && trap 'rm -r $d' EXIT && mkdir \"$d/a b\" || exit 1\n"
               "cp $0 $1 \"$d/a b\"; \"$d/a b/knoll\" run true; test $? = 125 || exit 1\n"
               "ln -s \"$d/a b/libknoll.so\" $d/link\n"
               "KNOLL_LIBRARY=$d/link \"$d/a b/knoll\" run sh -c 'exit 9'\n");
    kn_child_assert_exit(&child, 9);
    kn_child_assert_says(&child, "LD_PRELOAD cannot hold a path with a space");
}

/* ---- complaints ---- */

KN_TEST(cli_run, complains_with_127_when_there_is_no_program)
{
    kn_command_need_preload();
    kn_command_run(&child, NULL, "run", "no-such-program", NULL);
    kn_child_assert_exit(&child, 127);
    ck_assert_str_eq(child.output, "knoll: no-such-program: there is no such program in PATH\n");
    kn_command_run(&child, NULL, "run", "./no/such/program", NULL);
    kn_child_assert_exit(&child, 127);
    ck_assert_str_eq(child.output, "knoll: ./no/such/program: there is no such program\n");
}

KN_TEST(cli_run, complains_with_126_when_the_file_cannot_be_run)
{
    kn_command_need_preload();
    const char *path = make_file("program");
    kn_command_run(&child, NULL, "run", path, NULL);
    kn_child_assert_exit(&child, 126);
    kn_child_assert_says(&child, "it may not be executed\n");
    kn_command_run(&child, NULL, "run", "/tmp", NULL);
    kn_child_assert_exit(&child, 126);
}

KN_TEST(cli_run, names_the_nearest_option_and_lists_all)
{
    kn_command_run(&child, NULL, "run", "--dirty-mn=3", "--", "true", NULL);
    kn_child_assert_exit(&child, 125);
    kn_child_assert_says(&child, "knoll: no option --dirty-mn; did you mean --dirty_min?\n");
    kn_child_assert_says(&child, "--dirty_share      8         1 to 1024\n");
    kn_command_run(&child, NULL, "run", "-o", "on_eror=report", "true", NULL);
    kn_child_assert_exit(&child, 125);
    kn_child_assert_says(&child, "the library has no option on_eror; did you mean on_error?\n");
    kn_child_assert_says(&child, "abort, report, ignore\n");
    kn_command_run(&child, NULL, "run", "-x", "true", NULL);
    kn_child_assert_exit(&child, 125);
    kn_child_assert_says(&child, "knoll: no option -x\n");
}

KN_TEST(cli_run, names_the_valid_values_when_one_is_wrong)
{
    kn_command_run(&child, NULL, "run", "--dirty_share=2000", "true", NULL);
    kn_child_assert_exit(&child, 125);
    ck_assert_str_eq(child.output,
                     "knoll: --dirty_share=2000: 2000 is out of range; valid: 1 to 1024\n");
    kn_command_run(&child, NULL, "run", "--on_error=explode", "true", NULL);
    kn_child_assert_says(&child, "explode is not a value; valid: abort, report, ignore\n");
    kn_command_run(&child, NULL, "run", "--stats-format=xml", "true", NULL);
    kn_child_assert_exit(&child, 125);
    kn_child_assert_says(&child, "--stats-format=xml is no format; valid: text, json\n");
    kn_command_run(&child, NULL, "run", "--stats-children=3", "true", NULL);
    kn_child_assert_says(&child, "--stats-children takes no value\n");
    kn_command_run(&child, NULL, "run", "--dirty_min", NULL);
    kn_child_assert_says(&child, "--dirty_min needs a value");
}

KN_TEST(cli_run, complains_when_there_is_nothing_to_run)
{
    kn_command_run(&child, NULL, "run", NULL);
    kn_child_assert_exit(&child, 125);
    kn_child_assert_says(&child, "knoll: run needs a program");
    kn_command_run(&child, NULL, "run", "--", NULL);
    kn_child_assert_exit(&child, 125);
}

KN_TEST(cli_run, complains_when_the_library_is_no_library)
{
    kn_command_run(&child, (char *[]){"KNOLL_LIBRARY=/no/such/library", NULL}, "run", "true", NULL);
    kn_child_assert_exit(&child, 125);
    ck_assert_str_eq(child.output,
                     "knoll: KNOLL_LIBRARY: /no/such/library: No such file or directory\n");
    kn_command_run(&child, (char *[]){"KNOLL_LIBRARY=/bin/sh", NULL}, "run", "true", NULL);
    kn_child_assert_exit(&child, 125);
    kn_child_assert_says(&child, "is not a shared library for this machine\n");
}

/* ---- programs into which nothing can be loaded ---- */

/* An executable's header without a loader, of this machine or of another. */
static void make_program(const char *path, bool is_foreign)
{
    Elf64_Ehdr header;
    FILE *own = fopen("/proc/self/exe", "r");
    ck_assert_uint_eq(fread(&header, 1, sizeof(header), own), sizeof(header));
    fclose(own);
    header.e_phnum = 0;
    header.e_phoff = 0;
    if (is_foreign)
        header.e_machine = EM_68K;
    write_file(path, &header, sizeof(header), 0755);
}

KN_TEST(cli_run, says_that_the_library_must_be_linked_into_a_static_program)
{
    kn_command_need_preload();
    const char *path = make_file("program");
    make_program(path, false);
    kn_command_run(&child, NULL, "run", path, NULL);
    kn_child_assert_exit(&child, 126);
    kn_child_assert_says(&child, "is statically linked");
    kn_child_assert_says(&child, "libknoll.a");
}

KN_TEST(cli_run, says_that_a_program_is_for_another_machine)
{
    kn_command_need_preload();
    const char *path = make_file("program");
    make_program(path, true);
    kn_command_run(&child, NULL, "run", path, NULL);
    kn_child_assert_exit(&child, 126);
    kn_child_assert_says(&child, "is a program for another machine");
}

KN_TEST(cli_run, looks_at_the_interpreter_of_a_script)
{
    char text[400];
    char program[128];
    kn_command_need_preload();
    snprintf(program, sizeof(program), "%s", make_file("program"));
    make_program(program, false);
    const char *script = make_file("script");
    snprintf(text, sizeof(text), "#! %s -x\n", program);
    write_file(script, text, strlen(text), 0755);
    kn_command_run(&child, NULL, "run", script, NULL);
    kn_child_assert_exit(&child, 126);
    snprintf(text, sizeof(text), "%s, which runs %s, is statically linked", program, script);
    kn_child_assert_says(&child, text);
}

KN_TEST(cli_run, refuses_programs_with_more_rights_than_their_user)
{
    char command[160];
    kn_command_need_preload();
    if (geteuid() != 0)
        kn_test_skip("only root can make a program that is another user's");
    const char *path = make_file("program");
    snprintf(command, sizeof(command), "cp /bin/true %s", path);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(chown(path, 1, 1), 0);
    ck_assert_int_eq(chmod(path, 04755), 0);
    kn_command_run(&child, NULL, "run", path, NULL);
    kn_child_assert_exit(&child, 126);
    kn_child_assert_says(&child, "runs with more rights than its user (set-user-ID)");
}

/* ---- the rest of the command ---- */

KN_TEST(cli, helps)
{
    kn_command_run(&child, NULL, "--help", NULL);
    kn_child_assert_exit(&child, 0);
    kn_child_assert_says(&child, "usage: knoll run [option]... [--] program [argument]...\n");
    kn_command_run(&child, NULL, "help", "run", NULL);
    kn_child_assert_exit(&child, 0);
    kn_child_assert_says(&child, "--stats[=FILE]");
    kn_child_assert_says(&child, "--on_error");
    kn_command_run(&child, NULL, "--version", NULL);
    kn_child_assert_exit(&child, 0);
    ck_assert_int_eq(strncmp(child.output, "knoll ", 6), 0);
}

KN_TEST(cli, lists_options_with_defaults_and_values)
{
    kn_command_run(&child, NULL, "options", NULL);
    kn_child_assert_exit(&child, 0);
    kn_child_assert_says(&child, "on_error           abort     abort, report, ignore\n");
    kn_child_assert_says(&child, "dirty_min          4MiB      0 to 1TiB\n");
    kn_child_assert_says(&child, "unused memory that may always be kept\n");
}

KN_TEST(cli, names_the_nearest_command)
{
    kn_command_run(&child, NULL, "rum", NULL);
    kn_child_assert_exit(&child, 125);
    kn_child_assert_says(&child, "knoll: no command rum; did you mean run?\n");
    kn_command_run(&child, NULL, NULL);
    kn_child_assert_exit(&child, 125);
    kn_child_assert_says(&child, "usage: knoll run");
}

KN_TEST(cli, fails_when_its_output_is_lost)
{
    kn_child_run(
        &child,
        (char *[]){"sh", "-c", "\"$0\" options >/dev/full", (char *)kn_test_built("knoll"), NULL},
        NULL);
    kn_child_assert_exit(&child, 125);
    kn_child_assert_says(&child, "standard output cannot be written");
}
