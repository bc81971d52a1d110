/* check_transactions_order.c -- is there one order of all transactions that lets every read return what it
 * did?
 *
 * The reads of one key must form a chain: of two, the shorter is a part (of lists: the beginning) of the
 * longer. So the key went through states
 *
 *      nothing --> what the shortest read has --> ... --> what the longest has --> (added, and never read)
 *
 * Additions that made a state come before those who read it, and these before the additions of the next
 * one. Those neighbours are the edges; with the order of each session, or real time, any order along
 * the edges is a right one, and a cycle proves that there is none. A cycle is named as in the field: of
 * writes alone G0, with reads of them G1c, with one read of what was then overwritten G-single, with several
 * G2. A state is a node of its own, so that a hundred readers and a hundred writers need two hundred edges.
 *
 * What was added, told ok and never read comes after the longest read. A transaction may have read that
 * longest state and then added to it: of such there can be one only (two are a lost update), and it is the
 * first of those after. */
#include "sim/observe/check_transactions_room.h"

#include <stdio.h>

static size_t whole(const struct transaction_read *r)
{
    return r->count + r->own;
}

static int by_key_and_length(const void *left, const void *right)
{
    const struct transaction_read *a = *(const struct transaction_read *const *)left,
                                  *b = *(const struct transaction_read *const *)right;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    if (whole(a) != whole(b))
        return whole(a) < whole(b) ? -1 : 1;
    return a->transaction < b->transaction ? -1 : a->transaction > b->transaction;
}

static bool is_part(const struct transactions *t, const struct transaction_read *shorter,
                    const struct transaction_read *longer, struct check_map *mark, uint64_t number)
{
    if (t->lists)
        return whole(shorter) == 0 ||
               memcmp(shorter->elements, longer->elements, whole(shorter) * sizeof(uint64_t)) == 0;
    for (size_t i = 0; i < longer->count; i++)
        check_map_put(mark, longer->elements[i], 0, number);
    for (size_t i = 0; i < shorter->count; i++)
        if (check_map_get(mark, shorter->elements[i], 0) != number)
            return false;
    return true;
}

/* What is known of one key after a walk over its reads. */
struct key_tail {
    uint32_t after; /* a node: after all that was read; additions that nobody read come behind it */
    uint32_t first; /* the transaction that must be the first of these, if there is one */
};

/* Does this transaction add to that key what nobody has read? */
static bool adds_unread(const struct transactions *t, uint32_t which, uint32_t key)
{
    for (size_t s = 0; s < t->all[which].count; s++) {
        const struct transaction_step *step = &t->all[which].steps[s];
        if (!step->reads && check_map_get(&t->keys, step->key, 0) == key &&
            !transactions_find(t, key, step->element)->read)
            return true;
    }
    return false;
}

/* Who read the whole list, and who made it, before what was added and never read. */
static struct key_tail list_tail(struct transactions *t, struct transaction_read **reads, size_t count,
                                 size_t length, uint32_t last_writer)
{
    struct graph *g = &t->graph;
    struct key_tail tail = {graph_node(g), NO_TRANSACTION};

    if (last_writer != NO_TRANSACTION) {
        graph_add(g, last_writer, tail.after, GRAPH_WW);
        if (adds_unread(t, last_writer, reads[0]->key))
            tail.first = last_writer;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t which = reads[i]->transaction;
        if (reads[i]->count != length || !adds_unread(t, which, reads[i]->key))
            continue;
        if (tail.first != NO_TRANSACTION && tail.first != which)
            transactions_complain(t, which, tail.first,
                                  "adds to what it read, and so does (lost update, a G-single)");
        tail.first = which;
    }
    for (size_t i = 0; i < count; i++)
        if (reads[i]->count == length)
            graph_add(g, reads[i]->transaction, tail.first != NO_TRANSACTION ? tail.first : tail.after,
                      GRAPH_RW);
    if (tail.first != NO_TRANSACTION)
        graph_add(g, tail.first, tail.after, GRAPH_WW);
    return tail;
}

/* A list: its longest read tells the order of all that was read. */
static struct key_tail list_walk(struct transactions *t, struct transaction_read **reads, size_t count)
{
    const struct transaction_read *longest = reads[count - 1];
    size_t length = whole(longest);
    uint32_t *writers = memory_new(length + 1, sizeof *writers);

