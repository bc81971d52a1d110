/* sessions.c -- see sessions.h. */
#include "sim/world/sessions.h"

#include "sim/base/check.h"
#include "sim/base/hot.h"
#include "sim/world/client_way_inline.h"
#include "sim/world/message.h"

static const struct workload_def *workload_of(const struct world *w, uint32_t region)
{
    return w->workload.regions[region].def;
}

static uint64_t identity_of(const struct operation *one, uint8_t attempt, bool as_new)
{
    return (one->op.id & ~UINT64_C(0xff)) | (as_new ? attempt : 0);
}

/* The rows of all that comes are asked for at once: where each waits for a page to be looked up, they wait
 * together, and nothing waits for them. */
static APART void look_ahead(struct world *w, uint32_t region)
{
    const struct region_clients *c = &w->workload.regions[region];
    uint64_t keys[WISHES_AHEAD];

    workload_look_ahead(&w->workload, region);
#pragma GCC unroll 1
    for (uint32_t i = 0; i < WISHES_AHEAD; i++)
        keys[i] = c->wishes[i].key;
    w->hooks.soon(w->hooks.self, c->home, keys, WISHES_AHEAD);
}

HOT void next_arrival(struct world *w, uint32_t region, uint64_t number, sim_ns before)
{
    if (workload_is_used_up(&w->workload, region, number))
        look_ahead(w, region);
    sim_ns at = workload_next_arrival(&w->workload, &w->timetable, region, number, before);

    w->arrivals[region] = number;
    agenda_set_line(&w->agenda, AGENDA_ARRIVALS, region,
                    at < w->def->duration_ns ? agenda_key_of(at, world_order(w, region)) : AGENDA_NONE);
}

static void next_thought(struct world *w, uint32_t region, uint32_t session)
{
    struct session *one = &w->workload.regions[region].sessions[session];
    sim_ns at = w->now + workload_think(&w->workload, region, session, one->count + 1);

    if (at < w->def->duration_ns)
        world_at(w, region, at, (struct event){.kind = EVENT_THINK, .node = region, .type = session});
}

void sessions_start(struct world *w)
{
    for (uint32_t g = 0; g < w->def->region_count; g++) {
        const struct workload_def *def = workload_of(w, g);
        if (def->arrivals != ARRIVALS_CLOSED)
            next_arrival(w, g, 1, 0);
        else
            for (uint32_t s = 0; s < def->clients; s++)
                next_thought(w, g, s);
    }
}

/* Is the region up? If not, *since: when its last node went down. */
static bool region_up(const struct world *w, uint32_t region, sim_ns *since)
{
    uint32_t first = w->places.region_first_node[region];

    *since = -1;
    for (uint32_t i = 0; i < w->places.region_node_count[region]; i++) {
        const struct node *node = &w->nodes[first + i];
        if (!node->down)
            return true;
        *since = node->down_since > *since ? node->down_since : *since;
    }
    return false;
}

static sim_ns rtt_between(const struct world *w, uint32_t from, uint32_t to)
{
    return from == to ? 0 : w->def->links[from * w->def->region_count + to].rtt_median_ns;
}

/* The region whose nodes an operation issued in `at` goes to now. */
static uint32_t route(const struct world *w, uint32_t client, uint32_t at)
{
    const struct workload_def *def = workload_of(w, client);
    uint32_t target = workload_target(w->def, &w->places, client, at);
    sim_ns since;

    if (w->down_count == 0)
        return target;
    if (region_up(w, target, &since) || !def->failover || w->now - since < def->failover_after_ns)
        return target;
    uint32_t best = target;
    sim_ns best_rtt = SIM_NS_NEVER;
    for (uint32_t g = 0; g < w->def->region_count; g++)
        if (region_up(w, g, &since) && rtt_between(w, at, g) < best_rtt) {
            best = g;
            best_rtt = rtt_between(w, at, g);
        }
    return best;
}

