/*
 * Fork: the forking thread holds every lock across the fork, so the child finds the heap
 * consistent.
 *
 * The handlers are registered when the library is loaded. Handlers that others registered earlier
 * run between ours and the fork, and may allocate: while a thread forks, it passes through the
 * locks that it holds already (lock.h).
 *
 * The heaps of threads that do not exist in the child stay as they are: a thread may have been
 * interrupted in the middle of its own heap, so nobody may touch its cells and bins. Blocks of
 * theirs can be freed as ever. What is lost in the child is the free memory in their cells and
 * bins.
 */
#ifndef KN_CORE_FORK_H
#define KN_CORE_FORK_H

void kn_fork_register(void);

#endif
