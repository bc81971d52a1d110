/* network.c -- see network.h: a message's way from the sender to its receiver's service. Pools are in
 * message.c.
 *
 * Order under tcp: messages of a channel are numbered, and a transmission never arrives before the one sent
 * before it (last_arrival). Only when one of them was lost can a later number arrive first: it is held until
 * its turn. */
#include "sim/world/network.h"

#include "sim/base/hash.h"
#include "sim/world/message.h"
#include "sim/world/sessions.h"
#include "sim/world/world.h"

#include <math.h>

static struct wan_link *link_of(struct world *w, uint32_t from_region, uint32_t to_region)
{
    return from_region == to_region ? NULL
                                    : &w->network.links[from_region * w->def->region_count + to_region];
}

static struct link_state *state_of(struct world *w, uint32_t from_region, uint32_t to_region)
{
    return &w->timetable.links[from_region * w->def->region_count + to_region];
}

static struct channel *channel_between(struct world *w, uint32_t from, uint32_t to)
{
    return &w->network.channels[(size_t)from * (w->places.node_count - 1) + to - (to > from)];
}

static struct channel *channel_of(struct world *w, const struct message *m)
{
    return channel_between(w, m->from, m->to);
}

/* Everything about the link's delay that is not drawn. An odd nanosecond of a constant round trip goes with
 * one direction (semantics, D), which the scenario has marked. */
static void link_open(struct world *w, uint32_t from, uint32_t to)
{
    struct wan_link *link = &w->network.links[from * w->def->region_count + to];
    const struct link_def *def = &w->def->links[from * w->def->region_count + to];

    *link = (struct wan_link){.def = def, .key = place_key_pair(&w->places, "delay", from, to)};
    link->draws_delay = !distribution_is_constant(def->delay);
    link->draws_jitter = def->jitter != NULL && (link->draws_delay || !distribution_is_constant(def->jitter));
    link->draws_fate = def->loss > 0 || def->bursts.on || (w->def->datagram && def->duplicate > 0);
    link->draws = link->draws_delay || link->draws_jitter || link->draws_fate;
    if (!link->draws_delay) {
        random_stream none = random_stream_new(link->key, 0, 0);
        sim_ns whole = distribution_draw_ns(def->delay, &none);
        link->constant_ns =
            !def->delay_is_round_trip ? whole : whole / 2 + (whole % 2 != 0 && def->odd_up ? 1 : 0);
        if (link->constant_ns < 0)
            link->constant_ns = 0;
        if (!link->draws_jitter && def->jitter != NULL) {
            sim_ns jitter = distribution_draw_ns(def->jitter, &none);
            link->constant_ns += jitter > 0 ? jitter : 0;
        }
    }
}

/* Half of a draw of the client's round trip each way, the odd nanosecond of a constant one on the way back.
 */
static void client_open(struct world *w)
{
    struct network *n = &w->network;
    random_stream none = random_stream_new(n->client_key, 0, 0);

    n->draws_client = !distribution_is_constant(w->def->client);
    if (n->draws_client)
        return;
    sim_ns whole = distribution_draw_ns(w->def->client, &none);
    n->client_constant[false] = whole > 0 ? whole / 2 : 0;
    n->client_constant[true] = whole > 0 ? whole - whole / 2 : 0;
}

void network_open(struct world *w)
{
    struct network *n = &w->network;
    uint32_t regions = w->def->region_count;

    *n = (struct network){0};
    n->links = memory_new((size_t)regions * regions, sizeof *n->links);
    for (uint32_t from = 0; from < regions; from++)
        for (uint32_t to = 0; to < regions; to++)
            if (from != to)
                link_open(w, from, to);
    n->channels = memory_new((size_t)w->places.node_count * (w->places.node_count - 1), sizeof *n->channels);
    n->client_key = random_key_new(w->places.seed, w->places.replication, "client");
    n->leg_key = random_key_new(w->places.seed, w->places.replication, "leg");
    n->far_key = random_key_new(w->places.seed, w->places.replication, "far");
    client_open(w);
}

