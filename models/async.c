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
 *     failover       another region leads after `failover.after` of silence (parts/succession.h):
 *                    rto = after, since the last beat (they come every quarter of it), + a round of asking
 *                    + a write at the new leader. The old one, if it is merely cut off, goes on answering
 *                    until it hears of that: nothing fences it. What only it had is rolled back then, and
 *                    whoever is not the new leader copies its table. So no more is promised than eventual
 *     switchover     the leader refuses writes until the next one has all, and hands over: nothing is lost,
 *                    and what is promised holds, since the old one leads no more before the new one may
 *
 * The log, what is done about loss, reordering and restarts: parts/shipping.h. A position is confirmed once
 * it is applied.
 *
 * Sources: Gray, Helland, O'Neil, Shasha: The dangers of replication and a solution, 1996 (lazy master);
 * Terry et al.: Session guarantees for weakly consistent replicated data, 1994; PostgreSQL manual, 27.2
 * (streaming replication). The change of leaders: parts/succession.h.
 */
#include "sim/model/model.h"

#include "models/parts/shipping.h"
#include "models/parts/succession.h"

#include <stddef.h>
#include <string.h>

struct config {
    geo_region leader;
    int64_t batch;
    geo_ns flush_every, lag_alert, lag_break, status_every, recover_after;
    geo_choice on_break, read, promote;
    geo_ns failover_after;
    geo_region failover_to;
    bool failover_quorum;
};

struct state {
    struct shipping_state shipping; /* first: shipping.h */
    struct succession_state succession;
    bool waits; /* it is to lead, and applies what it has received first */
};

struct peer {
    struct shipping_peer shipping; /* first: shipping.h */
    struct succession_peer succession;
};

enum { THROTTLE, CONTINUE };
enum { READ_LOCAL, READ_LEADER, READ_SESSION, READ_BOUNDED_TIME, READ_BOUNDED_VERSIONS };
enum { MOST_RECENT, NAMED };
enum { READ = SHIPPING_MESSAGES, READ_AT_LEADER, WRITE, REPLY, SUCCESSION };
enum { SUCCESSION_TIMER = SHIPPING_TIMERS };
enum { VIEW = SHIPPING_STORES };

static struct shipping_def shipping_of(geo_replica *r)
{
    const struct config *c = geo_config(r);
    const struct state *s = geo_state(r);
    geo_region leader = s->waits ? SUCCESSION_NOBODY : s->succession.view.leader;
    uint32_t followers = 0;

    for (geo_node n = 0; n < geo_nodes(r); n++)
        followers += geo_region_of(r, n) != leader;
    return (struct shipping_def){.leader = leader,
                                 .batch = (uint32_t)c->batch,
                                 .flush_every = c->flush_every,
                                 .tick_every = c->status_every,
                                 .reports = true,
                                 .acknowledges = c->read.index == READ_BOUNDED_VERSIONS,
                                 .copies_needed = followers,
                                 .recover_after = c->recover_after,
                                 .reign = succession_reign(&s->succession),
                                 .rolls_back = c->failover_after > 0};
}

/* ---- Who leads ---- */

static struct succession_peer *succession_peer(geo_replica *r, geo_node n)
{
    return &((struct peer *)geo_peer(r, n))->succession;
}

static uint64_t position(geo_replica *r)
{
    struct shipping_def d = shipping_of(r);

    return shipping_position(r, &d);
}

/* What was received is applied first, by the service that applies. */
static void lead(geo_replica *r)
{
    struct state *s = geo_state(r);
    bool recovers = s->shipping.is_empty;

    s->waits = !recovers && !shipping_is_drained(r);
    if (s->waits)
        return;
    struct shipping_def d = shipping_of(r);
    for (uint64_t p = geo_log_first(r, SHIP_LOG); p <= geo_log_last(r, SHIP_LOG); p++)
        if (!((struct ship_record *)geo_log_at(r, SHIP_LOG, p))->is_done)
            shipping_done(r, p); /* it leads on in a new term: what it took and has not answered stands */
    if (recovers)
        shipping_start(r, &d, GEO_LOST_DISK);
    else
        shipping_lead(r, &d);
    succession_serve(r, &s->succession, true);
}

