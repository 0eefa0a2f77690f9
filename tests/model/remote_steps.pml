/*
 * The slab of remote.pml, and what is done to it within single steps.
 */

/* The word: state, count and first block, read and written together. */
#define FULL   0
#define OWNED  1
#define POOLED 2
#define WORD(state, count, head) (((state) << 6) | ((count) << 3) | (head))
#define STATE(w) ((w) >> 6)
#define COUNT(w) (((w) >> 3) & 7)
#define HEAD(w)  ((w) & 7)
#define OWNED_EMPTY WORD(OWNED, 0, 0)
byte word = OWNED_EMPTY;

/* The slab's record, and its descriptors. Blocks are 1 ... BLOCKS; 0 ends a list. */
byte next[BLOCKS + 1]; /* each block's link, in the block */
byte local_head, local_count, carved;
byte desc;             /* tag, 0: nobody's */

/* The pool of the slab's class. */
bool linked;
byte pool_count;
byte pool_lock;   /* thread that holds it, 0: none */
byte shared_lock; /* likewise */

/* A heap's tag is the number of its thread; the shared heap's is that of its first user. */
#define FIRST_SHARED (THREADS - SHARED + 1)
#define TAG(thread)  ((thread) < FIRST_SHARED -> (thread) : FIRST_SHARED)
#define FIRST_OWNER  (FREERS + 1)
bool in_bin[THREADS + 1]; /* by tag: the slab is in that heap's bin */

/* Not in the code: what the properties are about. */
#define UNCARVED 0
#define OUT      1 /* in the program's hands, or in a cell */
#define LOCAL    2
#define REMOTE   3
#define IN_HAND  4 /* + thread: being freed, or in its batch */
byte place[BLOCKS + 1];
byte out;   /* blocks OUT */
byte owner; /* tag of the heap that the record belongs to, 0: none */
bool released;
byte quiet; /* threads that do nothing, hold no block and own no slab: between two lives, say */

hidden byte i_, n_, b_;

/* ---- parts of steps ---- */

#define TOUCH     assert(!released)
#define TOUCH_OWN assert(!released && owner == tag)
#define POOL_SOUND assert(linked == (!released && STATE(word) == POOLED) && pool_count == linked)

/* The first statement of a step: entry into the pool's lock. */
#define POOL_ENTER pool_lock == 0 -> pool_lock = me; POOL_SOUND
#define POOL_LEAVE assert(pool_lock == me); POOL_SOUND; pool_lock = 0

#define CAS(expected, desired) \
    if \
    :: word == (expected) -> word = desired; ok = true \
    :: else -> ok = false \
    fi

/* All blocks of the list that begins with `head`, `count` of them, go from one place to another. */
inline move_list(head, count, from, to)
{
    b_ = head;
    n_ = 0;
    do
    :: b_ != 0 ->
        assert(place[b_] == from && n_ < BLOCKS);
        place[b_] = to;
        n_++;
        b_ = next[b_]
    :: else -> break
    od;
    assert(n_ == count)
}

/* The list becomes the program's. The links are cleared, which the code does not do: what a block in
 * use holds decides nothing, and states that differ in it alone shall be the same. */
inline hand_out(head, count, from)
{
    move_list(head, count, from, OUT);
    i_ = head;
    do
    :: i_ != 0 -> b_ = next[i_]; next[i_] = 0; i_ = b_
    :: else -> break
    od;
    out = out + count
}

/* The list taken from the word goes into the local one. */
inline to_local(head, count)
{
    move_list(head, count, REMOTE, LOCAL);
    i_ = head;
    do
    :: i_ != 0 -> b_ = next[i_]; next[i_] = local_head; local_head = i_; local_count++; i_ = b_
    :: else -> break
    od
}

/* kn_slab_collect. ORDER acquire: pairs with the release of each push. */
inline collect()
{
    TOUCH_OWN;
    assert(STATE(word) == OWNED);
    to_local(HEAD(word), COUNT(word));
    word = OWNED_EMPTY
}

/* own: the claimed slab enters the bin.
 * ORDER descriptors are relaxed. A tag is written and cleared by its own heap alone, and one
 * location has one order of writes, so a heap never takes a slab for its own that is not, nor the
 * other way round. Whoever claims has acquired what the last owner released, so its tag comes after
 * the other's end of ownership. */
inline own()
{
    TOUCH_OWN;
    assert(!in_bin[tag]);
    desc = tag;
    in_bin[tag] = true
}

/* kn_slab_release: every carved block is here. */
inline release()
{
    TOUCH_OWN;
    assert(!linked && !in_bin[tag] && out == 0);
    i_ = 1;
    n_ = 0;
    do
    :: i_ <= BLOCKS ->
        assert(place[i_] == UNCARVED || place[i_] == LOCAL || place[i_] == IN_HAND + me);
        n_ = n_ + (place[i_] != UNCARVED);
        place[i_] = UNCARVED;
        next[i_] = 0;
        i_++
    :: else -> break
    od;
    assert(n_ == carved);
    released = true;
    owner = 0;
    desc = 0;
    word = 0;
    local_head = 0;
    local_count = 0;
    carved = 0;
    chain_head = 0;
    chain_tail = 0;
    chain_count = 0
}

/* kn_slab_try_claim.
 * ORDER acquire. Pairs with the release of the disowner or publisher, who left the record, and with
 * that of every pusher in the list. */
inline try_claim()
{
    TOUCH;
    assert(STATE(old) != OWNED);
    CAS(old, OWNED_EMPTY);
    if
    :: ok ->
        assert(owner == 0 && local_count == 0);
        owner = tag;
        to_local(HEAD(old), 0 + COUNT(old))
    :: else
    fi
}

/* Part of claim_pooled, with the pool's lock held. */
inline pool_remove()
{
    TOUCH;
    assert(linked && pool_lock == me);
    linked = false;
    pool_count--
}

inline pool_add()
{
    TOUCH;
    assert(!linked && pool_lock == me);
    linked = true;
    pool_count++
}

/* The rest of claim_pooled: others may push meanwhile, but not change the state.
 * ORDER relaxed load: only compared. */
inline claim_pooled()
{
    do
    :: d_step { TOUCH; old = word; assert(STATE(old) == POOLED) }
        d_step {
            try_claim();
            if
            :: ok -> POOL_LEAVE
            :: else
            fi
        }
        if
        :: ok -> break
        :: else
        fi
    od
}

/* One attempt of the compare-and-swap that puts the chain in front of the word's list. */
inline try_push(state)
{
    d_step {
        TOUCH;
        CAS(old, WORD(state, COUNT(old) + chain_count, chain_head));
        if
        :: ok ->
            move_list(chain_head, chain_count, IN_HAND + me, REMOTE);
            next[chain_tail] = HEAD(old);
            chain_head = 0;
            chain_tail = 0;
            chain_count = 0
        :: else -> old = word
        fi
    }
}

/* A slab without a block in use must not be pooled: nobody would push to it and notice. */
#ifdef BUG_POOL_IDLE_SLAB
#define MAY_POOL(free_blocks, blocks) true
#else
#define MAY_POOL(free_blocks, blocks) ((free_blocks) < (blocks))
#endif

#define IS_SHARED_USER (me >= FIRST_SHARED)

inline heap_enter()
{
    if
    :: IS_SHARED_USER -> atomic { shared_lock == 0 -> shared_lock = me }
    :: else
    fi
}

/* Whether a thread that does nothing counts as quiet. */
#define IS_QUIET (chain_count == 0 && (IS_SHARED_USER || !in_bin[tag]))
