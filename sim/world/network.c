/* network.c -- see network.h: a message's way from the sender towards its receiver. How it arrives there is
 * in arriving.c, its service in serving.c, the pools in message.c.
 *
 * Order under tcp: messages of a channel are numbered, and a transmission never arrives before the one sent
 * before it (last_arrival). Only when one of them was lost can a later number arrive first. */
#include "sim/world/network.h"

#include "sim/base/hash.h"
#include "sim/world/network_way.h"

#include <math.h>

static struct wan_link *link_of(struct world *w, uint32_t from_region, uint32_t to_region)
{
    return from_region == to_region ? NULL
                                    : &w->network.links[from_region * w->def->region_count + to_region];
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
    link->draws_jitter_alone = link->draws_jitter && !link->draws_delay && !link->draws_fate;
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
    n->leg_key = random_key_new(w->places.seed, w->places.replication, "leg");
    n->far_key = random_key_new(w->places.seed, w->places.replication, "far");
    network_open_service(w);
}

void network_close(struct world *w)
{
    for (size_t i = 0; i < (size_t)w->def->region_count * w->def->region_count; i++)
        free(w->network.links[i].type_count);
    free(w->network.links);
    free(w->network.channels);
    pool_free(&w->network.pieces);
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

/* One draw of the way's length. */
HOT sim_ns draw_delay(const struct wan_link *link, random_stream *s)
{
    const struct link_def *def = link->def;
    sim_ns way = link->constant_ns;

    if (link->draws_delay) {
        double drawn = distribution_draw(def->delay, s) * (def->delay_is_round_trip ? 0.5 : 1);
        way = not_negative((sim_ns)llrint(drawn));
    }
    return link->draws_jitter ? way + not_negative(distribution_draw_ns(def->jitter, s)) : way;
}

/* The stream's first two words are its fate: a delay does not depend on the loss that is set. */
HOT random_stream luck_of(const struct wan_link *link, const struct message *m)
{
    return random_stream_new(random_key_number(link->key, m->luck), m->luck_count, m->transmission);
}

/* The way's length where nothing is lost, nor comes twice. */
HOT sim_ns draw_safe_way(const struct wan_link *link, const struct message *m)
{
    if (!link->draws)
        return link->constant_ns;
    random_stream s = luck_of(link, m);
    random_seek(&s, 2);
    return draw_delay(link, &s);
}

/* The same where something may be; false: it is lost. */
static bool draw_way_and_fate(struct world *w, struct wan_link *link, const struct link_state *state,
                              const struct message *m, sim_ns *delay_ns, sim_ns *again_ns)
{
    const struct link_def *def = link->def;
    random_stream s = luck_of(link, m);
    double loss = state->loss >= 0 ? state->loss
                  : def->bursts.on ? (bursts_bad(link, w->now) ? def->bursts.bad : def->bursts.good)
                                   : def->loss;
    double lost = random_unit(&s);
    bool twin = random_unit(&s) < def->duplicate && w->def->datagram;

    *delay_ns = draw_delay(link, &s);
    if (twin)
        *again_ns = draw_delay(link, &s);
    return lost >= loss;
}

/* Loss and delay of one transmission; false: it is lost. `again_ns` becomes when a duplicate follows
 * (datagrams). */
static bool draw_way(struct world *w, struct wan_link *link, const struct message *m, sim_ns *delay_ns,
                     sim_ns *again_ns)
{
    const struct link_state *state = state_of(w, m->from_region, m->to_region);

    if (!link->draws_fate && state->loss < 0)
        *delay_ns = draw_safe_way(link, m);
    else if (!draw_way_and_fate(w, link, state, m, delay_ns, again_ns))
        return false;
    if (state->factor != 1) {
        *delay_ns = (sim_ns)llrint((double)*delay_ns * state->factor);
        if (*again_ns >= 0)
            *again_ns = (sim_ns)llrint((double)*again_ns * state->factor);
    }
    return true;
}

static void note_traffic(struct world *w, const struct message *m)
{
    world_note(w, HISTORY_SEND, .op = m->op, .node = m->from_end == END_NODE ? m->from : HISTORY_NO_NODE,
               .send = {.bytes = m->wire_bytes,
                        .leaves = m->left,
                        .to = m->to_end == END_NODE ? m->to : HISTORY_NO_NODE,
                        .from_region = m->from_region,
                        .to_region = m->to_region,
                        .type = m->from_end == END_NODE && m->to_end == END_NODE ? m->type : HISTORY_NO_NODE,
                        .transmission = m->transmission,
                        .message = m->number});
}

static bool reliable(const struct world *w)
{
    return !w->def->datagram;
}

void network_lost(struct world *w, struct message *m, enum history_loss reason)
{
    note_fate(w, m, HISTORY_LOST, reason);
    if (!reliable(w)) {
        message_drop(w, m);
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

void network_fetch(const struct world *w, const struct message *m)
{
    const struct message *second = m->next, *third = second != NULL ? second->next : NULL;

    if (third != NULL) {
        __builtin_prefetch(third);
        __builtin_prefetch(&third->number);
    }
    if (second != NULL && second->about != NULL) {
        __builtin_prefetch(&second->about->op.key);
        __builtin_prefetch(&second->about->holds);
    }
    if (m->body != NULL) {
        __builtin_prefetch(m->body);
        __builtin_prefetch(m->body->data + 64);
    }
    if (m->about != NULL && m->to_end == END_NODE)
        w->hooks.soon(w->hooks.self, m->to_region, &m->about->op.key, 1);
}

/* The next of its channel, where nothing that was sent before arrives later. Only after a restart, which
 * forgets what was under way, may that be. */
HOT void arrives_in_turn(struct world *w, struct message *m, struct channel *c, sim_ns time)
{
    uint64_t order = world_order(w, m->from_region);
    agenda_key key = agenda_key_of(time, order);

    if (!w->channels_in_line ||
        (c->coming != NULL && key < agenda_key_of(c->coming_last->arrives, c->coming_last->order))) {
        world_queue(w, time, order, (struct event){.kind = EVENT_ARRIVE, .a = (uint64_t)(uintptr_t)m});
        return;
    }
    m->arrives = time;
    m->order = order;
    m->next = NULL;
    if (c->coming == NULL) {
        c->coming = m;
        network_fetch(w, m);
        agenda_set_line(&w->agenda, AGENDA_CHANNELS, (uint32_t)(c - w->network.channels), key);
    } else {
        c->coming_last->next = m;
    }
    c->coming_last = m;
}

/* In its channel, so not before what was sent before it. */
HOT void arrives_in_channel(struct world *w, struct message *m, struct channel *c, sim_ns arrival)
{
    if (arrival < c->last_arrival)
        arrival = c->last_arrival;
    c->last_arrival = arrival;
    arrives_in_turn(w, m, c, arrival);
}

/* `c` is its channel, NULL: it is not ordered. */
static APART void transmit(struct world *w, struct message *m, struct channel *c)
{
    struct wan_link *link = link_of(w, m->from_region, m->to_region);
    sim_ns delay = w->def->local_ns / 2, again = -1;

    m->left = leaving(w, link, m);
    if (link != NULL || tells_all(w))
        note_traffic(w, m);
    if (link != NULL) {
        if (state_of(w, m->from_region, m->to_region)->cuts > 0 && m->left == w->now) {
            network_lost(w, m, LOST_BY_CUT);
            return;
        }
        if (!draw_way(w, link, m, &delay, &again)) {
            network_lost(w, m, LOST_BY_CHANCE);
            return;
        }
    }
    if (m->from_end == END_CLIENT)
        delay += client_way_ns(w, m->op, m->from_region, m->attempt, false);
    else if (m->to_end == END_CLIENT)
        delay += client_way_ns(w, m->op, m->to_region, m->attempt, true);
    sim_ns arrival = m->left + delay;
    if (again >= 0 && m->from_end == END_NODE &&
        m->to_end == END_NODE) /* a client knows its own conversation */
        arrives_at(w, message_copy(w, m), m->left + again);
    if (c == NULL)
        arrives_at(w, m, arrival);
    else
        arrives_in_channel(w, m, c, arrival);
}

/* The same of most messages: in a channel, and by a link that no fault has touched and that draws no fate. */
HOT void transmit_safely(struct world *w, struct message *m, struct wan_link *link, struct channel *c,
                         sim_ns way)
{
    m->left = leaving(w, link, m);
    note_traffic(w, m);
    arrives_in_channel(w, m, c, m->left + way);
}

/* A WARS leg: drawn in place of the network's delay, neither ordered nor lost by itself (a cut still cuts).
 */
static APART bool send_by_leg(struct world *w, struct message *m, uint8_t leg)
{
    struct network *n = &w->network;

    if (leg == GEO_NO_LEG || n->legs[leg] == NULL)
        return false;
    bool towards = leg == GEO_LEG_WRITE || leg == GEO_LEG_READ;
    uint32_t replica = towards ? m->to : m->from;
    random_key key = random_key_number(random_key_number(n->leg_key, leg), place_luck_of(&w->places, m->op));
    random_stream s = random_stream_new(key, place_luck_of_node(&w->places, replica), m->attempt);
    sim_ns delay = not_negative(distribution_draw_ns((const struct distribution *)n->legs[leg], &s));
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
HOT void give_luck(struct world *w, struct message *m)
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

/* What every message has. */
HOT void set_ends(struct world *w, struct message *m, uint32_t from, uint32_t to)
{
    m->from = from;
    m->to = to;
    m->to_region = w->places.node_region[to];
    m->to_epoch = w->nodes[to].epoch;
    m->from_region = from == to ? m->to_region : w->places.node_region[from];
    m->from_epoch = from == to ? m->to_epoch : w->nodes[from].epoch;
    m->from_end = m->to_end = END_NODE;
}

/* It is to be transmitted. */
HOT void set_way(struct world *w, struct message *m, uint64_t payload_bytes)
{
    m->wire_bytes = payload_bytes + w->def->overhead_bytes;
    m->sequence = m->luck = 0;
    m->left = 0;
    m->luck_count = m->transmission = 0;
    give_luck(w, m);
}

void network_send(struct world *w, uint32_t from, uint32_t to, const geo_out *how, struct body *body)
{
    CHECK(how->type < w->network.message_types && to < w->places.node_count);
    const geo_message_def *def = &w->network.defs[how->type];
    struct message *m = message_new(w, how->op, body);

    set_ends(w, m, from, to);
    m->type = how->type;
    m->lane = how->lane;
    m->service = def->service;
    set_way(w, m, how->wire_bytes);
    if (w->network.any_leg && send_by_leg(w, m, def->leg))
        return;
    if (from == to) {
        world_make_ready(w, m);
        return;
    }
    struct wan_link *link = link_of(w, m->from_region, m->to_region);
    if (!reliable(w) || history_op_is_probe(m->op)) {
        transmit(w, m, NULL);
        return;
    }
    struct channel *c = channel_between(w, from, to);
    m->sequence = ++c->sent;
    if (link != NULL && !w->troubled && !link->draws_fate)
        transmit_safely(w, m, link, c, draw_safe_way(link, m));
    else
        transmit(w, m, c);
}

/* Messages of one sending whose delays are drawn together; loops over so few are not to be unrolled, for the
 * first cache holds little code. */
enum { SENT_TOGETHER = 4 };

struct together {
    const geo_out *how;
    struct body *body;
    struct operation *about;
    uint64_t luck, luck_counts[SENT_TOGETHER];
    uint32_t from, from_epoch;
    uint16_t from_region;
    uint8_t service;
    struct channel *channels; /* from there */
    struct wan_link *links[SENT_TOGETHER];
    sim_ns ways[SENT_TOGETHER];
};

/* As give_luck and draw_safe_way do of each. */
HOT void draw_ways(struct world *w, struct together *t, const uint32_t *to, uint32_t count)
{
    const struct distribution *jitters[SENT_TOGETHER];
    random_key keys[SENT_TOGETHER];

    t->luck = t->about != NULL ? place_luck_of(&w->places, t->how->op & ~UINT64_C(0xff))
                               : hash_text(w->network.defs[t->how->type].name);
#pragma GCC unroll 1
    for (uint32_t i = 0; i < count; i++) {
        struct wan_link *link = t->links[i];
        t->luck_counts[i] =
            t->about != NULL ? operation_count_message(t->about, t->from_region, w->places.node_region[to[i]])
                             : (uint32_t)link->type_count[t->how->type]++;
        keys[i] = random_key_number(link->key, t->luck);
        jitters[i] = link->def->jitter;
    }
    distribution_draws_ns(jitters, keys, t->luck_counts, 0, 1, count, t->ways);
}

HOT void send_one_of(struct world *w, const struct together *t, uint32_t i, uint32_t to)
{
    struct message *m = message_new_about(w, t->how->op, t->about, t->body);
    struct wan_link *link = t->links[i];
    struct channel *c = &t->channels[to - (to > t->from)];

    m->from = t->from;
    m->from_region = t->from_region;
    m->from_epoch = t->from_epoch;
    m->to = to;
    m->to_region = w->places.node_region[to];
    m->to_epoch = w->nodes[to].epoch;
    m->from_end = m->to_end = END_NODE;
    m->type = t->how->type;
    m->lane = t->how->lane;
    m->service = t->service;
    m->wire_bytes = t->how->wire_bytes + w->def->overhead_bytes;
    m->luck = t->luck;
    m->luck_count = (uint32_t)t->luck_counts[i];
    m->transmission = 0;
    m->sequence = ++c->sent;
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): draw_ways has drawn all of them */
    transmit_safely(w, m, link, c, link->constant_ns + not_negative(t->ways[i]));
}

/* False: they are not all of those whose delays may be drawn together. */
HOT bool send_together(struct world *w, uint32_t from, const uint32_t *to, uint32_t count, const geo_out *how,
                       struct body *body)
{
    struct together t; /* all of it is set below: to make it zeros first takes long */
    uint16_t from_region = w->places.node_region[from];
    struct wan_link *links = &w->network.links[from_region * w->def->region_count];

#pragma GCC unroll 1
    for (uint32_t i = 0; i < count; i++) {
        CHECK(to[i] < w->places.node_count);
        t.links[i] = &links[w->places.node_region[to[i]]];
        if (!t.links[i]->draws_jitter_alone) /* as the one within the region */
            return false;
    }
    t.how = how;
    t.body = body;
    t.from = from;
    t.from_region = from_region;
    t.about = how->op != 0 ? operation_find(&w->operations, how->op) : NULL;
    t.from_epoch = w->nodes[from].epoch;
    t.service = w->network.defs[how->type].service;
    t.channels = &w->network.channels[(size_t)from * (w->places.node_count - 1)];
    draw_ways(w, &t, to, count);
#pragma GCC unroll 1
    for (uint32_t i = 0; i < count; i++)
        send_one_of(w, &t, i, to[i]);
    return true;
}

/* What is not sent together. */
static APART void send_alone(struct world *w, uint32_t from, uint32_t to, const geo_out *how,
                             struct body *body)
{
    if (to == from && !w->network.any_leg)
        message_to_self(w, from, how, body);
    else
        network_send(w, from, to, how, body);
}

void network_send_many(struct world *w, uint32_t from, const uint32_t *to, uint32_t count, const geo_out *how,
                       struct body *body)
{
    bool usual = reliable(w) && !w->troubled && !w->network.any_leg && !history_op_is_probe(how->op);

    CHECK(how->type < w->network.message_types);
    for (uint32_t done = 0, some; done < count; done += some) {
        some = count - done < SENT_TOGETHER ? count - done : SENT_TOGETHER;
        if (usual && some > 1 && send_together(w, from, to + done, some, how, body))
            continue;
        some = 1;
        send_alone(w, from, to[done], how, body);
    }
}

static struct message *client_message(struct world *w, uint32_t node, uint64_t op, uint8_t attempt,
                                      struct body *body)
{
    struct message *m = message_new(w, op, body);

    set_ends(w, m, node, node);
    m->type = m->lane = 0;
    m->service = GEO_NO_SERVICE;
    m->attempt = attempt;
    return m;
}

void network_send_request(struct world *w, uint32_t region, uint32_t node, uint64_t op, uint8_t attempt,
                          uint64_t wire_bytes)
{
    struct message *m = client_message(w, node, op, attempt, NULL);

    m->from_end = END_CLIENT;
    m->from = region;
    m->from_region = (uint16_t)region;
    set_way(w, m, wire_bytes);
    transmit(w, m, NULL);
}

void network_send_answer(struct world *w, uint32_t node, uint32_t region, uint64_t op, uint8_t attempt,
                         uint64_t wire_bytes, struct body *body)
{
    struct message *m = client_message(w, node, op, attempt, body);

    m->to_end = END_CLIENT;
    m->to = region;
    m->to_region = (uint16_t)region;
    set_way(w, m, wire_bytes);
    transmit(w, m, NULL);
}

void network_retransmit(struct world *w, struct message *m)
{
    if (is_void(w, m)) {
        message_drop(w, m);
        return;
    }
    if (m->from_end == END_NODE && w->nodes[m->from].down) { /* paused: it goes on when the node does */
        *array_add(&w->nodes[m->from].paused) =
            (struct event){.kind = EVENT_RETRANSMIT, .node = m->from, .a = (uint64_t)(uintptr_t)m};
        return;
    }
    m->transmission++;
    transmit(w, m, m->sequence != 0 ? channel_of(w, m) : NULL);
}
