/* primary.c -- a model as a plug-in, as small as one can be: one primary copy, which tells the backups and
 * does not wait.
 *
 * The first region's node of a key serves all operations; the others are told of each write, and are there to
 * be read by nobody. models/README.md goes through it step by step. Built as a shared object it is loaded by
 * `georep run --plugin`.
 */
#include "sim/model/model.h"

#include <stddef.h>

struct config {
    geo_region primary;
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

static void on_request(geo_replica *r, const geo_op *op)
{
    const struct config *c = geo_config(r);
    geo_out read = {.type = READ, .op = op->id};
    geo_out write = {.type = WRITE, .wire_bytes = op->value_bytes, .op = op->id};

    geo_send(r, geo_holder_in(r, op->key, c->primary), op->kind == GEO_READ ? read : write, op, sizeof *op);
}

/* At the primary, when the write's service is done: it takes the write, stores it, and tells the backups. */
static enum geo_outcome write(geo_replica *r, const geo_op *op)
{
    struct copy copy = {.key = op->key, .value = geo_stored(r, op->key)};
    geo_node holders[256];
    geo_out how = {.type = COPY, .wire_bytes = op->value_bytes, .op = op->id};

    if (!geo_value_after(&copy.value, op))
        return GEO_NO;
    copy.value.version = (geo_version){copy.value.version.stamp + 1, op->write};
    geo_take(r, op, copy.value.version);
    geo_store(r, op->key, copy.value);
    for (uint32_t i = 0, n = geo_holders(r, op->key, holders, 256); i < n; i++)
        if (holders[i] != geo_self(r))
            geo_send(r, holders[i], how, &copy, sizeof copy);
    return GEO_OK;
}

static void on_message(geo_replica *r, const geo_message *m)
{
    if (m->type == COPY) {
        const struct copy *copy = m->body;
        geo_store(r, copy->key, copy->value);
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

static geo_promise promise(const void *config, const geo_setting *s)
{
    (void)config, (void)s;
    return (geo_promise){.checks = UINT64_C(1) << GEO_LINEARIZABLE};
}

static const geo_param params[] = {{"primary", GEO_PARAM_REGION, offsetof(struct config, primary), "first",
                                    NULL, NULL, NULL, "where all operations go"},
                                   {0}};
static const geo_message_def messages[] = {[READ] = {"read", GEO_NO_LEG, GEO_SERVE_READ},
                                           [WRITE] = {"write", GEO_NO_LEG, GEO_SERVE_WRITE},
                                           [COPY] = {"copy", GEO_NO_LEG, GEO_SERVE_APPLY},
                                           [REPLY] = {"reply", GEO_NO_LEG, GEO_NO_SERVICE},
                                           {0}};
static const geo_model primary = {.abi = GEO_ABI,
                                  .model_bytes = sizeof(geo_model),
                                  .param_bytes = sizeof(geo_param),
                                  .name = "primary",
                                  .summary = "one primary copy, and backups that are told",
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
    return &primary;
}
