/* observe_ledger.c -- the figures of random histories, against the same figures computed the slow way
 * (observe_naive.h). */
#include "tests/property/observe_naive.h"
#include "tests/property/observe_network.h"
#include "tests/unit/observe_story.h"

static const struct trial_figures *figures;
static uint64_t seed_now;

static double value(int metric, int statistic)
{
    return story_value_in(figures, metric, statistic, ALL_REGIONS);
}

static void expect(const char *what, double got, double want)
{
    cr_assert(got == want, "seed %llu: %s is %.17g, should be %.17g", (unsigned long long)seed_now, what, got,
              want);
}

static void expect_spread(const char *what, int metric, uint64_t count, sim_ns sum, bool at_least)
{
    const struct distribution_figure *d = NULL;

    for (uint32_t i = 0; i < figures->distribution_count; i++)
        if (figures->distributions[i].metric == metric && figures->distributions[i].region == ALL_REGIONS)
            d = &figures->distributions[i];
    expect(what, d == NULL ? 0 : (double)histogram_count(&d->values), (double)count);
    if (d == NULL)
        return;
    expect(what, (double)(int64_t)d->values.sum, (double)sum);
    expect(what, d->at_least, at_least);
}

static void compare(const struct naive *n)
{
    if (n->reads > 0)
        expect("stale reads", rint(value(METRIC_STALE_READ_FRACTION, STATISTIC_VALUE) * (double)n->reads),
               (double)n->stale);
    expect_spread("staleness", METRIC_READ_STALENESS, n->reads, n->stale_sum, false);
    expect_spread("versions", METRIC_READ_STALENESS_VERSIONS, n->reads, (sim_ns)n->versions, false);
    expect("not one's own", value(METRIC_READ_YOUR_WRITES, STATISTIC_VALUE), (double)n->not_own);
    expect_spread("lag", METRIC_REPLICATION_LAG, n->lag_count, n->lag_sum, n->lag_at_least);
    expect_spread("convergence", METRIC_CONVERGENCE, n->convergence_count, n->convergence_sum,
                  n->convergence_at_least);
    expect("unapplied", value(METRIC_UNAPPLIED, STATISTIC_VALUE), (double)n->unapplied);
    expect("conflicts", value(METRIC_CONFLICTS, STATISTIC_VALUE), (double)n->conflicts);
    if (n->committed > 0)
        expect("conflicts per write", value(METRIC_CONFLICTS, STATISTIC_PER_WRITE),
               (double)n->conflicts / (double)n->committed);
    expect("lost updates", value(METRIC_LOST_UPDATES, STATISTIC_VALUE), (double)n->lost);
    expect("skew inversions", value(METRIC_SKEW_INVERSIONS, STATISTIC_VALUE), (double)n->skew);
    double lost = 0, skew = 0;
    for (int c = 0; c < LOSS_CAUSES; c++) {
        double lost_by = value(METRIC_LOST_UPDATES_BY_CAUSE + c, STATISTIC_VALUE),
               skew_by = value(METRIC_SKEW_INVERSIONS_BY_CAUSE + c, STATISTIC_VALUE);
        expect(metric_defs[METRIC_LOST_UPDATES_BY_CAUSE + c].name, lost_by, (double)n->lost_by[c]);
        expect(metric_defs[METRIC_SKEW_INVERSIONS_BY_CAUSE + c].name, skew_by, (double)n->skew_by[c]);
        lost += lost_by;
        skew += skew_by;
    }
    expect("the sum by cause", lost, (double)n->lost);
    expect("the sum of inversions by cause", skew, (double)n->skew);
    expect("causal inversions", value(METRIC_CAUSAL_INVERSIONS, STATISTIC_VALUE), (double)n->causal);
    expect("lost commits", value(METRIC_LOST_COMMITS, STATISTIC_VALUE), (double)n->lost_commits);
    expect("diverged", value(METRIC_DIVERGED_KEYS, STATISTIC_MAX), (double)n->diverged_max);
    expect("converged", value(METRIC_CONVERGED, STATISTIC_VALUE), n->diverged_keys == 0);
    expect("backlog max", value(METRIC_BACKLOG_OPS, STATISTIC_MAX), (double)n->backlog_max);
    sim_ns until = n->time < n->setting->duration ? n->time : n->setting->duration;
    double mean = n->backlog_area / (double)(until - n->setting->warmup);
    /* Both divide one sum of whole numbers below 2^53 by the same; they may round the division once. */
    cr_assert(fabs(value(METRIC_BACKLOG_OPS, STATISTIC_MEAN) - mean) <= mean * 0x1p-52,
              "seed %llu: backlog mean is %.17g, should be %.17g", (unsigned long long)seed_now,
              value(METRIC_BACKLOG_OPS, STATISTIC_MEAN), mean);
    sim_ns waited = 0;
    bool at_least = false;
    for (int i = 0; i < n->wait_count; i++) {
        waited += n->waits[i].took;
        at_least |= n->waits[i].at_least;
    }
    expect_spread("time to converge", METRIC_TIME_TO_CONVERGE, (uint64_t)n->wait_count, waited, at_least);
}

