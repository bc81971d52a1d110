/* def.h -- the definition of a world: what surrounds the replicas, as plain data with every default filled
 * in.
 *
 * The scenario room writes it, the world and the trial read it; nothing changes it afterwards, so trials on
 * several threads share one. Times are nanoseconds (distributions of times draw nanoseconds), sizes bytes,
 * rates per second. Entities are known by index here; names are what random numbers are keyed by. All memory
 * belongs to the scenario.
 */
#ifndef GEOREP_WORLD_DEF_H
#define GEOREP_WORLD_DEF_H

#include "sim/engine/distribution.h"
#include "sim/engine/time.h"
#include "sim/model/model.h"

#include <stdbool.h>
#include <stdint.h>

#define WORLD_REGIONS_MOST GEO_REGIONS_MOST

/* Bursts of loss: two states, left at these rates; the link loses `good` or `bad` of its transmissions. */
struct gilbert_elliott_def {
    bool on;
    double to_bad_per_s, to_good_per_s, good, bad;
};

/* One directed pair of regions. */
struct link_def {
    const struct distribution *delay; /* what one draw gives: a round trip, halved, or one way */
    bool delay_is_round_trip;
    bool odd_up; /* a constant round trip of odd nanoseconds: this direction has the longer half */
    const struct distribution *jitter; /* added, one way; NULL: none */
    sim_ns rtt_median_ns; /* of the round trip with jitter: retransmission and "nearest" go by it */
    sim_ns due_ns;        /* one way: 999 of 1000 messages take no longer while nothing is wrong */
    double loss;
    struct gilbert_elliott_def bursts;
    double duplicate;
    double bandwidth_bits_per_s; /* 0: unlimited */
    double price_usd_per_byte;
};

struct clock_def {
    const struct distribution *offset; /* ns; NULL: 0 */
    const struct distribution *drift;  /* a ratio: 20ppm is 20e-6; NULL: 0 */
    sim_ns sync_every_ns;              /* 0: runs free */
    const struct distribution *sync_error;
    bool has_uncertainty;
    sim_ns uncertainty_ns;
    bool cut_offset, cut_error; /* draws of the general part: cut so that `uncertainty` holds */
};

struct storage_def {
    const struct distribution *write, *read, *apply; /* NULL: 0 */
    uint32_t workers;                                /* servers of a node */
};

enum arrivals_kind { ARRIVALS_POISSON, ARRIVALS_CONSTANT, ARRIVALS_CLOSED };
enum keys_kind { KEYS_UNIFORM, KEYS_ZIPFIAN, KEYS_HOTSPOT, KEYS_LATEST };

struct workload_def {
    uint32_t clients; /* sessions of the region; 0: none */
    enum arrivals_kind arrivals;
    double rate_per_s;                /* open: of the region */
    const struct distribution *think; /* closed: of each client */
    enum keys_kind keys;
    double zipf_theta, hotspot_share, hotspot_load; /* also of `latest` */
    double local_share,
        own_share;         /* of operations: on keys at home in the region; on the session's own key */
    double mix[GEO_KINDS]; /* shares; they add up to 1 */
    uint32_t value_bytes;
    sim_ns timeout_ns;
    uint32_t retries;
    bool retry_as_new;
    double roam_share;
    bool failover; /* to the nearest region that is up, once home has been down for: */
    sim_ns failover_after_ns;
    uint32_t route_to; /* region that clients go to; own index: home */
};

struct region_def {
    const char *name;
    uint32_t nodes;
    struct workload_def workload;
    struct clock_def clock;
};

enum fault_target {
    TARGET_GROUPS,
    TARGET_RANDOM_GROUPS,
    TARGET_LINK,
    TARGET_PAIR,
    TARGET_REGION,
    TARGET_NODE,
    TARGET_LEADER
};

struct fault_def {
    const char *name;
    uint8_t kind; /* enum history_fault_kind of history/setting.h */
    sim_ns at_ns;
    const struct distribution *lasts; /* NULL: on to the end */
    const struct distribution
        *every;     /* NULL: once, at `at`; else from one end (0 at first) to the next start */
    uint8_t target; /* enum fault_target */
    uint8_t *group; /* TARGET_GROUPS: [region], 1.. for the listed groups, 0: in none */
    uint32_t from, to, region, node; /* node: within its region */
    double factor;                   /* slow, overload, load; INFINITY stops it */
    bool has_loss;
    double loss;
    bool only_apply; /* overload `of: apply` */
    uint8_t lose;    /* enum history_lose */
    sim_ns step_ns;  /* clock */
};

struct probes_def {
    double share;
    const sim_ns *after;
    uint32_t after_count;
};

struct world_def {
    uint32_t region_count;
    struct region_def *regions;
    struct link_def *links; /* [from * region_count + to]; the diagonal is not used */
    bool datagram;
    sim_ns retransmit_max_ns;
    uint64_t overhead_bytes;
    sim_ns local_ns;                   /* round trip between nodes of one region, constant */
    const struct distribution *client; /* round trip between a client and its region */
    struct storage_def storage;
    uint8_t data;           /* enum geo_data */
    uint64_t key_count;     /* shared keys */
    uint64_t own_key_count; /* behind them: one for each session of every region, when any own_share > 0 */
    int64_t initial;
    struct probes_def probes;
    const struct fault_def *faults;
    uint32_t fault_count;
    sim_ns warmup_ns, duration_ns, drain_ns;
};

/* About how many operations its clients begin, all but probes; defined in workload.c. */
double world_def_operations(const struct world_def *w);
double world_def_writes(const struct world_def *w); /* of these, what is no read */

/* What models may know of it. */
static inline geo_setting world_def_setting(const struct world_def *w)
{
    geo_setting s = {.data = w->data};

    for (uint32_t g = 0; g < w->region_count; g++) {
        const struct workload_def *clients = &w->regions[g].workload;
        s.regions += w->regions[g].nodes > 0;
        s.nodes += w->regions[g].nodes;
        s.retries |= clients->clients > 0 && clients->retries > 0 && !clients->retry_as_new;
    }
    return s;
}

#endif
