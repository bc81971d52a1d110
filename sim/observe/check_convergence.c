/* check_convergence.c -- do replicas end up alike (eventual), and are they alike whenever they have the same
 * writes (strong eventual: Shapiro, Preguica, Baquero, Zawirski, SSS 2011)?
 *
 * Of each replica of each key: what a read there would answer, as one number, and what it has. BY_ORDER it
 * has a version: two replicas of one version must answer alike. BY_MERGE it has so many writes of each
 * origin: a sum over origins names that set. A replica is held against the key's others when the instant is
 * over, since the records of one step come one after another.
 *
 * Eventual is judged at the end of the run, and is broken only if replicas that differ had time to agree: if
 * in the second half of the drain a fault that keeps or slows messages was on, or some replica still changed,
 * or if messages still wait for bandwidth at the end, it is undecided.
 *
 * Of a replica that nothing has reached all is 0. A key's replicas stand side by side, behind the bits that
 * say which of them wait to be held against the others: of five replicas all is in two lines of memory. Keys
 * have a number in order of their first change, and the tables are as long as these are many.
 *
 * A version mostly comes to one replica after another, each at an instant of its own. The first that has it
 * is held against all others, and named in the first byte of the bits: as long as nothing else happens to the
 * key, who then stores that version is held against this one alone.
 *
 * Memory: 24 bytes a key and replica that was ever written, 8 a key and 64 of them, and 24 for each origin
 * one has merged; 4 bytes a key. */
#include "sim/base/expect.h"
#include "sim/base/hash.h"
#include "sim/base/hot.h"
#include "sim/base/sparse.h"
#include "sim/observe/check_room.h"
#include "sim/observe/places.h"

#include <stdio.h>

struct row {
    uint64_t digest;    /* what a read would answer, by xor with the initial value's */
    uint64_t has, also; /* BY_ORDER: stamp and write of its version; BY_MERGE: two sums over origins */
};

/* In the first byte: 0, or the row + 1 that was held against all others, none of which differs from it though
 * it has the same writes. */
enum { MARKS_FIRST = 8, MODEL_MOST = UINT8_MAX };

struct dirty {
    uint64_t key;
    uint32_t number, row;
};

struct alike {
    const struct history_setting *setting;
    struct places places;
    uint32_t *number_of; /* [key], 0: nothing of it has changed yet */
    uint64_t *rows; /* [number * stride]: `marks` words, a byte and then a bit for each row that is dirty;
                       then the rows */
    uint32_t holders, marks;
    size_t stride, count, room; /* count: of numbers, 0 is nobody's */
    bool *up, *forgot; /* [node]; forgot: lost memory, so that what it has merged is not known any more */
    uint32_t *lives;   /* [node]: how often it has lost its disk */
    int64_t *on;       /* [fault]: how often it has begun less ended */
    struct check_map merged; /* (row, life and origin) -> upto */
    ARRAY(struct dirty) dirty;
    sim_ns dirty_time;
    sim_ns changed_time;  /* when some replica's state last changed */
    sim_ns hindered_time; /* when the last fault that keeps replicas apart ended */
    sim_ns busy_until;    /* of links with a bandwidth */
    uint64_t initial;
    struct check_tally eventual, strong;
};

static COLD void rows_grow(struct alike *c)
{
    size_t each = c->stride * sizeof *c->rows, room = c->room != 0 ? c->room * 2 : 64;

    c->rows = sparse_grow(c->rows, c->room * each, c->room * each, room * each);
    c->room = room;
}

static uint32_t marks_for(uint32_t holders)
{
    return (MARKS_FIRST + holders + 63) / 64;
}

/* Words of a key. */
static size_t stride_for(uint32_t holders)
{
    return marks_for(holders) + holders * sizeof(struct row) / sizeof(uint64_t);
}

/* BY_MERGE a write makes its origin known to each of the key's replicas, if it was not; that table is half
 * full. */
