/* setting.h -- what a reader of a history must know of the world beside the records: names, places, the
 * window.
 *
 * Plain data, owned by whoever built it (the trial) and valid as long as the history is read. */
#ifndef GEOREP_HISTORY_SETTING_H
#define GEOREP_HISTORY_SETTING_H

#include "sim/base/hash.h"
#include "sim/engine/time.h"

#include <stdbool.h>
#include <stdint.h>

enum history_fault_kind {
    FAULT_PARTITION,
    FAULT_CUT,
    FAULT_SLOW,
    FAULT_CRASH,
    FAULT_OVERLOAD,
    FAULT_LOAD,
    FAULT_CLOCK,
    FAULT_SWITCHOVER,
    FAULT_KINDS
};

struct history_fault {
    const char *name;  /* the user's, or the kind's */
    uint8_t kind;      /* enum history_fault_kind */
    sim_ns begin, end; /* end SIM_NS_NEVER: on to the end; begin = end: an instant */
};

/* Where a key's replicas are (geo_placement of model.h, resolved). */
enum placement_kind { PLACEMENT_ONE, PLACEMENT_PER_REGION, PLACEMENT_PER_NODE };

struct history_setting {
    uint32_t region_count, node_count;
    const char *const *region_names;
    const uint16_t *node_region;       /* [node] */
    const uint32_t *region_first_node; /* [region]: nodes of a region are consecutive */
    const uint32_t *region_node_count; /* [region] */
    uint8_t placement;                 /* enum placement_kind */
    uint32_t copies;                   /* PER_NODE */
    uint32_t one_region;               /* ONE */
    uint8_t data;                      /* enum geo_data */
    uint8_t by_merge;                  /* enum geo_reflects */
    uint64_t key_count;
    uint64_t operations;              /* about how many there will be, as far as the scenario tells */
    int64_t initial;                  /* of a counter */
    sim_ns warmup, duration, limit;   /* the window is [warmup, duration); limit = duration + drain */
    const double *price_usd_per_byte; /* [from_region * region_count + to_region] */
    const sim_ns *due_ns; /* the same: a write shipped when it was taken is there after this, if nothing is
                             wrong and but for one in a thousand (observe/causes.h); NULL: at once */
    bool clocks_err;      /* some clock may show another than true time */
    const struct history_fault
        *faults; /* every occurrence that will be, by begin; a FAULT record's index counts here */
    uint32_t fault_count;
    bool limits_bandwidth;     /* some link does: messages may wait for it */
    bool may_lose;             /* some crash loses memory or disk, or the model rolls back */
    const sim_ns *probe_after; /* t of each point of the t-visibility curve */
    uint32_t probe_after_count;
    const char *const *message_names; /* of the model, for traces */
    uint32_t message_count;
};

/* The most replicas that one key may have. */
#define PLACEMENT_MOST 1024

static inline uint32_t placement_node_in(const struct history_setting *s, uint64_t key, uint32_t region)
{
    uint32_t nodes = s->region_node_count[region];
    return s->region_first_node[region] + (nodes <= 1 ? 0 : (uint32_t)(hash_mix(key) % nodes));
}

/* The replicas of a key into out[PLACEMENT_MOST], in a fixed order; how many. */
uint32_t placement_holders(const struct history_setting *s, uint64_t key, uint32_t *out);

/* The index of `node` among the key's holders, or -1. */
int placement_index(const struct history_setting *s, uint64_t key, uint32_t node);

#endif
