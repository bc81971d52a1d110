/* event_tournament.h -- a tournament: the event queue while some hundred events are pending, and what
 * falls below its first bucket later. Private to the queue's files.
 *
 *                      entrants[1], the first of all
 *            entrants[2]               entrants[3]        each the earlier of the two below it
 *     entrants[4]  entrants[5]   entrants[6]  entrants[7]
 *
 * The lowest ones are the leaves, and an event has its seat at one of them; a leaf without an event stands at
 * EVENT_NEVER. A new event plays its way up from its leaf, one match a level. Who its opponents are is known
 * before it begins, and an entrant is one word, so that a match is a comparison and a conditional move:
 * nothing is guessed and nothing waits for memory. A heap's walk ends at a level that no processor can
 * foresee, and looks up the next four only when it knows where (Knuth: The Art of Computer Programming
 * 3, 5.2.3 and 5.4.1).
 *
 * The word is the event's time with its leaf in place of the lowest bits, as many as a leaf takes: of two
 * that differ above those, the lesser is the earlier. Others are as good as equal (with 256 leaves: at most
 * 256 ns apart): which is earlier say the times and orders at the seats, and after a way with such a match
 * the matches are held once more. The order is not read from the event's slot: once an event is cancelled its
 * slot may get another, which would upset the tree.
 *
 * A pop leaves a hole at the winner's leaf: as an event's handler mostly pushes a next one, that takes the
 * hole and one way up serves both (`event_tournament_settle` closes a hole that nobody took). */
#ifndef GEOREP_ENGINE_EVENT_TOURNAMENT_H
#define GEOREP_ENGINE_EVENT_TOURNAMENT_H

#include "sim/base/processor.h"
#include "sim/engine/event_entry.h"

/* A time, and in its lowest bits a leaf, which is counted from 0. */
typedef uint64_t event_entrant;

struct event_tournament {
    event_entrant *entrants;   /* [2 * leaves], the leaves from `leaves` on; the first is of no use */
    struct event_entry *seats; /* [leaves]; at EVENT_NEVER nobody sits */
    uint64_t *orders;          /* [leaves] of those who sit there; UINT64_MAX of nobody */
    uint32_t *unused;          /* [leaves - count], leaves without an event; the last is taken first */
    size_t count;              /* events, with the hole */
    size_t leaves;             /* a power of two */
    bool hole;                 /* the winner was taken */
};

#define EVENT_LEAVES_LEAST 16

void event_tournament_init(struct event_tournament *t);
void event_tournament_free(struct event_tournament *t);

/* Holds all matches anew after events were taken from leaves. Not with a hole. */
void event_tournament_replay(struct event_tournament *t);

/* Twice as many leaves, or half as many, which must have room. */
void event_tournament_grow(struct event_tournament *t);
void event_tournament_shrink(struct event_tournament *t);

size_t event_tournament_bytes(const struct event_tournament *t);

static inline event_entrant event_entrant_new(const struct event_tournament *t, uint64_t time, size_t leaf)
{
    return (time & ~(t->leaves - 1)) | leaf;
}

static inline size_t event_entrant_leaf(const struct event_tournament *t, event_entrant e)
{
    return e & (t->leaves - 1);
}

/* Of the event at a leaf; EVENT_NEVER where nobody sits. */
static inline uint64_t event_tournament_time_at(const struct event_tournament *t, size_t leaf)
{
    return t->seats[leaf].time;
}

/* Takes the event from a leaf; event_tournament_replay is to follow. */
static inline void event_tournament_take(struct event_tournament *t, size_t leaf)
{
    t->seats[leaf].time = EVENT_NEVER;
}

/* The earlier of two: a comparison and a conditional move that looks at the carry alone. gcc takes the one
 * that looks at the zero flag too (cmova), which is two operations in place of one, seven times in a row; or
 * a branch, which is guessed wrong. */
static inline event_entrant event_entrant_earlier(event_entrant e, event_entrant other)
{
#if PROCESSOR_IS_X86
    __asm__("cmpq %0, %1\n\tcmovbq %1, %0" : "+r"(e) : "r"(other) : "cc");
    return e;
#else
    return other < e ? other : e;
#endif
}

/* The first; at EVENT_NEVER when there is none. Not with a hole. */
static inline const struct event_entry *event_tournament_first(const struct event_tournament *t)
{
    return &t->seats[event_entrant_leaf(t, t->entrants[1])];
}

static inline uint64_t event_tournament_first_order(const struct event_tournament *t)
{
    return t->orders[event_entrant_leaf(t, t->entrants[1])];
}

/* The matches from a leaf upwards, held once more with a look at times and orders. */
void event_tournament_break_ties(struct event_tournament *t, size_t leaf);

static inline void event_tournament_play(struct event_tournament *t, size_t leaf, struct event_entry entry,
                                         uint64_t order)
{
    event_entrant *entrants = t->entrants, e = event_entrant_new(t, entry.time, leaf);
    size_t at = t->leaves + leaf, leaves = t->leaves, ties = 0;

    t->seats[leaf] = entry;
    t->orders[leaf] = order;
    entrants[at] = e;
    for (; at > 1; at /= 2) {
        event_entrant other = entrants[at ^ 1];
        ties += (other ^ e) < leaves; /* counted: it is the carry, added */
        e = event_entrant_earlier(e, other);
        entrants[at / 2] = e;
    }
    if (__builtin_expect(ties > 0, 0))
        event_tournament_break_ties(t, leaf);
}

static inline void event_tournament_push(struct event_tournament *t, uint64_t time, uint64_t order,
                                         event_tag tag)
{
    size_t leaf = event_entrant_leaf(t, t->entrants[1]);

    if (t->hole) {
        t->hole = false;
    } else {
        if (t->count == t->leaves)
            event_tournament_grow(t);
        leaf = t->unused[t->leaves - ++t->count];
    }
    event_tournament_play(t, leaf, (struct event_entry){time, tag}, order);
}

static inline void event_tournament_settle(struct event_tournament *t)
{
    if (!t->hole)
        return;
    size_t leaf = event_entrant_leaf(t, t->entrants[1]);
    t->hole = false;
    t->unused[t->leaves - t->count--] = (uint32_t)leaf;
    event_tournament_play(t, leaf, (struct event_entry){.time = EVENT_NEVER}, UINT64_MAX);
    if (t->count < t->leaves / 4 && t->leaves > EVENT_LEAVES_LEAST)
        event_tournament_shrink(t);
}

#endif
