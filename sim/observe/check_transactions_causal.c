/* check_transactions_causal.c -- does every read have all that was added to its key in its past?
 *
 * The past of a transaction: those of its session that ended before it began, those whose additions it read,
 * and the past of all these. Nothing else is forced: elements are added once, so what a read returned says
 * exactly which additions it saw, and any larger order only asks for more. A read returns only what is in its
 * past (it reads it), so it has all of its past exactly when it has as many. In a list what was added in the
 * past of an element stands before it.
 *
 * A past is one count a lane: how many of its transactions it holds. What ended well stands in the lane of
 * its session, one after the other (where sessions overlap this is undecided); what may have happened, and
 * was read, has a lane of its own, since nothing of its session is after it. */
#include "sim/observe/check_transactions_room.h"

#include <stdio.h>

#define COUNTS_MOST (UINT64_C(1) << 28) /* 1 GB */

/* What one lane added to one key, by its place in the lane. */
struct additions_of {
    ARRAY(uint32_t) places;
    ARRAY(uint32_t) at; /* the same in `additions` */
};

struct causal {
    struct transactions *t;
    uint32_t lanes;
    uint32_t *lane, *place; /* [transaction]; places from 1, 0: it did not happen, or nobody knows of it */
    uint32_t *known;        /* [transaction][lane]: its past, itself included */
    struct check_map lists; /* (key, lane) -> index into added */
    ARRAY(struct additions_of) added;
    struct check_map mark; /* (key, element) -> read + 1 */
};

static void number_lanes(struct causal *c)
{
    const struct transactions *t = c->t;
    struct check_map names = {0};
    ARRAY(uint32_t) counts = {0};

    for (uint32_t i = 0; i < t->count; i++) {
        bool maybe = t->all[i].outcome == CHECK_INFO;
        uint64_t lane = maybe ? CHECK_ABSENT : check_map_get(&names, t->all[i].session, 0);
        if (t->all[i].outcome == CHECK_FAIL || (maybe && !transactions_was_read(t, i)))
            continue;
        if (lane == CHECK_ABSENT) {
            lane = c->lanes++;
            array_add(&counts);
            if (!maybe)
                check_map_put(&names, t->all[i].session, 0, lane);
        }
        CHECK(lane < counts.count);
        c->lane[i] = (uint32_t)lane;
        c->place[i] = ++counts.items[lane];
    }
    check_map_free(&names);
    array_free(&counts);
}

static void list_additions(struct causal *c)
{
    for (size_t i = 0; i < c->t->additions.count; i++) {
        const struct transaction_addition *a = &c->t->additions.items[i];
        if (c->place[a->transaction] == 0)
            continue;
        uint64_t at = check_map_get(&c->lists, a->key, c->lane[a->transaction]);
        if (at == CHECK_ABSENT) {
            at = c->added.count;
            array_add(&c->added);
            check_map_put(&c->lists, a->key, c->lane[a->transaction], at);
        }
        CHECK(at < c->added.count);
        *array_add(&c->added.items[at].places) = c->place[a->transaction];
        *array_add(&c->added.items[at].at) = (uint32_t)i;
    }
}

