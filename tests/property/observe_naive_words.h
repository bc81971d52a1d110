/* observe_naive_words.h -- what the naive oracle (observe_naive.h) keeps: every write and operation, and what
 * each node has been reached by. */
#ifndef GEOREP_TESTS_OBSERVE_NAIVE_WORDS_H
#define GEOREP_TESTS_OBSERVE_NAIVE_WORDS_H

#include "sim/model/model.h"
#include "sim/observe/observation.h"

#define NAIVE_WRITES 160
#define NAIVE_NODES 6
#define NAIVE_KEYS 4
#define NAIVE_OPS 400
#define NAIVE_WAITS 8

struct naive_set {
    bool has[NAIVE_WRITES];
};

struct naive_interval {
    uint64_t from, to;
};

struct naive_write {
    uint64_t id, key, took, begin_position, commit_position;
    sim_ns commit_time;
    geo_version version;
    uint32_t session, taker, life; /* how often the taker had lost its disk */
    bool in_window, decided, lost, skew, causal, settled, complete_counted;
    int first;
    /* Why it was lost: */
    enum loss_cause cause;
    sim_ns taken, own_offset, own_drift, from_offset, from_drift;
    int64_t priority;
    bool by_clock;
    uint64_t over, down, forgot, leads; /* positions; 0: not */
    struct naive_set seen;
    uint64_t since[NAIVE_NODES]; /* 0: not reflected */
    sim_ns since_time[NAIVE_NODES];
    struct naive_interval past[NAIVE_NODES][4];
    int past_count[NAIVE_NODES];
};

struct naive_op {
    uint64_t op, begin_position, key;
    uint32_t session;
    sim_ns begin_time;
    uint8_t kind;
    bool open;
    struct {
        uint32_t node;
        uint64_t instant;
    } samples[8];
    int sample_count;
};

struct naive_wait {
    uint64_t position;
    sim_ns time, took;
    bool open, at_least;
};

struct naive {
    const struct history_setting *setting;
    struct naive_write writes[NAIVE_WRITES];
    int write_count;
    struct naive_op ops[NAIVE_OPS];
    int op_count;
    struct naive_set reached[NAIVE_NODES], durable[NAIVE_NODES], merged[NAIVE_NODES];
    geo_version held[NAIVE_NODES][NAIVE_KEYS];
    uint64_t digest[NAIVE_NODES][NAIVE_KEYS];
    uint32_t life[NAIVE_NODES];
    bool up[NAIVE_NODES], gone[NAIVE_NODES], met[NAIVE_WRITES][NAIVE_WRITES];
    uint64_t made_op[8], made_write[8];
    int made_count;
    struct naive_set batch;
    bool batching;
    uint32_t batch_node;
    uint64_t batch_key;
    struct naive_wait waits[NAIVE_WAITS];
    int wait_count;
    uint64_t position;
    sim_ns time, last_time;
    int64_t backlog, diverged_keys;
    int newest[NAIVE_NODES]; /* of the writes that a node took, stored or read; -1: none */
    uint64_t forgot[NAIVE_NODES], leads[NAIVE_NODES];
    uint64_t lost_by[LOSS_CAUSES], skew_by[LOSS_CAUSES];
    /* figures */
    uint64_t reads, stale, not_own, versions, conflicts, lost, skew, causal, committed, lag_count, unapplied,
        lost_commits;
    sim_ns stale_sum, lag_sum, convergence_sum;
    uint64_t convergence_count;
    bool lag_at_least, convergence_at_least;
    double backlog_area;
    int64_t backlog_max, diverged_max;
};

static bool naive_holder(const struct naive *n, uint64_t key, uint32_t node)
{
    return placement_index(n->setting, key, node) >= 0;
}

static int naive_find(const struct naive *n, uint64_t id)
{
    for (int w = 0; w < n->write_count; w++)
        if (n->writes[w].id == id)
            return w;
    return -1;
}

static void naive_closure(const struct naive *n, struct naive_set *set, int w)
{
    set->has[w] = true;
    for (int o = 0; o < n->write_count; o++)
        set->has[o] |= n->writes[w].seen.has[o];
}

#endif
