#include "model_worker.h"

#include "base/align.h"
#include "base/atomic.h"
#include "harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    ERRNO_BEFORE = 77, /* no call may leave another value without a reason */
    BATCH_MAX = 48,
    HELPER_BLOCKS_MAX = 24,
    HELPER_OPERATIONS = 96,
    ALIGN_LOG2_MAX = 21,
    LARGE_BYTES_MIN = 100000,
    LOOKS_FOR_LARGE = 20,
};

_Noreturn static void give_up(const struct model_worker *w, const struct model_block *block,
                              size_t offset, const char *what)
{
    ck_abort_msg("%s: %s; seed %llu, thread %u%s, operation %llu; block %p of %zu bytes (usable "
                 "%zu, align %zu), offset %zd",
                 w->plan->calls->name, what, (unsigned long long)kn_test_seed(), w->index,
                 w->is_helper ? " (helper)" : "", (unsigned long long)w->operation,
                 block == NULL ? NULL : (void *)block->start, block == NULL ? 0 : block->bytes,
                 block == NULL ? 0 : block->usable, block == NULL ? 0 : block->align,
                 (ssize_t)offset);
    abort();
}

static size_t below(struct model_worker *w, size_t n)
{
    return (size_t)kn_rng_below(&w->rng, n);
}

/* ---- choices ---- */

/* Uniform in the logarithm, roughly. */
static size_t pick_between(struct model_worker *w, size_t low, size_t high)
{
    size_t top = high;
    while (top / 2 > low && below(w, 2) == 0)
        top /= 2;
    return low + below(w, top - low + 1);
}

static size_t pick_any_bytes(struct model_worker *w)
{
    size_t chance = below(w, 10000);
    if (chance < 4500)
        return below(w, 129);
    if (chance < 7200)
        return below(w, 513);
    if (chance < 8700)
        return below(w, 4097);
    if (chance < 9500)
        return pick_between(w, 4096, 33000);
    if (chance < 9850)
        return pick_between(w, 32768, (size_t)256 << 10);
    if (chance < 9995)
        return pick_between(w, (size_t)256 << 10, (size_t)4 << 20);
    return pick_between(w, (size_t)4 << 20, (size_t)64 << 20);
}

static size_t pick_bytes(struct model_worker *w)
{
    if (w->mood.bytes != 0 && below(w, 3) != 0)
        return w->mood.bytes;
    size_t bytes = below(w, 100) < w->plan->large_percent
                       ? pick_between(w, (size_t)128 << 10, (size_t)4 << 20)
                       : pick_any_bytes(w);
    if (below(w, 8) == 0) /* around the border of a class */
        bytes = kn_align_up(bytes, bytes < 1024 ? 16 : 1024) + below(w, 3);
    return bytes < w->plan->bytes_max ? bytes : w->plan->bytes_max;
}

static void change_mood(struct model_worker *w)
{
    w->mood.left = 32 + (unsigned)below(w, 2000);
    w->mood.alloc_percent = 25 + (unsigned)below(w, 51);
    w->mood.is_lifo = below(w, 2) == 0;
    w->mood.bytes = 0;
    if (below(w, 2) == 0) {
        w->mood.bytes = pick_any_bytes(w) % 40000;
        if (w->mood.bytes > w->plan->bytes_max)
            w->mood.bytes = 0;
    }
}

/* ---- blocks that come and go ---- */

static void check_contents(struct model_worker *w, const struct model_block *block)
{
    size_t offset = model_block_find_damage(block, block->start, block->usable);
    if (offset != SIZE_MAX)
        give_up(w, block, offset, "the contents have changed");
}

static void keep(struct model_worker *w, struct model_block *block)
{
    w->live[w->count++] = block;
    w->bytes += block->usable;
}

static struct model_block *take(struct model_worker *w)
{
    size_t i = w->mood.is_lifo && below(w, 4) != 0 ? w->count - 1 : below(w, w->count);
    struct model_block *block = w->live[i];
    w->live[i] = w->live[--w->count];
    w->bytes -= block->usable;
    return block;
}

/* Enters what the allocator says of a block that it has just handed out or changed. */
static void occupy(struct model_worker *w, struct model_block *block)
{
    block->usable = w->plan->calls->usable_size(block->start);
    if (block->usable < block->bytes)
        give_up(w, block, block->usable, "the usable size is below what was asked for");
    if (!kn_is_aligned((uintptr_t)block->start, block->align))
        give_up(w, block, 0, "the block is not aligned as asked for");
    if (!model_try_occupy(block->start, block->usable))
        give_up(w, block, 0, "the block overlaps another one");
}

