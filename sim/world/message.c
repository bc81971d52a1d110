/* message.c -- see message.h. */
#include "sim/world/message.h"

_Static_assert(sizeof(struct body) == 16, "a body of 112 bytes fills two lines of the cache");
_Static_assert(sizeof(struct message) == 128, "and a message two");

struct message *message_copy(struct world *w, const struct message *m)
{
    struct message *copy = pool_take(&w->network.pieces, sizeof *copy);

    *copy = *m;
    copy->next = NULL;
    if (copy->body != NULL)
        copy->body->references++;
    message_hold_op(copy);
    return copy;
}
