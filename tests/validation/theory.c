/* theory.c -- where chance rules and theory knows the answer: the simulation is inside the interval.
 *
 * Bounds are 4.5 standard deviations of what is counted (a false alarm in 150,000 runs of one comparison),
 * derived at each test; seeds are fixed, so a test that passes once passes always. */
#include "tests/support/simulate.h"

#include <criterion/criterion.h>
#include <math.h>

/* The standard normal distribution function, by the C library: nothing of the simulator's. */
static double phi(double z)
{
    return 0.5 * erfc(-z / sqrt(2));
}

/* models.md: one-way delays normal(100 ms, 30 ms) over datagrams, readers in the other region, a strategy
 * that applies each write as it arrives. A read t after the commit misses the write if its delay is longer
 * than t: 99.96%, 95.2%, 50%, 4.8%, 0.04% at 0, 50, 100, 150, 200 ms. Clients are at their node, so a commit
 * is at the instant of taking; keys are so many that no two writes of one meet. A count of n probes is
 * binomial: variance n p (1 - p). */
Test(theory, the_consistency_window_is_the_complement_of_the_delays_distribution)
{
    struct simulation *s =
        simulate("name: window\n"
                 "duration: 1000s\n"
                 "warmup: 0s\n"
                 "regions:\n"
                 "  - {name: writers, workload: {mix: {write: 100%}}}\n"
                 "  - {name: readers, workload: {mix: {read: 100%}, arrivals: {poisson: 1/s}}}\n"
                 "network:\n"
                 "  transport: datagram\n"
                 "  rtt: 200ms\n"
                 "  client: 0ms\n"
                 "  links: [{between: [writers, readers], delay: {normal: {mean: 100ms, stddev: 30ms}}}]\n"
                 "workload: {keys: {count: 10000000}, arrivals: {poisson: 100/s},\n"
                 "           probes: {share: 100%, after: [0ms, 50ms, 100ms, 150ms, 200ms]}}\n"
                 "models: [lww]\n",
                 1);
    const struct trial_figures *f = s->figures[0];

    cr_assert_eq(f->visibility_count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        double n = (double)f->visibility_probes[i], stale = (double)f->visibility_stale[i];
        double p = 1 - phi((50.0 * i - 100) / 30), bound = 4.5 * sqrt(n * p * (1 - p)) + 1;
        cr_expect_gt(n, 95000);
        cr_expect_lt(fabs(stale - n * p), bound, "%u ms: %g of %g stale, %g by theory, bound %g", 50 * i,
                     stale, n, n * p, bound);
    }
    simulation_free(s);
}

/* Two regions write one key, each a Poisson process of rate l, with a constant one-way delay L. Writes at s
 * in a and at u = s + x in b are concurrent if |x| < L. They meet in b unless b has overwritten its own
 * before a's arrives, with probability exp(-l (L - x)), and in a with exp(-l (L + x)), independently; so the
 * pairs in a unit of time are
 *
 *     l^2 (integral over x from -L to L of) [e^-l(L-x) + e^-l(L+x) - e^-2lL] dx = 2 l (1 - e^-2lL) - 2 L l^2
 * e^-2lL
 *
 * and each of the 2 l writes has (1 - e^-2lL) - l L e^-2lL of them. The pairs of a stretch of time depend on
 * one another only over some L; their variance is taken from blocks of the run itself: 40 replications, 4.5
 * standard errors. */
Test(theory, conflicts_of_poisson_writers_with_a_constant_lag)
{
    enum { N = 40 };
    const double l = 2, lag = 0.1;
    struct simulation *s =
        simulate("name: conflicts\n"
                 "duration: 200s\n"
                 "warmup: 1s\n"
                 "regions: [a, b]\n"
                 "network: {rtt: 200ms, client: 0ms}\n"
                 "workload: {keys: {count: 1}, arrivals: {poisson: 2/s}, mix: {write: 100%}}\n"
                 "models: [lww, crdt]\n",
                 N);
    static const char *const models[] = {"lww", "crdt"};
    double theory = (1 - exp(-2 * l * lag)) - l * lag * exp(-2 * l * lag);

    for (int m = 0; m < 2; m++) {
        double sum = 0, squares = 0;
        for (uint32_t n = 1; n <= N; n++) {
            double value = simulated(s, models[m], n, METRIC_CONFLICTS, STATISTIC_PER_WRITE);
            sum += value;
            squares += value * value;
        }
        double mean = sum / N, error = sqrt((squares / N - mean * mean) / (N - 1));
        cr_expect_lt(fabs(mean - theory), 4.5 * error, "%s: %g conflicts a write, %g by theory, error %g",
                     models[m], mean, theory, error);
        cr_expect_lt(error, 0.02 * theory, "the test is too weak to see a difference of 9%%");
    }
    simulation_free(s);
}

/* b's clock is D = 500 ms ahead. A write in a is turned round by one of b's that was committed up to D before
 * it began: with probability 1 - exp(-l D), l being b's rate of writes to the key (0.01 a second here, so
 * that what else may happen to either write within a lag of 40 ms changes that by less than l L = 0.04% of
 * it). b's writes are never turned round. Where b's write had reached a before (it takes 40 ms), the loser
 * had seen its winner: a causal inversion, with probability 1 - exp(-l (D - L)). Counts are binomial. On
 * hybrid clocks no write that has seen another loses to it. */
