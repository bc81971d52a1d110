/* gossip.c -- epidemics: each node has a copy of everything, answers from it, and tells others of what is new
 * by talking to few of them, drawn at random. Demers et al.'s rumour mongering, with anti-entropy behind it;
 * Cassandra's and Consul's membership, Redis Cluster's bus, Riak's and Dynamo's anti-entropy.
 *
 * Rumour mongering: what a node took or was told is *hot*. Every `every` it talks to `fanout` others:
 *
 *     push       tells them all that is hot here
 *     pull       asks them for all that is hot there
 *     push-pull  both in one message
 *
 * With `feedback` the other side says which rumours it needed. A node loses interest in a rumour when it has
 * been told k times in a row that it was not needed (`stop: {counter: k}`; one that was needed starts the
 * count again), or each time with probability 1/k (`{coin: k}`). Without feedback (blind) every contact
 * counts as one that was not needed. Of the pulls that a node answered between two of its own rounds one that
 * was needed makes all count as needed, and all together count once.
 *
 *     latency      = client rtt + service: never a word to another node
 *     lag          some log2 n + ln n rounds of push until everybody knows; pull and push-pull are quicker at
 *                  the end. A rumour dies before it has reached all: the residue is exp(-traffic) with push
 *                  (traffic: tellings a node and write)
 *     promises     with anti-entropy: replicas converge. Rumours alone leave a residue: nothing is promised
 *     loses        as lww: the older of two concurrent writes; what was taken here and told nobody, with the
 * disk
 *
 * Anti-entropy: every so often a node compares all that it has with one other, drawn at random
 * (parts/comparison.h), and gets what it lacks (pull), gives what the other does (push), or both. What comes
 * this way is not made hot.
 *
 * Values are registers on hybrid clocks: counters and sets are values that are read, changed and written.
 * `phase: aligned` starts all rounds at once and takes a node's state as of the beginning of its round: what
 * was told during a round is spread from the next on, and was needed by whoever tells it in the same round:
 * the synchronous cycles of the paper. A node that lost its disk refuses until it has copied from one other.
 *
 * Sources: Demers et al.: Epidemic algorithms for replicated database maintenance, PODC 1987; Pittel: On
 * spreading a rumor, 1987 (log2 n + ln n); Karp et al.: Randomized rumor spreading, FOCS 2000 (push-pull).
 */
#include "sim/model/model.h"

#include "models/parts/clock.h"
#include "models/parts/comparison.h"
#include "models/parts/copy.h"
#include "models/parts/forward.h"

#include <stddef.h>
#include <string.h>

struct config {
    geo_choice mode, stop, phase;
    int64_t fanout;
    geo_ns every, anti_entropy;
    bool feedback;
};

enum { MODE_PUSH, MODE_PULL, MODE_PUSH_PULL };
enum { STOP_COUNTER, STOP_COIN, STOP_NEVER };
enum { PHASE_RANDOM, PHASE_ALIGNED };
enum { READ, WRITE, RUMOURS, FEEDBACK, APPLY, SUMS, VERSIONS, WANT, COPY_ASK, COPY_ROWS };
enum { RUMOUR, HOT, CLOCK };
enum { ROUND, ANTI_ENTROPY, RESTORE, COPY };
enum { TOLD_MOST = COMPARISON_GIVEN_MOST, FANOUT_MOST = 256 };
enum { ABOUT_PHASE = 1, ABOUT_PEER, ABOUT_COIN, ABOUT_OTHER, ABOUT_RESTORE };

static const geo_ns restore_every = 1000000000; /* 1 s: a node without its disk tries another to copy from */

/* What is known of a key here: the newest that was heard, which may wait to be applied. */
struct rumour {
    geo_value value;
    geo_op_id op;
    uint64_t position; /* in the list of what is hot; 0: it is not */
    uint64_t round;    /* of this node, in which it was heard */
    uint32_t bytes, useless;
    bool was_needed, was_useless; /* by pulls of this round */
};

struct hot {
    geo_key key;
};

