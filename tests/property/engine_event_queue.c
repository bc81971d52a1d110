/* The event queue against an oracle that keeps all pending events in a plain array and looks for the least.
 *
 * Random pushes, pops, peeks, cancels and rearms, under time distributions that are meant to hurt: all equal,
 * few instants, near and far mixed, ever larger gaps, decreasing, time-outs that come in order among events
 * that do not. A failure prints its seed. */
#include "sim/engine/event_queue.h"
#include "sim/engine/random.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct pending {
    sim_ns time;
    uint64_t order, mark;
    event_handle handle;
};

struct oracle {
    struct pending *items;
    size_t count, capacity;
};

static void oracle_add(struct oracle *o, struct pending p)
{
    if (o->count == o->capacity) {
        o->capacity = o->capacity * 2 + 64;
        o->items = realloc(o->items, o->capacity * sizeof *o->items);
    }
    o->items[o->count++] = p;
}

static size_t oracle_first(const struct oracle *o)
{
    size_t first = 0;

    for (size_t i = 1; i < o->count; i++) {
        const struct pending *a = &o->items[i], *b = &o->items[first];
        if (a->time < b->time || (a->time == b->time && a->order < b->order))
            first = i;
    }
    return first;
}

enum times { ALL_EQUAL, FEW_INSTANTS, SMOOTH, NEAR_AND_FAR, GAPS, FALLING, CONSTANT, TIMEOUTS, TIMES_COUNT };

static sim_ns time_draw(enum times times, sim_ns now, uint64_t step, random_stream *s)
{
    switch (times) {
    case ALL_EQUAL:
        return now;
    case FEW_INSTANTS:
        return (now / 1000 + (sim_ns)random_below(s, 3)) * 1000 + 999;
    case NEAR_AND_FAR:
        return now + (random_below(s, 2) == 0 ? (sim_ns)random_below(s, 100)
                                              : 10 * SIM_SECOND + (sim_ns)random_below(s, SIM_SECOND));
    case GAPS: {
        uint64_t gap = random_u64(s) >> (1 + random_below(s, 63));
        return gap < (uint64_t)(INT64_MAX - now) ? now + (sim_ns)gap : INT64_MAX;
    }
    case FALLING:
        return now + (sim_ns)(1000000 - step % 1000000);
    case CONSTANT:
        return now + 1000;
    case TIMEOUTS: /* at whole instants, so that they meet */
        return random_below(s, 2) == 0 ? now / 8 * 8 + 4000
                                       : now + 8 - now % 8 + 8 * (sim_ns)random_below(s, 50);
    default:
        return now + (sim_ns)random_below(s, 1000000);
    }
}

