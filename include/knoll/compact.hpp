/*
 * Compact heaps for C++: a memory resource over a heap in a buffer.
 *
 *     alignas(KNOLL_COMPACT_ALIGN) static unsigned char room[65536];
 *     knoll::compact_resource resource(room, sizeof(room), knoll_compact_best_fit());
 *     std::pmr::map<int, std::pmr::string> names(&resource);
 *
 * Memory that is short throws std::bad_alloc. Threads and misuse are as in <knoll/compact.h>. C++17.
 */
#ifndef KNOLL_COMPACT_HPP
#define KNOLL_COMPACT_HPP

#include <cstddef>
#include <memory_resource>
#include <new>
#include <system_error>

#include <knoll/compact.h>

namespace knoll
{

/* Holds a view of a heap. The buffer must outlive all that comes from it, and is not freed. */
class compact_resource final : public std::pmr::memory_resource
{
  public:
    /* Makes a heap in the buffer. Throws std::system_error with the code of knoll_compact_create. */
    compact_resource(void *buffer, std::size_t bytes,
                     const knoll_compact_index *index = knoll_compact_tlsf())
    {
        const int error = knoll_compact_create(&view, buffer, bytes, index);
        if (error != KNOLL_COMPACT_OK)
            throw std::system_error(error, std::generic_category(), "knoll_compact_create");
    }
    /* Over a heap that exists. */
    explicit compact_resource(const knoll_compact &heap) noexcept : view(heap)
    {
    }

    compact_resource(const compact_resource &) = delete;
    compact_resource &operator=(const compact_resource &) = delete;

    /* For the functions of <knoll/compact.h>. */
    knoll_compact *get() noexcept
    {
        return &view;
    }

  private:
    knoll_compact view;

    void *do_allocate(std::size_t bytes, std::size_t align) override
    {
        void *block = knoll_compact_aligned_alloc(&view, align, bytes);
        if (block == nullptr)
            throw std::bad_alloc();
        return block;
    }

    void do_deallocate(void *block, std::size_t, std::size_t) override
    {
        knoll_compact_free(&view, block);
    }

    /* Two views of one heap give back each other's blocks. */
    bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override
    {
        const auto *same = dynamic_cast<const compact_resource *>(&other);
        return same != nullptr && same->view.start == view.start;
    }
};

} // namespace knoll

#endif
