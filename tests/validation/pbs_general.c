/* pbs_general.c -- partial quorums of settings that no table of ours has: two to ten replicas, any votes,
 * Yammer's and LinkedIn's delays, distant replicas; against the formula of Bailis et al. (VLDB 2012), sampled
 * here with the C library alone.
 *
 * Theory is 400,000 trials (drand48), the simulation some 30,000 probes a point and as many operations. A
 * share p of n against a share of m: within 4.5 sqrt(p (1-p) (1/n + 1/m)) + 1/n. A percentile p: theory's
 * percentiles p -+ d, d = 4.5 sqrt(p (1-p) (1/n + 1/m)), enclose the simulation's, widened by a bucket of the
 * histogram (1/2048). */
#include "tests/support/simulate.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRIALS = 400000, POINTS = 5, COPIES = 10 };

/* In ms: pareto (scale, shape) with probability `share`, else exponential (mean). */
struct leg {
    double share, scale, shape, mean;
};

struct setting {
    const char *name;
    unsigned n, r, w;
    struct leg write, others;
    double remote; /* ms */
    double after[POINTS];
};

static const struct leg disk = {0.38, 1.05, 1.51, 5.464480874}, ssd = {0.9122, 0.235, 10, 0.602409639},
                        ymmr_write = {0.939, 3, 3.35, 357.142857}, ymmr = {0.982, 1.5, 3.8, 46.0829493};

