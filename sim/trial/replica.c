/* replica.c -- a node's memory: what a model declared, zeroed, and what a crash takes of it; the verbs that
 * keep.
 *
 * The table of values is packed by the data type: {stamp, write} for registers, and a number or the members
 * of a set behind it. Numbers are kept less the initial value, so that an untouched row of zeros is the value
 * from the start. */
#include "sim/trial/replica.h"

#include "sim/base/sparse.h"

#include <string.h>

uint32_t replica_value_row_bytes(uint8_t data)
{
    return data == GEO_REGISTER ? 16 : data == GEO_COUNTER ? 24 : 32;
}

bool replica_keeps(const geo_store_def *def, uint8_t data)
{
    return def->data == 0 || (def->data >> data & 1) != 0;
}

uint32_t replica_record_bytes(const geo_store_def *def, uint32_t nodes)
{
    uint32_t bytes = def->record_bytes + def->record_bytes_per_node * nodes;
    return (bytes + 7u) & ~7u;
}

void replica_open(geo_replica *r, struct trial *t, geo_node node)
{
    const geo_model *model = t->def.model;
    uint64_t keys = t->world.setting.key_count;
    uint32_t nodes = t->world.places.node_count;

    *r = (geo_replica){.trial = t, .node = node, .here = &t->world.nodes[node]};
    r->state = memory_new(1, model->state_bytes);
    r->peers = memory_new(nodes, t->peer_stride);
    r->values = t->values + node * t->values_stride;
    r->stores = memory_new(t->store_count, sizeof *r->stores);
    for (uint32_t i = 0; i < t->store_count; i++) {
        struct store *s = &r->stores[i];
        *s = (struct store){.def = &model->stores[i],
                            .kind = model->stores[i].kind,
                            .record_bytes = replica_record_bytes(&model->stores[i], nodes),
                            .first = 1};
        if (s->def->kind == GEO_ROWS && replica_keeps(s->def, t->def.world->data)) {
            s->rows_bytes = (size_t)keys * s->record_bytes;
            s->rows =
                sparse_new_one_of(s->rows_bytes, t->world.places.node_count, t->world.setting.operations);
        }
    }
}

static void records_free(struct store *s)
{
    sparse_free(s->records, s->capacity * s->record_bytes);
}

void replica_close(geo_replica *r)
{
    free(r->state);
    free(r->peers);
    for (uint32_t i = 0; i < r->trial->store_count; i++) {
        sparse_free(r->stores[i].rows, r->stores[i].rows_bytes);
        records_free(&r->stores[i]);
    }
    free(r->stores);
}

void replica_lose(geo_replica *r, uint8_t lose)
{
    const struct trial *t = r->trial;

    memset(r->state, 0, t->def.model->state_bytes);
    memset(r->peers, 0, (size_t)t->world.places.node_count * t->peer_stride);
    if (lose == LOSE_DISK)
        sparse_wipe(r->values, t->values_bytes);
    for (uint32_t i = 0; i < t->store_count; i++) {
        struct store *s = &r->stores[i];
        if (s->def->durable && lose != LOSE_DISK)
            continue;
        if (s->rows != NULL)
            sparse_wipe(s->rows, s->rows_bytes);
        s->first = 1;
        s->last = 0;
    }
}

void *geo_state(geo_replica *r)
{
    return r->state;
}

void *geo_peer(geo_replica *r, geo_node n)
{
    CHECK(n < r->trial->world.places.node_count);
    return r->peers + (size_t)n * r->trial->peer_stride;
}

void *geo_pending(geo_replica *r, geo_op_id id)
{
    struct operation *one = operation_find(&r->trial->world.operations, id);

    return one != NULL && one->pending_id == id && replica_has_pending(r, one) ? one->pending : NULL;
}

geo_op_id geo_op_open(const geo_replica *r, geo_op_id id)
{
    return geo_pending((geo_replica *)(uintptr_t)r, id) != NULL ? id : 0;
}

static struct store *store_of(const geo_replica *r, uint32_t store, uint8_t kind)
{
    CHECK(store < r->trial->store_count);
    struct store *s = &r->stores[store];
    CHECK(s->kind == kind);
    return s;
}

void *geo_row(geo_replica *r, uint32_t store, geo_key key)
{
    struct store *s = store_of(r, store, GEO_ROWS);

    CHECK(s->rows != NULL); /* it is kept for this data */
    CHECK(key < r->trial->world.setting.key_count);
    return s->rows + (size_t)key * s->record_bytes;
}

static void *log_record(const struct store *s, uint64_t position)
{
    return s->records + (size_t)(position & (s->capacity - 1)) * s->record_bytes;
}

