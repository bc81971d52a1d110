/* event_queue.c -- slots and handles over a bottom (a line, a run and a tournament) and a ladder of buckets.
 *
 * An event is a slot: a header and the payload, in blocks that never move. What is sorted are entries of 16
 * bytes: the time, and where the slot is with a stamp. Cancelling gives the slot a new stamp and forgets the
 * entry, which is dropped when it comes up; when more entries are dead than alive all are swept, so the dead
 * cost constant time each and at most double the memory, however far ahead the time-outs are.
 *
 *    pop takes the first of:
 *      line   what came in order, where that is frequent: each entry not before the last one; also all that
 *             is there while few are pending, put in place one by one
 *      run    one opened bucket, sorted
 *      few    what was pushed since with a time before the ladder's, a tournament
 *    When run and few are used up and the line is not earlier, the ladder opens its next bucket into the run.
 *
 * The line makes events at equal distances (time-outs, clocks, constant delays) cost no more than a ring
 * buffer, however many, and a queue of two no more than a sorted list. Where what is pushed is seldom the
 * latest (less than one in five), the line is left alone: its guesses, which of the heads is first and where
 * a push goes, would be wrong each time. While some hundred events are pending the others are in a tournament
 * (event_tournament.h) and the ladder takes none (its `from` is never); should the tournament grow later,
 * because many events are pushed into the span of one bucket, it is dealt into a rung of its own.
 *
 * The order that ties are decided by lies in the slot, and is looked up when two times are equal, which for
 * most distributions is never: so the sorting of an opened bucket compares and moves little and waits for no
 * slot; they are fetched while the run is used up, a dozen ahead. A bucket's entries are dealt by the next
 * bits of their times into cells of a few each, which are sorted by rank. So at a million pending, where a
 * heap waits for memory at each level, an event costs two passes over streams and one fetch that nobody waits
 * for.
 *
 * The three heads have a common rule at the call (event_inline.h): the one that is strictly first by time and
 * alive is taken; whatever else there is (ties, dead ones, an empty run, whose end carries the ladder's
 * `from` so that nothing later is taken before it) is decided here.
 *
 * What was tried on the hold model (bench/README.md has the figures beside straight C): more than 256 buckets
 * a rung, of 10 thousand pending each with a line of its own, leave the second-level cache (-15%); chunks of
 * 7 and 15 in place of 31 entries cost 10 to 30% at a million, 63 in place of 127 (each fetched whole before
 * it is read or filled) 2%, and 31 without that fetching 8 to 13%; a rung 0 that goes round as a ring, so
 * that little waits in top, gains nothing, as each push then goes to one of 256 tails; sorting up to 16 by
 * rank, without a branch, gains 5% over insertion; buckets up to 32, split by another rung beyond, were 40%
 * slower at a million than cells. A rung that reaches to the latest event, in place of three quarters of what
 * is there, is 30% slower with exponential increments. Cells of four to six entries in place of one are 10%
 * faster at 10 thousand: fewer of them are counted, and a branch is guessed wrong for each cell, not for each
 * entry. A bucket is split only beyond 16 thousand entries: at 4 thousand, a million with uniform increments
 * are half as fast, as half of the buckets are split once more and each opened one is over before its fetches
 * are. With a hundred pending, a heap of four children in place of the tournament (and the line for all that
 * comes as the latest) is 6 to 23% slower, as its walk ends where that cannot be foreseen; a tournament whose
 * matches are branches is half as fast, one of 16-byte entrants 2 to 4% slower, and one that plays two
 * matches at once against the lesser opponent gains nothing, nor do its first four matches without a loop.
 * Where slots are, in place of their numbers, in the entries gains 5% with a hundred pending. With one other
 * event pending, to swap the two without a branch is slower by 10% than to guess: what the handler does next
 * waits for the swap, but not for the guess.
 */
#include "sim/engine/event_queue.h"

#include "sim/engine/event_pages.h"

#include <stdlib.h>
#include <string.h>

#define FEW 256        /* a queue of no more events is a tournament */
#define FEW_SPILL 512  /* a tournament of more entries is dealt into a rung */
#define FEW_TO_SORT 16 /* a bucket of no more entries is sorted at once */
#define CELL_ENTRIES 6 /* in a cell that a larger one is dealt into, at most on average */
#define CELLS_MOST 4096

/* Where no entry is: no entry has this stamp, so that whoever takes it for an event looks closer. */
static struct event_entry nothing(const struct event_queue *q)
{
    return (struct event_entry){EVENT_NEVER, q->nothing};
}

