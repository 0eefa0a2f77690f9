/*
 * Pools for C++: the pool itself, an allocator for containers, a memory resource, and a base class
 * whose objects come from a pool.
 *
 *     knoll::pool nodes(64);
 *     std::list<int, knoll::pool_allocator<int>> numbers{knoll::pool_allocator<int>(nodes)};
 *
 *     knoll::pool_resource resource(nodes);
 *     std::pmr::map<int, int> squares(&resource);
 *
 *     struct event : knoll::pooled<event> { ... };
 *     auto *e = new event;
 *
 * A pool has one size. What containers ask for that is larger than an object of the pool, or aligned
 * more strictly, comes from elsewhere; so does an array of several elements, unless it fits one
 * object. Choose the size for the nodes of the container: an element and two to four pointers.
 *
 * Threads: as the pool's kind allows, see <knoll/pool.h>. C++17.
 */
#ifndef KNOLL_POOL_HPP
#define KNOLL_POOL_HPP

#include <cerrno>
#include <cstddef>
#include <limits>
#include <memory_resource>
#include <new>
#include <system_error>
#include <type_traits>

#include <knoll/pool.h>

namespace knoll
{

/* A knoll_pool that is destroyed with the object. Its objects are memory: nobody calls their
 * destructors. */
class pool
{
  public:
    /* Throws std::bad_alloc if there is no memory for a fixed pool, std::system_error if an option is
     * out of its range. */
    explicit pool(const knoll_pool_options &options, knoll_source *source = knoll_source_mmap())
        : align_(options.align)
    {
        int error = knoll_pool_init(&pool_, source, &options);
        if (error == ENOMEM)
            throw std::bad_alloc();
        if (error != 0)
            throw std::system_error(error, std::generic_category(), "knoll::pool");
        knoll_pool_stats stats;
        knoll_pool_stats_get(&pool_, &stats);
        object_bytes_ = stats.object_bytes;
        if (align_ == 0) {
            std::size_t natural = object_bytes_ & (0 - object_bytes_);
            align_ = natural < 16 ? natural : 16;
        }
    }

    explicit pool(std::size_t object_bytes, knoll_pool_kind kind = KNOLL_POOL_LIST,
                  knoll_source *source = knoll_source_mmap())
        : pool(options_of(object_bytes, kind), source)
    {
    }

    pool(const pool &) = delete;
    pool &operator=(const pool &) = delete;

    ~pool()
    {
        knoll_pool_destroy(&pool_);
    }

    /* Throws std::bad_alloc. */
    [[nodiscard]] void *allocate()
    {
        void *object = knoll_pool_malloc(&pool_);
        if (object == nullptr)
            throw std::bad_alloc();
        return object;
    }

    void deallocate(void *object) noexcept
    {
        knoll_pool_free(&pool_, object);
    }

    /* Whether one of the pool's objects does for such a request. */
    [[nodiscard]] bool serves(std::size_t bytes, std::size_t align) const noexcept
    {
        return bytes <= object_bytes_ && align <= align_;
    }

    [[nodiscard]] std::size_t object_bytes() const noexcept
    {
        return object_bytes_;
    }

    /* For the functions of <knoll/pool.h>. */
    [[nodiscard]] knoll_pool *get() noexcept
    {
        return &pool_;
    }

  private:
    static knoll_pool_options options_of(std::size_t object_bytes, knoll_pool_kind kind) noexcept
    {
        knoll_pool_options options{};
        options.object_bytes = object_bytes;
        options.kind = kind;
        return options;
    }

