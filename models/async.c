/* async.c -- one leader, which answers from its own disk and ships its log in order. PostgreSQL and MySQL
 * streaming replication, MongoDB with w:1, Redis, Aurora Global Database, Kafka MirrorMaker at their
 * defaults.
 *
 *     write latency  = client rtt + rtt(region, leader) + service (write)
 *     read latency   = client rtt (local), + rtt(region, leader) where the leader is asked
 *     lag            = flush_every's wait + one way + the apply queue, which is served one at a time: when
 *                    writes come faster
 *                      than a follower applies, its lag grows without bound (lag_break throttles)
 *     promises       by `read`:
 *         local              replicas converge, and apply each session's writes to a key in order; a session
 *                            may miss its own
 *         leader             linearizable, as long as the leader keeps its disk
 *         session            read your writes, monotonic reads: a session brings along the log position it
 *                            has met, and a replica that is behind it sends the read to the leader. With one
 *                            node a region also causal: one log, one order
 *         bounded <time>     no read misses what committed longer ago: a replica knows, by its own oscillator
 *                            (trusted to 1 in 1000), since when it has heard all; when that is too long ago
 *                            it sends the read to the leader
 *         bounded <versions> no read misses more: the leader refuses a write while a follower is that many
 *         behind (Cosmos DB)
 *     loses          with the leader's disk, what it answered and had not shipped: rpo is the lag
 *
 * The log, what is done about loss, reordering and restarts: parts/shipping.h. A position is confirmed once
 * it is applied.
 *
 * Sources: Gray, Helland, O'Neil, Shasha: The dangers of replication and a solution, 1996 (lazy master);
 * Terry et al.: Session guarantees for weakly consistent replicated data, 1994; PostgreSQL manual, 27.2
 * (streaming replication).
 */
#include "sim/model/model.h"

#include "models/parts/shipping.h"

#include <stddef.h>
#include <string.h>

struct config {
    geo_region leader;
    int64_t batch;
    geo_ns flush_every, lag_alert, lag_break, status_every, recover_after;
    geo_choice on_break, read;
};

enum { THROTTLE, CONTINUE };
enum { READ_LOCAL, READ_LEADER, READ_SESSION, READ_BOUNDED_TIME, READ_BOUNDED_VERSIONS };
enum { READ = SHIPPING_MESSAGES, READ_AT_LEADER, WRITE, REPLY };

static struct shipping_def shipping_of(const geo_replica *r)
{
    const struct config *c = geo_config(r);
    uint32_t followers = 0;

    for (geo_node n = 0; n < geo_nodes(r); n++)
        followers += geo_region_of(r, n) != c->leader;
    return (struct shipping_def){.leader = c->leader,
                                 .batch = (uint32_t)c->batch,
                                 .flush_every = c->flush_every,
                                 .tick_every = c->status_every,
                                 .reports = true,
                                 .acknowledges = c->read.index == READ_BOUNDED_VERSIONS,
                                 .copies_needed = followers,
                                 .recover_after = c->recover_after};
}

static void done(geo_replica *r, uint64_t position)
{
    const struct config *c = geo_config(r);
    struct ship_record *record = geo_log_at(r, SHIP_LOG, position);

    record->is_written = true;
    shipping_done(r, position);
    forward_answer(r, record->asked, REPLY, &record->op, record->outcome, NULL,
                   c->read.index == READ_SESSION ? position : 0);
    shipping_cut(r);
}

static void on_start(geo_replica *r, enum geo_lost lost)
{
    struct shipping_def d = shipping_of(r);

    shipping_start(r, &d, lost);
    for (uint64_t p = geo_log_first(r, SHIP_LOG); lost == GEO_LOST_MEMORY && p <= geo_log_last(r, SHIP_LOG);
         p++)
        if (!((struct ship_record *)geo_log_at(r, SHIP_LOG, p))->is_done)
            shipping_done(
                r,
                p); /* it was taken, and is on its way to the followers: it stands, though nobody was told */
}

static void on_timer(geo_replica *r, uint32_t type, uint64_t arg)
{
    struct shipping_def d = shipping_of(r);

    shipping_timer(r, &d, type, arg);
}

/* Is what this replica holds of the key good enough for the read? */
static bool may_read_here(geo_replica *r, const geo_op *op)
{
    const struct config *c = geo_config(r);
    const struct shipping_peer *leader = geo_peer(r, geo_holder_in(r, op->key, c->leader));

    switch (c->read.index) {
    case READ_SESSION:
        return !leader->is_copying && leader->applied >= op->token[0];
    case READ_BOUNDED_TIME: {
        geo_ns age = geo_steady(r) - leader->fresh_at;
        return !leader->is_copying && leader->fresh_at != 0 && age + age / 1000 + 1 <= c->read.number;
    }
    default:
        return !leader->is_copying;
    }
}

