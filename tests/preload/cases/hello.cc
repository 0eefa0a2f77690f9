// As hello.c, in C++: exceptions and containers in a static program.
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

int main()
{
    std::map<int, std::string> table;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([] { std::vector<std::string> texts(1000, std::string(100, 'a')); });
    for (std::thread &thread : threads)
        thread.join();
    for (int i = 0; i < 1000; i++)
        table[i] = std::string(static_cast<size_t>(i), 'x');
    try {
        throw std::runtime_error(table[7]);
    } catch (const std::exception &error) {
        std::cout << "hello " << error.what() << '\n';
    }
    return 0;
}
