/* check_witness.c -- counters and sets of a model with one place that orders each key's writes: the order in
 * which they were taken is tried as the witness of linearizability, before any search.
 *
 * An operation is linearizable (Herlihy and Wing 1990) if one order of all fits what each answered and who
 * ended before whom began. The order tried is that of the TAKEs of a key, with each read just after the write
 * whose value it returned. It fits if
 *   - each write's value is what its operation makes of the value of the write taken before it;
 *   - a write that was answered well had been taken, once;
 *   - a read returns the value of its write, which is not older than what any operation that ended before it
 * began had written or read (the key's *floor*);
 *   - a decrement answered "no" finds, from its floor on, a value that was too small.
 * A write is taken after it begins and is answered after that, so that among writes real time is kept of
 * itself. What was never taken has not happened. If any of this fails the witness proves nothing, and the
 * search decides.
 *
 * Memory: 40 bytes for each version that an open operation may still return; 32 bytes an open operation,
 * and as much for each write that timed out and may still be taken: of WITNESS_OPEN_MOST it gives up. */
#include "sim/base/hash.h"
#include "sim/observe/check_room.h"

enum { WITNESS_OPEN_MOST = 1 << 20 };

struct witness_version {
    uint64_t write, digest, members, fresh;
    int64_t number;
};

struct witness_key {
    uint64_t first; /* the number of versions.items[0]; versions count from 0, which is the initial value */
    uint64_t floor;
    uint32_t open;
    ARRAY(struct witness_version) versions;
};

struct witness_op {
    uint64_t floor, op;
    int64_t amount;
    uint8_t kind, item;
    bool taken, over; /* over: nobody waits for it any more, but it may still be taken */
};

struct witness {
    const struct history_setting *setting;
    struct check_map key_of, open; /* (operation) -> index */
    ARRAY(struct witness_key) keys;
    ARRAY(struct witness_op) ops;
    ARRAY(uint32_t) free;
    bool failed;
};

struct witness *witness_new(const struct history_setting *s)
{
    struct witness *w = memory_new(1, sizeof *w);

    w->setting = s;
    w->failed = s->data == GEO_REGISTER || s->by_merge;
    return w;
}

static void let_go(struct witness *w)
{
    array_each (struct witness_key, k, &w->keys)
        array_free(&k->versions);
    array_free(&w->keys);
    array_free(&w->ops);
    array_free(&w->free);
    check_map_free(&w->key_of);
    check_map_free(&w->open);
}

void witness_free(struct witness *w)
{
    if (w != NULL && !w->failed)
        let_go(w);
    free(w);
}

bool witness_holds(const struct witness *w)
{
    return !w->failed;
}

static void fail(struct witness *w)
{
    let_go(w);
    w->failed = true;
}

static struct witness_key *key_at(struct witness *w, uint64_t key)
{
    uint64_t index = check_map_get(&w->key_of, key, 0);

    if (index == CHECK_ABSENT) {
        struct witness_version initial = {.number = w->setting->initial};
        index = w->keys.count;
        check_map_put(&w->key_of, key, 0, index);
        struct witness_key *k = array_add(&w->keys);
        *k = (struct witness_key){0};
        initial.digest = w->setting->data == GEO_COUNTER ? (uint64_t)initial.number : hash_join(0, 0);
        *array_add(&k->versions) = initial;
        return k;
    }
    return &w->keys.items[index];
}

static struct witness_op *op_at(struct witness *w, uint64_t op)
{
    uint64_t index = check_map_get(&w->open, history_op_of(op), 0);

    return index == CHECK_ABSENT ? NULL : &w->ops.items[index];
}

static void begins(struct witness *w, const struct history_record *r)
{
    struct witness_key *k = key_at(w, r->key);
    uint32_t index;

    if (w->free.count > 0) {
        index = w->free.items[--w->free.count];
    } else {
        index = (uint32_t)w->ops.count;
        array_add(&w->ops);
    }
    w->ops.items[index] = (struct witness_op){.floor = k->floor,
                                              .op = r->op,
                                              .amount = r->begin.amount,
                                              .kind = r->begin.op_kind,
                                              .item = r->begin.item};
    k->open++;
    check_map_put(&w->open, history_op_of(r->op), 0, index);
}

