/* world.c -- see world.h: opening and closing, the loop, and the faults that take nodes. */
#include "sim/world/world.h"

#include "sim/base/check.h"
#include "sim/base/hot.h"
#include "sim/world/message.h"
#include "sim/world/sessions.h"

#include <math.h>
#include <string.h>

static bool clock_errs(const struct clock_def *c)
{
    return c->offset != NULL || c->drift != NULL || (c->sync_every_ns > 0 && c->sync_error != NULL);
}

static void open_setting(struct world *w)
{
    const struct world_def *def = w->def;
    uint32_t n = def->region_count;
    double *price = memory_new((size_t)n * n, sizeof *price);

    for (uint32_t i = 0; i < n * n; i++)
        price[i] = def->links[i].price_usd_per_byte;
    w->setting = (struct history_setting){
        .region_count = n,
        .node_count = w->places.node_count,
        .region_names = w->places.region_names,
        .node_region = w->places.node_region,
        .region_first_node = w->places.region_first_node,
        .region_node_count = w->places.region_node_count,
        .data = def->data,
        .key_count = def->key_count + def->own_key_count,
        .operations = (uint64_t)fmin(world_def_operations(def), 1e18),
        .initial = def->initial,
        .warmup = def->warmup_ns,
        .duration = def->duration_ns,
        .limit = def->duration_ns + def->drain_ns,
        .price_usd_per_byte = price,
        .faults = w->timetable.faults,
        .fault_count = (uint32_t)w->timetable.occurrences.count,
        .probe_after = def->probes.after,
        .probe_after_count = def->probes.after_count,
    };
    for (size_t i = 0; i < (size_t)def->region_count * def->region_count; i++)
        w->setting.limits_bandwidth |= def->links[i].bandwidth_bits_per_s > 0;
    for (uint32_t i = 0; i < def->fault_count; i++)
        w->setting.may_lose |= def->faults[i].kind == FAULT_CRASH && def->faults[i].lose != LOSE_NOTHING;
    for (uint32_t i = 0; i < def->fault_count; i++)
        w->setting.clocks_err |= def->faults[i].kind == FAULT_CLOCK;
    for (uint32_t g = 0; g < n; g++)
        w->setting.clocks_err |= clock_errs(&def->regions[g].clock);
}

/* Channels have lines up to some 360 nodes; of more the tournament would take megabytes. */
enum { CHANNELS_MOST = 1 << 17 };

static void open_agenda(struct world *w)
{
    uint64_t channels = (uint64_t)w->places.node_count * (w->places.node_count - 1);

    w->arrivals = memory_new(w->def->region_count, sizeof *w->arrivals);
    w->channels_in_line = channels <= CHANNELS_MOST;
    agenda_open(&w->agenda, w->def->region_count, w->channels_in_line ? (uint32_t)channels : 0,
                sizeof(struct event));
}

void world_open(struct world *w, const struct world_def *def, uint64_t seed, uint64_t replication)
{
    *w = (struct world){.def = def, .history = history_new()};
    w->ready_end = &w->ready;
    geography_open(&w->places, def, seed, replication);
    timetable_open(&w->timetable, def, &w->places);
    open_setting(w);
    w->order = memory_new(def->region_count + 1u, sizeof *w->order);
    for (uint32_t i = 0; i <= def->region_count; i++)
        w->order[i] = (uint64_t)i << 48;
    w->nodes = memory_new(w->places.node_count, sizeof *w->nodes);
    for (uint32_t i = 0; i < w->places.node_count; i++) {
        clock_open(&w->nodes[i].clock, &def->regions[w->places.node_region[i]].clock,
                   place_key_node(&w->places, "clock", i));
        service_open(&w->nodes[i].service, def->storage.workers);
        w->nodes[i].service.key[GEO_SERVE_READ] = place_key_node(&w->places, "serve-read", i);
        w->nodes[i].service.key[GEO_SERVE_WRITE] = place_key_node(&w->places, "serve-write", i);
        w->nodes[i].service.key[GEO_SERVE_APPLY] = place_key_node(&w->places, "serve-apply", i);
    }
    open_agenda(w);
    op_table_open(&w->operations, def->region_count);
    network_open(w);
    client_way_open(w);
    workload_open(&w->workload, def, &w->places);
}

void world_close(struct world *w)
{
    workload_close(&w->workload);
    network_close(w);
    op_table_close(&w->operations);
    for (uint32_t i = 0; i < w->places.node_count; i++) {
        service_close(&w->nodes[i].service);
        array_free(&w->nodes[i].paused);
    }
    free(w->nodes);
    free(w->order);
    free((void *)(uintptr_t)w->setting.price_usd_per_byte);
    timetable_close(&w->timetable);
    geography_close(&w->places);
    agenda_close(&w->agenda);
    client_way_close(w);
    free(w->arrivals);
    history_free(w->history);
}

