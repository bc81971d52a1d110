/* causes.c -- lost updates and inversions by cause, on worlds where one cause alone can be. */
#include "tests/support/simulate.h"

#include "sim/observe/causes.h"

#include <criterion/criterion.h>
#include <math.h>

static double by_cause(const struct simulation *s, const char *model, enum metric_id first,
                       enum loss_cause cause)
{
    return simulated(s, model, 1, (enum metric_id)((int)first + (int)cause), STATISTIC_VALUE);
}

static double lost(const struct simulation *s, const char *model, enum loss_cause cause)
{
    return by_cause(s, model, METRIC_LOST_UPDATES_BY_CAUSE, cause);
}

static double inverted(const struct simulation *s, const char *model, enum loss_cause cause)
{
    return by_cause(s, model, METRIC_SKEW_INVERSIONS_BY_CAUSE, cause);
}

/* Of every model: the causes add up to the whole, and no inversion is by a cause more often than a loss. */
static void assert_sums(const struct simulation *s)
{
    for (uint32_t m = 0; m < s->scenario->model_count; m++) {
        const char *model = s->scenario->models[m].name;
        double all = 0, skew = 0;
        for (int c = 0; c < LOSS_CAUSES; c++) {
            all += lost(s, model, (enum loss_cause)c);
            skew += inverted(s, model, (enum loss_cause)c);
            cr_expect_leq(inverted(s, model, (enum loss_cause)c), lost(s, model, (enum loss_cause)c));
        }
        cr_expect_eq(all, simulated(s, model, 1, METRIC_LOST_UPDATES, STATISTIC_VALUE), "%s", model);
        cr_expect_eq(skew, simulated(s, model, 1, METRIC_SKEW_INVERSIONS, STATISTIC_VALUE), "%s", model);
    }
}

static void assert_only(const struct simulation *s, const char *model, enum loss_cause one,
                        enum loss_cause other)
{
    for (int c = 0; c < LOSS_CAUSES; c++)
        if (c != (int)one && c != (int)other)
            cr_expect_eq(lost(s, model, (enum loss_cause)c), 0, "%s: %g by %s", model,
                         lost(s, model, (enum loss_cause)c), loss_cause_names[c]);
}

#define WALL "{name: wall, type: lww, clock: wall}, "
#define HLC "{name: hlc, type: lww, clock: hlc}, "
#define LAMPORT "{name: lamport, type: lww, clock: lamport}, "
#define MERGE "{name: merge, type: crdt, variant: lww_register}"

#define TWO_REGIONS(clocks, rate, keys, models, more)                                                        \
    "name: causes\nduration: 2000s\nwarmup: 100s\nregions: [a, b]\nnetwork: {rtt: 80ms, client: "            \
    "0ms}\n" clocks "workload: {keys: {count: " keys "}, arrivals: {poisson: " rate                          \
    "}, mix: {write: 100%}}\n"                                                                               \
    "models: [" models "]\n" more

/* b's clock is D ahead. A write in a loses to one of b that was committed up to D before it began,
 * unless b's rate l of writes to the key brought none: with probability 1 - exp(-l D), as in theory.c; every
 * one of these by offset. What else is lost was within the 40 ms of the way: with true clocks it may be
 * either's loss. On hybrid clocks a write that has seen its winner beats it, so only the last 40 ms count: 1
 * - exp(-l L). l is 0.005 a second, so that a third write within D changes these by less than l D of
 * themselves. Counts are binomial; 4.5 standard deviations, that of the number of a's writes with them. */
static void check_ahead(struct simulation *s, double seconds)
{
    const double l = 200.0 / 40000;
    const struct {
        const char *model;
        double within;
    } cases[] = {{"wall", seconds}, {"hlc", 0.04}, {"merge", 0.04}};

    assert_sums(s);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double writes = simulated(s, cases[i].model, 1, METRIC_OPERATIONS, STATISTIC_VALUE) / 2;
        double p = 1 - exp(-l * cases[i].within), seen = inverted(s, cases[i].model, LOSS_CLOCK_OFFSET);
        double bound = 4.5 * sqrt(writes * p * (1 - p) + p * p * writes) + l * seconds * writes * p;
        cr_expect_lt(fabs(seen - writes * p), bound, "%s: %g inversions by offset, %g by theory, bound %g",
                     cases[i].model, seen, writes * p, bound);
        cr_expect_eq(seen, simulated(s, cases[i].model, 1, METRIC_SKEW_INVERSIONS, STATISTIC_VALUE));
        assert_only(s, cases[i].model, LOSS_CLOCK_OFFSET, LOSS_CONCURRENT);
    }
    simulation_free(s);
}

