/* check_graph.c -- see check_graph.h. Tarjan's strongly connected components (SIAM J. Comput. 1(2), 1972)
 * without recursion, then a search in breadth for a short cycle in one of them. */
#include "sim/observe/check_graph.h"

#include "sim/base/check.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

enum { STARTS_MOST = 64 };

/* The edges of the kinds asked for, by their origin. */
struct lists {
    uint32_t *first; /* [nodes + 1] */
    struct graph_edge *edges;
};

void graph_open(struct graph *g, uint32_t operations)
{
    *g = (struct graph){.operations = operations, .nodes = operations};
}

void graph_close(struct graph *g)
{
    array_free(&g->edges);
}

uint32_t graph_node(struct graph *g)
{
    CHECK(g->nodes < NONE - 1);
    return g->nodes++;
}

void graph_add(struct graph *g, uint32_t from, uint32_t to, enum graph_edge_kind kind)
{
    CHECK(from < g->nodes && to < g->nodes);
    if (from != to)
        *array_add(&g->edges) = (struct graph_edge){from, to, (uint8_t)kind};
}

static struct lists lists_of(const struct graph *g, unsigned kinds)
{
    struct lists l = {.first = memory_new((size_t)g->nodes + 2, sizeof *l.first),
                      .edges = memory_new(g->edges.count + 1, sizeof *l.edges)};

    array_each (const struct graph_edge, e, &g->edges)
        l.first[e->from + 2] += kinds >> e->kind & 1;
    for (uint32_t i = 2; i < g->nodes + 2; i++)
        l.first[i] += l.first[i - 1];
    array_each (const struct graph_edge, e, &g->edges)
        if ((kinds >> e->kind & 1) != 0)
            l.edges[l.first[e->from + 1]++] = *e;
    return l;
}

static void lists_free(struct lists *l)
{
    free(l->first);
    free(l->edges);
}

struct tarjan {
    const struct lists *l;
    uint32_t *index, *low, *part, *stack, *path, *edge; /* [node] */
    uint32_t stack_count, path_count, next, parts;
    ARRAY(uint32_t) knots; /* the least node of each part of more than one */
};

static void part_close(struct tarjan *t, uint32_t root)
{
    uint32_t least = root, size = 0, node;

    do {
        node = t->stack[--t->stack_count];
        t->part[node] = t->parts;
        least = node < least ? node : least;
        size++;
    } while (node != root);
    t->parts++;
    if (size > 1)
        *array_add(&t->knots) = least;
}

static void visit(struct tarjan *t, uint32_t node)
{
    t->index[node] = t->low[node] = ++t->next;
    t->edge[node] = t->l->first[node];
    t->stack[t->stack_count++] = node;
    t->path[t->path_count++] = node;
}

static void walk_from(struct tarjan *t, uint32_t root)
{
    visit(t, root);
    while (t->path_count > 0) {
        uint32_t node = t->path[t->path_count - 1];
        if (t->edge[node] < t->l->first[node + 1]) {
            uint32_t to = t->l->edges[t->edge[node]++].to;
            if (t->index[to] == 0)
                visit(t, to);
            else if (t->part[to] == NONE && t->index[to] < t->low[node])
                t->low[node] = t->index[to];
            continue;
        }
        t->path_count--;
        if (t->low[node] == t->index[node])
            part_close(t, node);
        if (t->path_count > 0) {
            uint32_t above = t->path[t->path_count - 1];
            t->low[above] = t->low[node] < t->low[above] ? t->low[node] : t->low[above];
        }
    }
}

/* The shortest way from `start` back to it within its part: `came[node]` is the edge by which it was reached.
 * How many edges, 0 for none. */
static uint32_t way_back(const struct tarjan *t, uint32_t start, uint32_t *came, uint32_t *queue,
                         uint32_t *reached)
{
    uint32_t head = 0, tail = 0, last = NONE;

    *reached = 0;
    queue[tail++] = start;
    while (head < tail && last == NONE) {
        uint32_t node = queue[head++];
        for (uint32_t i = t->l->first[node]; i < t->l->first[node + 1] && last == NONE; i++) {
            uint32_t to = t->l->edges[i].to;
            if (t->part[to] != t->part[start])
                continue;
            if (to == start)
                last = i;
            else if (came[to] == NONE) {
                came[to] = i;
                queue[tail++] = to;
            }
        }
    }
    *reached = tail;
    if (last == NONE)
        return 0;
    came[start] = last;
    uint32_t count = 1;
    for (uint32_t node = t->l->edges[last].from; node != start; node = t->l->edges[came[node]].from)
        count++;
    return count;
}

