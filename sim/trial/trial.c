/* trial.c -- see trial.h: builds a world, gives it a model's handlers as hooks, and steps it to the end. */
#include "sim/trial/trial.h"

#include "sim/base/sparse.h"
#include "sim/trial/replica.h"
#include "sim/world/sessions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The rows are fetched while other events happen: of many keys they are in no cache. */
static void on_soon(void *self, uint32_t region, const uint64_t *keys, uint32_t count)
{
    const struct trial *t = self;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t node = placement_node_in(&t->world.setting, keys[i], region);
        __builtin_prefetch(t->values + node * t->values_stride + keys[i] * t->value_row_bytes, 1);
    }
}

static void on_request(void *self, uint32_t node, const geo_op *op)
{
    struct trial *t = self;
    t->def.model->request(&t->replicas[node], op);
}

static void on_message(void *self, uint32_t node, const struct message *m)
{
    struct trial *t = self;
    const geo_message message = {
        .from = m->from,
        .type = m->type,
        .op = m->op,
        .body = m->body != NULL ? m->body->data : NULL,
        .body_bytes = m->body != NULL ? m->body->bytes : 0,
    };
    t->def.model->message(&t->replicas[node], &message);
}

static void on_timer(void *self, uint32_t node, uint32_t type, uint64_t argument)
{
    struct trial *t = self;
    if (t->def.model->timer != NULL)
        t->def.model->timer(&t->replicas[node], type, argument);
}

static void on_expire(void *self, uint32_t node, const geo_op *op)
{
    struct trial *t = self;
    if (t->def.model->expire != NULL)
        t->def.model->expire(&t->replicas[node], op);
}

static void on_switchover(void *self, uint32_t node, uint32_t to_region)
{
    struct trial *t = self;
    if (t->def.model->switchover != NULL)
        t->def.model->switchover(&t->replicas[node], to_region);
}

static void on_lose(void *self, uint32_t node, uint8_t lose)
{
    struct trial *t = self;
    replica_lose(&t->replicas[node], lose);
}

static void on_start(void *self, uint32_t node, uint8_t lose)
{
    struct trial *t = self;
    enum geo_lost lost = lose == LOSE_DISK     ? GEO_LOST_DISK
                         : lose == LOSE_MEMORY ? GEO_LOST_MEMORY
                                               : GEO_FIRST_START;
    if (t->def.model->start != NULL)
        t->def.model->start(&t->replicas[node], lost);
}

const char *trial_check(const struct world_def *world, const geo_model *model, const void *config)
{
    static _Thread_local char text[200];
    geo_setting s = world_def_setting(world);
    const char *wrong = model->check != NULL ? model->check(config, &s) : NULL;

    if (wrong != NULL)
        return wrong;
    geo_placement p = model->placement(config, &s);
    if (p.kind == GEO_PER_NODE && p.copies > s.nodes) {
        snprintf(text, sizeof text,
                 "%u copies of a key need %u nodes, and the scenario has %u: use fewer copies or more nodes",
                 p.copies, p.copies, s.nodes);
        return text;
    }
    if (p.kind == GEO_PER_NODE && s.nodes > PLACEMENT_MOST) {
        snprintf(text, sizeof text, "%s keeps replicas on up to %d nodes, and the scenario has %u",
                 model->name, PLACEMENT_MOST, s.nodes);
        return text;
    }
    if (p.kind == GEO_ONE_COPY && world->regions[p.region].nodes == 0) {
        snprintf(text, sizeof text, "the region %s has no nodes: a copy needs one",
                 world->regions[p.region].name);
        return text;
    }
    return NULL;
}

/* The region that `crash: {leader: true}` means until a model tells another by geo_leads: the model's
 * parameter `leader`. UINT32_MAX: it has none. */
static uint32_t leader_of(const geo_model *model, const void *config)
{
    for (const geo_param *p = model->params; p->name != NULL; p++)
        if (p->kind == GEO_PARAM_REGION && strcmp(p->name, "leader") == 0)
            return *(const geo_region *)(const void *)((const unsigned char *)config + p->offset);
    return UINT32_MAX;
}

