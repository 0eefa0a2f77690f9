/*
 * Arenas and what is used in their place, measured on the same work.
 *
 * A subject is a class with
 *     void *allocate(std::size_t bytes);     a block, aligned to 16 bytes
 *     void reset();                          frees all blocks
 * and those of the following that it has, as the constants say:
 *     has_marks       mark_type mark(); void rewind(mark_type);
 *     has_children    child_type child(); each with allocate; ends with its destructor
 * It is measured by a line in a file of its own:
 *     static const kb::registration here("pmr", kb::run_all<pmr_subject>);
 * so that a subject whose library is not installed is left out by not being compiled.
 */
#ifndef KB_SPECIAL_ARENA_HPP
#define KB_SPECIAL_ARENA_HPP

#include "bench/special/common.hpp"

namespace kb
{

using runner = void(const char *subject, const request &what);

struct registration {
    registration(const char *name_, runner *run_) : name(name_), run(run_), next(first)
    {
        first = this;
    }
    const char *name;
    runner *run;
    const registration *next;
    static const registration *first;
};

/* Times `work`, which makes `blocks` blocks in each round, and prints a line; in arena_main.cpp. */
void measure(const char *subject, const char *workload, const request &what, std::uint64_t blocks,
             void (*work)(void *state), void *state);

constexpr std::uint64_t frame_blocks = 10000, request_blocks = 100;

/* Small blocks of one size, freed together. */
template <typename Subject> void work_fixed(void *state)
{
    Subject &subject = *static_cast<Subject *>(state);
    for (std::uint64_t i = 0; i < frame_blocks; i++)
        touch(subject.allocate(48));
    subject.reset();
}

/* Blocks of 1 to 256 bytes, and now and then 100,000. */
template <typename Subject> void work_mixed(void *state)
{
    Subject &subject = *static_cast<Subject *>(state);
    choices size;
    for (std::uint64_t i = 0; i < frame_blocks; i++)
        touch(subject.allocate(i % 1000 == 999 ? 100000 : 1 + size.below(256)));
    subject.reset();
}

/* Copies of short texts. */
template <typename Subject> void work_text(void *state)
{
    static const char text[] = "a heap of words that are copied one after another";
    Subject &subject = *static_cast<Subject *>(state);
    choices size;
    for (std::uint64_t i = 0; i < frame_blocks; i++) {
        const std::size_t length = 1 + size.below(sizeof(text) - 1);
        std::memcpy(subject.allocate(length), text, length);
    }
    subject.reset();
}

/* Five blocks between each mark and its rewind, as a function that needs room for its results. */
template <typename Subject> void work_marks(void *state)
{
    Subject &subject = *static_cast<Subject *>(state);
    for (std::uint64_t i = 0; i < frame_blocks / 5; i++) {
        auto mark = subject.mark();
        for (int k = 0; k < 5; k++)
            touch(subject.allocate(48));
        subject.rewind(mark);
    }
}

/* A child for each request, with blocks of 1 to 256 bytes. */
template <typename Subject> void work_children(void *state)
{
    Subject &subject = *static_cast<Subject *>(state);
    choices size;
    for (std::uint64_t i = 0; i < frame_blocks / request_blocks; i++) {
        auto child = subject.child();
        for (std::uint64_t k = 0; k < request_blocks; k++)
            touch(child.allocate(1 + size.below(256)));
    }
}

/* Each workload with a subject of its own. */
template <typename Subject> void run_all(const char *name, const request &what)
{
    {
        Subject subject;
        measure(name, "fixed", what, frame_blocks, work_fixed<Subject>, &subject);
    }
    {
        Subject subject;
        measure(name, "mixed", what, frame_blocks, work_mixed<Subject>, &subject);
    }
    {
        Subject subject;
        measure(name, "text", what, frame_blocks, work_text<Subject>, &subject);
    }
    if constexpr (Subject::has_marks) {
        Subject subject;
        measure(name, "marks", what, frame_blocks, work_marks<Subject>, &subject);
    }
    if constexpr (Subject::has_children) {
        Subject subject;
        measure(name, "children", what, frame_blocks, work_children<Subject>, &subject);
    }
}

} // namespace kb

#endif
