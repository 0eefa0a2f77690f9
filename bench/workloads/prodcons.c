/*
 * prodcons: pure producers and pure consumers.
 *
 * Stresses: every block is freed by a thread that never allocates, and every producer gets none of
 * its own frees: caches per thread only fill up on one side and run dry on the other. Modelled
 * after: xmalloc-test by Chuck Lever and David Boreham ("malloc() Performance in a Multithreaded
 * Linux Environment", 2000), in the asymmetric form of mimalloc-bench; here with a bounded queue
 * and a fixed number of blocks, so that memory can be compared. Arguments: size in bytes (0: 16 to
 * 512 at random), batch of blocks handed over at a time, queue of batches, batches per producer,
 * threads (half produce, half consume; at least one of each). One operation: one malloc by a
 * producer and its free by a consumer.
 */
#include "bench/support/blocks.h"

/* Batches wait full or empty; both lists are rings as long as the number of batches. */
struct ring {
    void ***batches;
    size_t first, count;
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed_full, changed_empty;
    struct ring full, empty;
    size_t capacity;
    unsigned producers, producers_left;
};

static void ring_put(struct ring *ring, size_t capacity, void **batch)
{
    ring->batches[(ring->first + ring->count++) % capacity] = batch;
}

static void **ring_take(struct ring *ring, size_t capacity)
{
    void **batch = ring->batches[ring->first];
    ring->first = (ring->first + 1) % capacity;
    ring->count--;
    return batch;
}

static void **queue_take_empty(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->empty.count == 0)
        pthread_cond_wait(&queue->changed_empty, &queue->lock);
    void **batch = ring_take(&queue->empty, queue->capacity);
    pthread_mutex_unlock(&queue->lock);
    return batch;
}

/* NULL when all producers have finished and nothing is left. */
static void **queue_take_full(struct queue *queue)
{
    void **batch = NULL;
    pthread_mutex_lock(&queue->lock);
    while (queue->full.count == 0 && queue->producers_left > 0)
        pthread_cond_wait(&queue->changed_full, &queue->lock);
    if (queue->full.count > 0)
        batch = ring_take(&queue->full, queue->capacity);
    pthread_mutex_unlock(&queue->lock);
    return batch;
}

static void queue_put(struct queue *queue, struct ring *ring, pthread_cond_t *changed, void **batch)
{
    pthread_mutex_lock(&queue->lock);
    ring_put(ring, queue->capacity, batch);
    pthread_cond_signal(changed);
    pthread_mutex_unlock(&queue->lock);
}

static void producer_run(struct kb_thread *self, struct queue *queue)
{
    uint64_t size = kb_arg(self->run, "size");
    uint64_t blocks = kb_arg(self->run, "batch");
    uint64_t batches = kb_arg(self->run, "batches");
    for (uint64_t i = 0; i < batches; i++) {
        void **batch = queue_take_empty(queue);
        for (uint64_t at = 0; at < blocks; at++)
            batch[at] = kb_block_new(size != 0 ? size : kb_rng_range(&self->rng, 16, 512));
        queue_put(queue, &queue->full, &queue->changed_full, batch);
    }
    pthread_mutex_lock(&queue->lock);
    if (--queue->producers_left == 0)
        pthread_cond_broadcast(&queue->changed_full);
    pthread_mutex_unlock(&queue->lock);
}

static void consumer_run(struct kb_thread *self, struct queue *queue)
{
    uint64_t blocks = kb_arg(self->run, "batch");
    for (void **batch; (batch = queue_take_full(queue)) != NULL;) {
        for (uint64_t at = 0; at < blocks; at++)
            kb_block_delete(batch[at]);
        queue_put(queue, &queue->empty, &queue->changed_empty, batch);
    }
}

static void prodcons_thread(struct kb_thread *self)
{
    struct queue *queue = self->shared;
    if (self->index < queue->producers)
        producer_run(self, queue);
    else
        consumer_run(self, queue);
}

static void prodcons_run(struct kb_run *run)
{
    if (run->threads < 2)
        run->threads = 2;
    size_t capacity = kb_arg(run, "queue");
    uint64_t blocks = kb_arg(run, "batch");
    struct queue queue = {.capacity = capacity, .producers = run->threads / 2};
    queue.producers_left = queue.producers;
    pthread_mutex_init(&queue.lock, NULL);
    pthread_cond_init(&queue.changed_full, NULL);
    pthread_cond_init(&queue.changed_empty, NULL);
    queue.full.batches = kb_table_map(capacity, sizeof *queue.full.batches);
    queue.empty.batches = kb_table_map(capacity, sizeof *queue.empty.batches);
    void **table = kb_table_map(capacity * blocks, sizeof *table);
    for (size_t i = 0; i < capacity; i++)
        ring_put(&queue.empty, capacity, table + i * blocks);
    kb_threads_run(run, run->threads, 0, prodcons_thread, &queue);
    kb_table_unmap(table, capacity * blocks, sizeof *table);
    kb_table_unmap(queue.full.batches, capacity, sizeof *queue.full.batches);
    kb_table_unmap(queue.empty.batches, capacity, sizeof *queue.empty.batches);
    pthread_cond_destroy(&queue.changed_full);
    pthread_cond_destroy(&queue.changed_empty);
    pthread_mutex_destroy(&queue.lock);
    run->ops = blocks * kb_arg(run, "batches") * queue.producers;
}

const struct kb_workload kb_workload_prodcons = {
    .name = "prodcons",
    .summary = "pure producers and pure consumers",
    .operation = "one malloc and its free by another thread",
    .run = prodcons_run,
    .params = {{"size", 64, 0, NULL, "bytes; 0: 16 to 512 at random"},
               {"batch", 120, 20, NULL, "blocks handed over at a time"},
               {"queue", 64, 8, NULL, "batches in the queue at most"},
               {"batches", 60000, 200, NULL, "per producer"}},
};
