#include "cli/suggest.h"

#include <stdbool.h>
#include <string.h>

#define LETTERS 40 /* longer words are not looked at */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_same(char a, char b)
{
    return (a == '_' ? '-' : a) == (b == '_' ? '-' : b);
}

/*
 * The least number of steps that make one word of the other (optimal string alignment): row i holds
 * the distances of the first i letters of `a` to each beginning of `b`.
 */
static size_t distance(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    size_t row[LETTERS + 1][LETTERS + 1];
    for (size_t i = 0; i <= a_bytes; i++) {
        row[i][0] = i;
        for (size_t j = 1; j <= b_bytes; j++) {
            if (i == 0) {
                row[i][j] = j;
                continue;
            }
            size_t change = row[i - 1][j - 1] + !is_same(a[i - 1], b[j - 1]);
            row[i][j] = least(change, least(row[i - 1][j], row[i][j - 1]) + 1);
            if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))
                row[i][j] = least(row[i][j], row[i - 2][j - 2] + 1);
        }
    }
    return row[a_bytes][b_bytes];
}

void cli_suggestion_offer(struct cli_suggestion *suggestion, const char *name)
{
    size_t bytes = strlen(name);
    if (bytes > LETTERS || suggestion->bytes > LETTERS)
        return;
    size_t steps = distance(suggestion->word, suggestion->bytes, name, bytes);
    if (steps * 3 > bytes + 2 || (suggestion->best != NULL && steps >= suggestion->distance))
        return;
    suggestion->best = name;
    suggestion->distance = steps;
}
