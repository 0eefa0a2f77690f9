/*
 * knoll for C++: an allocator for the standard containers, and a memory resource.
 *
 *     std::vector<int, knoll::allocator<int>> numbers;
 *     std::pmr::string text(knoll::resource());
 *
 * Both are stateless faces of the one heap of <knoll/knoll.h>, so everything made by one can be freed
 * by any other. Sizes and alignments are passed along when freeing.
 *
 * Memory that is short is reported as operator new does: the new_handler is called as long as there
 * is one, then std::bad_alloc is thrown.
 *
 * The specialised allocators have headers of their own, which this one includes: <knoll/arena.hpp>,
 * <knoll/compact.hpp>, <knoll/pool.hpp>, <knoll/handles.hpp>.
 *
 * Threads: any. C++17.
 */
#ifndef KNOLL_KNOLL_HPP
#define KNOLL_KNOLL_HPP

#include <cstddef>
#include <limits>
#include <memory_resource>
#include <new>
#include <type_traits>

#include <knoll/arena.hpp>
#include <knoll/compact.hpp>
#include <knoll/handles.hpp>
#include <knoll/knoll.h>
#include <knoll/pool.hpp>

namespace knoll
{

namespace detail
{

/* Every block has this alignment anyway. */
inline constexpr std::size_t plain_align = 16;

/* A block, or what the standard asks for instead. */
[[nodiscard]] inline void *allocate(std::size_t bytes, std::size_t align)
{
    for (;;) {
        void *block =
            align <= plain_align ? knoll_malloc(bytes) : knoll_aligned_alloc(align, bytes);
        if (block != nullptr)
            return block;
        std::new_handler handler = std::get_new_handler();
        if (handler == nullptr)
            throw std::bad_alloc();
        handler();
    }
}

inline void deallocate(void *block, std::size_t bytes, std::size_t align) noexcept
{
    if (align <= plain_align)
        knoll_free_sized(block, bytes);
    else
        knoll_free_aligned_sized(block, align, bytes);
}

} // namespace detail

/* An allocator in the sense of the standard, for objects of any alignment. */
template <typename T> class allocator
{
  public:
    using value_type = T;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using propagate_on_container_move_assignment = std::true_type;
    using is_always_equal = std::true_type;

    constexpr allocator() noexcept = default;
    template <typename U> constexpr allocator(const allocator<U> &) noexcept
    {
    }

    /* Room for `count` objects. Throws std::bad_array_new_length if they exceed all memory there can
     * be, std::bad_alloc if they exceed what there is. */
    [[nodiscard]] T *allocate(std::size_t count)
    {
        if (count > std::numeric_limits<std::size_t>::max() / sizeof(T))
            throw std::bad_array_new_length();
        return static_cast<T *>(detail::allocate(count * sizeof(T), alignof(T)));
    }

    void deallocate(T *block, std::size_t count) noexcept
    {
        detail::deallocate(block, count * sizeof(T), alignof(T));
    }

    template <typename U>
    friend constexpr bool operator==(const allocator &, const allocator<U> &) noexcept
    {
        return true;
    }
    template <typename U>
    friend constexpr bool operator!=(const allocator &, const allocator<U> &) noexcept
    {
        return false;
    }
};

[[nodiscard]] inline std::pmr::memory_resource *resource() noexcept;

/* The heap as a memory resource; there is one, resource(). */
class memory_resource final : public std::pmr::memory_resource
{
    friend std::pmr::memory_resource *resource() noexcept;

    memory_resource() noexcept = default;

    void *do_allocate(std::size_t bytes, std::size_t align) override
    {
        return detail::allocate(bytes, align);
    }

    void do_deallocate(void *block, std::size_t bytes, std::size_t align) override
    {
        detail::deallocate(block, bytes, align);
    }

    bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override
    {
        return this == &other;
    }
};

/* Never NULL, the same for all callers, and valid as long as the process runs, also in destructors of
 * static objects. */
inline std::pmr::memory_resource *resource() noexcept
{
    alignas(memory_resource) static unsigned char storage[sizeof(memory_resource)];
    static std::pmr::memory_resource *const one = ::new (storage) memory_resource;
    return one;
}

} // namespace knoll

#endif
