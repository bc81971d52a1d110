/* observe_story.h -- telling a history by hand: a small world and one function for each thing that happens.
 *
 *     struct story s;
 *     story_begin(&s, &(struct story_def){.regions = 3});
 *     uint64_t w = write(&s, MS(10), EU, KEY);       a client of EU begins a write
 *     take(&s, MS(11), w, EU, 5); store(&s, MS(11), w, EU); end(&s, MS(12), w, OUTCOME_OK);
 *     story_end(&s, MS(900));
 *     cr_assert_eq(story_value(&s, METRIC_CONFLICTS, STATISTIC_VALUE), 0);
 *
 * Nodes are numbered as regions, one each, unless nodes_each says more. */
#ifndef GEOREP_TESTS_OBSERVE_STORY_H
#define GEOREP_TESTS_OBSERVE_STORY_H

#include "sim/model/model.h"
#include "sim/observe/observation.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#define MS(n) ((sim_ns)(n)*SIM_MILLISECOND)
#define STORY_REGIONS 8
#define STORY_WRITES 4096

struct story_def {
    uint32_t regions, nodes_each; /* 0: 3, 1 */
    uint8_t placement;
    uint32_t copies;
    bool by_merge, may_lose;
    uint8_t data;
    int64_t initial;
    uint64_t keys;                  /* 0: 16 */
    sim_ns warmup, duration, limit; /* 0, 1 s, 2 s */
    const struct history_fault *faults;
    uint32_t fault_count;
};

struct story_write {
    uint64_t key;
    int64_t stamp;
    uint8_t kind;
};

struct story {
    struct history_setting setting;
    struct history *history;
    struct observation *observation;
    struct trial_figures *figures;
    uint16_t node_region[64];
    uint32_t first_node[STORY_REGIONS], node_count[STORY_REGIONS];
    const char *names[STORY_REGIONS];
    double prices[STORY_REGIONS * STORY_REGIONS];
    sim_ns due[STORY_REGIONS * STORY_REGIONS]; /* 40 ms between regions */
    sim_ns probe_after[2];
    uint64_t counts[STORY_REGIONS]; /* operations begun */
    struct story_write writes[STORY_REGIONS][STORY_WRITES];
};

__attribute__((unused)) static void story_begin(struct story *s, const struct story_def *def)
{
    uint32_t regions = def->regions != 0 ? def->regions : 3,
             each = def->nodes_each != 0 ? def->nodes_each : 1;

    memset(s, 0, sizeof *s);
    for (uint32_t g = 0; g < regions; g++) {
        s->names[g] = "region";
        s->first_node[g] = g * each;
        s->node_count[g] = each;
        for (uint32_t n = 0; n < each; n++)
            s->node_region[g * each + n] = (uint16_t)g;
        for (uint32_t to = 0; to < regions; to++) {
            s->prices[g * regions + to] = g == to ? 0 : 0.02e-9 * (g + 1);
            s->due[g * regions + to] = g == to ? 0 : MS(40);
        }
    }
    s->probe_after[1] = MS(10);
    s->setting = (struct history_setting){
        .region_count = regions,
        .node_count = regions * each,
        .region_names = s->names,
        .node_region = s->node_region,
        .region_first_node = s->first_node,
        .region_node_count = s->node_count,
        .placement = def->placement != 0 ? def->placement : PLACEMENT_PER_REGION,
        .copies = def->copies,
        .data = def->data,
        .by_merge = def->by_merge,
        .key_count = def->keys != 0 ? def->keys : 16,
        .initial = def->initial,
        .warmup = def->warmup,
        .duration = def->duration != 0 ? def->duration : MS(1000),
        .limit = def->limit != 0 ? def->limit : MS(2000),
        .price_usd_per_byte = s->prices,
        .due_ns = s->due,
        .clocks_err = true,
        .faults = def->faults,
        .fault_count = def->fault_count,
        .may_lose = def->may_lose,
        .probe_after = s->probe_after,
        .probe_after_count = 2,
    };
    s->history = history_new();
    s->observation = observation_new(&s->setting, s->history);
}

__attribute__((unused)) static uint64_t story_add(struct story *s, struct history_record r)
{
    return history_append(s->history, &r);
}

__attribute__((unused)) static uint64_t op_begin(struct story *s, sim_ns time, uint32_t region, uint64_t key,
                                                 uint8_t kind, int64_t amount)
{
    uint64_t op = (uint64_t)region << 48 | ++s->counts[region] << 8;

    s->writes[region][s->counts[region]] = (struct story_write){.key = key, .kind = kind};
    story_add(s, (struct history_record){.time = time,
                                         .op = op,
                                         .key = key,
                                         .node = HISTORY_NO_NODE,
                                         .kind = HISTORY_BEGIN,
                                         .begin = {.region = (uint16_t)region,
                                                   .issued_from = (uint16_t)region,
                                                   .op_kind = kind,
                                                   .data = s->setting.data,
                                                   .amount = amount,
                                                   .value_bytes = 100}});
    return op;
}

__attribute__((unused)) static struct story_write *story_write_of(struct story *s, uint64_t op)
{
    return &s->writes[op >> 48][op >> 8 & 0x7fffffff];
}

__attribute__((unused)) static uint64_t write_begin(struct story *s, sim_ns time, uint32_t region,
                                                    uint64_t key)
{
    return op_begin(s, time, region, key, GEO_WRITE, 0);
}

