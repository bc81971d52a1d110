/* figures.c -- a list of figures as they are put, and the list's end. */
#include "sim/observe/figures.h"

#include "sim/base/array.h"

struct figure_list {
    struct trial_figures *figures;
    ARRAY(struct distribution_figure) distributions;
    ARRAY(struct scalar_figure) scalars;
    ARRAY(struct pair_figure) pairs;
    bool undecided[METRICS];
};

struct figure_list *figure_list_new(void)
{
    struct figure_list *f = memory_new(1, sizeof *f);

    f->figures = memory_new(1, sizeof *f->figures);
    return f;
}

struct trial_figures *figure_list_end(struct figure_list *f)
{
    struct trial_figures *figures = f->figures;

    figures->distributions = f->distributions.items;
    figures->distribution_count = (uint32_t)f->distributions.count;
    figures->scalars = f->scalars.items;
    figures->scalar_count = (uint32_t)f->scalars.count;
    figures->pairs = f->pairs.items;
    figures->pair_count = (uint32_t)f->pairs.count;
    free(f);
    return figures;
}

struct trial_figures *figure_list_look(struct figure_list *f)
{
    return f->figures;
}

static struct scalar_figure *scalar_add(struct figure_list *f, enum metric_id metric,
                                        enum statistic_id statistic, int32_t region)
{
    struct scalar_figure *s = array_add(&f->scalars);

    CHECK((metric_defs[metric].statistics >> statistic & 1) != 0);
    s->metric = (uint16_t)metric;
    s->statistic = (uint8_t)statistic;
    s->region = region;
    return s;
}

void figures_put(struct figure_list *f, enum metric_id metric, enum statistic_id statistic, int32_t region,
                 double value)
{
    if (!f->undecided[metric])
        scalar_add(f, metric, statistic, region)->value = value;
}

void figures_put_share(struct figure_list *f, enum metric_id metric, enum statistic_id statistic,
                       int32_t region, uint64_t part, uint64_t whole)
{
    if (whole == 0 || f->undecided[metric])
        return;
    struct scalar_figure *s = scalar_add(f, metric, statistic, region);
    s->value = (double)part / (double)whole;
    s->observations = whole;
}

void figures_put_histogram(struct figure_list *f, enum metric_id metric, int32_t region, bool at_least,
                           const struct histogram *h)
{
    if (histogram_count(h) == 0 || f->undecided[metric])
        return;
    struct distribution_figure *d = array_add(&f->distributions);
    d->metric = (uint16_t)metric;
    d->region = region;
    d->at_least = at_least;
    histogram_merge(&d->values, h);
}

void figures_put_undecided(struct figure_list *f, enum metric_id metric)
{
    f->undecided[metric] = true;
    for (int s = 0; s < STATISTICS; s++)
        if ((metric_defs[metric].statistics >> s & 1) != 0)
            scalar_add(f, metric, (enum statistic_id)s, ALL_REGIONS)->undecided = true;
}

struct pair_figure *figures_put_pair(struct figure_list *f, uint32_t from, uint32_t to)
{
    struct pair_figure *p = array_add(&f->pairs);

    p->from = (uint16_t)from;
    p->to = (uint16_t)to;
    return p;
}

void trial_figures_free(struct trial_figures *f)
{
    if (f == NULL)
        return;
    for (uint32_t i = 0; i < f->distribution_count; i++)
        histogram_free(&f->distributions[i].values);
    for (uint32_t i = 0; i < f->pair_count; i++) {
        histogram_free(&f->pairs[i].lag_ns);
        histogram_free(&f->pairs[i].stale_ns);
    }
    for (uint32_t i = 0; i < f->series_count; i++) {
        free(f->series[i].sum);
        free(f->series[i].weight);
    }
    free(f->distributions);
    free(f->scalars);
    free(f->series);
    free(f->pairs);
    free(f->visibility_stale);
    free(f->visibility_probes);
    free(f->checks);
    free(f->losses);
    free(f);
}