/* `grow` of 256 steps push, `cancel` cancel, a few rearm, the others pop; grow and shrink in turns. */
static void run_against_oracle(uint64_t seed, enum times times, uint64_t steps, uint64_t half_period,
                               uint64_t cancel)
{
    struct event_queue *q = event_queue_new(sizeof(uint64_t) * 3);
    struct oracle o = {0};
    random_stream s = random_stream_new(random_key_new(seed, times, "event queue"), 0, 0);
    uint64_t count = 0, *held = NULL, held_mark = 0;
    sim_ns now = 0;

    for (uint64_t step = 0; step < steps; step++) {
        uint64_t grow = step / half_period % 2 == 0 ? 140 : 80, die = random_below(&s, 256);
        sim_ns time;
        uint64_t order;
        void *payload;

        if (die < grow || o.count == 0) {
            struct pending p = {.time = time_draw(times, now, step, &s), .mark = ++count};
            p.order = random_below(&s, 4) << 48 | count;
            p.handle = event_queue_push(q, p.time, p.order, &payload);
            cr_assert_neq(p.handle, 0);
            cr_assert_eq((uintptr_t)payload % 16, 0);
            for (size_t i = 0; i < 3; i++)
                ((uint64_t *)payload)[i] = p.mark + i;
            oracle_add(&o, p);
        } else if (die < grow + cancel) {
            size_t i = random_below(&s, o.count);
            struct pending p = o.items[i];
            cr_assert(event_queue_cancel(q, p.handle), "seed %lu step %lu", seed, step);
            cr_assert_not(event_queue_cancel(q, p.handle));
            cr_assert_not(event_queue_rearm(q, p.handle, now, 0));
            o.items[i] = o.items[--o.count];
        } else if (die < grow + cancel + 20) {
            struct pending *p = &o.items[random_below(&s, o.count)];
            p->time = time_draw(times, now, step, &s);
            p->order = random_below(&s, 4) << 48 | ++count;
            cr_assert(event_queue_rearm(q, p->handle, p->time, p->order), "seed %lu step %lu", seed, step);
        } else {
            size_t first = oracle_first(&o);
            struct pending p = o.items[first];
            if (die % 4 == 0) {
                cr_assert(event_queue_peek(q, &time, &order));
                cr_assert(time == p.time && order == p.order, "peek: seed %lu step %lu", seed, step);
            }
            if (die % 4 == 1 && p.time > now) {
                cr_assert_not(event_queue_pop_until(q, p.time - 1, &time, &order, &payload));
                cr_assert(held == NULL || held[0] == held_mark);
            }
            if (held != NULL)
                cr_assert_eq(held[0], held_mark, "a popped payload changed: seed %lu step %lu", seed, step);
            cr_assert(die % 2 == 1 ? event_queue_pop_until(q, p.time, &time, &order, &payload)
                                   : event_queue_pop(q, &time, &order, &payload));
            cr_assert(time == p.time && order == p.order, "pop: seed %lu times %d step %lu", seed, times,
                      step);
            held = payload;
            held_mark = p.mark;
            for (size_t i = 0; i < 3; i++)
                cr_assert_eq(held[i], p.mark + i, "payload: seed %lu step %lu", seed, step);
            cr_assert_not(event_queue_cancel(q, p.handle));
            now = time;
            o.items[first] = o.items[--o.count];
        }
        cr_assert_eq(event_queue_count(q), o.count);
    }
    free(o.items);
    event_queue_free(q);
}

Test(engine_event_queue, pops_what_the_oracle_pops_while_hardly_any_are_pending)
{
    for (uint64_t seed = 200; seed < 260; seed++) {
        for (int times = 0; times < TIMES_COUNT; times++)
            run_against_oracle(seed, (enum times)times, 3000, 10 + seed % 30, 20);
    }
}

Test(engine_event_queue, pops_what_the_oracle_pops_while_few_are_pending)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        for (int times = 0; times < TIMES_COUNT; times++)
            run_against_oracle(seed, (enum times)times, 3000, 300, 20);
    }
}

Test(engine_event_queue, pops_what_the_oracle_pops_while_thousands_are_pending)
{
    for (uint64_t seed = 100; seed < 102; seed++) {
        for (int times = 0; times < TIMES_COUNT; times++)
            run_against_oracle(seed, (enum times)times, 40000, 15000, 20);
    }
}

/* So many that the dead are swept out now and then. */
Test(engine_event_queue, pops_what_the_oracle_pops_while_most_are_cancelled)
{
    for (uint64_t seed = 300; seed < 303; seed++) {
        for (int times = 0; times < TIMES_COUNT; times++)
            run_against_oracle(seed, (enum times)times, 40000, 5000, 80);
    }
}

/* The whole order of many events against a sorted copy: what the quadratic oracle cannot reach. */
static int pending_compare(const void *a, const void *b)
{
    const struct pending *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

Test(engine_event_queue, sorts_a_hundred_thousand_of_any_times)
{
    const size_t n = 100000;
    struct pending *all = calloc(n, sizeof *all);

    for (int times = 0; times < TIMES_COUNT; times++) {
        struct event_queue *q = event_queue_new(8);
        random_stream s = random_stream_new(random_key_new(7, (uint64_t)times, "sort"), 0, 0);
        void *payload;

        for (size_t i = 0; i < n; i++) {
            all[i] =
                (struct pending){.time = time_draw((enum times)times, 5, i, &s), .order = random_u64(&s)};
            event_queue_push(q, all[i].time, all[i].order, &payload);
            *(uint64_t *)payload = all[i].order;
        }
        qsort(all, n, sizeof *all, pending_compare);
        for (size_t i = 0; i < n; i++) {
            sim_ns time;
            uint64_t order;
            cr_assert(event_queue_pop(q, &time, &order, &payload));
            cr_assert(time == all[i].time && order == all[i].order && *(uint64_t *)payload == order,
                      "%d: %zu", times, i);
        }
        cr_assert_eq(event_queue_count(q), 0);
        event_queue_free(q);
    }
    free(all);
}
