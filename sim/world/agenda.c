/* agenda.c -- see agenda.h. */
#include "sim/world/agenda.h"

#include <stdlib.h>

static void tournament_open(struct agenda_tournament *t, uint32_t lines)
{
    t->leaves = lines > 1 ? lines : 1;
    t->times = memory_new(2 * (size_t)t->leaves, sizeof *t->times);
    t->lines = memory_new(2 * (size_t)t->leaves, sizeof *t->lines);
    t->orders = memory_new(t->leaves, sizeof *t->orders);
    for (uint32_t i = 0; i < t->leaves; i++)
        t->orders[i] = UINT64_MAX;
    for (uint32_t i = 2 * t->leaves - 1; i > 0; i--) {
        t->times[i] = SIM_NS_NEVER;
        t->lines[i] = i >= t->leaves ? i - t->leaves : t->lines[2 * i];
    }
}

void agenda_open(struct agenda *a, uint32_t arrivals, uint32_t channels, size_t event_bytes)
{
    *a = (struct agenda){.queue = event_queue_new(event_bytes)};
    for (int group = 0; group < AGENDA_GROUPS; group++)
        agenda_set(a, (enum agenda_group)group, AGENDA_NONE);
    tournament_open(&a->many[AGENDA_ARRIVALS - AGENDA_MANY], arrivals);
    tournament_open(&a->many[AGENDA_CHANNELS - AGENDA_MANY], channels);
}

void agenda_close(struct agenda *a)
{
    event_queue_free(a->queue);
    for (int i = 0; i < AGENDA_GROUPS - AGENDA_MANY; i++) {
        free(a->many[i].times);
        free(a->many[i].lines);
        free(a->many[i].orders);
    }
}
