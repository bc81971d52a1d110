/* world.c -- see world.h. */
#include "tests/support/world.h"

#include <stdlib.h>

const struct distribution *test_constant(double value)
{
    struct distribution *d = memory_new(1, sizeof *d); /* lives as long as the test's process */

    *d = (struct distribution){.kind = DISTRIBUTION_CONSTANT, .a = value};
    return d;
}

struct link_def *test_link(struct world_def *def, uint32_t from, uint32_t to)
{
    return &def->links[from * def->region_count + to];
}

struct world_def test_world(uint32_t regions, sim_ns rtt_ns)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct world_def def = {
        .region_count = regions,
        .regions = memory_new(regions, sizeof *def.regions),
        .links = memory_new((size_t)regions * regions, sizeof *def.links),
        .retransmit_max_ns = SIM_SECOND,
        .client = test_constant(0),
        .storage = {.workers = 8},
        .data = GEO_REGISTER,
        .key_count = 16,
        .initial = 100,
        .duration_ns = 10 * SIM_SECOND,
        .drain_ns = 10 * SIM_SECOND,
    };

    for (uint32_t g = 0; g < regions; g++) {
        def.regions[g] = (struct region_def){.name = names[g], .nodes = 1};
        def.regions[g].workload = (struct workload_def){
            .arrivals = ARRIVALS_POISSON,
            .rate_per_s = 100,
            .mix = {[GEO_READ] = 0.5, [GEO_WRITE] = 0.5},
            .value_bytes = 1000,
            .timeout_ns = 10 * SIM_SECOND,
            .failover = true,
            .failover_after_ns = SIM_SECOND,
            .route_to = g,
        };
        for (uint32_t to = 0; to < regions; to++)
            def.links[g * regions + to] = (struct link_def){
                .delay = test_constant((double)rtt_ns),
                .delay_is_round_trip = true,
                .odd_up = g < to,
                .rtt_median_ns = rtt_ns,
                .price_usd_per_byte = 0.02e-9,
            };
    }
    return def;
}

void test_world_free(struct world_def *def)
{
    free(def->regions);
    free(def->links);
}

static void keep(void *self, const struct history_record *record, uint64_t position)
{
    struct record_list *into = self;

    (void)position;
    *array_add(&into->list) = *record;
}

void test_keep_history(struct trial *t, struct record_list *into)
{
    history_add_reader(trial_history(t), keep, into, UINT32_MAX);
}

const struct history_record *test_record(const struct record_list *from, enum history_kind kind, size_t index)
{
    for (size_t i = 0; i < from->list.count; i++)
        if (from->list.items[i].kind == kind && index-- == 0)
            return &from->list.items[i];
    return NULL;
}

size_t test_record_count(const struct record_list *from, enum history_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < from->list.count; i++)
        count += from->list.items[i].kind == kind;
    return count;
}
