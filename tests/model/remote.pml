/*
 * The life of one slab among threads: an exhaustive model of the protocol of src/core/slab.h, as
 * slab.c, orphan.c, heap.c and slowpath.c carry it out.
 *
 * Every thread does everything in any order, without end: allocate from the slab while its heap
 * owns it, adopt it, free a block that anybody may have allocated, collect frees in a batch, push
 * the batch, claim the slab, flush, end and begin anew.
 *
 * Steps. Each load, exchange and compare-and-swap of the word, each look at the pool's counter and
 * each entry into a lock is a step of its own, so all orders among them are tried. What only one
 * thread can see at the time goes with the step before it: its own variables, the record and the
 * local list of a slab it owns, the links of blocks in its hands. Entry into a lock goes with the
 * first operation inside and exit with the last: an entry may be moved behind, an exit before
 * whatever others do meanwhile, for they can do nothing that needs the lock.
 * A weak compare-and-swap that fails for no reason is left out: it is tried again with the same
 * word.
 *
 * Weakly ordered memory is not modelled: notes marked ORDER say for each operation what it pairs
 * with and why that is enough. All of them rest on this: the word is changed by read-modify-writes
 * alone once the slab is made, so an acquire that reads the last one synchronises with every
 * release before it.
 *
 * Parameters (scripts/model-check.sh sets them, -DNAME=value):
 *   THREADS   threads, each with a heap of its own but for the last
 *   SHARED    of them, which use the shared heap, under its lock
 *   FREERS    of the threads, the first ones, which do nothing but free, batch and push
 *   BLOCKS    blocks of the slab, 2 ... 4
 *   OFFER_AT  a slab handed out completely is pooled when so many blocks have come back;
 *             BLOCKS: never
 *   BUG_...   a fault, for checking that the model finds it
 *
 * Checked at every step:
 *   - only the owner touches what is the owner's, and nobody a slab that was given back
 *   - each block is in exactly one place, and each count is the length of its list
 *   - the slab is given back once at most, when all blocks are free and it is not in the pool
 *   - it is linked in the pool exactly while POOLED, as seen under the pool's lock
 *   - no thread waits for ever (invalid end states)
 * and whenever all blocks are free and no thread does anything or owns the slab:
 *   - the slab is back in the page heap, not FULL or POOLED for good
 * Not covered: a thread that owns the slab and never runs again keeps it, whatever others free.
 */

#ifndef THREADS
#define THREADS 2
#endif
#ifndef SHARED
#define SHARED 0
#endif
#ifndef FREERS
#define FREERS 0
#endif
#ifndef BLOCKS
#define BLOCKS 3
#endif
#ifndef OFFER_AT
#define OFFER_AT 1
#endif

#include "remote_steps.pml"

