/* quorum.c -- leaderless: n copies of each key, w votes for a write and r for a read, and the newest version
 * wins. Dynamo, Cassandra, Riak, ScyllaDB, Voldemort.
 *
 * The node that had the request coordinates: it stamps a write with its own clock, asks all n replicas, and
 * answers at the w-th acknowledgement; a read at the r-th answer, with the newest of these. Counters, sets
 * and updates are read first (r votes), then changed and written: two coordinators at once and one change is
 * lost.
 *
 *     latency      = client rtt + the w-th (r-th) smallest of [rtt(coordinator, replica) + its service];
 *                  twice for a change
 *     promises     r + w > n: read your writes, as each read quorum meets each write quorum; no more: a read
 *                  may see a write that has few votes yet and the next not (no monotonic reads), and stamps
 *                  are clocks: a write may lose to one that was answered before it began. Else only that
 *                  replicas converge, by hints or anti-entropy
 *     loses        concurrent writes (all but the newest), and what clocks turn round; each copy with its
 *                  disk
 *
 * With `ask: quorum` a write goes to w replicas drawn at random and a read to r, as in the analysis of quorum
 * systems (Bailis et al., 2012, 3.1: k-staleness); the others have it from handoff, repair or anti-entropy,
 * or from nobody. One of those drawn that is down fails the operation.
 *
 * Repair: after the answer, replicas among those that answered (and later ones, while the coordinator
 * remembers the read) that were older get the newest version. Hinted handoff: the coordinator keeps a write
 * until all replicas have acknowledged it, and tries again every handoff_after; hints are durable.
 * Anti-entropy: every so often a node copies from one other, drawn at random. A node that lost its disk
 * copies from all others.
 *
 * Sources: DeCandia et al.: Dynamo, 2007, 4.5-4.7; Gifford: Weighted voting for replicated data, 1979; Bailis
 * et al.: Probabilistically bounded staleness, 2012 (wars); Lakshman, Malik: Cassandra, 2010. Levels: Apache
 * Cassandra's.
 */
#include "sim/model/model.h"

#include "models/parts/copy.h"
#include "models/parts/outbox.h"
#include "models/parts/votes.h"

#include <stddef.h>
#include <string.h>

struct config {
    geo_choice n, r, w, level, ask;
    bool repair, handoff;
    geo_ns handoff_after, anti_entropy;
    const geo_distribution *write, *ack, *read, *response, *remote;
};

enum { VOTES_MAJORITY, VOTES_ALL, VOTES_ONE, VOTES_COPIES };
enum { N_ALL, N_COPIES };
enum { ASK_ALL, ASK_QUORUM };
enum { LEVEL_NONE, LEVEL_ONE, LEVEL_QUORUM, LEVEL_LOCAL_QUORUM, LEVEL_EACH_QUORUM, LEVEL_ALL };
enum { WRITE, READ, ACK, VALUE, REPAIR, HINT, HINT_BATCH, HINT_ACK, HELLO, COPY_ASK, COPY_ROWS };
enum { HINTS };
enum { HANDOFF, COPY, ANTI_ENTROPY };
enum { RECENT = 64 };

struct peer {
    struct copy_peer copy; /* first: copy.h */
};

struct recent { /* a read that was answered: who comes later with less is repaired */
    geo_op_id op;
    geo_value newest;
};

struct state {
    struct recent recent[RECENT];
    uint32_t value_bytes;
    bool is_back;
    bool ticks;
};

struct pending { /* what an answer looks at is in its first line of memory */
    struct votes votes;
    bool writes; /* in its second phase, or its only one */
    geo_op op;
    geo_value values[]; /* of a read, by holder */
};

struct body { /* of all messages about an operation */
    geo_op_id op;
    geo_key key;
    geo_value value;
    uint64_t hint; /* where the coordinator keeps it, 0: nowhere */
    uint32_t value_bytes;
    bool is_probe;
};