static APART uint32_t node_up_for(const struct world *w, uint32_t first, uint32_t count, uint32_t session)
{
    uint32_t up = 0;

    for (uint32_t i = 0; i < count; i++)
        up += !w->nodes[first + i].down;
    if (up == 0)
        return first + session % count;
    uint32_t want = session % up;
    for (uint32_t i = 0;; i++)
        if (!w->nodes[first + i].down && want-- == 0)
            return first + i;
}

/* A session keeps to one node of its region: its number modulo the nodes that are up (of all, when none is).
 */
static uint32_t node_for(const struct world *w, uint32_t region, uint32_t session)
{
    uint32_t first = w->places.region_first_node[region], count = w->places.region_node_count[region];

    CHECK(count > 0); /* routes lead to regions with nodes alone */
    if (w->down_count > 0)
        return node_up_for(w, first, count, session);
    return count == 1 ? first : first + session % count;
}

/* Both of these; the region of the node that is returned into *region. */
HOT uint32_t target_of(const struct world *w, const struct region_clients *c, uint32_t client,
                       const struct operation *one, uint32_t *region)
{
    bool at_home = w->down_count == 0 && one->at_region == client;

    *region = at_home ? c->home : route(w, client, one->at_region);
    return at_home && c->home_node != UINT32_MAX ? c->home_node : node_for(w, *region, one->op.session);
}

static void watch(struct world *w, uint32_t ring, const struct operation *one)
{
    struct ring *r = &w->operations.rings[ring];

    r->watched = op_table_count(one->op.id);
    r->watches = true;
    world_queue(w, one->gives_up_at, one->gives_up_order,
                (struct event){.kind = EVENT_WATCH, .node = ring, .a = one->op.id});
}

static bool waits_first(const struct operation *one)
{
    return one != NULL && one->open && one->op.attempt == 0;
}

bool sessions_watch_passed(struct world *w, uint32_t ring)
{
    struct ring *r = &w->operations.rings[ring];
    bool passed = !waits_first(op_table_at(r, r->watched));

    op_table_advance(r);
    uint64_t next = r->watched + 1 > r->first ? r->watched + 1 : r->first;

    while (next < r->next && !waits_first(op_table_at(r, next)))
        next++;
    r->watches = false;
    if (next < r->next)
        watch(w, ring, op_table_at(r, next));
    return passed;
}

/* The client gives up the attempt after its time-out. */
HOT void add_timeout(struct world *w, struct operation *one, uint64_t id, uint8_t attempt, sim_ns at,
                     uint64_t order)
{
    if (attempt > 0) {
        one->timeout =
            world_queue(w, at, order, (struct event){.kind = EVENT_TIMEOUT, .a = id, .type = attempt});
        return;
    }
    uint32_t ring = op_table_ring_index(id);
    one->gives_up_at = at;
    one->gives_up_order = order;
    if (!w->operations.rings[ring].watches)
        watch(w, ring, one);
}

/* What the caller knows of the operation is not read again. */
HOT void send_attempt(struct world *w, const struct region_clients *c, struct operation *one, uint64_t id,
                      uint32_t client, uint8_t attempt)
{
    uint32_t at_region = one->at_region, region, target = target_of(w, c, client, one, &region);
    uint64_t order = world_order(w, client);

    add_timeout(w, one, id, attempt, w->now + c->def->timeout_ns, order);
    if (region == at_region)
        client_way_request(w, client, region, target, one, id, attempt);
    else
        network_send_request(w, at_region, target, id, attempt, one->op.write != 0 ? one->op.value_bytes : 0);
}

HOT void begin(struct world *w, const struct region_clients *c, struct operation *one, uint64_t id,
               uint32_t client, bool is_probe)
{
    const geo_op *op = &one->op;

    if (!is_probe) {
        w->open_count++;
        w->operation_count++;
    }
    world_note(w, HISTORY_BEGIN, .op = id, .key = op->key, .node = HISTORY_NO_NODE,
               .begin = {.session = op->session,
                         .region = (uint16_t)op->client,
                         .issued_from = (uint16_t)one->at_region,
                         .op_kind = op->kind,
                         .data = op->data,
                         .is_probe = op->is_probe,
                         .item = op->item,
                         .value_bytes = op->value_bytes,
                         .amount = op->amount,
                         .probe_of = one->probe_of,
                         .probe_after = (uint16_t)one->probe_after});
    send_attempt(w, c, one, id, client, 0);
}

