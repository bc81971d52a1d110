/* client_way.c -- see client_way.h. */
#include "sim/world/client_way.h"

#include "sim/world/client_way_inline.h"

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

void client_way_grow(struct client_line *l)
{
    size_t capacity = 2 * (size_t)(l->beyond - l->steps), count = 0;
    struct client_step *old = l->steps, *steps = memory_new(capacity, sizeof *steps);

    for (struct client_step *step = l->first; step != l->end; step = client_step_after(l, step))
        steps[count++] = *step;
    set_steps(l, steps, capacity, count);
    free(old);
}

void client_way_queue_request(struct world *w, sim_ns time, uint64_t order, uint32_t node,
                              struct operation *one)
{
    world_queue(
        w, time, order,
        (struct event){
            .kind = EVENT_REQUEST, .node = node, .a = (uint64_t)(uintptr_t)one, .type = one->op.attempt});
}

void client_way_queue_answer(struct world *w, sim_ns time, uint64_t order, uint64_t op, uint8_t attempt,
                             struct body *body)
{
    world_queue(
        w, time, order,
        (struct event){.kind = EVENT_RESPONSE, .a = op, .b = (uint64_t)(uintptr_t)body, .type = attempt});
}