struct state {
    struct forward_state forward;
    uint64_t round, contacts, comparisons;
    struct comparison_state comparison;
    uint32_t value_bytes; /* of the last value met: what a copied one counts on the wire */
    uint32_t tries;       /* to copy */
    bool is_empty;        /* it lost its disk, and has copied from nobody yet */
};

struct peer {
    struct copy_peer copy; /* first: copy.h */
};

struct told { /* one rumour, or row, on its way */
    geo_key key;
    geo_value value;
    geo_op_id op;
    uint32_t bytes, unused;
};

struct talk { /* `count` told follow */
    uint32_t count;
    bool is_rumour, was_pulled, asks;
};

struct verdict {
    geo_key key;
    geo_version version;
    uint64_t needed;
};

struct verdicts { /* `count` verdicts follow */
    uint32_t count;
    bool was_pulled;
};

/* ---- What is known ---- */

static struct clock *clock_of(geo_replica *r)
{
    if (geo_log_last(r, CLOCK) == 0)
        geo_log_append(r, CLOCK, &(struct clock){0});
    return geo_log_at(r, CLOCK, 1);
}

static void store(geo_replica *r, geo_key key, geo_value v)
{
    struct state *s = geo_state(r);
    geo_version before = geo_stored(r, key).version;

    if (geo_store(r, key, v))
        comparison_note(r, &s->comparison, key, before, v.version);
}

static geo_version known_of(geo_replica *r, geo_key key, const struct rumour *rumour)
{
    geo_version stored = geo_stored(r, key).version;

    return geo_newer(rumour->value.version, stored) ? rumour->value.version : stored;
}

static void heat(geo_replica *r, const struct told *t)
{
    struct state *s = geo_state(r);
    uint64_t position = ((struct rumour *)geo_row(r, RUMOUR, t->key))->position;

    if (position == 0)
        position = geo_log_append(r, HOT, &(struct hot){t->key});
    *(struct rumour *)geo_row(r, RUMOUR, t->key) = (struct rumour){
        .value = t->value, .op = t->op, .position = position, .round = s->round, .bytes = t->bytes};
}

/* The list without what is no longer hot at its front. */
static void hot_cut(geo_replica *r)
{
    uint64_t first = geo_log_first(r, HOT), last = geo_log_last(r, HOT), keep = first;

    while (keep <= last &&
           ((struct rumour *)geo_row(r, RUMOUR, ((struct hot *)geo_log_at(r, HOT, keep))->key))->position !=
               keep)
        keep++;
    if (keep != first)
        geo_log_cut(r, HOT, keep, last);
}

/* One contact that was not needed, or that nobody says anything about. */
static void count_useless(geo_replica *r, struct rumour *rumour)
{
    const struct config *c = geo_config(r);
    struct state *s = geo_state(r);
    uint64_t about = (uint64_t)ABOUT_COIN << 56 | ++s->contacts;

    bool loses_interest =
        c->stop.index == STOP_COUNTER
            ? ++rumour->useless >= (uint64_t)c->stop.number
            : c->stop.index == STOP_COIN && geo_chance(r, about) * (double)c->stop.number < 1;
    if (loses_interest)
        rumour->position = 0;
}

/* ---- Rumours ---- */

static void tell(geo_replica *r, geo_node to, const struct talk *talk, const struct told *all)
{
    _Alignas(8) unsigned char body[sizeof *talk + TOLD_MOST * sizeof *all];
    uint64_t wire = 0;

    memcpy(body, talk, sizeof *talk);
    memcpy(body + sizeof *talk, all, talk->count * sizeof *all);
    for (uint32_t i = 0; i < talk->count; i++)
        wire += all[i].bytes;
    geo_send(r, to, (geo_out){.type = RUMOURS, .wire_bytes = wire, .op = talk->count == 1 ? all[0].op : 0},
             body, sizeof *talk + talk->count * sizeof *all);
}

