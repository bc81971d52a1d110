/* theory_staleness.c -- k-staleness of independent quorums, and delta-atomicity where it is known.
 *
 * Bounds are 4.5 standard deviations of what is counted; seeds are fixed. */
#include "tests/support/simulate.h"

#include <criterion/criterion.h>
#include <math.h>

static double choose(unsigned n, unsigned k)
{
    double c = 1;

    for (unsigned i = 0; i < k; i++)
        c = k > n ? 0 : c * (n - i) / (i + 1);
    return c;
}

/* A write is at W replicas of N drawn at random and nowhere else, a read asks R drawn at random. It misses
 * one write with probability p = C(N-W, R) / C(N, R), and the last k, whose quorums are independent, with
 * p^k; so P(a read is within the last k versions) = 1 - p^k. read_staleness_versions counts the committed
 * writes that a read misses, which are the newest: it is at least k with probability p^k.
 *
 * One key is written 50 times between two reads in the mean, so that reads miss independently: by the next
 * the writes that the last one missed matter with p^50. The count is binomial. Before the first write of the
 * window there are hundreds. */
static void expect_k_staleness(const char *model, unsigned n, unsigned r, unsigned w,
                               const struct simulation *s)
{
    const struct histogram *missed =
        simulated_values(s, model, 1, METRIC_READ_STALENESS_VERSIONS, ALL_REGIONS);
    double p = choose(n - w, r) / choose(n, r);

    cr_assert_not_null(missed);
    double reads = (double)histogram_count(missed);
    cr_expect_gt(reads, 9000);
    for (int k = 1; k <= 5; k++) {
        double stale = pow(p, k), seen = (double)histogram_above(missed, k - 1),
               bound = 4.5 * sqrt(reads * stale * (1 - stale)) + 1;
        cr_expect_lt(fabs(seen - reads * stale), bound,
                     "%s: %g of %g reads miss the last %d, %g by theory, bound %g", model, seen, reads, k,
                     reads * stale, bound);
    }
}

Test(theory_staleness, k_versions_of_independent_quorums)
{
    struct simulation *s =
        simulate("name: k-staleness\n"
                 "duration: 5000s\n"
                 "warmup: 100s\n"
                 "regions: [{name: dc, nodes: 5, workload: {clients: 1}}]\n"
                 "network: {local: 0.1ms, client: 0ms}\n"
                 "workload: {keys: {count: 1}, arrivals: {poisson: 102/s}, mix: {read: 2%, write: 98%}}\n"
                 "models:\n"
                 "  - {name: r1w1, type: quorum, r: 1, w: 1, ask: quorum, repair: false, handoff: false}\n"
                 "  - {name: r2w1, type: quorum, r: 2, w: 1, ask: quorum, repair: false, handoff: false}\n"
                 "  - {name: r2w2, type: quorum, r: 2, w: 2, ask: quorum, repair: false, handoff: false}\n"
                 "  - {name: r3w3, type: quorum, r: 3, w: 3, ask: quorum, repair: false, handoff: false}\n",
                 1);

    expect_k_staleness("r1w1", 5, 1, 1, s);
    expect_k_staleness("r2w1", 5, 2, 1, s);
    expect_k_staleness("r2w2", 5, 2, 2, s);
    expect_k_staleness("r3w3", 5, 3, 3, s);
    simulation_free(s);
}

/* One copy is linearizable: 0. With lww a constant 100 ms behind, and each key written by one region, a
 * reader elsewhere returns what was the newest 100 ms before its state was read: moved back by that much,
 * every read is right; and where reads are frequent some need nearly all of it: to begin when the overwriting
 * write ends, which is at the earliest the write's taking, 100 ms before it arrives. The client is at its
 * node, so no read needs more. */
Test(theory_staleness, delta_is_the_lag_of_a_constant_link)
{
    struct simulation *s =
        simulate("name: delta\n"
                 "duration: 200s\n"
                 "warmup: 0s\n"
                 "regions: [{name: a, workload: {mix: {write: 100%}, arrivals: {poisson: 10/s}}},\n"
                 "          {name: b, workload: {mix: {read: 100%}, arrivals: {poisson: 1000/s}}}]\n"
                 "network: {rtt: 200ms, client: 0ms}\n"
                 "workload: {keys: {count: 5}}\n"
                 "models: [{type: local, leader: a}, lww]\n",
                 1);
    const struct histogram *one = simulated_values(s, "local", 1, METRIC_DELTA_ATOMICITY, ALL_REGIONS);
    const struct histogram *two = simulated_values(s, "lww", 1, METRIC_DELTA_ATOMICITY, ALL_REGIONS);

    cr_assert(one != NULL && two != NULL);
    cr_expect_eq(histogram_count(one), 5);
    cr_expect_eq(histogram_max(one), 0);
    cr_expect_eq(histogram_count(two), 5);
    cr_expect_leq(histogram_max(two), 100000000);
    /* of the 400 writes of a key, the last read before one arrives is within 5 ms (200 reads a second) for
     * most: the largest of so many is within 1 ms of the lag but for (e^-0.2)^400 of the cases;
     * read_staleness_ms.max says the same */
    cr_expect_gt(histogram_min(two), 99000000);
    simulation_free(s);
}

/* Of the readers in b and c, those that miss a write of a: by the pair, never by more than that link's delay.
 * Nobody else writes, and a reads its own at once. */
Test(theory_staleness, by_the_pair_of_regions)
{
    struct simulation *s =
        simulate("name: pairs\n"
                 "duration: 100s\n"
                 "warmup: 0s\n"
                 "regions: [{name: a, workload: {mix: {write: 50%, read: 50%}}}, b, c]\n"
                 "network: {rtt: 80ms, client: 0ms, links: [{between: [a, c], rtt: 160ms}]}\n"
                 "workload: {keys: {count: 5}, mix: {read: 100%}}\n"
                 "models: [lww]\n",
                 1);
    const struct trial_figures *f = s->figures[0];

    for (uint32_t i = 0; i < f->pair_count; i++) {
        const struct pair_figure *p = &f->pairs[i];
        int64_t lag = p->from != 0 || p->to == 0 ? 0 : p->to == 1 ? 40000000 : 80000000;
        cr_expect_eq(histogram_count(&p->stale_ns) > 0, lag > 0, "%u to %u", p->from, p->to);
        if (histogram_count(&p->stale_ns) > 0) {
            cr_expect_leq(histogram_max(&p->stale_ns), lag);
            cr_expect_gt(histogram_max(&p->stale_ns),
                         lag * 9 / 10); /* of thousands of reads spread evenly over the lag */
        }
    }
    cr_expect_eq(f->pair_count > 0, true);
    simulation_free(s);
}
