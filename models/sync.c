/* sync.c -- one leader; a write is answered when enough followers hold it durably. PostgreSQL with
 * synchronous_standby_names, MySQL semi-synchronous replication, SQL Server's synchronous commit, MongoDB
 * w:majority.
 *
 *     write latency  = client rtt + rtt(region, leader)
 *                      + the larger of the leader's own service (write), and rtt(leader, slowest needed
 *                      follower) + its service (write)
 *     read latency   = client rtt + rtt(region, leader) + service, or without the way to the leader where
 *                    reads are local
 *     promises       read: leader   everything up to linearizable: the leader shows a write when it is safe,
 *                                   and reads see what it shows
 *                    read: local    replicas converge, and apply a key's writes in the leader's order; but a
 *                                   follower may be asked before it has applied what it holds, or where acks
 *                                   did not need it
 *                    nothing_lost   with two copies or more, and no degrade_after: one disk may go
 *     loses          availability: while a partition keeps the needed followers away, writes wait, and their
 *                    clients give up
 *     degrade_after  some databases then go on alone (SQL Server, MySQL's rpl_semi_sync_master_timeout): the
 *                    wait is bounded, and so is the promise: what was answered without the acknowledgements
 *                    is lost with the leader's disk
 *
 * The log, and what is done about loss and restarts: parts/shipping.h. A follower acknowledges what is
 * durable in its inbox, and then applies it: acknowledgements are positions, so one says all before it too. A
 * leader that lost its disk serves again when it has copied from so many followers that each write that was
 * acknowledged enough is at one of them: copies - needed + 1.
 *
 * Sources: Gray et al.: The dangers of replication and a solution, 1996 (eager master); PostgreSQL manual,
 * 27.2.8 (synchronous replication; remote_apply and remote_write are other points at which a standby may
 * acknowledge).
 */
#include "sim/model/model.h"

#include "models/parts/shipping.h"

#include <stddef.h>
#include <string.h>

struct config {
    geo_region leader;
    geo_choice acks, read;
    geo_ns degrade_after, resend_after;
};

enum { ACKS_ALL, ACKS_MAJORITY, ACKS_COPIES, ACKS_REGIONS };
enum { READ_LEADER, READ_LOCAL };
enum { READ = SHIPPING_MESSAGES, WRITE, REPLY };
enum { DEGRADE = SHIPPING_TIMERS };

static bool names(const geo_choice *c, geo_region region)
{
    return (c->regions[region / 64] >> region % 64 & 1) != 0;
}

/* How many of `copies` copies must hold a write, the leader's own among them. */
static uint32_t needed(const struct config *c, uint32_t copies)
{
    uint32_t named = 1;

    switch (c->acks.index) {
    case ACKS_MAJORITY:
        return copies / 2 + 1;
    case ACKS_COPIES:
        return (uint32_t)c->acks.number;
    case ACKS_REGIONS:
        for (geo_region region = 0; region < GEO_REGIONS_MOST; region++)
            named += names(&c->acks, region) && region != c->leader;
        return named;
    default:
        return copies;
    }
}

static bool is_safe(geo_replica *r, const struct ship_record *record)
{
    const struct config *c = geo_config(r);
    geo_node others[ROW_HOLDERS_MOST];
    uint32_t count = row_others(r, record->entry.key, others), have = 1;

    for (uint32_t i = 0; i < count; i++) {
        const struct shipping_peer *p = geo_peer(r, others[i]);
        bool counts = c->acks.index != ACKS_REGIONS || names(&c->acks, geo_region_of(r, others[i]));
        have += counts && p->confirmed >= record->entry.position;
    }
    return record->is_written && (record->goes_on || have >= needed(c, count + 1));
}

/* The leader looks whether the entry is safe, and shows it. */
static void settle(geo_replica *r, uint64_t position)
{
    const struct ship_record *record = geo_log_at(r, SHIP_LOG, position);

    if (record == NULL || record->is_done || !is_safe(r, record))
        return;
    shipping_done(r, position);
    forward_answer(r, record->asked, REPLY, &record->op, record->outcome, NULL, 0);
}

/* A follower may have confirmed what lies far beyond a log that began anew (shipping.c: recovered): of that
 * there is nothing to look at. */
static void confirmed(geo_replica *r, uint64_t from, uint64_t upto)
{
    uint64_t first = geo_log_first(r, SHIP_LOG), last = geo_log_last(r, SHIP_LOG);

    for (uint64_t p = from < first ? first : from + 1; p <= upto && p <= last; p++)
        settle(r, p);
}

static struct shipping_def shipping_of(const geo_replica *r)
{
    const struct config *c = geo_config(r);
    uint32_t followers = geo_nodes(r), regions = 0; /* nodes of other regions; regions that have nodes */

    for (geo_node n = 0; n < geo_nodes(r); n++) {
        followers -= geo_region_of(r, n) == c->leader;
        regions += n == 0 || geo_region_of(r, n) != geo_region_of(r, n - 1);
    }
    uint32_t held = needed(c, regions) - 1; /* followers that surely hold a write that was answered */
    return (struct shipping_def){.leader = c->leader,
                                 .batch = 1,
                                 .tick_every = c->resend_after,
                                 .acknowledges = true,
                                 .inbox_is_durable = true,
                                 .copies_needed = held == 0 ? followers : followers + 1 - held,
                                 .confirmed = confirmed};
}

