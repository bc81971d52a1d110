/* observe_parts.c -- a reader of the metrics by itself finds what it finds among all of them. */
#include "sim/trial/trial.h"
#include "tests/support/simulate.h"

#include <criterion/criterion.h>

static const char yaml[] =
    "regions: [us-east-1, eu-west-1, ap-northeast-1]\n"
    "duration: 20s\nwarmup: 2s\ndrain: 20s\n"
    "network: {rtt: aws, jitter: {lognormal: {median: 1ms, sigma: 0.6}}}\n"
    "clocks: {offset: {normal: {mean: 0ms, stddev: 40ms}}}\n"
    "workload: {data: register, clients: 4, arrivals: {poisson: 60/s},"
    " keys: {count: 20}, mix: {read: 60%, write: 40%}, timeout: 300ms, retries: 1, roam: 30%}\n"
    "faults: [{partition: [[us-east-1, ap-northeast-1], [eu-west-1]], at: 8s, for: 2s}]\n"
    "models: [{name: lww, type: lww, clock: hlc}]\n";

/* One figure of each: the sum over a distribution, or a number. */
static const struct {
    uint32_t part;
    enum metric_id metric;
    bool is_distribution;
    enum statistic_id statistic;
} parts[] = {
    {OBSERVE_LATENCY, METRIC_READ_LATENCY, true, 0},
    {OBSERVE_STALENESS, METRIC_READ_STALENESS, true, 0},
    {OBSERVE_DELTA, METRIC_DELTA_ATOMICITY, true, 0},
    {OBSERVE_GUARANTEES, METRIC_MONOTONIC_READS, false, STATISTIC_VALUE},
    {OBSERVE_LAG, METRIC_REPLICATION_LAG, true, 0},
    {OBSERVE_CONVERGENCE, METRIC_TIME_TO_CONVERGE, true, 0},
    {OBSERVE_CONFLICTS, METRIC_CONFLICTS, false, STATISTIC_VALUE},
    {OBSERVE_RECOVERY, METRIC_RTO, true, 0},
    {OBSERVE_TRAFFIC, METRIC_WAN_BYTES, false, STATISTIC_VALUE},
    {OBSERVE_BACKLOG, METRIC_BACKLOG_OPS, false, STATISTIC_MEAN},
};

enum { PARTS = sizeof parts / sizeof *parts };

static bool agreed(void *observation)
{
    return observation_agreed(observation);
}

static struct trial_figures *run(const struct scenario *s, uint32_t which)
{
    struct trial *t = trial_new(&(struct trial_def){.world = &s->world,
                                                    .model = s->models[0].model,
                                                    .config = s->models[0].config,
                                                    .model_name = s->models[0].name,
                                                    .seed = s->seed,
                                                    .replication = 1});
    struct observation *o = observation_new_of(trial_setting(t), trial_history(t), which);

    trial_set_agreed(t, agreed, o);
    cr_assert(trial_run(t, NULL));
    observation_finish(o, trial_now(t));
    struct trial_figures *f = observation_figures(o);
    observation_free(o);
    trial_free(t);
    return f;
}

/* 0 where there is none. */
static double figure(const struct trial_figures *f, int part)
{
    if (parts[part].is_distribution) {
        for (uint32_t i = 0; i < f->distribution_count; i++)
            if (f->distributions[i].metric == parts[part].metric && f->distributions[i].region == ALL_REGIONS)
                return histogram_mean(&f->distributions[i].values) *
                       (double)histogram_count(&f->distributions[i].values);
        return 0;
    }
    for (uint32_t i = 0; i < f->scalar_count; i++)
        if (f->scalars[i].metric == parts[part].metric && f->scalars[i].region == ALL_REGIONS &&
            f->scalars[i].statistic == parts[part].statistic)
            return f->scalars[i].value;
    return 0;
}

Test(observe_parts, each_finds_alone_what_it_finds_among_all)
{
    struct simulation *s = simulate(yaml, 1);
    struct trial_figures *all = run(s->scenario, OBSERVE_ALL);

    for (int part = 0; part < PARTS; part++) {
        struct trial_figures *one = run(s->scenario, parts[part].part);
        double expected = figure(s->figures[0], part);
        cr_assert_gt(expected, 0.0, "part %d has nothing to find", part);
        cr_expect_eq(figure(all, part), expected, "part %d among all", part);
        cr_expect_eq(figure(one, part), expected, "part %d alone: %g, not %g", part, figure(one, part),
                     expected);
        for (int other = 0; other < PARTS; other++)
            cr_expect(other == part || figure(one, other) == 0, "part %d was not asked for, with %d alone",
                      other, part);
        trial_figures_free(one);
    }
    trial_figures_free(all);
    simulation_free(s);
}
