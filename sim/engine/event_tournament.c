/* event_tournament.c -- the parts of the tournament that are not in the hot loop. */
#include "sim/engine/event_tournament.h"

#include "sim/base/check.h"

#include <stdlib.h>

static bool before(const struct event_tournament *t, event_entrant a, event_entrant b)
{
    if (event_entrant_time(a) != event_entrant_time(b))
        return a < b;
    return t->seats[event_entrant_leaf(a)].order < t->seats[event_entrant_leaf(b)].order;
}

static void match(struct event_tournament *t, size_t at)
{
    const event_entrant *pair = &t->entrants[2 * at];

    t->entrants[at] = before(t, pair[1], pair[0]) ? pair[1] : pair[0];
}

void event_tournament_break_ties(struct event_tournament *t, uint32_t leaf)
{
    for (size_t at = (t->leaves + leaf) / 2; at > 0; at /= 2)
        match(t, at);
}

void event_tournament_replay(struct event_tournament *t)
{
    size_t unused = 0;

    for (size_t leaf = t->leaves; leaf-- > 0;) {
        if (event_tournament_time_at(t, leaf) == EVENT_NEVER) {
            t->seats[leaf].order = UINT64_MAX;
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
    to.unused = memory_new(leaves, sizeof *to.unused);
    for (size_t leaf = 0; leaf < t->leaves; leaf++) {
        uint64_t time = event_tournament_time_at(t, leaf);
        if (time == EVENT_NEVER)
            continue;
        to.entrants[leaves + count] = (event_entrant)time << 64 | count;
        to.seats[count++] = t->seats[leaf];
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
    return t->leaves * (2 * sizeof *t->entrants + sizeof *t->seats + sizeof *t->unused);
}
