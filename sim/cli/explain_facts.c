/* explain_facts.c -- see explain_facts.h. Places, timetable and clocks are functions of the definition, the
 * seed and the replication, so they are made once more here, apart from the trial that they were in. */
#include "sim/cli/explain_facts.h"

#include "sim/world/clock.h"
#include "sim/world/place.h"
#include "sim/world/timetable.h"

#include <math.h>
#include <stdlib.h>

struct facts {
    struct story_facts shown; /* first */
    const struct world_def *def;
    struct geography places;
    struct timetable timetable;
};

/* Does the fault touch the directed pair of regions? */
static bool touches(const struct occurrence *o, uint32_t from, uint32_t to)
{
    const struct fault_def *f = o->fault;

    switch (f->target) {
    case TARGET_GROUPS:
    case TARGET_RANDOM_GROUPS:
        return o->group[from] != 0 && o->group[to] != 0 && o->group[from] != o->group[to];
    case TARGET_LINK:
        return f->from == from && f->to == to;
    case TARGET_PAIR:
        return (f->from == from && f->to == to) || (f->from == to && f->to == from);
    default:
        return false;
    }
}

/* The fault of one of these kinds that is on at `at` and touches the pair; of several the one that lasts
 * longest. */
static uint32_t find(const struct facts *f, uint32_t kinds, uint32_t from, uint32_t to, sim_ns at)
{
    uint32_t found = STORY_NO_FAULT;

    for (uint32_t i = 0; i < f->timetable.occurrences.count; i++) {
        const struct occurrence *o = &f->timetable.occurrences.items[i];
        if ((kinds >> o->fault->kind & 1) != 0 && o->begin <= at && at < o->end && touches(o, from, to) &&
            (found == STORY_NO_FAULT || o->end > f->timetable.occurrences.items[found].end))
            found = i;
    }
    return found;
}

static uint32_t cut(void *self, uint32_t from, uint32_t to, sim_ns at)
{
    return find(self, 1u << FAULT_PARTITION | 1u << FAULT_CUT, from, to, at);
}

static uint32_t slow(void *self, uint32_t from, uint32_t to, sim_ns at)
{
    return find(self, 1u << FAULT_SLOW, from, to, at);
}

static uint32_t overload(void *self, uint32_t region, sim_ns from, sim_ns to)
{
    const struct facts *f = self;

    for (uint32_t i = 0; i < f->timetable.occurrences.count; i++) {
        const struct occurrence *o = &f->timetable.occurrences.items[i];
        if (o->fault->kind == FAULT_OVERLOAD && o->fault->region == region && o->begin <= to && from < o->end)
            return i;
    }
    return STORY_NO_FAULT;
}

/* Of a fault of one region (crash, overload, load, clock): does it happen there? */
static bool fault_touches(void *self, uint32_t fault, uint32_t from, uint32_t to)
{
    const struct facts *f = self;
    const struct occurrence *o = &f->timetable.occurrences.items[fault];
    uint8_t kind = o->fault->kind;

    if (kind == FAULT_PARTITION || kind == FAULT_CUT || kind == FAULT_SLOW)
        return touches(o, from, to);
    return from == to && (o->fault->target == TARGET_REGION || o->fault->target == TARGET_NODE) &&
           o->fault->region == from;
}

static sim_ns usual(void *self, uint32_t from, uint32_t to)
{
    const struct facts *f = self;

    return from == to ? f->def->local_ns / 2
                      : f->def->links[from * f->def->region_count + to].rtt_median_ns / 2;
}

static double bandwidth(void *self, uint32_t from, uint32_t to)
{
    const struct facts *f = self;

    return from == to ? 0 : f->def->links[from * f->def->region_count + to].bandwidth_bits_per_s;
}

static bool bursts(void *self, uint32_t from, uint32_t to)
{
    const struct facts *f = self;

    return from != to && f->def->links[from * f->def->region_count + to].bursts.on;
}

static bool steps_node(const struct facts *f, const struct occurrence *o, uint32_t node)
{
    uint32_t region = f->places.node_region[node];

    return o->fault->kind == FAULT_CLOCK && o->fault->region == region &&
           (o->fault->target != TARGET_NODE || f->places.region_first_node[region] + o->fault->node == node);
}

static struct story_clock clock_at(void *self, uint32_t node, sim_ns at)
{
    struct facts *f = self;
    struct clock c;

    clock_open(&c, &f->def->regions[f->places.node_region[node]].clock,
               place_key_node(&f->places, "clock", node));
    for (size_t i = 0; i < f->timetable.occurrences.count; i++) {
        const struct occurrence *o = &f->timetable.occurrences.items[i];
        if (o->begin <= at && steps_node(f, o, node))
            clock_step(&c, o->begin, o->fault->step_ns);
    }
    sim_ns error = clock_now(&c, at) - at;
    sim_ns since = c.def->sync_every_ns > 0 ? at - c.sync_at_ns : at;
    return (struct story_clock){
        .error = error,
        .offset = (sim_ns)llrint(c.offset_ns + (c.def->sync_every_ns > 0 ? c.sync_error_ns : 0)),
        .drift = (sim_ns)llrint(c.drift * (double)since),
        .step = (sim_ns)llrint(c.step_ns),
    };
}

struct story_facts *explain_facts_new(const struct world_def *def, uint64_t seed, uint32_t replication)
{
    struct facts *f = memory_new(1, sizeof *f);

    f->def = def;
    f->shown = (struct story_facts){.self = f,
                                    .cut = cut,
                                    .slow = slow,
                                    .overload = overload,
                                    .usual = usual,
                                    .touches = fault_touches,
                                    .bandwidth = bandwidth,
                                    .bursts = bursts,
                                    .clock = clock_at};
    geography_open(&f->places, def, seed, replication);
    timetable_open(&f->timetable, def, &f->places);
    return &f->shown;
}

void explain_facts_free(struct story_facts *shown)
{
    struct facts *f = shown != NULL ? shown->self : NULL;

    if (f == NULL)
        return;
    timetable_close(&f->timetable);
    geography_close(&f->places);
    free(f);
}
