/* crdt.c -- active-active, and the values merge: nothing is let go because something else came first. Riak's
 * data types, Redis Enterprise active-active, Azure Cosmos DB's and Automerge's relatives; AntidoteDB.
 *
 *     latency      = client rtt + service (read or write)
 *     lag          = flush_every's wait + one way + service (apply)
 *     promises     strong eventual consistency: replicas that have had the same writes answer the same, in
 *                  whatever order these came. No update of a counter or set is lost. Not that anybody sees
 *                  them in time: reads are of the replica at hand
 *     loses        invariants over more than one replica: two regions sell the last item at once (a decrement
 *                  is refused only where its own node sees too little)
 *     metadata     grows with the number of nodes: a column each
 *
 * The types, and why they merge: parts/crdt.h. What is shipped for a write (`sync`):
 *
 *     op       the operation: least bytes; must arrive once and in the order of its origin. tcp gives that;
 *              over datagrams an operation that came too early is let go, and comes again as a delta
 *     delta    the origin's own column: repetition and reordering do no harm
 *     state    the whole row: also brings what others wrote, through whoever has it; most bytes
 *
 * Under `op` nothing merges twice, as dots count; so the three forms agree, write by write
 * (tests/property/part_crdt.c). A retry is another write with another dot: of a counter it is applied again.
 *
 * A node that lost its disk serves again when it has copied from every other replica, not the first: its own
 * column must be the latest that anybody has, or its next write would hide, by a larger count, what another
 * still knows of it. Its dots go on beyond all that the lost ones may have reached. (Others give such a node
 * a new identity, and columns are never reused.)
 *
 * Sources: in parts/crdt.h; Shapiro, Preguica, Baquero, Zawirski: Conflict-free replicated data types, SSS
 * 2011, section 2.2 (strong eventual consistency).
 */
#include "sim/model/model.h"

#include "models/parts/clock.h"
#include "models/parts/crdt.h"
#include "models/parts/exchange.h"
#include "models/parts/forward.h"

#include <stddef.h>
#include <string.h>

struct config {
    geo_choice variant, sync;
    geo_ns flush_every, resend_after;
};

struct state {
    struct exchange_state exchange; /* first: exchange.h */
    struct forward_state forward;
};

struct peer {
    struct exchange_peer exchange; /* first: exchange.h */
    struct forward_peer forward;
};

enum { READ = EXCHANGE_MESSAGES, WRITE, REPLY, WRITTEN };
enum { COUNTERS = EXCHANGE_STORES, SETS, REGISTERS, REMOVES };
enum { AUTO }; /* of variant: the rest in the order of enum crdt_type */
enum { SYNC_OP, SYNC_DELTA, SYNC_STATE };
enum { PAYLOAD_ROW, PAYLOAD_OPERATION };
enum { MOST_NODES = 128, SIBLINGS_MOST = 128 };

struct payload { /* a row or an operation follows */
    uint32_t what, unused;
};

static enum crdt_type type_for(const struct config *c, uint8_t data)
{
    if (c->variant.index != AUTO)
        return (enum crdt_type)(c->variant.index - 1);
    return data == GEO_COUNTER ? CRDT_PN_COUNTER : data == GEO_SET ? CRDT_OR_SET : CRDT_MV_REGISTER;
}

static enum crdt_type type_of(const geo_replica *r)
{
    return type_for(geo_config(r), (uint8_t)geo_data_of(r));
}

static void *row_of(geo_replica *r, geo_key key)
{
    static const uint8_t stores[] = {COUNTERS, COUNTERS, SETS, SETS, REGISTERS, REGISTERS};

    return geo_row(r, stores[type_of(r)], key);
}

static uint32_t width(const geo_replica *r)
{
    return geo_nodes(r);
}

/* ---- Telling the observer ---- */

struct before { /* what a row reflected, and what a register showed */
    uint32_t reflected[MOST_NODES];
    geo_version winner;
    uint64_t digest;
};