uint64_t alike_bytes(const struct history_setting *s, uint64_t writes)
{
    uint64_t holders = places_replicas(s), written = writes < s->key_count ? writes : s->key_count;
    uint64_t pairs = written * holders < writes ? written * holders : writes; /* key and origin */
    uint64_t merged = s->by_merge ? pairs * holders * 2 * sizeof(struct check_slot) : 0;

    return written * stride_for((uint32_t)holders) * sizeof(uint64_t) + merged;
}

struct alike *alike_new(const struct history_setting *s)
{
    struct alike *c = memory_new(1, sizeof *c);

    c->setting = s;
    places_open(&c->places, s);
    c->holders = c->places.replicas;
    c->marks = marks_for(c->holders);
    c->stride = stride_for(c->holders);
    c->number_of = sparse_new(s->key_count * sizeof *c->number_of + 1, s->operations);
    c->count = 1;
    rows_grow(c);
    c->up = memory_new(s->node_count, sizeof *c->up);
    c->forgot = memory_new(s->node_count, sizeof *c->forgot);
    c->lives = memory_new(s->node_count, sizeof *c->lives);
    c->on = memory_new(s->fault_count + 1, sizeof *c->on);
    for (uint32_t i = 0; i < s->node_count; i++)
        c->up[i] = true;
    c->initial = s->data == GEO_COUNTER ? (uint64_t)s->initial : s->data == GEO_SET ? hash_join(0, 0) : 0;
    return c;
}

void alike_free(struct alike *c)
{
    if (c == NULL)
        return;
    places_close(&c->places);
    sparse_free(c->number_of, c->setting->key_count * sizeof *c->number_of + 1);
    sparse_free(c->rows, c->room * c->stride * sizeof *c->rows);
    free(c->up);
    free(c->forgot);
    free(c->lives);
    free(c->on);
    array_free(&c->dirty);
    check_map_free(&c->merged);
    free(c);
}

const struct check_tally *alike_tally(const struct alike *c, bool strong)
{
    return strong ? &c->strong : &c->eventual;
}

static inline uint64_t *marks_of(const struct alike *c, uint32_t number)
{
    return &c->rows[number * c->stride];
}

static inline struct row *rows_of(const struct alike *c, uint32_t number)
{
    return (struct row *)(void *)(marks_of(c, number) + c->marks);
}

static inline uint32_t number_of(struct alike *c, uint64_t key)
{
    if (c->number_of[key] == 0) {
        if (c->count >= c->room)
            rows_grow(c);
        c->number_of[key] = (uint32_t)c->count++;
    }
    return c->number_of[key];
}

/* Though they have the same writes. Without a branch: which of them it is, nothing foretells. */
static inline bool answers_differ(const struct row *a, const struct row *b)
{
    return (a->has == b->has) & (a->also == b->also) & (a->digest != b->digest);
}

static COLD void tell(struct alike *c, const struct dirty *d)
{
    const struct row *rows = rows_of(c, d->number), *mine = &rows[d->row];
    uint32_t holders[PLACEMENT_MOST], count = placement_holders(c->setting, d->key, holders);

    if (c->forgot[holders[d->row]])
        return;
    for (uint32_t i = 0; i < count; i++) {
        if (c->forgot[holders[i]] || !answers_differ(&rows[i], mine))
            continue;
        check_violation(&c->strong, 0, (uint64_t[4]){0},
                        "at %.9g s nodes %u and %u have the same writes of key %llu and answer differently",
                        (double)c->dirty_time / 1e9, holders[d->row], holders[i], (unsigned long long)d->key);
        return;
    }
}

/* True: it differs from another. */
static inline bool compare(struct alike *c, const struct dirty *d)
{
    const struct row *rows = rows_of(c, d->number), mine = rows[d->row];
    bool differ = false;

    for (uint32_t i = 0; i < c->holders; i++)
        differ |= answers_differ(&rows[i], &mine);
    if (differ)
        tell(c, d);
    return differ;
}

static void settle(struct alike *c)
{
    array_each (struct dirty, d, &c->dirty) {
        uint32_t bit = MARKS_FIRST + d->row;
        marks_of(c, d->number)[bit / 64] &= ~(UINT64_C(1) << bit % 64);
        compare(c, d);
    }
    c->dirty.count = 0;
}

