/* operations.c -- open addressing by the operation's number, with the gap closed at a removal, beside the
 * operations themselves, which stay where they are; samples in a pool; open reads in a ring by their BEGIN,
 * whose head is the oldest. */
#include "sim/observe/operations.h"

#include "sim/model/model.h"

enum { BLOCK = 64 };

void operations_open(struct operations *o, const struct history_setting *s)
{
    *o = (struct operations){.setting = s, .bits = 8, .read_mask = 255};
    o->slots = memory_new((size_t)1 << o->bits, sizeof *o->slots);
    o->reads = memory_new(o->read_mask + 1, sizeof *o->reads);
    o->window_first = memory_new(s->region_count, sizeof *o->window_first);
    o->window_after = memory_new(s->region_count, sizeof *o->window_after);
}

void operations_close(struct operations *o)
{
    array_each (struct operation *, block, &o->blocks)
        free(*block);
    array_free(&o->blocks);
    free(o->slots);
    free(o->reads);
    free(o->window_first);
    free(o->window_after);
    array_free(&o->samples);
}

static void grow(struct operations *o)
{
    struct operation_slot *old = o->slots;
    uint32_t size = UINT32_C(1) << o->bits;

    o->bits++;
    o->slots = memory_new((size_t)size * 2, sizeof *o->slots);
    for (uint32_t i = 0; i < size; i++)
        if (old[i].op != 0)
            *operations_slot(o, old[i].op) = old[i];
    free(old);
}

/* The one that ended last, which is still in the cache. */
static struct operation *operation_new(struct operations *o)
{
    if (o->free == NULL) {
        struct operation *block = memory_new(BLOCK, sizeof *block);
        *array_add(&o->blocks) = block;
        for (int i = BLOCK; i-- > 0;) {
            block[i].next_free = o->free;
            o->free = &block[i];
        }
    }
    struct operation *op = o->free;
    o->free = op->next_free;
    return op;
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

    if (++o->count * 2 > UINT32_C(1) << o->bits)
        grow(o);
    struct operation_slot *slot = operations_slot(o, history_op_of(r->op));
    CHECK(slot->op == 0);
    struct operation *op = operation_new(o);
    *slot = (struct operation_slot){history_op_of(r->op), op};
    op->op = slot->op; /* field by field: to clear it as a whole takes as long as all the rest */
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
    uint32_t mask = (UINT32_C(1) << o->bits) - 1, at = (uint32_t)(operations_slot(o, op->op) - o->slots);

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
    for (uint32_t next = (at + 1) & mask; o->slots[next].op != 0; next = (next + 1) & mask)
        if (((next - operations_home(o, o->slots[next].op)) & mask) >= ((next - at) & mask)) {
            o->slots[at] = o->slots[next];
            at = next;
        }
    o->slots[at].op = 0;
    o->count--;
    op->next_free = o->free;
    o->free = op;
}