static void changed(geo_replica *r)
{
    struct state *s = geo_state(r);

    if (succession_leads(r, &s->succession)) {
        lead(r);
        return;
    }
    s->waits = false;
    struct shipping_def d = shipping_of(r);
    shipping_follow(r, &d);
}

static struct succession_def succession_of(const geo_replica *r)
{
    const struct config *c = geo_config(r);

    return (struct succession_def){.first_message = SUCCESSION,
                                   .first_timer = SUCCESSION_TIMER,
                                   .store = VIEW,
                                   .after = c->failover_after,
                                   .most_recent = c->promote.index == MOST_RECENT,
                                   .named = c->failover_to,
                                   .quorum = c->failover_quorum,
                                   .patience = c->recover_after,
                                   .first_leader = c->leader,
                                   .peer = succession_peer,
                                   .position = position,
                                   .changed = changed};
}

/* Has the next leader all? With a bound of versions all must: the next one counts from there. */
static bool may_hand_over(geo_replica *r, geo_region to)
{
    const struct config *c = geo_config(r);
    bool all = c->read.index == READ_BOUNDED_VERSIONS;

    for (geo_region region = 0; region < geo_regions(r); region++)
        if ((region == to || all) && !shipping_is_even(r, region))
            return false;
    return true;
}

static void handover_look(geo_replica *r)
{
    struct succession_def d = succession_of(r);
    struct state *s = geo_state(r);

    if (s->succession.handing_to != SUCCESSION_NOBODY && may_hand_over(r, s->succession.handing_to))
        succession_hand_over(r, &d, &s->succession);
}

static void on_switchover(geo_replica *r, geo_region to)
{
    struct succession_def d = succession_of(r);
    struct state *s = geo_state(r);

    if (!succession_leads(r, &s->succession) || to == s->succession.view.leader || s->waits)
        return;
    succession_hand_begin(r, &d, &s->succession, to);
    handover_look(r);
}

/* ---- Serving ---- */

static void done(geo_replica *r, uint64_t position)
{
    const struct config *c = geo_config(r);
    struct ship_record *record = geo_log_at(r, SHIP_LOG, position);

    record->is_written = true;
    shipping_done(r, position);
    forward_answer(r, record->asked, REPLY, &record->op, record->outcome, NULL,
                   c->read.index == READ_SESSION ? position : 0);
    shipping_cut(r);
    handover_look(r);
}

static void on_start(geo_replica *r, enum geo_lost lost)
{
    struct succession_def sd = succession_of(r);
    struct state *s = geo_state(r);

    succession_start(r, &sd, &s->succession, lost);
    struct shipping_def d = shipping_of(r);
    if (s->succession.view.leader == SUCCESSION_NOBODY)
        s->shipping.is_empty = true; /* until it hears who leads */
    shipping_start(r, &d, lost);
    if (succession_leads(r, &s->succession))
        succession_serve(r, &s->succession, true);
    for (uint64_t p = geo_log_first(r, SHIP_LOG); lost == GEO_LOST_MEMORY && p <= geo_log_last(r, SHIP_LOG);
         p++)
        if (!((struct ship_record *)geo_log_at(r, SHIP_LOG, p))->is_done)
            shipping_done(
                r,
                p); /* it was taken, and is on its way to the followers: it stands, though nobody was told */
}

static void on_timer(geo_replica *r, uint32_t type, uint64_t arg)
{
    struct state *s = geo_state(r);

    if (type >= SUCCESSION_TIMER) {
        struct succession_def d = succession_of(r);
        succession_timer(r, &d, &s->succession, type, arg);
    } else {
        struct shipping_def d = shipping_of(r);
        shipping_timer(r, &d, type, arg);
    }
}

