#include "ds/dlist.h"

const char *kn_dlist_check(const struct kn_dlist *head)
{
    const struct kn_dlist *node = head;

    do {
        if (node->next == NULL || node->prev == NULL)
            return "dlist: NULL link";
        if (node->next->prev != node)
            return "dlist: next and prev disagree";
        node = node->next;
    } while (node != head);
    return NULL;
}
