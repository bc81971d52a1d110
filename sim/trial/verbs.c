/* verbs.c -- the verbs of model.h that ask, do and tell (those that keep are in replica.c). */
#include "sim/trial/replica.h"
#include "sim/world/message.h"
#include "sim/world/sessions.h"

geo_node geo_self(const geo_replica *r)
{
    return r->node;
}

geo_region geo_region_of(const geo_replica *r, geo_node n)
{
    CHECK(n < r->trial->world.places.node_count);
    return r->trial->world.places.node_region[n];
}

uint32_t geo_nodes(const geo_replica *r)
{
    return r->trial->world.places.node_count;
}

uint32_t geo_regions(const geo_replica *r)
{
    return r->trial->world.places.region_count;
}

uint64_t geo_keys(const geo_replica *r)
{
    return r->trial->world.setting.key_count;
}

enum geo_data geo_data_of(const geo_replica *r)
{
    return (enum geo_data)r->trial->world.setting.data;
}

uint32_t geo_holders(const geo_replica *r, geo_key key, geo_node *out, uint32_t room)
{
    const struct history_setting *s = &r->trial->world.setting;
    uint32_t holders[PLACEMENT_MOST];

    if (s->node_count <= room)
        return placement_holders(s, key, out);
    uint32_t count = placement_holders(s, key, holders);
    for (uint32_t i = 0; i < count && i < room; i++)
        out[i] = holders[i];
    return count < room ? count : room;
}

geo_node geo_holder_in(const geo_replica *r, geo_key key, geo_region region)
{
    CHECK(region < r->trial->world.places.region_count);
    return placement_node_in(&r->trial->world.setting, key, region);
}

bool geo_reliable(const geo_replica *r)
{
    return !r->trial->world.def->datagram;
}

uint32_t geo_incarnation(const geo_replica *r)
{
    return r->here->disk_losses;
}

const void *geo_config(const geo_replica *r)
{
    return r->trial->def.config;
}

geo_ns geo_now(const geo_replica *r)
{
    return clock_now(&r->here->clock, r->trial->world.now);
}

geo_ns geo_steady(const geo_replica *r)
{
    return clock_steady(&r->here->clock, r->trial->world.now);
}

geo_ns geo_uncertainty(const geo_replica *r)
{
    return r->here->clock.def->uncertainty_ns;
}

static random_stream choice(const geo_replica *r, uint64_t about, uint32_t what)
{
    random_key key =
        random_key_number(r->trial->choice_key, place_luck_of_node(&r->trial->world.places, r->node));
    return random_stream_new(key, about, what);
}

double geo_chance(geo_replica *r, uint64_t about)
{
    random_stream s = choice(r, about, 0);
    return random_unit(&s);
}

geo_ns geo_delay_draw(geo_replica *r, const geo_distribution *d, uint64_t about)
{
    random_stream s = choice(r, about, 1);
    return distribution_draw_ns((const struct distribution *)d, &s);
}

static inline void send(geo_replica *r, const geo_node *to, uint32_t count, const geo_out *how,
                        const void *body, size_t body_bytes)
{
    struct world *w = &r->trial->world;
    struct body *one = NULL;

    if (body_bytes > 0) {
        one = body_new(&w->network, body_bytes);
        memcpy(one->data, body, body_bytes);
        one->references = count;
    }
    network_send_many(w, r->node, to, count, how, one);
}

void geo_send_many(geo_replica *r, const geo_node *to, uint32_t count, geo_out how, const void *body,
                   size_t body_bytes)
{
    if (count > 0)
        send(r, to, count, &how, body, body_bytes);
}

APART void geo_send(geo_replica *r, geo_node to, geo_out how, const void *body, size_t body_bytes)
{
    send(r, &to, 1, &how, body, body_bytes);
}

/* Where it is handed over at once, `how` is never in memory: it is passed on by its fields. */
void geo_send_last(geo_replica *r, geo_node to, geo_out how, const void *body, size_t body_bytes)
{
    struct world *w = &r->trial->world;

    if (to != r->node || !message_is_next(w, how.type, how.lane, how.op)) {
        geo_send(r, to,
                 (geo_out){.type = how.type, .lane = how.lane, .wire_bytes = how.wire_bytes, .op = how.op},
                 body, body_bytes);
        return;
    }
    const geo_message message = {.from = to,
                                 .type = how.type,
                                 .op = how.op,
                                 .body = body_bytes > 0 ? body : NULL,
                                 .body_bytes = body_bytes};
    w->network.sent++;
    r->trial->def.model->message(r, &message);
}

geo_timer geo_arm(geo_replica *r, geo_ns after, uint32_t type, uint64_t arg)
{
    struct world *w = &r->trial->world;
    sim_ns at = after < SIM_NS_NEVER - w->now ? w->now + (after > 0 ? after : 0) : SIM_NS_NEVER;

    return world_at(
        w, w->places.node_region[r->node], at,
        (struct event){
            .kind = EVENT_TIMER, .node = r->node, .epoch = r->here->epoch, .type = type, .a = arg});
}

bool geo_disarm(geo_replica *r, geo_timer t)
{
    return t != 0 && agenda_cancel(&r->trial->world.agenda, t);
}

static int64_t number_of(const geo_value *v, uint8_t data)
{
    return data == GEO_SET ? (int64_t)v->members : v->number;
}

