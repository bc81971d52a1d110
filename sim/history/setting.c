/* setting.c -- where a key's replicas are.
 *
 * PER_NODE walks a ring that takes one node of each region in turn, from the key's hash on, so that the
 * copies of a key are spread over the regions before any region has two (Cassandra's NetworkTopologyStrategy
 * does the same).
 */
#include "sim/history/setting.h"

#include "sim/base/check.h"

static uint32_t per_node(const struct history_setting *s, uint64_t key, uint32_t *out)
{
    uint32_t want = s->copies == 0 || s->copies > s->node_count ? s->node_count : s->copies;
    uint32_t found = 0, deepest = 0;
    uint64_t hash = hash_mix(key);

    if (want == s->node_count) { /* every node: in the order of nodes */
        for (; found < want; found++)
            out[found] = found;
        return want;
    }
    for (uint32_t g = 0; g < s->region_count; g++)
        if (s->region_node_count[g] > deepest)
            deepest = s->region_node_count[g];
    uint32_t first = (uint32_t)(hash % s->region_count);
    for (uint32_t depth = 0; depth < deepest && found < want; depth++)
        for (uint32_t i = 0; i < s->region_count && found < want; i++) {
            uint32_t g = (first + i) % s->region_count, nodes = s->region_node_count[g];
            if (depth < nodes)
                out[found++] = s->region_first_node[g] + (uint32_t)(((hash >> 32) + depth) % nodes);
        }
    return found;
}

uint32_t placement_holders(const struct history_setting *s, uint64_t key, uint32_t *out)
{
    uint32_t found = 0;

    CHECK(s->region_count > 0);
    CHECK(s->node_count <= PLACEMENT_MOST || s->placement != PLACEMENT_PER_NODE);
    switch (s->placement) {
    case PLACEMENT_ONE:
        out[0] = placement_node_in(s, key, s->one_region);
        return 1;
    case PLACEMENT_PER_REGION:
        for (uint32_t g = 0; g < s->region_count; g++)
            if (s->region_node_count[g] > 0)
                out[found++] = placement_node_in(s, key, g);
        return found;
    default:
        return per_node(s, key, out);
    }
}

int placement_index(const struct history_setting *s, uint64_t key, uint32_t node)
{
    uint32_t holders[PLACEMENT_MOST], count;

    if (s->placement == PLACEMENT_PER_NODE && (s->copies == 0 || s->copies >= s->node_count))
        return (int)node;
    count = placement_holders(s, key, holders);
    for (uint32_t i = 0; i < count; i++)
        if (holders[i] == node)
            return (int)i;
    return -1;
}