proctype thread(byte me)
{
    byte tag = TAG(me);
    byte old;                                 /* the word as last seen */
    byte chain_head, chain_tail, chain_count; /* the batch */
    byte block;                               /* being freed */
    bool ok;

idle:
    atomic {
        if
        :: shared_lock == me -> shared_lock = 0
        :: else
        fi;
        old = 0;
        ok = false;
        quiet = quiet + IS_QUIET;
        /* When all are quiet and no block is out, the slab is back, or the shared heap's and so idle
         * that the next flush gives it back. */
        assert(quiet < THREADS || out > 0 || released ||
               (SHARED > 0 && in_bin[FIRST_SHARED] && STATE(word) == OWNED &&
                local_count + COUNT(word) == carved))
    }
end_idle:
    atomic {
        if
        :: me >= FIRST_OWNER && !released -> quiet = quiet - IS_QUIET; goto refill
        :: me >= FIRST_OWNER && in_bin[tag] -> quiet = quiet - IS_QUIET; goto flush
        :: me >= FIRST_OWNER && in_bin[tag] && !IS_SHARED_USER -> goto end
        :: out > 0 ->
            quiet = quiet - IS_QUIET;
            /* All blocks OUT are alike, so it does not matter which of them. */
            block = 1;
            do
            :: place[block] != OUT -> block++
            :: else -> break
            od;
            place[block] = IN_HAND + me;
            out--;
#ifdef BUG_TAG_BEFORE_LOCK
            ok = (desc == tag);
#endif
            goto free_one
        :: chain_count > 0 -> goto post
        fi
    }

    /* -- kn_heap_refill -- */
refill:
    heap_enter();
find:
    if
    :: in_bin[tag]
    :: else ->
        /* kn_orphan_take. ORDER relaxed: an old count costs a chance, or a look under the lock. */
        if
        :: pool_count == 0 -> goto idle
        :: pool_count != 0
        fi;
        d_step {
            POOL_ENTER;
            ok = linked;
            if
            :: ok -> pool_remove()
            :: else -> POOL_LEAVE
            fi
        }
        if
        :: ok -> claim_pooled()
        :: else -> goto idle
        fi;
        atomic { own() }
    fi;
    /* slab_blocks */
    d_step {
        TOUCH_OWN;
        ok = false;
        if
        :: local_count != 0 && !IS_SHARED_USER ->
            hand_out(local_head, local_count, LOCAL);
            local_head = 0;
            local_count = 0;
            ok = true
        :: local_count != 0 && IS_SHARED_USER -> /* the shared heap has no cells: one block */
            b_ = local_head;
            assert(place[b_] == LOCAL);
            local_head = next[b_];
            local_count--;
            next[b_] = 0;
            place[b_] = OUT;
            out++;
            ok = true
        :: else -> old = word /* ORDER relaxed: decides only whether to exchange */
        fi
    }
    if
    :: ok -> goto idle
    :: !ok && COUNT(old) != 0 ->
        /* kn_slab_take_remote. ORDER acquire: pairs with the release of each push. */
        d_step {
            if
            :: !IS_SHARED_USER ->
                TOUCH_OWN;
                assert(STATE(word) == OWNED);
                hand_out(HEAD(word), COUNT(word), REMOTE);
                word = OWNED_EMPTY
            :: else -> collect()
            fi
        }
        if
        :: IS_SHARED_USER -> goto find
        :: else -> goto idle
        fi
    :: !ok && COUNT(old) == 0 && carved < BLOCKS ->
        atomic {
            TOUCH_OWN;
            do
            :: carved++;
                assert(place[carved] == UNCARVED);
                place[carved] = OUT;
                out++;
                if
                :: break
                :: carved < BLOCKS
                fi
            od;
            goto idle
        }
    :: !ok && COUNT(old) == 0 && carved == BLOCKS
    fi;
    /* disown.
     * ORDER release: pairs with the acquire of the next claim or offer. */
    d_step {
        TOUCH_OWN;
        in_bin[tag] = false;
        desc = 0;
        CAS(OWNED_EMPTY, WORD(FULL, 0, 0));
        if
        :: ok -> owner = 0
        :: else -> own()
        fi
    }
    if
    :: ok ->
#ifdef BUG_TOUCH_AFTER_DISOWN
        d_step { TOUCH; ok = true }
#endif
        goto idle
    :: else -> goto find
    fi;

    /* -- kn_heap_flush, for this slab -- */
flush:
    heap_enter();
    d_step {
        if
        :: in_bin[tag] ->
            collect();
            if
            :: local_count == carved -> in_bin[tag] = false; release()
            :: else
            fi
        :: else
        fi
    }
    goto idle;

    /* -- kn_free -- */
free_one:
    heap_enter();
#ifndef BUG_TAG_BEFORE_LOCK
    ok = (desc == tag);
#endif
    if
    :: ok -> goto free_local
    :: else
    fi;
    /* kn_heap_free_remote. The balance decides only whether a claim is tried: both are. */
    if
    :: true
    :: me >= FIRST_OWNER ->
        d_step { TOUCH; old = word } /* ORDER relaxed: compared by the claim */
        if
        :: STATE(old) == FULL ->
            d_step {
                try_claim();
                if
                :: ok -> own()
                :: else
                fi
            }
            if
            :: ok -> goto free_local
            :: else
            fi
        :: else
        fi
    fi;
    /* Into the batch; the shared heap has none and pushes at once. */
    d_step {
        next[block] = chain_head;
        if
        :: chain_head == 0 -> chain_tail = block
        :: else
        fi;
        chain_head = block;
        chain_count++;
        block = 0
    }
    if
    :: IS_SHARED_USER -> goto post
    :: else -> goto idle
    fi;

free_local:
    atomic {
        TOUCH_OWN;
        assert(in_bin[tag]);
        next[block] = local_head;
        local_head = block;
        local_count++;
        place[block] = LOCAL;
        block = 0;
        if
        :: local_count == carved -> in_bin[tag] = false; release()
        :: true /* not idle, or the last slab of its class, which may stay */
        fi;
        goto idle
    }

    /* -- kn_remote_push --
     * ORDER acquire on the loads of the word: pairs with the release that made the slab POOLED, so
     * that `carved` is no older than the state. The chain's blocks are in this thread's hands until
     * the word has changed, so the record stays this slab's all the while. */
post:
    atomic { TOUCH; old = word }
retry:
    if
    :: STATE(old) == FULL && COUNT(old) + chain_count == BLOCKS ->
        /* try_reclaim_full */
        d_step {
            try_claim();
            if
            :: ok -> release()
            :: else
            fi
        }
    :: STATE(old) == FULL && COUNT(old) + chain_count < BLOCKS &&
       COUNT(old) + chain_count >= OFFER_AT ->
        /* try_offer. ORDER relaxed load: the compare-and-swap acquires. */
#ifdef BUG_OFFER_UNLOCKED
        d_step { TOUCH; old = word }
#else
        d_step { POOL_ENTER; TOUCH; old = word }
#endif
        ok = false;
        do
        :: !ok && STATE(old) == FULL && MAY_POOL(COUNT(old) + chain_count, BLOCKS) ->
            /* ORDER acq_rel. Release: the chain, as in any push. Acquire: the record as the
             * disowner left it, which pool_add builds on. */
            try_push(POOLED)
        :: else -> break
        od;
#ifdef BUG_OFFER_UNLOCKED
        atomic { pool_lock == 0 -> pool_lock = me }
#endif
        atomic {
            if
            :: ok -> pool_add()
            :: else
            fi;
            POOL_LEAVE
        }
    :: STATE(old) == POOLED ->
        d_step { TOUCH; ok = (COUNT(old) + chain_count == carved) }
        if
        :: ok ->
            /* try_reclaim_pooled. ORDER acquire: for `carved`, as above. */
            d_step {
                POOL_ENTER;
                TOUCH;
                old = word;
                ok = (STATE(old) == POOLED && COUNT(old) + chain_count == carved);
                if
                :: ok -> pool_remove()
                :: else -> POOL_LEAVE
                fi
            }
            if
            :: ok -> claim_pooled(); atomic { release() }
            :: else
            fi
        :: else -> try_push(POOLED)
        fi
    :: STATE(old) == OWNED || (STATE(old) == FULL && COUNT(old) + chain_count < OFFER_AT) ->
        /* ORDER release: pairs with the acquire of whoever takes the list. */
        try_push(STATE(old))
    fi;
    if
    :: ok -> goto idle
    :: else -> goto post
    fi;

    /* -- kn_heap_thread_end: kn_orphan_give. The next thread takes the heap over. The shared heap has
     * no end. -- */
end:
    atomic {
        in_bin[tag] = false;
        collect();
        ok = (local_count == carved);
        if
        :: ok -> release()
        :: else -> desc = 0
        fi
    }
    if
    :: ok -> goto idle
    :: !ok && local_count == 0 && carved == BLOCKS ->
        /* ORDER release, as in disown. */
        d_step {
            TOUCH_OWN;
            CAS(OWNED_EMPTY, WORD(FULL, 0, 0));
            if
            :: ok -> owner = 0
            :: else
            fi
        }
        if
        :: ok -> goto idle
        :: else
        fi
    :: !ok && !(local_count == 0 && carved == BLOCKS)
    fi;
    /* try_publish. ORDER acquire of the load, and of a compare-and-swap that fails: those who freed
     * the last blocks are done with them. ORDER release: hands the record and the list on. */
    d_step { POOL_ENTER; TOUCH_OWN; old = word; assert(STATE(old) == OWNED) }
    do
    :: MAY_POOL(local_count + COUNT(old), carved) ->
        d_step {
            TOUCH_OWN;
#ifdef BUG_PUBLISH_BY_STORE
            ok = true;
#else
            ok = (word == old);
#endif
            if
            :: ok ->
                move_list(local_head, local_count, LOCAL, REMOTE);
                i_ = local_head;
                do
                :: i_ != 0 && next[i_] != 0 -> i_ = next[i_]
                :: else -> break
                od;
                if
                :: i_ != 0 -> next[i_] = HEAD(old); i_ = local_head
                :: else -> i_ = HEAD(old)
                fi;
                word = WORD(POOLED, local_count + COUNT(old), i_);
                local_head = 0;
                local_count = 0;
                owner = 0;
                pool_add();
                POOL_LEAVE
            :: else -> old = word
            fi
        }
        if
        :: ok -> break
        :: else
        fi
    :: else ->
        /* The rest is in the word, which nobody can change any more. */
        d_step {
            assert(word == old);
            collect();
            POOL_LEAVE;
            release()
        }
        break
    od;
    goto idle
}

init
{
    atomic {
        owner = TAG(FIRST_OWNER);
        desc = TAG(FIRST_OWNER);
        in_bin[TAG(FIRST_OWNER)] = true;
        i_ = 1;
        do
        :: i_ <= THREADS -> run thread(i_); i_++
        :: else -> break
        od
    }
}