void network_close(struct world *w)
{
    for (size_t i = 0; i < (size_t)w->def->region_count * w->def->region_count; i++)
        free(w->network.links[i].type_count);
    free(w->network.links);
    free(w->network.channels);
    message_pools_close(&w->network);
}

void network_set_messages(struct world *w, const geo_message_def *defs, const geo_distribution *const *legs)
{
    struct network *n = &w->network;

    n->defs = defs;
    while (defs[n->message_types].name != NULL)
        n->message_types++;
    for (size_t i = 0; i < (size_t)w->def->region_count * w->def->region_count; i++)
        n->links[i].type_count = memory_new(n->message_types, sizeof(uint64_t));
    for (int leg = 0; leg <= GEO_LEGS; leg++) {
        n->legs[leg] = legs[leg];
        n->any_leg |= legs[leg] != NULL;
    }
}

static sim_ns not_negative(sim_ns value)
{
    return value > 0 ? value : 0;
}

/* Is the link in its bad state at `now`? An alternating process in simulated time, good at first, the same
 * for all models: stay number i is drawn by i. */
static bool bursts_bad(struct wan_link *link, sim_ns now)
{
    const struct gilbert_elliott_def *b = &link->def->bursts;

    while (link->next_switch <= now) {
        if (link->switches > 0)
            link->bad = !link->bad;
        double rate = link->bad ? b->to_good_per_s : b->to_bad_per_s;
        random_stream s = random_stream_new(random_key_name(link->key, "bursts"), link->switches++, 0);
        struct distribution stay = {.kind = DISTRIBUTION_EXPONENTIAL, .a = 1e9 / rate};
        sim_ns lasts = rate > 0 ? distribution_draw_ns(&stay, &s) : SIM_NS_NEVER;
        link->next_switch =
            lasts < SIM_NS_NEVER - link->next_switch - 1 ? link->next_switch + lasts + 1 : SIM_NS_NEVER;
    }
    return link->bad;
}

/* Loss and delay of one transmission; false: it is lost. `again_ns`: when a duplicate follows (datagrams),
 * else -1. */
static bool draw_way(struct world *w, struct wan_link *link, const struct message *m, sim_ns *delay_ns,
                     sim_ns *again_ns)
{
    const struct link_def *def = link->def;
    const struct link_state *state = state_of(w, m->from_region, m->to_region);

    *again_ns = -1;
    if (!link->draws && state->loss < 0) {
        *delay_ns = link->constant_ns;
    } else {
        random_stream s =
            random_stream_new(random_key_number(link->key, m->luck), m->luck_count, m->transmission);
        double loss = state->loss >= 0 ? state->loss
                      : def->bursts.on ? (bursts_bad(link, w->now) ? def->bursts.bad : def->bursts.good)
                                       : def->loss;
        double lost = 1;
        bool twin = false;
        if (link->draws_fate || loss > 0) {
            lost = random_unit(&s);
            twin = random_unit(&s) < def->duplicate && w->def->datagram;
        } else {
            random_seek(&s, 2); /* a delay does not depend on the loss that is set */
        }
        for (int copy = 0; copy < (twin ? 2 : 1); copy++) {
            sim_ns way = link->constant_ns;
            if (link->draws_delay) {
                double drawn = distribution_draw(def->delay, &s) * (def->delay_is_round_trip ? 0.5 : 1);
                way = not_negative((sim_ns)llrint(drawn));
            }
            if (link->draws_jitter)
                way += not_negative(distribution_draw_ns(def->jitter, &s));
            *(copy == 0 ? delay_ns : again_ns) = way;
        }
        if (lost < loss)
            return false;
    }
    if (state->factor != 1) {
        *delay_ns = (sim_ns)llrint((double)*delay_ns * state->factor);
        if (*again_ns >= 0)
            *again_ns = (sim_ns)llrint((double)*again_ns * state->factor);
    }
    return true;
}

