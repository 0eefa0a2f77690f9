/* Two lists against two arrays: pushes, pops, and splices of one onto the other. */
#include "ds/freelist.h"

#include "base/rng.h"
#include "require.h"

enum { BLOCK_BYTES = 16, BLOCK_COUNT = 200, STEPS = 20000 };

struct model {
    struct kn_freelist list;
    void *blocks[BLOCK_COUNT];
    size_t count;
};

static KN_ALIGNED(BLOCK_BYTES) unsigned char memory[BLOCK_COUNT][BLOCK_BYTES];
static struct model models[2], spare;
static bool is_encoded;
static uintptr_t secret;

static struct kn_freelist_bounds bounds_of_memory(void)
{
    return (struct kn_freelist_bounds){(uintptr_t)memory, sizeof(memory), BLOCK_BYTES};
}

static void push(struct model *model, void *block)
{
    if (is_encoded)
        kn_freelist_encoded_push(&model->list, secret, block);
    else
        kn_freelist_push(&model->list, block);
    model->blocks[model->count++] = block;
}

static void *pop(struct model *model)
{
    struct kn_freelist_bounds in = bounds_of_memory();
    void *expected = model->count > 0 ? model->blocks[--model->count] : NULL;
    void *block;

    if (is_encoded)
        kn_require(kn_freelist_encoded_try_pop(&model->list, secret, &in, &block));
    else
        block = kn_freelist_pop(&model->list);
    kn_require(block == expected);
    return block;
}

static void splice(struct model *to, struct model *from)
{
    void *last = from->count > 0 ? from->blocks[0] : NULL;
    void *first = kn_freelist_take(&from->list);

    if (first == NULL)
        return;
    if (is_encoded)
        kn_freelist_encoded_splice(&to->list, secret, first, last);
    else
        kn_freelist_splice(&to->list, first, last);
    for (size_t i = 0; i < from->count; i++)
        to->blocks[to->count++] = from->blocks[i];
    from->count = 0;
}

static void check(const struct model *model)
{
    struct kn_freelist_bounds in = bounds_of_memory();

    kn_require(kn_freelist_is_empty(&model->list) == (model->count == 0));
    kn_require_sound(is_encoded ? kn_freelist_encoded_check(&model->list, secret, &in, model->count)
                                : kn_freelist_check(&model->list, &in, model->count));
}

/* Runs plain (0) and encoded (1). */
KN_TEST_LOOP(freelist_model, agrees_with_an_array, 0, 2)
{
    struct kn_rng rng;

    kn_rng_seed(&rng, kn_test_seed());
    is_encoded = _i == 1;
    secret = (uintptr_t)kn_rng_next(&rng);
    for (size_t i = 0; i < BLOCK_COUNT; i++)
        push(&spare, memory[i]);
    for (unsigned step = 0; step < STEPS; step++) {
        struct model *model = &models[kn_rng_below(&rng, 2)];
        uint64_t choice = kn_rng_below(&rng, 100);

        if (choice < 55 && spare.count > 0) {
            push(model, pop(&spare));
        } else if (choice < 97) {
            void *block = pop(model);

            if (block != NULL)
                push(&spare, block);
        } else {
            splice(model, model == &models[0] ? &models[1] : &models[0]);
        }
        check(&models[0]);
        check(&models[1]);
        check(&spare);
    }
}