static void vacate(struct model_worker *w, const struct model_block *block)
{
    if (w->plan->calls->usable_size(block->start) != block->usable)
        give_up(w, block, 0, "the usable size has changed by itself");
    if (!model_try_vacate(block->start, block->usable))
        give_up(w, block, 0, "the model has lost the block");
}

static void expect_errno(struct model_worker *w, const struct model_block *block, int expected)
{
    if (errno != expected)
        give_up(w, block, (size_t)errno, "errno is wrong; it stands as the offset");
    errno = ERRNO_BEFORE;
}

/* Whether a call has given no memory, and was right not to. */
static bool is_refused(struct model_worker *w, const char *start, size_t bytes)
{
    if (start != NULL)
        return false;
    if (!w->plan->may_be_short)
        give_up(w, NULL, bytes, "no memory was given; the size stands as the offset");
    expect_errno(w, NULL, ENOMEM);
    return true;
}

/* A new block, of which the allocator has said that it begins at `start`. */
static void admit(struct model_worker *w, char *start, size_t bytes, size_t align, bool is_zeroed)
{
    struct model_block new = {.start = start, .bytes = bytes, .align = align};
    if (is_refused(w, start, bytes))
        return;
    expect_errno(w, &new, ERRNO_BEFORE);
    struct model_block *block = malloc(sizeof(*block));
    *block = new;
    block->identity = kn_rng_next(&w->rng);
    occupy(w, block);
    if (is_zeroed) {
        size_t offset = model_find_nonzero(start, 0, block->usable);
        if (offset != SIZE_MAX)
            give_up(w, block, offset, "the block is not zero");
    }
    model_block_fill(block);
    keep(w, block);
}

/* ---- operations ---- */

static void op_malloc(struct model_worker *w)
{
    size_t bytes = pick_bytes(w);
    char *start = w->plan->calls->malloc(bytes);
    admit(w, start, bytes, 16, false);
    if (start != NULL && w->plan->calls->good_size(bytes) > w->live[w->count - 1]->usable)
        give_up(w, w->live[w->count - 1], 0, "the usable size is below the good size");
}

static void op_zalloc(struct model_worker *w)
{
    size_t bytes = pick_bytes(w);
    admit(w, w->plan->calls->zalloc(bytes), bytes, 16, true);
}

static void op_aligned(struct model_worker *w)
{
    size_t bytes = pick_bytes(w);
    size_t align = (size_t)1 << below(w, 1 + (below(w, 8) == 0 ? ALIGN_LOG2_MAX : 12));
    bool is_zeroed = below(w, 3) == 0;
    admit(w, w->plan->calls->alloc_aligned(bytes, align, is_zeroed), bytes, align, is_zeroed);
}

static void op_malloc_batch(struct model_worker *w)
{
    void *out[BATCH_MAX];
    size_t bytes = pick_bytes(w) % 40000;
    size_t count = below(w, BATCH_MAX + 1);
    if (w->count + count > MODEL_LIVE_MAX)
        return;
    size_t done = w->plan->calls->malloc_batch(bytes, count, out);
    if (done < count)
        (void)is_refused(w, NULL, bytes);
    for (size_t i = 0; i < done; i++)
        admit(w, out[i], bytes, 16, false);
}

static void op_free(struct model_worker *w)
{
    struct model_block *block = take(w);
    check_contents(w, block);
    vacate(w, block);
    if (w->plan->calls->free_sized != NULL && below(w, 2) == 0 && block->align == 16)
        w->plan->calls->free_sized(block->start, block->bytes);
    else
        w->plan->calls->free(block->start);
    expect_errno(w, block, ERRNO_BEFORE);
    free(block);
}

static void op_free_batch(struct model_worker *w)
{
    void *starts[BATCH_MAX];
    size_t count = 0;
    for (size_t wish = below(w, BATCH_MAX + 1); count < wish && w->count != 0; count++) {
        struct model_block *block = take(w);
        check_contents(w, block);
        vacate(w, block);
        starts[count] = block->start;
        free(block);
    }
    w->plan->calls->free_batch(starts, count);
    expect_errno(w, NULL, ERRNO_BEFORE);
}

