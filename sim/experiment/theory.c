/* theory.c -- see theory.h: what holds in the scenario, and how theory and simulation are compared. */
#include "sim/experiment/theory.h"

#include "sim/base/check.h"
#include "sim/experiment/theory_room.h"
#include "sim/stats/student.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const theory_agrees_names[3] = {"false", "true", "undecided"};

/* ---- What holds ---- */

bool theory_is_type(const struct theory_case *c, const char *type)
{
    return strcmp(c->model->model->name, type) == 0;
}

const void *theory_param(const struct theory_case *c, const char *name, enum geo_param_kind kind)
{
    for (const geo_param *p = c->model->model->params; p != NULL && p->name != NULL; p++)
        if (strcmp(p->name, name) == 0 && p->kind == kind)
            return (const char *)c->model->config + p->offset;
    return NULL;
}

/* `choices` of model.h: alternatives separated by '|', of which the first word tells one from another. */
bool theory_choice(const struct theory_case *c, const char *name, char *word, size_t room,
                   const geo_choice **choice)
{
    *choice = theory_param(c, name, GEO_PARAM_CHOICE);
    if (*choice == NULL)
        return false;
    const geo_param *p = c->model->model->params;
    while (strcmp(p->name, name) != 0)
        p++;
    const char *at = p->choices;
    for (uint32_t i = 0; i < (*choice)->index; i++)
        at = strchr(at, '|') + 1;
    snprintf(word, room, "%.*s", (int)strcspn(at, "| "), at);
    return true;
}

static bool is_constant(const struct distribution *d)
{
    return d == NULL || distribution_is_constant(d);
}

bool theory_link_constant(const struct theory_case *c)
{
    uint32_t regions = c->world->region_count;

    for (uint32_t i = 0; i < regions * regions; i++) {
        const struct link_def *l = &c->world->links[i];
        if (i / regions != i % regions && (!is_constant(l->delay) || !is_constant(l->jitter) || l->loss > 0 ||
                                           l->bursts.on || l->duplicate > 0 || l->bandwidth_bits_per_s > 0))
            return false;
    }
    return true;
}

bool theory_one_node_each(const struct theory_case *c)
{
    for (uint32_t r = 0; r < c->world->region_count; r++)
        if (c->world->regions[r].nodes != 1)
            return false;
    return true;
}

static bool is_nothing(const struct distribution *d)
{
    return d == NULL || (distribution_is_constant(d) && distribution_mean(d) == 0);
}

bool theory_no_service(const struct theory_case *c)
{
    const struct storage_def *s = &c->world->storage;

    return is_nothing(s->read) && is_nothing(s->write) && is_nothing(s->apply);
}

bool theory_client_ns(const struct theory_case *c, double *rtt_ns)
{
    if (!is_constant(c->world->client))
        return false;
    *rtt_ns = distribution_mean(c->world->client);
    return true;
}

bool theory_is_plain_open(const struct theory_case *c)
{
    for (uint32_t r = 0; r < c->world->region_count; r++) {
        const struct workload_def *w = &c->world->regions[r].workload;
        if (w->clients == 0)
            continue;
        double plain = w->mix[GEO_READ] + w->mix[GEO_WRITE];
        if (w->arrivals == ARRIVALS_CLOSED || w->roam_share > 0 || w->retries > 0 || w->route_to != r ||
            fabs(plain - 1) > 1e-9)
            return false;
    }
    return c->world->data == GEO_REGISTER && c->world->fault_count == 0;
}

double theory_way_ns(const struct theory_case *c, uint32_t from, uint32_t to)
{
    const struct link_def *l = &c->world->links[from * c->world->region_count + to];

    if (from == to)
        return 0;
    return distribution_mean(l->delay) * (l->delay_is_round_trip ? 0.5 : 1) +
           (l->jitter != NULL ? distribution_mean(l->jitter) : 0);
}

static double rate_of(const struct theory_case *c, uint32_t region, bool reads)
{
    const struct workload_def *w = &c->world->regions[region].workload;
    double share = w->mix[GEO_READ];

    return w->clients == 0 ? 0 : w->rate_per_s * (reads ? share : 1 - share);
}

double theory_read_rate(const struct theory_case *c, uint32_t region)
{
    return rate_of(c, region, true);
}

double theory_write_rate(const struct theory_case *c, uint32_t region)
{
    return rate_of(c, region, false);
}