static void on_request(geo_replica *r, const geo_op *op)
{
    const struct config *c = geo_config(r);
    geo_node leader = geo_holder_in(r, op->key, c->leader);
    geo_node here = geo_holder_in(r, op->key, geo_region_of(r, geo_self(r)));
    struct shipping_state *s = geo_state(r);

    if (op->kind != GEO_READ)
        forward_request(r, &s->forward, op, geo_self(r), leader, WRITE);
    else if (here == leader || c->read.index == READ_LEADER || (here == geo_self(r) && !may_read_here(r, op)))
        forward_request(r, &s->forward, op, geo_self(r), leader, READ_AT_LEADER);
    else
        forward_request(r, &s->forward, op, geo_self(r), here, READ);
}

/* Why the leader does not take the write now, or GEO_OK. */
static enum geo_outcome admit(geo_replica *r, geo_key key)
{
    const struct config *c = geo_config(r);
    const struct ship_record *oldest = geo_log_at(r, SHIP_LOG, geo_log_first(r, SHIP_LOG));
    geo_node others[ROW_HOLDERS_MOST];
    uint32_t count = row_others(r, key, others);

    if (c->on_break.index == THROTTLE && c->lag_break > 0 && oldest != NULL &&
        geo_steady(r) - oldest->entry.taken >= c->lag_break)
        return GEO_THROTTLED;
    for (uint32_t i = 0; c->read.index == READ_BOUNDED_VERSIONS && i < count; i++) {
        const struct shipping_peer *p = geo_peer(r, others[i]);
        if (geo_log_last(r, SHIP_LOG) - p->confirmed >= (uint64_t)c->read.number && p->confirmed < p->taken)
            return GEO_THROTTLED;
    }
    return GEO_OK;
}

static void take(geo_replica *r, const struct forward_request *request)
{
    struct shipping_def d = shipping_of(r);
    const geo_op *op = &request->op;
    enum geo_outcome outcome = admit(r, op->key);

    if (outcome == GEO_THROTTLED)
        geo_count(r, GEO_THROTTLES, 1);
    if (outcome != GEO_OK || shipping_take(r, &d, op, request->asked) == 0)
        forward_answer(r, request->asked, REPLY, op, outcome, NULL, 0);
}

static void serve(geo_replica *r, const geo_message *m)
{
    const struct config *c = geo_config(r);
    const struct forward_request *request = m->body;
    struct shipping_state *s = geo_state(r);
    struct shipping_peer *p = geo_peer(r, m->from);
    const geo_op *op = &request->op;
    geo_node leader = geo_holder_in(r, op->key, c->leader);

    if (forward_repeats(r, &p->forward, m))
        return;
    if (m->type == READ && !may_read_here(r, op)) {
        forward_request(r, &s->forward, op, request->asked, leader, READ_AT_LEADER);
    } else if (s->is_empty) {
        forward_answer(r, request->asked, REPLY, op, GEO_REFUSED, NULL, 0);
    } else if (m->type == WRITE) {
        take(r, request);
    } else {
        geo_value value = geo_stored(r, op->key);
        uint64_t position =
            m->type == READ ? ((struct shipping_peer *)geo_peer(r, leader))->applied : s->visible;
        uint64_t token = op->token[0] > position ? op->token[0] : position;
        forward_answer(r, request->asked, REPLY, op, GEO_OK, &value,
                       c->read.index == READ_SESSION ? token : 0);
    }
}

static void on_message(geo_replica *r, const geo_message *m)
{
    if (m->type == SHIP_WROTE) {
        uint64_t position;
        memcpy(&position, m->body, sizeof position);
        if (geo_log_at(r, SHIP_LOG, position) != NULL)
            done(r, position);
    } else if (m->type < SHIPPING_MESSAGES) {
        struct shipping_def d = shipping_of(r);
        shipping_message(r, &d, m);
    } else if (m->type == REPLY) {
        forward_answered(r, m);
    } else {
        serve(r, m);
    }
}

static const char *check(const void *config, const geo_setting *s)
{
    const struct config *c = config;

    (void)s;
    if (c->read.index == READ_BOUNDED_TIME && c->read.number <= c->status_every)
        return "read is bounded by less than status_every, after which a replica hears whether it has all: "
               "every read would go to "
               "the leader; use a smaller status_every";
    if (c->read.index == READ_BOUNDED_VERSIONS && c->read.number < 1)
        return "read is bounded by no version at all: use at least 1, or read: leader";
    return NULL;
}

static geo_placement placement(const void *config, const geo_setting *s)
{
    (void)config;
    (void)s;
    return (geo_placement){.kind = GEO_PER_REGION};
}

