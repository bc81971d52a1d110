/* gather.c -- see gather.h.
 *
 * The unit is a *cell*: one statistic of one metric in one scope (everywhere, a region's clients, a pair of
 * regions), with its value in each replication, NaN where a replication had no observation. A distribution
 * fills several cells at once and is merged into the pool of its metric, from which a percentile is taken
 * when the replications are too small for it to stand alone. Scopes and metrics that nobody filled cost a
 * pointer. */
#include "sim/experiment/gather.h"

#include "sim/base/array.h"
#include "sim/experiment/visibility.h"
#include "sim/observe/check.h"
#include "sim/observe/conflicts.h"
#include "sim/stats/percentile.h"

#include <math.h>

struct cell {
    double *values; /* [replications], NaN: none; NULL: never had one */
    uint32_t capacity;
    uint64_t observations; /* of a share, in all replications */
    double pooled_value;   /* of t-visibility, where pooled */
    bool at_least, undecided, pooled;
};

struct metric_cells {
    struct cell cells[STATISTICS];
    struct histogram pool;
};

struct scope {
    struct metric_cells *metrics[METRICS];
    struct figure_list figures;
};

/* Sums over the replications of each one's mean of a bin. */
struct curve {
    double *sum;
    uint32_t *count;
    uint32_t bins;
};

struct model_gathering {
    struct scope everywhere;
    struct scope *regions, *pairs; /* [region], [from * regions + to] */
    struct curve *curves;          /* [series * (regions + 1) + region + 1] */
    ARRAY(struct series_row) series;
    double *visibility; /* [index * capacity + replication], NaN: no probe */
    uint64_t *probes;   /* [index] */
    double *stale;      /* [index]: of these, those that missed the write */
    struct gathered_check checks[GEO_CHECKS];
    ARRAY(struct gathered_loss) losses;
};

struct gathering {
    const struct scenario *scenario;
    uint32_t regions, models, count, visibility_capacity;
    sim_ns bin_ns;
    struct model_gathering *by_model;
    ARRAY(struct difference) differences;
    uint64_t events, operations;
};

struct gathering *gathering_new(const struct scenario *s)
{
    struct gathering *g = memory_new(1, sizeof *g);

    g->scenario = s;
    g->regions = s->world.region_count;
    g->models = s->model_count;
    g->by_model = memory_new(g->models, sizeof *g->by_model);
    for (uint32_t m = 0; m < g->models; m++) {
        struct model_gathering *mine = &g->by_model[m];
        mine->regions = memory_new(g->regions, sizeof *mine->regions);
        mine->pairs = memory_new((size_t)g->regions * g->regions, sizeof *mine->pairs);
        mine->curves = memory_new((size_t)SERIES * (g->regions + 1), sizeof *mine->curves);
        mine->probes = memory_new(s->world.probes.after_count, sizeof *mine->probes);
        mine->stale = memory_new(s->world.probes.after_count, sizeof *mine->stale);
        for (int c = 0; c < GEO_CHECKS; c++)
            mine->checks[c].holds = HOLDS_UNDECIDED;
    }
    return g;
}

static void scope_free(struct scope *scope)
{
    for (int metric = 0; metric < METRICS; metric++) {
        if (scope->metrics[metric] == NULL)
            continue;
        for (int statistic = 0; statistic < STATISTICS; statistic++)
            free(scope->metrics[metric]->cells[statistic].values);
        histogram_free(&scope->metrics[metric]->pool);
        free(scope->metrics[metric]);
    }
    free(scope->figures.items);
}

void gathering_free(struct gathering *g)
{
    if (g == NULL)
        return;
    for (uint32_t m = 0; m < g->models; m++) {
        struct model_gathering *mine = &g->by_model[m];
        scope_free(&mine->everywhere);
        for (uint32_t r = 0; r < g->regions; r++)
            scope_free(&mine->regions[r]);
        for (size_t p = 0; p < (size_t)g->regions * g->regions; p++)
            scope_free(&mine->pairs[p]);
        for (size_t c = 0; c < (size_t)SERIES * (g->regions + 1); c++) {
            free(mine->curves[c].sum);
            free(mine->curves[c].count);
        }
        free(mine->regions);
        free(mine->pairs);
        free(mine->curves);
        free(mine->visibility);
        free(mine->probes);
        free(mine->stale);
        array_free(&mine->series);
        array_free(&mine->losses);
    }
    free(g->by_model);
    array_free(&g->differences);
    free(g);
}