Test(causes, a_clock_that_is_ahead_is_an_offset)
{
    check_ahead(simulate(TWO_REGIONS("clocks: {regions: {b: {offset: 120ms}}}\n", "200/s", "40000",
                                     WALL HLC MERGE, ""),
                         1),
                0.12);
}

/* So far ahead that what is kept of a key's retired writes is kept otherwise (ledger.h, base_stamp). */
Test(causes, a_clock_that_is_seconds_ahead_is_an_offset)
{
    check_ahead(
        simulate(TWO_REGIONS("clocks: {regions: {b: {offset: 3s}}}\n", "200/s", "40000", WALL HLC MERGE, ""),
                 1),
        3);
}

/* b's clock gains 200 ppm and is never set: t seconds after the start it is d = 0.2 ms * t ahead, and l d of
 * a's writes begun then are turned round. Over the window [100 s, 2000 s), of W writes in a: W times the mean
 * of 1 - exp(-l d), which for d uniform from 20 to 400 ms is 1 - (exp(-l 0.02) - exp(-l 0.4)) / (l 0.38). */
Test(causes, a_clock_that_gains_is_drift)
{
    struct simulation *s =
        simulate(TWO_REGIONS("clocks: {regions: {b: {drift: 200ppm}}}\n", "200/s", "40000", WALL HLC, ""), 1);
    const double l = 200.0 / 40000;
    double writes = simulated(s, "wall", 1, METRIC_OPERATIONS, STATISTIC_VALUE) / 2;
    double p = 1 - (exp(-l * 0.02) - exp(-l * 0.4)) / (l * 0.38);
    double bound = 4.5 * sqrt(writes * p * (1 - p) + p * p * writes), seen = inverted(s, "wall", LOSS_DRIFT);

    assert_sums(s);
    cr_expect_lt(fabs(seen - writes * p), bound, "%g inversions by drift, %g by theory, bound %g", seen,
                 writes * p, bound);
    assert_only(s, "wall", LOSS_DRIFT, LOSS_CONCURRENT);
    assert_only(s, "hlc", LOSS_DRIFT, LOSS_CONCURRENT);
    cr_expect_gt(inverted(s, "hlc", LOSS_DRIFT), 0);
    simulation_free(s);
}

/* The clock is set every 100 s with an error of 120 ms, whose sign is drawn each time, and gains no more than
 * 0.1 ms meanwhile (1 ppm): a synchronisation's error is an offset. */
Test(causes, a_synchronisation_that_errs_is_an_offset)
{
    struct simulation *s = simulate(
        TWO_REGIONS(
            "clocks: {drift: 1ppm, sync: {every: 100s, error: {normal: {mean: 0ms, stddev: 120ms}}}}\n",
            "20/s", "50", WALL HLC LAMPORT MERGE, ""),
        1);

    assert_sums(s);
    cr_expect_gt(inverted(s, "wall", LOSS_CLOCK_OFFSET), 100);
    assert_only(s, "wall", LOSS_CLOCK_OFFSET, LOSS_CONCURRENT);
    simulation_free(s);
}

/* True clocks and a constant way: nobody could have known, whoever stamps. */
Test(causes, true_clocks_and_a_constant_way_leave_only_concurrent_ones)
{
    struct simulation *s = simulate(TWO_REGIONS("", "20/s", "50", WALL HLC LAMPORT MERGE, ""), 1);
    static const char *const models[] = {"wall", "hlc", "lamport", "merge"};

    assert_sums(s);
    for (int m = 0; m < 4; m++) {
        cr_expect_gt(lost(s, models[m], LOSS_CONCURRENT), 100, "%s", models[m]);
        assert_only(s, models[m], LOSS_CONCURRENT, LOSS_CONCURRENT);
    }
    cr_expect_eq(simulated(s, "hlc", 1, METRIC_SKEW_INVERSIONS, STATISTIC_VALUE), 0);
    cr_expect_gt(inverted(s, "lamport", LOSS_CONCURRENT), 0);
    simulation_free(s);
}

/* While the regions are parted for 200 s, both write each of the 50 keys (each 80 times in the mean, so none
 * is left out: 50 exp(-80) keys). When they meet again one of the two last versions of each key is let go for
 * the other, taken at most 200 s apart; they are 5 s / 2 apart in the mean, and within the 40 ms of the way
 * with probability of about 2 x 0.04 s x 0.2/s = 1.6%. So of 50 keys some 49 lose one by a late arrival, and
 * at least 40. */
