/* operations.c -- samples in a pool; open reads in a ring by their BEGIN, whose head is the oldest. */
#include "sim/observe/operations.h"

#include "sim/model/model.h"

void operations_open(struct operations *o, const struct history_setting *s)
{
    *o = (struct operations){.setting = s, .read_mask = 255};
    open_ops_open(&o->open);
    o->reads = memory_new(o->read_mask + 1, sizeof *o->reads);
    o->window_first = memory_new(s->region_count, sizeof *o->window_first);
    o->window_after = memory_new(s->region_count, sizeof *o->window_after);
}

void operations_close(struct operations *o)
{
    open_ops_close(&o->open);
    array_free(&o->all);
    free(o->reads);
    free(o->window_first);
    free(o->window_after);
    array_free(&o->samples);
}

/* The one that ended last, which is still in the cache. */
static uint32_t operation_new(struct operations *o)
{
    uint32_t at = o->free;

    if (at == 0) {
        array_add(&o->all);
        return (uint32_t)o->all.count - 1;
    }
    o->free = o->all.items[at - 1].next_free;
    return at - 1;
}

static void read_queue(struct operations *o, struct operation *op)
{
    if (o->read_tail - o->read_head > o->read_mask) {
        uint64_t wide = (o->read_mask + 1) * 2;
        uint64_t *reads = memory_new(wide, sizeof *reads);
        for (uint64_t turn = o->read_head; turn < o->read_tail; turn++)
            reads[turn & (wide - 1)] = o->reads[turn & o->read_mask];
        free(o->reads);
        o->reads = reads;
        o->read_mask = wide - 1;
    }
    op->turn = o->read_tail++;
    o->reads[op->turn & o->read_mask] = op->begin_position;
}

struct operation *operations_begin(struct operations *o, const struct history_record *r, uint64_t position)
{
    const struct history_setting *s = o->setting;
    uint32_t at = operation_new(o);
    struct operation *op = &o->all.items[at];

    op->op = history_op_of(r->op); /* field by field: to clear it as a whole takes as long as all the rest */
    open_ops_put(&o->open, op->op, at);
    op->begin_position = position;
    op->begin_time = r->time;
    op->key = r->key;
    op->probe_of = r->begin.probe_of;
    op->amount = r->begin.amount;
    op->turn = 0;
    op->session = r->begin.session;
    op->region = r->begin.region;
    op->probe_after = r->begin.probe_after;
    op->attempts = op->identities = 0;
    op->kind = r->begin.op_kind;
    op->taken = 0;
    op->in_window = r->time >= s->warmup && r->time < s->duration;
    op->is_probe = r->begin.is_probe != 0;
    op->sampled = false;
    if (op->kind == GEO_READ)
        read_queue(o, op);
    if (!op->is_probe) {
        uint32_t region = history_op_region(op->op);
        uint64_t *edge = r->time >= s->duration ? &o->window_after[region] : &o->window_first[region];
        if (r->time >= s->warmup && *edge == 0)
            *edge = op->op;
    }
    return op;
}

bool operations_in_window(const struct operations *o, uint64_t op)
{
    uint32_t region = history_op_region(op);
    uint64_t first = o->window_first[region], after = o->window_after[region];

    op = history_op_of(op);
    return first != 0 && op >= first && (after == 0 || op < after);
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

void operations_end(struct operations *o, struct operation *op)
{
    for (uint32_t by = op->sampled ? op->sample.next : 0, next; by != 0; by = next) {
        struct operation_sample *s = &o->samples.items[by - 1];
        next = s->next;
        s->next = o->sample_free;
        o->sample_free = by;
    }
    if (op->kind == GEO_READ) {
        o->reads[op->turn & o->read_mask] = 0;
        while (o->read_head < o->read_tail && o->reads[o->read_head & o->read_mask] == 0)
            o->read_head++;
    }
    op->next_free = o->free;
    o->free = open_ops_take(&o->open, op->op) + 1;
}
