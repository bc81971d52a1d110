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
    s->cells = s->at = memory_new((size_t)SERIES * s->rows * s->bins, sizeof *s->cells);
}

void series_close(struct series *s)
{
    free(s->cells);
}

void series_seek(struct series *s, sim_ns time)
{
    uint64_t bin = (uint64_t)(time / s->bin_ns);

    s->at = &s->cells[(bin < s->bins ? bin : s->bins - 1) * s->rows * SERIES];
    s->bin_from = (sim_ns)bin * s->bin_ns;
}

void series_set_over(struct series *s, enum series_id id, sim_ns time, int64_t value)
{
    struct series_step *step = &s->steps[id];

    while (step->at < time) {
        struct series_bin *at = &series_at(s, s->rows - 1, step->at)[id];
        sim_ns edge = s->bin_from + s->bin_ns, until = edge < time ? edge : time;
        double lasts = (double)(until - step->at);
        at->sum += (double)step->value * lasts;
        at->weight += lasts;
        step->at = until;
    }
    step->value = value;
}

static void complete(struct series_bin *of)
{
    double well = of[SERIES_WRITE_LATENCY].weight + of[SERIES_READ_LATENCY].weight;

    of[SERIES_AVAILABILITY].sum += well;
    of[SERIES_AVAILABILITY].weight += well;
    of[SERIES_READ_STALENESS].weight += of[SERIES_STALE_READ_FRACTION].weight;
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
        for (uint32_t bin = 0; bin < f->bin_count; bin++) {
            const struct series_bin *of = &s->cells[((size_t)bin * s->rows + row) * SERIES + (size_t)id];
            out->sum[bin] += of->sum;
            out->weight[bin] += of->weight;
            any |= of->weight > 0;
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
    for (size_t cell = 0; cell < (size_t)s->rows * s->bins; cell++)
        complete(&s->cells[cell * SERIES]);
    for (int id = 0; id < SERIES; id++) {
        if ((skip >> id & 1) != 0)
            continue;
        put_row(s, f, id, ALL_REGIONS);
        for (uint32_t region = 0; region + 1 < s->rows; region++)
            put_row(s, f, id, (int32_t)region);
    }
}
