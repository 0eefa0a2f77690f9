#include "bench/special/arena.hpp"

#include <cstdlib>
#include <obstack.h>

#define obstack_chunk_alloc std::malloc
#define obstack_chunk_free  std::free

namespace
{

class obstack_subject
{
  public:
    static constexpr bool has_marks = true, has_children = true;

    obstack_subject()
    {
        obstack_begin(&stack, 65536);
        bottom = mark();
    }
    obstack_subject(const obstack_subject &) = delete;
    ~obstack_subject()
    {
        obstack_free(&stack, nullptr);
    }

    void *allocate(std::size_t bytes)
    {
        return obstack_alloc(&stack, static_cast<int>(bytes));
    }
    void reset()
    {
        rewind(bottom);
        bottom = mark();
    }
    void *mark()
    {
        return obstack_alloc(&stack, 0);
    }
    void rewind(void *mark)
    {
        obstack_free(&stack, mark);
    }
    obstack_subject child()
    {
        return obstack_subject();
    }

  private:
    struct obstack stack;
    void *bottom;
};

const kb::registration here("obstack", kb::run_all<obstack_subject>);

} // namespace
