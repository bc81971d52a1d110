/* experiment_visibility.c -- when a write is seen: quantiles of curves known by heart, and of exponential
 * delays. */
#include "sim/experiment/gather.h"
#include "sim/experiment/visibility.h"
#include "tests/support/simulate.h"

#include <criterion/criterion.h>
#include <math.h>

Test(experiment_visibility, between_two_points_the_logarithm_is_straight)
{
    static const sim_ns after[] = {20, 0, 10, 40}; /* in any order */
    static const double stale[] = {0.1, 1, 0.5, 0};
    bool at_least;
    double ns;

    cr_assert(visibility_quantile(after, stale, 4, 0.75, &ns, &at_least));
    cr_expect_float_eq(ns, 10 * log(1 / 0.75) / log(2), 1e-9);
    cr_assert(visibility_quantile(after, stale, 4, 0.5, &ns, &at_least));
    cr_expect_float_eq(ns, 10, 1e-9);
    cr_assert(visibility_quantile(after, stale, 4, 0.05, &ns, &at_least));
    cr_expect_float_eq(ns, 30, 1e-9); /* to 0 the curve itself */
    cr_expect_not(at_least);
}

Test(experiment_visibility, a_curve_that_rises_again_counts_from_where_it_falls_for_good)
{
    static const sim_ns after[] = {0, 10, 20, 30};
    static const double stale[] = {0.5, 0.05, 0.3, 0.1};
    bool at_least;
    double ns;

    cr_assert(visibility_quantile(after, stale, 4, 0.2, &ns, &at_least));
    cr_expect_float_eq(ns, 20 + 10 * log(0.3 / 0.2) / log(3), 1e-9);
    cr_assert(visibility_quantile(after, stale, 4, 0.01, &ns, &at_least));
    cr_expect(at_least);
    cr_expect_eq(ns, 30);
    cr_assert(visibility_quantile(after, stale, 4, 0.6, &ns, &at_least));
    cr_expect_eq(ns, 0);
    cr_expect_not(visibility_quantile(after, (double[]){NAN, NAN, NAN, NAN}, 4, 0.5, &ns, &at_least));
}

/* Delays exponential with mean 20 ms, over datagrams, one writer and one reader: a write is seen by a share p
 * of reads after -20 ln(1 - p) ms, and the curve's logarithm is straight. The true quantile is inside
 * Student's interval at 95%, widened to three times its width: beyond that once in 5000 (9 degrees of
 * freedom, t = 6.8). */
Test(experiment_visibility, quantiles_of_exponential_delays)
{
    struct simulation *s = simulate(
        "name: seen\nduration: 100s\nwarmup: 0s\nreplications: 10\n"
        "regions: [{name: w, workload: {mix: {write: 100%}}}, {name: r, workload: {mix: {read: 100%}}}]\n"
        "network: {transport: datagram, rtt: 1s, client: 0ms, links: [{from: w, to: r, delay: {exponential: "
        "{mean: "
        "20ms}}}]}\n"
        "workload: {keys: {count: 1000000}, arrivals: {poisson: 100/s},\n"
        "           probes: {share: 100%, after: [0ms, 10ms, 30ms, 60ms, 100ms, 200ms]}}\n"
        "models: [lww]\n",
        10);
    static const enum statistic_id which[] = {STATISTIC_P50, STATISTIC_P90, STATISTIC_P99};
    struct gathering *g = gathering_new(s->scenario);

    for (uint32_t n = 0; n < s->replications; n++)
        gathering_add(g, (const struct trial_figures *const *)&s->figures[n]);
    gathering_finish(g);
    for (int i = 0; i < 3; i++) {
        const struct figure *f = figure_find(gathering_figures(g, 0), METRIC_T_VISIBILITY, which[i]);
        cr_assert_not_null(f);
        double truth = -20 * log(1 - statistic_quantile(which[i])),
               half = f->interval.high - f->interval.value;
        cr_expect(f->interval.has_interval);
        cr_expect_lt(fabs(f->interval.value - truth), 3 * half, "%g ms +- %g, %g by theory",
                     f->interval.value, half, truth);
        cr_expect_lt(half, 0.05 * truth);
    }
    gathering_free(g);
    simulation_free(s);
}
