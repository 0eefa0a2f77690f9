#include "crime.h"

#include "child.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <knoll/knoll.h>

static void make_realloc(void *p)
{
    p = knoll_realloc(p, 100);
    ck_assert_ptr_null(p);
}

static void make_recalloc(void *p)
{
    p = knoll_recalloc(p, 10, 10);
    ck_assert_ptr_null(p);
}

static void make_expand(void *p)
{
    ck_assert_ptr_null(knoll_expand(p, 1));
}

static void make_usable_size(void *p)
{
    ck_assert_uint_eq(knoll_usable_size(p), 0);
}

static void make_free_sized(void *p)
{
    knoll_free_sized(p, 100);
}

static void make_free_aligned_sized(void *p)
{
    knoll_free_aligned_sized(p, 16, 100);
}

static void make_free_batch(void *p)
{
    knoll_free_batch(&p, 1);
}

const struct crime_call crime_calls[] = {
    {"free", knoll_free},
    {"free_sized", make_free_sized},
    {"free_aligned_sized", make_free_aligned_sized},
    {"knoll_free_batch", make_free_batch},
    {"realloc", make_realloc},
    {"knoll_recalloc", make_recalloc},
    {"knoll_expand", make_expand},
    {"malloc_usable_size", make_usable_size},
    {NULL, NULL},
};

struct scene {
    const struct crime_call *call;
    void *(*setup)(void);
    void **pointer; /* shared with the parent, which wants to know it */
};

static void commit(void *arg)
{
    const struct scene *scene = arg;
    *scene->pointer = scene->setup();
    scene->call->make(*scene->pointer);
}

static void expect_one_line(const struct kn_child *child, const char *begin, const char *says)
{
    const char *end = strchr(child->output, '\n');
    kn_child_assert_says(child, says);
    if (strncmp(child->output, begin, strlen(begin)) != 0 || end == NULL || end[1] != '\0')
        ck_abort_msg("one line beginning with \"%s\" was expected, this was said: %s", begin,
                     child->output);
}

void crime_expect_abort(const struct crime_call *call, void *(*setup)(void), const char *says)
{
    char begin[128];
    struct kn_child child;
    void **pointer =
        mmap(NULL, sizeof(*pointer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(pointer, MAP_FAILED);
    struct scene scene = {call, setup, pointer};
    kn_child_call(&child, commit, &scene);
    kn_child_assert_signal(&child, SIGABRT);
    snprintf(begin, sizeof(begin), "knoll: %s(%#zx): ", call->reported_as, (size_t)*pointer);
    expect_one_line(&child, begin, says);
    munmap(pointer, sizeof(*pointer));
}

void crime_expect_abort_of_all(void *(*setup)(void), const char *says, size_t skipped)
{
    for (const struct crime_call *call = &crime_calls[skipped]; call->reported_as != NULL; call++)
        crime_expect_abort(call, setup, says);
}
