/* workload.h -- what clients want: when they arrive, and which operation each arrival is.
 *
 * An arrival's time, key, kind and session are a function of (region, its number), of a closed session
 * (region, session, its number), so every model and every sweep point meets the same clients (semantics, C).
 */
#ifndef GEOREP_WORLD_WORKLOAD_H
#define GEOREP_WORLD_WORKLOAD_H

#include "sim/engine/distribution.h"
#include "sim/world/def.h"
#include "sim/world/place.h"
#include "sim/world/timetable.h"

struct session {
    uint64_t count; /* operations begun by a closed session */
    uint64_t token[2];
};

/* What one operation is to be. */
struct wish {
    uint64_t key;
    uint32_t session;
    uint32_t at_region; /* where it is issued */
    uint8_t kind, item;
    bool probes; /* if it commits, probes follow */
};

/* Arrivals are computed some ahead, all of a batch in one go: what one waits for, another uses. */
enum { WISHES_AHEAD = 16 };

struct region_clients {
    const struct workload_def *def;
    random_key arrival_key, wish_key;
    struct zipf *zipf; /* NULL: not needed */
    struct session *sessions;
    uint32_t home; /* the region whose nodes an operation issued at home goes to as long as none is down */
    uint32_t home_node; /* its node, where it has one alone; else UINT32_MAX */
    uint64_t own_key_first;
    /* kinds_of[i] is drawn below this of 2^53, and not below the one before; the last below anything */
    uint64_t kind_below[GEO_KINDS];
    uint8_t kinds_of[GEO_KINDS];
    uint64_t ahead_to;         /* the last arrival of those that are ready */
    bool has_rest;             /* more is drawn for an operation than kind, session and key */
    double work[WISHES_AHEAD]; /* [(number - 1) % WISHES_AHEAD]: from the arrival before, at a rate of 1 */
    sim_ns gaps[WISHES_AHEAD]; /* the same at the region's rate; SIM_NS_NEVER: there is none */
    struct wish wishes[WISHES_AHEAD];
};

struct workload {
    const struct world_def *def;
    struct region_clients *regions;
    random_key probe_key;
    double *read_share; /* [region], cumulative: of all reads, evenly where nobody reads */
};

void workload_open(struct workload *w, const struct world_def *def, const struct geography *p);
void workload_close(struct workload *w);

/* The region that an operation of a client of `client`, issued in `at`, is meant for. */
uint32_t workload_target(const struct world_def *def, const struct geography *p, uint32_t client,
                         uint32_t at);

/* Arrivals of an open region, from `number` on, are yet to be computed; computes the next WISHES_AHEAD. */
static inline bool workload_is_used_up(const struct workload *w, uint32_t region, uint64_t number)
{
    return number > w->regions[region].ahead_to;
}
void workload_look_ahead(struct workload *w, uint32_t region);

/* For the one below: when one comes where a fault changes the rate. */
sim_ns workload_changing_arrival(const struct region_clients *c, const struct timetable *t, uint32_t region,
                                 uint64_t number, sim_ns before);

/* When arrival `number` (from 1, asked for in turn, and computed) of an open region comes, the one before
 * having come at `before`; SIM_NS_NEVER: none. */
static inline sim_ns workload_next_arrival(const struct workload *w, const struct timetable *t,
                                           uint32_t region, uint64_t number, sim_ns before)
{
    const struct region_clients *c = &w->regions[region];

    if (t->load_count > 0)
        return workload_changing_arrival(c, t, region, number, before);
    sim_ns gap = c->gaps[(number - 1) % WISHES_AHEAD];
    return gap < SIM_NS_NEVER - before ? before + gap : SIM_NS_NEVER;
}

/* The operation of the arrival that was asked for last. Valid until the next is asked for. */
static inline const struct wish *workload_arrival(const struct workload *w, uint32_t region, uint64_t number)
{
    return &w->regions[region].wishes[(number - 1) % WISHES_AHEAD];
}

/* How long a closed session thinks before its operation `number` (from 1). */
sim_ns workload_think(const struct workload *w, uint32_t region, uint32_t session, uint64_t number);

/* A closed session's operation `number`. */
struct wish workload_wish(const struct workload *w, uint32_t region, uint32_t session, uint64_t number);

/* The region that probe `index` of a commit reads from. */
uint32_t workload_probe_region(const struct workload *w, uint64_t luck, uint32_t index);

#endif