static uint32_t votes_of(const geo_choice *c, uint32_t n)
{
    switch (c->index) {
    case VOTES_ALL:
        return n;
    case VOTES_ONE:
        return 1;
    case VOTES_COPIES:
        return (uint32_t)c->number;
    default:
        return n / 2 + 1;
    }
}

/* ---- Rows: hints and copies ---- */

static size_t pack(geo_replica *r, geo_key key, const void *kept, void *payload, uint64_t *wire_bytes)
{
    const struct state *s = geo_state(r);
    geo_value v = geo_stored(r, key);

    if (kept != NULL)
        memcpy(&v, kept, sizeof v);
    if (v.version.write == 0)
        return 0;
    if (kept == NULL)
        *wire_bytes = s->value_bytes;
    memcpy(payload, &v, sizeof v);
    return sizeof v;
}

static bool unpack(geo_replica *r, geo_key key, geo_node origin, const void *payload, size_t bytes)
{
    geo_value v;

    (void)origin;
    (void)bytes;
    memcpy(&v, payload, sizeof v);
    geo_store(r, key, v);
    return true;
}

static const struct outbox_def hints = {
    .store = HINTS,
    .row = HINT,
    .batch = HINT_BATCH,
    .ack = HINT_ACK,
    .keep = true,
    .kept_bytes = sizeof(geo_value),
    .pack = pack,
    .pack_again = pack,
    .unpack = unpack,
};

static struct copy_def copying(const geo_replica *r)
{
    const struct config *c = geo_config(r);

    return (struct copy_def){.ask = COPY_ASK,
                             .rows = COPY_ROWS,
                             .timer = COPY,
                             .again = c->handoff_after,
                             .pack = pack,
                             .unpack = unpack};
}

static void handoff_arm(geo_replica *r)
{
    const struct config *c = geo_config(r);
    struct state *s = geo_state(r);

    if (!s->ticks && geo_log_last(r, HINTS) >= geo_log_first(r, HINTS))
        s->ticks = geo_arm(r, c->handoff_after, HANDOFF, 0) != 0;
}

/* ---- The coordinator ---- */

static uint32_t holders_of(const geo_replica *r, geo_key key, geo_node *holders)
{
    return geo_holders(r, key, holders, VOTERS_MOST);
}

/* Enough votes: by number, or at levels that look at regions by a majority of the region's replicas. */
static bool is_enough(const geo_replica *r, const struct pending *p)
{
    const struct config *c = geo_config(r);
    geo_node holders[VOTERS_MOST];
    uint32_t n = holders_of(r, p->op.key, holders), had[GEO_REGIONS_MOST] = {0}, of[GEO_REGIONS_MOST] = {0};
    geo_region here = geo_region_of(r, geo_self(r));

    switch (c->level.index) {
    case LEVEL_NONE:
        return p->votes.count >= votes_of(p->writes ? &c->w : &c->r, n);
    case LEVEL_ONE:
        return p->votes.count >= 1;
    case LEVEL_QUORUM:
        return p->votes.count >= n / 2 + 1;
    case LEVEL_ALL:
        return p->votes.count >= n;
    default:
        break;
    }
    for (uint32_t i = 0; i < n; i++) {
        geo_region region = geo_region_of(r, holders[i]);
        of[region]++;
        had[region] += votes_has(&p->votes, i);
    }
    if (c->level.index == LEVEL_LOCAL_QUORUM && of[here] > 0)
        return had[here] >= of[here] / 2 + 1;
    for (geo_region region = 0; region < geo_regions(r); region++)
        if (of[region] > 0 && had[region] < of[region] / 2 + 1)
            return false;
    return true;
}

/* Draws as many of the holders as are needed to the front: how many. Another attempt draws anew. */
static uint32_t quorum_draw(geo_replica *r, const geo_op *op, uint32_t type, geo_node *holders, uint32_t n)
{
    const struct config *c = geo_config(r);
    uint32_t count = votes_of(type == WRITE ? &c->w : &c->r, n);
    uint64_t about = (op->id + op->attempt) * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)type << 32;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i + (uint32_t)(geo_chance(r, about + i) * (n - i));
        geo_node drawn = holders[at];
        holders[at] = holders[i];
        holders[i] = drawn;
    }
    return count;
}

