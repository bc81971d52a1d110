/* series.c -- see series.h. */
#include "sim/observe/series.h"

#include "sim/base/check.h"

#include <stdlib.h>

void series_open(struct series *s, const struct history_setting *setting)
{
    sim_ns part = (setting->duration + 199) / 200;

    *s = (struct series){.setting = setting, .bin_ns = part > SIM_SECOND ? part : SIM_SECOND};
    s->bins = (uint32_t)(setting->limit / s->bin_ns) + 1;
    s->rows = setting->region_count + 1;
    s->cells = memory_new((size_t)SERIES * s->rows * s->bins, sizeof *s->cells);
}

void series_close(struct series *s)
{
    free(s->cells);
}

static struct series_bin *cell(const struct series *s, enum series_id id, uint32_t row, sim_ns time)
{
    uint32_t bin = (uint32_t)(time / s->bin_ns);

    if (bin >= s->bins)
        bin = s->bins - 1;
    return &s->cells[((size_t)id * s->rows + row) * s->bins + bin];
}

void series_add(struct series *s, enum series_id id, uint32_t region, sim_ns time, double value)
{
    struct series_bin *at = cell(s, id, region, time);

    at->sum += value;
    at->weight += 1;
}

void series_set(struct series *s, enum series_id id, sim_ns time, int64_t value)
{
    struct series_step *step = &s->steps[id];

    while (step->at < time) {
        sim_ns edge = (step->at / s->bin_ns + 1) * s->bin_ns, until = edge < time ? edge : time;
        struct series_bin *at = cell(s, id, s->rows - 1, step->at);
        double lasts = (double)(until - step->at);
        at->sum += (double)step->value * lasts;
        at->weight += lasts;
        step->at = until;
    }
    step->value = value;
}

static void put_row(const struct series *s, struct trial_figures *f, int id, int32_t region)
{
    struct series_figure *out = &f->series[f->series_count];
    bool any = false;

    *out = (struct series_figure){.series = (uint8_t)id, .region = region};
    out->sum = memory_new(f->bin_count, sizeof *out->sum);
    out->weight = memory_new(f->bin_count, sizeof *out->weight);
    for (uint32_t row = 0; row < s->rows; row++) {
        if (region != ALL_REGIONS && row != (uint32_t)region)
            continue;
        const struct series_bin *bins = &s->cells[((size_t)id * s->rows + row) * s->bins];
        for (uint32_t bin = 0; bin < f->bin_count; bin++) {
            out->sum[bin] += bins[bin].sum;
            out->weight[bin] += bins[bin].weight;
            any |= bins[bin].weight > 0;
        }
    }
    if (any) {
        f->series_count++;
        return;
    }
    free(out->sum);
    free(out->weight);
}

void series_put(struct series *s, struct figure_list *list, sim_ns end_ns, uint32_t skip)
{
    struct trial_figures *f = figure_list_look(list);
    uint64_t bins = (uint64_t)((end_ns + s->bin_ns - 1) / s->bin_ns);

    f->bin_ns = s->bin_ns;
    f->bin_count = bins < s->bins ? (uint32_t)bins : s->bins;
    f->series = memory_new((size_t)SERIES * s->rows, sizeof *f->series);
    for (int id = 0; id < SERIES; id++) {
        if ((skip >> id & 1) != 0)
            continue;
        put_row(s, f, id, ALL_REGIONS);
        for (uint32_t region = 0; region + 1 < s->rows; region++)
            put_row(s, f, id, (int32_t)region);
    }
}
