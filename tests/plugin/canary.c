/* canary.c -- a model that is right but for something rare, and promises what that breaks: each must be
 * caught (tests/cli/canaries.sh), and the same without its flaw must be accused of nothing.
 *
 * The primary of primary.c, with reads there or at hand, and one flaw of these:
 *
 *     stale       one read in so many is answered by the copy at hand
 *     roaming     reads of sessions that are away from home are answered by the copy at hand
 *     older       one write in so many is put before the value that it found, so that it never shows
 *     forgetful   one write in so many is answered and not kept
 *     deaf        the copies of one key in so many are never updated
 *     dropped     one write in so many is not sent to the copies
 *     different   one copy in so many of a counter is off by one until the next write
 */
#include "sim/model/model.h"

#include <stddef.h>

struct config {
    geo_region primary;
    geo_choice flaw, promise, read;
    int64_t one_in;
};
struct copy {
    geo_key key;
    geo_value value;
};
struct reply {
    geo_op_id id;
    geo_answer answer;
    geo_value value;
};

enum { READ, WRITE, COPY, REPLY };
enum { NONE, STALE, ROAMING, OLDER, FORGETFUL, DEAF, DROPPED, DIFFERENT };
enum { READ_PRIMARY, READ_NEAR };

static bool strikes(const geo_replica *r, uint32_t flaw, uint64_t about)
{
    const struct config *c = geo_config(r);

    about ^= about >> 31; /* a spread of names over all numbers */
    about *= UINT64_C(0x7fb5d329728ea185);
    about ^= about >> 27;
    return c->flaw.index == flaw && about % (uint64_t)c->one_in == 0;
}

/* The region whose copy answers a read. */
static geo_region reader(const geo_replica *r, const geo_op *op)
{
    const struct config *c = geo_config(r);
    geo_region here = geo_region_of(r, geo_self(r));
    bool near = c->read.index == READ_NEAR || strikes(r, STALE, op->id) ||
                (c->flaw.index == ROAMING && here != op->client);

    return near ? here : c->primary;
}

static void on_request(geo_replica *r, const geo_op *op)
{
    const struct config *c = geo_config(r);
    geo_out read = {.type = READ, .op = op->id};
    geo_out write = {.type = WRITE, .lane = 1, .wire_bytes = op->value_bytes, .op = op->id};
    bool reads = op->kind == GEO_READ;

    geo_send(r, geo_holder_in(r, op->key, reads ? reader(r, op) : c->primary), reads ? read : write, op,
             sizeof *op);
}

static enum geo_outcome write(geo_replica *r, const geo_op *op)
{
    struct copy copy = {.key = op->key, .value = geo_stored(r, op->key)};
    geo_node holders[256];
    geo_out how = {.type = COPY, .wire_bytes = op->value_bytes, .op = op->id};

    if (strikes(r, FORGETFUL, op->id))
        return GEO_OK;
    if (!geo_value_after(&copy.value, op))
        return GEO_NO;
    copy.value.version =
        (geo_version){copy.value.version.stamp + (strikes(r, OLDER, op->id) ? -1 : 2), op->write};
    geo_take(r, op, copy.value.version);
    geo_store(r, op->key, copy.value);
    for (uint32_t i = 0, n = geo_holders(r, op->key, holders, 256); i < n; i++)
        if (holders[i] != geo_self(r) && !strikes(r, DROPPED, op->id))
            geo_send(r, holders[i], how, &copy, sizeof copy);
    return GEO_OK;
}

static void keep(geo_replica *r, struct copy copy)
{
    if (strikes(r, DEAF, copy.key + 1))
        return;
    copy.value.number += strikes(r, DIFFERENT, copy.value.version.write);
    geo_store(r, copy.key, copy.value);
}

static void on_message(geo_replica *r, const geo_message *m)
{
    if (m->type == COPY) {
        keep(r, *(const struct copy *)m->body);
    } else if (m->type == REPLY) {
        struct reply reply = *(const struct reply *)m->body;
        reply.answer.values = &reply.value;
        geo_reply(r, reply.id, &reply.answer);
    } else {
        const geo_op *op = m->body;
        bool reads = m->type == READ;
        struct reply reply = {.id = op->id, .answer.value_count = reads, .value = geo_stored(r, op->key)};
        reply.answer.outcome = reads ? GEO_OK : (uint8_t)write(r, op);
        geo_out how = {.type = REPLY, .wire_bytes = reads ? op->value_bytes : 0, .op = op->id};
        geo_send(r, m->from, how, &reply, sizeof reply);
    }
}

static geo_placement placement(const void *config, const geo_setting *s)
{
    (void)config, (void)s;
    return (geo_placement){.kind = GEO_PER_REGION};
}

/* One check, or with `all` what a primary promises. The bounds hold for copies at hand: a way between regions
 * takes less than a second here, in which no key has 20 writes. */
static geo_promise promise(const void *config, const geo_setting *s)
{
    const struct config *c = config;
    uint64_t all = (UINT64_C(1) << GEO_CHECKS) - 1;
    uint32_t check = c->promise.index > GEO_BOUNDED_STALENESS ? c->promise.index - 1 : c->promise.index;

    (void)s;
    return (geo_promise){.checks = c->promise.index == GEO_CHECKS + 1 ? all : UINT64_C(1) << check,
                         .stale_ns_max = c->promise.index == GEO_BOUNDED_STALENESS + 1 ? 0 : 1000000000,
                         .stale_versions_max = c->promise.index == GEO_BOUNDED_STALENESS + 1 ? 20 : 0};
}

static const geo_param params[] = {
    {"primary", GEO_PARAM_REGION, offsetof(struct config, primary), "first", NULL, NULL, NULL,
     "where operations go"},
    {"flaw", GEO_PARAM_CHOICE, offsetof(struct config, flaw), "none", NULL, NULL,
     "none|stale|roaming|older|forgetful|deaf|dropped|different", "what is wrong with it"},
    {"promise", GEO_PARAM_CHOICE, offsetof(struct config, promise), "all", NULL, NULL,
     "linearizable|sequential|causal|read_your_writes|monotonic_reads|monotonic_writes|writes_follow_reads|"
     "bounded_staleness|bounded_versions|eventual|strong_eventual|nothing_lost|all",
     "what it claims"},
    {"read", GEO_PARAM_CHOICE, offsetof(struct config, read), "primary", NULL, NULL, "primary|near",
     "who answers reads"},
    {"one_in", GEO_PARAM_INTEGER, offsetof(struct config, one_in), "1000", "1", NULL, NULL,
     "how rare the flaw is"},
    {0}};
static const geo_message_def messages[] = {[READ] = {"read", GEO_NO_LEG, GEO_SERVE_READ},
                                           [WRITE] = {"write", GEO_NO_LEG, GEO_SERVE_WRITE},
                                           [COPY] = {"copy", GEO_NO_LEG, GEO_SERVE_APPLY},
                                           [REPLY] = {"reply", GEO_NO_LEG, GEO_NO_SERVICE},
                                           {0}};
static const geo_model canary = {.abi = GEO_ABI,
                                 .model_bytes = sizeof(geo_model),
                                 .param_bytes = sizeof(geo_param),
                                 .name = "canary",
                                 .summary = "a primary that is right but for something rare",
                                 .reflects = GEO_BY_ORDER,
                                 .params = params,
                                 .messages = messages,
                                 .config_bytes = sizeof(struct config),
                                 .placement = placement,
                                 .promise = promise,
                                 .request = on_request,
                                 .message = on_message};

const geo_model *geo_plugin(void);
const geo_model *geo_plugin(void)
{
    return &canary;
}
