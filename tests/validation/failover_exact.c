/* failover_exact.c -- recovery time and the time of two leaders to the nanosecond on constant links, from the
 * instant at which the new leader says that it leads; and a canary: a model that rolls back what it has
 * answered while it promises that nothing is lost.
 *
 * Round trips: a-b 80 ms, a-c 150 ms, b-c 130 ms; services and local ways take no time. Every region's
 * clients write at 0.1, 0.2, ... s, each to a key that nobody else writes: what is rolled back for another
 * write of its key is a lost update, not a lost commit. */
#include "tests/support/simulate.h"
#include "tests/support/world.h"

#include "sim/experiment/trial_run.h"
#include "sim/observe/check.h"
#include "sim/trial/trial.h"

#include <criterion/criterion.h>

#define WORLD_OF(keys, percent)                                                                              \
    "name: exact\nduration: 40s\nwarmup: 1s\ndrain: 60s\nregions: [a, b, c]\n"                               \
    "network: {rtt: 80ms, local: 0, overhead: 0B, links: [{between: [a, c], rtt: 150ms}, "                   \
    "{between: [b, c], rtt: 130ms}]}\n"                                                                      \
    "workload: {arrivals: {constant: 10/s}, mix: {write: 100" percent "}, keys: {count: " keys               \
    "}, timeout: 1s}\n"
#define MS SIM_MILLISECOND

enum { REPLICATIONS = 3 };

/* The first LEADS after a's own; and when a says that it leads no more (0: never). */
struct change {
    sim_ns leads, left;
    uint32_t node;
};

static struct change change_of(const struct simulation *s, uint32_t n)
{
    const struct scenario_model *m = &s->scenario->models[0];
    struct record_list records = {0};
    struct change change = {0};
    struct trial *t = trial_new(&(struct trial_def){.world = &s->scenario->world,
                                                    .model = m->model,
                                                    .config = m->config,
                                                    .model_name = m->name,
                                                    .seed = s->scenario->seed,
                                                    .replication = n});

    test_keep_history(t, &records);
    cr_assert(trial_run(t, NULL));
    for (size_t i = 0; i < records.list.count; i++) {
        const struct history_record *r = &records.list.items[i];
        if (r->kind != HISTORY_LEADS)
            continue;
        if (r->leads.yes && r->node != 0 && change.leads == 0)
            change = (struct change){.leads = r->time, .node = r->node};
        else if (!r->leads.yes && r->node == 0 && change.left == 0)
            change.left = r->time;
    }
    trial_free(t);
    array_free(&records.list);
    return change;
}

/* The first write at or after `from`: a multiple of 100 ms. */
static sim_ns tick(sim_ns from)
{
    return (from + 100 * MS - 1) / (100 * MS) * (100 * MS);
}

static sim_ns largest(sim_ns one, sim_ns other)
{
    return one > other ? one : other;
}

static int64_t only(const struct simulation *s, uint32_t n, enum metric_id metric)
{
    const struct histogram *h = simulated_values(s, "f", n, metric, ALL_REGIONS);

    cr_assert_not_null(h);
    return histogram_max(h);
}

/* `b` is named, hears nothing of a for 2 s, asks c, which hears nothing either, and leads from L on. Its
 * own clients are answered at once. c hears of it at L + 65 ms, and its clients have to go there and back,
 * 130 ms. Those of a, whose node is down, go to b, 80 ms there and back: they are answered when they arrive
 * there after L, so when they wrote after L - 40 ms. What was sent to a before is not answered before the
 * client has given up. */
Test(failover_exact, recovery_time_is_the_slowest_region_of_all)
{
    struct simulation *s = simulate(
        WORLD_OF("100000",
                 "%") "models: [{name: f, type: async, failover: {after: 2s, promote: named, to: b}}]\n"
                      "faults: [{at: 20.05s, for: 10s, crash: {leader: true, lose: memory}}]\n",
        REPLICATIONS);

    for (uint32_t n = 1; n <= REPLICATIONS; n++) {
        struct change change = change_of(s, n);
        cr_assert_eq(change.node, 1);
        sim_ns own = tick(change.leads), c = tick(change.leads + 65 * MS) + 130 * MS;
        sim_ns a = tick(change.leads - 40 * MS) + 80 * MS;
        sim_ns expected = largest(own, largest(a, c)) - 20050 * MS;
        cr_expect_eq(only(s, n, METRIC_RTO), expected, "replication %d: %g ms, not %g", (int)n,
                     (double)only(s, n, METRIC_RTO) / 1e6, (double)expected / 1e6);
    }
    simulation_free(s);
}

