/*
 * Pools and what is used in their place, on the same work. Prints a line of JSON for each.
 *
 *     pool [--rounds N] [--subject NAME] [--workload NAME]
 *
 * A subject is a class with allocate() and deallocate(object), for objects of object_bytes. All work is
 * that of one thread, also on the subjects that are made for many.
 */
#include "bench/special/common.hpp"

#include <memory>
#include <memory_resource>

#include <knoll/pool.hpp>

#if __has_include(<boost/pool/pool.hpp>)
#include <boost/pool/pool.hpp>
#define KB_HAS_BOOST 1
#else
#define KB_HAS_BOOST 0
#endif

namespace
{

using kb::touch;

constexpr std::size_t object_bytes = 48, live = 10000;

template <knoll_pool_kind Kind> struct knoll_subject {
    void *allocate()
    {
        return knoll_pool_malloc(pool.get());
    }
    void deallocate(void *object)
    {
        knoll_pool_free(pool.get(), object);
    }
    knoll::pool pool{object_bytes, Kind};
};

#if KB_HAS_BOOST
struct boost_subject {
    void *allocate()
    {
        return pool.malloc();
    }
    void deallocate(void *object)
    {
        pool.free(object);
    }
    boost::pool<> pool{object_bytes};
};
#endif

template <typename Resource> struct pmr_subject {
    void *allocate()
    {
        return resource.allocate(object_bytes);
    }
    void deallocate(void *object)
    {
        resource.deallocate(object, object_bytes);
    }
    Resource resource;
};

struct malloc_subject {
    void *allocate()
    {
        return std::malloc(object_bytes);
    }
    void deallocate(void *object)
    {
        std::free(object);
    }
};

/* One object at a time. */
template <typename Subject> void work_pair(Subject &subject)
{
    for (std::size_t i = 0; i < live; i++) {
        void *object = subject.allocate();
        touch(object);
        subject.deallocate(object);
    }
}

/* All objects, then all away, oldest first. */
template <typename Subject> void work_fill(Subject &subject)
{
    static void *objects[live];
    for (void *&object : objects)
        touch(object = subject.allocate());
    for (void *object : objects)
        subject.deallocate(object);
}

/* Objects come and go in any order, half of them live. */
template <typename Subject> void work_churn(Subject &subject)
{
    static void *objects[live];
    kb::choices choice;
    for (std::size_t i = 0; i < 2 * live; i++) {
        void *&object = objects[choice.below(live)];
        if (object != nullptr) {
            subject.deallocate(object);
            object = nullptr;
        } else {
            touch(object = subject.allocate());
        }
    }
    for (void *&object : objects) {
        if (object != nullptr)
            subject.deallocate(object);
        object = nullptr;
    }
}

template <typename Subject>
void measure(const kb::request &what, const char *name, const char *workload,
             void (*work)(Subject &))
{
    if (!kb::is_wanted(what.subject, name) || !kb::is_wanted(what.workload, workload))
        return;
    auto subject = std::make_unique<Subject>();
    const double ns = kb::time_rounds(what.rounds, [&] { work(*subject); });
    std::printf("{\"subject\": \"%s\", \"workload\": \"%s\", \"objects\": %zu, "
                "\"ns_per_object\": %.2f}\n",
                name, workload, live,
                what.rounds == 0 ? 0.0 : ns / static_cast<double>(live * what.rounds));
}

template <typename Subject> void run_all(const kb::request &what, const char *name)
{
    measure<Subject>(what, name, "pair", work_pair<Subject>);
    measure<Subject>(what, name, "fill", work_fill<Subject>);
    measure<Subject>(what, name, "churn", work_churn<Subject>);
}

} // namespace

int main(int argc, char **argv)
{
    const kb::request what = kb::read_request(argc, argv);
    run_all<knoll_subject<KNOLL_POOL_LIST>>(what, "knoll-list");
    run_all<knoll_subject<KNOLL_POOL_BITMAP>>(what, "knoll-bitmap");
    run_all<knoll_subject<KNOLL_POOL_SHARED>>(what, "knoll-shared");
#if KB_HAS_BOOST
    run_all<boost_subject>(what, "boost");
#endif
    run_all<pmr_subject<std::pmr::unsynchronized_pool_resource>>(what, "pmr");
    run_all<pmr_subject<std::pmr::synchronized_pool_resource>>(what, "pmr-synchronized");
    run_all<malloc_subject>(what, "malloc");
    return 0;
}
