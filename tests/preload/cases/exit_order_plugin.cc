// A library with objects that live until the process ends: preloaded, linked or opened by
// exit_order.cc.
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "expect.h"

namespace
{

struct Registry {
    std::map<std::string, std::vector<std::string>> entries;

    Registry()
    {
        for (int i = 0; i < 200; i++)
            entries["key " + std::to_string(i)].assign(5, std::string(static_cast<size_t>(i), 'r'));
    }
    ~Registry()
    {
        EXPECT(entries.size() == 200);
        for (int i = 0; i < 100; i++)
            entries.erase("key " + std::to_string(i * 2));
        entries["made late"].push_back(std::string(100000, 'l'));
        auto moved = std::make_unique<std::map<std::string, std::vector<std::string>>>(entries);
        EXPECT(moved->size() == 101);
    }
};

Registry registry;
std::string *never_freed = new std::string(5000, 'n');

} // namespace

extern "C" const char *plugin_text()
{
    return never_freed->c_str();
}