/* Ways within a region, and the fate of messages, are told only to readers that want them. */
static bool tells_all(const struct world *w)
{
    return history_wants(w->history, HISTORY_ARRIVE);
}

static void note_fate(struct world *w, const struct message *m, enum history_kind kind,
                      enum history_loss reason)
{
    if (tells_all(w))
        world_note(w, kind, .op = m->op, .node = m->to_end == END_NODE ? m->to : HISTORY_NO_NODE,
                   .way = {.message = m->number, .reason = (uint8_t)reason});
}

static void note_traffic(struct world *w, const struct message *m)
{
    world_note(w, HISTORY_SEND, .op = m->op, .node = m->from_end == END_NODE ? m->from : HISTORY_NO_NODE,
               .send = {.bytes = m->wire_bytes,
                        .leaves = m->left,
                        .to = m->to_end == END_NODE ? m->to : HISTORY_NO_NODE,
                        .from_region = (uint16_t)m->from_region,
                        .to_region = (uint16_t)m->to_region,
                        .type = m->from_end == END_NODE && m->to_end == END_NODE ? m->type : HISTORY_NO_NODE,
                        .transmission = m->transmission,
                        .message = m->number});
}

static bool reliable(const struct world *w)
{
    return !w->def->datagram;
}

/* Under tcp the next transmission follows the last that left; a datagram is gone. */
static void lost(struct world *w, struct message *m, enum history_loss reason)
{
    note_fate(w, m, HISTORY_LOST, reason);
    if (!reliable(w)) {
        network_drop(w, m);
        return;
    }
    struct wan_link *link = link_of(w, m->from_region, m->to_region);
    sim_ns wait = (link != NULL ? link->def->rtt_median_ns : w->def->local_ns) + 200 * SIM_MILLISECOND;
    for (uint32_t i = 0; i < m->transmission && wait < w->def->retransmit_max_ns; i++)
        wait = 2 * wait < w->def->retransmit_max_ns ? 2 * wait : w->def->retransmit_max_ns;
    sim_ns at = m->left + wait;
    world_at(w, m->from_region, at > w->now ? at : w->now,
             (struct event){.kind = EVENT_RETRANSMIT, .a = (uint64_t)(uintptr_t)m});
}

static sim_ns leaving(struct world *w, struct wan_link *link, const struct message *m)
{
    if (link == NULL || link->def->bandwidth_bits_per_s == 0 || history_op_is_probe(m->op))
        return w->now;
    sim_ns start = link->free_at > w->now ? link->free_at : w->now;
    link->free_at = start + (sim_ns)llrint((double)m->wire_bytes * 8e9 / link->def->bandwidth_bits_per_s);
    return link->free_at;
}

static void arrives_at(struct world *w, struct message *m, sim_ns time)
{
    world_at(w, m->from_region, time, (struct event){.kind = EVENT_ARRIVE, .a = (uint64_t)(uintptr_t)m});
}

/* What it is about is fetched into the cache while other events happen. */
static void fetch(const struct world *w, const struct message *m)
{
    if (m->body != NULL) {
        __builtin_prefetch(m->body);
        __builtin_prefetch(m->body->data + 64);
    }
    if (m->about != NULL && m->to_end == END_NODE)
        w->hooks.soon(w->hooks.self, m->to_region, m->about->op.key);
}

/* The next of its channel, where nothing that was sent before arrives later. Only after a restart, which
 * forgets what was under way, may that be. */
static void arrives_in_turn(struct world *w, struct message *m, struct channel *c, sim_ns time)
{
    uint64_t order = world_order(w, m->from_region);
    agenda_key key = agenda_key_of(time, order);

    if (w->channel_line == 0 ||
        (c->coming != NULL && key < agenda_key_of(c->coming_last->arrives, c->coming_last->order))) {
        world_queue(w, time, order, (struct event){.kind = EVENT_ARRIVE, .a = (uint64_t)(uintptr_t)m});
        return;
    }
    m->arrives = time;
    m->order = order;
    m->next = NULL;
    if (c->coming == NULL) {
        c->coming = m;
        fetch(w, m);
        agenda_set(&w->agenda, w->channel_line + (uint32_t)(c - w->network.channels), key);
    } else {
        c->coming_last->next = m;
    }
    c->coming_last = m;
}