/* Is what this replica holds of the key good enough for the read? */
static bool may_read_here(geo_replica *r, const geo_op *op)
{
    const struct config *c = geo_config(r);
    const struct state *s = geo_state(r);
    const struct shipping_peer *leader = geo_peer(r, geo_holder_in(r, op->key, s->succession.view.leader));

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
    struct state *state = geo_state(r);
    struct shipping_state *s = &state->shipping;

    if (state->succession.view.leader == SUCCESSION_NOBODY) {
        geo_reply(r, op->id, &(geo_answer){.outcome = GEO_REFUSED});
        return;
    }
    geo_node leader = geo_holder_in(r, op->key, state->succession.view.leader);
    geo_node here = geo_holder_in(r, op->key, geo_region_of(r, geo_self(r)));
    if (op->kind != GEO_READ)
        forward_request(r, &s->forward, op, geo_self(r), leader, WRITE);
    else if (here == leader || c->read.index == READ_LEADER || (here == geo_self(r) && !may_read_here(r, op)))
        forward_request(r, &s->forward, op, geo_self(r), leader, READ_AT_LEADER);
    else
        forward_request(r, &s->forward, op, geo_self(r), here, READ);
}

/* After a failover: a node that the new leader has not heard of yet, as the old leader, is nobody's follower.
 * When it comes it copies. */
static bool is_missing(const geo_replica *r, const struct shipping_peer *p)
{
    const struct config *c = geo_config(r);
    const struct state *s = geo_state((geo_replica *)(uintptr_t)r);

    return c->failover_after > 0 && succession_reign(&s->succession) > 0 && p->is_unknown;
}

static bool is_late(geo_replica *r, uint64_t position)
{
    const struct config *c = geo_config(r);
    const struct ship_record *record = geo_log_at(r, SHIP_LOG, position);

    return record != NULL && geo_steady(r) - record->entry.taken >= c->lag_break;
}

/* Is some follower that far behind? */
static bool lag_breaks(geo_replica *r)
{
    uint64_t first = geo_log_first(r, SHIP_LOG);

    if (!is_late(r, first))
        return false;
    for (geo_node n = 0; n < geo_nodes(r); n++) {
        const struct shipping_peer *p = geo_peer(r, n);
        uint64_t next = p->confirmed < first ? first : p->confirmed + 1;
        if (geo_region_of(r, n) != geo_region_of(r, geo_self(r)) && p->confirmed < p->taken &&
            !is_missing(r, p) && is_late(r, next))
            return true;
    }
    return false;
}

/* Why the leader does not take the write now, or GEO_OK. */
static enum geo_outcome admit(geo_replica *r, geo_key key)
{
    const struct config *c = geo_config(r);
    geo_node others[ROW_HOLDERS_MOST];
    uint32_t count = row_others(r, key, others);