static geo_promise promise(const void *config, const geo_setting *s)
{
    const struct config *c = config;
    geo_promise p = {.checks = UINT64_C(1) << GEO_EVENTUAL | UINT64_C(1) << GEO_MONOTONIC_WRITES |
                               UINT64_C(1) << GEO_WRITES_FOLLOW_READS};

    switch (c->read.index) {
    case READ_LEADER:
        p.checks |= UINT64_C(1) << GEO_LINEARIZABLE | UINT64_C(1) << GEO_SEQUENTIAL |
                    UINT64_C(1) << GEO_CAUSAL | UINT64_C(1) << GEO_READ_YOUR_WRITES |
                    UINT64_C(1) << GEO_MONOTONIC_READS;
        break;
    case READ_SESSION:
        p.checks |= UINT64_C(1) << GEO_READ_YOUR_WRITES | UINT64_C(1) << GEO_MONOTONIC_READS;
        /* Of counters and sets answers do not name the write, so that nobody could check it from outside. */
        if (s->nodes == s->regions && s->data == GEO_REGISTER)
            p.checks |= UINT64_C(1) << GEO_CAUSAL;
        break;
    case READ_BOUNDED_TIME:
        p.checks |= UINT64_C(1) << GEO_BOUNDED_STALENESS;
        p.stale_ns_max = c->read.number;
        break;
    case READ_BOUNDED_VERSIONS:
        p.checks |= UINT64_C(1) << GEO_BOUNDED_STALENESS;
        p.stale_versions_max = (uint64_t)c->read.number;
        break;
    default:
        break;
    }
    if (s->retries)
        p.checks &= ~GEO_BROKEN_BY_REPETITION;
    return p;
}

static const geo_param params[] = {
    {"leader", GEO_PARAM_REGION, offsetof(struct config, leader), "first", NULL, NULL, NULL,
     "the region that takes all writes; the default is the first region that has nodes"},
    {"read", GEO_PARAM_CHOICE, offsetof(struct config, read), "local", NULL, NULL,
     "local|leader|session|bounded <time>|bounded <versions>",
     "where reads go: the replica at hand, the leader, or the replica unless it is behind the session or the "
     "bound"},
    {"batch", GEO_PARAM_INTEGER, offsetof(struct config, batch), "1", "1", "256", NULL,
     "writes shipped in one message at most; with flush_every 0 each is shipped as it is taken"},
    {"flush_every", GEO_PARAM_TIME, offsetof(struct config, flush_every), "0", "0", NULL, NULL,
     "ships what was written this often; 0 ships each write as it is taken"},
    {"lag_alert", GEO_PARAM_TIME, offsetof(struct config, lag_alert), "5s", "0", NULL, NULL,
     "the lag at which a person is called; it changes nothing in the run"},
    {"lag_break", GEO_PARAM_TIME, offsetof(struct config, lag_break), "30s", "0", NULL, NULL,
     "the lag of the slowest follower at which the circuit breaks; 0: never"},
    {"on_break", GEO_PARAM_CHOICE, offsetof(struct config, on_break), "throttle", NULL, NULL,
     "throttle|continue",
     "beyond lag_break the leader refuses writes, or goes on and lets followers fall behind"},
    {"status_every", GEO_PARAM_TIME, offsetof(struct config, status_every), "1s", "1ms", NULL, NULL,
     "how often followers tell the leader what they have applied; what is missing then is shipped again"},
    {"recover_after", GEO_PARAM_TIME, offsetof(struct config, recover_after), "5s", "1ms", NULL, NULL,
     "a leader that lost its disk waits this long for the copies of all followers, then serves with those it "
     "has, at least one"},
    {0},
};

static const geo_message_def messages[] = {
    SHIPPING_MESSAGE_DEFS(GEO_NO_SERVICE),
    [READ] = {"read", GEO_NO_LEG, GEO_SERVE_READ},
    [READ_AT_LEADER] = {"read-at-leader", GEO_NO_LEG, GEO_SERVE_READ},
    [WRITE] = {"write", GEO_NO_LEG, GEO_NO_SERVICE},
    [REPLY] = {"reply", GEO_NO_LEG, GEO_NO_SERVICE},
    {0},
};

static const geo_store_def stores[] = {SHIPPING_STORE_DEFS(false), {0}};

extern const geo_model model_async;
const geo_model model_async = {
    .abi = GEO_ABI,
    .model_bytes = sizeof(geo_model),
    .param_bytes = sizeof(geo_param),
    .name = "async",
    .summary = "one leader that answers from its own disk and ships its log in order",
    .reflects = GEO_BY_ORDER,
    .params = params,
    .messages = messages,
    .stores = stores,
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct shipping_state),
    .peer_bytes = sizeof(struct shipping_peer),
    .check = check,
    .placement = placement,
    .promise = promise,
    .start = on_start,
    .request = on_request,
    .message = on_message,
    .timer = on_timer,
};
