/* theory_judge.c -- theory beside simulation: see theory.h for what counts as beyond the interval. */
#include "sim/base/check.h"
#include "sim/engine/elementary.h"
#include "sim/experiment/theory_room.h"
#include "sim/stats/student.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const double wolf = 0.001; /* the chance that a run flags anything where all is well */

/* ---- Claims ---- */

char *theory_about(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    CHECK(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    return text;
}

static struct theory_claim *claim_add(struct theory_case *c, enum theory_claim_kind kind, double theory,
                                      double least, double most, char *about)
{
    struct theory_claim *claim = array_add(&c->rows->claims);

    CHECK(least <= most);
    *claim = (struct theory_claim){.model = c->index,
                                   .kind = (uint8_t)kind,
                                   .quantity = about,
                                   .theory = theory,
                                   .least = least,
                                   .most = most};
    return claim;
}

void theory_put_mean(struct theory_case *c, enum metric_id metric, uint32_t region, double theory_ns,
                     double least_ns, double most_ns, bool exact, char *about)
{
    const struct figure *f =
        figure_find(gathering_region_figures(c->gathering, c->index, region), metric, STATISTIC_MEAN);

    if (f == NULL || f->undecided) {
        free(about);
        return;
    }
    claim_add(c, exact ? CLAIM_EXACT : CLAIM_MEAN, theory_ns / 1e6, least_ns / 1e6, most_ns / 1e6, about)
        ->seen = f->interval;
}

void theory_put_figure(struct theory_case *c, enum metric_id metric, enum statistic_id statistic,
                       double theory, double least, double most, char *about)
{
    const struct figure *f = figure_find(gathering_figures(c->gathering, c->index), metric, statistic);
    bool varies = false;

    if (f == NULL || f->undecided) {
        free(about);
        return;
    }
    for (uint32_t r = 0; r < c->world->region_count; r++)
        varies |= c->world->regions[r].workload.clients > 0 &&
                  c->world->regions[r].workload.arrivals == ARRIVALS_POISSON;
    struct theory_claim *claim = claim_add(c, CLAIM_MEAN, theory, least, most, about);
    claim->seen = f->interval;
    claim->varies = varies;
}

void theory_put_visibility(struct theory_case *c, uint32_t at, double p, double error, char *about)
{
    struct interval seen;
    uint64_t probes = gathering_visibility_probes(c->gathering, c->index, at);

    if (probes == 0 || !gathering_visibility(c->gathering, c->index, at, &seen)) {
        free(about);
        return;
    }
    struct theory_claim *claim = claim_add(c, CLAIM_SHARE, p, fmax(0, p - error), fmin(1, p + error), about);
    claim->seen = seen;
    claim->observations = (double)probes;
}

void theory_put_percentile(struct theory_case *c, enum metric_id metric, double p, double theory_ns,
                           double low_ns, double high_ns, char *about)
{
    const struct histogram *h = gathering_pooled(c->gathering, c->index, metric);

    if (h == NULL || histogram_count(h) == 0) {
        free(about);
        return;
    }
    struct theory_claim *claim =
        claim_add(c, CLAIM_PERCENTILE, theory_ns / 1e6, low_ns / 1e6, high_ns / 1e6, about);
    claim->values = h;
    claim->observations = (double)histogram_count(h);
    claim->p = p;
}

/* ---- Judgement ---- */

/* The t with 1 - alpha of Student's distribution inside [-t, t]. */
static double student_at(double alpha, uint32_t freedom)
{
    double low = 0, high = 1e9;

    for (int i = 0; i < 120; i++) {
        double middle = (low + high) / 2;
        if (student_inside(middle, freedom) < 1 - alpha)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* Kullback and Leibler's divergence of a coin that shows p from one that shows q. */
static double divergence(double p, double q)
{
    double d = 0;

    if (p > 0)
        d += q > 0 ? p * elementary_log(p / q) : INFINITY;
    if (p < 1)
        d += q < 1 ? (1 - p) * elementary_log((1 - p) / (1 - q)) : INFINITY;
    return d;
}

/* How far from p, towards `end` (0 or 1), a share goes until the divergence reaches `most`; of the coin if
 * `of_coin`, else of what it shows. */
static double reach(double p, double end, double most, bool of_coin)
{
    double near = p, far = end;

    if (!(of_coin ? divergence(p, end) > most : divergence(end, p) > most))
        return end;
    for (int i = 0; i < 60; i++) {
        double middle = (near + far) / 2;
        if ((of_coin ? divergence(p, middle) : divergence(middle, p)) > most)
            far = middle;
        else
            near = middle;
    }
    return far;
}

static void judge_mean(struct theory_row *row, const struct theory_claim *claim, double alpha)
{
    const struct interval *seen = &claim->seen;

    row->has_interval = seen->has_interval || claim->kind == CLAIM_EXACT;
    if (claim->kind == CLAIM_MEAN && seen->has_interval) {
        double half = fmax(seen->high - seen->value, seen->value - seen->low);
        half *= student_at(alpha, seen->count - 1) / student_bound(seen->count - 1);
        row->low -= half;
        row->high += half;
        if (half > 0.2 * fabs(seen->value) || (claim->varies && half == 0))
            row->has_interval = false; /* too wide to tell, or all alike by chance */
    }
}

/* A bucket's width, see histogram.h. */
static const double bucket = 0x1p-11;

static void judge_percentile(struct theory_row *row, const struct theory_claim *claim, double alpha)
{
    double most = elementary_log(2 / alpha) / claim->observations;
    double low = reach(claim->p, 0, most, false), high = reach(claim->p, 1, most, false);

    row->simulation = (double)histogram_quantile(claim->values, claim->p) / 1e6;
    row->has_interval = low > 0 && high < 1; /* else too few to bound it from both sides */
    row->low =
        low > 0 ? (double)histogram_quantile(claim->values, low) * (1 - bucket) / 1e6 : row->simulation;
    row->high =
        high < 1 ? (double)histogram_quantile(claim->values, high) * (1 + bucket) / 1e6 : row->simulation;
}

static struct theory_row judged(const struct theory_claim *claim, double alpha)
{
    struct theory_row row = {.model = claim->model,
                             .quantity = claim->quantity,
                             .theory = claim->theory,
                             .error = fmax(claim->most - claim->theory, claim->theory - claim->least),
                             .simulation = claim->seen.value,
                             .low = claim->seen.value,
                             .high = claim->seen.value,
                             .agrees = THEORY_UNDECIDED};

    if (claim->kind == CLAIM_PERCENTILE) {
        judge_percentile(&row, claim, alpha);
    } else if (claim->kind == CLAIM_SHARE) {
        double most = elementary_log(2 / alpha) / claim->observations;
        row.has_interval = true;
        row.low = reach(row.simulation, 0, most, true);
        row.high = reach(row.simulation, 1, most, true);
    } else {
        judge_mean(&row, claim, alpha);
    }
    if (row.has_interval)
        row.agrees = claim->most >= row.low && claim->least <= row.high;
    return row;
}

void theory_judge(struct theory *t, struct theory_rows *rows, size_t points)
{
    t->count = rows->claims.count;
    t->rows = memory_new(t->count, sizeof *t->rows);
    for (size_t i = 0; i < t->count; i++) {
        t->rows[i] = judged(&rows->claims.items[i], wolf / (double)(t->count * points));
        t->disagree += t->rows[i].agrees == THEORY_DISAGREES;
        t->undecided += t->rows[i].agrees == THEORY_UNDECIDED;
    }
    t->silences = rows->silences.items;
    t->silence_count = rows->silences.count;
    array_free(&rows->claims);
}