HOT void issue(struct world *w, uint32_t region, const struct wish *wish)
{
    const struct region_clients *c = &w->workload.regions[region];
    struct operation *one = operation_new(&w->operations, region, false);
    const struct session *session = &c->sessions[wish->session];
    uint64_t id = one->op.id;

    one->op = (geo_op){.id = id,
                       .write = wish->kind == GEO_READ ? 0 : id,
                       .key = wish->key,
                       .amount = 1,
                       .token = {session->token[0], session->token[1]},
                       .value_bytes = c->def->value_bytes,
                       .session = wish->session,
                       .client = region,
                       .kind = wish->kind,
                       .data = w->def->data,
                       .item = wish->item};
    one->at_region = wish->at_region;
    one->wants_probes = wish->probes && wish->kind != GEO_READ;
    begin(w, c, one, id, region, false);
}

void sessions_arrival(struct world *w, uint32_t region, uint64_t number)
{
    issue(w, region, workload_arrival(&w->workload, region, number));
    next_arrival(w, region, number + 1, w->now);
}

void sessions_think(struct world *w, uint32_t region, uint32_t session)
{
    uint64_t number = ++w->workload.regions[region].sessions[session].count;
    struct wish wish = workload_wish(&w->workload, region, session, number);

    w->hooks.soon(w->hooks.self, w->workload.regions[region].home, &wish.key, 1);
    issue(w, region, &wish);
}

void sessions_probe(struct world *w, uint32_t region, uint64_t write, uint64_t key, uint32_t after)
{
    struct operation *one = operation_new(&w->operations, region, true);
    uint64_t id = one->op.id;

    one->op = (geo_op){.id = id,
                       .key = key,
                       .session = (uint32_t)(id >> 8),
                       .client = region,
                       .kind = GEO_READ,
                       .data = w->def->data,
                       .is_probe = true,
                       .value_bytes = workload_of(w, region)->value_bytes};
    one->at_region = region;
    one->probe_of = write;
    one->probe_after = after;
    begin(w, &w->workload.regions[region], one, id, region, true);
}

/* A request whose client gave up on the way is served all the same; its pending memory is let go of later. */
static COLD void late_request(struct world *w, uint32_t node, struct operation *one, uint8_t attempt)
{
    const struct workload_def *def = workload_of(w, one->op.client);
    geo_op op = one->op;
    op.attempt = attempt;
    op.id = identity_of(one, attempt, def->retry_as_new);
    op.write = op.kind == GEO_READ ? 0 : op.id;
    operation_pending_new(&w->operations, one, node, w->nodes[node].epoch, op.id, attempt);
    operation_hold(one);
    world_at(w, w->places.node_region[node], w->now + def->timeout_ns,
             (struct event){.kind = EVENT_EXPIRE, .node = node, .a = op.id});
    w->hooks.request(w->hooks.self, node, &op);
}

HOT void request(struct world *w, uint32_t node, struct operation *one, uint8_t attempt)
{
    const struct node *at = &w->nodes[node];

    if (at->down)
        return;
    operation_take_up(&w->operations, one);
    if (__builtin_expect(!one->open || one->op.attempt != attempt, 0)) {
        late_request(w, node, one, attempt);
        return;
    }
    operation_pending_new(&w->operations, one, node, at->epoch, one->op.id, attempt);
    w->hooks.request(w->hooks.self, node, &one->op);
}

void sessions_request(struct world *w, uint32_t node, struct operation *one, uint8_t attempt)
{
    request(w, node, one, attempt);
}