void world_start(struct world *w)
{
    for (size_t i = 0; i < w->timetable.occurrences.count; i++) {
        const struct occurrence *o = &w->timetable.occurrences.items[i];
        world_at(w, WORLD_ITSELF, o->begin, (struct event){.kind = EVENT_FAULT_BEGIN, .a = i});
        if (o->end != SIM_NS_NEVER)
            world_at(w, WORLD_ITSELF, o->end, (struct event){.kind = EVENT_FAULT_END, .a = i});
    }
    for (uint32_t node = 0; node < w->places.node_count; node++)
        w->hooks.start(w->hooks.self, node, LOSE_NOTHING);
    sessions_start(w);
}

static void node_down(struct world *w, uint32_t index, uint8_t lose, uint32_t fault)
{
    struct node *node = &w->nodes[index];

    node->crashes++;
    if (node->down && lose <= node->lose)
        return;
    bool was_down = node->down;
    node->down = true;
    node->lose = lose;
    if (!was_down) {
        node->down_since = w->now;
        w->down_count++;
    }
    world_note(w, HISTORY_DOWN, .node = index, .down = {.lose = lose, .fault = fault});
    if (lose == LOSE_NOTHING)
        return;
    node->epoch++;
    node->disk_losses += lose == LOSE_DISK;
    array_each (struct event, e, &node->paused)
        if (e->kind == EVENT_SERVED || e->kind == EVENT_RETRANSMIT)
            message_drop(w, (struct message *)(uintptr_t)e->a);
    node->paused.count = 0;
    network_node_restarts(w, index);
    network_forget_service(w, index);
    w->hooks.lose(w->hooks.self, index, lose);
}

static void node_up(struct world *w, uint32_t index)
{
    struct node *node = &w->nodes[index];

    if (node->crashes == 0 || --node->crashes > 0)
        return;
    uint8_t lose = node->lose;
    node->down = false;
    w->down_count--;
    node->lose = LOSE_NOTHING;
    world_note(w, HISTORY_UP, .node = index, .down = {.lose = lose});
    for (size_t i = 0; i < node->paused.count; i++)
        world_at(w, w->places.node_region[index], w->now, node->paused.items[i]);
    node->paused.count = 0;
    if (lose != LOSE_NOTHING) {
        w->hooks.start(w->hooks.self, index, lose);
        world_settle(w);
    }
}

static void switch_nodes(struct world *w, const struct fault_def *f, uint32_t fault, bool begins)
{
    struct occurrence *o = &w->timetable.occurrences.items[fault];

    if (begins) /* it ends where it began, whoever leads by then */
        o->leader_region = w->leader_region;
    uint32_t region = f->target == TARGET_LEADER ? o->leader_region : f->region;

    if (region == UINT32_MAX)
        return; /* a strategy without a leader */
    uint32_t first = w->places.region_first_node[region], count = w->places.region_node_count[region];
    for (uint32_t i = 0; i < count; i++) {
        if (f->target == TARGET_NODE && i != f->node)
            continue;
        if (f->kind == FAULT_CLOCK)
            clock_step(&w->nodes[first + i].clock, w->now, f->step_ns);
        else if (begins)
            node_down(w, first + i, f->lose, fault);
        else
            node_up(w, first + i);
    }
}

static void switch_fault(struct world *w, uint32_t index, bool begins)
{
    const struct occurrence *o = &w->timetable.occurrences.items[index];
    const struct fault_def *f = o->fault;

    w->troubled = true;
    if (begins || o->end != o->begin)
        world_note(w, HISTORY_FAULT, .node = HISTORY_NO_NODE,
                   .fault = {.index = index, .occurrence = o->number, .begins = begins});
    timetable_switch_links(&w->timetable, index, begins, w->now);
    if (f->kind == FAULT_CRASH || (f->kind == FAULT_CLOCK && begins))
        switch_nodes(w, f, index, begins);
    for (uint32_t node = 0; f->kind == FAULT_SWITCHOVER && begins && node < w->places.node_count; node++)
        if (!w->nodes[node].down) {
            w->hooks.switchover(w->hooks.self, node, f->to);
            world_settle(w);
        }
}

/* A node that is paused takes up what was due when it is up again; one that lost its memory has forgotten it.
 */
static bool waits_for_node(struct world *w, const struct event *e)
{
    struct node *node = &w->nodes[e->node];

    if (!node->down || e->epoch != node->epoch)
        return false;
    *array_add(&node->paused) = *e;
    return true;
}

