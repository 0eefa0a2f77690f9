#include "bench/special/arena.hpp"

#include <knoll/arena.hpp>

namespace
{

struct knoll_subject {
    static constexpr bool has_marks = true, has_children = true;

    void *allocate(std::size_t bytes)
    {
        return knoll_arena_alloc(arena.get(), bytes);
    }
    void reset()
    {
        arena.reset();
    }
    knoll_arena_moment mark()
    {
        return knoll_arena_mark(arena.get());
    }
    void rewind(knoll_arena_moment mark)
    {
        knoll_arena_rewind(arena.get(), mark);
    }
    knoll_subject child()
    {
        return {arena.child()};
    }

    knoll::arena arena;
};

const kb::registration here("knoll", kb::run_all<knoll_subject>);

} // namespace