static double drawn(const struct leg *l)
{
    return drand48() < l->share ? l->scale * pow(1 - drand48(), -1 / l->shape)
                                : -l->mean * log(1 - drand48());
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void legs_sum(const struct setting *s, const struct leg *first, double *one, double *both)
{
    unsigned near = (unsigned)(drand48() * s->n);

    for (unsigned i = 0; i < s->n; i++) {
        double far = i == near ? 0 : s->remote;
        one[i] = drawn(first) + far;
        both[i] = one[i] + drawn(&s->others) + far;
    }
}

/* reads, writes: latencies; seen: the least t at which the read sees the write. All sorted. */
static void theory(const struct setting *s, double *reads, double *writes, double *seen)
{
    for (int k = 0; k < TRIALS; k++) {
        double to[COPIES], acked[COPIES], asked[COPIES], answered[COPIES], sorted[COPIES];
        legs_sum(s, &s->write, to, acked);
        legs_sum(s, &s->others, asked, answered);
        memcpy(sorted, acked, sizeof sorted);
        qsort(sorted, s->n, sizeof *sorted, by_size);
        writes[k] = sorted[s->w - 1];
        memcpy(sorted, answered, sizeof sorted);
        qsort(sorted, s->n, sizeof *sorted, by_size);
        reads[k] = sorted[s->r - 1];
        seen[k] = INFINITY;
        for (unsigned i = 0; i < s->n; i++)
            if (answered[i] <= reads[k])
                seen[k] = fmin(seen[k], to[i] - asked[i] - writes[k]);
    }
    qsort(reads, TRIALS, sizeof *reads, by_size);
    qsort(writes, TRIALS, sizeof *writes, by_size);
    qsort(seen, TRIALS, sizeof *seen, by_size);
}

static double at(const double *sorted, double p)
{
    double i = fmin(fmax(ceil(p * TRIALS) - 1, 0), TRIALS - 1);

    return sorted[(size_t)i];
}

static void expect_percentile(const struct setting *s, const char *what, const double *sorted,
                              const struct histogram *h, double p)
{
    double n = (double)histogram_count(h), d = 4.5 * sqrt(p * (1 - p) * (1 / n + 1.0 / TRIALS));
    double value = (double)histogram_quantile(h, p) / 1e6;

    cr_expect(value >= at(sorted, p - d) * (1 - 1.0 / 2048) && value <= at(sorted, p + d) * (1 + 1.0 / 2048),
              "%s: %s at %g: %g ms, theory %g in %g .. %g", s->name, what, p, value, at(sorted, p),
              at(sorted, p - d), at(sorted, p + d));
}

static void leg_text(const struct leg *l, char *out, size_t room)
{
    snprintf(
        out, room,
        "{mixture: [{weight: %g, of: {pareto: {scale: %gms, shape: %g}}}, {weight: %.4f, of: {exponential: "
        "{mean: %.9gms}}}]}",
        l->share, l->scale, l->shape, 1 - l->share, l->mean);
}

static void setting_check(const struct setting *s)
{
    char yaml[3000], write[300], others[300], after[200] = "";
    double *room = malloc(3 * TRIALS * sizeof *room), *reads = room, *writes = room + TRIALS,
           *seen = room + 2 * (size_t)TRIALS;

    cr_assert_not_null(room);
    srand48(11);
    theory(s, reads, writes, seen);
    leg_text(&s->write, write, sizeof write);
    leg_text(&s->others, others, sizeof others);
    for (int i = 0; i < POINTS; i++)
        snprintf(after + strlen(after), sizeof after - strlen(after), "%s%gms", i > 0 ? ", " : "",
                 s->after[i]);
    snprintf(
        yaml, sizeof yaml,
        "name: pbs\nduration: 60s\nwarmup: 0s\nregions: [{name: dc, nodes: %u}]\n"
        "network: {local: 0ms, client: 0ms}\n"
        "workload: {arrivals: {poisson: 1000/s}, keys: {count: 10000000}, mix: {read: 50%%, write: 50%%},\n"
        "  probes: {share: 100%%, after: [%s]}}\n"
        "models: [{type: quorum, r: %u, w: %u, repair: false, handoff: false,\n"
        "  wars: {write: %s, ack: %s, read: %s, response: %s, remote: %gms}}]\n",
        s->n, after, s->r, s->w, write, others, others, others, s->remote);
    struct simulation *run = simulate(yaml, 1);
    const struct trial_figures *f = run->figures[0];
    for (int i = 0; i < POINTS; i++) {
        double n = (double)f->visibility_probes[i], p = (double)f->visibility_stale[i] / n, q = 0;
        for (int k = TRIALS; k > 0 && seen[k - 1] > s->after[i]; k--)
            q += 1.0 / TRIALS;
        cr_expect_gt(n, 25000);
        cr_expect_leq(fabs(p - q), 4.5 * sqrt(q * (1 - q) * (1 / n + 1.0 / TRIALS)) + 1 / n,
                      "%s: p_stale %g after %g ms, theory %g", s->name, p, s->after[i], q);
    }
    for (int k = 0; k < 2; k++) {
        enum metric_id metric = k == 0 ? METRIC_READ_LATENCY : METRIC_WRITE_LATENCY;
        const struct histogram *h = simulated_values(run, "quorum", 1, metric, ALL_REGIONS);
        for (int i = 0; i < 3; i++)
            expect_percentile(s, k == 0 ? "read" : "write", k == 0 ? reads : writes, h,
                              (const double[]){0.5, 0.99, 0.999}[i]);
    }
    simulation_free(run);
    free(room);
}

Test(pbs_general, settings_of_no_table)
{
    const struct setting all[] = {
        {"LNKD-DISK n=2", 2, 1, 1, disk, ssd, 0, {0, 1, 5, 20, 50}},
        {"LNKD-SSD n=10", 10, 1, 1, ssd, ssd, 0, {0, 0.2, 0.5, 1, 2}},
        {"LNKD-DISK n=5 r=2 w=3", 5, 2, 3, disk, ssd, 0, {0, 0.5, 2, 5, 20}},
        {"LNKD-DISK n=10 r=3 w=2", 10, 3, 2, disk, ssd, 0, {0, 1, 3, 10, 30}},
        {"YMMR n=3", 3, 1, 1, ymmr_write, ymmr, 0, {0, 10, 50, 500, 1400}},
        {"YMMR n=5 r=2 w=2", 5, 2, 2, ymmr_write, ymmr, 0, {0, 5, 20, 200, 1000}},
        {"WAN n=5 r=2 w=1", 5, 2, 1, disk, ssd, 75, {0, 30, 74, 80, 150}},
        {"WAN n=2 r=1 w=2", 2, 1, 2, disk, ssd, 75, {0, 1, 5, 20, 80}},
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        setting_check(&all[i]);
}