/* How many of a lane's additions to the key are among its first `place` transactions. */
static size_t count_upto(const struct additions_of *a, uint32_t place)
{
    size_t low = 0, high = a->places.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (a->places.items[middle] <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct additions_of *added_by(const struct causal *c, uint32_t key, uint32_t lane)
{
    uint64_t at = check_map_get(&c->lists, key, lane);

    return at == CHECK_ABSENT ? NULL : &c->added.items[at];
}

static void join(struct causal *c, uint32_t *known, uint32_t with)
{
    const uint32_t *other = c->known + (size_t)with * c->lanes;

    for (uint32_t s = 0; s < c->lanes; s++)
        known[s] = other[s] > known[s] ? other[s] : known[s];
}

/* Some addition of its past that it lacks: tells which. */
static void tell_missing(struct causal *c, const struct transaction_read *r, const uint32_t *known,
                         uint64_t number)
{
    for (size_t i = 0; i < r->count; i++)
        check_map_put(&c->mark, r->key, r->elements[i], number);
    for (uint32_t i = 0; i < c->t->count; i++) {
        if (i == r->transaction || c->place[i] == 0 || c->place[i] > known[c->lane[i]])
            continue;
        for (size_t s = 0; s < c->t->all[i].count; s++) {
            const struct transaction_step *step = &c->t->all[i].steps[s];
            if (!step->reads && check_map_get(&c->t->keys, step->key, 0) == r->key &&
                check_map_get(&c->mark, r->key, step->element) != number) {
                transactions_complain(c->t, r->transaction, i, "lacks what stands in its past, added by");
                return;
            }
        }
    }
}

static void judge_read(struct causal *c, const struct transaction_read *r, const uint32_t *known,
                       uint64_t number)
{
    size_t past = 0;

    for (uint32_t s = 0; s < c->lanes; s++) {
        const struct additions_of *a = known[s] == 0 ? NULL : added_by(c, r->key, s);
        uint32_t upto = s == c->lane[r->transaction] ? c->place[r->transaction] - 1 : known[s];
        past += a == NULL ? 0 : count_upto(a, upto);
    }
    if (past == r->count)
        return;
    if (check_violation_again(c->t->tally))
        return;
    tell_missing(c, r, known, number);
}

/* Of a list: what is in the past of an element stands before it. */
static void judge_list(struct causal *c, const struct transaction_read *r)
{
    uint32_t *stand = memory_new((size_t)c->lanes + 1, sizeof *stand);

    for (size_t i = 0; i < r->count; i++) {
        uint32_t writer = transactions_find(c->t, r->key, r->elements[i])->transaction;
        const uint32_t *known = c->known + (size_t)writer * c->lanes;
        for (uint32_t s = 0; s < c->lanes; s++) {
            const struct additions_of *a = known[s] == 0 ? NULL : added_by(c, r->key, s);
            uint32_t upto = s == c->lane[writer] ? c->place[writer] - 1 : known[s];
            if (a != NULL && count_upto(a, upto) > stand[s]) {
                transactions_complain(c->t, r->transaction, writer,
                                      "has an element before what stands in the past of its writer,");
                free(stand);
                return;
            }
        }
        stand[c->lane[writer]]++;
    }
    free(stand);
}

/* The past of each, in an order in which those of its past come before it. */
static void spread(struct causal *c, const uint32_t *order)
{
    const struct transactions *t = c->t;
    const struct graph_edge *edges = t->graph.edges.items;
    size_t edge_count = t->graph.edges.count;
    uint32_t *first = memory_new(t->count + 2, sizeof *first),
             *from = memory_new(edge_count + 1, sizeof *from);

    for (size_t i = 0; i < edge_count; i++)
        first[edges[i].to + 2]++;
    for (size_t i = 2; i < t->count + 2; i++)
        first[i] += first[i - 1];
    for (size_t i = 0; i < edge_count; i++)
        from[first[edges[i].to + 1]++] = edges[i].from;
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t me = order[i], *known = c->known + (size_t)me * c->lanes;
        if (c->place[me] == 0)
            continue;
        known[c->lane[me]] = c->place[me];
        for (uint32_t k = first[me]; k < first[me + 1]; k++)
            if (known[c->lane[from[k]]] < c->place[from[k]] || c->lane[from[k]] == c->lane[me])
                join(c, known, from[k]);
    }
    free(first);
    free(from);
}

/* Session order and reads-from as edges, and an order along them. False: some are in their own past. */
static bool sort_by_past(struct causal *c, uint32_t *order)
{
    struct transactions *t = c->t;
    struct graph *g = &t->graph;
    const unsigned kinds = 1u << GRAPH_SESSION | 1u << GRAPH_WR;
    struct check_map last = {0}; /* session -> its last that ended well */
    size_t read = 0;

    for (uint32_t i = 0; i < t->count; i++) {
        uint64_t before = check_map_get(&last, t->all[i].session, 0);
        if (c->place[i] == 0)
            continue;
        if (before != CHECK_ABSENT)
            graph_add(g, (uint32_t)before, i, GRAPH_SESSION);
        if (t->all[i].outcome == CHECK_OK)
            check_map_put(&last, t->all[i].session, 0, i);
        for (; read < t->reads.count && t->reads.items[read].transaction == i; read++) {
            const struct transaction_read *r = &t->reads.items[read];
            for (size_t e = 0; e < r->count; e++)
                graph_add(g, transactions_find(t, r->key, r->elements[e])->transaction, i, GRAPH_WR);
        }
    }
    check_map_free(&last);
    if (graph_sort(g, kinds, order))
        return true;
    struct graph_cycle cycle;
    graph_knots(g, kinds, &cycle);
    transactions_complain(t, cycle.steps[0].from, cycle.steps[0].to,
                          "is in its own past (G1c, circular information flow), by way of");
    return false;
}

static void judge_reads(struct causal *c)
{
    struct transactions *t = c->t;
    const struct transaction_read **longest =
        memory_new((size_t)t->key_count + 1, sizeof(const struct transaction_read *));

    for (size_t i = 0; i < t->reads.count; i++) {
        const struct transaction_read *r = &t->reads.items[i];
        judge_read(c, r, c->known + (size_t)r->transaction * c->lanes, i + 1);
        if (longest[r->key] == NULL || longest[r->key]->count < r->count)
            longest[r->key] = r;
    }
    for (uint32_t k = 0; k < t->key_count && t->lists; k++)
        if (longest[k] != NULL)
            judge_list(c, longest[k]);
    free(longest);
}

static void causal_free(struct causal *c)
{
    free(c->known);
    free(c->lane);
    array_each (struct additions_of, a, &c->added) {
        array_free(&a->places);
        array_free(&a->at);
    }
    array_free(&c->added);
    check_map_free(&c->lists);
    check_map_free(&c->mark);
}

void transactions_causal(struct transactions *t)
{
    struct causal c = {.t = t};
    size_t elements = 0;

    array_each (const struct transaction_read, r, &t->reads)
        elements += r->count;
    c.lane = memory_new(t->count * 2 + 2, sizeof *c.lane);
    c.place = c.lane + t->count + 1;
    number_lanes(&c);
    if (t->overlaps || (uint64_t)t->count * c.lanes > COUNTS_MOST || elements > COUNTS_MOST) {
        check_undecided(
            t->tally, t->overlaps
                          ? "operations of one session overlap"
                          : "there are more sessions (or operations that may have happened) than it follows");
    } else {
        uint32_t *order = memory_new(t->count + 1, sizeof *order);
        c.known = memory_new(t->count * c.lanes + 1, sizeof *c.known);
        list_additions(&c);
        graph_open(&t->graph, (uint32_t)t->count);
        if (sort_by_past(&c, order)) {
            spread(&c, order);
            judge_reads(&c);
        }
        graph_close(&t->graph);
        free(order);
    }
    causal_free(&c);
}