static inline void set_model(uint64_t *marks, uint32_t model)
{
    *marks = (*marks & ~(uint64_t)MODEL_MOST) | model;
}

/* Held against the others at once: nothing else happens at this instant. */
static inline void compare_alone(struct alike *c, const struct dirty *d)
{
    uint64_t *marks = marks_of(c, d->number);
    const struct row *rows = rows_of(c, d->number), *mine = &rows[d->row];
    uint32_t model = *marks & MODEL_MOST;

    if (model != 0 && model != d->row + 1) {
        const struct row *like = &rows[model - 1];
        if ((like->has == mine->has) & (like->also == mine->also) & (like->digest == mine->digest))
            return;
    }
    set_model(marks, !compare(c, d) && d->row < MODEL_MOST ? d->row + 1 : 0);
}

static void forget_row(struct alike *c, uint64_t key, int row)
{
    uint32_t number = c->number_of[key];

    if (number == 0)
        return;
    rows_of(c, number)[row] = (struct row){0};
    set_model(marks_of(c, number), 0);
}

static void forget_disk(struct alike *c, uint32_t node)
{
    c->lives[node]++;
    c->forgot[node] = false;
    for (uint64_t key = 0; key < c->setting->key_count; key++) {
        int row = places_row(&c->places, key, node);
        if (row >= 0)
            forget_row(c, key, row);
    }
}

static void forget_key(struct alike *c, const struct history_record *r)
{
    int row = r->key < c->setting->key_count ? places_row(&c->places, r->key, r->node) : -1;

    if (row >= 0)
        forget_row(c, r->key, row);
}

static void merge(struct alike *c, const struct history_record *r, struct row *row, uint64_t index)
{
    uint64_t origin = (uint64_t)c->lives[r->node] << 32 | r->merge.origin;
    uint64_t upto = check_map_get(&c->merged, index, origin);

    if (upto == CHECK_ABSENT)
        upto = 0;
    if (r->merge.upto <= upto)
        return;
    if (upto != 0) {
        row->has -= hash_join(r->merge.origin, upto);
        row->also -= hash_join(upto, r->merge.origin);
    }
    row->has += hash_join(r->merge.origin, r->merge.upto);
    row->also += hash_join(r->merge.upto, r->merge.origin);
    check_map_put(&c->merged, index, origin, r->merge.upto);
}

/* Held against the others when the instant is over. */
static APART void mark(struct alike *c, const struct dirty *d)
{
    uint64_t *marks = marks_of(c, d->number);
    uint32_t at = MARKS_FIRST + d->row;
    uint64_t bit = UINT64_C(1) << at % 64;

    set_model(marks, 0);
    if ((marks[at / 64] & bit) == 0)
        *array_add(&c->dirty) = *d;
    marks[at / 64] |= bit;
}

static inline void change(struct alike *c, const struct history_record *r, bool alone)
{
    int at = r->key < c->setting->key_count ? places_row(&c->places, r->key, r->node) : -1;

    if (at < 0 || (r->kind == HISTORY_STORE && !r->store.kept))
        return;
    c->changed_time = r->time;
    struct dirty d = {r->key, number_of(c, r->key), (uint32_t)at};
    struct row *row = &rows_of(c, d.number)[at];
    if (r->kind == HISTORY_STORE)
        *row = (struct row){
            .digest = r->store.digest ^ c->initial, .has = (uint64_t)r->store.stamp, .also = r->store.write};
    else if (r->kind == HISTORY_ANSWER)
        row->digest = r->answer.digest ^ c->initial;
    else
        merge(c, r, row, r->key * c->holders + (uint32_t)at);
    if (alone)
        compare_alone(c, &d);
    else
        mark(c, &d);
}

static bool keeps_apart(uint8_t fault_kind)
{
    return fault_kind == FAULT_PARTITION || fault_kind == FAULT_CUT || fault_kind == FAULT_CRASH ||
           fault_kind == FAULT_SLOW || fault_kind == FAULT_OVERLOAD;
}

