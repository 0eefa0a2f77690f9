/*
 * Pools and what is used in their place, on the same work. Prints a line of JSON for each.
 *
 *     pool [--rounds N] [--subject NAME] [--workload NAME]
 *
 * A subject is a class with allocate() and deallocate(object), for objects of object_bytes. All work is
 * that of one thread, also on the subjects that are made for many.
 */
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
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

/* The first byte is written, as a user would. */
void touch(void *object)
{
    *static_cast<volatile char *>(object) = 1;
}

/* The same choices for all subjects, from a generator that costs little. */
class choices
{
  public:
    std::size_t below(std::size_t limit)
    {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<std::size_t>((state >> 33) % limit);
    }

  private:
    std::uint64_t state = 1;
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
    choices choice;
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

struct request {
    const char *subject;
    const char *workload;
    std::uint64_t rounds;
};

bool is_wanted(const char *wish, const char *name)
{
    return wish == nullptr || std::strcmp(wish, name) == 0;
}

template <typename Subject>
void measure(const request &what, const char *name, const char *workload, void (*work)(Subject &))
{
    using clock = std::chrono::steady_clock;
    if (!is_wanted(what.subject, name) || !is_wanted(what.workload, workload))
        return;
    auto subject = std::make_unique<Subject>();
    work(*subject); /* the first round gets the memory */
    const auto start = clock::now();
    for (std::uint64_t i = 0; i < what.rounds; i++)
        work(*subject);
    const double ns = std::chrono::duration<double, std::nano>(clock::now() - start).count();
    std::printf("{\"subject\": \"%s\", \"workload\": \"%s\", \"objects\": %zu, "
                "\"ns_per_object\": %.2f}\n",
                name, workload, live,
                what.rounds == 0 ? 0.0 : ns / static_cast<double>(live * what.rounds));
}

template <typename Subject> void run_all(const request &what, const char *name)
{
    measure<Subject>(what, name, "pair", work_pair<Subject>);
    measure<Subject>(what, name, "fill", work_fill<Subject>);
    measure<Subject>(what, name, "churn", work_churn<Subject>);
}

} // namespace

int main(int argc, char **argv)
{
    request what{nullptr, nullptr, 1000};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && std::strcmp(argv[i], "--rounds") == 0) {
            what.rounds = std::strtoull(argv[i + 1], nullptr, 10);
        } else if (i + 1 < argc && std::strcmp(argv[i], "--subject") == 0) {
            what.subject = argv[i + 1];
        } else if (i + 1 < argc && std::strcmp(argv[i], "--workload") == 0) {
            what.workload = argv[i + 1];
        } else {
            std::fprintf(stderr, "usage: %s [--rounds N] [--subject NAME] [--workload NAME]\n",
                         argv[0]);
            return 2;
        }
    }
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