/* All that is hot, to one other; an ask for what is hot there goes along. */
static void talk_to(geo_replica *r, geo_node to, bool tells, bool asks, bool was_pulled)
{
    const struct config *c = geo_config(r);
    const struct state *s = geo_state(r);
    struct told all[TOLD_MOST];
    struct talk talk = {.is_rumour = true, .asks = asks, .was_pulled = was_pulled};

    for (uint64_t p = geo_log_first(r, HOT); tells && p <= geo_log_last(r, HOT); p++) {
        geo_key key = ((struct hot *)geo_log_at(r, HOT, p))->key;
        struct rumour *rumour = geo_row(r, RUMOUR, key);
        if (rumour->position != p || (c->phase.index == PHASE_ALIGNED && rumour->round == s->round))
            continue;
        all[talk.count++] =
            (struct told){.key = key, .value = rumour->value, .op = rumour->op, .bytes = rumour->bytes};
        if (!c->feedback && was_pulled)
            rumour->was_useless = true;
        else if (!c->feedback)
            count_useless(r, rumour);
        if (talk.count == TOLD_MOST) {
            tell(r, to, &talk, all);
            talk.count = 0;
            talk.asks = false;
        }
    }
    if (talk.count > 0 || talk.asks)
        tell(r, to, &talk, all);
}

/* What the pulls of the last round come to. */
static void settle_pulls(geo_replica *r)
{
    for (uint64_t p = geo_log_first(r, HOT); p <= geo_log_last(r, HOT); p++) {
        struct rumour *rumour = geo_row(r, RUMOUR, ((struct hot *)geo_log_at(r, HOT, p))->key);
        if (rumour->position != p)
            continue;
        if (rumour->was_needed)
            rumour->useless = 0;
        else if (rumour->was_useless)
            count_useless(r, rumour);
        rumour->was_needed = rumour->was_useless = false;
    }
    hot_cut(r);
}

/* Another node, evenly. */
static geo_node other_draw(geo_replica *r, uint64_t what, uint64_t count)
{
    geo_node other = (geo_node)(geo_chance(r, what << 56 | count) * (geo_nodes(r) - 1));

    return other >= geo_self(r) ? other + 1 : other;
}

/* `fanout` different others. */
static uint32_t others_draw(geo_replica *r, geo_node *out)
{
    const struct config *c = geo_config(r);
    struct state *s = geo_state(r);
    uint32_t count = 0, want = geo_nodes(r) - 1;

    if ((uint64_t)c->fanout >= want) { /* everybody */
        for (geo_node n = 0; n < geo_nodes(r) && count < FANOUT_MOST; n++)
            if (n != geo_self(r))
                out[count++] = n;
        return count;
    }
    while (count < (uint32_t)c->fanout) {
        uint32_t i = 0;
        out[count] = other_draw(r, ABOUT_PEER, ++s->contacts);
        while (out[i] != out[count])
            i++;
        count += i == count;
    }
    return count;
}

static void round_begin(geo_replica *r)
{
    const struct config *c = geo_config(r);
    struct state *s = geo_state(r);
    geo_node others[FANOUT_MOST];

    s->round++;
    settle_pulls(r);
    bool is_idle = geo_log_first(r, HOT) > geo_log_last(r, HOT) && c->mode.index == MODE_PUSH;
    uint32_t count = geo_nodes(r) > 1 && !is_idle && !s->is_empty ? others_draw(r, others) : 0;
    for (uint32_t i = 0; i < count; i++)
        talk_to(r, others[i], c->mode.index != MODE_PULL, c->mode.index != MODE_PUSH, false);
    hot_cut(r);
}

/* Is it new here? With aligned rounds also what was new when this round began. */
static bool take_in(geo_replica *r, const struct told *t, bool is_rumour)
{
    const struct config *c = geo_config(r);
    struct state *s = geo_state(r);
    struct rumour *rumour = geo_row(r, RUMOUR, t->key);
    geo_version known = known_of(r, t->key, rumour);

    if (!geo_newer(t->value.version, known))
        return c->phase.index == PHASE_ALIGNED && known.write == t->value.version.write &&
               rumour->value.version.write == known.write && rumour->round == s->round;
    s->value_bytes = t->bytes;
    if (is_rumour)
        heat(r, t);
    else if (rumour->position == 0)
        rumour->value = t->value;
    geo_send(r, geo_self(r), (geo_out){.type = APPLY, .op = t->op}, t, sizeof *t);
    return true;
}