static struct metric_cells *cells_of(struct scope *scope, unsigned metric)
{
    CHECK(metric < METRICS);
    if (scope->metrics[metric] == NULL)
        scope->metrics[metric] = memory_new(1, sizeof(struct metric_cells));
    return scope->metrics[metric];
}

static void cell_set(struct cell *cell, uint32_t replication, double value)
{
    if (replication >= cell->capacity) {
        uint32_t capacity = (replication + 1) * 2;
        cell->values = memory_resize(cell->values, capacity, sizeof *cell->values);
        for (uint32_t r = cell->capacity; r < capacity; r++)
            cell->values[r] = NAN;
        cell->capacity = capacity;
    }
    cell->values[replication] = value;
}

static double shown(unsigned metric, double value)
{
    return metric_defs[metric].is_time ? value / 1e6 : value;
}

static double histogram_statistic(const struct histogram *h, unsigned metric, unsigned statistic)
{
    double p = statistic_quantile(statistic);

    if (statistic == STATISTIC_MEAN)
        return shown(metric, histogram_mean(h));
    if (statistic == STATISTIC_MAX)
        return shown(metric, (double)histogram_max(h));
    CHECK(p > 0);
    return shown(metric, (double)histogram_quantile(h, p));
}

/* The statistics that a distribution has; the others of its metric come as scalars. */
static bool is_of_distribution(unsigned metric, unsigned statistic)
{
    bool has = (metric_defs[metric].statistics >> statistic & 1) != 0;

    return has &&
           (statistic == STATISTIC_MEAN || statistic == STATISTIC_MAX || statistic_quantile(statistic) > 0);
}

static void add_distribution(struct scope *scope, unsigned metric, const struct histogram *h, bool at_least,
                             uint32_t replication)
{
    uint64_t count = histogram_count(h);

    if (count == 0)
        return;
    struct metric_cells *mine = cells_of(scope, metric);
    for (unsigned s = 0; s < STATISTICS; s++) {
        if (!is_of_distribution(metric, s))
            continue;
        double p = statistic_quantile(s);
        cell_set(&mine->cells[s], replication, histogram_statistic(h, metric, s));
        mine->cells[s].at_least |= at_least;
        mine->cells[s].pooled |= p > 0 && percentile_is_pooled(p, count);
    }
    histogram_merge(&mine->pool, h);
}

static void add_scalar(struct scope *scope, const struct scalar_figure *f, uint32_t replication)
{
    struct cell *cell = &cells_of(scope, f->metric)->cells[f->statistic];

    cell->undecided |= f->undecided;
    if (f->undecided)
        return;
    cell_set(cell, replication, f->value);
    cell->at_least |= f->at_least;
    cell->observations += f->observations;
}

static void add_pair(struct scope *scope, const struct pair_figure *pair, uint32_t replication)
{
    struct scalar_figure messages = {
        .metric = METRIC_WAN_MESSAGES, .statistic = STATISTIC_VALUE, .value = (double)pair->messages};
    struct scalar_figure bytes = {
        .metric = METRIC_WAN_BYTES, .statistic = STATISTIC_VALUE, .value = (double)pair->bytes};

    add_distribution(scope, METRIC_REPLICATION_LAG, &pair->lag_ns, pair->at_least, replication);
    add_distribution(scope, METRIC_READ_STALENESS, &pair->stale_ns, false, replication);
    add_scalar(scope, &messages, replication);
    add_scalar(scope, &bytes, replication);
}

static void add_series(struct curve *curve, const struct series_figure *f, uint32_t bins)
{
    if (bins > curve->bins) {
        curve->sum = memory_resize(curve->sum, bins, sizeof *curve->sum);
        curve->count = memory_resize(curve->count, bins, sizeof *curve->count);
        memset(curve->sum + curve->bins, 0, (bins - curve->bins) * sizeof *curve->sum);
        memset(curve->count + curve->bins, 0, (bins - curve->bins) * sizeof *curve->count);
        curve->bins = bins;
    }
    for (uint32_t b = 0; b < bins; b++)
        if (f->weight[b] > 0) {
            curve->sum[b] += f->sum[b] / f->weight[b];
            curve->count[b]++;
        }
}

