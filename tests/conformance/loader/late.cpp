/* Runs out of memory in a process whose C++ runtime came with this plugin. */
#include <cstdio>
#include <new>

namespace
{

volatile std::size_t impossible = static_cast<std::size_t>(-1) / 2 + 1;

void throw_bad_alloc()
{
    throw std::bad_alloc();
}

} // namespace

extern "C" void *run()
{
    bool is_caught = false;
    try {
        ::operator delete(::operator new(impossible));
    } catch (const std::bad_alloc &) {
        is_caught = true;
    }
    std::set_new_handler(throw_bad_alloc);
    void *block = ::operator new(impossible, std::nothrow);
    std::set_new_handler(nullptr);
    std::puts(is_caught && block == nullptr ? "caught" : "missed");
    return nullptr;
}