void sessions_next_request(struct world *w)
{
    const struct client_step *step = client_way_take(w, false);
    struct operation *one = step->about;

    request(w, step->node, one, step->attempt);
    operation_let_go(&w->operations, one);
}

static bool pending_is_there(const struct world *w, const struct operation *one)
{
    return one->pending != NULL && one->pending_epoch == w->nodes[one->pending_node].epoch;
}

static void expire_pending(struct world *w, struct operation *one, uint32_t node)
{
    geo_op op = one->op;

    if (one->pending == NULL || one->pending_node != node)
        return;
    op.attempt = one->pending_attempt;
    op.id = one->pending_id;
    op.write = op.kind == GEO_READ ? 0 : op.id;
    if (pending_is_there(w, one) && !w->nodes[node].down)
        w->hooks.expire(w->hooks.self, node, &op);
    one = operation_find(&w->operations, op.id); /* a handler may have answered */
    if (one != NULL && one->pending_node == node)
        operation_pending_release(&w->operations, one);
}

void sessions_expire(struct world *w, uint64_t id, uint32_t node)
{
    struct operation *one = operation_find(&w->operations, id);

    if (one == NULL)
        return;
    if (one->pending != NULL && one->pending_id == id)
        expire_pending(w, one, node);
    operation_let_go(&w->operations, one);
}

void sessions_answer(struct world *w, uint32_t node, struct operation *one, uint64_t id, uint64_t wire_bytes,
                     struct body *body)
{
    uint8_t attempt =
        (uint8_t)(id & 0xff); /* identities differ with retry_as: new, where they count attempts */

    if (id == one->pending_id) {
        attempt = one->pending_attempt;
        operation_pending_release(&w->operations, one);
    }
    if (!one->open)
        body_release(&w->network, body);
    else if (w->places.node_region[node] != one->at_region)
        network_send_answer(w, node, one->at_region, one->op.id, attempt, wire_bytes, body);
    else
        client_way_answer(w, one->at_region, one, attempt, body);
}

/* Reads of the key follow the commit; each is a session of its own. */
static COLD void schedule_probes(struct world *w, const struct operation *one, uint64_t write)
{
    const struct probes_def *probes = &w->def->probes;

    for (uint32_t i = 0; i < probes->after_count; i++) {
        uint32_t region = workload_probe_region(&w->workload, place_luck_of(&w->places, write), i);
        world_at(
            w, one->op.client, w->now + probes->after[i],
            (struct event){.kind = EVENT_PROBE, .node = region, .a = write, .b = one->op.key, .type = i});
    }
}

HOT void finish(struct world *w, const struct region_clients *c, struct operation *one, uint64_t id,
                uint8_t outcome, const struct answer *answer)
{
    const geo_op *op = &one->op;
    static const struct answer nothing;
    static const geo_sample unsampled = {.node = HISTORY_NO_NODE};
    bool reads = answer != NULL && op->kind == GEO_READ && outcome == OUTCOME_OK;
    const struct answer *read = reads ? answer : &nothing;
    const geo_sample *first = read->sample_count > 0 ? read->samples : &unsampled;

    for (uint32_t i = 1; i < read->sample_count; i++)
        world_note(w, HISTORY_SAMPLE, .op = id, .key = op->key, .node = read->samples[i].node,
                   .sample = {.instant = read->samples[i].instant});
    world_note(w, HISTORY_END, .op = id, .key = op->key, .node = first->node,
               .end = {.instant = first->instant,
                       .write = read->write,
                       .digest = read->digest,
                       .number = read->number,
                       .outcome = outcome,
                       .op_kind = op->kind,
                       .value_count = read->siblings});
    if (one->timeout != 0)
        agenda_cancel(&w->agenda, one->timeout);
    if (!op->is_probe)
        w->open_count--;
    if (outcome == OUTCOME_OK && one->wants_probes)
        schedule_probes(w, one, id);
    uint32_t region = op->client, session = op->session;
    bool again = c->def->arrivals == ARRIVALS_CLOSED && !op->is_probe && outcome != OUTCOME_OPEN;
    operation_close(&w->operations, one);
    if (again)
        next_thought(w, region, session);
}

