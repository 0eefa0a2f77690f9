/*
 * The handle heap of <knoll/handles.h> for C++: an owner of a heap, and locks and blocks that let go of
 * what they hold at the end of their scope.
 *
 *     knoll::handle_heap heap(1 << 20);
 *     knoll::handle_block text(heap, 100);
 *     {
 *         knoll::handle_lock<char> chars(heap, text.get());
 *         std::strcpy(chars.get(), "here for now");
 *     }
 *     while (heap.compact(65536, 1000))
 *         do_something_else();
 *
 * Contents are moved by copying their bytes, so they must be of types that allow for it: constructors
 * and destructors are not called, and a lock of any other type does not compile.
 *
 * Memory that is short throws std::bad_alloc. Threads: one at a time, as in C. C++17.
 */
#ifndef KNOLL_HANDLES_HPP
#define KNOLL_HANDLES_HPP

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include <knoll/handles.h>

namespace knoll
{

/* Owns a heap. Not copied or moved, as blocks and locks refer to it. */
class handle_heap
{
  public:
    /* As knoll_handles_new. */
    explicit handle_heap(std::size_t max_bytes, knoll_source *source = nullptr)
        : heap_(knoll_handles_new(source, max_bytes))
    {
        if (heap_ == nullptr)
            throw std::bad_alloc();
    }

    /* As knoll_handles_init: in a buffer that outlives the heap. */
    handle_heap(void *buffer, std::size_t bytes) : heap_(knoll_handles_init(buffer, bytes))
    {
        if (heap_ == nullptr)
            throw std::bad_alloc();
    }

    handle_heap(const handle_heap &) = delete;
    handle_heap &operator=(const handle_heap &) = delete;

    ~handle_heap()
    {
        knoll_handles_delete(heap_);
    }

    /* For the functions of C. */
    [[nodiscard]] knoll_handles *get() const noexcept
    {
        return heap_;
    }

    bool compact(std::size_t max_bytes, std::size_t max_steps,
                 knoll_handles_progress *progress = nullptr) noexcept
    {
        return knoll_handles_compact(heap_, max_bytes, max_steps, progress);
    }

  private:
    knoll_handles *heap_;
};

/* Owns a block, which it frees at its end; may be empty. */
class handle_block
{
  public:
    handle_block() noexcept = default;

    /* Compacts if there is no place otherwise. */
    handle_block(handle_heap &heap, std::size_t bytes)
        : heap_(heap.get()), handle_(knoll_handles_alloc_compacting(heap_, bytes))
    {
        if (handle_ == 0)
            throw std::bad_alloc();
    }

    handle_block(handle_block &&other) noexcept
        : heap_(other.heap_), handle_(std::exchange(other.handle_, 0))
    {
    }

    handle_block &operator=(handle_block &&other) noexcept
    {
        std::swap(heap_, other.heap_);
        std::swap(handle_, other.handle_);
        return *this;
    }

    ~handle_block()
    {
        if (handle_ != 0)
            knoll_handles_free(heap_, handle_);
    }

    /* 0 if empty. */
    [[nodiscard]] knoll_handle get() const noexcept
    {
        return handle_;
    }

    /* The block is no longer freed by this. */
    [[nodiscard]] knoll_handle release() noexcept
    {
        return std::exchange(handle_, 0);
    }

    [[nodiscard]] std::size_t size() const noexcept
    {
        return handle_ == 0 ? 0 : knoll_handles_size(heap_, handle_);
    }

    void resize(std::size_t bytes)
    {
        if (knoll_handles_resize(heap_, handle_, bytes) != 0)
            throw std::bad_alloc();
    }

  private:
    knoll_handles *heap_ = nullptr;
    knoll_handle handle_ = 0;
};

/*
 * Locks a block for as long as it lives, and shows it as objects of T, aligned to at most 16. Several may
 * lock one block.
 */
template <typename T> class handle_lock
{
    static_assert(std::is_trivially_copyable_v<T>, "blocks are moved by copying their bytes");
    static_assert(alignof(T) <= 16, "blocks start at multiples of 16");

  public:
    handle_lock(handle_heap &heap, knoll_handle handle) noexcept
        : heap_(heap.get()), handle_(handle),
          block_(static_cast<T *>(knoll_handles_lock(heap.get(), handle)))
    {
    }

    handle_lock(const handle_lock &) = delete;
    handle_lock &operator=(const handle_lock &) = delete;

    ~handle_lock()
    {
        if (block_ != nullptr)
            knoll_handles_unlock(heap_, handle_);
    }

    /* Null after misuse, if the program goes on after that. */
    [[nodiscard]] T *get() const noexcept
    {
        return block_;
    }

    /* How many objects have room. */
    [[nodiscard]] std::size_t size() const noexcept
    {
        return block_ == nullptr ? 0 : knoll_handles_size(heap_, handle_) / sizeof(T);
    }

    T &operator*() const noexcept
    {
        return *block_;
    }
    T *operator->() const noexcept
    {
        return block_;
    }
    T &operator[](std::size_t index) const noexcept
    {
        return block_[index];
    }
    T *begin() const noexcept
    {
        return block_;
    }
    T *end() const noexcept
    {
        return block_ + size();
    }

  private:
    knoll_handles *heap_;
    knoll_handle handle_;
    T *block_;
};

} // namespace knoll

#endif
