// Deep and wide template instantiation: work for the compiler's own memory.
#include <array>
#include <concepts>
#include <ranges>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace {

template <int N> struct Fibonacci {
    static constexpr long value = Fibonacci<N - 1>::value + Fibonacci<N - 2>::value;
};
template <> struct Fibonacci<0> {
    static constexpr long value = 0;
};
template <> struct Fibonacci<1> {
    static constexpr long value = 1;
};

template <int N> struct Tag {
    std::array<int, static_cast<size_t>(N % 13 + 1)> data{};
    int total() const
    {
        int sum = N;
        for (int item : data)
            sum += item;
        return sum;
    }
};

template <int... N> int total(std::integer_sequence<int, N...>)
{
    std::tuple<Tag<N>...> all;
    return (std::get<static_cast<size_t>(N)>(all).total() + ...);
}

constexpr auto sieve()
{
    std::array<bool, 3000> composite{};
    int primes = 0;
    for (size_t i = 2; i < composite.size(); i++) {
        if (composite[i])
            continue;
        primes++;
        for (size_t j = i * i; j < composite.size(); j += i)
            composite[j] = true;
    }
    return primes;
}

template <std::integral T> T doubled_odds(const std::vector<T> &items)
{
    T sum = 0;
    for (T item : items | std::views::filter([](T n) { return n % 2 != 0; }) |
                      std::views::transform([](T n) { return n * 2; }) | std::views::take(100))
        sum += item;
    return sum;
}

} // namespace

int templates_total()
{
    static_assert(sieve() == 430);
    std::vector<int> items(1000, 7);
    return total(std::make_integer_sequence<int, 60>()) + doubled_odds(items) +
           static_cast<int>(Fibonacci<60>::value % 1000);
}
