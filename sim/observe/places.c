/* places.c -- see places.h. Most models keep a key in every region, and most regions have one node: then a
 * node's row does not depend on the key, and is kept. */
#include "sim/observe/places.h"

#include "sim/base/check.h"

#include <stdlib.h>

uint32_t places_replicas(const struct history_setting *s)
{
    uint32_t regions = 0;

    switch (s->placement) {
    case PLACEMENT_ONE:
        return 1;
    case PLACEMENT_PER_REGION:
        for (uint32_t g = 0; g < s->region_count; g++)
            regions += s->region_node_count[g] > 0;
        return regions;
    default:
        return s->copies == 0 || s->copies > s->node_count ? s->node_count : s->copies;
    }
}

static bool same_for_all(const struct history_setting *s)
{
    bool alone = true; /* every node in its region */

    for (uint32_t g = 0; g < s->region_count; g++)
        alone &= s->region_node_count[g] <= 1;
    return s->placement == PLACEMENT_PER_NODE ? s->copies == 0 || s->copies >= s->node_count : alone;
}

void places_open(struct places *p, const struct history_setting *s)
{
    int32_t rank = 0;

    p->setting = s;
    p->replicas = places_replicas(s);
    CHECK(p->replicas > 0 && p->replicas <= PLACEMENT_MOST);
    p->rank = memory_new(s->region_count, sizeof *p->rank);
    for (uint32_t g = 0; g < s->region_count; g++)
        p->rank[g] = s->region_node_count[g] > 0 ? rank++ : PLACES_NONE;
    p->row_of = NULL;
    p->known = 0;
    p->node_of = NULL;
    if (!same_for_all(s))
        return;
    int32_t *row_of = memory_new(s->node_count, sizeof *row_of);
    for (uint32_t node = 0; node < s->node_count; node++)
        row_of[node] = places_row_of_key(p, 0, node);
    p->row_of = row_of;
    p->known = s->node_count;
    p->node_of = memory_new(PLACEMENT_MOST, sizeof *p->node_of);
    placement_holders(s, 0, p->node_of);
}

void places_close(struct places *p)
{
    free(p->rank);
    free(p->row_of);
    free(p->node_of);
    p->rank = p->row_of = NULL;
    p->node_of = NULL;
}

int places_row_of_key(const struct places *p, uint64_t key, uint32_t node)
{
    const struct history_setting *s = p->setting;

    if (node >= s->node_count)
        return PLACES_NONE;
    uint32_t region = s->node_region[node];
    switch (s->placement) {
    case PLACEMENT_ONE:
        return region == s->one_region && placement_node_in(s, key, region) == node ? 0 : PLACES_NONE;
    case PLACEMENT_PER_REGION:
        return placement_node_in(s, key, region) == node ? p->rank[region] : PLACES_NONE;
    default:
        return placement_index(s, key, node);
    }
}