Test(causes, a_partition_lets_writes_arrive_late)
{
    struct simulation *s = simulate(TWO_REGIONS("", "20/s", "50", WALL HLC LAMPORT MERGE,
                                                "faults: [{at: 500s, for: 200s, partition: [[a], [b]]}]\n"),
                                    1);
    static const char *const models[] = {"wall", "hlc", "lamport", "merge"};

    assert_sums(s);
    for (int m = 0; m < 4; m++) {
        cr_expect_geq(lost(s, models[m], LOSS_LATE_ARRIVAL), 40, "%s", models[m]);
        assert_only(s, models[m], LOSS_LATE_ARRIVAL, LOSS_CONCURRENT);
    }
    simulation_free(s);
}

/* a goes down with what it had not passed on (loss makes that many: a lost transmission comes again after 280
 * ms, unless the connection is gone by then); its clients go to b. */
Test(causes, a_crash_makes_others_go_on_without)
{
    struct simulation *s =
        simulate("name: causes\nduration: 300s\nwarmup: 1s\nregions: [a, b]\n"
                 "network: {rtt: 80ms, links: [{from: a, to: b, delay: 40ms, loss: 50%}]}\n"
                 "workload: {keys: {count: 50}, arrivals: {poisson: 50/s}, mix: {write: 100%}}\nmodels: "
                 "[{type: lww, clock: hlc}]\n"
                 "faults: [{every: {exponential: {mean: 10s}}, for: 5s, crash: {region: a, lose: memory}}]\n",
                 1);

    assert_sums(s);
    cr_expect_gt(lost(s, "lww", LOSS_FAILOVER), 20, "%g", lost(s, "lww", LOSS_FAILOVER));
    cr_expect_gt(lost(s, "lww", LOSS_LATE_ARRIVAL), 20, "%g", lost(s, "lww", LOSS_LATE_ARRIVAL));
    assert_sums(s);
    simulation_free(s);
}

/* Everything at once, on every model that can lose: the causes still add up. */
Test(causes, they_add_up_whatever_goes_wrong)
{
    for (int datagram = 0; datagram <= 1; datagram++) {
        char yaml[2000];
        snprintf(yaml, sizeof yaml,
                 "name: causes\nduration: 60s\nwarmup: 2s\nregions: [a, b, {name: c, nodes: 2}]\n"
                 "network: {rtt: {lognormal: {median: 60ms, sigma: 0.5}}, transport: %s, loss: 5%%, "
                 "duplicate: 1%%}\n"
                 "clocks: {offset: {normal: {mean: 0ms, stddev: 30ms}}, drift: {normal: {mean: 0ppm, stddev: "
                 "2000ppm}},\n"
                 "         sync: {every: 10s, error: {normal: {mean: 0ms, stddev: 5ms}}}}\n"
                 "storage: {write: 0.2ms, apply: 0.5ms}\n"
                 "workload: {keys: {count: 30}, arrivals: {poisson: 40/s}, mix: {write: 100%%}, timeout: 1s, "
                 "retries: 1,\n"
                 "           roam: 10%%}\n"
                 "models: [{name: wall, type: lww}, {name: hlc, type: lww, clock: hlc},\n"
                 "         {name: counts, type: lww, clock: lamport, flush_every: 50ms},\n"
                 "         {name: merge, type: crdt, variant: lww_register}, quorum,\n"
                 "         {name: few, type: quorum, n: 3, w: 1, r: 1}, async, {name: sync, type: sync, "
                 "acks: majority}]\n"
                 "faults: [{at: 10s, for: 5s, partition: [[a], [b, c]]}, {at: 20s, for: 4s, crash: {region: "
                 "b, lose: disk}},\n"
                 "         {at: 30s, for: 4s, crash: {region: c, lose: memory}}, {at: 40s, clock: {region: "
                 "a, step: -300ms}},\n"
                 "         {at: 45s, for: 5s, overload: {region: c, factor: 200}}]\n",
                 datagram ? "datagram" : "tcp");
        struct simulation *s = simulate(yaml, 1);
        assert_sums(s);
        for (int c = 0; c < LOSS_CAUSES; c++)
            cr_expect_gt(lost(s, "wall", (enum loss_cause)c), 0, "no %s", loss_cause_names[c]);
        simulation_free(s);
    }
}
