/* gossip.c -- rumour mongering against Demers et al. (PODC 1987) and an epidemic of this test's own.
 *
 * A thousand sites, synchronous rounds. The residue is the share of late probes that miss the write; the
 * traffic the bytes between two regions of 500 sites, of which a telling crosses with 500 / 999. Figures are
 * means over replications; a bound is 6 standard errors of that mean: Student's t with 11 degrees of freedom
 * is beyond it once in 11,000. */
#include "tests/support/simulate.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 12, SITES = 1000 };

struct mean {
    double value, error;
};

static struct mean mean_of(const double *x, int n)
{
    double sum = 0, squares = 0;

    for (int i = 0; i < n; i++) {
        sum += x[i];
        squares += x[i] * x[i];
    }
    return (struct mean){sum / n, sqrt(fmax(0, squares / n - sum / n * sum / n) / (n - 1))};
}

/* Columns 2.. of the row of k: residue, traffic, t_last; then the same by the exact rules. */
static bool published(int k, double *out)
{
    FILE *f = fopen(GEOREP_SOURCE_DIR "/tests/data/gossip/demers1987_push_feedback_counter.csv", "r");
    char line[400];
    bool found = false;

    cr_assert_not_null(f);
    while (!found && fgets(line, sizeof line, f) != NULL) {
        const char *at = strstr(line, "\",");
        int row = at != NULL ? atoi(at + 2) : 0;
        if (row == k)
            found = sscanf(at + 2, "%*d,%lf,%lf,%lf,%lf,%lf,%lf", &out[0], &out[1], &out[2], &out[3], &out[4],
                           &out[5]) == 6;
    }
    fclose(f);
    return found;
}

Test(gossip, residue_and_traffic_are_those_of_demers_table_1)
{
    struct simulation *s = simulate(
        "name: demers\nduration: 12s\nwarmup: 5s\ndrain: 4s\n"
        "regions: [{name: west, nodes: 500}, {name: east, nodes: 500}]\n"
        "network: {rtt: 1ms, local: 1ms, client: 0ms, overhead: 0B}\n"
        "workload: {clients: 500, arrivals: {poisson: 2/s}, keys: {count: 100000}, mix: {write: 100%}, "
        "value: "
        "100KB,\n"
        "  probes: {share: 100%, after: [3000ms, 3001ms, 3002ms, 3003ms, 3004ms, 3005ms, 3006ms, 3007ms]}}\n"
        "models: [{name: k1, type: gossip, mode: push, phase: aligned, stop: {counter: 1}, anti_entropy: "
        "0},\n"
        "  {name: k2, type: gossip, mode: push, phase: aligned, stop: {counter: 2}, anti_entropy: 0}]\n",
        N);

    for (int k = 1; k <= 2; k++) {
        const char *model = k == 1 ? "k1" : "k2";
        double paper[6], residue[N], traffic[N];
        cr_assert(published(k, paper));
        for (uint32_t n = 0; n < N; n++) {
            const struct trial_figures *f = s->figures[n * s->scenario->model_count + (uint32_t)k - 1];
            double stale = 0, probes = 0;
            for (uint32_t i = 0; i < f->visibility_count; i++) {
                stale += (double)f->visibility_stale[i];
                probes += (double)f->visibility_probes[i];
            }
            residue[n] = stale / probes;
            traffic[n] = simulated(s, model, n + 1, METRIC_WAN_BYTES, STATISTIC_VALUE) / 100e3 * 999 / 500 /
                         SITES / simulated(s, model, n + 1, METRIC_OPERATIONS, STATISTIC_VALUE);
        }
        struct mean r = mean_of(residue, N), t = mean_of(traffic, N);
        cr_expect_lt(fabs(r.value - paper[3]), 6 * r.error, "k = %d: residue %g +- %g, %g by the rules", k,
                     r.value, r.error, paper[3]);
        /* tellings of writes just before the window fall in, of the last out: in the mean as many, but
         * not of the same writes: that is in the spread over replications too */
        cr_expect_lt(fabs(t.value - paper[4]), 6 * t.error, "k = %d: traffic %g +- %g, %g by the rules", k,
                     t.value, t.error, paper[4]);
        cr_expect_lt(r.error, 0.15 * paper[3] + 0.004, "the test would not see another k");
        cr_expect_lt(t.error, 0.08 * paper[4], "the test would not see another k");
    }
    simulation_free(s);
}

/* Push until all know, the loneliest epidemic: rounds until the last of n sites knows, by libc's drand48. */
static struct mean rounds_alone(int n, int runs)
{
    double all[200];
    static bool knows[2000], next[2000];

    srand48(7);
    for (int run = 0; run < runs; run++) {
        int known = 1, rounds = 0;
        memset(knows, 0, sizeof knows);
        knows[0] = true;
        for (; known < n; rounds++) {
            memcpy(next, knows, sizeof next);
            for (int i = 0; i < n; i++) {
                int to = (int)(drand48() * (n - 1));
                to += to >= i;
                if (knows[i] && !next[to]) {
                    next[to] = true;
                    known++;
                }
            }
            memcpy(knows, next, sizeof knows);
        }
        all[run] = rounds;
    }
    return mean_of(all, runs);
}

/* A write that begins uniformly between two rounds is everywhere k - 1/2 rounds and a way later, k being the
 * rounds of the epidemic. Pittel: k = log2 n + ln n + O(1), and the O(1) of n = 250 and 1000 is below 1.5. */
Test(gossip, push_reaches_everyone_in_log2_n_plus_ln_n_rounds)
{
    static const int sizes[] = {250, 1000};

    for (int i = 0; i < 2; i++) {
        char yaml[1000];
        double rounds[N];
        snprintf(
            yaml, sizeof yaml,
            "name: pittel\nduration: 8s\nwarmup: 1s\nregions: [{name: a, nodes: %d}, {name: b, nodes: %d}]\n"
            "network: {rtt: 1ms, local: 1ms, client: 0ms}\n"
            "workload: {clients: 100, arrivals: {poisson: 1/s}, keys: {count: 100000}, mix: {write: 100%%}}\n"
            "models: [{type: gossip, mode: push, phase: aligned, stop: never, anti_entropy: 0}]\n",
            sizes[i] / 2, sizes[i] / 2);
        struct simulation *s = simulate(yaml, N);
        for (uint32_t n = 1; n <= N; n++)
            rounds[n - 1] =
                (histogram_mean(simulated_values(s, "gossip", n, METRIC_CONVERGENCE, ALL_REGIONS)) / 1e6 -
                 0.5) /
                    100 +
                0.5;
        struct mean seen = mean_of(rounds, N), alone = rounds_alone(sizes[i], 200);
        double formula = log2(sizes[i]) + log(sizes[i]);
        /* the last to know is in the other region, or the last but one is: metrics leave out the writer's own
         * region, which shortens by half a round at most */
        cr_expect_lt(fabs(seen.value - alone.value), 6 * (seen.error + alone.error) + 0.5,
                     "%d sites: %g rounds +- %g, %g alone", sizes[i], seen.value, seen.error, alone.value);
        cr_expect_lt(fabs(seen.value - formula), 1.5, "%d sites: %g rounds, log2 n + ln n = %g", sizes[i],
                     seen.value, formula);
        simulation_free(s);
    }
}
