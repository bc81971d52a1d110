/* local.c -- one copy in one region; everybody travels to it.
 *
 * The corner of the CAP triangle without P, and what most systems start as: a single-region PostgreSQL or
 * MySQL with clients elsewhere. It is the yardstick: no strategy is simpler, none is more consistent, and
 * whoever is far pays for each read as for each write.
 *
 *     latency      = client rtt + rtt(client's region, leader) + service (read or write)
 *     promises     all of the consistency models, up to linearizable: there is one copy, and it does one
 *                  thing at a time
 *     loses        everything, with the disk; the availability of every region that cannot reach the leader
 *
 * An operation takes effect in one handler at the leader's node, when its service is done: the order of the
 * versions of a key is the order of these instants. A stamp is the stored version's plus one, so that it
 * lives exactly as long as the data. A retry overwrites with the same identity; of a counter or a set it is
 * applied again, as an at-least-once client has it; but a retry of a key's last write is told the answer
 * again.
 *
 * Source: Gilbert, Lynch: Brewer's conjecture and the feasibility of consistent, available,
 * partition-tolerant web services, 2002, section 3.2 (consistent, and available where there is no partition:
 * "centralized algorithms").
 */
#include "sim/model/model.h"

#include "models/parts/forward.h"

#include <stddef.h>

struct config {
    geo_region leader;
};

enum { REQUEST_READ, REQUEST_WRITE, REPLY };

static void on_request(geo_replica *r, const geo_op *op)
{
    const struct config *c = geo_config(r);

    forward_request(r, geo_state(r), op, geo_self(r), geo_holder_in(r, op->key, c->leader),
                    op->kind == GEO_READ ? REQUEST_READ : REQUEST_WRITE);
}

static void write(geo_replica *r, const geo_op *op, geo_node asked)
{
    geo_value value = geo_stored(r, op->key);

    if (op->attempt > 0 && value.version.write == op->write) {
        forward_answer(r, asked, REPLY, op, GEO_OK, NULL, 0);
        return;
    }
    if (!geo_value_after(&value, op)) {
        forward_answer(r, asked, REPLY, op, GEO_NO, NULL, 0);
        return;
    }
    value.version = (geo_version){.stamp = value.version.stamp + 1, .write = op->write};
    geo_take(r, op, value.version);
    geo_store(r, op->key, value);
    forward_answer(r, asked, REPLY, op, GEO_OK, NULL, 0);
}

static void on_message(geo_replica *r, const geo_message *m)
{
    if (m->type == REPLY) {
        forward_answered(r, m);
        return;
    }
    const struct forward_request *request = m->body;
    if (forward_repeats(r, geo_peer(r, m->from), m))
        return;
    if (m->type == REQUEST_WRITE) {
        write(r, &request->op, request->asked);
        return;
    }
    geo_value value = geo_stored(r, request->op.key);
    forward_answer(r, request->asked, REPLY, &request->op, GEO_OK, &value, 0);
}

static geo_placement placement(const void *config, const geo_setting *s)
{
    const struct config *c = config;

    (void)s;
    return (geo_placement){.kind = GEO_ONE_COPY, .copies = 1, .region = c->leader};
}

static geo_promise promise(const void *config, const geo_setting *s)
{
    (void)config;
    geo_promise p = {.checks = UINT64_C(1) << GEO_LINEARIZABLE | UINT64_C(1) << GEO_SEQUENTIAL |
                               UINT64_C(1) << GEO_CAUSAL | UINT64_C(1) << GEO_READ_YOUR_WRITES |
                               UINT64_C(1) << GEO_MONOTONIC_READS | UINT64_C(1) << GEO_MONOTONIC_WRITES |
                               UINT64_C(1) << GEO_WRITES_FOLLOW_READS | UINT64_C(1) << GEO_EVENTUAL};

    if (s->retries)
        p.checks &= ~GEO_BROKEN_BY_REPETITION;
    return p;
}

static const geo_param params[] = {
    {"leader", GEO_PARAM_REGION, offsetof(struct config, leader), "first", NULL, NULL, NULL,
     "the region that has the copy; the default is the first region that has nodes"},
    {0},
};

static const geo_message_def messages[] = {
    [REQUEST_READ] = {"request-read", GEO_NO_LEG, GEO_SERVE_READ},
    [REQUEST_WRITE] = {"request-write", GEO_NO_LEG, GEO_SERVE_WRITE},
    [REPLY] = {"reply", GEO_NO_LEG, GEO_NO_SERVICE},
    {0},
};

extern const geo_model model_local;
const geo_model model_local = {
    .abi = GEO_ABI,
    .model_bytes = sizeof(geo_model),
    .param_bytes = sizeof(geo_param),
    .name = "local",
    .summary = "one copy in one region; everybody travels to it",
    .reflects = GEO_BY_ORDER,
    .params = params,
    .messages = messages,
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct forward_state),
    .peer_bytes = sizeof(struct forward_peer),
    .placement = placement,
    .promise = promise,
    .request = on_request,
    .message = on_message,
};