/* One history. `totals` counts what was there to compare, so that a test of nothing shows. */
static void run(uint64_t seed, const struct net_options *options, struct naive *totals)
{
    static struct net net;
    static struct naive naive;

    seed_now = seed;
    net_begin(&net, seed, options);
    naive_begin(&naive, &net.setting, net.history);
    struct observation *o = observation_new(&net.setting, net.history);
    sim_ns end_ns = net_run(&net);
    naive_finish(&naive, end_ns);
    observation_finish(o, end_ns);
    struct trial_figures *f = observation_figures(o);
    figures = f;
    compare(&naive);
    totals->stale += naive.stale;
    totals->not_own += naive.not_own;
    totals->conflicts += naive.conflicts;
    totals->lost += naive.lost;
    totals->skew += naive.skew;
    for (int c = 0; c < LOSS_CAUSES; c++)
        totals->lost_by[c] += naive.lost_by[c];
    totals->causal += naive.causal;
    totals->unapplied += naive.unapplied;
    totals->lost_commits += naive.lost_commits;
    totals->lag_count += naive.lag_count;
    trial_figures_free(f);
    observation_free(o);
    net_free(&net);
}

#ifndef SEEDS
#define SEEDS 200 /* of each kind; -DSEEDS=20000 hunts */
#endif

static struct naive totals;

static void run_all(const struct net_options *options)
{
    memset(&totals, 0, sizeof totals);
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run(seed, options, &totals);
    cr_assert_gt(totals.stale, SEEDS / 6);
    cr_assert_gt(totals.not_own, 10u);
    cr_assert_gt(totals.conflicts, SEEDS);
    cr_assert_gt(totals.lost, SEEDS / 3);
    cr_assert_gt(totals.lag_count, SEEDS);
    cr_log_info("stale %llu conflicts %llu lost %llu skew %llu causal %llu unapplied %llu lost commits %llu "
                "lags %llu",
                (unsigned long long)totals.stale, (unsigned long long)totals.conflicts,
                (unsigned long long)totals.lost, (unsigned long long)totals.skew,
                (unsigned long long)totals.causal, (unsigned long long)totals.unapplied,
                (unsigned long long)totals.lost_commits, (unsigned long long)totals.lag_count);
}

#define OPTIONS(...) (&(struct net_options){__VA_ARGS__})

Test(observe_ledger, last_writer_wins_where_all_arrives)
{
    run_all(OPTIONS(.nodes = 3));
    run_all(OPTIONS(.nodes = 2, .warmup = 100 * SIM_MILLISECOND));
    run_all(OPTIONS(.nodes = 5, .true_clocks = true));
}

Test(observe_ledger, last_writer_wins_over_a_lossy_network)
{
    run_all(OPTIONS(.drop = 0.3));
    cr_assert_gt(totals.unapplied, SEEDS / 3);
    run_all(OPTIONS(.nodes = 4, .drop = 0.1, .far_clocks = true));
    cr_assert_gt(totals.skew, 20u);
    cr_assert_gt(totals.causal, 20u);
}

