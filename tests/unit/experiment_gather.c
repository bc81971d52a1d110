/* experiment_gather.c -- replications taken together by the rules of semantics (C and E), on figures made by
 * hand. */
#include "sim/experiment/gather.h"

#include "sim/base/check.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#define MS INT64_C(1000000)

static sim_ns after[] = {0, 5 * MS};
static struct region_def regions[] = {{.name = "a", .nodes = 1}, {.name = "b", .nodes = 1}};
static struct scenario_model models[] = {{.name = "one"}, {.name = "two"}};

static struct scenario scenario_of(uint32_t least, uint32_t most)
{
    return (struct scenario){.name = "made",
                             .replications_min = least,
                             .replications_max = most,
                             .models = models,
                             .model_count = 2,
                             .world = {.region_count = 2, .regions = regions, .probes = {0.1, after, 2}}};
}

/* A trial's figures: `scalars` of (metric, statistic, value), read latencies in ms, one series value a bin.
 */
struct made {
    struct trial_figures figures;
    struct distribution_figure latency;
    struct scalar_figure scalars[4];
    struct series_figure series;
    double sum[2], weight[2];
    uint64_t stale[2], probes[2];
};

static struct made *make(const int64_t *latencies_ms, size_t count, double conflicts, double share)
{
    struct made *m = memory_new(1, sizeof *m);

    m->latency = (struct distribution_figure){.metric = METRIC_READ_LATENCY, .region = ALL_REGIONS};
    for (size_t i = 0; i < count; i++)
        histogram_add(&m->latency.values, latencies_ms[i] * MS);
    m->scalars[0] = (struct scalar_figure){
        .metric = METRIC_CONFLICTS, .statistic = STATISTIC_VALUE, .region = ALL_REGIONS, .value = conflicts};
    m->scalars[1] = (struct scalar_figure){.metric = METRIC_STALE_READ_FRACTION,
                                           .statistic = STATISTIC_VALUE,
                                           .region = ALL_REGIONS,
                                           .value = share,
                                           .observations = 100};
    m->scalars[2] = (struct scalar_figure){.metric = METRIC_DIVERGED_KEYS,
                                           .statistic = STATISTIC_MAX,
                                           .region = ALL_REGIONS,
                                           .value = conflicts * 2};
    m->scalars[3] = (struct scalar_figure){.metric = METRIC_STALE_READ_FRACTION,
                                           .statistic = STATISTIC_VALUE,
                                           .region = 1,
                                           .value = share,
                                           .observations = 50};
    m->series = (struct series_figure){
        .series = SERIES_AVAILABILITY, .region = ALL_REGIONS, .sum = m->sum, .weight = m->weight};
    m->sum[0] = conflicts;
    m->weight[0] = 2;
    m->probes[0] = 10;
    m->stale[0] = (uint64_t)(share * 10);
    m->figures = (struct trial_figures){.distributions = &m->latency,
                                        .distribution_count = 1,
                                        .scalars = m->scalars,
                                        .scalar_count = 4,
                                        .series = &m->series,
                                        .series_count = 1,
                                        .bin_count = 2,
                                        .bin_ns = 1000 * MS,
                                        .visibility_stale = m->stale,
                                        .visibility_probes = m->probes,
                                        .visibility_count = 2,
                                        .events = 7,
                                        .operations = 3};
    return m;
}

static void drop(struct made *m)
{
    histogram_free(&m->latency.values);
    free(m);
}

/* The same figures for both models, but for conflicts: those of the second are `other`. */
static void add(struct gathering *g, const int64_t *ms, size_t count, double conflicts, double other,
                double share)
{
    struct made *a = make(ms, count, conflicts, share), *b = make(ms, count, other, share);

    gathering_add(g, (const struct trial_figures *const[]){&a->figures, &b->figures});
    drop(a);
    drop(b);
}

static struct figure get(struct gathering *g, uint32_t model, unsigned metric, unsigned statistic)
{
    const struct figure *f = figure_find(gathering_figures(g, model), metric, statistic);

    cr_assert_not_null(f, "%s.%s", metric_defs[metric].name, statistic_names[statistic]);
    return *f;
}

/* Values 1, 2, 3: mean 2, deviation 1, Student's bound of two degrees of freedom 4.302653,
 * half-width 4.302653 / sqrt 3. */
