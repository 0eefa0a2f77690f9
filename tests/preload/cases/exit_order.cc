// The end of a process: static objects of the program and of a library that it opened, atexit
// functions that allocate, and detached threads that go on allocating all the while.
//
//   exit_order PLUGIN return|exit|quick_exit|_exit|thread
#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "expect.h"

namespace
{

std::map<int, std::string> table;
std::atomic<int> started{0};

struct Last {
    std::vector<char *> blocks;
    ~Last()
    {
        for (char *block : blocks)
            free(block);
        exercise_heap();
    }
} last;

void allocate_for_ever(unsigned seed)
{
    uint64_t state = seed;
    void *kept[64] = {};
    for (;;) {
        uint64_t number = next_random(&state);
        void *&slot = kept[number % 64];
        free(slot);
        slot = malloc(number % 70000);
        if (number % 64 == 0)
            started++;
    }
}

void at_exit()
{
    std::string late(20000, 'x');
    table[7] += late;
    exercise_heap();
}

void end_at_once()
{
    exercise_heap();
    _exit(0);
}

void end_as(const std::string &way)
{
    if (way == "exit")
        exit(0);
    if (way == "quick_exit")
        quick_exit(0);
    if (way == "_exit") {
        atexit(end_at_once);
        exit(3);
    }
    if (way == "thread") {
        std::thread([] { exit(0); }).detach();
        for (;;)
            exercise_heap();
    }
}

} // namespace

int main(int argc, char **argv)
{
    EXPECT(argc == 3);
    void *plugin = dlopen(argv[1], RTLD_NOW);
    EXPECT(plugin != nullptr);
    EXPECT(dlsym(plugin, "plugin_text") != nullptr);
    for (int i = 0; i < 300; i++) {
        table[i] = std::string(static_cast<size_t>(i), 't');
        last.blocks.push_back(static_cast<char *>(malloc(static_cast<size_t>(i * 100))));
    }
    EXPECT(atexit(at_exit) == 0);
    EXPECT(at_quick_exit(at_exit) == 0);
    for (unsigned i = 0; i < 4; i++)
        std::thread(allocate_for_ever, i).detach();
    while (started < 20)
        std::this_thread::yield();
    end_as(argv[2]);
    return 0;
}