struct message *network_next(struct world *w, uint32_t channel)
{
    struct channel *c = &w->network.channels[channel];
    struct message *m = c->coming;

    c->coming = m->next;
    if (c->coming == NULL) {
        agenda_set(&w->agenda, w->channel_line + channel, AGENDA_NONE);
        return m;
    }
    agenda_set(&w->agenda, w->channel_line + channel, agenda_key_of(c->coming->arrives, c->coming->order));
    fetch(w, c->coming);
    return m;
}

/* Keyed apart from the links. */
static sim_ns client_draw(struct world *w, uint64_t op, uint32_t region, uint8_t attempt, bool answer)
{
    random_key key = random_key_number(w->network.client_key, w->places.region_luck[region]);
    random_stream s = random_stream_new(
        random_key_number(key, place_luck_of(&w->places, op & ~UINT64_C(0xff))), answer ? 1 : 0, attempt);

    return not_negative((sim_ns)llrint(distribution_draw(w->def->client, &s) * 0.5));
}

static sim_ns client_delay(struct world *w, uint64_t op, uint32_t region, uint8_t attempt, bool answer)
{
    return w->network.draws_client ? client_draw(w, op, region, attempt, answer)
                                   : w->network.client_constant[answer];
}

static void transmit(struct world *w, struct message *m)
{
    struct wan_link *link = link_of(w, m->from_region, m->to_region);
    sim_ns delay = w->def->local_ns / 2, again = -1;

    m->left = leaving(w, link, m);
    if (link != NULL || tells_all(w))
        note_traffic(w, m);
    if (link != NULL) {
        if (state_of(w, m->from_region, m->to_region)->cuts > 0 && m->left == w->now) {
            lost(w, m, LOST_BY_CUT);
            return;
        }
        if (!draw_way(w, link, m, &delay, &again)) {
            lost(w, m, LOST_BY_CHANCE);
            return;
        }
    }
    if (m->from_end == END_CLIENT)
        delay += client_delay(w, m->op, m->from_region, m->attempt, false);
    else if (m->to_end == END_CLIENT)
        delay += client_delay(w, m->op, m->to_region, m->attempt, true);
    sim_ns arrival = m->left + delay;
    if (again >= 0 && m->from_end == END_NODE &&
        m->to_end == END_NODE) /* a client knows its own conversation */
        arrives_at(w, message_copy(w, m), m->left + again);
    if (m->sequence == 0) {
        arrives_at(w, m, arrival);
        return;
    }
    struct channel *c = channel_of(w, m);
    if (arrival < c->last_arrival)
        arrival = c->last_arrival;
    c->last_arrival = arrival;
    arrives_in_turn(w, m, c, arrival);
}

/* A WARS leg: drawn in place of the network's delay, neither ordered nor lost by itself (a cut still cuts).
 */
static bool send_by_leg(struct world *w, struct message *m)
{
    struct network *n = &w->network;

    if (m->leg == GEO_NO_LEG || n->legs[m->leg] == NULL)
        return false;
    bool towards = m->leg == GEO_LEG_WRITE || m->leg == GEO_LEG_READ;
    uint32_t replica = towards ? m->to : m->from;
    random_key key =
        random_key_number(random_key_number(n->leg_key, m->leg), place_luck_of(&w->places, m->op));
    random_stream s = random_stream_new(key, place_luck_of_node(&w->places, replica), m->attempt);
    sim_ns delay = not_negative(distribution_draw_ns((const struct distribution *)n->legs[m->leg], &s));
    if (n->legs[GEO_LEGS] != NULL) {
        uint32_t holders[PLACEMENT_MOST];
        uint64_t op_key = m->about != NULL ? m->about->op.key : 0;
        uint32_t count = placement_holders(&w->setting, op_key, holders);
        random_stream near =
            random_stream_new(random_key_number(n->far_key, place_luck_of(&w->places, m->op)), 0, 0);
        if (holders[random_below(&near, count)] != replica)
            delay += not_negative(distribution_draw_ns((const struct distribution *)n->legs[GEO_LEGS], &s));
    }
    m->left = w->now;
    if (m->from_region != m->to_region || tells_all(w))
        note_traffic(w, m);
    arrives_at(w, m, w->now + delay);
    return true;
}

