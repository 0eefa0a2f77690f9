/* talloc, with a pool of 64 KiB, in which its contexts begin. */
#include "bench/special/arena.hpp"

#include <talloc.h>

namespace
{

class talloc_subject
{
  public:
    static constexpr bool has_marks = false, has_children = true;

    explicit talloc_subject(void *parent_ = nullptr)
        : parent(parent_), context(talloc_pool(parent, 65536))
    {
    }
    talloc_subject(const talloc_subject &) = delete;
    ~talloc_subject()
    {
        talloc_free(context);
    }

    void *allocate(std::size_t bytes)
    {
        return talloc_size(context, bytes);
    }
    void reset()
    {
        talloc_free_children(context);
    }
    talloc_subject child()
    {
        return talloc_subject(context);
    }

  private:
    void *parent;
    void *context;
};

const kb::registration here("talloc", kb::run_all<talloc_subject>);

} // namespace