static void assert_causes(uint64_t concurrent, uint64_t offset, uint64_t drift, uint64_t late,
                          uint64_t failover)
{
    const uint64_t least[LOSS_CAUSES] = {concurrent, offset, drift, late, failover};

    for (int c = 0; c < LOSS_CAUSES; c++)
        cr_assert_geq(totals.lost_by[c], least[c], "%s: only %llu", loss_cause_names[c],
                      (unsigned long long)totals.lost_by[c]);
}

Test(observe_ledger, every_loss_has_one_cause)
{
    run_all(OPTIONS(.far_clocks = true, .hybrid = true));
    assert_causes(20, 20, 20, 20, 0);
    run_all(OPTIONS(.far_clocks = true, .hybrid = true, .nodes = 5, .copies = 3, .crash = true,
                    .lose = LOSE_DISK));
    assert_causes(20, 20, 20, 20, 1);
    run_all(OPTIONS(.counts = true, .leaders = true, .drop = 0.1));
    assert_causes(20, 0, 0, 20, 20);
    run_all(OPTIONS(.leaders = true, .retries = true, .nodes = 4));
    assert_causes(20, 20, 20, 20, 20);
    run_all(OPTIONS(.by_merge = true, .far_clocks = true, .crash = true, .lose = LOSE_DISK, .nodes = 4));
    assert_causes(20, 20, 20, 20, 1);
}

Test(observe_ledger, retries_of_the_same_and_of_a_new_identity)
{
    run_all(OPTIONS(.retries = true));
    run_all(OPTIONS(.retries = true, .drop = 0.2, .nodes = 4));
}

Test(observe_ledger, takers_that_hold_no_replica)
{
    run_all(OPTIONS(.nodes = 5, .copies = 3));
    run_all(OPTIONS(.nodes = 4, .copies = 2, .drop = 0.2, .retries = true));
}

Test(observe_ledger, a_crash_that_loses_nothing)
{
    run_all(OPTIONS(.crash = true, .drop = 0.1));
    run_all(OPTIONS(.crash = true, .crash_for_ever = true, .nodes = 2));
    run_all(OPTIONS(.crash = true, .crash_for_ever = true, .nodes = 4, .drop = 0.2));
}

Test(observe_ledger, a_crash_that_loses_memory)
{
    run_all(OPTIONS(.crash = true, .lose = LOSE_MEMORY));
    run_all(OPTIONS(.crash = true, .lose = LOSE_MEMORY, .nodes = 5, .copies = 3, .drop = 0.1));
}

Test(observe_ledger, a_crash_that_loses_the_disk)
{
    run_all(OPTIONS(.crash = true, .lose = LOSE_DISK));
    run_all(OPTIONS(.crash = true, .lose = LOSE_DISK, .drop = 0.3, .nodes = 2));
    cr_assert_gt(totals.lost_commits, SEEDS / 10);
    run_all(OPTIONS(.crash = true, .lose = LOSE_DISK, .crash_for_ever = true, .nodes = 3));
    run_all(OPTIONS(.crash = true, .lose = LOSE_DISK, .nodes = 5, .copies = 3));
}

Test(observe_ledger, merging_by_operations)
{
    run_all(OPTIONS(.by_merge = true));
    run_all(OPTIONS(.by_merge = true, .nodes = 4, .drop = 0.2, .retries = true));
}

Test(observe_ledger, merging_by_state)
{
    run_all(OPTIONS(.by_merge = true, .ships_state = true));
    run_all(OPTIONS(.by_merge = true, .ships_state = true, .nodes = 5, .drop = 0.3));
}

Test(observe_ledger, merging_after_a_loss)
{
    run_all(OPTIONS(.by_merge = true, .ships_state = true, .crash = true, .lose = LOSE_DISK));
    run_all(OPTIONS(.by_merge = true, .crash = true, .lose = LOSE_DISK, .nodes = 4, .drop = 0.1));
    run_all(OPTIONS(.by_merge = true, .ships_state = true, .crash = true));
}