static void on_rumours(geo_replica *r, const geo_message *m)
{
    const struct config *c = geo_config(r);
    const struct state *s = geo_state(r);
    _Alignas(8) unsigned char body[sizeof(struct verdicts) + TOLD_MOST * sizeof(struct verdict)];
    struct talk talk;
    struct told t;

    memcpy(&talk, m->body, sizeof talk);
    struct verdicts says = {.count = talk.count, .was_pulled = talk.was_pulled};
    memcpy(body, &says, sizeof says);
    if (talk.asks && !s->is_empty) /* what is told here now is no answer */
        talk_to(r, m->from, true, false, true);
    for (uint32_t i = 0; i < talk.count; i++) {
        memcpy(&t, (const unsigned char *)m->body + sizeof talk + i * sizeof t, sizeof t);
        struct verdict v = {t.key, t.value.version, take_in(r, &t, talk.is_rumour)};
        memcpy(body + sizeof says + i * sizeof v, &v, sizeof v);
    }
    if (talk.is_rumour && c->feedback && talk.count > 0)
        geo_send(r, m->from, (geo_out){.type = FEEDBACK, .wire_bytes = (talk.count + 7) / 8, .op = m->op},
                 body, sizeof says + talk.count * sizeof(struct verdict));
}

static void on_feedback(geo_replica *r, const geo_message *m)
{
    struct verdicts says;
    struct verdict v;

    memcpy(&says, m->body, sizeof says);
    for (uint32_t i = 0; i < says.count; i++) {
        memcpy(&v, (const unsigned char *)m->body + sizeof says + i * sizeof v, sizeof v);
        struct rumour *rumour = geo_row(r, RUMOUR, v.key);
        if (rumour->position == 0 || rumour->value.version.write != v.version.write)
            continue;
        if (says.was_pulled) {
            rumour->was_needed = rumour->was_needed || v.needed != 0;
            rumour->was_useless = true;
        } else if (v.needed != 0) {
            rumour->useless = 0;
        } else {
            count_useless(r, rumour);
        }
    }
    hot_cut(r);
}

/* ---- Anti-entropy ---- */

static void give(geo_replica *r, geo_node to, const geo_key *keys, uint32_t count)
{
    const struct state *s = geo_state(r);
    struct told all[TOLD_MOST];
    uint32_t i = 0;

    do {
        all[i] = (struct told){.key = keys[i], .value = geo_stored(r, keys[i]), .bytes = s->value_bytes};
    } while (++i < count);
    tell(r, to, &(struct talk){.count = count}, all);
}

static struct comparison_def comparing(const geo_replica *r)
{
    const struct config *c = geo_config(r);

    return (struct comparison_def){.sums = SUMS,
                                   .versions = VERSIONS,
                                   .want = WANT,
                                   .gets = c->mode.index != MODE_PUSH,
                                   .gives = c->mode.index != MODE_PULL,
                                   .give = give};
}

static void compare_begin(geo_replica *r)
{
    struct state *s = geo_state(r);
    struct comparison_def comparison = comparing(r);

    if (geo_nodes(r) > 1 && !s->is_empty)
        comparison_begin(r, &s->comparison, &comparison, other_draw(r, ABOUT_OTHER, ++s->comparisons));
}

/* ---- Copies, for a node that lost its disk ---- */

static size_t pack(geo_replica *r, geo_key key, const void *kept, void *payload, uint64_t *wire_bytes)
{
    const struct state *s = geo_state(r);
    geo_value v = geo_stored(r, key);

    (void)kept;
    if (v.version.write == 0)
        return 0;
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
    clock_observe(clock_of(r), v.version.stamp);
    store(r, key, v);
    return true;
}

static const struct copy_def copying = {
    .ask = COPY_ASK, .rows = COPY_ROWS, .timer = COPY, .again = 1000000000, .pack = pack, .unpack = unpack};

/* Asks one other for all it has, and after a while another: the first may be down, or as empty. When each has
 * been asked twice, all are. */
static void restore(geo_replica *r)
{
    struct state *s = geo_state(r);

    if (!s->is_empty)
        return;
    s->is_empty = geo_nodes(r) > 1 && s->tries++ < 2 * geo_nodes(r);
    if (!s->is_empty)
        return;
    copy_begin(r, &copying, other_draw(r, ABOUT_RESTORE, s->tries + ((uint64_t)geo_incarnation(r) << 24)));
    geo_arm(r, restore_every, RESTORE, 0);
}