/* The number that keys a message's luck: by its operation, else by its type. */
static void give_luck(struct world *w, struct message *m)
{
    if (m->from_region == m->to_region)
        return;
    if (m->about != NULL) {
        m->luck = place_luck_of(&w->places, m->op & ~UINT64_C(0xff));
        m->luck_count = operation_count_message(m->about, m->from_region, m->to_region);
    } else if (m->from_end == END_NODE && m->to_end == END_NODE) {
        struct wan_link *link = link_of(w, m->from_region, m->to_region);
        m->luck = hash_text(w->network.defs[m->type].name);
        m->luck_count = (uint32_t)link->type_count[m->type]++;
    }
}

void network_send(struct world *w, uint32_t from, uint32_t to, const geo_out *how, struct body *body)
{
    CHECK(how->type < w->network.message_types && to < w->places.node_count);
    const geo_message_def *def = &w->network.defs[how->type];
    struct message *m = message_new(w, how->op, body);

    m->from = from;
    m->to = to;
    m->from_region = w->places.node_region[from];
    m->to_region = w->places.node_region[to];
    m->from_epoch = w->nodes[from].epoch;
    m->to_epoch = w->nodes[to].epoch;
    m->wire_bytes = how->wire_bytes + w->def->overhead_bytes;
    m->type = how->type;
    m->lane = how->lane;
    m->service = def->service;
    m->leg = def->leg;
    give_luck(w, m);
    if (w->network.any_leg && send_by_leg(w, m))
        return;
    if (from == to) {
        world_make_ready(w, m);
        return;
    }
    if (reliable(w) && !history_op_is_probe(m->op))
        m->sequence = ++channel_of(w, m)->sent;
    transmit(w, m);
}

static struct message *client_message(struct world *w, uint32_t node, uint64_t op, uint8_t attempt,
                                      uint64_t bytes, struct body *body)
{
    struct message *m = message_new(w, op, body);

    m->wire_bytes = bytes + w->def->overhead_bytes;
    m->attempt = attempt;
    m->from = m->to = node;
    m->from_region = m->to_region = w->places.node_region[node];
    m->from_epoch = m->to_epoch = w->nodes[node].epoch;
    return m;
}

void network_send_request(struct world *w, uint32_t region, uint32_t node, uint64_t op, uint8_t attempt,
                          uint64_t wire_bytes)
{
    struct message *m = client_message(w, node, op, attempt, wire_bytes, NULL);

    m->from_end = END_CLIENT;
    m->from = m->from_region = region;
    give_luck(w, m);
    transmit(w, m);
}

void network_send_answer(struct world *w, uint32_t node, uint32_t region, uint64_t op, uint8_t attempt,
                         uint64_t wire_bytes, struct body *body)
{
    struct message *m = client_message(w, node, op, attempt, wire_bytes, body);

    m->to_end = END_CLIENT;
    m->to = m->to_region = region;
    give_luck(w, m);
    transmit(w, m);
}

/* An event after one way between a client and its region. */
static struct event *client_event(struct world *w, uint32_t by, uint32_t region, uint64_t op, uint8_t attempt,
                                  bool answer)
{
    void *payload;

    if (!w->network.draws_client)
        return world_in_line(w, answer ? LINE_ANSWERS : LINE_REQUESTS, by,
                             w->now + w->network.client_constant[answer]);
    agenda_push(&w->agenda, w->now + client_draw(w, op, region, attempt, answer), world_order(w, by),
                &payload);
    return payload;
}