static COLD void finish_without(struct world *w, struct operation *one, uint64_t id, uint8_t outcome)
{
    finish(w, &w->workload.regions[one->op.client], one, id, outcome, NULL);
}

/* The next attempt, or the end. */
static void failed(struct world *w, struct operation *one, uint64_t id, uint8_t outcome)
{
    const struct region_clients *c = &w->workload.regions[one->op.client];
    const struct workload_def *def = c->def;

    if (one->op.is_probe || one->op.attempt >= def->retries) {
        finish_without(w, one, id, outcome);
        return;
    }
    if (one->timeout != 0)
        agenda_cancel(&w->agenda, one->timeout);
    one->timeout = 0;
    one->op.attempt++;
    one->op.id = identity_of(one, one->op.attempt, def->retry_as_new);
    one->op.write = one->op.kind == GEO_READ ? 0 : one->op.id;
    world_note(w, HISTORY_RETRY, .op = one->op.id, .key = one->op.key, .node = HISTORY_NO_NODE,
               .retry = {.of = identity_of(one, (uint8_t)(one->op.attempt - 1), def->retry_as_new),
                         .attempt = one->op.attempt});
    send_attempt(w, c, one, one->op.id, one->op.client, one->op.attempt);
}

/* `one` is NULL where it is gone. */
HOT void response(struct world *w, struct operation *one, uint8_t attempt, struct body *body)
{
    static const uint8_t outcomes[] = {
        [GEO_OK] = OUTCOME_OK,
        [GEO_NO] = OUTCOME_NO,
        [GEO_REFUSED] = OUTCOME_REFUSED,
        [GEO_THROTTLED] = OUTCOME_THROTTLED,
    };

    if (one != NULL && one->open) {
        const struct answer *answer = (const struct answer *)(const void *)body->data;
        bool success = answer->outcome == GEO_OK || answer->outcome == GEO_NO;
        const struct region_clients *c = &w->workload.regions[one->op.client];
        uint64_t identity = identity_of(one, attempt, c->def->retry_as_new);
        if (success) {
            struct session *session = one->op.is_probe ? NULL : &c->sessions[one->op.session];
            for (int i = 0; session != NULL && i < 2;
                 i++) /* answers may overtake each other: a token never goes back */
                session->token[i] =
                    answer->token[i] > session->token[i] ? answer->token[i] : session->token[i];
            finish(w, c, one, identity, outcomes[answer->outcome], answer);
        } else if (attempt == one->op.attempt) {
            failed(w, one, identity, outcomes[answer->outcome]);
        }
    }
    body_release(&w->network, body);
}

void sessions_response(struct world *w, uint64_t id, uint8_t attempt, struct body *body)
{
    response(w, operation_find(&w->operations, id), attempt, body);
}

void sessions_next_answer(struct world *w)
{
    const struct client_step *step = client_way_take(w, true);

    response(w, operation_still(step->about, step->op), step->attempt, step->body);
}

void sessions_timeout(struct world *w, uint64_t id, uint8_t attempt)
{
    struct operation *one = operation_find(&w->operations, id);

    if (one == NULL || !one->open || one->op.attempt != attempt)
        return;
    one->timeout = 0;
    if (one->pending != NULL && one->pending_attempt == attempt) {
        expire_pending(w, one, one->pending_node);
        one = operation_find(&w->operations, id);
        CHECK(one != NULL);
    }
    failed(w, one, id, OUTCOME_TIMEOUT);
}

void sessions_end(struct world *w)
{
    for (uint32_t g = 0; g < w->def->region_count; g++) {
        struct ring *ring = &w->operations.rings[2 * g];
        for (uint64_t count = ring->first; count < ring->next; count++) {
            struct operation *one = op_table_at(ring, count);
            if (one != NULL && one->open)
                finish_without(w, one, one->op.id, OUTCOME_OPEN);
        }
    }
}
