// Instantiates a large part of the standard library, and uses it from threads.
#include <algorithm>
#include <deque>
#include <functional>
#include <future>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

int templates_total();

namespace {

struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
};

struct Square : Shape {
    explicit Square(double side) : side_(side)
    {
    }
    double area() const override
    {
        return side_ * side_;
    }
    double side_;
};

struct alignas(64) Disc : Shape {
    explicit Disc(double radius) : radius_(radius)
    {
    }
    double area() const override
    {
        return 3 * radius_ * radius_;
    }
    double radius_;
};

double shapes(int count)
{
    std::vector<std::unique_ptr<Shape>> all;
    for (int i = 0; i < count; i++) {
        if (i % 3 == 0)
            all.push_back(std::make_unique<Disc>(i % 10));
        else
            all.push_back(std::make_unique<Square>(i % 7));
    }
    return std::accumulate(all.begin(), all.end(), 0.0,
                           [](double sum, const auto &shape) { return sum + shape->area(); });
}

std::string words(int count)
{
    std::map<std::string, std::multiset<int>> index;
    std::unordered_map<int, std::list<std::string>> buckets;
    for (int i = 0; i < count; i++) {
        std::ostringstream name;
        name << "word" << i * 7919 % 101;
        index[name.str()].insert(i);
        buckets[i % 37].push_front(name.str());
    }
    std::ostringstream out;
    for (const auto &[word, places] : index)
        out << word << ':' << places.size() << ' ';
    out << buckets.size();
    return out.str();
}

int thrown(int count)
{
    int caught = 0;
    for (int i = 0; i < count; i++) {
        try {
            if (i % 2 == 0)
                throw std::runtime_error(std::string(static_cast<size_t>(i), 'x'));
            (void)std::vector<int>().at(3);
        } catch (const std::out_of_range &) {
            caught += 1;
        } catch (const std::exception &error) {
            caught += static_cast<int>(std::string(error.what()).size());
        }
    }
    return caught;
}

size_t matches(const std::string &text)
{
    std::regex pattern("(word)([0-9]+):([0-9]+)");
    return static_cast<size_t>(
        std::distance(std::sregex_iterator(text.begin(), text.end(), pattern), {}));
}

} // namespace

int main()
{
    std::vector<std::future<std::string>> results;
    for (int i = 0; i < 6; i++)
        results.push_back(std::async(std::launch::async, words, 2000 + i));
    for (auto &result : results) {
        std::string text = result.get();
        std::cout << text.size() << ' ' << matches(text) << '\n';
    }
    std::variant<int, std::string, std::deque<int>> value = std::deque<int>(1000, 3);
    std::cout << std::get<2>(value).size() << ' ' << shapes(3000) << ' ' << thrown(500) << ' '
              << templates_total() << '\n';
}