static void on_start(geo_replica *r, enum geo_lost lost)
{
    const struct config *c = geo_config(r);
    struct shipping_def d = shipping_of(r);

    shipping_start(r, &d, lost);
    for (uint64_t p = geo_log_first(r, SHIP_LOG); lost == GEO_LOST_MEMORY && p <= geo_log_last(r, SHIP_LOG);
         p++)
        if (c->degrade_after > 0 && !((struct ship_record *)geo_log_at(r, SHIP_LOG, p))->is_done)
            geo_arm(r, c->degrade_after, DEGRADE, p);
}

static void on_timer(geo_replica *r, uint32_t type, uint64_t arg)
{
    struct shipping_def d = shipping_of(r);
    struct ship_record *record;

    if (type != DEGRADE) {
        shipping_timer(r, &d, type, arg);
    } else if ((record = geo_log_at(r, SHIP_LOG, arg)) != NULL) {
        record->goes_on = true;
        settle(r, arg);
    }
}

static void on_request(geo_replica *r, const geo_op *op)
{
    const struct config *c = geo_config(r);
    struct shipping_state *s = geo_state(r);
    bool reads = op->kind == GEO_READ, here = reads && c->read.index == READ_LOCAL;
    geo_region where = here ? geo_region_of(r, geo_self(r)) : c->leader;

    forward_request(r, &s->forward, op, geo_self(r), geo_holder_in(r, op->key, where), reads ? READ : WRITE);
}

static void take(geo_replica *r, const struct forward_request *request)
{
    const struct config *c = geo_config(r);
    struct shipping_def d = shipping_of(r);
    uint64_t position = shipping_take(r, &d, &request->op, request->asked);

    if (position == 0)
        forward_answer(r, request->asked, REPLY, &request->op, GEO_OK, NULL, 0);
    else if (c->degrade_after > 0)
        geo_arm(r, c->degrade_after, DEGRADE, position);
}

static void serve(geo_replica *r, const geo_message *m)
{
    const struct config *c = geo_config(r);
    const struct forward_request *request = m->body;
    struct shipping_state *s = geo_state(r);
    struct shipping_peer *from = geo_peer(r, m->from);
    struct shipping_peer *leader = geo_peer(r, geo_holder_in(r, request->op.key, c->leader));

    if (forward_repeats(r, &from->forward, m))
        return;
    if (s->is_empty || leader->is_copying) {
        forward_answer(r, request->asked, REPLY, &request->op, GEO_REFUSED, NULL, 0);
    } else if (m->type == WRITE) {
        take(r, request);
    } else {
        geo_value value = geo_stored(r, request->op.key);
        forward_answer(r, request->asked, REPLY, &request->op, GEO_OK, &value, 0);
    }
}

static void on_message(geo_replica *r, const geo_message *m)
{
    if (m->type == SHIP_WROTE) {
        uint64_t position;
        memcpy(&position, m->body, sizeof position);
        struct ship_record *record = geo_log_at(r, SHIP_LOG, position);
        if (record != NULL) {
            record->is_written = true;
            settle(r, position);
            shipping_cut(r);
        }
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

    if (c->acks.index == ACKS_COPIES && c->acks.number > s->regions)
        return "acks is more copies than there are regions with nodes, each of which has one: use fewer, or "
               "acks: all";
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

    if (c->read.index == READ_LEADER)
        p.checks |= UINT64_C(1) << GEO_LINEARIZABLE | UINT64_C(1) << GEO_SEQUENTIAL |
                    UINT64_C(1) << GEO_CAUSAL | UINT64_C(1) << GEO_READ_YOUR_WRITES |
                    UINT64_C(1) << GEO_MONOTONIC_READS;
    if (c->degrade_after == 0 && needed(c, s->regions) >= 2)
        p.checks |= UINT64_C(1) << GEO_NOTHING_LOST;
    if (s->retries)
        p.checks &= ~GEO_BROKEN_BY_REPETITION;
    return p;
}

static const geo_param params[] = {
    {"leader", GEO_PARAM_REGION, offsetof(struct config, leader), "first", NULL, NULL, NULL,
     "the region that takes all writes; the default is the first region that has nodes"},
    {"acks", GEO_PARAM_CHOICE, offsetof(struct config, acks), "majority", NULL, NULL,
     "all|majority|<copies>|<regions>",
     "who must hold a write before it is answered: copies count the leader's own, regions come on top of it"},
    {"read", GEO_PARAM_CHOICE, offsetof(struct config, read), "leader", NULL, NULL, "leader|local",
     "where reads go: to the leader, or to the replica at hand"},
    {"degrade_after", GEO_PARAM_TIME, offsetof(struct config, degrade_after), "0", "0", NULL, NULL,
     "answers without the missing acknowledgements after this; 0: waits"},
    {"resend_after", GEO_PARAM_TIME, offsetof(struct config, resend_after), "500ms", "1ms", NULL, NULL,
     "asks followers that have not acknowledged where they are, and ships again what they lack; also a copy "
     "that stalls"},
    {0},
};

static const geo_message_def messages[] = {
    SHIPPING_MESSAGE_DEFS(GEO_SERVE_WRITE),
    [READ] = {"read", GEO_NO_LEG, GEO_SERVE_READ},
    [WRITE] = {"write", GEO_NO_LEG, GEO_NO_SERVICE},
    [REPLY] = {"reply", GEO_NO_LEG, GEO_NO_SERVICE},
    {0},
};

static const geo_store_def stores[] = {SHIPPING_STORE_DEFS(true), {0}};

extern const geo_model model_sync;
const geo_model model_sync = {
    .abi = GEO_ABI,
    .model_bytes = sizeof(geo_model),
    .param_bytes = sizeof(geo_param),
    .name = "sync",
    .summary = "one leader; a write is answered when enough followers hold it durably",
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
