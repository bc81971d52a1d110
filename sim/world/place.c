/* place.c -- see place.h. */
#include "sim/world/place.h"

#include "sim/base/check.h"
#include "sim/base/hash.h"

#include <stdlib.h>

void geography_open(struct geography *p, const struct world_def *def, uint64_t seed, uint64_t replication)
{
    *p = (struct geography){.region_count = def->region_count, .seed = seed, .replication = replication};
    p->region_names = memory_new(def->region_count, sizeof *p->region_names);
    p->region_first_node = memory_new(def->region_count, sizeof *p->region_first_node);
    p->region_node_count = memory_new(def->region_count, sizeof *p->region_node_count);
    p->region_luck = memory_new(def->region_count, sizeof *p->region_luck);
    for (uint32_t g = 0; g < def->region_count; g++) {
        p->region_names[g] = def->regions[g].name;
        p->region_first_node[g] = p->node_count;
        p->region_node_count[g] = def->regions[g].nodes;
        p->region_luck[g] = hash_text(def->regions[g].name);
        p->node_count += def->regions[g].nodes;
    }
    p->node_region = memory_new(p->node_count, sizeof *p->node_region);
    for (uint32_t g = 0; g < def->region_count; g++)
        for (uint32_t i = 0; i < def->regions[g].nodes; i++)
            p->node_region[p->region_first_node[g] + i] = (uint16_t)g;
}

void geography_close(struct geography *p)
{
    free(p->region_names);
    free(p->region_first_node);
    free(p->region_node_count);
    free(p->region_luck);
    free(p->node_region);
}

random_key place_key_region(const struct geography *p, const char *purpose, uint32_t region)
{
    return random_key_name(random_key_new(p->seed, p->replication, purpose), p->region_names[region]);
}

random_key place_key_node(const struct geography *p, const char *purpose, uint32_t node)
{
    uint32_t region = p->node_region[node];
    return random_key_number(place_key_region(p, purpose, region), node - p->region_first_node[region]);
}

random_key place_key_pair(const struct geography *p, const char *purpose, uint32_t from, uint32_t to)
{
    return random_key_name(place_key_region(p, purpose, from), p->region_names[to]);
}
