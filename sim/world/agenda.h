/* agenda.h -- what happens next: the least of the event queue's first event and the first of each line.
 *
 * A line is a source of events that come in the order in which they are made: a region's arrivals (one is
 * known at a time), requests and answers that all take equally long, the messages of a channel. A line needs
 * no sorting, only its first event matters. So in most worlds nearly all events pass by the queue, and what
 * would be searched among all that is under way is searched among the lines.
 *
 * Lines of a kind are a group, and the next event is the least of what the groups have: a compare each. Where
 * a group has many lines a tournament keeps its least: a change of one costs a compare for each doubling of
 * their number.
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

/* Who is sooner is chance, which no branch could tell. */
#define agenda_chance(sooner) __builtin_expect_with_probability(sooner, 1, 0.5)

/* The groups: three of one line, two of many. */
enum agenda_group {
    AGENDA_QUEUE,
    AGENDA_REQUESTS,
    AGENDA_ANSWERS,
    AGENDA_ARRIVALS,
    AGENDA_CHANNELS,
    AGENDA_GROUPS,
    AGENDA_MANY = AGENDA_ARRIVALS /* this and those that follow */
};

/* Of a group of many lines: each by the time of its first event. Time and line lie apart, as each is then
 * found by the match's number without a multiplication. The winners of matches 2i and 2i + 1 meet in match i,
 * which makes a tree of any number of leaves: some are a match nearer to its root than others. */
struct agenda_tournament {
    uint32_t leaves;  /* lines, at least 1 */
    sim_ns *times;    /* [2 * leaves]: 1 the winner, 2 and 3 who met there, ..., leaves + line */
    uint32_t *lines;  /* the same */
    uint64_t *orders; /* [line]: of its first event */
};

struct agenda {
    struct event_queue *queue;
    bool look; /* the queue's first event is not known: it stands at 0, to be looked up when its turn comes */
    /* [group]: its first event, and whose line of the group it is */
    sim_ns times[AGENDA_GROUPS];
    uint64_t orders[AGENDA_GROUPS], lines[AGENDA_GROUPS];
    struct agenda_tournament many[AGENDA_GROUPS - AGENDA_MANY];
};

void agenda_open(struct agenda *a, uint32_t arrivals, uint32_t channels, size_t event_bytes);
void agenda_close(struct agenda *a);

/* The first event of a group of one line is this from now on; AGENDA_NONE: it is empty. */
static inline void agenda_set(struct agenda *a, enum agenda_group group, agenda_key key)
{
    a->times[group] = agenda_time(key);
    a->orders[group] = (uint64_t)key;
}

/* The same of a line of a group of many. Two of one instant are few: their orders are looked up. */
static inline void agenda_set_line(struct agenda *a, enum agenda_group group, uint32_t line, agenda_key key)
{
    const struct agenda_tournament *t = &a->many[group - AGENDA_MANY];
    sim_ns *times = t->times, least = agenda_time(key);
    uint32_t *lines = t->lines, winner = line;
    uint64_t *orders = t->orders, at = (uint64_t)t->leaves + line;

    orders[line] = (uint64_t)key;
    times[at] = least;
    lines[at] = winner;
    while (at > 1) {
        sim_ns its = times[at ^ 1];
        uint32_t its_line = lines[at ^ 1];
        bool sooner = its < least;
        if (__builtin_expect(its == least, 0))
            sooner = orders[its_line] < orders[winner];
        winner = agenda_chance(sooner) ? its_line : winner;
        least = agenda_chance(sooner) ? its : least;
        at /= 2;
        times[at] = least;
        lines[at] = winner;
    }
    a->times[group] = least;
    a->lines[group] = winner;
    a->orders[group] = orders[winner];
}

static inline agenda_key agenda_first_of(const struct agenda *a, enum agenda_group group)
{
    return agenda_key_of(a->times[group], a->orders[group]);
}

static inline void agenda_look_later(struct agenda *a)
{
    a->look = true;
    agenda_set(a, AGENDA_QUEUE, 0);
}

static inline void agenda_look(struct agenda *a)
{
    sim_ns time;
    uint64_t order;
    bool any = event_queue_peek(a->queue, &time, &order);

    a->look = false;
    agenda_set(a, AGENDA_QUEUE, any ? agenda_key_of(time, order) : AGENDA_NONE);
}

/* The group that has the first event of all, and its time; SIM_NS_NEVER: there is none, or none that will
 * ever happen. Where it is the queue, that may have to be looked up yet: agenda_pop. */
static inline enum agenda_group agenda_first(const struct agenda *a, sim_ns *time)
{
    uint32_t group = 0;
    sim_ns least = a->times[0];

#pragma GCC unroll 8
    for (uint32_t g = 1; g < AGENDA_GROUPS; g++) {
        sim_ns its = a->times[g];
        bool sooner = its < least;
        if (__builtin_expect(its == least, 0))
            sooner = a->orders[g] < a->orders[group];
        group = agenda_chance(sooner) ? g : group;
        least = agenda_chance(sooner) ? its : least;
    }
    *time = least;
    return (enum agenda_group)group;
}

/* Which line of a group of many has the group's first event. */
static inline uint32_t agenda_line(const struct agenda *a, enum agenda_group group)
{
    return (uint32_t)a->lines[group];
}

/* An event of the queue: its payload is to be filled. */
static inline event_handle agenda_push(struct agenda *a, sim_ns time, uint64_t order, void **payload)
{
    agenda_key key = agenda_key_of(time, order);

    if (key < agenda_first_of(a, AGENDA_QUEUE))
        agenda_set(a, AGENDA_QUEUE, key);
    return event_queue_push(a->queue, time, order, payload);
}

/* The queue's first event: its payload, valid until the next. NULL: it was not known, and is now; who is
 * first is to be asked again. */
static inline void *agenda_pop(struct agenda *a)
{
    sim_ns time;
    uint64_t order;
    void *payload;

    if (a->look) {
        agenda_look(a);
        return NULL;
    }
    CHECK(event_queue_pop(a->queue, &time, &order, &payload));
    agenda_look_later(a);
    return payload;
}

static inline bool agenda_cancel(struct agenda *a, event_handle h)
{
    agenda_look_later(a);
    return event_queue_cancel(a->queue, h);
}

#endif