static void ask(geo_replica *r, const geo_op *op, uint32_t type, geo_value value, uint64_t hint)
{
    const struct config *c = geo_config(r);
    geo_node holders[VOTERS_MOST];
    uint32_t n = holders_of(r, op->key, holders);
    struct body b = {.op = op->id,
                     .key = op->key,
                     .value = value,
                     .hint = hint,
                     .value_bytes = op->value_bytes,
                     .is_probe = op->is_probe};

    if (c->ask.index == ASK_QUORUM)
        n = quorum_draw(r, op, type, holders, n);
    geo_send_many(r, holders, n,
                  (geo_out){.type = type, .wire_bytes = type == WRITE ? op->value_bytes : 0, .op = op->id},
                  &b, sizeof b);
}

/* The newest of the values that were read first, changed, goes to all replicas. */
static void write(geo_replica *r, struct pending *p, geo_value value)
{
    const struct config *c = geo_config(r);
    struct state *s = geo_state(r);
    uint64_t hint = 0;

    if (!geo_value_after(&value, &p->op)) {
        geo_reply(r, p->op.id, &(geo_answer){.outcome = GEO_NO});
        return;
    }
    if (value.version.write != 0)
        geo_made_from(r, &p->op, value.version);
    value.version = (geo_version){.stamp = geo_now(r), .write = p->op.write};
    p->writes = true;
    p->votes = (struct votes){0};
    s->value_bytes = p->op.value_bytes;
    geo_take(r, &p->op, value.version);
    if (c->handoff) {
        hint = outbox_add(r, &hints, &p->op, &value);
        outbox_was_sent(r, &hints, hint);
        handoff_arm(r);
    }
    ask(r, &p->op, WRITE, value, hint);
}

static void on_request(geo_replica *r, const geo_op *op)
{
    struct pending *p = geo_pending(r, op->id);

    p->op = *op;
    p->votes = (struct votes){0};
    p->writes = false;
    if (op->kind == GEO_WRITE && op->data == GEO_REGISTER)
        write(r, p, (geo_value){0});
    else
        ask(r, op, READ, (geo_value){0}, 0);
}

static void repair(geo_replica *r, geo_node to, const geo_op *op, geo_value newest)
{
    struct body b = {.op = op->id, .key = op->key, .value = newest, .value_bytes = op->value_bytes};

    geo_send(r, to, (geo_out){.type = REPAIR, .wire_bytes = op->value_bytes, .op = op->id}, &b, sizeof b);
}

/* Enough have answered: tells the client, newest first, or goes on to write. */
static void have_read(geo_replica *r, struct pending *p)
{
    const struct config *c = geo_config(r);
    struct state *s = geo_state(r);
    geo_node holders[VOTERS_MOST];
    uint32_t n = holders_of(r, p->op.key, holders), count = 0;
    geo_op op = p->op; /* geo_reply takes away what is pending */
    struct votes votes = p->votes;
    geo_value had[VOTERS_MOST], values[VOTERS_MOST];

    memcpy(had, p->values, n * sizeof *had);
    for (uint32_t i = 0; i < n; i++) {
        if (!votes_has(&votes, i))
            continue;
        uint32_t at = count++;
        for (; at > 0 && geo_newer(had[i].version, values[at - 1].version); at--)
            values[at] = values[at - 1];
        values[at] = had[i];
    }
    if (op.kind != GEO_READ) {
        write(r, p, values[0]);
        return;
    }
    geo_reply(r, op.id, &(geo_answer){.outcome = GEO_OK, .value_count = count, .values = values});
    if (!c->repair || op.is_probe)
        return;
    s->recent[(op.id >> 8) % RECENT] = (struct recent){.op = op.id, .newest = values[0]};
    for (uint32_t i = 0; i < n; i++)
        if (votes_has(&votes, i) && geo_newer(values[0].version, had[i].version))
            repair(r, holders[i], &op, values[0]);
}

