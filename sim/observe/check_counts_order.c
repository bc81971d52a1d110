/* check_counts_order.c -- counters that are read by number: is there one order of all operations that keeps
 * each session's own (Lamport 1979)?
 *
 * A counter of which each change adds the same passes each level once. A change of a session after its read
 * of level a, and before its next one of level b, is one of the steps a + 1 ... b of the counter. So each key
 * alone is a matching of changes to steps in which every step up to the highest level that was read has a
 * change: the earliest deadline first finds one if there is one, as it does of unit jobs with release times
 * and deadlines (Jackson 1955). Of one key that is the answer.
 *
 * Of several keys each must have one, and if their orders and the sessions' go together without a cycle,
 * there is one of all. If they do not, another choice might: undecided. */
#include "sim/observe/check_counts_room.h"
#include "sim/observe/check_graph.h"

#include <stdio.h>

struct job {
    uint32_t key, op;         /* the change */
    int64_t after, most;      /* it is one of the steps after + 1 ... most */
    const struct counted *of; /* the read that says so; NULL: none does, and most is INT64_MAX */
};

/* Of a session and a key: its last read, and its changes since. */
struct last {
    int64_t level;
    const struct counted *read;
    ARRAY(uint32_t) jobs;
};

struct order {
    struct counts *c;
    ARRAY(struct job) jobs;
    struct check_map at; /* (session, key) -> index into last */
    ARRAY(struct last) last;
    const struct counted **highest; /* [key]: the read of the highest level */
    ARRAY(uint32_t) heap;           /* jobs, by `most` and then by begin */
    ARRAY(uint32_t) steps;          /* changes, in the order of their steps, key after key */
    size_t *first;                  /* [key]: of its steps */
};

static struct last *last_of(struct order *o, const struct counted *op)
{
    uint64_t at = check_map_get(&o->at, op->session, op->key);

    if (at == CHECK_ABSENT) {
        check_map_put(&o->at, op->session, op->key, at = o->last.count);
        array_add(&o->last);
    }
    return &o->last.items[at];
}

static void bound_by_read(struct order *o, const struct counted *r)
{
    struct last *l = last_of(o, r);

    if (r->level < 0) {
        counts_complain(o->c, r, NULL, "no sum gives that; of nothing it is", o->c->initial);
        return;
    }
    if (r->level < l->level) {
        counts_complain(o->c, r, l->read, "its session had read", l->read->op->number);
        return;
    }
    l->level = r->level;
    l->read = r;
    array_each (uint32_t, job, &l->jobs) {
        o->jobs.items[*job].most = r->level;
        o->jobs.items[*job].of = r;
    }
    l->jobs.count = 0;
    if (o->highest[r->key] == NULL || o->highest[r->key]->level < r->level)
        o->highest[r->key] = r;
}

static void bound(struct order *o)
{
    for (uint32_t i = 0; i < o->c->ops.count; i++) {
        const struct counted *op = &o->c->ops.items[i];
        if (op->op->reads) {
            bound_by_read(o, op);
            continue;
        }
        struct last *l = last_of(o, op);
        if (op->end != CHECK_OPEN)
            *array_add(&l->jobs) = (uint32_t)o->jobs.count;
        *array_add(&o->jobs) = (struct job){.key = op->key, .op = i, .after = l->level, .most = INT64_MAX};
    }
}

static int by_key_and_level(const void *left, const void *right)
{
    const struct job *a = left, *b = right;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    if (a->after != b->after)
        return a->after < b->after ? -1 : 1;
    return a->op < b->op ? -1 : a->op > b->op;
}

static bool is_sooner(const struct order *o, uint32_t a, uint32_t b)
{
    const struct job *x = &o->jobs.items[a], *y = &o->jobs.items[b];

    return x->most != y->most ? x->most < y->most : x->op < y->op;
}

static void heap_put(struct order *o, uint32_t job)
{
    size_t i = o->heap.count;

    array_add(&o->heap);
    for (size_t up; i > 0 && is_sooner(o, job, o->heap.items[up = (i - 1) / 2]); i = up)
        o->heap.items[i] = o->heap.items[up];
    o->heap.items[i] = job;
}

static struct job *heap_take(struct order *o)
{
    uint32_t *heap = o->heap.items, first = heap[0], job = heap[--o->heap.count];
    size_t i = 0;