/* a is cut off, goes on, and says that it leads no more when it hears of b: the overlap is what lies between,
 * and the writes of a's clients from 75 ms before the cut on (40 ms on the way to b, which keeps what it
 * has) until then are lost, one each 100 ms; but those that others' clients sent to a are refused, or wait.
 */
Test(failover_exact, two_leaders_overlap_and_what_the_old_one_took_is_lost)
{
    struct simulation *s = simulate(
        WORLD_OF("10000000",
                 "%") "models: [{name: f, type: async, failover: {after: 2s, promote: named, to: b}}]\n"
                      "faults: [{at: 20.05s, for: 10s, partition: [[a], [b, c]]}]\n",
        REPLICATIONS);

    for (uint32_t n = 1; n <= REPLICATIONS; n++) {
        struct change change = change_of(s, n);
        cr_assert_eq(change.node, 1);
        cr_assert_gt(change.left, change.leads);
        cr_expect_eq(only(s, n, METRIC_TWO_LEADERS), change.left - change.leads);
        /* a's own at 20.1, 20.2, ... before it left; the write of 20.0 s has 50 ms to b, which are enough */
        sim_ns lost = (tick(change.left) - 20100 * MS) / (100 * MS);
        cr_expect_eq(simulated(s, "f", n, METRIC_LOST_COMMITS, STATISTIC_VALUE), (double)lost, "%g, not %d",
                     simulated(s, "f", n, METRIC_LOST_COMMITS, STATISTIC_VALUE), (int)lost);
        /* from the commit of the first of them (at once) to that of the last, later than the fault */
        cr_expect_eq(only(s, n, METRIC_RPO), (lost - 1) * 100 * MS);
    }
    simulation_free(s);
}

/* ---- The canary ---- */

static const geo_model *original;

static geo_promise boast(const void *config, const geo_setting *s)
{
    geo_promise p = original->promise(config, s);

    p.checks |= UINT64_C(1) << GEO_NOTHING_LOST;
    return p;
}

static const struct check_figure *figure_of(const struct trial_figures *f, enum geo_check check)
{
    for (uint32_t c = 0; c < f->check_count; c++)
        if (f->checks[c].check == check)
            return &f->checks[c];
    cr_assert_fail("no check %d", (int)check);
    return NULL;
}

/* The verdict on `nothing_lost` of a model that promises it, whatever it does. */
static void fly(const char *model, const char *fault, enum check_holds expected)
{
    char yaml[1500];
    struct failure failure = {0};

    snprintf(yaml, sizeof yaml, WORLD_OF("100000", "%%") "models: [%s]\nfaults: [%s]\n", model, fault);
    struct simulation *s = simulate(yaml, 1);
    geo_model canary = *s->scenario->models[0].model;
    original = s->scenario->models[0].model;
    canary.promise = boast;
    s->scenario->models[0].model = &canary;
    cr_assert(model_promise(s->scenario, 0).checks >> GEO_NOTHING_LOST & 1);
    struct trial_figures *f = trial_run_whole(s->scenario, 0, 1, NULL, NULL, &failure);
    cr_assert_not_null(f);
    const struct check_figure *v = figure_of(f, GEO_NOTHING_LOST);
    double lost = simulated(s, "f", 1, METRIC_LOST_COMMITS, STATISTIC_VALUE);
    cr_expect_eq(v->holds, expected, "%s, %s: %d", model, fault, (int)v->holds);
    cr_expect_eq((double)v->violations, lost);
    cr_expect_eq(v->example != 0, expected == CHECK_BROKEN);
    cr_expect_eq(lost > 0, expected == CHECK_BROKEN);
    s->scenario->models[0].model = original;
    trial_figures_free(f);
    simulation_free(s);
}

Test(failover_exact, a_model_that_loses_what_it_answered_and_boasts_of_it_is_caught)
{
    static const char dies[] = "{at: 20.01s, for: 5s, crash: {leader: true, lose: disk}}",
                      cut[] = "{at: 20.05s, for: 10s, partition: [[a], [b, c]]}";

    fly("{name: f, type: async, failover: {after: 2s}}", dies, CHECK_BROKEN);
    fly("{name: f, type: async, failover: {after: 2s}}", cut, CHECK_BROKEN);
    fly("{name: f, type: async}", dies, CHECK_BROKEN);
    fly("{name: f, type: async}", cut, CHECK_HOLDS);
    fly("{name: f, type: sync, acks: majority}", dies, CHECK_HOLDS);
    fly("{name: f, type: sync, acks: majority}", cut, CHECK_HOLDS);
}