void network_client_request(struct world *w, uint32_t by, uint32_t region, uint32_t node, uint64_t op,
                            uint8_t attempt)
{
    *client_event(w, by, region, op, attempt, false) =
        (struct event){.kind = EVENT_REQUEST, .node = node, .a = op, .type = attempt};
}

void network_client_answer(struct world *w, uint32_t region, uint64_t op, uint8_t attempt, struct body *body)
{
    *client_event(w, region, region, op, attempt, true) =
        (struct event){.kind = EVENT_RESPONSE, .a = op, .b = (uint64_t)(uintptr_t)body, .type = attempt};
}

/* Restarts make what was under way void; a client is never down. */
static bool is_void(const struct world *w, const struct message *m)
{
    return (m->from_end == END_NODE && m->from_epoch != w->nodes[m->from].epoch) ||
           (m->to_end == END_NODE && m->to_epoch != w->nodes[m->to].epoch);
}

static bool is_lost_on_the_way(struct world *w, const struct message *m, enum history_loss *reason)
{
    *reason = LOST_BY_CRASH;
    if (m->to_end == END_NODE && w->nodes[m->to].down)
        return true;
    if (m->from_end == END_NODE && w->nodes[m->from].down && m->left > w->nodes[m->from].down_since)
        return true; /* it stood in the link's queue when its sender went down */
    if (m->from_region == m->to_region)
        return false;
    const struct link_state *state = state_of(w, m->from_region, m->to_region);
    *reason = LOST_BY_CUT;
    return state->cuts > 0 || timetable_was_cut(state, m->left);
}

static void deliver(struct world *w, struct message *m)
{
    note_fate(w, m, HISTORY_ARRIVE, LOST_BY_CHANCE);
    if (m->to_end == END_CLIENT) {
        struct body *body = m->body;
        m->body = NULL;
        sessions_response(w, m->op, m->attempt, body);
        network_drop(w, m);
    } else if (m->from_end == END_CLIENT) {
        sessions_request(w, m->to, m->op, m->attempt);
        network_drop(w, m);
    } else {
        network_serve(w, m);
    }
}

static void hold_back(struct channel *c, struct message *m)
{
    struct message **at = &c->held;

    if (c->held != NULL && c->held_last->sequence < m->sequence)
        at = &c->held_last->next; /* nearly always: they come in order, but for the one that all wait for */
    while (*at != NULL && (*at)->sequence < m->sequence)
        at = &(*at)->next;
    m->next = *at;
    *at = m;
    if (m->next == NULL)
        c->held_last = m;
}

void network_arrive(struct world *w, struct message *m)
{
    enum history_loss reason;

    if (is_void(w, m)) {
        note_fate(w, m, HISTORY_LOST, LOST_BY_CRASH);
        network_drop(w, m);
        return;
    }
    if (is_lost_on_the_way(w, m, &reason)) {
        lost(w, m, reason);
        return;
    }
    if (m->sequence == 0) {
        deliver(w, m);
        return;
    }
    struct channel *c = channel_of(w, m);
    if (m->sequence != c->delivered + 1) {
        hold_back(c, m);
        return;
    }
    c->delivered++;
    deliver(w, m);
    while (c->held != NULL && c->held->sequence == c->delivered + 1) {
        struct message *next = c->held;
        c->held = next->next;
        c->delivered++;
        deliver(w, next);
    }
}

void network_retransmit(struct world *w, struct message *m)
{
    if (is_void(w, m)) {
        network_drop(w, m);
        return;
    }
    if (m->from_end == END_NODE && w->nodes[m->from].down) { /* paused: it goes on when the node does */
        *array_add(&w->nodes[m->from].paused) =
            (struct event){.kind = EVENT_RETRANSMIT, .node = m->from, .a = (uint64_t)(uintptr_t)m};
        return;
    }
    m->transmission++;
    transmit(w, m);
}

