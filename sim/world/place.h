/* place.h -- regions and nodes: their numbers, names, and the keys of their luck.
 *
 * Nodes are numbered region by region. Random numbers are keyed by names, so that another region changes no
 * other's luck (semantics, C); a node's name is its region's and its number within it. */
#ifndef GEOREP_WORLD_PLACE_H
#define GEOREP_WORLD_PLACE_H

#include "sim/engine/random.h"
#include "sim/world/def.h"

struct geography {
    uint32_t region_count, node_count;
    const char **region_names;
    uint16_t *node_region;
    uint32_t *region_first_node, *region_node_count;
    uint64_t *region_luck; /* [region]: a hash of the name, for what is keyed by an operation */
    uint64_t seed, replication;
};

void geography_open(struct geography *p, const struct world_def *def, uint64_t seed, uint64_t replication);
void geography_close(struct geography *p);

/* Keys for a purpose: of a region, of a node, of a directed pair of regions. */
random_key place_key_region(const struct geography *p, const char *purpose, uint32_t region);
random_key place_key_node(const struct geography *p, const char *purpose, uint32_t node);
random_key place_key_pair(const struct geography *p, const char *purpose, uint32_t from, uint32_t to);

/* An operation as luck sees it: by the name of its client's region and all else of its identity. */
static inline uint64_t place_luck_of(const struct geography *p, uint64_t op)
{
    return p->region_luck[op >> 48] ^ (op & UINT64_C(0xffffffffffff));
}

static inline uint64_t place_luck_of_node(const struct geography *p, uint32_t node)
{
    uint32_t region = p->node_region[node];
    return p->region_luck[region] + (node - p->region_first_node[region]);
}

#endif
