// A program of tests over what else is compiled here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

double solved(int size);

struct Store {
    virtual ~Store() = default;
    virtual bool put(const std::string &key, std::vector<int> value) = 0;
};

struct MockStore : Store {
    MOCK_METHOD(bool, put, (const std::string &key, std::vector<int> value), (override));
};

TEST(Sample, MockSeesEveryCall)
{
    using namespace ::testing;
    MockStore store;
    EXPECT_CALL(store, put(StartsWith("key"), ElementsAre(1, 2, _))).Times(100)
        .WillRepeatedly(Return(true));
    for (int i = 0; i < 100; i++)
        EXPECT_TRUE(store.put("key" + std::to_string(i), {1, 2, i}));
}

TEST(Sample, MatricesAreSolved)
{
    EXPECT_GT(solved(40), 0);
}

class Sizes : public ::testing::TestWithParam<int>
{
};

TEST_P(Sizes, StringsKeepTheirLength)
{
    EXPECT_EQ(std::string(static_cast<size_t>(GetParam()), 'x').size(),
              static_cast<size_t>(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Many, Sizes, ::testing::Range(0, 500));

int main(int argc, char **argv)
{
    testing::InitGoogleMock(&argc, argv);
    return RUN_ALL_TESTS();
}