/* The quantiles of one replication's curve; what too few probes would have to tell is pooled. */
static void add_visible(struct gathering *g, struct model_gathering *mine, const struct trial_figures *f)
{
    const struct probes_def *probes = &g->scenario->world.probes;
    uint64_t least = UINT64_MAX;
    bool at_least;
    double ns;

    if (probes->after_count == 0)
        return;
    double *curve = memory_new(probes->after_count, sizeof *curve);
    for (uint32_t i = 0; i < probes->after_count; i++) {
        uint64_t count = i < f->visibility_count ? f->visibility_probes[i] : 0;
        curve[i] = count > 0 ? (double)f->visibility_stale[i] / (double)count : NAN;
        least = count > 0 && count < least ? count : least;
    }
    for (unsigned s = 0; s < STATISTICS; s++) {
        double p = statistic_quantile(s);
        if (p <= 0 || !visibility_quantile(probes->after, curve, probes->after_count, 1 - p, &ns, &at_least))
            continue;
        struct cell *cell = &cells_of(&mine->everywhere, METRIC_T_VISIBILITY)->cells[s];
        cell_set(cell, g->count, ns / 1e6);
        cell->at_least |= at_least;
        cell->pooled |= percentile_is_pooled(p, least);
    }
    free(curve);
}

/* The quantiles of the pooled curve, where some replication had too few probes; none where all together had.
 */
static void visible_finish(const struct gathering *g, struct model_gathering *mine)
{
    const struct probes_def *probes = &g->scenario->world.probes;
    struct metric_cells *cells = mine->everywhere.metrics[METRIC_T_VISIBILITY];
    uint64_t least = UINT64_MAX;
    double ns;

    if (cells == NULL)
        return;
    for (uint32_t i = 0; i < probes->after_count; i++) {
        least = mine->probes[i] > 0 && mine->probes[i] < least ? mine->probes[i] : least;
        mine->stale[i] = mine->probes[i] > 0 ? mine->stale[i] / (double)mine->probes[i] : NAN;
    }
    for (unsigned s = 0; s < STATISTICS; s++) {
        struct cell *cell = &cells->cells[s];
        double p = statistic_quantile(s);
        if (!cell->pooled)
            continue;
        bool known =
            !percentile_is_pooled(p, least) &&
            visibility_quantile(probes->after, mine->stale, probes->after_count, 1 - p, &ns, &cell->at_least);
        cell->pooled_value = known ? ns / 1e6 : 0;
        for (uint32_t r = 0; r < cell->capacity && !known; r++)
            cell->values[r] = NAN;
    }
}

static void add_visibility(struct gathering *g, struct model_gathering *mine, const struct trial_figures *f)
{
    uint32_t points = g->scenario->world.probes.after_count;

    for (uint32_t i = 0; i < points && i < f->visibility_count; i++) {
        uint64_t probes = f->visibility_probes[i];
        double *values = mine->visibility + (size_t)i * g->visibility_capacity;
        values[g->count] = probes != 0 ? (double)f->visibility_stale[i] / (double)probes : NAN;
        mine->probes[i] += probes;
        mine->stale[i] += (double)f->visibility_stale[i];
    }
    add_visible(g, mine, f);
}

/* Rows of the visibility table are as long as its capacity; growing moves them apart. */
static void visibility_grow(struct gathering *g)
{
    uint32_t points = g->scenario->world.probes.after_count, capacity = (g->count + 1) * 2;

    if (g->count < g->visibility_capacity || points == 0)
        return;
    for (uint32_t m = 0; m < g->models; m++) {
        double *values = memory_new((size_t)points * capacity, sizeof *values);
        for (size_t i = 0; i < (size_t)points * capacity; i++)
            values[i] = NAN;
        for (uint32_t i = 0; i < points; i++)
            for (uint32_t r = 0; r < g->count; r++)
                values[(size_t)i * capacity + r] =
                    g->by_model[m].visibility[(size_t)i * g->visibility_capacity + r];
        free(g->by_model[m].visibility);
        g->by_model[m].visibility = values;
    }
    g->visibility_capacity = capacity;
}

static struct scope *scope_of(struct gathering *g, uint32_t model, int32_t region)
{
    struct model_gathering *mine = &g->by_model[model];

