/* The standard library's: a monotonic buffer, whose release keeps its first buffer alone, and malloc
 * with a free for each block. */
#include "bench/special/arena.hpp"

#include <cstdlib>
#include <memory_resource>
#include <vector>

namespace
{

class pmr_subject
{
  public:
    static constexpr bool has_marks = false, has_children = true;

    void *allocate(std::size_t bytes)
    {
        return resource.allocate(bytes, 16);
    }
    void reset()
    {
        resource.release();
    }
    pmr_subject child()
    {
        return pmr_subject();
    }

  private:
    std::pmr::monotonic_buffer_resource resource{65536};
};

class malloc_subject
{
  public:
    static constexpr bool has_marks = true, has_children = true;

    malloc_subject() = default;
    malloc_subject(const malloc_subject &) = delete;
    ~malloc_subject()
    {
        reset();
    }

    void *allocate(std::size_t bytes)
    {
        blocks.push_back(std::malloc(bytes));
        return blocks.back();
    }
    void reset()
    {
        rewind(0);
    }
    std::size_t mark()
    {
        return blocks.size();
    }
    void rewind(std::size_t count)
    {
        for (; blocks.size() > count; blocks.pop_back())
            std::free(blocks.back());
    }
    malloc_subject child()
    {
        return malloc_subject();
    }

  private:
    std::vector<void *> blocks;
};

const kb::registration here("pmr", kb::run_all<pmr_subject>);
const kb::registration there("malloc", kb::run_all<malloc_subject>);

} // namespace
