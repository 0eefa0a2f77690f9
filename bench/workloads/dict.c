/*
 * dict: a dictionary of strings that grows, is updated and shrinks.
 *
 * Stresses: what interpreters and caches do: an entry, a key and a value of separate sizes per
 * item, values replaced by others of a different length, and a table of pointers that doubles.
 * Modelled after: no published benchmark; hash tables of Redis, Perl and Python work so.
 * Arguments: items, updates, max length of a value in bytes, threads (each with a dictionary).
 * One operation: one insertion, update or removal.
 */
#include "bench/support/blocks.h"

struct entry {
    struct entry *next;
    uint64_t number;
    char *key; /* marked blocks */
    char *value;
};

struct dict {
    struct entry **chains;
    uint64_t chain_count, items;
};

static uint64_t number_hash(uint64_t number)
{
    return (number * KB_RNG_STEP) >> 20;
}

static struct entry **chains_new(uint64_t count)
{
    struct entry **chains = kb_calloc(count, sizeof *chains);
    if (chains == NULL)
        kb_die("out of memory");
    return chains;
}

static void dict_double(struct dict *dict)
{
    uint64_t count = dict->chain_count * 2;
    struct entry **chains = chains_new(count);
    for (uint64_t i = 0; i < dict->chain_count; i++) {
        for (struct entry *entry = dict->chains[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            struct entry **chain = &chains[number_hash(entry->number) % count];
            entry->next = *chain;
            *chain = entry;
        }
    }
    kb_free(dict->chains, dict->chain_count * sizeof *chains);
    dict->chains = chains;
    dict->chain_count = count;
}

static size_t value_size(struct kb_rng *rng, uint64_t max)
{
    return (size_t)kb_rng_pareto(rng, 16, max);
}

static void dict_insert(struct dict *dict, uint64_t number, struct kb_rng *rng, uint64_t max)
{
    struct entry *entry = kb_malloc(sizeof *entry);
    if (entry == NULL)
        kb_die("out of memory");
    struct entry **chain = &dict->chains[number_hash(number) % dict->chain_count];
    *entry = (struct entry){*chain, number, kb_block_new(16 + number % 17),
                            kb_block_new(value_size(rng, max))};
    *chain = entry;
    if (++dict->items > dict->chain_count)
        dict_double(dict);
}

static struct entry **dict_find(struct dict *dict, uint64_t number)
{
    struct entry **link = &dict->chains[number_hash(number) % dict->chain_count];
    while (*link != NULL && (*link)->number != number)
        link = &(*link)->next;
    if (*link == NULL)
        kb_broken("an entry is lost", dict->chains, dict->chain_count * sizeof *link);
    return link;
}

static void dict_update(struct dict *dict, uint64_t number, struct kb_rng *rng, uint64_t max)
{
    struct entry *entry = *dict_find(dict, number);
    kb_block_verify(entry->key);
    kb_block_delete(entry->value);
    entry->value = kb_block_new(value_size(rng, max));
}

static void dict_remove(struct dict *dict, uint64_t number)
{
    struct entry **link = dict_find(dict, number);
    struct entry *entry = *link;
    *link = entry->next;
    kb_block_delete(entry->key);
    kb_block_delete(entry->value);
    kb_free(entry, sizeof *entry);
    dict->items--;
}

static void dict_thread(struct kb_thread *self)
{
    uint64_t items = kb_arg(self->run, "items");
    uint64_t updates = kb_arg(self->run, "updates");
    uint64_t max = kb_arg(self->run, "max");
    struct dict dict = {.chains = chains_new(16), .chain_count = 16};
    for (uint64_t i = 0; i < items; i++)
        dict_insert(&dict, i, &self->rng, max);
    for (uint64_t i = 0; i < updates; i++)
        dict_update(&dict, kb_rng_below(&self->rng, items), &self->rng, max);
    for (uint64_t i = 0; i < items; i++)
        dict_remove(&dict, i);
    kb_free(dict.chains, dict.chain_count * sizeof *dict.chains);
}

static void dict_run(struct kb_run *run)
{
    kb_threads_run(run, run->threads, 0, dict_thread, NULL);
    run->ops = (2 * kb_arg(run, "items") + kb_arg(run, "updates")) * run->threads;
}

const struct kb_workload kb_workload_dict = {
    .name = "dict",
    .summary = "a dictionary of strings that grows, is updated and shrinks",
    .operation = "one insertion, update or removal",
    .run = dict_run,
    .params = {{"items", 300000, 500, NULL, "per thread"},
               {"updates", 1500000, 2000, NULL, "per thread"},
               {"max", 2048, 2048, NULL, "greatest length of a value in bytes"}},
};
