/* settings.h -- what the tables of keys.h read a scenario into, before names are resolved and the world is
 * built. */
#ifndef GEOREP_SCENARIO_SETTINGS_H
#define GEOREP_SCENARIO_SETTINGS_H

#include "sim/engine/distribution.h"
#include "sim/engine/time.h"
#include "sim/scenario/tree.h"

#include <stdbool.h>
#include <stdint.h>

struct gilbert_elliott_setting {
    double to_bad, to_good, good, bad;
};

struct loss_setting {
    uint32_t kind; /* 0: a share, 1: bursts */
    double share;
    struct gilbert_elliott_setting bursts;
};

struct network_setting {
    const struct node *rtt, *links, *price;
    const struct distribution *jitter, *client;
    uint32_t transport;
    struct loss_setting loss;
    double duplicate, bandwidth;
    uint64_t overhead;
    sim_ns retransmit_max, local;
};

struct link_setting {
    const struct node *between;
    const char *from, *to;
    const struct distribution *rtt, *delay, *jitter;
    struct loss_setting loss;
    double duplicate, bandwidth;
};

struct price_link_setting {
    const char *from, *to;
    double price;
};

struct price_setting {
    const struct node *by_default, *links;
};

struct clock_setting {
    const struct distribution *offset, *drift;
    struct sync_setting {
        sim_ns every;
        const struct distribution *error;
    } sync;
    sim_ns uncertainty;
    const struct node *regions;
};

struct storage_setting {
    const struct distribution *write, *read, *apply;
    uint64_t workers;
};

struct workload_setting {
    uint32_t data;
    uint64_t clients;
    uint32_t arrivals;
    double rate;
    const struct distribution *think;
    struct keys_setting {
        uint64_t count;
        uint32_t distribution;
        double zipf_theta;
        double hotspot_share, hotspot_load;
        double local, own;
        int64_t initial;
        bool preload;
    } keys;
    const struct node *mix;
    uint64_t value;
    sim_ns timeout;
    uint64_t retries;
    uint32_t retry_as;
    double roam;
    struct routing_setting {
        const char *to;
        struct failover_setting {
            sim_ns after;
            uint32_t to;
        } failover;
    } routing;
    struct probes_setting {
        double share;
        const struct node *after;
    } probes;
};

struct region_setting {
    const char *name;
    uint64_t nodes;
    const struct node *workload;
};

struct fault_setting {
    const char *name;
    sim_ns at;
    const struct distribution *lasts, *every;
    const struct node *partition;
    struct {
        const char *from, *to;
    } cut;
    struct {
        const struct node *between;
        const char *from, *to;
        double factor, loss;
    } slow;
    struct {
        const char *region;
        uint64_t node;
        bool leader;
        uint32_t lose;
    } crash;
    struct {
        const char *region;
        uint64_t node;
        const struct node *factor;
        uint32_t of;
    } overload;
    struct {
        const char *region;
        double factor;
    } load;
    struct {
        const char *region;
        uint64_t node;
        sim_ns step;
    } clock;
    struct {
        const char *to;
    } switchover;
};

struct replications_setting {
    uint64_t min, max;
    const char *metric;
    double precision;
};

struct scenario_setting {
    const char *name, *description;
    uint64_t seed;
    sim_ns duration, warmup, drain;
    const struct node *replications, *regions, *workload, *models, *faults, *expect;
    struct network_setting network;
    struct clock_setting clocks;
    struct storage_setting storage;
};

#endif