static void run_init(struct event_queue *q, struct event_run *r)
{
    event_run_grow(r, 0);
    *r->end = nothing(q);
}

static struct event_slot *slot_new(struct event_queue *q)
{
    uint32_t number = q->slot_end;
    size_t at = (size_t)number * EVENT_SLOT_UNIT;

    CHECK(number < UINT32_MAX - q->slot_bytes / EVENT_SLOT_UNIT);
    if (at / EVENT_BLOCK == q->block_count) {
        q->blocks = memory_resize(q->blocks, q->block_count + 1, sizeof *q->blocks);
        /* The first stays small in memory if few events are pending: it is not on huge pages. */
        char *block = q->block_count == 0 ? event_lines_new(EVENT_BLOCK) : event_pages_new(EVENT_BLOCK);
        CHECK((uint64_t)(uintptr_t)(block + EVENT_BLOCK) >> 48 == 0);
        q->blocks[q->block_count++] = block;
    }
    struct event_slot *slot = event_slot_at(q, number);
    *slot = (struct event_slot){.handle = EVENT_GENERATION | number, .stamp = 1};
    q->slot_end += (uint32_t)(q->slot_bytes / EVENT_SLOT_UNIT);
    return slot;
}

void event_queue_add_slots(struct event_queue *q)
{
    q->unused = slot_new(q);
}

struct event_queue *event_queue_new(size_t payload_bytes)
{
    struct event_queue *q = memory_new(1, sizeof *q);

    CHECK(payload_bytes < EVENT_BLOCK / 2);
    q->slot_bytes = 2 * sizeof(struct event_slot);
    while (q->slot_bytes < sizeof(struct event_slot) + payload_bytes)
        q->slot_bytes *= 2;
    q->cells = memory_new(CELLS_MOST + 1, sizeof *q->cells);
    q->few_spill = FEW_SPILL;
    q->fired = slot_new(q); /* of no event */
    q->nothing = (event_tag)(uintptr_t)q->fired << 16;
    ladder_init(&q->ladder);
    event_tournament_init(&q->few);
    run_init(q, &q->line);
    run_init(q, &q->run);
    return q;
}

void event_queue_free(struct event_queue *q)
{
    if (q == NULL)
        return;
    for (size_t i = 0; i < q->block_count; i++)
        free(q->blocks[i]);
    ladder_free(&q->ladder);
    free(q->blocks);
    free(q->cells);
    event_tournament_free(&q->few);
    free(q->line.items);
    free(q->run.items);
    free(q->spare);
    free(q);
}

static struct event_entry *spare_room(struct event_queue *q, size_t count)
{
    if (q->spare_count < count) {
        q->spare_count = 2 * count;
        free(q->spare);
        q->spare = memory_new(q->spare_count, sizeof *q->spare);
    }
    return q->spare;
}

/* What lies beyond the run is the ladder's. */
static void run_end(struct event_queue *q, struct event_entry *end)
{
    q->run.end = end;
    *end = nothing(q);
    end->time = q->ladder.from;
}

/* The tournament has grown large: what comes after the run's last instant (all of it, where there is no run)
 * is dealt into a rung. Where that is less than half of it, it may grow to the double first, so that the cost
 * stays constant an event. */
static void few_spill(struct event_queue *q)
{
    struct event_tournament *t = &q->few;
    uint64_t low = EVENT_NEVER, high = 0, after = 0;
    size_t moved = 0;

    if (q->run.next < q->run.end)
        after = q->run.end[-1].time + 1;
    struct event_entry *far = spare_room(q, t->count);
    for (size_t i = 0; i < t->leaves; i++) {
        uint64_t time = event_tournament_time_at(t, i);
        if (time < after || time == EVENT_NEVER)
            continue;
        far[moved++] = (struct event_entry){time, t->seats[i].tag};
        low = time < low ? time : low;
        high = time > high ? time : high;
    }
    size_t kept = t->count - moved;
    if (moved > 0 && ladder_spread(&q->ladder, far, moved, low, high)) {
        for (size_t i = 0; i < t->leaves; i++) {
            if (event_tournament_time_at(t, i) >= after)
                event_tournament_take(t, i);
        }
        event_tournament_replay(t);
        q->few_spill = moved > kept ? FEW_SPILL + kept : 2 * (kept + moved);
        run_end(q, q->run.end);
    } else {
        q->few_spill = 2 * t->count;
    }
}