static void vote_take(geo_replica *r, const geo_message *m)
{
    struct body b;
    geo_node holders[VOTERS_MOST];

    memcpy(&b, m->body, sizeof b);
    if (m->type == ACK && b.hint != 0)
        outbox_acknowledged(r, &hints, b.hint, m->from);
    struct pending *p = geo_op_open(r, b.op) != 0 ? geo_pending(r, b.op) : NULL;
    if (p == NULL || p->writes != (m->type == ACK)) {
        const struct recent *late = &((const struct state *)geo_state(r))->recent[(b.op >> 8) % RECENT];
        if (m->type == VALUE && late->op == b.op && geo_newer(late->newest.version, b.value.version))
            repair(r, m->from, &(geo_op){.id = b.op, .key = b.key, .value_bytes = b.value_bytes},
                   late->newest);
        return;
    }
    uint32_t n = holders_of(r, b.key, holders), voter = 0;
    while (voter < n && holders[voter] != m->from)
        voter++;
    if (voter == n || !votes_add(&p->votes, voter))
        return;
    p->values[voter] = b.value;
    if (!is_enough(r, p))
        return;
    if (m->type == VALUE)
        have_read(r, p);
    else
        geo_reply(r, b.op, &(geo_answer){.outcome = GEO_OK});
}

/* ---- The replica ---- */

static void replica_serve(geo_replica *r, const geo_message *m)
{
    struct state *s = geo_state(r);
    struct body b;

    memcpy(&b, m->body, sizeof b);
    if (m->type == READ) {
        if (s->is_back)
            return; /* it lost its disk, and what it had acknowledged with it: no vote before the copies are
                       complete */
        b.value = geo_stored(r, b.key);
        geo_send(r, m->from, (geo_out){.type = VALUE, .wire_bytes = b.value_bytes, .op = b.op}, &b, sizeof b);
        return;
    }
    s->value_bytes = b.value_bytes;
    geo_store(r, b.key, b.value);
    if (m->type == WRITE)
        geo_send(r, m->from, (geo_out){.type = ACK, .op = b.op}, &b, sizeof b);
}

static void copied(geo_replica *r, geo_node from)
{
    struct state *s = geo_state(r);
    bool all = true;

    for (geo_node n = 0; n < geo_nodes(r); n++)
        all = all && !((struct peer *)geo_peer(r, n))->copy.wanted;
    for (geo_node n = 0; s->is_back && n < geo_nodes(r); n++)
        if (n != geo_self(r) && (all || n == from))
            geo_send(r, n, (geo_out){.type = HELLO}, NULL, 0);
    s->is_back = s->is_back && !all;
}

static void on_message(geo_replica *r, const geo_message *m)
{
    struct copy_def copy = copying(r);

    switch (m->type) {
    case WRITE:
    case READ:
    case REPAIR:
        replica_serve(r, m);
        break;
    case ACK:
    case VALUE:
        vote_take(r, m);
        break;
    case HELLO:
        copy_begin(r, &copy, m->from);
        break;
    case COPY_ASK:
        copy_give(r, &copy, m, 0);
        break;
    case COPY_ROWS:
        if (copy_take(r, &copy, m))
            copied(r, m->from);
        break;
    default:
        outbox_take(r, &hints, m);
        break;
    }
}

static void on_start(geo_replica *r, enum geo_lost lost)
{
    const struct config *c = geo_config(r);
    struct state *s = geo_state(r);
    struct copy_def copy = copying(r);

    if (c->anti_entropy > 0)
        geo_arm(r, (geo_ns)((double)c->anti_entropy * geo_chance(r, ANTI_ENTROPY)), ANTI_ENTROPY, 1);
    if (lost == GEO_LOST_MEMORY) /* its own copy of these may have been on the way to its disk */
        outbox_resend(r, &hints, 0);
    handoff_arm(r);
    for (geo_node n = 0; lost == GEO_LOST_DISK && n < geo_nodes(r); n++)
        if (n != geo_self(r)) {
            s->is_back = true;
            copy_begin(r, &copy, n);
        }
}