uint64_t geo_log_append(geo_replica *r, uint32_t store, const void *record)
{
    struct store *s = store_of(r, store, GEO_LOG);

    if (s->last + 1 - s->first >= s->capacity) {
        uint64_t capacity = s->capacity != 0 ? s->capacity * 2 : 64;
        struct store larger = *s;
        larger.capacity = capacity;
        larger.records = sparse_grow(NULL, 0, 0, capacity * s->record_bytes); /* soon full */
        for (uint64_t p = s->first; p <= s->last; p++)
            memcpy(log_record(&larger, p), log_record(s, p), s->record_bytes);
        records_free(s);
        *s = larger;
    }
    memcpy(log_record(s, ++s->last), record, s->record_bytes);
    return s->last;
}

void *geo_log_at(geo_replica *r, uint32_t store, uint64_t position)
{
    struct store *s = store_of(r, store, GEO_LOG);
    return position < s->first || position > s->last ? NULL : log_record(s, position);
}

uint64_t geo_log_first(const geo_replica *r, uint32_t store)
{
    return store_of(r, store, GEO_LOG)->first;
}

uint64_t geo_log_last(const geo_replica *r, uint32_t store)
{
    return store_of(r, store, GEO_LOG)->last;
}

void geo_log_cut(geo_replica *r, uint32_t store, uint64_t first, uint64_t last)
{
    struct store *s = store_of(r, store, GEO_LOG);

    if (first < s->first)
        first = s->first;
    if (last > s->last && first <= s->last)
        last = s->last;
    s->first = first;
    s->last = last;
    if (s->first > s->last) /* empty: it goes on at last + 1 */
        s->first = s->last + 1;
}

static unsigned char *value_row(const geo_replica *r, geo_key key)
{
    CHECK(key < r->trial->world.setting.key_count);
    return r->values + (size_t)key * r->trial->value_row_bytes;
}

geo_sample geo_sampled(geo_replica *r, geo_key key)
{
    (void)key;
    return (geo_sample){.instant = history_position(r->trial->world.history), .node = r->node, .taken = 1};
}

geo_value geo_stored(geo_replica *r, geo_key key)
{
    const unsigned char *row = value_row(r, key);
    uint8_t data = r->trial->world.setting.data;
    geo_value v = {.number = r->trial->world.setting.initial, .sample = geo_sampled(r, key)};

    memcpy(&v.version, row, sizeof v.version); /* stamp, write */
    if (data == GEO_COUNTER) {
        int64_t more;
        memcpy(&more, row + 16, 8);
        v.number += more;
    } else if (data == GEO_SET) {
        memcpy(&v.members, row + 16, 8);
        memcpy(&v.fresh, row + 24, 8);
    }
    return v;
}

void geo_forget(geo_replica *r, geo_key key)
{
    struct world *w = &r->trial->world;
    unsigned char *row = value_row(r, key);

    CHECK(w->setting.may_lose && r->trial->def.model->reflects == GEO_BY_ORDER);
    if (geo_stored(r, key).version.write == 0)
        return; /* nothing was ever stored */
    memset(row, 0, r->trial->value_row_bytes);
    geo_value initial = geo_stored(r, key);
    world_note(w, HISTORY_FORGET, .key = key, .node = r->node,
               .forget = {.digest = geo_value_digest(&initial, w->setting.data)});
}

bool geo_store(geo_replica *r, geo_key key, geo_value v)
{
    struct world *w = &r->trial->world;
    uint8_t data = w->setting.data;
    unsigned char *row = value_row(r, key);
    geo_version held;

    memcpy(&held.stamp, row, 8);
    memcpy(&held.write, row + 8, 8);
    if (held.stamp == v.version.stamp && held.write == v.version.write)
        return false; /* it is there already: nothing happened */
    bool newer = geo_newer(v.version, held);
    if (newer) {
        int64_t more = v.number - w->setting.initial;
        memcpy(row, &v.version.stamp, 8);
        memcpy(row + 8, &v.version.write, 8);
        if (data == GEO_COUNTER) {
            memcpy(row + 16, &more, 8);
        } else if (data == GEO_SET) {
            memcpy(row + 16, &v.members, 8);
            memcpy(row + 24, &v.fresh, 8);
        }
    }
    if (r->trial->def.model->reflects == GEO_BY_ORDER)
        world_note(w, HISTORY_STORE, .op = v.version.write, .key = key, .node = r->node,
                   .store = {.stamp = v.version.stamp,
                             .write = v.version.write,
                             .digest = geo_value_digest(&v, data),
                             .kept = newer});
    return newer;
}
