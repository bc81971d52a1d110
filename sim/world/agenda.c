/* agenda.c -- see agenda.h. */
#include "sim/world/agenda.h"

#include <stdlib.h>

void agenda_open(struct agenda *a, uint32_t lines, size_t event_bytes)
{
    *a = (struct agenda){.queue = event_queue_new(event_bytes), .leaves = 1};
    while (a->leaves < lines)
        a->leaves *= 2;
    a->matches = memory_new(2 * (size_t)a->leaves, sizeof *a->matches);
    a->orders = memory_new(a->leaves, sizeof *a->orders);
    for (uint32_t i = 0; i < a->leaves; i++)
        a->orders[i] = UINT64_MAX;
    for (uint32_t i = 2 * a->leaves - 1; i > 0; i--)
        a->matches[i] =
            (struct agenda_match){SIM_NS_NEVER, i >= a->leaves ? i - a->leaves : a->matches[2 * i].line};
}

void agenda_close(struct agenda *a)
{
    event_queue_free(a->queue);
    free(a->matches);
    free(a->orders);
}
