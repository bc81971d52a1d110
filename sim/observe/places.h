/* places.h -- which row of a key's replicas a node is: the tables by key and replica are indexed by it.
 *
 * Row i of a key is placement_holders()[i] (history/setting.h); every key has the same number of rows. */
#ifndef GEOREP_OBSERVE_PLACES_H
#define GEOREP_OBSERVE_PLACES_H

#include "sim/history/setting.h"

#define PLACES_NONE (-1)

struct places {
    const struct history_setting *setting;
    uint32_t replicas; /* rows of every key */
    int32_t *rank;     /* [region]: its place among the regions that have nodes, or PLACES_NONE */
    uint32_t known;    /* nodes of which row_of tells */
    int32_t *row_of;   /* [node], where it is the same for every key; else NULL */
    uint32_t *node_of; /* [row], likewise */
};

void places_open(struct places *p, const struct history_setting *s);
void places_close(struct places *p);

int places_row_of_key(const struct places *p, uint64_t key, uint32_t node);

/* The row of `node` among the replicas of `key`, or PLACES_NONE. A look into a table where every key lives on
 * the same nodes. */
static inline int places_row(const struct places *p, uint64_t key, uint32_t node)
{
    if (node >= p->known)
        return places_row_of_key(p, key, node);
    return p->row_of[node];
}

/* The nodes of a key's rows; `buffer` has room for PLACEMENT_MOST, and may be what is returned. */
static inline const uint32_t *places_nodes(const struct places *p, uint64_t key, uint32_t *buffer)
{
    if (p->node_of != NULL)
        return p->node_of;
    placement_holders(p->setting, key, buffer);
    return buffer;
}

/* Replicas of any key, without opening. */
uint32_t places_replicas(const struct history_setting *s);

#endif
