/*
 * A parser of s-expressions whose tree lives in an arena.
 *
 * Nodes and names are packed one behind the other and freed together. The parser tries a line as a
 * definition first; if it is none, it rewinds to its mark, and what the attempt left is gone.
 */
#include <knoll/arena.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
    struct node *next;  /* in the list that this is in */
    struct node *first; /* of a list */
    const char *name;   /* NULL: a list or a number */
    double number;
    bool is_list;
};

struct parser {
    struct knoll_arena *arena;
    const char *at;
};

static void skip_space(struct parser *parser)
{
    parser->at += strspn(parser->at, " \n");
}

static struct node *new_node(struct parser *parser)
{
    struct node *node = knoll_arena_calloc(parser->arena, 1, sizeof(*node));
    if (node == NULL) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    return node;
}

static struct node *parse(struct parser *parser);

/* The items up to the closing parenthesis; NULL if there is none. */
static struct node *parse_list(struct parser *parser)
{
    struct node *list = new_node(parser);
    struct node **link = &list->first;
    list->is_list = true;
    parser->at++;
    for (skip_space(parser); *parser->at != ')'; skip_space(parser)) {
        *link = parse(parser);
        if (*link == NULL)
            return NULL;
        link = &(*link)->next;
    }
    parser->at++;
    return list;
}

/* One expression; NULL if there is none. */
static struct node *parse(struct parser *parser)
{
    skip_space(parser);
    if (*parser->at == '(')
        return parse_list(parser);
    size_t length = strcspn(parser->at, "() \n");
    if (length == 0)
        return NULL;
    struct node *node = new_node(parser);
    char *end;
    node->number = strtod(parser->at, &end);
    if (end != parser->at + length) {
        node->name = knoll_arena_strndup(parser->arena, parser->at, length);
        if (node->name == NULL)
            exit(1);
    }
    parser->at += length;
    return node;
}

/* name = expression, in which case the value is the expression's. */
static struct node *parse_definition(struct parser *parser)
{
    const struct node *name = parse(parser);
    const struct node *sign = parse(parser);
    bool is_definition = name != NULL && name->name != NULL && sign != NULL && sign->name != NULL &&
                         strcmp(sign->name, "=") == 0;
    return is_definition ? parse(parser) : NULL;
}

static struct node *parse_line(struct parser *parser, const char *line, bool *is_definition)
{
    struct knoll_arena_moment start = knoll_arena_mark(parser->arena);
    parser->at = line;
    struct node *node = parse_definition(parser);
    *is_definition = node != NULL;
    if (node != NULL)
        return node;
    knoll_arena_rewind(parser->arena, start);
    parser->at = line;
    return parse(parser);
}

static double evaluate(const struct node *node)
{
    if (!node->is_list)
        return node->number;
    const struct node *item = node->first;
    const char *name = item == NULL || item->name == NULL ? "+" : item->name;
    double value = *name == '*' ? 1 : 0;
    for (item = item == NULL ? NULL : item->next; item != NULL; item = item->next) {
        if (*name == '*')
            value *= evaluate(item);
        else
            value += evaluate(item);
    }
    return value;
}

int main(void)
{
    static const char *const lines[] = {
        "(+ 1 2 (* 3 4) (+ 5 (* 6 7)))",
        "answer = (* 6 (+ 3 4))",
        "(* 2 (* 2 (* 2 (* 2 (* 2 (* 2 2))))))",
        "(+ 1 (* 2 3)",
    };
    static const double expected[] = {62, 42, 128, 0};
    struct knoll_arena arena;
    bool is_right = true;
    if (knoll_arena_init(&arena, NULL) != 0)
        return 1;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct parser parser = {&arena, lines[i]};
        bool is_definition;
        const struct node *node = parse_line(&parser, lines[i], &is_definition);
        double value = node == NULL ? 0 : evaluate(node);
        printf("%-40s %s %g\n", lines[i],
               node == NULL    ? "is not complete:"
               : is_definition ? "defines"
                               : "is",
               value);
        is_right = is_right && value == expected[i];
    }
    struct knoll_arena_stats stats;
    knoll_arena_stats_get(&arena, &stats);
    printf("%zu bytes in %zu chunk\n", stats.used_bytes, stats.chunks);
    knoll_arena_destroy(&arena);
    return is_right ? 0 : 1;
}