/* The newest of the values answers; where values merge, those of different versions are siblings. */
static APART void answer_with_many(const geo_replica *r, const geo_answer *a, uint8_t data,
                                   struct answer *out)
{
    bool by_merge = r->trial->def.model->reflects == GEO_BY_MERGE;
    const geo_value *newest = a->values;
    uint64_t together = 0;

    *out = (struct answer){.outcome = a->outcome, .token = {a->token[0], a->token[1]}};
    for (uint32_t i = 0; i < a->value_count; i++) {
        const geo_value *v = &a->values[i];
        if (v->sample.taken != 0)
            out->samples[out->sample_count++] = v->sample;
        bool again = false;
        for (uint32_t j = 0; j < i && !again; j++)
            again = a->values[j].version.write == v->version.write &&
                    a->values[j].version.stamp == v->version.stamp;
        if (!again) {
            out->siblings++;
            together ^= geo_value_digest(v, data);
        }
        if (geo_newer(v->version, newest->version))
            newest = v;
    }
    out->write = newest->version.write;
    out->number = number_of(newest, data);
    out->digest = by_merge ? together : geo_value_digest(newest, data);
    if (!by_merge)
        out->siblings = 1;
}

/* With one value, or none, as nearly all are: each field is written once. */
HOT void answer_with_one(const geo_answer *a, uint8_t data, struct answer *out)
{
    static const geo_value none;
    const geo_value *v = a->value_count == 1 ? a->values : &none;

    out->outcome = a->outcome;
    out->siblings = (uint16_t)a->value_count;
    out->sample_count = v->sample.taken != 0;
    out->token[0] = a->token[0];
    out->token[1] = a->token[1];
    out->write = v->version.write;
    out->digest = a->value_count == 1 ? geo_value_digest(v, data) : 0;
    out->number = number_of(v, data);
    out->samples[0] = v->sample;
}

void geo_reply(geo_replica *r, geo_op_id id, const geo_answer *a)
{
    struct world *w = &r->trial->world;
    struct operation *one = operation_find(&w->operations, id);
    uint8_t data = w->setting.data;
    struct body *body;
    uint64_t values = 1;

    /* The answer to an attempt that a later one, of another identity, has followed here still counts. */
    if (one == NULL || !replica_has_pending(r, one) || id > one->pending_id)
        return;
    if (__builtin_expect(a->value_count > 1, 0)) {
        body = body_new(&w->network, sizeof(struct answer) + a->value_count * sizeof(geo_sample));
        struct answer *answer = (struct answer *)(void *)body->data;
        answer_with_many(r, a, data, answer);
        values = answer->siblings;
    } else {
        body = body_new(&w->network, sizeof(struct answer) + sizeof(geo_sample));
        answer_with_one(a, data, (struct answer *)(void *)body->data);
    }
    sessions_answer(w, r->node, one, id, one->op.kind == GEO_READ ? values * one->op.value_bytes : 0, body);
}

void geo_takes_by(geo_replica *r, const geo_op *op, geo_ns priority)
{
    r->trial->priority = priority;
    r->trial->priority_of = op->write;
}

void geo_take(geo_replica *r, const geo_op *op, geo_version v)
{
    struct trial *t = r->trial;
    struct clock_reading clock = clock_read(&r->here->clock, t->world.now);

    world_note(&t->world, HISTORY_TAKE, .op = op->write, .key = op->key, .node = r->node,
               .take = {.stamp = v.stamp,
                        .priority = t->priority_of == op->write ? t->priority : v.stamp,
                        .clock_offset = clock.offset,
                        .clock_drift = clock.drift,
                        .value_bytes = op->value_bytes,
                        .op_kind = op->kind});
    t->priority_of = 0;
}

void geo_made_from(geo_replica *r, const geo_op *op, geo_version seen)
{
    if (seen.write != 0)
        world_note(&r->trial->world, HISTORY_MADE, .op = op->write, .key = op->key, .node = r->node,
                   .made = {.write = seen.write});
}

void geo_merged(geo_replica *r, geo_key key, geo_node origin, uint64_t upto)
{
    world_note(&r->trial->world, HISTORY_MERGE, .key = key, .node = r->node,
               .merge = {.upto = upto, .origin = origin});
}

void geo_answers(geo_replica *r, geo_key key, uint64_t digest)
{
    world_note(&r->trial->world, HISTORY_ANSWER, .key = key, .node = r->node, .answer = {.digest = digest});
}

void geo_dropped(geo_replica *r, geo_key key, geo_write loser, geo_write winner)
{
    if (loser != 0 && loser != winner)
        world_note(&r->trial->world, HISTORY_DROP, .key = key, .node = r->node,
                   .drop = {.loser = loser, .winner = winner});
}

void geo_leads(geo_replica *r, uint32_t group, uint64_t term, bool yes)
{
    struct world *w = &r->trial->world;

    world_note(w, HISTORY_LEADS, .node = r->node, .leads = {.term = term, .group = group, .yes = yes});
    if (yes && term >= w->leader_term) {
        w->leader_term = term;
        w->leader_region = w->places.node_region[r->node];
    }
}

void geo_count(geo_replica *r, enum geo_counter counter, uint64_t by)
{
    world_note(&r->trial->world, HISTORY_COUNT, .node = r->node,
               .count = {.by = by, .counter = (uint32_t)counter});
}