Test(theory, inversions_by_a_clock_that_is_ahead)
{
    struct simulation *s =
        simulate("name: skew\n"
                 "duration: 4000s\n"
                 "warmup: 100s\n"
                 "regions: [a, b]\n"
                 "network: {rtt: 80ms, client: 0ms}\n"
                 "clocks: {regions: {b: {offset: 500ms}}}\n"
                 "workload: {keys: {count: 5000}, arrivals: {poisson: 50/s}, mix: {write: 100%}}\n"
                 "models: [{name: wall, type: lww, clock: wall}, {name: hlc, type: lww, clock: hlc},\n"
                 "         {name: lamport, type: lww, clock: lamport}]\n",
                 1);
    const double l = 50.0 / 5000, ahead = 0.5, lag = 0.04;
    double writes = simulated(s, "wall", 1, METRIC_OPERATIONS, STATISTIC_VALUE) / 2; /* of a */
    double p = 1 - exp(-l * ahead), causal = 1 - exp(-l * (ahead - lag));
    double seen = simulated(s, "wall", 1, METRIC_SKEW_INVERSIONS, STATISTIC_VALUE);
    double caused = simulated(s, "wall", 1, METRIC_CAUSAL_INVERSIONS, STATISTIC_VALUE);

    /* writes of a are half of all within their own Poisson error, which adds l D sqrt(writes) to the standard
     * deviation */
    double bound = 4.5 * sqrt(writes * p * (1 - p) + p * p * writes);
    cr_expect_lt(fabs(seen - writes * p), bound, "%g inversions, %g by theory, bound %g", seen, writes * p,
                 bound);
    cr_expect_lt(fabs(caused - writes * causal), bound, "%g causal ones, %g by theory, bound %g", caused,
                 writes * causal, bound);
    cr_expect_eq(simulated(s, "hlc", 1, METRIC_CAUSAL_INVERSIONS, STATISTIC_VALUE), 0);
    cr_expect_eq(simulated(s, "lamport", 1, METRIC_CAUSAL_INVERSIONS, STATISTIC_VALUE), 0);
    simulation_free(s);
}

/* models.md: 1000 writes/s of 2 KB to 2 other regions at 0.02 USD/GB: 4 MB/s, 207.36 USD in 30 days, overhead
 * apart. The count of writes is Poisson: 4.5 of its standard deviations; given the count, bytes and dollars
 * are exact. */
Test(theory, traffic_and_its_price)
{
    struct simulation *s =
        simulate("name: traffic\n"
                 "duration: 110s\n"
                 "warmup: 10s\n"
                 "regions: [{name: a, workload: {clients: 10}}, {name: b, workload: {clients: 0}},\n"
                 "          {name: c, workload: {clients: 0}}]\n"
                 "network: {rtt: 80ms, overhead: 0B}\n"
                 "workload: {arrivals: {poisson: 1000/s}, mix: {write: 100%}, value: 2KB}\n"
                 "models: [lww]\n",
                 1);
    double writes = simulated(s, "lww", 1, METRIC_OPERATIONS, STATISTIC_VALUE);
    double bytes = simulated(s, "lww", 1, METRIC_WAN_BYTES, STATISTIC_VALUE);
    double month = simulated(s, "lww", 1, METRIC_WAN_COST_MONTH, STATISTIC_VALUE);

    cr_expect_lt(fabs(writes - 100000), 4.5 * sqrt(100000));
    /* a write begun in the window and shipped outside it, or the other way round: at most the few of 0.25 ms
     */
    cr_expect_lt(fabs(bytes - writes * 4000), 10 * 4000, "%g B of %g writes", bytes, writes);
    cr_expect_lt(fabs(month - bytes * 0.02e-9 * 30 * 86400 / 100), 1e-6 * month);
    cr_expect_lt(fabs(month - 207.36), 207.36 * 4.5 / sqrt(100000) + 0.05, "%g USD a month", month);
    simulation_free(s);
}

/* A clock that is 10 s behind shows less than 0 at first: its writes are stamped below 0, and win over the
 * initial value all the same. Where nobody else writes, nothing is lost and everything converges. */
Test(theory, a_clock_below_zero_still_writes)
{
    struct simulation *s = simulate(
        "name: below\n"
        "duration: 9s\n"
        "warmup: 0s\n"
        "regions: [a, {name: b, workload: {clients: 0}}]\n"
        "network: {rtt: 80ms}\n"
        "clocks: {regions: {a: {offset: -10s}}}\n"
        "workload: {arrivals: {poisson: 20/s}, keys: {count: 100000}, mix: {write: 100%}}\n"
        "models: [{name: wall, type: lww, clock: wall}, {name: hlc, type: lww, clock: hlc}, quorum]\n",
        1);
    static const char *const models[] = {"wall", "hlc", "quorum"};

    for (int m = 0; m < 3; m++) {
        cr_expect_gt(simulated(s, models[m], 1, METRIC_OPERATIONS, STATISTIC_VALUE), 100);
        cr_expect_eq(simulated(s, models[m], 1, METRIC_LOST_UPDATES, STATISTIC_VALUE), 0, "%s", models[m]);
        cr_expect_eq(simulated(s, models[m], 1, METRIC_CONVERGED, STATISTIC_VALUE), 1, "%s", models[m]);
        cr_expect_eq(simulated(s, models[m], 1, METRIC_UNAPPLIED, STATISTIC_VALUE), 0, "%s", models[m]);
        const struct histogram *lag = simulated_values(s, models[m], 1, METRIC_REPLICATION_LAG, ALL_REGIONS);
        cr_assert_not_null(lag);
        cr_expect_lt(histogram_max(lag), 41 * 1000000, "%s", models[m]);
    }
    simulation_free(s);
}