static void at_node(struct world *w, const struct event *e)
{
    struct node *node = &w->nodes[e->node];
    bool current = e->epoch == node->epoch;

    if (waits_for_node(w, e))
        return;
    if (e->kind == EVENT_SERVED) {
        if (current)
            network_served(w, e->node, (struct message *)(uintptr_t)e->a);
        else
            message_drop(w, (struct message *)(uintptr_t)e->a);
    } else if (current) {
        w->hooks.timer(w->hooks.self, e->node, e->type, e->a);
    }
}

static void handle(struct world *w, const struct event *e)
{
    switch ((enum event_kind)e->kind) {
    case EVENT_FAULT_BEGIN:
    case EVENT_FAULT_END:
        switch_fault(w, (uint32_t)e->a, e->kind == EVENT_FAULT_BEGIN);
        break;
    case EVENT_THINK:
        sessions_think(w, e->node, e->type);
        break;
    case EVENT_REQUEST:
        sessions_request(w, e->node, (struct operation *)(uintptr_t)e->a, (uint8_t)e->type);
        operation_let_go(&w->operations, (struct operation *)(uintptr_t)e->a);
        break;
    case EVENT_RESPONSE:
        sessions_response(w, e->a, (uint8_t)e->type, (struct body *)(uintptr_t)e->b);
        break;
    case EVENT_TIMEOUT:
    case EVENT_WATCH:
        sessions_timeout(w, e->a, (uint8_t)e->type);
        break;
    case EVENT_EXPIRE:
        sessions_expire(w, e->a, e->node);
        break;
    case EVENT_PROBE:
        sessions_probe(w, e->node, e->a, e->b, e->type);
        break;
    case EVENT_ARRIVE:
        network_arrive(w, (struct message *)(uintptr_t)e->a);
        break;
    case EVENT_RETRANSMIT:
        network_retransmit(w, (struct message *)(uintptr_t)e->a);
        break;
    case EVENT_SERVED:
    case EVENT_TIMER:
        at_node(w, e);
        break;
    }
}

static void begin_event(struct world *w, sim_ns time)
{
    CHECK(time >= w->now);
    w->now = time;
    w->events++;
}

/* The queue's first; false: it is no event of the world, or not the first of all. */
static bool step_queue(struct world *w, sim_ns time)
{
    const struct event *first = agenda_pop(&w->agenda);

    if (first == NULL)
        return false;
    struct event e = *first;
    if (e.kind == EVENT_WATCH && sessions_watch_passed(w, e.node))
        return false;
    begin_event(w, time);
    handle(w, &e);
    world_settle(w);
    return true;
}

/* Only where a node's handler may have run is there anything to settle. */
static bool step_request(struct world *w, sim_ns time)
{
    begin_event(w, time);
    sessions_next_request(w);
    world_settle(w);
    return true;
}

static bool step_answer(struct world *w, sim_ns time)
{
    begin_event(w, time);
    sessions_next_answer(w);
    return true;
}

static bool step_arrival(struct world *w, sim_ns time)
{
    uint32_t region = agenda_line(&w->agenda, AGENDA_ARRIVALS);

    begin_event(w, time);
    sessions_arrival(w, region, w->arrivals[region]);
    return true;
}

static bool step_channel(struct world *w, sim_ns time)
{
    begin_event(w, time);
    network_next_arrives(w, agenda_line(&w->agenda, AGENDA_CHANNELS));
    world_settle(w);
    return true;
}

/* The next event, or false when there is none up to `limit`. Which group has it is chance: one jump by a
 * table is guessed wrong less often than a row of branches. */
HOT bool step(struct world *w, sim_ns limit)
{
    static bool (*const steps[])(struct world *, sim_ns) = {
        [AGENDA_QUEUE] = step_queue,      [AGENDA_REQUESTS] = step_request, [AGENDA_ANSWERS] = step_answer,
        [AGENDA_ARRIVALS] = step_arrival, [AGENDA_CHANNELS] = step_channel,
    };

    for (;;) {
        sim_ns time;
        enum agenda_group group = agenda_first(&w->agenda, &time);
        if (time > limit || time == SIM_NS_NEVER)
            return false;
        __asm__("" : "+r"(group)); /* else gcc chooses among the functions' addresses with each compare */
        if (steps[group](w, time))
            return true;
    }
}

bool world_step(struct world *w, sim_ns limit)
{
    return step(w, limit);
}

APART bool world_run(struct world *w, sim_ns limit, const atomic_bool *stop)
{
    while (step(w, limit))
        if (stop != NULL && atomic_load_explicit(stop, memory_order_relaxed))
            return false;
    return true;
}
