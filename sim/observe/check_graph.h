/* check_graph.h -- a graph of what must come before what, and its cycles: for checkers that know of each
 * pair of neighbours which comes first (Adya, Weak Consistency, MIT 1999; Kingsbury and Alvaro, Elle, VLDB
 * 2020).
 *
 * Nodes 0 .. operations - 1 are operations (or transactions); graph_node adds nodes that stand for an instant
 * or a state, so that a relation of many with many costs one edge each. Such a node is entered by an edge of
 * some kind and left by GRAPH_ON. Cost: linear in nodes and edges. */
#ifndef GEOREP_OBSERVE_CHECK_GRAPH_H
#define GEOREP_OBSERVE_CHECK_GRAPH_H

#include "sim/base/array.h"

#include <stdbool.h>
#include <stdint.h>

enum graph_edge_kind {
    GRAPH_ON,      /* leaves a node that is no operation */
    GRAPH_WW,      /* what a wrote was overwritten, or followed, by what b wrote */
    GRAPH_WR,      /* b read what a wrote */
    GRAPH_RW,      /* a read what was there before b wrote */
    GRAPH_SESSION, /* a came before b in their session */
    GRAPH_TIME,    /* a had ended before b began */
    GRAPH_KINDS
};

struct graph_edge {
    uint32_t from, to;
    uint8_t kind;
};

struct graph {
    uint32_t operations, nodes;
    ARRAY(struct graph_edge) edges;
};

/* A step of a cycle, from operation to operation. */
struct graph_step {
    uint32_t from, to;
    uint8_t kind; /* of the edge that `from` is left by */
};

struct graph_cycle {
    uint32_t count;              /* 0: there is none */
    struct graph_step steps[16]; /* the first of them */
    uint32_t of_kind[GRAPH_KINDS];
};

void graph_open(struct graph *g, uint32_t operations);
void graph_close(struct graph *g);
uint32_t graph_node(struct graph *g);
void graph_add(struct graph *g, uint32_t from, uint32_t to, enum graph_edge_kind kind);

/* How many knots (strongly connected parts of more than one node) the edges of these kinds (bits) make, and a
 * short cycle of the one whose first operation is the earliest. */
uint32_t graph_knots(const struct graph *g, unsigned kinds, struct graph_cycle *cycle);

/* All nodes, each after those with an edge to it; false: there is a cycle. Room for g->nodes. */
bool graph_sort(const struct graph *g, unsigned kinds, uint32_t *order);

#endif