static size_t pick_new_bytes(struct model_worker *w, const struct model_block *block)
{
    size_t bytes;
    switch (below(w, 4)) {
    case 0:
        bytes = pick_bytes(w);
        break;
    case 1:
        bytes = block->bytes + below(w, block->bytes + 2);
        break;
    case 2:
        bytes = block->bytes + below(w, 65);
        break;
    default:
        bytes = below(w, block->bytes + 1);
        break;
    }
    bytes = bytes == 0 ? 1 : bytes;
    return bytes < w->plan->bytes_max ? bytes : w->plan->bytes_max;
}

static void resize(struct model_worker *w, struct model_block *block, size_t bytes)
{
    struct model_block old = *block;
    bool is_zeroing = w->plan->calls->recalloc != NULL && below(w, 4) == 0;
    vacate(w, block);
    char *start = is_zeroing ? w->plan->calls->recalloc(block->start, bytes)
                             : w->plan->calls->realloc(block->start, bytes);
    if (is_refused(w, start, bytes)) {
        occupy(w, block);
        check_contents(w, block);
        keep(w, block);
        return;
    }
    expect_errno(w, block, ERRNO_BEFORE);
    block->start = start;
    block->bytes = bytes;
    block->align = 16;
    occupy(w, block);
    size_t kept = old.usable < bytes ? old.usable : bytes;
    size_t offset = model_block_find_damage(&old, start, kept);
    if (offset != SIZE_MAX)
        give_up(w, block, offset, "the contents were not kept");
    offset = is_zeroing ? model_find_nonzero(start, kept, block->usable) : SIZE_MAX;
    if (offset != SIZE_MAX)
        give_up(w, block, offset, "the new part is not zero");
    model_block_fill(block);
    keep(w, block);
}

static void op_realloc(struct model_worker *w)
{
    struct model_block *block = take(w);
    resize(w, block, pick_new_bytes(w, block));
}

/* Lets a large block grow, if a few looks find one. */
static void op_grow(struct model_worker *w)
{
    for (unsigned looks = 0; looks < LOOKS_FOR_LARGE; looks++) {
        struct model_block *block = take(w);
        size_t bytes = block->bytes + below(w, block->bytes + 1);
        if (block->bytes > LARGE_BYTES_MIN && bytes <= w->plan->bytes_max) {
            resize(w, block, bytes);
            return;
        }
        keep(w, block);
    }
}

static void op_expand(struct model_worker *w)
{
    struct model_block *block = take(w);
    struct model_block old = *block;
    size_t bytes = block->bytes + below(w, below(w, 4) == 0 ? block->bytes + 70000 : 5000);
    vacate(w, block);
    if (w->plan->calls->try_expand(block->start, bytes))
        block->bytes = bytes > block->bytes ? bytes : block->bytes;
    expect_errno(w, block, ERRNO_BEFORE);
    occupy(w, block);
    size_t offset = model_block_find_damage(&old, block->start, old.usable);
    if (offset != SIZE_MAX)
        give_up(w, block, offset, "the contents have changed");
    model_block_fill(block);
    keep(w, block);
}

static void op_touch(struct model_worker *w)
{
    struct model_block *block = take(w);
    check_contents(w, block);
    block->identity = kn_rng_next(&w->rng);
    model_block_fill(block);
    keep(w, block);
}

/* Leaves a block for another thread and takes what one has left there. */
static void op_exchange(struct model_worker *w)
{
    struct model_block *block = below(w, 8) == 0 ? NULL : take(w);
    /* Release: what this thread has written into the block. Acquire: what the other has. */
    block = kn_exchange_acq_rel(&w->exchange->slots[below(w, MODEL_SLOTS)], block);
    if (block != NULL) {
        check_contents(w, block);
        keep(w, block);
    }
}

/* Sizes that no allocator can give. */
static void op_refused(struct model_worker *w)
{
    const struct model_calls *calls = w->plan->calls;
    size_t bytes = (size_t)PTRDIFF_MAX + 1 + (size_t)kn_rng_next(&w->rng) % PTRDIFF_MAX;
    struct model_block *block = take(w);
    if (calls->malloc(bytes) != NULL)
        give_up(w, NULL, bytes, "an impossible size was given");
    expect_errno(w, NULL, ENOMEM);
    if (calls->zalloc(bytes) != NULL || calls->alloc_aligned(bytes, 64, false) != NULL)
        give_up(w, NULL, bytes, "an impossible size was given");
    expect_errno(w, NULL, ENOMEM);
    if (calls->realloc(block->start, bytes) != NULL)
        give_up(w, NULL, bytes, "an impossible size was given");
    expect_errno(w, NULL, ENOMEM);
    if (calls->try_expand(block->start, bytes))
        give_up(w, NULL, bytes, "a block was expanded to an impossible size");
    expect_errno(w, NULL, ERRNO_BEFORE);
    check_contents(w, block);
    keep(w, block);
}

