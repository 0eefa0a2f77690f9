/* Full of mistakes on purpose: the compiler's messages about it are compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct incomplete;

static int leak(int n)
{
    char *buffer = malloc(n);
    if (n > 3)
        return 1;
    strcpy(buffer, "overflow");
    free(buffer);
    free(buffer);
    return undeclared_name + buffer[0];
}

static void misuse(struct incomplete *p, int unused)
{
    printf("%d %s %q\n", "text", 3);
    p->member = 3;
    int array[2] = {1, 2, 3};
    array[5] = unknown_function(&array);
    for (unsigned i = 3; i >= 0; i--)
        leak(i)
}

int main(void)
{
    int x;
    double *wrong = &x;
    misuse(3, "four", 5);
    return x + *wrong