__attribute__((unused)) static uint64_t read_begin(struct story *s, sim_ns time, uint32_t region,
                                                   uint64_t key)
{
    return op_begin(s, time, region, key, GEO_READ, 0);
}

__attribute__((unused)) static void take(struct story *s, sim_ns time, uint64_t op, uint32_t node,
                                         int64_t stamp)
{
    struct story_write *w = story_write_of(s, op);

    w->stamp = stamp;
    story_add(s, (struct history_record){
                     .time = time,
                     .op = op,
                     .key = w->key,
                     .node = node,
                     .kind = HISTORY_TAKE,
                     .take = {.stamp = stamp, .priority = stamp, .value_bytes = 100, .op_kind = w->kind}});
}

/* Stamped by a clock that is off by this much, and has drifted by that. */
__attribute__((unused)) static void take_by_clock(struct story *s, sim_ns time, uint64_t op, uint32_t node,
                                                  sim_ns offset, sim_ns drift, sim_ns inherited)
{
    struct story_write *w = story_write_of(s, op);

    w->stamp = inherited != 0 ? inherited : time + offset + drift;
    story_add(s, (struct history_record){.time = time,
                                         .op = op,
                                         .key = w->key,
                                         .node = node,
                                         .kind = HISTORY_TAKE,
                                         .take = {.stamp = w->stamp,
                                                  .priority = w->stamp,
                                                  .clock_offset = offset,
                                                  .clock_drift = drift,
                                                  .value_bytes = 100,
                                                  .op_kind = w->kind}});
}

__attribute__((unused)) static void store(struct story *s, sim_ns time, uint64_t op, uint32_t node, bool kept)
{
    struct story_write *w = story_write_of(s, op);

    story_add(s,
              (struct history_record){.time = time,
                                      .key = w->key,
                                      .node = node,
                                      .kind = HISTORY_STORE,
                                      .store = {.stamp = w->stamp, .write = op, .digest = op, .kept = kept}});
}

__attribute__((unused)) static uint64_t end(struct story *s, sim_ns time, uint64_t op, uint8_t outcome)
{
    return story_add(
        s, (struct history_record){.time = time,
                                   .op = op,
                                   .key = story_write_of(s, op)->key,
                                   .node = HISTORY_NO_NODE,
                                   .kind = HISTORY_END,
                                   .end = {.outcome = outcome, .op_kind = story_write_of(s, op)->kind}});
}

/* A read that was answered from the state of `node` as it is now. */
__attribute__((unused)) static void read_end(struct story *s, sim_ns time, uint64_t op, uint32_t node)
{
    story_add(s, (struct history_record){.time = time,
                                         .op = op,
                                         .key = story_write_of(s, op)->key,
                                         .node = node,
                                         .kind = HISTORY_END,
                                         .end = {.instant = history_position(s->history),
                                                 .outcome = OUTCOME_OK,
                                                 .op_kind = GEO_READ,
                                                 .value_count = 1}});
}

/* Taken, stored and committed at one node. */
__attribute__((unused)) static uint64_t write_at(struct story *s, sim_ns time, uint32_t region, uint64_t key,
                                                 int64_t stamp)
{
    uint64_t w = write_begin(s, time, region, key);

    take(s, time, w, region, stamp);
    store(s, time, w, region, true);
    end(s, time, w, OUTCOME_OK);
    return w;
}

__attribute__((unused)) static void story_end(struct story *s, sim_ns time)
{
    observation_finish(s->observation, time);
    s->figures = observation_figures(s->observation);
}

__attribute__((unused)) static void story_free(struct story *s)
{
    trial_figures_free(s->figures);
    observation_free(s->observation);
    history_free(s->history);
}

/* NAN: no row. */
__attribute__((unused)) static double story_value_in(const struct trial_figures *f, int metric, int statistic,
                                                     int32_t region)
{
    for (uint32_t i = 0; i < f->scalar_count; i++)
        if (f->scalars[i].metric == metric && f->scalars[i].statistic == statistic &&
            f->scalars[i].region == region)
            return f->scalars[i].undecided ? (double)NAN : f->scalars[i].value;
    return (double)NAN;
}

__attribute__((unused)) static double story_value(const struct story *s, int metric, int statistic)
{
    return story_value_in(s->figures, metric, statistic, ALL_REGIONS);
}

/* NULL: no row. */
__attribute__((unused)) static const struct distribution_figure *story_spread(const struct story *s,
                                                                              int metric, int32_t region)
{
    for (uint32_t i = 0; i < s->figures->distribution_count; i++)
        if (s->figures->distributions[i].metric == metric && s->figures->distributions[i].region == region)
            return &s->figures->distributions[i];
    return NULL;
}

__attribute__((unused)) static uint64_t story_count(const struct story *s, int metric)
{
    const struct distribution_figure *d = story_spread(s, metric, ALL_REGIONS);

    return d == NULL ? 0 : histogram_count(&d->values);
}

/* The sum of a distribution, exact: in nanoseconds for times. */
__attribute__((unused)) static int64_t story_sum(const struct story *s, int metric)
{
    const struct distribution_figure *d = story_spread(s, metric, ALL_REGIONS);

    return d == NULL ? 0 : (int64_t)d->values.sum;
}

#endif