    knoll_pool pool_;
    std::size_t object_bytes_ = 0;
    std::size_t align_;
};

/*
 * An allocator in the sense of the standard over a pool, which must outlive all that is made with it.
 * What the pool does not serve comes from operator new. Allocators are equal if their pools are the
 * same.
 */
template <typename T> class pool_allocator
{
  public:
    using value_type = T;
    using propagate_on_container_copy_assignment = std::true_type;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;
    using is_always_equal = std::false_type;

    explicit pool_allocator(knoll::pool &from) noexcept : pool_(&from)
    {
    }
    template <typename U>
    pool_allocator(const pool_allocator<U> &other) noexcept : pool_(&other.origin())
    {
    }

    [[nodiscard]] T *allocate(std::size_t count)
    {
        if (count > std::numeric_limits<std::size_t>::max() / sizeof(T))
            throw std::bad_array_new_length();
        if (pool_->serves(count * sizeof(T), alignof(T)))
            return static_cast<T *>(pool_->allocate());
        return static_cast<T *>(::operator new(count * sizeof(T), std::align_val_t(alignof(T))));
    }

    void deallocate(T *block, std::size_t count) noexcept
    {
        if (pool_->serves(count * sizeof(T), alignof(T)))
            pool_->deallocate(block);
        else
            ::operator delete(block, std::align_val_t(alignof(T)));
    }

    [[nodiscard]] knoll::pool &origin() const noexcept
    {
        return *pool_;
    }

    template <typename U>
    friend bool operator==(const pool_allocator &a, const pool_allocator<U> &b) noexcept
    {
        return &a.origin() == &b.origin();
    }
    template <typename U>
    friend bool operator!=(const pool_allocator &a, const pool_allocator<U> &b) noexcept
    {
        return &a.origin() != &b.origin();
    }

  private:
    knoll::pool *pool_;
};

/* A memory resource over a pool. What the pool does not serve comes from another resource. Both must
 * outlive it. */
class pool_resource final : public std::pmr::memory_resource
{
  public:
    explicit pool_resource(pool &from,
                           std::pmr::memory_resource *others = std::pmr::get_default_resource())
        : pool_(&from), others_(others)
    {
    }

  private:
    void *do_allocate(std::size_t bytes, std::size_t align) override
    {
        return pool_->serves(bytes, align) ? pool_->allocate() : others_->allocate(bytes, align);
    }

    void do_deallocate(void *block, std::size_t bytes, std::size_t align) override
    {
        if (pool_->serves(bytes, align))
            pool_->deallocate(block);
        else
            others_->deallocate(block, bytes, align);
    }

    bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override
    {
        return this == &other;
    }

    pool *pool_;
    std::pmr::memory_resource *others_;
};

/*
 * A base class for a class T whose objects, when made by `new`, come from a pool of T's own. The pool
 * lives as long as the process, so objects may outlive main. Objects of classes derived from T with
 * another size come from the global operator new; they need a virtual destructor to be deleted
 * through T, as ever. By default any thread may make and delete objects; if all do so in one thread,
 * KNOLL_POOL_LIST is faster.
 */
template <typename T, knoll_pool_kind Kind = KNOLL_POOL_SHARED> class pooled
{
  public:
    [[nodiscard]] static void *operator new(std::size_t bytes)
    {
        if (bytes != sizeof(T))
            return ::operator new(bytes, std::align_val_t(alignof(T)));
        return origin().allocate();
    }

    static void operator delete(void *object, std::size_t bytes) noexcept
    {
        if (object == nullptr || bytes != sizeof(T))
            ::operator delete(object, std::align_val_t(alignof(T)));
        else
            origin().deallocate(object);
    }

    /* For classes that are aligned more strictly than anything usual is. */
    [[nodiscard]] static void *operator new(std::size_t bytes, std::align_val_t align)
    {
        if (bytes != sizeof(T) || align != std::align_val_t(alignof(T)))
            return ::operator new(bytes, align);
        return origin().allocate();
    }

    static void operator delete(void *object, std::size_t bytes, std::align_val_t align) noexcept
    {
        if (object == nullptr || bytes != sizeof(T) || align != std::align_val_t(alignof(T)))
            ::operator delete(object, align);
        else
            origin().deallocate(object);
    }

    /* In a place of the caller's, as ever. */
    static void *operator new(std::size_t, void *place) noexcept
    {
        return place;
    }
    static void operator delete(void *, void *) noexcept
    {
    }

    /* The pool of all T. */
    [[nodiscard]] static pool &origin()
    {
        alignas(pool) static unsigned char storage[sizeof(pool)];
        static pool *const one = ::new (static_cast<void *>(storage)) pool(options());
        return *one;
    }

  protected:
    pooled() = default;
    ~pooled() = default;
    pooled(const pooled &) = default;
    pooled &operator=(const pooled &) = default;

  private:
    static knoll_pool_options options() noexcept
    {
        knoll_pool_options options{};
        options.object_bytes = sizeof(T);
        options.align = alignof(T);
        options.kind = Kind;
        return options;
    }
};

} // namespace knoll

#endif