/* ---- The node ---- */

static void phase_arm(geo_replica *r, geo_ns every, uint32_t timer)
{
    const struct config *c = geo_config(r);
    double share = c->phase.index == PHASE_ALIGNED ? 1 : geo_chance(r, (uint64_t)ABOUT_PHASE << 56 | timer);

    if (every > 0)
        geo_arm(r, (geo_ns)((double)every * share), timer, 0);
}

static void on_start(geo_replica *r, enum geo_lost lost)
{
    const struct config *c = geo_config(r);
    struct state *s = geo_state(r);

    for (geo_key key = 0; lost == GEO_LOST_MEMORY && key < geo_keys(r); key++)
        comparison_note(r, &s->comparison, key, (geo_version){0}, geo_stored(r, key).version);
    s->is_empty = lost == GEO_LOST_DISK;
    phase_arm(r, c->every, ROUND);
    phase_arm(r, c->anti_entropy, ANTI_ENTROPY);
    restore(r);
}

static void on_timer(geo_replica *r, uint32_t type, uint64_t arg)
{
    const struct config *c = geo_config(r);

    if (type == ROUND) {
        geo_arm(r, c->every, ROUND, 0);
        round_begin(r);
    } else if (type == ANTI_ENTROPY) {
        geo_arm(r, c->anti_entropy, ANTI_ENTROPY, 0);
        compare_begin(r);
    } else if (type == RESTORE) {
        restore(r);
    } else {
        copy_ask_again(r, &copying, (geo_node)arg);
    }
}

static void on_request(geo_replica *r, const geo_op *op)
{
    struct state *s = geo_state(r);

    forward_request(r, &s->forward, op, geo_self(r), geo_self(r), op->kind == GEO_READ ? READ : WRITE);
}

static enum geo_outcome write(geo_replica *r, const geo_op *op)
{
    struct state *s = geo_state(r);
    geo_value value = geo_stored(r, op->key);

    if (!geo_value_after(&value, op))
        return GEO_NO;
    value.version =
        (geo_version){.stamp = clock_stamp(clock_of(r), CLOCK_HYBRID, geo_now(r)), .write = op->write};
    s->value_bytes = op->value_bytes;
    geo_take(r, op, value.version);
    store(r, op->key, value);
    heat(r, &(struct told){.key = op->key, .value = value, .op = op->id, .bytes = op->value_bytes});
    return GEO_OK;
}

static void serve(geo_replica *r, const geo_message *m)
{
    const struct state *s = geo_state(r);
    const struct forward_request *request = m->body;
    const geo_op *op = &request->op;

    if (s->is_empty) {
        forward_answer(r, request->asked, READ, op, GEO_REFUSED, NULL, 0);
    } else if (m->type == READ) {
        geo_value value = geo_stored(r, op->key);
        forward_answer(r, request->asked, READ, op, GEO_OK, &value, 0);
    } else {
        forward_answer(r, request->asked, WRITE, op, write(r, op), NULL, 0);
    }
}

static void on_message(geo_replica *r, const geo_message *m)
{
    struct state *s = geo_state(r);
    struct comparison_def comparison = comparing(r);
    struct told t;

    switch (m->type) {
    case READ:
    case WRITE:
        serve(r, m);
        break;
    case RUMOURS:
        on_rumours(r, m);
        break;
    case FEEDBACK:
        on_feedback(r, m);
        break;
    case APPLY:
        memcpy(&t, m->body, sizeof t);
        clock_observe(clock_of(r), t.value.version.stamp);
        store(r, t.key, t.value);
        break;
    case SUMS:
        if (!s->is_empty)
            comparison_message(r, &s->comparison, &comparison, m);
        break;
    case VERSIONS:
    case WANT:
        comparison_message(r, &s->comparison, &comparison, m);
        break;
    case COPY_ASK:
        if (!s->is_empty)
            copy_give(r, &copying, m, 0);
        break;
    default:
        if (copy_take(r, &copying, m))
            s->is_empty = false;
    }
}

