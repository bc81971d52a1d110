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
#define AGENDA_NONE (~(agenda_key)0)

static inline agenda_key agenda_key_of(sim_ns time, uint64_t order)
{
    return (agenda_key)(uint64_t)time << 64 | order;
}

static inline sim_ns agenda_time(agenda_key key)
{
    return (sim_ns)(uint64_t)(key >> 64);
}

/* The first of a line, or the lesser of two. */
struct agenda_match {
    agenda_key key;
    uint64_t line;
};

enum { AGENDA_QUEUE }; /* line 0 */

struct agenda {
    struct event_queue *queue;
    bool look;                    /* the queue's first event may be another than its match says */
    uint32_t leaves;              /* a power of two: lines, rounded up */
    struct agenda_match *matches; /* [2 * leaves]: 1 the winner, 2 and 3 who it beat, ..., leaves + line */
};

void agenda_open(struct agenda *a, uint32_t lines, size_t event_bytes);
void agenda_close(struct agenda *a);

/* The first event of a line is this from now on; AGENDA_NONE: it is empty. */
static inline void agenda_set(struct agenda *a, uint32_t line, agenda_key key)
{
    uint32_t at = a->leaves + line;
    struct agenda_match winner = {key, line};

    a->matches[at] = winner;
    for (; at > 1; at /= 2) {
        struct agenda_match other = a->matches[at ^ 1];
        bool beaten = other.key < winner.key;
        winner.key = beaten ? other.key : winner.key;
        winner.line = beaten ? other.line : winner.line;
        a->matches[at / 2] = winner;
    }
}

static inline agenda_key agenda_first_of(const struct agenda *a, uint32_t line)
{
    return a->matches[a->leaves + line].key;
}

/* The line that has the first event of all, and its key; AGENDA_NONE: there is none. */
static inline uint32_t agenda_first(struct agenda *a, agenda_key *key)
{
    if (a->look) {
        sim_ns time;
        uint64_t order;
        a->look = false;
        agenda_set(a, AGENDA_QUEUE,
                   event_queue_peek(a->queue, &time, &order) ? agenda_key_of(time, order) : AGENDA_NONE);
    }
    *key = a->matches[1].key;
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