/* The last entry but one is moved to its place. Which of two equal times is earlier says the order in the
 * slot; a dead one has none, and may stand anywhere among its equals. */
void event_line_sort(struct event_queue *q)
{
    struct event_entry *next = q->line.next, *at = q->line.end - 2, e = at[0];
    uint64_t order = event_slot_of(e.tag)->order;

    for (; at > next && e.time <= at[-1].time; at--) {
        if (e.time == at[-1].time && event_lives(at[-1].tag) && order >= event_slot_of(at[-1].tag)->order)
            break;
        *at = at[-1];
    }
    *at = e;
}

void event_queue_push_near(struct event_queue *q, uint64_t time, uint64_t order, event_tag tag)
{
    if (time >= q->ladder.from) {
        ladder_push_near(&q->ladder, (struct event_entry){time, tag});
        return;
    }
    event_tournament_push(&q->few, time, order, tag);
    if (q->few.count > q->few_spill)
        few_spill(q);
}

/* Entries of one instant that stand together are sorted by their orders, which take the place of the time
 * meanwhile. The order of a dead one is of no account. */
static void ties_sort(struct event_queue *q, struct event_entry *e, size_t count)
{
    for (size_t i = 1, first = 0; i <= count; i++) {
        uint64_t time = e[first].time;

        if (i < count && e[i].time == time)
            continue;
        if (i - first > 1) {
            for (size_t k = first; k < i; k++)
                e[k].time = event_slot_of(e[k].tag)->order;
            event_sort(e + first, i - first, spare_room(q, i - first));
            for (size_t k = first; k < i; k++)
                e[k].time = time;
        }
        first = i;
    }
}

/* Few entries are sorted at once. */
static void few_open(struct event_queue *q, const struct ladder_opened *o)
{
    const struct ladder_bucket *b = &o->bucket;
    struct event_entry *to = q->run.items;

    for (const struct ladder_chunk *c = b->first; c != NULL; c = c->next)
        for (size_t i = 0; i < ladder_chunk_count(b, c); i++) {
            *to++ = c->entries[i];
        }
    event_sort(q->run.items, o->count, spare_room(q, o->count));
}

/* Many: counted by the next bits of their times and dealt into cells of a few each, which are sorted, while
 * the slots are fetched. */
static void many_open(struct event_queue *q, const struct ladder_opened *o)
{
    const struct ladder_bucket *b = &o->bucket;
    struct event_entry *items = q->run.items, *spare = spare_room(q, o->count);
    uint32_t cells = 2, *next = q->cells, at = 0;
    unsigned shift = 0;

    while (cells < CELLS_MOST && cells * CELL_ENTRIES < o->count)
        cells *= 2;
    while (o->width >> shift >= cells)
        shift++;
    memset(next, 0, (cells + 1) * sizeof *next);
    for (const struct ladder_chunk *c = b->first; c != NULL; c = c->next) {
        ladder_chunk_fetch(c->next);
        for (size_t i = 0; i < ladder_chunk_count(b, c); i++) {
            next[((c->entries[i].time - o->low) >> shift) + 1]++;
        }
    }
    for (uint32_t i = 1; i <= cells; i++)
        next[i] += next[i - 1];
    for (const struct ladder_chunk *c = b->first; c != NULL; c = c->next)
        for (size_t i = 0; i < ladder_chunk_count(b, c); i++)
            items[next[(c->entries[i].time - o->low) >> shift]++] = c->entries[i];
    for (uint32_t i = 0; i < cells; i++) { /* by now next[i] is where cell i ends */
        if (next[i] > at + 1)
            event_sort(items + at, next[i] - at, spare);
        at = next[i];
    }
}

static void bucket_open(struct event_queue *q)
{
    struct ladder_opened o = ladder_open(&q->ladder, FEW / 2);

    q->few_spill = FEW_SPILL;
    q->run.next = q->run.end = q->run.items;
    if (o.count > (size_t)(q->run.limit - q->run.items))
        event_run_grow(&q->run, o.count);
    if (o.count <= FEW_TO_SORT || o.width == UINT64_MAX || o.width == 0)
        few_open(q, &o);
    else
        many_open(q, &o);
    ties_sort(q, q->run.items, o.count);
    run_end(q, q->run.items + o.count);
    for (size_t i = 0; i < EVENT_AHEAD && i < o.count; i++)
        __builtin_prefetch(event_slot_of(q->run.items[i].tag), 1);
    ladder_give_back(&q->ladder, &o.bucket);
}

