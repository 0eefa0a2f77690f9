/*
 * A lock between processes that outlives the death of its holder.
 *
 * It lies in memory that the processes share, at any address in each. When the holder's thread ends
 * without releasing, by a kill as well as by returning, the kernel marks the lock, and the next one to
 * acquire it is told by EOWNERDEAD. That one has the lock, sets right what the lock protects, and says
 * so by kn_robust_lock_mend; if it releases without, the lock is lost for good.
 *
 * The holder may acquire again, as often as it releases in the end.
 *
 * It is a robust mutex of the C library: the kernel knows one list of locks to mark per thread, and the
 * C library is the keeper of that list. So all processes that share a lock need the same C library, of
 * the same word size. Not for the paths of malloc, whose locks are those of lock.h: the C library's
 * functions can be replaced by a program.
 *
 * Thread safety: any thread; not from a signal handler. errno is untouched.
 * Cost: acquire and release are one atomic instruction and some bookkeeping each while nobody else
 * wants the lock.
 */
#ifndef KN_OS_ROBUST_LOCK_H
#define KN_OS_ROBUST_LOCK_H

#include "base/compiler.h"

#include <pthread.h>

struct kn_robust_lock {
    pthread_mutex_t mutex;
};

/* Makes a free lock of any memory, whatever was there. 0, or an errno value: the system has no such
 * locks. */
KN_NODISCARD int kn_robust_lock_init(struct kn_robust_lock *lock);

/*
 * Waits until the calling thread has the lock.
 * 0            it has
 * EOWNERDEAD   it has, and the last holder died with it
 * otherwise    it has not, and never will: ENOTRECOVERABLE if the lock is lost
 */
KN_NODISCARD int kn_robust_lock_acquire(struct kn_robust_lock *lock);

/* After EOWNERDEAD, by the holder: what the lock protects is right again. */
void kn_robust_lock_mend(struct kn_robust_lock *lock);

void kn_robust_lock_release(struct kn_robust_lock *lock);

#endif