Test(experiment_gather, a_count_has_students_interval_cut_to_its_range)
{
    struct scenario s = scenario_of(3, 3);
    struct gathering *g = gathering_new(&s);
    int64_t ms[] = {10};

    for (int i = 1; i <= 3; i++)
        add(g, ms, 1, i, 5, 0.5);
    gathering_finish(g);
    struct figure f = get(g, 0, METRIC_CONFLICTS, STATISTIC_VALUE);
    cr_assert_eq(f.interval.value, 2);
    cr_assert_eq(f.interval.count, 3);
    cr_assert_eq(f.interval.low, 0, "a count is not below nothing");
    cr_assert_lt(fabs(f.interval.high - (2 + 4.302653 / sqrt(3))), 1e-5); /* the bound as printed: 6 places */
    struct figure most = get(g, 0, METRIC_DIVERGED_KEYS, STATISTIC_MAX);
    cr_assert_eq(most.interval.value, 6, "a maximum is over all replications");
    cr_assert_not(most.interval.has_interval);
    gathering_free(g);
}

Test(experiment_gather, differences_are_paired)
{
    struct scenario s = scenario_of(3, 3);
    struct gathering *g = gathering_new(&s);
    const struct difference *d;
    int64_t ms[] = {10};
    bool found = false;

    for (int i = 1; i <= 3; i++)
        add(g, ms, 1, i * 100, i * 100 + 1, 0.5); /* far apart between replications, 1 apart within each */
    gathering_finish(g);
    size_t count = gathering_differences(g, &d);
    for (size_t i = 0; i < count; i++)
        if (d[i].metric == METRIC_CONFLICTS) {
            found = true;
            cr_assert_eq(d[i].model_a, 0);
            cr_assert_eq(d[i].model_b, 1);
            cr_assert_eq(d[i].interval.value, -1);
            cr_assert_eq(d[i].interval.low, -1, "pairing takes the spread away");
            cr_assert_eq(d[i].interval.high, -1);
        }
    cr_assert(found);
    gathering_free(g);
}

/* 100 observations hold 1/(1 - 0.99) of them: p99 stands alone; 99 do not, and it is pooled without an
 * interval. */
Test(experiment_gather, a_percentile_of_too_few_is_pooled)
{
    struct scenario s = scenario_of(2, 2);
    struct gathering *g = gathering_new(&s);
    int64_t ms[200];

    for (int i = 0; i < 200; i++)
        ms[i] = i + 1;
    add(g, ms, 99, 0, 0, 0);       /* 1 .. 99 */
    add(g, ms + 99, 101, 0, 0, 0); /* 100 .. 200 */
    gathering_finish(g);
    struct figure p99 = get(g, 0, METRIC_READ_LATENCY, STATISTIC_P99);
    cr_assert_not(p99.interval.has_interval);
    cr_assert_lt(fabs(p99.interval.value - 198), 198 * 0.0005,
                 "the 198th of 200, within a histogram's bucket");
    struct figure p50 = get(g, 0, METRIC_READ_LATENCY, STATISTIC_P50);
    cr_assert(p50.interval.has_interval);
    cr_assert_lt(fabs(p50.interval.value - (50 + 150) / 2.0), 100 * 0.0005, "the mean of the two medians");
    struct figure mean = get(g, 0, METRIC_READ_LATENCY, STATISTIC_MEAN);
    cr_assert_eq(mean.interval.value, (50.0 + 150.0) / 2, "the mean of means, not of all");
    cr_assert_eq(get(g, 0, METRIC_READ_LATENCY, STATISTIC_MAX).interval.value, 200);
    gathering_free(g);
}

Test(experiment_gather, a_share_that_was_always_0_is_below_3_by_its_observations)
{
    struct scenario s = scenario_of(3, 3);
    struct gathering *g = gathering_new(&s);
    int64_t ms[] = {10};

    for (int i = 0; i < 3; i++)
        add(g, ms, 1, 0, 0, 0);
    gathering_finish(g);
    struct interval in = get(g, 0, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE).interval;
    cr_assert_eq(in.value, 0);
    cr_assert_eq(in.high, 3.0 / 300);
    const struct figure *of_b =
        figure_find(gathering_region_figures(g, 0, 1), METRIC_STALE_READ_FRACTION, STATISTIC_VALUE);
    cr_assert_eq(of_b->interval.high, 3.0 / 150);
    cr_assert_eq(gathering_region_figures(g, 0, 0).count, 0);
    cr_assert(gathering_visibility(g, 0, 0, &in));
    cr_assert_eq(in.high, 3.0 / 30);
    cr_assert_not(gathering_visibility(g, 0, 1, &in), "nobody probed at 5 ms");
    gathering_free(g);
}