/* ---- Beside the simulation ---- */

char *theory_about(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    CHECK(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    return text;
}

/* How much wider Student's interval is at 99.99% than at the 95% of struct interval. */
static double widening(uint32_t freedom)
{
    double low = 0, high = 1e6; /* 6366 for one degree of freedom */

    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        if (student_inside(middle, freedom) < 0.9999)
            low = middle;
        else
            high = middle;
    }
    return high / student_bound(freedom);
}

static struct theory_row *row_add(struct theory_case *c, double theory, double simulation, char *about)
{
    struct theory_row *row = array_add(&c->rows->all);

    *row = (struct theory_row){.model = c->index,
                               .quantity = about,
                               .theory = theory,
                               .simulation = simulation,
                               .low = simulation,
                               .high = simulation,
                               .agrees = THEORY_UNDECIDED};
    return row;
}

void theory_put_mean(struct theory_case *c, enum metric_id metric, uint32_t region, double theory_ns,
                     double error_ns, bool exact, char *about)
{
    const struct figure *f =
        figure_find(gathering_region_figures(c->gathering, c->index, region), metric, STATISTIC_MEAN);

    if (f == NULL || f->undecided) {
        free(about);
        return;
    }
    struct theory_row *row = row_add(c, theory_ns / 1e6, f->interval.value, about);
    if (f->interval.has_interval && !exact) {
        double half = fmax(f->interval.high - f->interval.value, f->interval.value - f->interval.low);
        half *= widening(f->interval.count - 1);
        row->low -= half;
        row->high += half;
    }
    row->has_interval = f->interval.has_interval || exact;
    if (row->has_interval)
        row->agrees = row->theory >= row->low - error_ns / 1e6 && row->theory <= row->high + error_ns / 1e6;
}

void theory_put_visibility(struct theory_case *c, uint32_t at, double p, double error, char *about)
{
    struct interval seen;
    uint64_t probes = gathering_visibility_probes(c->gathering, c->index, at);

    if (probes == 0 || !gathering_visibility(c->gathering, c->index, at, &seen)) {
        free(about);
        return;
    }
    struct theory_row *row = row_add(c, p, seen.value, about);
    double half = THEORY_Z * sqrt(p * (1 - p) / (double)probes) + 1 / (double)probes;
    row->low = fmax(0, seen.value - half);
    row->high = fmin(1, seen.value + half);
    row->has_interval = true;
    row->agrees = p >= row->low - error && p <= row->high + error;
}

void theory_put_percentile(struct theory_case *c, enum metric_id metric, double p, double theory_ns,
                           double low_ns, double high_ns, char *about)
{
    const struct histogram *h = gathering_pooled(c->gathering, c->index, metric);
    double n = h != NULL ? (double)histogram_count(h) : 0, d = n > 0 ? THEORY_Z * sqrt(p * (1 - p) / n) : 1;

    if (n == 0 || p + d >= 1 || p - d <= 0) { /* too few to bound the percentile from both sides */
        free(about);
        return;
    }
    struct theory_row *row = row_add(c, theory_ns / 1e6, (double)histogram_quantile(h, p) / 1e6, about);
    row->low = (double)histogram_quantile(h, p - d) * (1 - 0x1p-11) / 1e6; /* a bucket's width: histogram.h */
    row->high = (double)histogram_quantile(h, p + d) * (1 + 0x1p-11) / 1e6;
    row->has_interval = true;
    row->agrees = high_ns / 1e6 >= row->low && low_ns / 1e6 <= row->high;
}

struct theory theory_of(const struct scenario *s, const struct gathering *g)
{
    struct theory_rows rows = {0};
    struct theory t = {0};

    for (uint32_t m = 0; m < s->model_count; m++) {
        struct theory_case c = {.scenario = s,
                                .world = &s->world,
                                .gathering = g,
                                .model = &s->models[m],
                                .index = m,
                                .rows = &rows};
        if (!theory_is_plain_open(&c))
            continue;
        theory_matrix(&c);
        theory_queue(&c);
        theory_window(&c);
        theory_wars(&c);
    }
    t.rows = rows.all.items;
    t.count = rows.all.count;
    for (size_t i = 0; i < t.count; i++)
        t.disagree += t.rows[i].agrees == THEORY_DISAGREES;
    return t;
}

void theory_free(struct theory *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->rows[i].quantity);
    free(t->rows);
    *t = (struct theory){0};
}
