#include "os/robust_lock.h"

#include "base/assert.h"

#include <errno.h>

int kn_robust_lock_init(struct kn_robust_lock *lock)
{
    pthread_mutexattr_t attributes;
    int result = pthread_mutexattr_init(&attributes);

    if (result != 0)
        return result;
    result = pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    if (result == 0)
        result = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (result == 0)
        result = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (result == 0)
        result = pthread_mutex_init(&lock->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return result;
}

int kn_robust_lock_acquire(struct kn_robust_lock *lock)
{
    return pthread_mutex_lock(&lock->mutex);
}

void kn_robust_lock_mend(struct kn_robust_lock *lock)
{
    int result = pthread_mutex_consistent(&lock->mutex);

    KN_ASSERT(result == 0);
    (void)result;
}

void kn_robust_lock_release(struct kn_robust_lock *lock)
{
    int result = pthread_mutex_unlock(&lock->mutex);

    KN_ASSERT(result == 0);
    (void)result;
}
