/* crdt.c -- see crdt.h. Why a maximum is enough for what only the origin writes: an origin's column is
 * changed at the origin alone (but for `removed` and `covered`, which anybody may raise), so two copies of it
 * are two moments of one history, and the later has the larger count. */
#include "models/parts/crdt.h"

#include <string.h>

static bool is_counter(enum crdt_type t)
{
    return t == CRDT_PN_COUNTER || t == CRDT_G_COUNTER;
}

static bool is_set(enum crdt_type t)
{
    return t == CRDT_OR_SET || t == CRDT_G_SET;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

size_t crdt_column_bytes(enum crdt_type type)
{
    return is_counter(type) ? sizeof(struct crdt_counter)
           : is_set(type)   ? sizeof(struct crdt_set)
                            : sizeof(struct crdt_register);
}

uint32_t crdt_count(enum crdt_type type, const void *row, geo_node origin)
{
    if (is_counter(type))
        return ((const struct crdt_counter *)row)[origin].count;
    if (is_set(type))
        return ((const struct crdt_set *)row)[origin].count;
    return ((const struct crdt_register *)row)[origin].count;
}

uint32_t crdt_reflects(enum crdt_type type, const void *row, geo_node origin)
{
    uint32_t count = crdt_count(type, row, origin);

    return type == CRDT_MV_REGISTER ? larger(count, ((const struct crdt_register *)row)[origin].covered)
                                    : count;
}

/* The digest of the fresh element that a write adds, by the one function that every model's sets use. */
static uint64_t fresh_of(const geo_op *op)
{
    geo_value v = {0};

    geo_value_after(&v, op);
    return v.fresh;
}

/* ---- Operations. Each type's changes are made in one place, crdt_operate: what the origin does is what
 * others repeat. ---- */

static void counter_operate(struct crdt_counter *column, const struct crdt_operation *o)
{
    if (o->kind == GEO_DECREMENT)
        column->minus += o->amount;
    else
        column->plus += o->amount;
    column->count = o->dot;
}

static void set_operate(struct crdt_set *row, uint32_t nodes, geo_node origin, const struct crdt_operation *o,
                        const uint32_t *seen)
{
    struct crdt_set *column = &row[origin];

    if (o->kind == GEO_ADD)
        column->added[o->item] = o->dot;
    for (geo_node n = 0; o->kind == GEO_REMOVE && n < nodes; n++)
        row[n].removed[o->item] = larger(row[n].removed[o->item], seen[n]);
    column->fresh ^= o->fresh;
    column->fresh_count += o->fresh != 0;
    column->count = o->dot;
}

static void register_operate(struct crdt_register *row, uint32_t nodes, geo_node origin,
                             const struct crdt_operation *o, const uint32_t *seen)
{
    for (geo_node n = 0; n < nodes; n++)
        row[n].covered = larger(row[n].covered, seen[n]);
    row[origin].count = o->dot;
    row[origin].stamp = o->stamp;
    row[origin].write = o->write;
}

bool crdt_operate(enum crdt_type type, void *row, uint32_t nodes, geo_node origin, const void *operation)
{
    const struct crdt_operation *o = operation;
    const uint32_t *seen = (const uint32_t *)(o + 1);
    uint32_t count = crdt_count(type, row, origin);

    if (count >= o->dot)
        return true;
    if (count < o->before)
        return false;
    if (is_counter(type))
        counter_operate((struct crdt_counter *)row + origin, o);
    else if (is_set(type))
        set_operate(row, nodes, origin, o, seen);
    else
        register_operate(row, nodes, origin, o, seen);
    return true;
}

static bool can_do(enum crdt_type type, uint8_t kind)
{
    return !(type == CRDT_G_COUNTER && kind == GEO_DECREMENT) && !(type == CRDT_G_SET && kind == GEO_REMOVE);
}

enum crdt_done crdt_do(enum crdt_type type, void *row, uint32_t nodes, geo_node self, const geo_op *op,
                       uint32_t dot, geo_ns stamp, int64_t initial, void *out)
{
    struct crdt_operation *o = out;
    uint32_t *seen = (uint32_t *)(o + 1);
    geo_value before = {.number = initial};

    if (!can_do(type, op->kind))
        return CRDT_CANNOT;
    if (op->kind == GEO_DECREMENT && crdt_value(type, row, nodes, &before).number < op->amount)
        return CRDT_BELOW;
    *o = (struct crdt_operation){
        .before = crdt_count(type, row, self),
        .dot = dot,
        .kind = op->kind,
        .item = op->item,
        .amount = op->kind == GEO_INCREMENT || op->kind == GEO_DECREMENT ? op->amount : 1,
        .fresh = is_set(type) && op->kind != GEO_ADD && op->kind != GEO_REMOVE ? fresh_of(op) : 0,
        .stamp = stamp,
        .write = op->write};
    for (geo_node n = 0; n < nodes; n++)
        seen[n] = type == CRDT_MV_REGISTER
                      ? crdt_reflects(type, row, n) /* also what only another's overwrite told of */
                  : is_set(type) && op->kind == GEO_REMOVE ? ((struct crdt_set *)row)[n].added[op->item]
                                                           : 0;
    crdt_operate(type, row, nodes, self, out);
    return CRDT_DONE;
}

/* ---- State ---- */

static void counter_merge(struct crdt_counter *a, const struct crdt_counter *b)
{
    if (b->count > a->count)
        *a = *b;
}

static void set_merge(struct crdt_set *a, const struct crdt_set *b)
{
    if (b->count > a->count) {
        a->fresh = b->fresh;
        a->fresh_count = b->fresh_count;
    }
    a->count = larger(a->count, b->count);
    for (uint32_t i = 0; i < GEO_SET_ITEMS; i++) {
        a->added[i] = larger(a->added[i], b->added[i]);
        a->removed[i] = larger(a->removed[i], b->removed[i]);
    }
}

static void register_merge(struct crdt_register *a, const struct crdt_register *b)
{
    uint32_t covered = larger(a->covered, b->covered);

    if (b->count > a->count)
        *a = *b;
    a->covered = covered;
}

void crdt_merge(enum crdt_type type, void *row, const void *other, uint32_t nodes)
{
    for (geo_node n = 0; n < nodes; n++) {
        if (is_counter(type))
            counter_merge((struct crdt_counter *)row + n, (const struct crdt_counter *)other + n);
        else if (is_set(type))
            set_merge((struct crdt_set *)row + n, (const struct crdt_set *)other + n);
        else
            register_merge((struct crdt_register *)row + n, (const struct crdt_register *)other + n);
    }
}

void crdt_removes_note(struct crdt_removes *own, uint32_t nodes, const void *operation)
{
    const struct crdt_operation *o = operation;
    const uint32_t *seen = (const uint32_t *)(o + 1);

    for (geo_node n = 0; o->kind == GEO_REMOVE && n < nodes; n++)
        own[n].removed[o->item] = larger(own[n].removed[o->item], seen[n]);
}

void crdt_delta(enum crdt_type type, const void *row, uint32_t nodes, geo_node origin, const void *operation,
                const struct crdt_removes *own, void *out)
{
    size_t bytes = crdt_column_bytes(type);

    memset(out, 0, bytes * nodes);
    if (!is_counter(type) && !is_set(type)) {
        register_operate(out, nodes, origin, operation,
                         (const uint32_t *)((const struct crdt_operation *)operation + 1));
        return;
    }
    memcpy((char *)out + bytes * origin, (const char *)row + bytes * origin, bytes);
    for (geo_node n = 0; is_set(type) && n < nodes; n++)
        memcpy(((struct crdt_set *)out)[n].removed, own[n].removed, sizeof own[n].removed);
}

static bool is_alive(enum crdt_type type, const struct crdt_register *column)
{
    return column->count > (type == CRDT_MV_REGISTER ? column->covered : 0);
}

uint64_t crdt_wire_bytes(enum crdt_type type, const void *row, uint32_t nodes, uint32_t value_bytes)
{
    uint64_t bytes = 0;

    for (geo_node n = 0; n < nodes; n++) {
        bytes += crdt_count(type, row, n) != 0 ? sizeof(uint32_t) : 0;
        if (is_counter(type)) {
            const struct crdt_counter *c = (const struct crdt_counter *)row + n;
            bytes += (c->plus != 0 ? sizeof c->plus : 0) + (c->minus != 0 ? sizeof c->minus : 0);
        } else if (is_set(type)) {
            const struct crdt_set *c = (const struct crdt_set *)row + n;
            bytes += (uint64_t)c->fresh_count * value_bytes;
            for (uint32_t i = 0; i < GEO_SET_ITEMS; i++)
                bytes += (c->added[i] != 0 ? sizeof c->added[i] : 0) +
                         (c->removed[i] != 0 ? sizeof c->removed[i] : 0);
        } else {
            const struct crdt_register *c = (const struct crdt_register *)row + n;
            bytes += c->covered != 0 ? sizeof(uint32_t) : 0;
            bytes += is_alive(type, c) ? value_bytes : 0;
        }
    }
    return bytes;
}

uint64_t crdt_operation_wire_bytes(enum crdt_type type, const void *operation, uint32_t nodes,
                                   uint32_t value_bytes)
{
    const struct crdt_operation *o = operation;
    const uint32_t *seen = (const uint32_t *)(o + 1);
    uint64_t bytes = sizeof o->dot;

    for (geo_node n = 0; n < nodes; n++)
        bytes += seen[n] != 0 ? sizeof seen[n] : 0;
    if (is_counter(type))
        return bytes + sizeof o->amount;
    return bytes + (is_set(type) && (o->kind == GEO_ADD || o->kind == GEO_REMOVE) ? 1 : value_bytes);
}

/* ---- Reading ---- */

geo_value crdt_value(enum crdt_type type, const void *row, uint32_t nodes, const geo_value *initial)
{
    geo_value v = *initial;

    for (geo_node n = 0; n < nodes; n++) {
        if (is_counter(type)) {
            const struct crdt_counter *c = (const struct crdt_counter *)row + n;
            v.number += c->plus - c->minus;
        } else if (is_set(type)) {
            const struct crdt_set *c = (const struct crdt_set *)row + n;
            v.fresh ^= c->fresh;
            for (uint32_t i = 0; i < GEO_SET_ITEMS; i++)
                v.members |= (uint64_t)(c->added[i] > c->removed[i]) << i;
        }
    }
    return v;
}

uint32_t crdt_siblings(enum crdt_type type, const void *row, uint32_t nodes, geo_version *out)
{
    const struct crdt_register *column = row, *winner = NULL;
    uint32_t count = 0;

    for (geo_node n = 0; n < nodes; n++) {
        if (!is_alive(type, &column[n]))
            continue;
        if (type == CRDT_MV_REGISTER)
            out[count++] = (geo_version){.stamp = column[n].count, .write = column[n].write};
        else if (winner == NULL || geo_newer((geo_version){column[n].stamp, column[n].write},
                                             (geo_version){winner->stamp, winner->write}))
            winner = &column[n];
    }
    if (winner != NULL)
        out[count++] = (geo_version){.stamp = winner->count, .write = winner->write};
    return count;
}

/* A bijection whose sums tell siblings apart: SplitMix64's finaliser (Steele, Lea, Flood 2014). */
static uint64_t mixed(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t crdt_digest(enum crdt_type type, const void *row, uint32_t nodes, const geo_value *initial)
{
    geo_value v = crdt_value(type, row, nodes, initial);
    const struct crdt_register *column = row;
    uint64_t sum = 0, write = 0, count = 0;

    if (is_counter(type))
        return geo_value_digest(&v, GEO_COUNTER);
    if (is_set(type))
        return geo_value_digest(&v, GEO_SET);
    if (type == CRDT_LWW_REGISTER) {
        geo_version winner = {0};
        for (geo_node n = 0; n < nodes; n++)
            if (column[n].count > 0 && geo_newer((geo_version){column[n].stamp, column[n].write}, winner))
                winner = (geo_version){column[n].stamp, column[n].write};
        return winner.write;
    }
    for (geo_node n = 0; n < nodes; n++)
        if (is_alive(type, &column[n])) {
            write = column[n].write;
            sum += mixed(write);
            count++;
        }
    return count > 1 ? mixed(sum) : write;
}