    CHECK(region == ALL_REGIONS || (region >= 0 && (uint32_t)region < g->regions));
    return region == ALL_REGIONS ? &mine->everywhere : &mine->regions[region];
}

static void add_check(struct gathered_check *mine, const struct check_figure *f, uint32_t replication)
{
    _Static_assert((int)HOLDS_FALSE == (int)CHECK_BROKEN && (int)HOLDS_TRUE == (int)CHECK_HOLDS &&
                       (int)HOLDS_UNDECIDED == (int)CHECK_UNDECIDED,
                   "one order");
    if (f->holds == CHECK_BROKEN || mine->holds == HOLDS_FALSE)
        mine->holds = HOLDS_FALSE;
    else if (replication == 0)
        mine->holds = (enum holds)f->holds;
    else if (f->holds == CHECK_UNDECIDED)
        mine->holds = HOLDS_UNDECIDED;
    mine->violations += f->violations;
    if (f->example != 0 && mine->example == 0) {
        mine->example = f->example;
        mine->example_replication = replication + 1;
        mine->breach = f->breach;
    }
}

static void add_model(struct gathering *g, uint32_t model, const struct trial_figures *f)
{
    struct model_gathering *mine = &g->by_model[model];

    for (uint32_t i = 0; i < f->distribution_count; i++) {
        const struct distribution_figure *d = &f->distributions[i];
        add_distribution(scope_of(g, model, d->region), d->metric, &d->values, d->at_least, g->count);
    }
    for (uint32_t i = 0; i < f->scalar_count; i++)
        add_scalar(scope_of(g, model, f->scalars[i].region), &f->scalars[i], g->count);
    for (uint32_t i = 0; i < f->pair_count; i++) {
        const struct pair_figure *pair = &f->pairs[i];
        CHECK(pair->from < g->regions && pair->to < g->regions);
        add_pair(&mine->pairs[(size_t)pair->from * g->regions + pair->to], pair, g->count);
    }
    for (uint32_t i = 0; i < f->series_count; i++) {
        const struct series_figure *s = &f->series[i];
        CHECK(s->series < SERIES && s->region >= ALL_REGIONS && s->region < (int32_t)g->regions);
        size_t curve = (size_t)s->series * (g->regions + 1) + (size_t)(s->region + 1);
        add_series(&mine->curves[curve], s, f->bin_count);
    }
    add_visibility(g, mine, f);
    for (uint32_t i = 0; i < f->check_count; i++)
        add_check(&mine->checks[f->checks[i].check], &f->checks[i], g->count);
    for (uint32_t i = 0; i < f->loss_count && mine->losses.count < CONFLICT_EXAMPLES; i++)
        *array_add(&mine->losses) = (struct gathered_loss){g->count + 1, f->losses[i]};
    if (f->bin_ns > 0)
        g->bin_ns = f->bin_ns;
    g->events += f->events;
    g->operations += f->operations;
}

void gathering_add(struct gathering *g, const struct trial_figures *const *figures)
{
    visibility_grow(g);
    for (uint32_t m = 0; m < g->models; m++)
        add_model(g, m, figures[m]);
    g->count++;
}

uint32_t gathering_count(const struct gathering *g)
{
    return g->count;
}

/* The values of the replications that have one, in order, into out[count]; how many. */
static uint32_t cell_values(const struct gathering *g, const struct cell *cell, double *out)
{
    uint32_t n = 0;

    for (uint32_t r = 0; r < g->count && r < cell->capacity; r++)
        if (!isnan(cell->values[r]))
            out[n++] = cell->values[r];
    return n;
}

bool gathering_enough(const struct gathering *g)
{
    const struct scenario *s = g->scenario;

    if (g->count >= s->replications_max)
        return true;
    if (g->count < s->replications_min || s->stop_metric == NULL)
        return false;
    int metric = metric_find(s->stop_metric), statistic = statistic_find(s->stop_statistic);
    CHECK(metric >= 0 && statistic >= 0);
    double *values = memory_new(g->count, sizeof *values);
    bool enough = true;
    for (uint32_t m = 0; m < g->models && enough; m++) {
        const struct metric_cells *cells = g->by_model[m].everywhere.metrics[metric];
        uint32_t n = cells != NULL ? cell_values(g, &cells->cells[statistic], values) : 0;
        /* A model that never has the figure (nothing was ever lost, say) cannot hold up the others. */
        enough = n == 0 || interval_is_enough(values, n, s->stop_precision);
    }
    free(values);
    return enough;
}

