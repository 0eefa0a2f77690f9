/*
 * Arenas for C++: <knoll/arena.h> with destructors, for the standard containers too.
 *
 *     knoll::arena arena;
 *     node *root = arena.create<node>("root");        // destroyed with the arena
 *     {
 *         knoll::arena::scope scope(arena);           // rewinds at its end
 *         std::vector<int, knoll::arena_allocator<int>> numbers(arena);
 *     }
 *     knoll::arena_resource resource(arena);
 *     std::pmr::string text(&resource);
 *
 * What a container gives back is used again only if it was made last; all else goes with the arena.
 * Containers must end, or be empty, before their memory goes away.
 *
 * Memory that is short throws std::bad_alloc. Threads and misuse are as in <knoll/arena.h>. C++17.
 */
#ifndef KNOLL_ARENA_HPP
#define KNOLL_ARENA_HPP

#include <cstddef>
#include <limits>
#include <memory>
#include <memory_resource>
#include <new>
#include <type_traits>
#include <utility>

#include <knoll/arena.h>

namespace knoll
{

/* Owns a struct knoll_arena, and may be moved as long as nobody else knows the arena inside. */
class arena
{
  public:
    /* Of the given options, or those that are usual. Throws std::bad_alloc, also if the buffer of the
     * options is too small. */
    explicit arena(const knoll_arena_options *options = nullptr) : self(knoll_arena_new(options))
    {
        if (self == nullptr)
            throw std::bad_alloc();
    }
    explicit arena(const knoll_arena_options &options) : arena(&options)
    {
    }

    arena(arena &&other) noexcept : self(std::exchange(other.self, nullptr))
    {
    }
    arena &operator=(arena &&other) noexcept
    {
        std::swap(self, other.self);
        return *this;
    }
    arena(const arena &) = delete;
    arena &operator=(const arena &) = delete;

    ~arena()
    {
        knoll_arena_destroy(self);
    }

    /* A child, which must end before the parent does, or be adopted. */
    [[nodiscard]] arena child()
    {
        return arena(knoll_arena_new_child(self));
    }

    /* Everything of the other arena becomes a part of this one. False if that may not be. */
    [[nodiscard]] bool adopt(arena &&other) noexcept
    {
        bool is_done = other.self != nullptr && knoll_arena_adopt(self, other.self) == 0;
        if (is_done)
            other.self = nullptr;
        return is_done;
    }

    [[nodiscard]] void *allocate(std::size_t bytes, std::size_t align = KNOLL_ARENA_ALIGN)
    {
        void *block = knoll_arena_aligned_alloc(self, align, bytes);
        if (block == nullptr)
            throw std::bad_alloc();
        return block;
    }

    /* Takes a block back if it was made last. */
    void deallocate(void *block, std::size_t bytes) noexcept
    {
        if (static_cast<char *>(block) + bytes == self->at)
            static_cast<void>(!knoll_arena_expand(self, block, bytes, 0));
    }

    /* A new object, whose destructor is called before its memory goes away, if it has one that does
     * anything. What the constructor throws is passed on. */
    template <typename T, typename... Arguments> [[nodiscard]] T *create(Arguments &&...arguments)
    {
        T *object =
            ::new (allocate(sizeof(T), alignof(T))) T(std::forward<Arguments>(arguments)...);
        if constexpr (!std::is_trivially_destructible_v<T>) {
            auto destroy = [](void *p) { static_cast<T *>(p)->~T(); };
            if (knoll_arena_on_clean(self, destroy, object) == nullptr) {
                object->~T();
                throw std::bad_alloc();
            }
        }
        return object;
    }

    /* `count` objects, value-initialised, which need no destructor. Throws std::bad_array_new_length if
     * they exceed all memory there can be. */
    template <typename T> [[nodiscard]] T *create_array(std::size_t count)
    {
        static_assert(std::is_trivially_destructible_v<T>, "nobody would destroy the objects");
        if (count > std::numeric_limits<std::size_t>::max() / sizeof(T))
            throw std::bad_array_new_length();
        T *objects = static_cast<T *>(allocate(count * sizeof(T), alignof(T)));
        std::uninitialized_value_construct_n(objects, count);
        return objects;
    }