    if (c->on_break.index == THROTTLE && c->lag_break > 0 && lag_breaks(r))
        return GEO_THROTTLED;
    for (uint32_t i = 0; c->read.index == READ_BOUNDED_VERSIONS && i < count; i++) {
        const struct shipping_peer *p = geo_peer(r, others[i]);
        if (!is_missing(r, p) && geo_log_last(r, SHIP_LOG) - p->confirmed >= (uint64_t)c->read.number &&
            p->confirmed < p->taken)
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
    struct state *state = geo_state(r);
    struct shipping_state *s = &state->shipping;
    struct shipping_peer *p = geo_peer(r, m->from);
    const geo_op *op = &request->op;
    bool leads = succession_leads(r, &state->succession) && !state->waits;

    if (forward_repeats(r, &p->forward, m))
        return;
    /* Once it is ready to hand over, the next one may lead already, and know more. */
    bool hands = m->type == WRITE ? state->succession.handing_to != SUCCESSION_NOBODY
                                  : state->succession.is_ready && c->read.index != READ_LOCAL;
    if (s->is_empty || (m->type != READ && !leads) || hands) {
        forward_answer(r, request->asked, REPLY, op, GEO_REFUSED, NULL, 0);
        return;
    }
    geo_node leader = geo_holder_in(r, op->key, state->succession.view.leader);
    if (m->type == READ && !leads && !may_read_here(r, op)) {
        forward_request(r, &s->forward, op, request->asked, leader, READ_AT_LEADER);
    } else if (m->type == WRITE) {
        take(r, request);
    } else {
        geo_value value = geo_stored(r, op->key);
        uint64_t position =
            m->type == READ && !leads ? ((struct shipping_peer *)geo_peer(r, leader))->applied : s->visible;
        uint64_t token = op->token[0] > position ? op->token[0] : position;
        forward_answer(r, request->asked, REPLY, op, GEO_OK, &value,
                       c->read.index == READ_SESSION ? token : 0);
    }
}

static void on_message(geo_replica *r, const geo_message *m)
{
    struct state *s = geo_state(r);

    if (m->type == SHIP_WROTE) {
        uint64_t position;
        memcpy(&position, m->body, sizeof position);
        if (geo_log_at(r, SHIP_LOG, position) != NULL)
            done(r, position);
    } else if (m->type < SHIPPING_MESSAGES) {
        struct shipping_def d = shipping_of(r);
        if (m->type != SHIP_STATUS || !s->succession.is_ready) /* it can tell nobody that he has all */
            shipping_message(r, &d, m);
        if (m->type == SHIP_APPLY && s->waits)
            lead(r);
        else if (m->type == SHIP_STATUS)
            handover_look(r);
    } else if (m->type >= SUCCESSION) {
        struct succession_def d = succession_of(r);
        succession_message(r, &d, &s->succession, m);
    } else if (m->type == REPLY) {
        forward_answered(r, m);
    } else {
        serve(r, m);
    }
}

static const char *check(const void *config, const geo_setting *s)
{
    const struct config *c = config;

    if (c->read.index == READ_BOUNDED_TIME && c->read.number <= c->status_every)
        return "read is bounded by less than status_every, after which a replica hears whether it has all: "
               "every read would go to "
               "the leader; use a smaller status_every";
    if (c->failover_after > 0 && s->regions < 2)
        return "failover needs a second region with nodes: leave it out";
    if (c->failover_after > 0 && c->promote.index == NAMED && c->failover_to == c->leader)
        return "failover.promote is named, and failover.to is the leader itself: name another region";
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
    if (c->failover_after > 0)
        p.checks =
            UINT64_C(1) << GEO_EVENTUAL; /* what is rolled back is missed by whoever had read or written it */
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
    {"failover.after", GEO_PARAM_TIME, offsetof(struct config, failover_after), "0", "0", NULL, NULL,
     "silence of the leader after which another region takes its place; 0: nobody does"},
    {"failover.promote", GEO_PARAM_CHOICE, offsetof(struct config, promote), "most_recent", NULL, NULL,
     "most_recent|named",
     "who: the region that has got furthest of those that can be reached, or failover.to alone"},
    {"failover.to", GEO_PARAM_REGION, offsetof(struct config, failover_to), "first", NULL, NULL, NULL,
     "the region that takes over, with promote: named"},
    {"failover.quorum", GEO_PARAM_FLAG, offsetof(struct config, failover_quorum), "false", NULL, NULL, NULL,
     "only with more than half of the regions behind it: a minority that is cut off promotes nobody"},
    {0},
};

static const geo_message_def messages[] = {
    SHIPPING_MESSAGE_DEFS(GEO_NO_SERVICE),
    [READ] = {"read", GEO_NO_LEG, GEO_SERVE_READ},
    [READ_AT_LEADER] = {"read-at-leader", GEO_NO_LEG, GEO_SERVE_READ},
    [WRITE] = {"write", GEO_NO_LEG, GEO_NO_SERVICE},
    [REPLY] = {"reply", GEO_NO_LEG, GEO_NO_SERVICE},
    SUCCESSION_MESSAGE_DEFS(SUCCESSION),
    {0},
};

static const geo_store_def stores[] = {SHIPPING_STORE_DEFS(false), [VIEW] = SUCCESSION_STORE, {0}};

static bool forgets(const void *config)
{
    return ((const struct config *)config)->failover_after > 0;
}

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
    .state_bytes = sizeof(struct state),
    .peer_bytes = sizeof(struct peer),
    .check = check,
    .placement = placement,
    .promise = promise,
    .start = on_start,
    .request = on_request,
    .message = on_message,
    .timer = on_timer,
    .forgets = forgets,
    .switchover = on_switchover,
};