static struct interval cell_interval(const struct gathering *g, unsigned metric, unsigned statistic,
                                     const struct metric_cells *cells, double *room)
{
    const struct cell *cell = &cells->cells[statistic];
    const struct metric_def *def = &metric_defs[metric];
    uint32_t n = cell_values(g, cell, room);
    bool all_zero = true;

    CHECK(n > 0);
    if (statistic == STATISTIC_MAX) {
        for (uint32_t i = 1; i < n; i++)
            if (room[i] > room[0])
                room[0] = room[i];
        return interval_of_pooled(room[0], n);
    }
    if (cell->pooled && metric == METRIC_T_VISIBILITY)
        return interval_of_pooled(cell->pooled_value, n);
    if (cell->pooled)
        return interval_of_pooled(histogram_statistic(&cells->pool, metric, statistic), n);
    for (uint32_t i = 0; i < n; i++)
        all_zero = all_zero && room[i] == 0;
    if (all_zero && cell->observations != 0)
        return interval_of_share(room, n, cell->observations);
    return interval_of_mean(room, n, def->least, def->most);
}

static void scope_finish(const struct gathering *g, struct scope *scope, double *room)
{
    ARRAY(struct figure) list = {0};

    for (unsigned metric = 0; metric < METRICS; metric++) {
        const struct metric_cells *cells = scope->metrics[metric];
        for (unsigned s = 0; cells != NULL && s < STATISTICS; s++) {
            const struct cell *cell = &cells->cells[s];
            if (!cell->undecided && cell_values(g, cell, room) == 0)
                continue;
            struct figure *figure = array_add(&list);
            *figure = (struct figure){.metric = (uint16_t)metric,
                                      .statistic = (uint8_t)s,
                                      .at_least = cell->at_least,
                                      .undecided = cell->undecided};
            if (!cell->undecided)
                figure->interval = cell_interval(g, metric, s, cells, room);
        }
    }
    scope->figures = (struct figure_list){list.items, list.count};
}

/* Differences of what has no interval (largest values, pooled percentiles) have none either. */
static void differ(struct gathering *g, uint32_t a, uint32_t b, const struct figure *fa, double *room)
{
    const struct figure *fb = figure_find(gathering_figures(g, b), fa->metric, fa->statistic);
    const struct metric_cells *ca = g->by_model[a].everywhere.metrics[fa->metric];
    const struct metric_cells *cb = g->by_model[b].everywhere.metrics[fa->metric];
    struct difference d = {.metric = fa->metric, .statistic = fa->statistic, .model_a = a, .model_b = b};

    if (fa->undecided || fb == NULL || fb->undecided)
        return;
    const struct cell *va = &ca->cells[fa->statistic], *vb = &cb->cells[fa->statistic];
    if (fa->statistic == STATISTIC_MAX || va->pooled || vb->pooled) {
        uint32_t n = fa->interval.count < fb->interval.count ? fa->interval.count : fb->interval.count;
        d.interval = interval_of_pooled(fa->interval.value - fb->interval.value, n);
    } else {
        uint32_t n = 0;
        double *left = room, *right = room + g->count;
        for (uint32_t r = 0; r < g->count && r < va->capacity && r < vb->capacity; r++)
            if (!isnan(va->values[r]) && !isnan(vb->values[r])) {
                left[n] = va->values[r];
                right[n++] = vb->values[r];
            }
        if (n == 0)
            return;
        d.interval = interval_of_difference(left, right, n);
    }
    struct difference *added = array_add(&g->differences);
    *added = d;
}

static void differences_finish(struct gathering *g, double *room)
{
    for (uint32_t a = 0; a < g->models; a++)
        for (uint32_t b = a + 1; b < g->models; b++) {
            struct figure_list list = gathering_figures(g, a);
            for (size_t i = 0; i < list.count; i++)
                differ(g, a, b, &list.items[i], room);
        }
}