static void before_take(geo_replica *r, geo_key key, struct before *b)
{
    const void *row = row_of(r, key);
    geo_value initial = geo_stored(r, key);

    for (geo_node n = 0; n < width(r); n++)
        b->reflected[n] = crdt_reflects(type_of(r), row, n);
    if (type_of(r) == CRDT_LWW_REGISTER)
        crdt_siblings(CRDT_LWW_REGISTER, row, width(r), &b->winner);
    b->digest = crdt_digest(type_of(r), row, width(r), &initial);
}

/* A register that merges by time lets go of whatever is not its largest. */
static void dropped_tell(geo_replica *r, geo_key key, const struct before *b)
{
    const struct crdt_register *column = row_of(r, key);
    geo_version winner = {0};

    crdt_siblings(CRDT_LWW_REGISTER, column, width(r), &winner);
    if (b->winner.write != 0 && b->winner.write != winner.write)
        geo_dropped(r, key, b->winner.write, winner.write);
    for (geo_node n = 0; n < width(r); n++)
        if (column[n].count > b->reflected[n] && column[n].write != winner.write)
            geo_dropped(r, key, column[n].write, winner.write);
}

static void changes_tell(geo_replica *r, geo_key key, const struct before *b)
{
    const void *row = row_of(r, key);
    geo_value initial = geo_stored(r, key);
    geo_version siblings[SIBLINGS_MOST];
    uint64_t digest = crdt_digest(type_of(r), row, width(r), &initial);

    for (geo_node n = 0; n < width(r); n++)
        if (crdt_reflects(type_of(r), row, n) > b->reflected[n])
            geo_merged(r, key, n, crdt_reflects(type_of(r), row, n));
    if (type_of(r) == CRDT_LWW_REGISTER)
        dropped_tell(r, key, b);
    if (digest == b->digest)
        return;
    geo_answers(r, key, digest);
    if (type_of(r) == CRDT_MV_REGISTER && crdt_siblings(CRDT_MV_REGISTER, row, width(r), siblings) > 1)
        geo_count(r, GEO_SIBLINGS, crdt_siblings(CRDT_MV_REGISTER, row, width(r), siblings));
}

/* ---- What travels ---- */

static size_t row_fill(geo_replica *r, void *payload, const void *row)
{
    struct payload head = {.what = PAYLOAD_ROW};

    memcpy(payload, &head, sizeof head);
    memcpy((char *)payload + sizeof head, row, crdt_row_bytes(type_of(r), width(r)));
    return sizeof head + crdt_row_bytes(type_of(r), width(r));
}

static size_t pack_row(geo_replica *r, geo_key key, const void *kept, void *payload, uint64_t *wire_bytes)
{
    const struct state *s = geo_state(r);
    const void *row = row_of(r, key);
    uint64_t bytes = crdt_wire_bytes(type_of(r), row, width(r), s->exchange.value_bytes);

    (void)kept;
    *wire_bytes = bytes;
    return bytes == 0 ? 0 : row_fill(r, payload, row);
}

static size_t pack_delta(geo_replica *r, geo_key key, const void *kept, void *payload, uint64_t *wire_bytes)
{
    _Alignas(8) unsigned char delta[MOST_NODES * sizeof(struct crdt_set)];
    const struct state *s = geo_state(r);
    const struct crdt_operation *o = kept;
    bool is_set = type_of(r) == CRDT_OR_SET || type_of(r) == CRDT_G_SET;

    /* A node that has lost its disk does not know its own removes any more. */
    if (geo_incarnation(r) > 0)
        return pack_row(r, key, kept, payload, wire_bytes);
    uint64_t elements = is_set ? 0 : s->exchange.value_bytes;

    crdt_delta(type_of(r), row_of(r, key), width(r), geo_self(r), kept,
               is_set ? geo_row(r, REMOVES, key) : NULL, delta);
    /* of the fresh elements only the new one travels: the digest stands for those before it */
    *wire_bytes = crdt_wire_bytes(type_of(r), delta, width(r), (uint32_t)elements) +
                  (o->fresh != 0 ? s->exchange.value_bytes : 0);
    return row_fill(r, payload, delta);
}

