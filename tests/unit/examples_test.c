/* Every program of examples/ runs, says something, and ends well. */
#include "child.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static struct kn_child child;

static bool is_source_of_c(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL && dot != name && (strcmp(dot, ".c") == 0 || strcmp(dot, ".cpp") == 0);
}

static void run_example(const char *file)
{
    char built[300];
    char path[512];
    snprintf(built, sizeof(built), "examples/%.*s", (int)(strrchr(file, '.') - file), file);
    snprintf(path, sizeof(path), "%s", kn_test_built(built));
    kn_child_run(&child, (char *[]){path, NULL}, NULL);
    kn_child_assert_exit(&child, 0);
    ck_assert_msg(child.output_bytes != 0, "%s says nothing", file);
}

KN_TEST(examples, run_and_end_well)
{
    DIR *directory = opendir(kn_test_source("examples"));
    if (directory == NULL)
        kn_test_skip("there are no examples");
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (is_source_of_c(entry->d_name))
            run_example(entry->d_name);
    closedir(directory);
}
