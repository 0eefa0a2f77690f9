/*
 * The end of threads. A thread that got a heap arms a hook that gives the heap up when the thread
 * ends.
 *
 * It is a destructor of a pthread key, made at start so that it is among the first: libc then keeps
 * the value in the thread's own block and need not allocate. Destructors of other keys may run
 * later and allocate; such a thread works through the shared heap, so nothing is lost and the hook
 * need not run again.
 */
#ifndef KN_CORE_THREAD_H
#define KN_CORE_THREAD_H

void kn_threads_init(void);

/* Makes kn_heap_thread_end run when the calling thread ends. */
void kn_thread_arm_end_hook(void);

#endif
