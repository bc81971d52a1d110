/* operations.c -- samples in a pool; open reads in a list by their BEGIN, which begins and ends with an
 * operation that is none. */
#include "sim/observe/operations.h"

#include "sim/model/model.h"

void operations_open(struct operations *o, const struct history_setting *s)
{
    *o = (struct operations){.setting = s};
    open_ops_open(&o->open);
    array_add(&o->all)->begin_position = UINT64_MAX; /* OPERATION_NONE */
    o->window_ns = s->duration > s->warmup ? s->duration - s->warmup : 0;
    o->regions = memory_new(s->region_count, sizeof *o->regions);
    o->edge = o->window_ns > 0 ? s->warmup : SIM_NS_NEVER;
    for (uint32_t g = 0; g < s->region_count; g++)
        o->regions[g].edge = o->edge;
}

void operations_close(struct operations *o)
{
    open_ops_close(&o->open);
    array_free(&o->all);
    free(o->regions);
    array_free(&o->samples);
}

static COLD uint32_t operation_add(struct operations *o)
{
    uint32_t number = (uint32_t)o->all.count;

    array_add(&o->all)->number = number;
    return number;
}

static inline void read_begins(struct operations *o, struct operation *op)
{
    struct operation *all = o->all.items, *none = &all[OPERATION_NONE];

    op->older = none->older;
    op->newer = OPERATION_NONE;
    all[op->older].newer = op->number;
    none->older = op->number;
}

static inline void read_ends(struct operations *o, const struct operation *op)
{
    o->all.items[op->older].newer = op->newer;
    o->all.items[op->newer].older = op->older;
}

/* It may be the first of the window, or of what is after it. */
static COLD void look_at_window(struct operations *o, const struct operation *op)
{
    const struct history_setting *s = o->setting;
    struct operation_region *g = &o->regions[history_op_region(op->op)];

    if (op->begin_time < g->edge)
        return;
    uint64_t *edge = op->begin_time >= s->duration ? &g->after : &g->first;
    if (*edge == 0)
        *edge = op->op;
    g->edge = g->first == 0 ? s->warmup : g->after == 0 ? s->duration : SIM_NS_NEVER;
    o->edge = SIM_NS_NEVER;
    for (uint32_t r = 0; r < s->region_count; r++)
        if (o->regions[r].edge < o->edge)
            o->edge = o->regions[r].edge;
}

/* In the place of the one that ended last, which is still in the cache. */
struct operation *operations_begin(struct operations *o, const struct history_record *r, uint64_t position)
{
    uint32_t at = o->free != OPERATION_NONE ? o->free : operation_add(o);
    struct operation *op = &o->all.items[at];
    o->free = op->newer;

    op->op = history_op_of(r->op); /* field by field: to clear it as a whole takes as long as all the rest */
    open_ops_put(&o->open, op->op, at);
    op->begin_position = position;
    op->begin_time = r->time;
    op->key = r->key;
    op->session = r->begin.session;
    op->region = r->begin.region;
    op->attempts = op->identities = 0;
    op->kind = r->begin.op_kind;
    op->in_window = (uint64_t)(r->time - o->setting->warmup) < (uint64_t)o->window_ns;
    op->is_probe = r->begin.is_probe != 0;
    op->sampled = false;
    if (op->kind == GEO_READ) {
        read_begins(o, op);
    } else {
        op->amount = r->begin.amount;
        op->taken = 0;
    }
    if (op->is_probe) {
        op->probe_of = r->begin.probe_of;
        op->probe_after = r->begin.probe_after;
    } else if (r->time >= o->edge) {
        look_at_window(o, op);
    }
    return op;
}

bool operations_in_window(const struct operations *o, uint64_t op)
{
    const struct operation_region *g = &o->regions[history_op_region(op)];

    op = history_op_of(op);
    return g->first != 0 && op >= g->first && (g->after == 0 || op < g->after);
}

uint32_t operations_put_by(struct operations *o, const struct operation_sample *sample)
{
    uint32_t at = o->sample_free;

    if (at != 0) {
        o->sample_free = o->samples.items[at - 1].next;
    } else {
        array_add(&o->samples);
        at = (uint32_t)o->samples.count;
    }
    o->samples.items[at - 1] = *sample;
    return at;
}

static COLD void give_samples(struct operations *o, uint32_t by)
{
    for (uint32_t next; by != 0; by = next) {
        struct operation_sample *s = &o->samples.items[by - 1];
        next = s->next;
        s->next = o->sample_free;
        o->sample_free = by;
    }
}

void operations_end(struct operations *o, struct operation *op)
{
    if (op->sampled && op->sample.next != 0)
        give_samples(o, op->sample.next);
    if (op->kind == GEO_READ)
        read_ends(o, op);
    op->newer = o->free;
    o->free = op->number;
}
