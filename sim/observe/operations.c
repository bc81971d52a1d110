/* operations.c -- samples in a pool; open reads in a ring by their BEGIN, whose head is the oldest. */
#include "sim/observe/operations.h"

#include "sim/model/model.h"

void operations_open(struct operations *o, const struct history_setting *s)
{
    *o = (struct operations){.setting = s, .read_mask = 255, .oldest_read = UINT64_MAX};
    open_ops_open(&o->open);
    o->reads = memory_new(o->read_mask + 1, sizeof *o->reads);
    o->window_ns = s->duration > s->warmup ? s->duration - s->warmup : 0;
    o->regions = memory_new(s->region_count, sizeof *o->regions);
    for (uint32_t g = 0; g < s->region_count; g++)
        o->regions[g].edge = o->window_ns > 0 ? s->warmup : SIM_NS_NEVER;
}

void operations_close(struct operations *o)
{
    open_ops_close(&o->open);
    array_free(&o->all);
    free(o->reads);
    free(o->regions);
    array_free(&o->samples);
}

static COLD void operation_add(struct operations *o)
{
    struct operation *op = array_add(&o->all);

    op->number = (uint32_t)o->all.count;
    op->next_free = o->free;
    o->free = op->number;
}

static COLD void reads_widen(struct operations *o)
{
    uint64_t wide = (o->read_mask + 1) * 2;
    uint64_t *reads = memory_new(wide, sizeof *reads);

    for (uint64_t turn = o->read_head; turn < o->read_tail; turn++)
        reads[turn & (wide - 1)] = o->reads[turn & o->read_mask];
    free(o->reads);
    o->reads = reads;
    o->read_mask = wide - 1;
}

static inline void read_queue(struct operations *o, struct operation *op)
{
    if (o->read_tail - o->read_head > o->read_mask)
        reads_widen(o);
    if (o->read_head == o->read_tail)
        o->oldest_read = op->begin_position;
    op->turn = o->read_tail++;
    o->reads[op->turn & o->read_mask] = op->begin_position;
}

/* It may be the first of the window, or of what is after it. */
static COLD void look_at_window(struct operations *o, const struct operation *op)
{
    const struct history_setting *s = o->setting;
    struct operation_region *g = &o->regions[history_op_region(op->op)];
    uint64_t *edge = op->begin_time >= s->duration ? &g->after : &g->first;

    if (*edge == 0)
        *edge = op->op;
    g->edge = g->first == 0 ? s->warmup : g->after == 0 ? s->duration : SIM_NS_NEVER;
}

/* In the place of the one that ended last, which is still in the cache. */
struct operation *operations_begin(struct operations *o, const struct history_record *r, uint64_t position)
{
    if (o->free == 0)
        operation_add(o);
    uint32_t at = o->free - 1;
    struct operation *op = &o->all.items[at];
    o->free = op->next_free;

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
        read_queue(o, op);
    } else {
        op->amount = r->begin.amount;
        op->taken = 0;
    }
    if (op->is_probe) {
        op->probe_of = r->begin.probe_of;
        op->probe_after = r->begin.probe_after;
    } else if (r->time >= o->regions[history_op_region(op->op)].edge) {
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

/* The oldest one has ended: the next that is open. */
static inline void read_head_on(struct operations *o)
{
    uint64_t head = o->read_head + 1, tail = o->read_tail, mask = o->read_mask;

    while (head < tail && o->reads[head & mask] == 0)
        head++;
    o->read_head = head;
    o->oldest_read = head < tail ? o->reads[head & mask] : UINT64_MAX;
}

void operations_end(struct operations *o, struct operation *op)
{
    if (op->sampled && op->sample.next != 0)
        give_samples(o, op->sample.next);
    if (op->kind == GEO_READ) {
        o->reads[op->turn & o->read_mask] = 0;
        if (op->turn == o->read_head)
            read_head_on(o);
    }
    op->next_free = o->free;
    o->free = op->number;
}