static void place(struct trial *t)
{
    struct history_setting *s = &t->world.setting;
    geo_setting of = world_def_setting(t->def.world);
    geo_placement p = t->def.model->placement(t->def.config, &of);

    s->placement = p.kind == GEO_ONE_COPY     ? PLACEMENT_ONE
                   : p.kind == GEO_PER_REGION ? PLACEMENT_PER_REGION
                                              : PLACEMENT_PER_NODE;
    s->copies = p.copies;
    s->one_region = p.kind == GEO_ONE_COPY ? p.region : leader_of(t->def.model, t->def.config);
    s->by_merge = t->def.model->reflects;
    s->may_lose |= t->def.model->forgets != NULL && t->def.model->forgets(t->def.config);
    t->world.leader_region = s->one_region;
}

static uint32_t pending_bytes_of(const struct trial *t)
{
    const geo_model *model = t->def.model;
    uint32_t holders[PLACEMENT_MOST], bytes = model->pending_bytes;

    if (model->pending_bytes_per_replica > 0)
        bytes += model->pending_bytes_per_replica * placement_holders(&t->world.setting, 0, holders);
    return bytes;
}

static void open_messages(struct trial *t)
{
    const geo_model *model = t->def.model;
    const geo_distribution *legs[GEO_LEGS + 1];
    uint32_t count = 0;

    for (int leg = 0; leg <= GEO_LEGS; leg++) {
        legs[leg] = NULL;
        if (model->legs[leg] != 0)
            memcpy(&legs[leg], (const unsigned char *)t->def.config + model->legs[leg], sizeof legs[leg]);
    }
    network_set_messages(&t->world, model->messages, legs);
    while (model->messages[count].name != NULL)
        count++;
    t->message_names = memory_new(count, sizeof *t->message_names);
    for (uint32_t i = 0; i < count; i++)
        t->message_names[i] = model->messages[i].name;
    t->world.setting.message_names = t->message_names;
    t->world.setting.message_count = count;
}

/* At its 999th of 1000; what a message's delay, or service, is cut to. */
static double usual(const struct distribution *d)
{
    double most = d != NULL ? distribution_quantile(d, 0.999) : 0;

    return most > 0 ? most : 0;
}

/* history/setting.h: of a write that its taker ships at once. */
static void open_due(struct trial *t)
{
    const struct world_def *def = t->world.def;
    const geo_distribution *const *legs = t->world.network.legs;
    const struct distribution *leg = (const struct distribution *)legs[GEO_LEG_WRITE],
                              *far = (const struct distribution *)legs[GEO_LEGS];
    double served = usual(def->storage.write) + usual(def->storage.apply), most_bytes = 0;
    uint32_t n = def->region_count;

    for (uint32_t g = 0; g < n; g++)
        most_bytes = fmax(most_bytes, def->regions[g].workload.value_bytes);
    most_bytes += (double)def->overhead_bytes;
    t->due_ns = memory_new((size_t)n * n, sizeof *t->due_ns);
    for (uint32_t i = 0; i < n * n; i++) {
        const struct link_def *link = &def->links[i];
        bool local = i % (n + 1) == 0;
        double way = local ? (double)def->local_ns / 2 : (double)link->due_ns;
        double rate = local ? 0 : link->bandwidth_bits_per_s;
        if (leg != NULL)
            way = usual(leg) + usual(far);
        double due = way + served + (rate > 0 ? most_bytes * 8e9 / rate : 0);
        t->due_ns[i] = due < 3e18 ? llrint(due) : INT64_C(3000000000000000000);
    }
    t->world.setting.due_ns = t->due_ns;
}

struct trial *trial_new(const struct trial_def *def)
{
    struct trial *t = memory_new(1, sizeof *t);

    t->def = *def;
    world_open(&t->world, def->world, def->seed, def->replication);
    history_gather(t->world.history);
    place(t);
    open_messages(t);
    open_due(t);
    op_table_set_pending_bytes(&t->world.operations, pending_bytes_of(t));
    t->choice_key = random_key_name(random_key_new(def->seed, def->replication, "choice"), def->model_name);
    t->value_row_bytes = replica_value_row_bytes(def->world->data);
    t->peer_stride = (def->model->peer_bytes + 15u) & ~15u;
    if (def->model->stores != NULL)
        while (def->model->stores[t->store_count].name != NULL)
            t->store_count++;
    t->values_bytes = (size_t)t->world.setting.key_count * t->value_row_bytes;
    t->values = sparse_new_many(t->values_bytes, t->world.places.node_count, t->world.setting.operations,
                                &t->values_stride);
    t->replicas = memory_new(t->world.places.node_count, sizeof *t->replicas);
    for (uint32_t node = 0; node < t->world.places.node_count; node++)
        replica_open(&t->replicas[node], t, node);
    t->world.hooks = (struct world_hooks){
        .self = t,
        .soon = on_soon,
        .request = on_request,
        .message = on_message,
        .timer = on_timer,
        .expire = on_expire,
        .switchover = on_switchover,
        .lose = on_lose,
        .start = on_start,
    };
    return t;
}