void network_node_restarts(struct world *w, uint32_t node)
{
    uint32_t n = w->places.node_count;

    for (uint32_t other = 0; other < n; other++) {
        struct channel *both[2] = {channel_between(w, node, other), channel_between(w, other, node)};
        for (int i = 0; i < 2 && other != node; i++) {
            struct message *next;
            for (struct message *m = both[i]->held; m != NULL; m = next) {
                next = m->next;
                network_drop(w, m);
            }
            *both[i] = (struct channel){.coming = both[i]->coming, .coming_last = both[i]->coming_last};
        }
    }
}

static sim_ns service_time(struct world *w, const struct message *m)
{
    const struct storage_def *storage = &w->def->storage;
    const struct distribution *d = m->service == GEO_SERVE_READ    ? storage->read
                                   : m->service == GEO_SERVE_WRITE ? storage->write
                                                                   : storage->apply;
    struct service *service = &w->nodes[m->to].service;

    if (d == NULL)
        return 0;
    uint64_t luck = m->op != 0 ? place_luck_of(&w->places, m->op) : ~service->count[m->service]++;
    random_stream s = random_stream_new(service->key[m->service], luck, m->attempt);
    return not_negative(distribution_draw_ns(d, &s));
}

/* Books the job at its receiver. True: it is done at this instant, and still the caller's. */
static bool book(struct world *w, struct message *m)
{
    struct node *node = &w->nodes[m->to];
    sim_ns done = service_book(&node->service, &w->timetable, m->to_region,
                               m->to - w->places.region_first_node[m->to_region], m->service, w->now,
                               service_time(w, m));

    if (done == w->now)
        return true;
    if (done == SIM_NS_NEVER)
        network_drop(w, m);
    else
        world_at(w, m->to_region, done,
                 (struct event){
                     .kind = EVENT_SERVED, .node = m->to, .epoch = node->epoch, .a = (uint64_t)(uintptr_t)m});
    return false;
}

/* Serves a lane from `m` on, as far as it gets at this instant. A handler may add to the lane meanwhile. */
static void run_lane(struct world *w, struct service *service, uint32_t index, struct message *m)
{
    while (m != NULL) {
        if (!book(w, m))
            return;
        world_hand_over(w, m);
        struct lane *lane = service_lane(service, index);
        m = lane->first;
        if (m == NULL)
            lane->busy = false;
        else
            lane->first = m->next;
    }
}

void network_serve(struct world *w, struct message *m)
{
    if (m->service == GEO_NO_SERVICE || history_op_is_probe(m->op)) {
        world_hand_over(w, m);
        return;
    }
    if (m->lane == 0) {
        if (book(w, m))
            world_hand_over(w, m);
        return;
    }
    struct service *service = &w->nodes[m->to].service;
    struct lane *lane = service_lane(service, m->lane);
    m->next = NULL;
    if (!lane->busy) {
        lane->busy = true;
        run_lane(w, service, m->lane, m);
        return;
    }
    if (lane->first == NULL)
        lane->first = m;
    else
        lane->last->next = m;
    lane->last = m;
}

void network_served(struct world *w, uint32_t node, struct message *m)
{
    struct service *service = &w->nodes[node].service;
    uint32_t index = m->lane;

    world_hand_over(w, m);
    if (index == 0)
        return;
    struct lane *lane = service_lane(service, index);
    struct message *next = lane->first;
    if (next == NULL)
        lane->busy = false;
    else
        lane->first = next->next;
    run_lane(w, service, index, next);
}

void network_forget_service(struct world *w, uint32_t node)
{
    struct service *service = &w->nodes[node].service;

    for (size_t i = 0; i < service->lanes.count; i++) {
        struct message *next;
        for (struct message *m = service->lanes.items[i].first; m != NULL; m = next) {
            next = m->next;
            network_drop(w, m);
        }
        service->lanes.items[i] = (struct lane){0};
    }
    for (uint32_t i = 0; i < service->workers; i++)
        service->free_at[i] = w->now;
    service->busy_until = w->now;
}