Test(experiment_gather, a_replication_without_an_observation_is_left_out)
{
    struct scenario s = scenario_of(3, 3);
    struct gathering *g = gathering_new(&s);
    int64_t ms[] = {10, 20};

    add(g, ms, 1, 0, 0, 0);
    add(g, ms, 0, 0, 0, 0);
    add(g, ms + 1, 1, 0, 0, 0);
    gathering_finish(g);
    struct interval in = get(g, 0, METRIC_READ_LATENCY, STATISTIC_MEAN).interval;
    cr_assert_eq(in.value, 15);
    cr_assert_eq(in.count, 2);
    cr_assert_null(figure_find(gathering_figures(g, 0), METRIC_WRITE_LATENCY, STATISTIC_MEAN),
                   "and none at all: no row");
    gathering_free(g);
}

Test(experiment_gather, a_lower_bound_stays_one_and_what_is_undecided_has_no_figure)
{
    struct scenario s = scenario_of(2, 2);
    struct gathering *g = gathering_new(&s);
    int64_t ms[] = {10};

    for (int i = 0; i < 2; i++) {
        struct made *a = make(ms, 1, 4, 0), *b = make(ms, 1, 4, 0);
        a->latency.at_least = i == 1;
        b->scalars[0].undecided = i == 0;
        gathering_add(g, (const struct trial_figures *const[]){&a->figures, &b->figures});
        drop(a);
        drop(b);
    }
    gathering_finish(g);
    cr_assert(get(g, 0, METRIC_READ_LATENCY, STATISTIC_MAX).at_least);
    cr_assert_not(get(g, 1, METRIC_READ_LATENCY, STATISTIC_MAX).at_least);
    cr_assert(get(g, 1, METRIC_CONFLICTS, STATISTIC_VALUE).undecided);
    gathering_free(g);
}

Test(experiment_gather, the_stopping_rule_wants_every_model)
{
    struct scenario s = scenario_of(2, 50);
    s.stop_metric = "conflicts";
    s.stop_statistic = "value";
    s.stop_precision = 0.1;
    struct gathering *g = gathering_new(&s);
    int64_t ms[] = {10};

    add(g, ms, 1, 100, 50, 0);
    cr_assert_not(gathering_enough(g), "fewer than min");
    add(g, ms, 1, 100, 100, 0);
    cr_assert_not(gathering_enough(g), "the second model is not there yet");
    while (gathering_count(g) < 50 && !gathering_enough(g))
        add(g, ms, 1, 100, gathering_count(g) % 2 != 0 ? 100 : 50, 0);
    /* 50, 100, 50, ... of n = 46: mean 75, half-width t 25 / sqrt(45) = 2.0141 x 3.7268 = 7.506, over 7.5; of
     * n = 47, with 24 x 50: mean 74.468, deviation 25.264, half-width 2.0129 x 25.264 / sqrt(47) = 7.418,
     * under 7.447. (n = 45: 7.594.) */
    cr_assert_eq(gathering_count(g), 47, "%u", gathering_count(g));
    gathering_free(g);
}

Test(experiment_gather, series_are_means_over_replications_and_bins_without_weight_have_no_row)
{
    struct scenario s = scenario_of(2, 2);
    struct gathering *g = gathering_new(&s);
    const struct series_row *rows;
    int64_t ms[] = {10};

    add(g, ms, 1, 1, 0, 0); /* 1 / 2 */
    add(g, ms, 1, 3, 0, 0); /* 3 / 2 */
    gathering_finish(g);
    cr_assert_eq(gathering_series(g, 0, &rows), 1);
    cr_assert_eq(rows[0].bin, 0);
    cr_assert_eq(rows[0].value, 1);
    cr_assert_eq(rows[0].region, ALL_REGIONS);
    cr_assert_eq(gathering_events(g), 28);
    gathering_free(g);
}
