/* agenda.h -- what happens next: the least of the event queue's first event and the first of each line.
 *
 * A line is a source of events that come in the order in which they are made: a region's arrivals (one is
 * known at a time), requests and answers that all take equally long, the messages of a channel. A line needs
 * no sorting, only its first event matters, and a tournament keeps the least of these: a change of one costs
 * a compare for each doubling of their number. So in most worlds nearly all events pass by the queue, and
 * what would be searched among all that is under way is searched among the lines.
 *
 * Events happen by (time, order) whatever they stand in. What does not come after the last of its line goes
 * to the queue. */
#ifndef GEOREP_WORLD_AGENDA_H
#define GEOREP_WORLD_AGENDA_H

#include "sim/base/check.h"
#include "sim/engine/event_queue.h"
#include "sim/engine/time.h"

#include <stdbool.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 agenda_key; /* time << 64 | order */

static inline agenda_key agenda_key_of(sim_ns time, uint64_t order)
{
    return (agenda_key)(uint64_t)time << 64 | order;
}

#define AGENDA_NONE agenda_key_of(SIM_NS_NEVER, UINT64_MAX)

static inline sim_ns agenda_time(agenda_key key)
{
    return (sim_ns)(uint64_t)(key >> 64);
}

/* A line by the time of its first event, or the earlier of two such. */
struct agenda_match {
    sim_ns time;
    uint64_t line;
};

enum { AGENDA_QUEUE }; /* line 0 */

struct agenda {
    struct event_queue *queue;
    bool look;                    /* the queue's first event may be another than its match says */
    uint32_t leaves;              /* a power of two: lines, rounded up */
    struct agenda_match *matches; /* [2 * leaves]: 1 the winner, 2 and 3 who met there, ..., leaves + line */
    uint64_t *orders;             /* [line]: of its first event */
};

void agenda_open(struct agenda *a, uint32_t lines, size_t event_bytes);
void agenda_close(struct agenda *a);

/* The first event of a line is this from now on; AGENDA_NONE: it is empty. Two of one instant are few: their
 * orders are looked up. */
static inline void agenda_set(struct agenda *a, uint32_t line, agenda_key key)
{
    struct agenda_match *matches = a->matches, winner = {agenda_time(key), line};
    uint32_t at = a->leaves + line;

    a->orders[line] = (uint64_t)key;
    matches[at] = winner;
    while (at > 1) {
        const struct agenda_match *other = &matches[at ^ 1];
        int64_t later = other->time - winner.time; /* both are >= 0 */
        uint64_t beaten =
            (uint64_t)(later >> 63); /* all ones or none: who wins is chance, no branch could tell */
        if (__builtin_expect(later == 0, 0) && a->orders[other->line] < a->orders[winner.line])
            beaten = UINT64_MAX;
        winner.line ^= (winner.line ^ other->line) & beaten;
        winner.time += later & (int64_t)beaten;
        at /= 2;
        matches[at] = winner;
    }
}

static inline agenda_key agenda_first_of(const struct agenda *a, uint32_t line)
{
    return agenda_key_of(a->matches[a->leaves + line].time, a->orders[line]);
}

/* The line that has the first event of all, and its time; SIM_NS_NEVER: there is none, or none that will ever
 * happen. */
static inline uint32_t agenda_first(struct agenda *a, sim_ns *time)
{
    if (a->look) {
        sim_ns first;
        uint64_t order;
        a->look = false;
        agenda_set(a, AGENDA_QUEUE,
                   event_queue_peek(a->queue, &first, &order) ? agenda_key_of(first, order) : AGENDA_NONE);
    }
    *time = a->matches[1].time;
    return (uint32_t)a->matches[1].line;
}

/* An event of the queue: its payload is to be filled. */
static inline event_handle agenda_push(struct agenda *a, sim_ns time, uint64_t order, void **payload)
{
    agenda_key key = agenda_key_of(time, order);

    if (key < agenda_first_of(a, AGENDA_QUEUE))
        agenda_set(a, AGENDA_QUEUE, key);
    return event_queue_push(a->queue, time, order, payload);
}

/* The queue's first event: its payload, valid until the next. */
static inline void *agenda_pop(struct agenda *a)
{
    sim_ns time;
    uint64_t order;
    void *payload;

    CHECK(event_queue_pop(a->queue, &time, &order, &payload));
    a->look = true;
    return payload;
}

static inline bool agenda_cancel(struct agenda *a, event_handle h)
{
    a->look = true;
    return event_queue_cancel(a->queue, h);
}

#endif