/* ---- What it is ---- */

static const char *check(const void *config, const geo_setting *s)
{
    const struct config *c = config;

    if (c->fanout > FANOUT_MOST || (c->fanout >= s->nodes && s->nodes > FANOUT_MOST))
        return "fanout is more than 256: use 256 or fewer";
    return NULL;
}

static geo_placement placement(const void *config, const geo_setting *s)
{
    (void)config;
    return (geo_placement){.kind = GEO_PER_NODE, .copies = s->nodes};
}

static geo_promise promise(const void *config, const geo_setting *s)
{
    const struct config *c = config;

    (void)s;
    return (geo_promise){.checks = c->anti_entropy > 0 ? UINT64_C(1) << GEO_EVENTUAL : 0};
}

static const geo_param params[] = {
    {"mode", GEO_PARAM_CHOICE, offsetof(struct config, mode), "push-pull", NULL, NULL, "push|pull|push-pull",
     "tells the others what is hot here, asks them what is hot there, or both"},
    {"fanout", GEO_PARAM_INTEGER, offsetof(struct config, fanout), "1", "1", "256", NULL,
     "how many others, drawn at random, a node talks to in a round"},
    {"every", GEO_PARAM_TIME, offsetof(struct config, every), "100ms", "1us", NULL, NULL,
     "from one round of a node to its next"},
    {"phase", GEO_PARAM_CHOICE, offsetof(struct config, phase), "random", NULL, NULL, "random|aligned",
     "when a node's rounds begin: each at its own time, or all at once, as the synchronous cycles of theory"},
    {"stop", GEO_PARAM_CHOICE, offsetof(struct config, stop), "{counter: 2}", NULL, NULL,
     "counter <count>|coin <count>|never",
     "when a node loses interest in a rumour: after so many contacts in a row that did not need it, with "
     "probability 1 / count at each of them, or never"},
    {"feedback", GEO_PARAM_FLAG, offsetof(struct config, feedback), "true", NULL, NULL, NULL,
     "the other side says what it needed; without it every contact counts towards stop"},
    {"anti_entropy", GEO_PARAM_TIME, offsetof(struct config, anti_entropy), "1s", "0", NULL, NULL,
     "how often a node compares all that it has with another, drawn at random; 0: never, and rumours leave a "
     "residue"},
    {0},
};

static const geo_message_def messages[] = {
    [READ] = {"read", GEO_NO_LEG, GEO_SERVE_READ},
    [WRITE] = {"write", GEO_NO_LEG, GEO_SERVE_WRITE},
    [RUMOURS] = {"rumours", GEO_NO_LEG, GEO_NO_SERVICE},
    [FEEDBACK] = {"feedback", GEO_NO_LEG, GEO_NO_SERVICE},
    [APPLY] = {"apply", GEO_NO_LEG, GEO_SERVE_APPLY},
    [SUMS] = {"sums", GEO_NO_LEG, GEO_NO_SERVICE},
    [VERSIONS] = {"versions", GEO_NO_LEG, GEO_NO_SERVICE},
    [WANT] = {"want", GEO_NO_LEG, GEO_NO_SERVICE},
    [COPY_ASK] = {"copy-ask", GEO_NO_LEG, GEO_NO_SERVICE},
    [COPY_ROWS] = {"copy-rows", GEO_NO_LEG, GEO_NO_SERVICE},
    {0},
};

static const geo_store_def stores[] = {
    [RUMOUR] = {.name = "rumour", .kind = GEO_ROWS, .record_bytes = sizeof(struct rumour)},
    [HOT] = {.name = "hot", .kind = GEO_LOG, .record_bytes = sizeof(struct hot)},
    [CLOCK] = {.name = "clock", .kind = GEO_LOG, .durable = true, .record_bytes = sizeof(struct clock)},
    {0},
};

extern const geo_model model_gossip;
const geo_model model_gossip = {
    .abi = GEO_ABI,
    .model_bytes = sizeof(geo_model),
    .param_bytes = sizeof(geo_param),
    .name = "gossip",
    .summary = "each node tells a few others, drawn at random; comparing copies mends what rumours miss",
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
};