static void forget_op(struct witness *w, uint64_t op)
{
    uint64_t index = check_map_get(&w->open, history_op_of(op), 0);

    check_map_remove(&w->open, history_op_of(op), 0);
    *array_add(&w->free) = (uint32_t)index;
}

static void takes(struct witness *w, const struct history_record *r)
{
    struct witness_op *op = op_at(w, r->op);
    struct witness_key *k = key_at(w, r->key);
    struct witness_version v = k->versions.items[k->versions.count - 1];
    struct geo_value value = {.number = v.number, .members = v.members, .fresh = v.fresh};

    if (op == NULL || op->taken) { /* taken twice */
        fail(w);
        return;
    }
    struct geo_op made = {
        .write = r->op, .amount = op->amount, .kind = op->kind, .item = op->item, .data = w->setting->data};
    if (!geo_value_after(&value, &made)) {
        fail(w);
        return;
    }
    v = (struct witness_version){
        .write = r->op, .number = value.number, .members = value.members, .fresh = value.fresh};
    v.digest = geo_value_digest(&value, w->setting->data);
    *array_add(&k->versions) = v;
    op->taken = true;
    if (op->over)
        forget_op(w, r->op);
}

static size_t version_find(const struct witness_key *k, uint64_t write)
{
    size_t i = k->versions.count;

    while (i > 0 && k->versions.items[i - 1].write != write)
        i--;
    return i;
}

/* The number of the version that this operation is at, or UINT64_MAX. */
static uint64_t place_of(const struct witness *w, const struct witness_key *k, const struct witness_op *op,
                         const struct history_record *r)
{
    if (r->end.outcome == OUTCOME_NO) {
        for (size_t i = 0; i < k->versions.count; i++)
            if (k->first + i >= op->floor && k->versions.items[i].number < op->amount)
                return k->first + i;
        return UINT64_MAX;
    }
    size_t i = version_find(k, op->kind == GEO_READ ? r->end.write : r->op);
    if (i == 0 || k->first + i - 1 < op->floor)
        return UINT64_MAX;
    const struct witness_version *v = &k->versions.items[i - 1];
    if (op->kind == GEO_READ &&
        (w->setting->data == GEO_COUNTER ? r->end.number != v->number : r->end.digest != v->digest))
        return UINT64_MAX;
    return k->first + i - 1;
}

static void ends(struct witness *w, const struct history_record *r)
{
    uint64_t index = check_map_get(&w->open, history_op_of(r->op), 0);

    if (index == CHECK_ABSENT)
        return;
    struct witness_op op = w->ops.items[index];
    struct witness_key *k = key_at(w, r->key);
    bool well = r->end.outcome == OUTCOME_OK || r->end.outcome == OUTCOME_NO;
    k->open--;
    if (well || op.kind == GEO_READ || op.taken)
        forget_op(w, r->op);
    else
        w->ops.items[index].over = true;
    if (w->ops.count > WITNESS_OPEN_MOST) {
        fail(w);
        return;
    }
    if (well && (op.kind == GEO_READ || op.taken || r->end.outcome == OUTCOME_NO)) {
        uint64_t place = place_of(w, k, &op, r);
        if (place == UINT64_MAX) {
            fail(w);
            return;
        }
        k->floor = place > k->floor ? place : k->floor;
    } else if (well) {
        fail(w); /* answered, and never taken */
        return;
    }
    if (k->open > 0 || k->first == k->floor)
        return;
    size_t drop = k->floor - k->first; /* nobody may return what is below the floor now */
    k->versions.count -= drop;
    memmove(k->versions.items, k->versions.items + drop, k->versions.count * sizeof *k->versions.items);
    k->first = k->floor;
}

void witness_read(struct witness *w, const struct history_record *r)
{
    if (w->failed || history_op_is_probe(r->op))
        return;
    switch (r->kind) {
    case HISTORY_BEGIN:
        begins(w, r);
        break;
    case HISTORY_RETRY:
        fail(w); /* an attempt that was given up may still be taken */
        break;
    case HISTORY_TAKE:
        takes(w, r);
        break;
    case HISTORY_END:
        ends(w, r);
        break;
    default:
        break;
    }
}