static size_t pack_operation(geo_replica *r, geo_key key, const void *kept, void *payload,
                             uint64_t *wire_bytes)
{
    const struct state *s = geo_state(r);
    struct payload head = {.what = PAYLOAD_OPERATION};

    (void)key;
    memcpy(payload, &head, sizeof head);
    memcpy((char *)payload + sizeof head, kept, crdt_operation_bytes(width(r)));
    *wire_bytes = crdt_operation_wire_bytes(type_of(r), kept, width(r), s->exchange.value_bytes);
    return sizeof head + crdt_operation_bytes(width(r));
}

static bool unpack(geo_replica *r, geo_key key, geo_node origin, const void *payload, size_t bytes)
{
    _Alignas(8) unsigned char copy[MOST_NODES * sizeof(struct crdt_set)];
    struct payload head;
    struct before b = {0};
    bool used = true;

    memcpy(&head, payload, sizeof head);
    memcpy(copy, (const char *)payload + sizeof head, bytes - sizeof head);
    before_take(r, key, &b);
    if (head.what == PAYLOAD_OPERATION)
        used = crdt_operate(type_of(r), row_of(r, key), width(r), origin, copy);
    else
        crdt_merge(type_of(r), row_of(r, key), copy, width(r));
    changes_tell(r, key, &b);
    return used;
}

static struct exchange_def exchange_of(const geo_replica *r)
{
    static row_pack *const packs[] = {
        [SYNC_OP] = pack_operation, [SYNC_DELTA] = pack_delta, [SYNC_STATE] = pack_row};
    const struct config *c = geo_config(r);

    return (struct exchange_def){.kept_bytes = crdt_operation_bytes(width(r)),
                                 .pack = packs[c->sync.index],
                                 .pack_again = packs[c->sync.index],
                                 .pack_copy = pack_row,
                                 .unpack = unpack,
                                 .flush_every = c->flush_every,
                                 .resend_after = c->resend_after,
                                 /* an operation needs those before it; columns and states do not */
                                 .in_order = c->sync.index == SYNC_OP,
                                 .needs_all = true};
}

/* ---- Serving ---- */

static enum geo_outcome write(geo_replica *r, const geo_op *op)
{
    _Alignas(8) unsigned char operation[sizeof(struct crdt_operation) + MOST_NODES * sizeof(uint32_t)];
    struct exchange_def d = exchange_of(r);
    enum crdt_type type = type_of(r);
    void *row = row_of(r, op->key);
    uint32_t count = crdt_count(type, row, geo_self(r)), least = geo_incarnation(r) << 24;
    uint32_t dot = (count < least ? least : count) + 1;
    struct clock clock = {0};
    struct before b = {0};

    before_take(r, op->key, &b);
    for (geo_node n = 0; type == CRDT_LWW_REGISTER && n < width(r); n++)
        clock_observe(&clock, ((const struct crdt_register *)row)[n].stamp);
    geo_ns stamp = clock_stamp(&clock, CLOCK_HYBRID, geo_now(r));
    enum crdt_done done =
        crdt_do(type, row, width(r), geo_self(r), op, dot, stamp, geo_stored(r, op->key).number, operation);
    if (done != CRDT_DONE)
        return done == CRDT_BELOW ? GEO_NO : GEO_REFUSED;
    if (type == CRDT_LWW_REGISTER)
        geo_takes_by(r, op, stamp);
    geo_take(r, op, (geo_version){.stamp = dot, .write = op->write});
    changes_tell(r, op->key, &b);
    if (op->kind == GEO_REMOVE)
        crdt_removes_note(geo_row(r, REMOVES, op->key), width(r), operation);
    exchange_write(r, &d, op, operation);
    return GEO_OK;
}

