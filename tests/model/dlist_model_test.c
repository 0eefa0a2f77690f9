/* Two lists against two arrays. */
#include "ds/dlist.h"

#include "base/rng.h"
#include "require.h"

enum { NODE_COUNT = 40, STEPS = 20000 };

struct model {
    struct kn_dlist head;
    struct kn_dlist *nodes[NODE_COUNT];
    size_t count;
};

static struct kn_dlist nodes[NODE_COUNT];
static struct model models[2];

static void insert_at(struct model *model, size_t index, struct kn_dlist *node)
{
    memmove(model->nodes + index + 1, model->nodes + index,
            (model->count - index) * sizeof(model->nodes[0]));
    model->nodes[index] = node;
    model->count++;
}

static void remove_at(struct model *model, size_t index)
{
    model->count--;
    memmove(model->nodes + index, model->nodes + index + 1,
            (model->count - index) * sizeof(model->nodes[0]));
}

static void check(const struct model *model)
{
    const struct kn_dlist *node = kn_dlist_first(&model->head);

    kn_require_sound(kn_dlist_check(&model->head));
    for (size_t i = 0; i < model->count; i++) {
        kn_require(node == model->nodes[i]);
        node = kn_dlist_next(&model->head, node);
    }
    kn_require(node == NULL);
    kn_require(kn_dlist_is_empty(&model->head) == (model->count == 0));
}

static void add(struct model *model, struct kn_dlist *node, struct kn_rng *rng)
{
    size_t index = (size_t)kn_rng_below(rng, model->count + 1);

    if (index == 0)
        kn_dlist_push_front(&model->head, node);
    else if (index == model->count)
        kn_dlist_push_back(&model->head, node);
    else
        kn_dlist_insert_after(model->nodes[index - 1], node);
    insert_at(model, index, node);
}

static void splice(struct model *to, struct model *from)
{
    kn_dlist_splice_back(&to->head, &from->head);
    memcpy(to->nodes + to->count, from->nodes, from->count * sizeof(from->nodes[0]));
    to->count += from->count;
    from->count = 0;
}

KN_TEST(dlist_model, agrees_with_an_array)
{
    struct kn_rng rng;

    kn_rng_seed(&rng, kn_test_seed());
    kn_dlist_init(&models[0].head);
    kn_dlist_init(&models[1].head);
    for (unsigned step = 0; step < STEPS; step++) {
        struct model *model = &models[kn_rng_below(&rng, 2)];
        struct kn_dlist *node = &nodes[kn_rng_below(&rng, NODE_COUNT)];

        if (kn_rng_below(&rng, 50) == 0) {
            splice(model, model == &models[0] ? &models[1] : &models[0]);
        } else if (!kn_dlist_is_linked(node)) {
            add(model, node, &rng);
        } else if (model->count > 0) {
            size_t index = (size_t)kn_rng_below(&rng, model->count);

            kn_dlist_remove(model->nodes[index]);
            remove_at(model, index);
        }
        check(&models[0]);
        check(&models[1]);
    }
}
