/* client_way.c -- see client_way.h. */
#include "sim/world/client_way.h"

#include "sim/base/hot.h"
#include "sim/world/sessions.h"
#include "sim/world/world.h"

#include <math.h>

enum { REQUESTS, ANSWERS, LINE_LEAST = 16 };

static void set_steps(struct client_line *l, struct client_step *steps, size_t capacity, size_t count)
{
    l->steps = l->first = steps;
    l->end = steps + count;
    l->beyond = steps + capacity;
}

/* Half of a draw of the client's round trip each way, the odd nanosecond of a constant one on the way back.
 */
void client_way_open(struct world *w)
{
    struct client_way *c = &w->client_way;

    for (int i = REQUESTS; i <= ANSWERS; i++)
        set_steps(&c->lines[i], memory_new(LINE_LEAST, sizeof *c->lines[i].steps), LINE_LEAST, 0);
    c->key = random_key_new(w->places.seed, w->places.replication, "client");
    c->draws = !distribution_is_constant(w->def->client);
    if (c->draws)
        return;
    random_stream none = random_stream_new(c->key, 0, 0);
    sim_ns whole = distribution_draw_ns(w->def->client, &none);
    c->constant[REQUESTS] = whole > 0 ? whole / 2 : 0;
    c->constant[ANSWERS] = whole > 0 ? whole - whole / 2 : 0;
}

void client_way_close(struct world *w)
{
    free(w->client_way.lines[REQUESTS].steps);
    free(w->client_way.lines[ANSWERS].steps);
}

/* Keyed apart from the links. */
static sim_ns draw(struct world *w, uint64_t op, uint32_t region, uint8_t attempt, bool answer)
{
    random_key key = random_key_number(w->client_way.key, w->places.region_luck[region]);
    random_stream s = random_stream_new(
        random_key_number(key, place_luck_of(&w->places, op & ~UINT64_C(0xff))), answer ? 1 : 0, attempt);
    sim_ns half = (sim_ns)llrint(distribution_draw(w->def->client, &s) * 0.5);

    return half > 0 ? half : 0;
}

sim_ns client_way_ns(struct world *w, uint64_t op, uint32_t region, uint8_t attempt, bool answer)
{
    return w->client_way.draws ? draw(w, op, region, attempt, answer) : w->client_way.constant[answer];
}

static inline struct client_step *after(const struct client_line *l, struct client_step *step)
{
    return step + 1 == l->beyond ? l->steps : step + 1;
}

static COLD void grow(struct client_line *l)
{
    size_t capacity = 2 * (size_t)(l->beyond - l->steps), count = 0;
    struct client_step *old = l->steps, *steps = memory_new(capacity, sizeof *steps);

    for (struct client_step *step = l->first; step != l->end; step = after(l, step))
        steps[count++] = *step;
    set_steps(l, steps, capacity, count);
    free(old);
}

/* A step of the line, to be filled in; NULL: the last that was added comes after it, being of another region
 * and the same instant. Then it belongs in the queue. */
HOT struct client_step *add(struct world *w, bool answer, sim_ns time, uint64_t order)
{
    struct client_line *l = &w->client_way.lines[answer];

    if (time <= l->last_time && (time < l->last_time || order < l->last_order))
        return NULL;
    if (__builtin_expect(after(l, l->end) == l->first, 0))
        grow(l);
    struct client_step *step = l->end;
    if (l->first == step)
        agenda_set(&w->agenda, answer ? AGENDA_ANSWERS : AGENDA_REQUESTS, agenda_key_of(time, order));
    l->end = after(l, step);
    step->time = l->last_time = time;
    step->order = l->last_order = order;
    return step;
}

void client_way_request(struct world *w, uint32_t by, uint32_t region, uint32_t node, struct operation *one)
{
    const struct client_way *c = &w->client_way;
    sim_ns time = w->now + client_way_ns(w, one->op.id, region, one->op.attempt, false);
    uint64_t order = world_order(w, by);
    struct client_step *step = c->draws ? NULL : add(w, false, time, order);

    operation_hold(one);
    if (step == NULL) {
        world_queue(
            w, time, order,
            (struct event){
                .kind = EVENT_REQUEST, .node = node, .a = (uint64_t)(uintptr_t)one, .type = one->op.attempt});
        return;
    }
    step->asked = one;
    step->node = node;
    step->attempt = one->op.attempt;
}

void client_way_answer(struct world *w, uint32_t region, uint64_t op, uint8_t attempt, struct body *body)
{
    const struct client_way *c = &w->client_way;
    sim_ns time = w->now + client_way_ns(w, op, region, attempt, true);
    uint64_t order = world_order(w, region);
    struct client_step *step = c->draws ? NULL : add(w, true, time, order);

    if (step == NULL) {
        world_queue(
            w, time, order,
            (struct event){.kind = EVENT_RESPONSE, .a = op, .b = (uint64_t)(uintptr_t)body, .type = attempt});
        return;
    }
    step->op = op;
    step->body = body;
    step->attempt = attempt;
}

/* It stays readable until the next is added. */
HOT const struct client_step *take(struct world *w, bool answer)
{
    struct client_line *l = &w->client_way.lines[answer];
    const struct client_step *step = l->first, *next = after(l, l->first);

    l->first = after(l, l->first);
    agenda_set(&w->agenda, answer ? AGENDA_ANSWERS : AGENDA_REQUESTS,
               next != l->end ? agenda_key_of(next->time, next->order) : AGENDA_NONE);
    return step;
}

void client_way_next_request(struct world *w)
{
    const struct client_step *step = take(w, false);
    struct operation *one = step->asked;

    sessions_request(w, step->node, one, step->attempt);
    operation_let_go(&w->operations, one);
}

void client_way_next_answer(struct world *w)
{
    const struct client_step *step = take(w, true);

    sessions_response(w, step->op, step->attempt, step->body);
}