void trial_free(struct trial *t)
{
    if (t == NULL)
        return;
    for (uint32_t node = 0; node < t->world.places.node_count; node++)
        replica_close(&t->replicas[node]);
    free(t->replicas);
    sparse_free(t->values, t->world.places.node_count * t->values_stride);
    free(t->message_names);
    free(t->due_ns);
    world_close(&t->world);
    free(t);
}

const struct history_setting *trial_setting(const struct trial *t)
{
    return &t->world.setting;
}

struct history *trial_history(struct trial *t)
{
    return t->world.history;
}

void trial_set_agreed(struct trial *t, bool (*agreed)(void *), void *argument)
{
    t->agreed = agreed;
    t->agreed_argument = argument;
}

/* A node that comes up again before the limit is waited for: what it holds is not lost. */
static bool waits_for_a_node(const struct world *w)
{
    if (w->down_count == 0)
        return false;
    array_each (struct occurrence, o, &w->timetable.occurrences)
        if (o->fault->kind == FAULT_CRASH && o->begin <= w->now && w->now < o->end &&
            o->end <= w->setting.limit)
            return true;
    return false;
}

/* After the clients have stopped: nothing open, and all replicas that are up answer alike. Whoever says so
 * reads the history, up to here. */
static bool is_over(const struct trial *t)
{
    if (t->world.open_count != 0 || waits_for_a_node(&t->world) || t->agreed == NULL)
        return false;
    history_flush(t->world.history);
    return t->agreed(t->agreed_argument);
}

static bool run(struct trial *t, const atomic_bool *stop)
{
    struct world *w = &t->world;
    const struct world_def *def = w->def;
    sim_ns limit = def->duration_ns + def->drain_ns;

    world_start(w);
    if (!world_run(w, def->duration_ns - 1, stop))
        return false;
    while (!is_over(t) && world_step(w, limit))
        if (stop != NULL && atomic_load_explicit(stop, memory_order_relaxed))
            return false;
    if (!is_over(t))
        w->now = limit;
    else if (w->now < def->duration_ns)
        w->now = def->duration_ns;
    sessions_end(w);
    return true;
}

bool trial_run(struct trial *t, const atomic_bool *stop)
{
    bool done = run(t, stop);

    history_flush(t->world.history);
    return done;
}

sim_ns trial_now(const struct trial *t)
{
    return t->world.now;
}

uint64_t trial_events(const struct trial *t)
{
    return t->world.events;
}

uint64_t trial_operations(const struct trial *t)
{
    return t->world.operation_count;
}

uint64_t trial_bytes(const struct trial_def *def)
{
    geo_setting s = world_def_setting(def->world);
    geo_placement p = def->model->placement(def->config, &s);
    uint64_t copies = p.kind == GEO_ONE_COPY     ? 1
                      : p.kind == GEO_PER_REGION ? s.regions
                      : p.copies != 0            ? p.copies
                                                 : s.nodes;
    uint64_t row = replica_value_row_bytes(def->world->data);

    for (const geo_store_def *store = def->model->stores; store != NULL && store->name != NULL; store++)
        if (store->kind == GEO_ROWS && replica_keeps(store, def->world->data))
            row += replica_record_bytes(store, s.nodes);
    uint64_t fixed = (uint64_t)s.nodes * s.nodes * (sizeof(struct channel) + def->model->peer_bytes + 16u) +
                     (uint64_t)def->world->region_count * def->world->region_count * sizeof(struct wan_link);
    for (uint32_t g = 0; g < def->world->region_count; g++)
        fixed += (uint64_t)def->world->regions[g].workload.clients * sizeof(struct session);
    return fixed + copies * row * (def->world->key_count + def->world->own_key_count);
}