/* Siblings are several values of one replica; an answer of them does not fit forward_answer. */
struct reply {
    geo_op_id id;
    uint32_t count, unused;
    geo_value values[SIBLINGS_MOST];
};

static void read(geo_replica *r, const geo_op *op, geo_node asked)
{
    struct reply reply; /* not cleared: it is large, and only the values in use are sent */
    geo_version siblings[SIBLINGS_MOST];
    const void *row = row_of(r, op->key);
    geo_value initial = geo_stored(r, op->key), value = crdt_value(type_of(r), row, width(r), &initial);
    bool is_register = type_of(r) == CRDT_MV_REGISTER || type_of(r) == CRDT_LWW_REGISTER;

    siblings[0] = (geo_version){0};
    reply.id = op->id;
    reply.unused = 0;
    reply.count = is_register ? crdt_siblings(type_of(r), row, width(r), siblings) : 1;
    reply.count = reply.count == 0 ? 1 : reply.count;
    for (uint32_t i = 0; i < reply.count; i++) {
        reply.values[i] = value;
        reply.values[i].version = siblings[i];
        reply.values[i].sample = geo_sampled(r, op->key);
    }
    geo_send(r, asked,
             (geo_out){.type = REPLY, .wire_bytes = (uint64_t)op->value_bytes * reply.count, .op = op->id},
             &reply, offsetof(struct reply, values) + reply.count * sizeof(geo_value));
}

static void read_answered(geo_replica *r, const geo_message *m)
{
    struct reply reply;

    memcpy(&reply, m->body, m->body_bytes);
    geo_reply(r, reply.id,
              &(geo_answer){.outcome = GEO_OK, .value_count = reply.count, .values = reply.values});
}

static void on_start(geo_replica *r, enum geo_lost lost)
{
    struct exchange_def d = exchange_of(r);

    exchange_start(r, &d, lost);
}

static void on_timer(geo_replica *r, uint32_t type, uint64_t arg)
{
    struct exchange_def d = exchange_of(r);

    exchange_timer(r, &d, type, arg);
}

static void on_request(geo_replica *r, const geo_op *op)
{
    struct state *s = geo_state(r);
    geo_node holder = geo_holder_in(r, op->key, geo_region_of(r, geo_self(r)));

    forward_request(r, &s->forward, op, geo_self(r), holder, op->kind == GEO_READ ? READ : WRITE);
}

static void serve(geo_replica *r, const geo_message *m)
{
    const struct forward_request *request = m->body;
    const struct state *s = geo_state(r);
    struct peer *p = geo_peer(r, m->from);

    if (forward_repeats(r, &p->forward, m))
        return;
    if (s->exchange.is_empty)
        forward_answer(r, request->asked, WRITTEN, &request->op, GEO_REFUSED, NULL, 0);
    else if (m->type == READ)
        read(r, &request->op, request->asked);
    else
        forward_answer(r, request->asked, WRITTEN, &request->op, write(r, &request->op), NULL, 0);
}

static void on_message(geo_replica *r, const geo_message *m)
{
    if (m->type == EXCHANGE_ROW) {
        exchange_take_row(r, unpack, m);
    } else if (m->type < EXCHANGE_MESSAGES) {
        struct exchange_def d = exchange_of(r);
        exchange_message(r, &d, m);
    } else if (m->type == WRITTEN) {
        forward_answered(r, m);
    } else if (m->type == REPLY) {
        read_answered(r, m);
    } else {
        serve(r, m);
    }
}

/* ---- What it is ---- */

static const char *check(const void *config, const geo_setting *s)
{
    static const char *const wrong[] = {
        [GEO_REGISTER] =
            "variant does not fit the workload's data, register: use auto, mv_register or lww_register",
        [GEO_COUNTER] =
            "variant does not fit the workload's data, counter: use auto, pn_counter or g_counter",
        [GEO_SET] = "variant does not fit the workload's data, set: use auto, or_set or g_set",
    };
    static const uint8_t data[] = {GEO_COUNTER, GEO_COUNTER, GEO_SET, GEO_SET, GEO_REGISTER, GEO_REGISTER};

    if (s->nodes > MOST_NODES)
        return "there are more than 128 nodes, each of which has a column in every value: use fewer regions "
               "or nodes";
    return data[type_for(config, s->data)] == s->data ? NULL : wrong[s->data];
}

