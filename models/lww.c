/* lww.c -- active-active; the last writer wins. Every region takes writes to every key, answers at once and
 * tells the others; where two versions meet, the larger stamp stays (ties by the write's identity, whose
 * highest bits are the client's region). Cassandra's cells, DynamoDB global tables, Redis active-active
 * strings, Azure Cosmos DB's default.
 *
 *     latency      = client rtt + service (read or write): never a round trip between regions
 *     lag          = flush_every's wait + one way + service (apply)
 *     promises     replicas converge, and no more. A session that stays in its region reads its own writes on
 *                  a `lamport` or `hlc` clock, but a roaming one, or one whose region fails over, may not; on
 *                  `wall` nobody does
 *     loses        the older of two concurrent writes (no trace of it is left), and on `wall` also the write
 *                  of whoever's clock is behind, though it came later: the clock's error decides, not the
 *                  order of events
 *
 * Clocks (parts/clock.h): `wall` is the node's clock; `lamport` counts; `hlc` is the clock, but never behind
 * what was seen: with it a write that has seen another is newer. Counters and sets are values here, read,
 * changed and written by the node that takes the operation: two increments at once and one is gone, which is
 * what crdt is for.
 *
 * Over tcp each write is one message to each other replica. Over datagrams it is acknowledged, and what the
 * key holds is sent again until it is. A node that comes back without its memory or disk copies from every
 * other replica and has them copy from it: what was under way is gone with the connection. Without its disk
 * it serves again when one copy is complete.
 *
 * Sources: Thomas: A majority consensus approach to concurrency control, 1979 (the rule); Shapiro et al.: A
 * comprehensive study of convergent and commutative replicated data types, 2011, 3.2.1 (why it converges);
 * Kulkarni et al.: Logical physical clocks, 2014 (hlc); Kingsbury: The trouble with timestamps, 2013 (what it
 * loses).
 */
#include "sim/model/model.h"

#include "models/parts/clock.h"
#include "models/parts/exchange.h"
#include "models/parts/forward.h"

#include <stddef.h>
#include <string.h>

struct config {
    geo_choice clock;
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

enum { READ = EXCHANGE_MESSAGES, WRITE, REPLY };
enum { CLOCK = EXCHANGE_STORES };

/* The clock outlives a crash that loses memory: a record of a durable log of one. */
static struct clock *clock_of(geo_replica *r)
{
    struct clock *c = geo_log_at(r, CLOCK, 1);

    if (c == NULL) {
        geo_log_append(r, CLOCK, &(struct clock){0});
        c = geo_log_at(r, CLOCK, 1);
    }
    return c;
}

static size_t pack(geo_replica *r, geo_key key, const void *kept, void *payload, uint64_t *wire_bytes)
{
    const struct state *s = geo_state(r);
    geo_value v = geo_stored(r, key);

    if (kept != NULL)
        memcpy(&v, kept, sizeof v);
    if (v.version.write == 0)
        return 0;
    if (kept == NULL)
        *wire_bytes = s->exchange.value_bytes;
    memcpy(payload, &v, sizeof v);
    return sizeof v;
}

static bool unpack(geo_replica *r, geo_key key, geo_node origin, const void *payload, size_t bytes)
{
    geo_value v;

    (void)origin;
    (void)bytes;
    memcpy(&v, payload, sizeof v);
    clock_observe(clock_of(r), v.version.stamp);
    geo_store(r, key, v);
    return true;
}

static struct exchange_def exchange_of(const geo_replica *r)
{
    const struct config *c = geo_config(r);

    return (struct exchange_def){.kept_bytes = sizeof(geo_value),
                                 .pack = pack,
                                 .pack_again = pack,
                                 .pack_copy = pack,
                                 .unpack = unpack,
                                 .flush_every = c->flush_every,
                                 .resend_after = c->resend_after};
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

static enum geo_outcome write(geo_replica *r, const geo_op *op)
{
    const struct config *c = geo_config(r);
    struct exchange_def d = exchange_of(r);
    geo_value value = geo_stored(r, op->key);

    if (!geo_value_after(&value, op))
        return GEO_NO;
    value.version = (geo_version){
        .stamp = clock_stamp(clock_of(r), (enum clock_kind)c->clock.index, geo_now(r)),
        .write = op->write,
    };
    geo_take(r, op, value.version);
    geo_store(r, op->key, value);
    exchange_write(r, &d, op, &value);
    return GEO_OK;
}

/* Its request is to be served here. */
static void serve(geo_replica *r, const geo_message *m)
{
    const struct state *s = geo_state(r);
    const struct forward_request *request = m->body;
    const geo_op *op = &request->op;

    if (m->from != geo_self(r) && forward_repeats(r, &((struct peer *)geo_peer(r, m->from))->forward, m))
        return;
    if (s->exchange.is_empty) {
        forward_answer(r, request->asked, REPLY, op, GEO_REFUSED, NULL, 0);
    } else if (m->type == READ) {
        geo_value value = geo_stored(r, op->key);
        forward_answer(r, request->asked, REPLY, op, GEO_OK, &value, 0);
    } else {
        forward_answer(r, request->asked, REPLY, op, write(r, op), NULL, 0);
    }
}

static void on_message(geo_replica *r, const geo_message *m)
{
    if (m->type == EXCHANGE_ROW) {
        exchange_take_row(r, unpack, m);
    } else if (m->type == REPLY) {
        forward_answered(r, m);
    } else if (m->type >= EXCHANGE_MESSAGES) {
        serve(r, m);
    } else {
        struct exchange_def d = exchange_of(r);
        exchange_message(r, &d, m);
    }
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
    return (geo_promise){.checks = UINT64_C(1) << GEO_EVENTUAL};
}

static const geo_param params[] = {
    {"clock", GEO_PARAM_CHOICE, offsetof(struct config, clock), "wall", NULL, NULL, "wall|lamport|hlc",
     "what stamps a write: the node's clock, a counter, or the clock that is never behind what was seen"},
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
    {0},
};

static const geo_store_def stores[] = {
    [EXCHANGE_OUTBOX] = OUTBOX_STORE("outbox", false, sizeof(geo_value), 0),
    [CLOCK] = {.name = "clock", .kind = GEO_LOG, .durable = true, .record_bytes = sizeof(struct clock)},
    {0},
};

extern const geo_model model_lww;
const geo_model model_lww = {
    .abi = GEO_ABI,
    .model_bytes = sizeof(geo_model),
    .param_bytes = sizeof(geo_param),
    .name = "lww",
    .summary = "active-active; the larger timestamp wins",
    .reflects = GEO_BY_ORDER,
    .params = params,
    .messages = messages,
    .stores = stores,
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .peer_bytes = sizeof(struct peer),
    .placement = placement,
    .promise = promise,
    .start = on_start,
    .request = on_request,
    .message = on_message,
    .timer = on_timer,
};
