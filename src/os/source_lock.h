/*
 * The lock of the process's own sources, mmap and sbrk: rank KN_RANK_SOURCE, held for a few steps
 * along a list of ranges or one system call. Internal to the two.
 */
#ifndef KN_OS_SOURCE_LOCK_H
#define KN_OS_SOURCE_LOCK_H

#include "os/lock.h"

extern KN_HIDDEN struct kn_lock kn_source_lock;

#endif