    void reset() noexcept
    {
        knoll_arena_reset(self);
    }

    /* For the functions of <knoll/arena.h>; NULL once moved from. */
    [[nodiscard]] knoll_arena *get() const noexcept
    {
        return self;
    }

    /* Frees at its end what was made in the arena since its beginning. */
    class scope
    {
      public:
        explicit scope(arena &in) : self(in.self), start(knoll_arena_mark(self))
        {
            if (start.place == nullptr)
                throw std::bad_alloc();
        }
        scope(const scope &) = delete;
        scope &operator=(const scope &) = delete;
        ~scope()
        {
            knoll_arena_rewind(self, start);
        }

      private:
        knoll_arena *self;
        knoll_arena_moment start;
    };

  private:
    explicit arena(knoll_arena *made) : self(made)
    {
        if (self == nullptr)
            throw std::bad_alloc();
    }

    knoll_arena *self;
};

/* An allocator in the sense of the standard, over an arena that must outlive its blocks. */
template <typename T> class arena_allocator
{
  public:
    using value_type = T;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;
    using is_always_equal = std::false_type;

    /* Not explicit, so that an arena can stand where an allocator is asked for. */
    arena_allocator(arena &from) noexcept : self(from.get())
    {
    }
    explicit arena_allocator(knoll_arena *from) noexcept : self(from)
    {
    }
    template <typename U>
    arena_allocator(const arena_allocator<U> &other) noexcept : self(other.get())
    {
    }

    /* Room for `count` objects. Throws std::bad_array_new_length if they exceed all memory there can
     * be, std::bad_alloc if they exceed what there is. */
    [[nodiscard]] T *allocate(std::size_t count)
    {
        if (count > std::numeric_limits<std::size_t>::max() / sizeof(T))
            throw std::bad_array_new_length();
        void *block = knoll_arena_aligned_alloc(self, alignof(T), count * sizeof(T));
        if (block == nullptr)
            throw std::bad_alloc();
        return static_cast<T *>(block);
    }

    void deallocate(T *block, std::size_t count) noexcept
    {
        if (reinterpret_cast<char *>(block + count) == self->at)
            static_cast<void>(!knoll_arena_expand(self, block, count * sizeof(T), 0));
    }

    [[nodiscard]] knoll_arena *get() const noexcept
    {
        return self;
    }

    template <typename U>
    friend bool operator==(const arena_allocator &a, const arena_allocator<U> &b) noexcept
    {
        return a.get() == b.get();
    }
    template <typename U>
    friend bool operator!=(const arena_allocator &a, const arena_allocator<U> &b) noexcept
    {
        return a.get() != b.get();
    }

  private:
    knoll_arena *self;
};

/* A memory resource over an arena, which must outlive it. */
class arena_resource final : public std::pmr::memory_resource
{
  public:
    explicit arena_resource(arena &from) noexcept : self(from.get())
    {
    }
    explicit arena_resource(knoll_arena *from) noexcept : self(from)
    {
    }

  private:
    void *do_allocate(std::size_t bytes, std::size_t align) override
    {
        void *block = knoll_arena_aligned_alloc(self, align, bytes);
        if (block == nullptr)
            throw std::bad_alloc();
        return block;
    }

    void do_deallocate(void *block, std::size_t bytes, std::size_t) override
    {
        if (static_cast<char *>(block) + bytes == self->at)
            static_cast<void>(!knoll_arena_expand(self, block, bytes, 0));
    }

    bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override
    {
        const auto *resource = dynamic_cast<const arena_resource *>(&other);
        return resource != nullptr && resource->self == self;
    }

    knoll_arena *self;
};

} // namespace knoll

#endif