static geo_placement placement(const void *config, const geo_setting *s)
{
    (void)config;
    (void)s;
    return (geo_placement){.kind = GEO_PER_REGION};
}

static geo_promise promise(const void *config, const geo_setting *s)
{
    (void)config;
    (void)s;
    return (geo_promise){.checks = UINT64_C(1) << GEO_EVENTUAL | UINT64_C(1) << GEO_STRONG_EVENTUAL};
}

static const geo_param params[] = {
    {"variant", GEO_PARAM_CHOICE, offsetof(struct config, variant), "auto", NULL, NULL,
     "auto|pn_counter|g_counter|or_set|g_set|mv_register|lww_register",
     "the data type; auto: pn_counter, or_set or mv_register, as the workload's data is"},
    {"sync", GEO_PARAM_CHOICE, offsetof(struct config, sync), "delta", NULL, NULL, "op|delta|state",
     "what is shipped for a write: the operation, the node's own column, or the whole value"},
    {"flush_every", GEO_PARAM_TIME, offsetof(struct config, flush_every), "0", "0", NULL, NULL,
     "ships what was written this often, one message a replica; 0 ships each write as it is taken"},
    {"resend_after", GEO_PARAM_TIME, offsetof(struct config, resend_after), "1s", "1ms", NULL, NULL,
     "over datagrams, sends again what is not acknowledged after this; also asks again for a copy that "
     "stalls"},
    {0},
};

static const geo_message_def messages[] = {
    EXCHANGE_MESSAGE_DEFS,
    [READ] = {"read", GEO_NO_LEG, GEO_SERVE_READ},
    [WRITE] = {"write", GEO_NO_LEG, GEO_SERVE_WRITE},
    [REPLY] = {"reply", GEO_NO_LEG, GEO_NO_SERVICE},
    [WRITTEN] = {"written", GEO_NO_LEG, GEO_NO_SERVICE},
    {0},
};

static const geo_store_def stores[] = {
    [EXCHANGE_OUTBOX] = OUTBOX_STORE("outbox", false, sizeof(struct crdt_operation), sizeof(uint32_t)),
    [COUNTERS] = {.name = "counters",
                  .kind = GEO_ROWS,
                  .durable = true,
                  .record_bytes_per_node = sizeof(struct crdt_counter),
                  .data = 1u << GEO_COUNTER},
    [SETS] = {.name = "sets",
              .kind = GEO_ROWS,
              .durable = true,
              .record_bytes_per_node = sizeof(struct crdt_set),
              .data = 1u << GEO_SET},
    [REGISTERS] = {.name = "registers",
                   .kind = GEO_ROWS,
                   .durable = true,
                   .record_bytes_per_node = sizeof(struct crdt_register),
                   .data = 1u << GEO_REGISTER},
    [REMOVES] = {.name = "removes",
                 .kind = GEO_ROWS,
                 .durable = true,
                 .record_bytes_per_node = sizeof(struct crdt_removes),
                 .data = 1u << GEO_SET},
    {0},
};

extern const geo_model model_crdt;
const geo_model model_crdt = {
    .abi = GEO_ABI,
    .model_bytes = sizeof(geo_model),
    .param_bytes = sizeof(geo_param),
    .name = "crdt",
    .summary = "active-active; the values merge",
    .reflects = GEO_BY_MERGE,
    .params = params,
    .messages = messages,
    .stores = stores,
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .peer_bytes = sizeof(struct peer),
    .check = check,
    .placement = placement,
    .promise = promise,
    .start = on_start,
    .request = on_request,
    .message = on_message,
    .timer = on_timer,
};
