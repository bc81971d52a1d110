/* tree.h -- a YAML document as a tree: maps, lists and scalars, each with its place.
 *
 * Nodes never change once they are made, and aliases share them: an override makes new nodes along its path
 * only, so a sweep of thousands of points costs little. All belong to the arena they were made in.
 */
#ifndef GEOREP_SCENARIO_TREE_H
#define GEOREP_SCENARIO_TREE_H

#include "sim/base/diagnostics.h"
#include "sim/scenario/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TREE_DEPTH_MOST 64
#define TREE_NODES_MOST 1000000u
#define TREE_KEYS_MOST 4096u /* of one map: a search is linear */

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    struct place at;
    const char *text;                /* scalar */
    uint32_t count;                  /* list, map */
    const struct node *const *items; /* list: elements; map: values */
    const struct node *const *keys;  /* map: scalars */
    uint64_t size;                   /* nodes below and itself, aliases counted as often as they are used */
    unsigned depth;                  /* 1: a scalar */
};

struct node *node_scalar(struct arena *a, struct place at, const char *text);
struct node *node_list(struct arena *a, struct place at, const struct node *const *items, size_t count);
struct node *node_map(struct arena *a, struct place at, const struct node *const *keys,
                      const struct node *const *items, size_t count);

/* The value of a key of a map, or NULL; NULL too where the node is no map. */
const struct node *node_get(const struct node *map, const char *key);
int node_find(const struct node *map, const char *key); /* index, or -1 */

/* A map like `map` (NULL or no map: an empty one at the place of `value`) with `key` set; value NULL: without
 * it. */
const struct node *node_with(struct arena *a, const struct node *map, const char *key,
                             const struct node *value);
/* A list like `list` with one element replaced. */
const struct node *node_with_item(struct arena *a, const struct node *list, size_t index,
                                  const struct node *value);

bool node_is(const struct node *scalar, const char *text); /* a scalar of this text */
bool node_equal(const struct node *a, const struct node *b);

const char *
node_what(const struct node *n); /* "a map", "a list", "`text`" shortened; valid until 4 more calls */

/* As YAML text: of the whole document in block style, or of one value in flow style, on one line. Caller
 * frees. */
char *node_text(const struct node *n);
char *node_text_flow(const struct node *n);

#endif