    for (size_t down; (down = 2 * i + 1) < o->heap.count; i = down) {
        down += down + 1 < o->heap.count && is_sooner(o, heap[down + 1], heap[down]);
        if (!is_sooner(o, heap[down], job))
            break;
        heap[i] = heap[down];
    }
    heap[i] = job;
    return &o->jobs.items[first];
}

/* Puts the changes of a key, jobs[from .. to), onto its steps. False: they do not go there, as told. */
static bool match(struct order *o, uint32_t key, size_t from, size_t to)
{
    const struct counted *highest = o->highest[key];
    int64_t level = 0, most = highest != NULL ? highest->level : 0;

    o->heap.count = 0;
    while (from < to || o->heap.count > 0) {
        for (; from < to && (o->jobs.items[from].after <= level || level >= most); from++)
            heap_put(o, (uint32_t)from);
        if (o->heap.count == 0)
            break;
        const struct job *job = heap_take(o);
        level++;
        if (job->most < level) {
            counts_complain(o->c, job->of, NULL, "in any order more had been added before it than",
                            job->of->op->number);
            return false;
        }
        if (level <= most || o->c->ops.items[job->op].end != CHECK_OPEN)
            *array_add(&o->steps) = job->op;
    }
    if (level >= most)
        return true;
    counts_complain(o->c, highest, NULL, "what can have been added before it gives at most",
                    o->c->initial + level * o->c->keys.items[key].step);
    return false;
}

static bool match_all(struct order *o)
{
    size_t from = 0;
    bool all = true;

    if (o->jobs.count > 0)
        qsort(o->jobs.items, o->jobs.count, sizeof *o->jobs.items, by_key_and_level);
    for (uint32_t key = 0; key < o->c->keys.count; key++) {
        size_t to = from;
        while (to < o->jobs.count && o->jobs.items[to].key == key)
            to++;
        o->first[key] = o->steps.count;
        all &= match(o, key, from, to);
        from = to;
    }
    o->first[o->c->keys.count] = o->steps.count;
    return all;
}

/* Do the orders of all keys and those of sessions go together? */
static bool go_together(const struct order *o)
{
    const struct counts *c = o->c;
    struct graph g;
    uint32_t *last = memory_new(c->session_count + 1, sizeof *last), /* of a session, + 1 */
        *order = memory_new(c->ops.count + 1, sizeof *order);

    graph_open(&g, (uint32_t)c->ops.count);
    for (uint32_t i = 0; i < c->ops.count; i++) {
        const struct counted *op = &c->ops.items[i];
        int64_t count = (int64_t)(o->first[op->key + 1] - o->first[op->key]);
        const uint32_t *steps = count > 0 ? &o->steps.items[o->first[op->key]] : NULL;
        bool reads = op->op->reads && count > 0;
        CHECK(!op->op->reads || op->level <= count);
        if (last[op->session] != 0)
            graph_add(&g, last[op->session] - 1, i, GRAPH_SESSION);
        if (op->end != CHECK_OPEN)
            last[op->session] = i + 1;
        if (reads && op->level > 0)
            graph_add(&g, steps[op->level - 1], i, GRAPH_WR);
        if (reads && op->level < count)
            graph_add(&g, i, steps[op->level], GRAPH_RW);
    }
    for (uint32_t key = 0; key < c->keys.count; key++)
        for (size_t i = o->first[key] + 1; i < o->first[key + 1]; i++)
            graph_add(&g, o->steps.items[i - 1], o->steps.items[i], GRAPH_WW);
    bool sorted = graph_sort(&g, (1u << GRAPH_KINDS) - 1, order);
    graph_close(&g);
    free(last);
    free(order);
    return sorted;
}

void counts_order(struct counts *c)
{
    struct order o = {.c = c};

    o.highest = memory_new(c->keys.count + 1, sizeof(const struct counted *));
    o.first = memory_new(c->keys.count + 2, sizeof *o.first);
    bound(&o);
    if (match_all(&o) && c->tally->violations == 0 && c->keys.count > 1 && !go_together(&o))
        check_undecided(c->tally, "each counter has an order, and those that were tried do not go together");
    array_each (struct last, l, &o.last)
        array_free(&l->jobs);
    array_free(&o.last);
    array_free(&o.jobs);
    array_free(&o.heap);
    array_free(&o.steps);
    check_map_free(&o.at);
    free(o.highest);
    free(o.first);
}
