/* tables_curves.c -- the tables that draw a line: distribution functions, the t-visibility curve, series over
 * time. */
#include "sim/experiment/tables.h"

#include "sim/base/array.h"

/* The quantiles of a CDF that shows its tail: every hundredth, then nine of each further nine (0.991 to
 * 0.999, 0.9991 to 0.9999, ...) as far as one observation in the sample goes, then the largest. In units of
 * 10^-9, so that every one is the double nearest to its decimal. */
static size_t quantiles_for(uint64_t observations, double *out, size_t room)
{
    size_t count = 0;
    int64_t unit = 1000000000;

    for (int64_t i = 0; i <= 99; i++)
        out[count++] = (double)(i * 10000000) / 1e9;
    for (int64_t step = unit / 1000; step >= 1; step /= 10)
        for (int64_t i = 1; i <= 9; i++) {
            int64_t q = unit - step * 10 + step * i;
            if (observations < (uint64_t)(unit / (unit - q)))
                break;
            CHECK(count < room);
            out[count++] = (double)q / 1e9;
        }
    CHECK(count < room);
    out[count++] = 1;
    return count;
}

static void put_distribution(const struct table_point *p, uint32_t model, unsigned metric,
                             const struct histogram *h, struct csv *out)
{
    double quantiles[200];
    int64_t values[200];
    size_t count = quantiles_for(histogram_count(h), quantiles, 200);

    /* Quantile 0 is the least value, which is no percentile by the rule of ranks. */
    histogram_quantiles(h, quantiles + 1, count - 1, values + 1);
    values[0] = histogram_min(h);
    for (size_t i = 0; i < count; i++) {
        csv_count(out, p->point);
        csv_text(out, p->scenario->models[model].name);
        csv_text(out, metric_defs[metric].name);
        csv_number(out, quantiles[i]);
        csv_number(out, metric_defs[metric].is_time ? (double)values[i] / 1e6 : (double)values[i]);
        csv_row_end(out);
    }
}

void table_distributions(const struct table_point *p, struct csv *out)
{
    for (uint32_t m = 0; m < p->scenario->model_count; m++)
        for (unsigned metric = 0; metric < METRICS; metric++) {
            const struct histogram *h = gathering_pooled(p->gathering, m, metric);
            /* Only what has percentiles: a mean and a maximum of a handful of faults draw no curve. */
            if (h != NULL && (metric_defs[metric].statistics >> STATISTIC_P50 & 1) != 0)
                put_distribution(p, m, metric, h, out);
        }
}

void table_visibility(const struct table_point *p, struct csv *out)
{
    const struct probes_def *probes = &p->scenario->world.probes;

    for (uint32_t m = 0; m < p->scenario->model_count; m++)
        for (uint32_t i = 0; i < probes->after_count; i++) {
            struct interval in;
            if (!gathering_visibility(p->gathering, m, i, &in))
                continue;
            csv_count(out, p->point);
            csv_text(out, p->scenario->models[m].name);
            csv_number(out, (double)probes->after[i] / 1e6);
            csv_number(out, in.value);
            if (in.has_interval) {
                csv_number(out, in.low);
                csv_number(out, in.high);
            } else {
                csv_empty(out);
                csv_empty(out);
            }
            csv_row_end(out);
        }
}

void table_series(const struct table_point *p, struct csv *out)
{
    double bin_ns = (double)gathering_bin_ns(p->gathering);

    for (uint32_t m = 0; m < p->scenario->model_count; m++) {
        const struct series_row *rows;
        size_t count = gathering_series(p->gathering, m, &rows);
        for (size_t i = 0; i < count; i++) {
            csv_count(out, p->point);
            csv_text(out, p->scenario->models[m].name);
            csv_text(out,
                     rows[i].region == ALL_REGIONS ? "all" : p->scenario->world.regions[rows[i].region].name);
            csv_number(out, (double)rows[i].bin * bin_ns / 1e9); /* where the bin begins */
            csv_text(out, series_names[rows[i].series]);
            csv_number(out, rows[i].value);
            csv_row_end(out);
        }
    }
}
