#include "base/compiler.h"

#include "require.h"

struct outer {
    int before;
    long member;
};

KN_TEST(compiler, container_of_gives_the_outer_object)
{
    struct outer object = {1, 2};
    long *member = &object.member;
    const long *const_member = &object.member;

    ck_assert_ptr_eq(KN_CONTAINER_OF(member, struct outer, member), &object);
    ck_assert_ptr_eq(KN_CONTAINER_OF(const_member, struct outer, member), &object);
}

KN_TEST(compiler, container_of_evaluates_its_argument_once)
{
    struct outer objects[3] = {{0, 0}};
    struct outer *next = objects;
    struct outer *found = KN_CONTAINER_OF(&(++next)->member, struct outer, member);

    ck_assert_ptr_eq(found, &objects[1]);
    ck_assert_ptr_eq(next, &objects[1]);
}

KN_TEST(compiler, array_len_counts_elements)
{
    int array[7];

    ck_assert_uint_eq(KN_ARRAY_LEN(array), 7);
}