    for (size_t i = 0; i < length; i++) {
        const struct transaction_addition *a = transactions_find(t, longest->key, longest->elements[i]);
        bool again = i > 0 && writers[i - 1] == a->transaction;
        writers[i] = a->transaction;
        if (a->before !=
            (again ? transactions_find(t, longest->key, longest->elements[i - 1])->before + 1 : 0))
            transactions_complain(t, longest->transaction, a->transaction,
                                  "returns out of their order, or parted, elements added by");
        if (i > 0)
            graph_add(&t->graph, writers[i - 1], writers[i], GRAPH_WW);
    }
    for (size_t i = 0; i < count; i++) {
        if (reads[i]->count > 0)
            graph_add(&t->graph, writers[reads[i]->count - 1], reads[i]->transaction, GRAPH_WR);
        if (reads[i]->count < length)
            graph_add(&t->graph, reads[i]->transaction, writers[reads[i]->count], GRAPH_RW);
    }
    struct key_tail tail =
        list_tail(t, reads, count, length, length > 0 ? writers[length - 1] : NO_TRANSACTION);
    free(writers);
    return tail;
}

/* A set: the additions of a state, its readers, the additions of the next. */
static struct key_tail set_walk(struct transactions *t, struct transaction_read **reads, size_t count)
{
    struct graph *g = &t->graph;
    struct check_map placed = {0};
    uint32_t after = NO_TRANSACTION;

    for (size_t from = 0, to; from < count; from = to) {
        uint32_t state = graph_node(g), next = graph_node(g);
        if (after != NO_TRANSACTION)
            graph_add(g, after, state, GRAPH_ON);
        for (size_t i = 0; i < reads[from]->count; i++) {
            uint64_t element = reads[from]->elements[i];
            uint32_t writer = transactions_find(t, reads[from]->key, element)->transaction;
            if (check_map_get(&placed, element, 0) != CHECK_ABSENT)
                continue;
            check_map_put(&placed, element, 0, 1);
            if (after != NO_TRANSACTION)
                graph_add(g, after, writer, GRAPH_ON);
            graph_add(g, writer, state, GRAPH_WR);
        }
        graph_add(g, state, next, GRAPH_ON);
        for (to = from; to < count && reads[to]->count == reads[from]->count; to++) {
            graph_add(g, state, reads[to]->transaction, GRAPH_ON);
            graph_add(g, reads[to]->transaction, next, GRAPH_RW);
        }
        after = next;
    }
    check_map_free(&placed);
    return (struct key_tail){after, NO_TRANSACTION};
}

static struct key_tail key_order(struct transactions *t, struct transaction_read **reads, size_t count)
{
    struct check_map mark = {0};
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && !is_part(t, reads[kept - 1], reads[i], &mark, i + 1)) {
            transactions_complain(t, reads[i]->transaction, reads[kept - 1]->transaction,
                                  t->lists ? "returns elements in another order (incompatible order) than"
                                           : "lacks an element that is in a read of fewer, at");
            continue;
        }
        reads[kept++] = reads[i];
    }
    check_map_free(&mark);
    return t->lists ? list_walk(t, reads, kept) : set_walk(t, reads, kept);
}

static void session_edges(struct transactions *t)
{
    struct check_map last = {0}; /* session -> its last that ended well */

    for (uint32_t i = 0; i < t->count; i++) {
        uint64_t before = check_map_get(&last, t->all[i].session, 0);
        if (t->all[i].outcome == CHECK_FAIL)
            continue;
        if (before != CHECK_ABSENT && t->all[before].end < t->all[i].begin)
            graph_add(&t->graph, (uint32_t)before, i, GRAPH_SESSION);
        if (t->all[i].outcome == CHECK_OK)
            check_map_put(&last, t->all[i].session, 0, i);
    }
    check_map_free(&last);
}

struct instant {
    uint64_t end;
    uint32_t transaction, node;
};

static int by_end(const void *left, const void *right)
{
    const struct instant *a = left, *b = right;

    return a->end < b->end ? -1 : a->end > b->end;
}

/* A node after each end, in a row: who begins later is behind the last of those before. */
static void time_edges(struct transactions *t)
{
    struct instant *ends = memory_new(t->count + 1, sizeof *ends);
    size_t count = 0, passed = 0;

    for (uint32_t i = 0; i < t->count; i++)
        if (t->all[i].outcome == CHECK_OK)
            ends[count++] = (struct instant){.end = t->all[i].end, .transaction = i};
    qsort(ends, count, sizeof *ends, by_end);
    for (size_t i = 0; i < count; i++) {
        ends[i].node = graph_node(&t->graph);
        graph_add(&t->graph, ends[i].transaction, ends[i].node, GRAPH_TIME);
        if (i > 0)
            graph_add(&t->graph, ends[i - 1].node, ends[i].node, GRAPH_ON);
    }
    for (uint32_t i = 0; i < t->count; i++) {
        while (passed < count && ends[passed].end < t->all[i].begin)
            passed++;
        if (passed > 0 && t->all[i].outcome != CHECK_FAIL)
            graph_add(&t->graph, ends[passed - 1].node, i, GRAPH_ON);
    }
    free(ends);
}