static void cycle_keep(const struct graph *g, const struct tarjan *t, uint32_t start, const uint32_t *came,
                       uint32_t length, struct graph_cycle *cycle)
{
    struct graph_edge *way = memory_new(length, sizeof *way);
    uint32_t node = start;

    for (uint32_t i = length; i-- > 0;) {
        way[i] = t->l->edges[came[node]];
        node = way[i].from;
    }
    *cycle = (struct graph_cycle){0};
    for (uint32_t i = 0; i < length; i++) {
        struct graph_step step = {.from = way[i].from, .kind = way[i].kind};
        while (way[i].to >= g->operations)
            i++;
        step.to = way[i].to;
        cycle->of_kind[step.kind]++;
        if (cycle->count < sizeof cycle->steps / sizeof cycle->steps[0])
            cycle->steps[cycle->count] = step;
        cycle->count++;
    }
    free(way);
}

static void cycle_find(const struct graph *g, const struct tarjan *t, uint32_t part,
                       struct graph_cycle *cycle)
{
    uint32_t *came = memory_new((size_t)g->nodes + 1, sizeof *came);
    uint32_t *queue = memory_new((size_t)g->nodes + 1, sizeof *queue), starts = 0, best = NONE;

    memset(came, 0xff, ((size_t)g->nodes + 1) * sizeof *came);
    for (uint32_t node = 0; node < g->operations && starts < STARTS_MOST; node++) {
        uint32_t reached;
        if (t->part[node] != part)
            continue;
        starts++;
        uint32_t length = way_back(t, node, came, queue, &reached);
        if (length > 0 && length < best) {
            best = length;
            cycle_keep(g, t, node, came, length, cycle);
        }
        for (uint32_t i = 0; i < reached; i++)
            came[queue[i]] = NONE;
    }
    free(came);
    free(queue);
}

uint32_t graph_knots(const struct graph *g, unsigned kinds, struct graph_cycle *cycle)
{
    struct lists l = lists_of(g, kinds | 1u << GRAPH_ON);
    size_t nodes = (size_t)g->nodes + 1;
    uint32_t *room = memory_new(nodes * 6, sizeof *room), count, least = NONE;
    struct tarjan t = {.l = &l,
                       .index = room,
                       .low = room + nodes,
                       .part = room + nodes * 2,
                       .stack = room + nodes * 3,
                       .path = room + nodes * 4,
                       .edge = room + nodes * 5};

    memset(t.part, 0xff, nodes * sizeof *t.part);
    for (uint32_t node = 0; node < g->nodes; node++)
        if (t.index[node] == 0)
            walk_from(&t, node);
    *cycle = (struct graph_cycle){0};
    array_each (uint32_t, knot, &t.knots)
        least = *knot < least ? *knot : least;
    if (least != NONE)
        cycle_find(g, &t, t.part[least], cycle);
    count = (uint32_t)t.knots.count;
    array_free(&t.knots);
    free(room);
    lists_free(&l);
    return count;
}

bool graph_sort(const struct graph *g, unsigned kinds, uint32_t *order)
{
    struct lists l = lists_of(g, kinds | 1u << GRAPH_ON);
    uint32_t *before = memory_new((size_t)g->nodes + 1, sizeof *before), head = 0, tail = 0;

    for (uint32_t i = 0; i < l.first[g->nodes]; i++)
        before[l.edges[i].to]++;
    for (uint32_t node = 0; node < g->nodes; node++)
        if (before[node] == 0)
            order[tail++] = node;
    for (; head < tail; head++)
        for (uint32_t i = l.first[order[head]]; i < l.first[order[head] + 1]; i++)
            if (--before[l.edges[i].to] == 0)
                order[tail++] = l.edges[i].to;
    free(before);
    lists_free(&l);
    return tail == g->nodes;
}