static void on_timer(geo_replica *r, uint32_t type, uint64_t arg)
{
    const struct config *c = geo_config(r);
    struct state *s = geo_state(r);
    struct copy_def copy = copying(r);

    if (type == COPY) {
        copy_ask_again(r, &copy, (geo_node)arg);
    } else if (type == HANDOFF) {
        s->ticks = false;
        outbox_resend(r, &hints, c->handoff_after);
        handoff_arm(r);
    } else {
        geo_node other = (geo_node)(geo_chance(r, ANTI_ENTROPY + arg) * (geo_nodes(r) - 1));
        if (geo_nodes(r) > 1)
            copy_begin(r, &copy, other >= geo_self(r) ? other + 1 : other);
        geo_arm(r, c->anti_entropy, ANTI_ENTROPY, arg + 1);
    }
}

/* ---- What it is ---- */

static uint32_t copies_of(const struct config *c, const geo_setting *s)
{
    return c->n.index == N_ALL ? s->nodes : (uint32_t)c->n.number;
}

static const char *check(const void *config, const geo_setting *s)
{
    const struct config *c = config;
    uint32_t n = copies_of(c, s);

    if (c->n.index == N_COPIES && c->n.number > s->nodes)
        return "n is more than there are nodes, each of which has at most one copy: use n: all, or fewer";
    if (n > VOTERS_MOST)
        return "n is more than 64 copies: use n: 64 or fewer";
    if (c->r.index == VOTES_COPIES && c->r.number > n)
        return "r is more than n, the copies of a key: use r: majority, or fewer";
    if (c->w.index == VOTES_COPIES && c->w.number > n)
        return "w is more than n, the copies of a key: use w: majority, or fewer";
    if (c->ask.index == ASK_QUORUM && c->level.index != LEVEL_NONE)
        return "ask: quorum draws r and w replicas, which a level does not count: use level: none";
    return NULL;
}

static geo_placement placement(const void *config, const geo_setting *s)
{
    return (geo_placement){.kind = GEO_PER_NODE, .copies = copies_of(config, s)};
}

static geo_promise promise(const void *config, const geo_setting *s)
{
    const struct config *c = config;
    uint32_t n = copies_of(c, s), meets = votes_of(&c->r, n) + votes_of(&c->w, n);
    geo_promise p = {0};

    if (c->handoff || c->anti_entropy > 0)
        p.checks |= UINT64_C(1) << GEO_EVENTUAL;
    if (c->level.index == LEVEL_NONE ? meets > n
                                     : c->level.index == LEVEL_QUORUM ||
                                           c->level.index == LEVEL_EACH_QUORUM || c->level.index == LEVEL_ALL)
        p.checks |= UINT64_C(1) << GEO_READ_YOUR_WRITES;
    if (s->retries)
        p.checks &= ~GEO_BROKEN_BY_REPETITION;
    return p;
}

