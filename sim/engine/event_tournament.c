/* event_tournament.c -- the parts of the tournament that are not in the hot loop. */
#include "sim/engine/event_tournament.h"

#include "sim/base/check.h"

#include <stdlib.h>

static bool before(const struct event_tournament *t, size_t leaf, size_t other)
{
    if (t->seats[leaf].time != t->seats[other].time)
        return t->seats[leaf].time < t->seats[other].time;
    return t->orders[leaf] < t->orders[other];
}

static void match(struct event_tournament *t, size_t at)
{
    const event_entrant *pair = &t->entrants[2 * at];

    t->entrants[at] =
        before(t, event_entrant_leaf(t, pair[1]), event_entrant_leaf(t, pair[0])) ? pair[1] : pair[0];
}

void event_tournament_break_ties(struct event_tournament *t, size_t leaf)
{
    for (size_t at = (t->leaves + leaf) / 2; at > 0; at /= 2)
        match(t, at);
}

void event_tournament_replay(struct event_tournament *t)
{
    size_t unused = 0;

    for (size_t leaf = t->leaves; leaf-- > 0;) {
        uint64_t time = event_tournament_time_at(t, leaf);
        t->entrants[t->leaves + leaf] = event_entrant_new(t, time, leaf);
        if (time == EVENT_NEVER) {
            t->orders[leaf] = UINT64_MAX;
            t->unused[unused++] = (uint32_t)leaf;
        }
    }
    t->count = t->leaves - unused;
    for (size_t at = t->leaves - 1; at > 0; at--)
        match(t, at);
}

/* The events move to the first of `leaves` new ones. */
static void move(struct event_tournament *t, size_t leaves)
{
    struct event_tournament to = {.leaves = leaves};
    size_t count = 0;

    CHECK(leaves <= UINT32_MAX && leaves >= t->count);
    to.entrants = memory_new(2 * leaves, sizeof *to.entrants);
    to.seats = memory_new(leaves, sizeof *to.seats);
    to.orders = memory_new(leaves, sizeof *to.orders);
    to.unused = memory_new(leaves, sizeof *to.unused);
    for (size_t leaf = 0; leaf < t->leaves; leaf++) {
        if (event_tournament_time_at(t, leaf) == EVENT_NEVER)
            continue;
        to.seats[count] = t->seats[leaf];
        to.orders[count++] = t->orders[leaf];
    }
    while (count < leaves)
        event_tournament_take(&to, count++);
    event_tournament_replay(&to);
    event_tournament_free(t);
    *t = to;
}

void event_tournament_init(struct event_tournament *t)
{
    *t = (struct event_tournament){.leaves = 0};
    move(t, EVENT_LEAVES_LEAST);
}

void event_tournament_free(struct event_tournament *t)
{
    free(t->entrants);
    free(t->seats);
    free(t->orders);
    free(t->unused);
}

void event_tournament_grow(struct event_tournament *t)
{
    move(t, 2 * t->leaves);
}

void event_tournament_shrink(struct event_tournament *t)
{
    move(t, t->leaves / 2);
}

size_t event_tournament_bytes(const struct event_tournament *t)
{
    return t->leaves * (2 * sizeof *t->entrants + sizeof *t->seats + sizeof *t->orders + sizeof *t->unused);
}
