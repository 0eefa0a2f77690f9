/*
 * Byte counters in memory that tell when they run over, in one read-modify-write instruction.
 *
 * The compilers turn the portable form into a load, a compare, a branch and a store; on a path of a dozen instructions
 * the difference counts. The counter HAS changed (modulo 256) when the branch is taken; whoever takes it undoes it.
 *
 *     KN_COUNTER8_SUB_OR_GOTO(p, n, label)   *p -= n; goto label if *p was <= n
 *     KN_COUNTER8_ADD_OR_GOTO(p, n, label)   *p += n; goto label if the sum exceeds 255
 *
 * p is a uint8_t *, n an integer below 256. Not atomic: for counters of one thread.
 */
#ifndef KN_BASE_COUNTER8_H
#define KN_BASE_COUNTER8_H

#include <stdint.h>

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define KN_COUNTER8_SUB_OR_GOTO(p, n, label)                                                       \
    __asm__ goto("subb %1, %0\n\tjbe %l2" : : "m"(*(p)), "q"((uint8_t)(n)) : "memory", "cc" : label)
#define KN_COUNTER8_ADD_OR_GOTO(p, n, label)                                                       \
    __asm__ goto("addb %1, %0\n\tjc %l2" : : "m"(*(p)), "q"((uint8_t)(n)) : "memory", "cc" : label)
#else
#define KN_COUNTER8_SUB_OR_GOTO(p, n, label)                                                       \
    do {                                                                                           \
        uint8_t *kn_counter = (p);                                                                 \
        uint8_t kn_old = *kn_counter;                                                              \
        *kn_counter = (uint8_t)(kn_old - (n));                                                     \
        if (kn_old <= (n))                                                                         \
            goto label;                                                                            \
    } while (0)
#define KN_COUNTER8_ADD_OR_GOTO(p, n, label)                                                       \
    do {                                                                                           \
        uint8_t *kn_counter = (p);                                                                 \
        unsigned kn_sum = *kn_counter + (unsigned)(n);                                             \
        *kn_counter = (uint8_t)kn_sum;                                                             \
        if (kn_sum > 255u)                                                                         \
            goto label;                                                                            \
    } while (0)
#endif

#endif
