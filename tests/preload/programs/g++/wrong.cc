// Wrong on purpose: the compiler's messages about it are compared.
#include <algorithm>
#include <list>
#include <map>
#include <string>

struct Unordered {
    std::string name;
};

int main()
{
    std::map<Unordered, std::list<std::map<int, Unordered>>> index;
    index[Unordered{"a"}].push_back({{1, Unordered{"b"}}});
    std::list<Unordered> items;
    std::sort(items.begin(), items.end());
    return index.find("a")->second;
}
