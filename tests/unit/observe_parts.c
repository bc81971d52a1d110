/* observe_parts.c -- a reader of the metrics by itself finds what it finds among all of them, and of a
 * history that comes by the batch what it finds of one record after another. */
#include "sim/base/array.h"
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

static struct trial *trial_of(const struct scenario *s)
{
    return trial_new(&(struct trial_def){.world = &s->world,
                                         .model = s->models[0].model,
                                         .config = s->models[0].config,
                                         .model_name = s->models[0].name,
                                         .seed = s->seed,
                                         .replication = 1});
}

static struct trial_figures *run(const struct scenario *s, uint32_t which)
{
    struct trial *t = trial_of(s);
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

/* ---- by the batch ---- */

struct recorded {
    ARRAY(struct history_record) records; /* at positions 1, 2, ..., since somebody reads all kinds */
};

static void record(void *self, const struct history_record *r, uint64_t position)
{
    struct recorded *recorded = self;

    *array_add(&recorded->records) = *r;
    cr_assert_eq(position, recorded->records.count);
}

static struct trial_figures *observe_again(const struct history_setting *setting,
                                           const struct recorded *recorded, bool gathers, sim_ns end)
{
    struct history *h = history_new();

    if (gathers)
        history_gather(h);
    struct observation *o = observation_new(setting, h);
    array_each (const struct history_record, r, &recorded->records)
        history_append(h, r);
    history_flush(h);
    observation_finish(o, end);
    struct trial_figures *f = observation_figures(o);
    observation_free(o);
    history_free(h);
    return f;
}

static void expect_same(const struct trial_figures *a, const struct trial_figures *b, const char *name)
{
    cr_assert_eq(a->scalar_count, b->scalar_count);
    for (uint32_t i = 0; i < a->scalar_count; i++)
        cr_expect(a->scalars[i].value == b->scalars[i].value || a->scalars[i].value != a->scalars[i].value,
                  "%s: metric %u, statistic %u, region %d: %.17g by the batch, %.17g one by one", name,
                  a->scalars[i].metric, a->scalars[i].statistic, a->scalars[i].region, a->scalars[i].value,
                  b->scalars[i].value);
    cr_assert_eq(a->distribution_count, b->distribution_count);
    for (uint32_t i = 0; i < a->distribution_count; i++) {
        const struct histogram *x = &a->distributions[i].values, *y = &b->distributions[i].values;
        cr_expect(histogram_count(x) == histogram_count(y) &&
                      (histogram_count(x) == 0 || histogram_mean(x) == histogram_mean(y)),
                  "%s: metric %u, region %d", name, a->distributions[i].metric, a->distributions[i].region);
    }
}

static double scalar(const struct trial_figures *f, enum metric_id metric)
{
    for (uint32_t i = 0; i < f->scalar_count; i++)
        if (f->scalars[i].metric == metric && f->scalars[i].region == ALL_REGIONS &&
            f->scalars[i].statistic == STATISTIC_VALUE)
            return f->scalars[i].value;
    return 0;
}

/* Clocks that are far apart, so that a session's writes lose for what it knew; few sessions with several
 * operations at once, so that what it knows depends on which of them has begun; faults that begin and end
 * in the middle of a batch; and counters, whose state comes in pieces. */
static const char batch_yaml[] =
    "regions: [us-east-1, eu-west-1, ap-northeast-1]\n"
    "duration: 20s\nwarmup: 1s\ndrain: 20s\n"
    "network: {rtt: aws, jitter: {lognormal: {median: 20ms, sigma: 1}}}\n"
    "clocks: {offset: {normal: {mean: 0ms, stddev: 200ms}}}\n"
    "workload: {data: %s, clients: 2, arrivals: {poisson: 100/s},"
    " keys: {count: 3}, mix: {read: 50%%, %s: 50%%}, timeout: 300ms, retries: 1, roam: 50%%}\n"
    "faults: [{partition: [[us-east-1, ap-northeast-1], [eu-west-1]], at: 8s, for: 2s},\n"
    "         {crash: {region: us-east-1}, at: 12s, for: 1s}]\n"
    "models: [{name: m, type: %s}]\n";

static void compare(const char *data, const char *change, const char *model, double *against_own)
{
    char *text;
    cr_assert(asprintf(&text, batch_yaml, data, change, model) > 0);
    struct simulation *s = simulate(text, 1);
    struct trial *t = trial_of(s->scenario);
    struct recorded recorded = {0};
    history_add_reader(trial_history(t), record, &recorded, UINT32_MAX);
    cr_assert(trial_run(t, NULL));
    struct trial_figures *batch = observe_again(trial_setting(t), &recorded, true, trial_now(t));
    struct trial_figures *single = observe_again(trial_setting(t), &recorded, false, trial_now(t));
    expect_same(batch, single, model);
    *against_own += scalar(single, METRIC_MONOTONIC_WRITES) + scalar(single, METRIC_WRITES_FOLLOW_READS);
    cr_expect_gt(scalar(single, METRIC_OPERATIONS_IN_FAULTS), 100);
    trial_figures_free(batch);
    trial_figures_free(single);
    array_free(&recorded.records);
    trial_free(t);
    simulation_free(s);
    free(text);
}

Test(observe_parts, by_the_batch_they_find_what_they_find_of_one_record_after_another)
{
    double against = 0;

    compare("register", "write", "lww, clock: wall", &against);
    compare("register", "write", "async", &against);
    compare("counter", "increment", "crdt", &against);
    cr_expect_gt(against, 20, "sessions were hardly ever deceived: %g", against);
}