static void op_trim(struct model_worker *w)
{
    (void)w->plan->calls->trim(below(w, 2) == 0 ? 0 : below(w, (size_t)8 << 20));
    expect_errno(w, NULL, ERRNO_BEFORE);
}

/* ---- short-lived threads ---- */

static void *run_helper(void *arg)
{
    struct model_worker *helper = arg;
    errno = ERRNO_BEFORE;
    model_worker_run(helper, HELPER_OPERATIONS);
    return NULL;
}

/* Lets a thread of its own work on some of the blocks, and takes back what it leaves. */
static void op_helper(struct model_worker *w)
{
    pthread_t thread;
    struct model_worker *helper = malloc(sizeof(*helper));
    model_worker_init(helper, w->plan, w->exchange, w->index);
    kn_rng_seed(&helper->rng, kn_rng_next(&w->rng));
    helper->is_helper = true;
    for (size_t wish = below(w, HELPER_BLOCKS_MAX); wish > 0 && w->count != 0; wish--)
        keep(helper, take(w));
    if (pthread_create(&thread, NULL, run_helper, helper) != 0)
        give_up(w, NULL, 0, "no thread could be created");
    pthread_join(thread, NULL);
    while (helper->count != 0) {
        struct model_block *block = take(helper);
        if (w->count < MODEL_LIVE_MAX)
            keep(w, block);
        else
            model_worker_drop(w, block);
    }
    free(helper);
    errno = ERRNO_BEFORE;
}

/* ---- the sequence ---- */

static void allocate(struct model_worker *w)
{
    size_t chance = below(w, 100);
    if (chance < 60)
        op_malloc(w);
    else if (chance < 76)
        op_zalloc(w);
    else if (chance < 95)
        op_aligned(w);
    else
        op_malloc_batch(w);
}

static void use_blocks(struct model_worker *w)
{
    size_t chance = below(w, 1000);
    if (chance < 400)
        op_realloc(w);
    else if (chance < 420)
        op_grow(w);
    else if (chance < 600)
        op_touch(w);
    else if (chance < 850)
        op_exchange(w);
    else if (chance < 930)
        op_expand(w);
    else if (chance < 950)
        op_refused(w);
    else if (chance < 952)
        op_trim(w);
    else if (chance < 956 && !w->is_helper)
        op_helper(w);
    else
        op_free_batch(w);
}

static void step(struct model_worker *w)
{
    bool is_full = w->count == MODEL_LIVE_MAX || w->bytes >= w->plan->live_bytes_max;
    w->operation++;
    if (w->mood.left-- == 0)
        change_mood(w);
    if (w->count == 0)
        allocate(w);
    else if (is_full)
        op_free(w);
    else if (below(w, 100) < 30)
        use_blocks(w);
    else if (below(w, 100) < w->mood.alloc_percent)
        allocate(w);
    else
        op_free(w);
}

void model_worker_init(struct model_worker *worker, const struct model_plan *plan,
                       struct model_exchange *exchange, unsigned index)
{
    memset(worker, 0, offsetof(struct model_worker, live));
    worker->plan = plan;
    worker->exchange = exchange;
    worker->index = index;
}

void model_worker_run(struct model_worker *worker, uint64_t operations)
{
    errno = ERRNO_BEFORE;
    for (uint64_t i = 0; i < operations; i++)
        step(worker);
}

void model_worker_drop(struct model_worker *worker, struct model_block *block)
{
    check_contents(worker, block);
    vacate(worker, block);
    worker->plan->calls->free(block->start);
    free(block);
}

void model_worker_clear(struct model_worker *worker)
{
    while (worker->count != 0)
        model_worker_drop(worker, take(worker));
}

void model_worker_inherit(struct model_worker *to, struct model_worker *from)
{
    while (from->count != 0)
        keep(to, take(from));
}
