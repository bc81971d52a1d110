/* pbs.c -- Bailis et al., Probabilistically bounded staleness for practical partial quorums (VLDB 2012): the
 * scenarios of scenarios/papers give the figures of tests/data/pbs/reference.csv (the exact consequences of
 * the paper's distributions, 4 million trials a row, each with its standard error).
 *
 * WARS: for each replica W, A, R and S are drawn. Write latency is the W-th smallest of W_i + A_i, read
 * latency the R-th smallest of R_i + S_i; a read sent t after the acknowledgement at w is consistent if some
 * replica among the first R to answer has w + t + R_i >= W_i.
 *
 * Bounds, at 4.5 standard deviations throughout; seeds are fixed:
 *   a quantile p of n values   the (p - d)th and the (p + d)th, d = 4.5 sqrt(p (1-p) / n), are on either side
 * of the reference: no density is needed. The reference may be off by 4.5 of its own standard errors, and a
 * quantile of the simulator's by 2^-11 of itself (histogram.h) a share p of n probes      binomial, n p
 * (1-p), and 4.5 n times the reference's standard error t at which 99.9% is met    probes 4.5 standard errors
 * of t before and after it: 0.1% is between their shares Keys are a million and writes 500 a second, so that
 * another write of the key within the 100 ms in which it matters comes in 5e-5 of the cases: below a tenth of
 * the bounds. */
#include "tests/support/simulate.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIGMAS 4.5
#define BUCKET (1.0 / 2048)

struct row {
    char setting[32];
    unsigned n, r, w;
    double read_p999[2], write_p999[2], t_p999[2], consistent[2], read_p50[2],
        write_p50[2]; /* figure, standard error */
};

static size_t rows_read(struct row *rows, size_t room)
{
    FILE *from = fopen(GEOREP_SOURCE_DIR "/tests/data/pbs/reference.csv", "re");
    char line[512];
    size_t count = 0;

    cr_assert_not_null(from);
    while (fgets(line, sizeof line, from) != NULL) {
        struct row *r = &rows[count];
        cr_assert_lt(count, room);
        if (sscanf(line, "%31[^,],%u,%u,%u,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", r->setting,
                   &r->n, &r->r, &r->w, &r->read_p999[0], &r->read_p999[1], &r->write_p999[0],
                   &r->write_p999[1], &r->t_p999[0], &r->t_p999[1], &r->consistent[0], &r->consistent[1],
                   &r->read_p50[0], &r->read_p50[1], &r->write_p50[0], &r->write_p50[1]) == 16)
            count++;
    }
    fclose(from);
    return count;
}

static void expect_quantile(const struct row *row, const struct histogram *h, double p,
                            const double *reference, const char *what)
{
    double n = (double)histogram_count(h), d = SIGMAS * sqrt(p * (1 - p) / n), off = SIGMAS * reference[1];
    double low = (double)histogram_quantile(h, p - d) / 1e6,
           high = (double)histogram_quantile(h, p + d) / 1e6;

    cr_expect_gt(n, 90000);
    cr_expect(low * (1 - BUCKET) <= reference[0] + off && high * (1 + BUCKET) >= reference[0] - off,
              "%s R=%u W=%u: %s %g of %g values is in %g .. %g ms, by the reference %g +- %g", row->setting,
              row->r, row->w, what, p, n, low, high, reference[0], reference[1]);
}

/* `share` of the probes is at least (side 1), at most (-1) or about (0) `stale` +- off. */
static void expect_stale(const struct row *row, const struct trial_figures *f, uint32_t at, int side,
                         double stale, double off)
{
    double n = (double)f->visibility_probes[at], seen = (double)f->visibility_stale[at];
    double bound = SIGMAS * sqrt(n * stale * (1 - stale)) + n * off;

    cr_expect_gt(n, 90000);
    cr_expect(side >= 0 ? seen >= n * stale - bound : true,
              "%s R=%u W=%u, probe %u: %g of %g stale, too few for %g (+- %g)", row->setting, row->r, row->w,
              at, seen, n, n * stale, bound);
    cr_expect(side <= 0 ? seen <= n * stale + bound : true,
              "%s R=%u W=%u, probe %u: %g of %g stale, too many for %g (+- %g)", row->setting, row->r, row->w,
              at, seen, n, n * stale, bound);
}

/* One row: the scenario's model, alone, for 200 s, with probes at its own t. */
static void row_check(const struct row *row, const char *scenario, const char *model)
{
    char *yaml = NULL, *models = NULL;
    double before = fmax(0, row->t_p999[0] - SIGMAS * row->t_p999[1]),
           after = row->t_p999[0] + SIGMAS * row->t_p999[1];
    bool has_t = row->t_p999[0] > 0;

    CHECK(asprintf(&yaml,
                   "extends: %s/scenarios/papers/%s.yaml\nname: pbs\nduration: 200s\nexpect: []\nworkload: "
                   "{probes: {after: [0ms%s",
                   GEOREP_SOURCE_DIR, scenario, has_t ? "" : "]}}\n") >= 0);
    if (has_t) {
        CHECK(asprintf(&models, "%s, %.6fms, %.6fms]}}\n", yaml, before, after) >= 0);
        free(yaml);
        yaml = models;
    }
    struct simulation *s = simulate_one(yaml, 1, model);
    const struct trial_figures *f = s->figures[0];
    const struct histogram *reads = simulated_values(s, model, 1, METRIC_READ_LATENCY, ALL_REGIONS);
    const struct histogram *writes = simulated_values(s, model, 1, METRIC_WRITE_LATENCY, ALL_REGIONS);

    expect_quantile(row, reads, 0.5, row->read_p50, "read");
    expect_quantile(row, reads, 0.999, row->read_p999, "read");
    expect_quantile(row, writes, 0.5, row->write_p50, "write");
    expect_quantile(row, writes, 0.999, row->write_p999, "write");
    expect_stale(row, f, 0, 0, 1 - row->consistent[0], row->consistent[1]);
    if (has_t) {
        expect_stale(row, f, 1, 1, 0.001, 0);
        expect_stale(row, f, 2, -1, 0.001, 0);
    }
    simulation_free(s);
    free(yaml);
}

static void setting_check(const char *setting, const char *scenario, const char *model, size_t rows_most)
{
    struct row rows[32];
    size_t count = rows_read(rows, 32), met = 0;

    for (size_t i = 0; i < count; i++) {
        char name[16];
        if (strcmp(rows[i].setting, setting) != 0)
            continue;
        snprintf(name, sizeof name, "r%u-w%u", rows[i].r, rows[i].w);
        row_check(&rows[i], scenario, model != NULL ? model : name);
        met++;
    }
    cr_expect_eq(met, rows_most);
}

Test(pbs, lnkd_ssd)
{
    setting_check("LNKD-SSD", "pbs-lnkd-ssd", NULL, 4);
}

Test(pbs, lnkd_disk)
{
    setting_check("LNKD-DISK", "pbs-lnkd-disk", NULL, 4);
}

Test(pbs, exponential)
{
    setting_check("EXP-Wl4-ARSl1", "pbs-exponential", "write-250us", 1);
    setting_check("EXP-Wl2-ARSl1", "pbs-exponential", "write-500us", 1);
    setting_check("EXP-Wl1-ARSl1", "pbs-exponential", "write-1ms", 1);
    setting_check("EXP-Wl0.5-ARSl1", "pbs-exponential", "write-2ms", 1);
    setting_check("EXP-Wl0.2-ARSl1", "pbs-exponential", "write-5ms", 1);
    setting_check("EXP-Wl0.1-ARSl1", "pbs-exponential", "write-10ms", 1);
}
