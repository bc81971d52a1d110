/* client_way_inline.h -- requests and answers between a client and a node of its own region, as they set out
 * and arrive: what each operation does twice, for the compiler to see it where clients are at work. Included
 * by sessions.c alone; what it is stands in client_way.h. */
#ifndef GEOREP_WORLD_CLIENT_WAY_INLINE_H
#define GEOREP_WORLD_CLIENT_WAY_INLINE_H

#include "sim/base/hot.h"
#include "sim/world/world.h"

/* Private to those below: what is rare. */
void client_way_grow(struct client_line *l);
void client_way_queue_request(struct world *w, sim_ns time, uint64_t order, uint32_t node,
                              struct operation *one);
void client_way_queue_answer(struct world *w, sim_ns time, uint64_t order, uint64_t op, uint8_t attempt,
                             struct body *body);

static inline struct client_step *client_step_after(const struct client_line *l, struct client_step *step)
{
    struct client_step *first = l->steps, *next = step + 1;

    return agenda_chance(next == l->beyond) ? first : next;
}

/* A step of the line, to be filled in; NULL: the last that was added comes after it, being of another region
 * and the same instant. Then it belongs in the queue, as do all where the way takes differently long. */
HOT struct client_step *client_way_add(struct world *w, bool answer, sim_ns time, uint64_t order)
{
    struct client_line *l = &w->client_way.lines[answer];

    if (time <= l->last_time && (time < l->last_time || order < l->last_order))
        return NULL;
    struct client_step *step = l->end, *end = client_step_after(l, step);
    if (__builtin_expect(end == l->first, 0)) {
        client_way_grow(l);
        step = l->end;
        end = client_step_after(l, step);
    }
    l->end = end;
    end->time = SIM_NS_NEVER;
    end->order = UINT64_MAX;
    step->time = l->last_time = time;
    step->order = l->last_order = order;
    agenda_set(&w->agenda, answer ? AGENDA_ANSWERS : AGENDA_REQUESTS,
               agenda_key_of(l->first->time, l->first->order)); /* the same mostly: no branch to guess */
    return step;
}

/* Attempt `attempt` of an operation goes to `node` of its own region, from now on; it holds the operation.
 * `by` is the client's region of origin. */
HOT void client_way_request(struct world *w, uint32_t by, uint32_t region, uint32_t node,
                            struct operation *one, uint64_t id, uint8_t attempt)
{
    bool draws = w->client_way.draws;
    sim_ns time = w->now + (draws ? client_way_ns(w, id, region, attempt, false) : w->client_way.constant[0]);
    uint64_t order = world_order(w, by);
    struct client_step *step = draws ? NULL : client_way_add(w, false, time, order);

    operation_hold(one);
    if (__builtin_expect(step == NULL, 0)) {
        client_way_queue_request(w, time, order, node, one);
        return;
    }
    step->about = one;
    step->node = node;
    step->attempt = attempt;
}

/* An answer to a client of `region`; the body's reference goes with it. */
HOT void client_way_answer(struct world *w, uint32_t region, struct operation *one, uint8_t attempt,
                           struct body *body)
{
    uint64_t op = one->op.id;
    bool draws = w->client_way.draws;
    sim_ns time = w->now + (draws ? client_way_ns(w, op, region, attempt, true) : w->client_way.constant[1]);
    uint64_t order = world_order(w, region);
    struct client_step *step = draws ? NULL : client_way_add(w, true, time, order);

    if (__builtin_expect(step == NULL, 0)) {
        client_way_queue_answer(w, time, order, op, attempt, body);
        return;
    }
    step->about = one;
    step->op = op;
    step->body = body;
    step->attempt = attempt;
}

/* The first of its line, which arrives. It stays readable until the next is added. */
HOT const struct client_step *client_way_take(struct world *w, bool answer)
{
    struct client_line *l = &w->client_way.lines[answer];
    struct client_step *step = l->first, *next = client_step_after(l, step);

    l->first = next;
    agenda_set(&w->agenda, answer ? AGENDA_ANSWERS : AGENDA_REQUESTS, agenda_key_of(next->time, next->order));
    return step;
}

#endif
