// Objects with thread storage and destructors, exceptions, and name look-ups in threads that end:
// the C and C++ libraries free what they hold for a thread late.
#include <netdb.h>
#include <sys/socket.h>

#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "expect.h"

namespace
{

struct Noisy {
    std::vector<std::string> texts;
    ~Noisy()
    {
        std::map<int, std::string> late;
        for (int i = 0; i < 50; i++)
            late[i] = std::string(static_cast<size_t>(i * 10), 'z');
        EXPECT(late.size() == 50 && texts.size() == 30);
    }
};

thread_local Noisy first;
thread_local std::string second;
thread_local std::map<std::string, std::vector<int>> third;

void work(int number)
{
    for (int i = 0; i < 30; i++) {
        first.texts.push_back("text " + std::to_string(i * number));
        third[first.texts.back()].assign(static_cast<size_t>(i), number);
    }
    second.assign(3000, 's');
    try {
        throw std::runtime_error(second);
    } catch (const std::exception &error) {
        EXPECT(std::string(error.what()).size() == 3000);
    }
    addrinfo hints{}, *found = nullptr;
    hints.ai_flags = AI_NUMERICHOST;
    EXPECT(getaddrinfo("127.0.0.1", "80", &hints, &found) == 0);
    freeaddrinfo(found);
    if (number % 50 == 0 && getaddrinfo("localhost", nullptr, nullptr, &found) == 0)
        freeaddrinfo(found);
    (void)strerror(12345);
}

} // namespace

int main()
{
    for (int round = 0; round < scaled(60); round++) {
        std::vector<std::thread> threads;
        for (int i = 0; i < 5; i++)
            threads.emplace_back(work, round * 5 + i);
        for (std::thread &thread : threads)
            thread.join();
    }
    return 0;
}