static void series_finish(struct gathering *g, struct model_gathering *mine)
{
    for (unsigned s = 0; s < SERIES; s++)
        for (uint32_t r = 0; r < g->regions + 1; r++) {
            const struct curve *curve = &mine->curves[(size_t)s * (g->regions + 1) + r];
            for (uint32_t b = 0; b < curve->bins; b++)
                if (curve->count[b] != 0) {
                    struct series_row *row = array_add(&mine->series);
                    *row =
                        (struct series_row){(uint8_t)s, (int32_t)r - 1, b, curve->sum[b] / curve->count[b]};
                }
        }
}

void gathering_finish(struct gathering *g)
{
    CHECK(g->count > 0);
    double *room = memory_new((size_t)g->count * 2, sizeof *room);

    for (uint32_t m = 0; m < g->models; m++) {
        struct model_gathering *mine = &g->by_model[m];
        visible_finish(g, mine);
        scope_finish(g, &mine->everywhere, room);
        for (uint32_t r = 0; r < g->regions; r++)
            scope_finish(g, &mine->regions[r], room);
        for (size_t p = 0; p < (size_t)g->regions * g->regions; p++)
            scope_finish(g, &mine->pairs[p], room);
        series_finish(g, mine);
    }
    differences_finish(g, room);
    free(room);
}

struct figure_list gathering_figures(const struct gathering *g, uint32_t model)
{
    return g->by_model[model].everywhere.figures;
}

struct figure_list gathering_region_figures(const struct gathering *g, uint32_t model, uint32_t region)
{
    return g->by_model[model].regions[region].figures;
}

struct figure_list gathering_pair_figures(const struct gathering *g, uint32_t model, uint32_t from,
                                          uint32_t to)
{
    return g->by_model[model].pairs[(size_t)from * g->regions + to].figures;
}

const struct figure *figure_find(struct figure_list list, unsigned metric, unsigned statistic)
{
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].metric == metric && list.items[i].statistic == statistic)
            return list.items + i;
    return NULL;
}

bool gathering_value(const struct gathering *g, uint32_t model, unsigned metric, unsigned statistic,
                     uint32_t replication, double *value)
{
    const struct metric_cells *cells = g->by_model[model].everywhere.metrics[metric];

    if (cells == NULL || replication >= cells->cells[statistic].capacity)
        return false;
    *value = cells->cells[statistic].values[replication];
    return !isnan(*value);
}

const struct histogram *gathering_pooled(const struct gathering *g, uint32_t model, unsigned metric)
{
    const struct metric_cells *cells = g->by_model[model].everywhere.metrics[metric];

    return cells != NULL && histogram_count(&cells->pool) != 0 ? &cells->pool : NULL;
}

const struct gathered_check *gathering_check(const struct gathering *g, uint32_t model, enum geo_check check)
{
    return &g->by_model[model].checks[check];
}

size_t gathering_losses(const struct gathering *g, uint32_t model, const struct gathered_loss **out)
{
    *out = g->by_model[model].losses.items;
    return g->by_model[model].losses.count;
}

size_t gathering_differences(const struct gathering *g, const struct difference **out)
{
    *out = g->differences.items;
    return g->differences.count;
}

size_t gathering_series(const struct gathering *g, uint32_t model, const struct series_row **out)
{
    *out = g->by_model[model].series.items;
    return g->by_model[model].series.count;
}

sim_ns gathering_bin_ns(const struct gathering *g)
{
    return g->bin_ns;
}

bool gathering_visibility(const struct gathering *g, uint32_t model, uint32_t index, struct interval *out)
{
    const struct model_gathering *mine = &g->by_model[model];
    double *values = memory_new(g->count, sizeof *values);
    uint32_t n = 0;

    for (uint32_t r = 0; mine->visibility != NULL && r < g->count; r++) {
        double value = mine->visibility[(size_t)index * g->visibility_capacity + r];
        if (!isnan(value))
            values[n++] = value;
    }
    if (n != 0)
        *out = interval_of_share(values, n, mine->probes[index]);
    free(values);
    return n != 0;
}

uint64_t gathering_visibility_probes(const struct gathering *g, uint32_t model, uint32_t index)
{
    const uint64_t *probes = g->by_model[model].probes;

    return probes != NULL ? probes[index] : 0;
}

uint64_t gathering_events(const struct gathering *g)
{
    return g->events;
}

uint64_t gathering_operations(const struct gathering *g)
{
    return g->operations;
}