void alike_expect_number(const struct alike *c, const struct history_record *r)
{
    if (r->key < c->setting->key_count)
        expect_line(&c->number_of[r->key]);
}

void alike_expect_rows(const struct alike *c, const struct history_record *r)
{
    enum { LINE = 64 / sizeof(uint64_t) };
    const uint64_t *rows = marks_of(c, r->key < c->setting->key_count ? c->number_of[r->key] : 0);

    expect_line(rows);
    for (size_t i = LINE; i + LINE < c->stride; i += LINE)
        expect_line(&rows[i]);
    expect_line(&rows[c->stride - 1]);
}

/* What is not a change of a replica. */
static COLD void read_other(struct alike *c, const struct history_record *r)
{
    switch (r->kind) {
    case HISTORY_DOWN:
        settle(c);
        c->up[r->node] = false;
        if (r->down.lose == LOSE_DISK)
            forget_disk(c, r->node);
        else if (r->down.lose == LOSE_MEMORY && c->setting->by_merge)
            c->forgot[r->node] = true;
        break;
    case HISTORY_FORGET:
        settle(c);
        forget_key(c, r);
        break;
    case HISTORY_UP:
        c->up[r->node] = true;
        break;
    case HISTORY_FAULT:
        if (r->fault.index >= c->setting->fault_count)
            break;
        c->on[r->fault.index] += r->fault.begins ? 1 : -1;
        if (keeps_apart(c->setting->faults[r->fault.index].kind))
            c->hindered_time = r->time;
        break;
    case HISTORY_SEND:
        if (r->send.leaves > c->busy_until)
            c->busy_until = r->send.leaves;
        break;
    default:
        break;
    }
}

void alike_read(struct alike *c, const struct history_record *r, const struct history_record *next)
{
    if (r->time != c->dirty_time && c->dirty.count > 0)
        settle(c);
    c->dirty_time = r->time;
    if ((r->kind == HISTORY_STORE) | (r->kind == HISTORY_MERGE) | (r->kind == HISTORY_ANSWER))
        change(c, r, next != NULL && next->time != r->time && c->dirty.count == 0);
    else
        read_other(c, r);
}

/* Why replicas that differ at the end may yet agree; NULL: they had time to. */
static const char *excuse(const struct alike *c)
{
    sim_ns half = c->setting->duration + (c->setting->limit - c->setting->duration) / 2;

    for (uint32_t i = 0; i < c->setting->fault_count; i++)
        if (c->on[i] > 0 && keeps_apart(c->setting->faults[i].kind))
            return "replicas differ at the end, and a fault still keeps them apart";
    if (c->hindered_time > half)
        return "replicas differ at the end, and a fault kept them apart until late in the drain: a longer "
               "one "
               "would tell";
    if (c->changed_time > half)
        return "replicas differ at the end, and still changed late in the drain: a longer one would tell";
    if (c->busy_until >= c->setting->limit)
        return "replicas differ at the end, and messages still wait for bandwidth: a longer drain would tell";
    return NULL;
}

void alike_finish(struct alike *c)
{
    const char *why = excuse(c);

    settle(c);
    for (uint64_t key = 0; key < c->setting->key_count; key++) {
        uint32_t number = c->number_of[key];
        if (number == 0)
            continue; /* all answer the initial value */
        uint32_t holders[PLACEMENT_MOST], count = placement_holders(c->setting, key, holders),
                                          first = UINT32_MAX;
        for (uint32_t i = 0; i < count; i++) {
            if (!c->up[holders[i]])
                continue;
            if (first == UINT32_MAX) {
                first = i;
                continue;
            }
            if (rows_of(c, number)[i].digest == rows_of(c, number)[first].digest)
                continue;
            if (why != NULL)
                check_undecided(&c->eventual, why);
            else
                check_violation(&c->eventual, 0, (uint64_t[4]){0},
                                "at the end nodes %u and %u answer differently for key %llu", holders[first],
                                holders[i], (unsigned long long)key);
            break;
        }
    }
}