static const geo_param params[] = {
    {"n", GEO_PARAM_CHOICE, offsetof(struct config, n), "all", NULL, NULL, "all|<copies>",
     "copies of each key, at most one a node, spread over the regions"},
    {"r", GEO_PARAM_CHOICE, offsetof(struct config, r), "majority", NULL, NULL, "majority|all|one|<copies>",
     "answers that a read waits for"},
    {"w", GEO_PARAM_CHOICE, offsetof(struct config, w), "majority", NULL, NULL, "majority|all|one|<copies>",
     "acknowledgements that a write waits for"},
    {"level", GEO_PARAM_CHOICE, offsetof(struct config, level), "none", NULL, NULL,
     "none|one|quorum|local_quorum|each_quorum|all",
     "a consistency level by name, in place of r and w; none: r and w count"},
    {"ask", GEO_PARAM_CHOICE, offsetof(struct config, ask), "all", NULL, NULL, "all|quorum",
     "whom it asks: all replicas, or just r or w of them, drawn for each operation"},
    {"repair", GEO_PARAM_FLAG, offsetof(struct config, repair), "true", NULL, NULL, NULL,
     "replicas that a read found behind get the newest version, after the answer"},
    {"handoff", GEO_PARAM_FLAG, offsetof(struct config, handoff), "true", NULL, NULL, NULL,
     "the coordinator keeps a write until all replicas have it"},
    {"handoff_after", GEO_PARAM_TIME, offsetof(struct config, handoff_after), "1s", "1ms", NULL, NULL,
     "how long it waits for a replica before it tries again, and between tries"},
    {"anti_entropy", GEO_PARAM_TIME, offsetof(struct config, anti_entropy), "0", "0", NULL, NULL,
     "how often a node copies what another holds, drawn at random; 0: never"},
    {"wars.write", GEO_PARAM_DISTRIBUTION, offsetof(struct config, write), "none", NULL, NULL, NULL,
     "one-way delay of a write to a replica, in place of the network's"},
    {"wars.ack", GEO_PARAM_DISTRIBUTION, offsetof(struct config, ack), "none", NULL, NULL, NULL,
     "one-way delay of its acknowledgement, in place of the network's"},
    {"wars.read", GEO_PARAM_DISTRIBUTION, offsetof(struct config, read), "none", NULL, NULL, NULL,
     "one-way delay of a read to a replica, in place of the network's"},
    {"wars.response", GEO_PARAM_DISTRIBUTION, offsetof(struct config, response), "none", NULL, NULL, NULL,
     "one-way delay of its answer, in place of the network's"},
    {"wars.remote", GEO_PARAM_DISTRIBUTION, offsetof(struct config, remote), "none", NULL, NULL, NULL,
     "added to each of these, to and from all replicas but one, drawn for each operation"},
    {0},
};

static const geo_message_def messages[] = {
    [WRITE] = {"write", GEO_LEG_WRITE, GEO_SERVE_WRITE},
    [READ] = {"read", GEO_LEG_READ, GEO_SERVE_READ},
    [ACK] = {"ack", GEO_LEG_ACK, GEO_NO_SERVICE},
    [VALUE] = {"value", GEO_LEG_RESPONSE, GEO_NO_SERVICE},
    [REPAIR] = {"repair", GEO_LEG_WRITE, GEO_SERVE_APPLY},
    [HINT] = {"hint", GEO_LEG_WRITE, GEO_SERVE_WRITE},
    [HINT_BATCH] = {"hint-batch", GEO_LEG_WRITE, GEO_NO_SERVICE},
    [HINT_ACK] = {"hint-ack", GEO_LEG_ACK, GEO_NO_SERVICE},
    [HELLO] = {"hello", GEO_NO_LEG, GEO_NO_SERVICE},
    [COPY_ASK] = {"copy-ask", GEO_NO_LEG, GEO_NO_SERVICE},
    [COPY_ROWS] = {"copy-rows", GEO_NO_LEG, GEO_NO_SERVICE},
    {0},
};

static const geo_store_def stores[] = {[HINTS] = OUTBOX_STORE("hints", true, sizeof(geo_value), 0), {0}};

extern const geo_model model_quorum;
const geo_model model_quorum = {
    .abi = GEO_ABI,
    .model_bytes = sizeof(geo_model),
    .param_bytes = sizeof(geo_param),
    .name = "quorum",
    .summary = "leaderless: n copies, r and w votes, the newest version wins",
    .reflects = GEO_BY_ORDER,
    .params = params,
    .messages = messages,
    .stores = stores,
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .peer_bytes = sizeof(struct peer),
    .pending_bytes = sizeof(struct pending),
    .pending_bytes_per_replica = sizeof(geo_value),
    .legs = {0, offsetof(struct config, write), offsetof(struct config, ack), offsetof(struct config, read),
             offsetof(struct config, response), offsetof(struct config, remote)},
    .check = check,
    .placement = placement,
    .promise = promise,
    .start = on_start,
    .request = on_request,
    .message = on_message,
    .timer = on_timer,
};