static void run_trim(struct event_queue *q, struct event_run *r)
{
    for (; r->next < r->end && !event_lives(r->next->tag); r->next++)
        q->dead--;
}

static void few_trim(struct event_queue *q)
{
    event_tournament_settle(&q->few);
    while (q->few.count > 0 && !event_lives(event_tournament_first(&q->few)->tag)) {
        q->dead--;
        q->few.hole = true;
        event_tournament_settle(&q->few);
    }
}

/* After everything where there is none. */
#define NO_KEY (~(event_key)0)

static event_key run_key(const struct event_run *r)
{
    return r->next < r->end ? event_key_new(r->next->time, event_slot_of(r->next->tag)->order) : NO_KEY;
}

static event_key few_key(const struct event_tournament *t)
{
    return t->count > 0 ? event_key_new(event_tournament_first(t)->time, event_tournament_first_order(t))
                        : NO_KEY;
}

/* Where the first event is; it is alive. */
enum source { NOWHERE, IN_LINE, IN_RUN, IN_FEW };

static enum source first_find(struct event_queue *q)
{
    for (;;) {
        run_trim(q, &q->line);
        if (q->line.next == q->line.end)
            q->line_last = q->latest = 0;
        run_trim(q, &q->run);
        few_trim(q);
        event_key line = run_key(&q->line), run = run_key(&q->run), few = few_key(&q->few);
        if (run == NO_KEY && few == NO_KEY && q->ladder.from <= q->line.next->time &&
            q->ladder.from != EVENT_NEVER)
            bucket_open(q);
        else if (run < line && run <= few)
            return IN_RUN;
        else if (few < line)
            return IN_FEW;
        else
            return line != NO_KEY ? IN_LINE : NOWHERE;
    }
}

bool event_queue_pop_rare(struct event_queue *q, sim_ns limit, sim_ns *time, uint64_t *order, void **payload)
{
    enum source source = first_find(q);

    if (source == NOWHERE)
        return false;
    if (source == IN_FEW) {
        const struct event_entry *few = event_tournament_first(&q->few);
        if ((sim_ns)few->time > limit)
            return false;
        q->few.hole = true;
        return event_fire(q, few->time, few->tag, time, order, payload);
    }
    struct event_run *r = source == IN_RUN ? &q->run : &q->line;
    const struct event_entry *e = r->next;
    if ((sim_ns)e->time > limit)
        return false;
    r->next++;
    return event_fire(q, e->time, e->tag, time, order, payload);
}

bool event_queue_peek(struct event_queue *q, sim_ns *time, uint64_t *order)
{
    enum source source = first_find(q);

    if (source == NOWHERE)
        return false;
    event_key key = source == IN_FEW ? few_key(&q->few) : run_key(source == IN_RUN ? &q->run : &q->line);
    *time = (sim_ns)(key >> 64);
    *order = (uint64_t)key;
    return true;
}

static bool entry_keep(const struct event_entry *e)
{
    return event_lives(e->tag);
}

static struct event_entry *run_sweep(const struct event_run *r)
{
    struct event_entry *kept = r->next;

    for (const struct event_entry *e = r->next; e < r->end; e++) {
        if (event_lives(e->tag))
            *kept++ = *e;
    }
    return kept;
}

/* Drops all dead entries. */
void event_queue_sweep(struct event_queue *q)
{
    struct event_tournament *t = &q->few;

    event_tournament_settle(t);
    for (size_t i = 0; i < t->leaves; i++) {
        if (event_tournament_time_at(t, i) != EVENT_NEVER && !event_lives(t->seats[i].tag))
            event_tournament_take(t, i);
    }
    event_tournament_replay(t);
    run_end(q, run_sweep(&q->run));
    q->line.end = run_sweep(&q->line);
    *q->line.end = nothing(q);
    q->line_last = 0;
    if (q->line.next < q->line.end)
        q->line_last = event_key_new(q->line.end[-1].time, event_slot_of(q->line.end[-1].tag)->order);
    q->latest = q->line_last;
    ladder_filter(&q->ladder, entry_keep);
    q->dead = 0;
}

size_t event_queue_bytes(const struct event_queue *q)
{
    return sizeof *q + (CELLS_MOST + 1) * sizeof *q->cells +
           q->block_count * (EVENT_BLOCK + sizeof *q->blocks) + q->ladder.bytes +
           event_tournament_bytes(&q->few) + event_run_bytes(&q->line) + event_run_bytes(&q->run) +
           q->spare_count * sizeof *q->spare;
}
