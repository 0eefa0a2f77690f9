/* Pools of the Apache Portable Runtime, whose blocks are aligned to 8 bytes. */
#include "bench/special/arena.hpp"

#include <cstdlib>

#include <apr_general.h>
#include <apr_pools.h>

namespace
{

apr_pool_t *make_pool(apr_pool_t *parent)
{
    static const apr_status_t started = apr_initialize();
    apr_pool_t *pool = nullptr;
    if (started != APR_SUCCESS || apr_pool_create(&pool, parent) != APR_SUCCESS)
        std::abort();
    return pool;
}

class apr_subject
{
  public:
    static constexpr bool has_marks = false, has_children = true;

    explicit apr_subject(apr_pool_t *parent = nullptr) : pool(make_pool(parent))
    {
    }
    apr_subject(const apr_subject &) = delete;
    ~apr_subject()
    {
        apr_pool_destroy(pool);
    }

    void *allocate(std::size_t bytes)
    {
        return apr_palloc(pool, bytes);
    }
    void reset()
    {
        apr_pool_clear(pool);
    }
    apr_subject child()
    {
        return apr_subject(pool);
    }

  private:
    apr_pool_t *pool;
};

const kb::registration here("apr", kb::run_all<apr_subject>);

} // namespace
