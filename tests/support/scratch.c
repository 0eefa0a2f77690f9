#define _GNU_SOURCE

#include "scratch.h"

#include "harness.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Shared with the worker, which thus knows what to remove when the test has crashed. */
static char *directory;

void kn_scratch_init(char *path)
{
    directory = path;
    directory[0] = '\0';
}

const char *kn_test_scratch(void)
{
    if (directory[0] == '\0') {
        strcpy(directory, "/tmp/knoll-test-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
    }
    return directory;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

void kn_scratch_remove(void)
{
    enum { DESCRIPTORS = 16 };
    if (directory[0] == '\0')
        return;
    if (nftw(directory, remove_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS) != 0)
        perror(directory);
    directory[0] = '\0';
}
