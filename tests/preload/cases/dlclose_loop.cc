// Libraries opened and closed in one thread, exceptions in another, allocation in a third: the
// loader's lock, the unwinder's and the allocator's must not wait for each other.
//
//   dlclose_loop LIBRARY...
#include <dlfcn.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

#include "expect.h"

namespace
{

std::atomic<bool> is_over{false};

int throw_deep(int depth)
{
    if (depth == 0)
        throw std::runtime_error(std::string(500, 'd'));
    return throw_deep(depth - 1) + 1;
}

void throw_for_long()
{
    while (!is_over) {
        try {
            throw_deep(20);
        } catch (const std::exception &error) {
            EXPECT(std::string(error.what()).size() == 500);
        }
    }
}

void allocate_for_long()
{
    while (!is_over)
        exercise_heap();
}

} // namespace

int main(int argc, char **argv)
{
    std::thread thrower(throw_for_long), allocator(allocate_for_long);
    for (int round = 0; round < scaled(30); round++) {
        void *libraries[64] = {};
        EXPECT(argc <= 64);
        for (int i = 1; i < argc; i++) {
            libraries[i] = dlopen(argv[i], RTLD_NOW);
            EXPECT(libraries[i] != nullptr);
        }
        for (int i = 1; i < argc; i++)
            EXPECT(dlclose(libraries[i]) == 0);
    }
    is_over = true;
    thrower.join();
    allocator.join();
    return 0;
}