/* The worst kind of cycle first: those of fewer kinds of edges. */
static void tell_cycle(struct transactions *t)
{
    static const unsigned kinds[] = {1u << GRAPH_WW, 1u << GRAPH_WW | 1u << GRAPH_WR,
                                     1u << GRAPH_WW | 1u << GRAPH_WR | 1u << GRAPH_RW};
    static const char *const names[] = {"G0, dirty write", "G1c, circular information flow",
                                        "G2, anti-dependency cycle"};
    static const char *const words[] = {[GRAPH_WW] = "is followed by",
                                        [GRAPH_WR] = "is read by",
                                        [GRAPH_RW] = "does not see",
                                        [GRAPH_SESSION] = "comes in its session before",
                                        [GRAPH_TIME] = "had ended before the begin of"};
    const unsigned time = 1u << GRAPH_SESSION | 1u << GRAPH_TIME;
    struct graph_cycle cycle;
    char text[256];
    uint32_t knots = graph_knots(&t->graph, kinds[2] | time, &cycle);
    size_t kind = 0;
    bool timed = false;

    if (knots == 0)
        return;
    struct graph_cycle found = {0};
    while (kind < 3 && graph_knots(&t->graph, kinds[kind], &found) == 0)
        kind++;
    if (kind == 3) { /* only with sessions or real time */
        timed = true;
        for (kind = 0; kind < 2 && graph_knots(&t->graph, kinds[kind] | time, &found) == 0; kind++)
            ;
        if (kind == 2) /* all kinds together are a cycle */
            graph_knots(&t->graph, kinds[kind] | time, &found);
    }
    const char *name = kind == 2 && found.of_kind[GRAPH_RW] == 1 ? "G-single, read skew" : names[kind];
    size_t at = (size_t)snprintf(text, sizeof text, "each must come before the next (%s%s): %s %llu", name,
                                 timed && found.of_kind[GRAPH_TIME] > 0 ? ", in real time"
                                 : timed                                ? ", by session"
                                                                        : "",
                                 t->noun, (unsigned long long)t->all[found.steps[0].from].id);
    uint64_t related[4] = {0};
    for (uint32_t i = 0; i < found.count && i < 16 && at < sizeof text; i++) {
        const struct graph_step *s = &found.steps[i];
        if (i > 0 && i < 5)
            related[i - 1] = t->all[s->from].id;
        at += (size_t)snprintf(text + at, sizeof text - at, "%s %s %llu", i > 0 ? ", which" : "",
                               words[s->kind], (unsigned long long)t->all[s->to].id);
    }
    check_violation(t->tally, t->all[found.steps[0].from].id, related, "%s", text);
    t->tally->violations += knots - 1;
}

static bool happened(const struct transactions *t, uint32_t which)
{
    return t->all[which].outcome == CHECK_OK ||
           (t->all[which].outcome == CHECK_INFO && transactions_was_read(t, which));
}

void transactions_order(struct transactions *t, bool real_time)
{
    struct transaction_read **reads = memory_new(t->reads.count + 1, sizeof(struct transaction_read *));
    struct key_tail *tails = memory_new((size_t)t->key_count + 1, sizeof *tails);

    graph_open(&t->graph, (uint32_t)t->count);
    for (size_t i = 0; i < t->reads.count; i++)
        reads[i] = &t->reads.items[i];
    qsort(reads, t->reads.count, sizeof *reads, by_key_and_length);
    for (uint32_t k = 0; k < t->key_count; k++)
        tails[k].after = NO_TRANSACTION;
    for (size_t from = 0, to; from < t->reads.count; from = to) {
        for (to = from; to < t->reads.count && reads[to]->key == reads[from]->key; to++)
            ;
        tails[reads[from]->key] = key_order(t, reads + from, to - from);
    }
    array_each (const struct transaction_addition, a, &t->additions)
        if (!a->read && happened(t, a->transaction) && tails[a->key].after != NO_TRANSACTION &&
            tails[a->key].first != a->transaction)
            graph_add(&t->graph, tails[a->key].after, a->transaction, GRAPH_ON);
    free(reads);
    free(tails);
    session_edges(t);
    if (real_time)
        time_edges(t);
    tell_cycle(t);
    graph_close(&t->graph);
    if (t->overlaps && !real_time)
        check_undecided(t->tally, "operations of one session overlap");
}
