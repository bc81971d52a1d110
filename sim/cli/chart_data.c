/* chart_data.c -- see chart_data.h. One block a model, every model in every file, NaN for what it has not
 * got. */
#include "sim/cli/chart_data.h"

#include "sim/base/check.h"
#include "sim/experiment/folder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct chart_def chart_defs[] = {
    {"staleness", "How old what reads return is over time; faults are shaded.", true, false, {0}},
    {"t_visibility",
     "The probability that a read begun t after a write committed misses it.",
     false,
     false,
     {"t_visibility_ms"}},
    {"latency", "What clients wait: the whole distribution with its tail.", false, false, {0}},
    {"conflicts", "Writes that met a concurrent one, what was lost by it, and why.", false, false, {0}},
    {"convergence",
     "Keys whose replicas differ, and how long they took to agree after healing.",
     true,
     true,
     {0}},
    {"availability", "The share of operations that finished well, over time and in all.", true, true, {0}},
    {"lag", "From commit to applied at a remote replica, and what waits to be shipped.", true, false, {0}},
    {"failover",
     "What crashes and partitions cost: how far back what was lost goes, how long nobody could write; "
     "and of failovers: how soon another led, how long two leaders answered, and what was lost.",
     false,
     true,
     {"failovers", "lost_commits"}},
    {"traffic", "Between regions, and what it costs.", false, false, {0}},
};
const size_t chart_count = sizeof chart_defs / sizeof *chart_defs;

bool chart_is_drawn(const struct view *r, size_t point, const struct chart_def *def)
{
    return def->if_any[0] == NULL || view_has_any(r, point, def->if_any);
}

bool chart_tables_read(struct chart_tables *t, const struct view *r, size_t point, struct failure *f)
{
    const struct {
        const char *file;
        struct csv_rows *rows;
        size_t columns;
    } tables[] = {{"series.csv", &t->series, 6},
                  {"t_visibility.csv", &t->visibility, 6},
                  {"distributions.csv", &t->distributions, 5}};

    *t = (struct chart_tables){0};
    for (size_t i = 0; i < sizeof tables / sizeof *tables && f->status == 0; i++) {
        char *path = path_join(r->folder, tables[i].file);
        if (csv_rows_read(tables[i].rows, path, view_point_name(r, point), f) &&
            tables[i].rows->columns < tables[i].columns)
            failure_set(f, STATUS_WRONG, "%s has %zu columns where there must be %zu", path,
                        tables[i].rows->columns, tables[i].columns);
        free(path);
    }
    if (f->status != 0)
        chart_tables_free(t);
    return f->status == 0;
}

void chart_tables_free(struct chart_tables *t)
{
    csv_rows_free(&t->series);
    csv_rows_free(&t->visibility);
    csv_rows_free(&t->distributions);
}

/* gnuplot has no escape for a quote within quotes. */
static void put_quoted(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text != '\0'; text++)
        fputc(*text == '"' || *text == '\\' || *text == '\n' || *text == '\r' ? '\'' : *text, to);
    fputc('"', to);
}

static const char *or_nan(const char *cell)
{
    return *cell != '\0' ? cell : "NaN";
}

static void put_figure(const struct view *r, size_t point, size_t model, const char *metric,
                       const char *statistic, bool with_interval, FILE *to)
{
    struct shown_figure f;

    if (!view_figure(r, point, model, metric, statistic, &f))
        fputs(with_interval ? "NaN NaN NaN" : "NaN", to);
    else if (!with_interval)
        fprintf(to, "%.9g", f.value);
    else if (f.has_interval)
        fprintf(to, "%.9g %.9g %.9g", f.value, f.low, f.high);
    else
        fprintf(to, "%.9g NaN NaN", f.value);
}

/* Rows "t metric_a [metric_b]" of a model's series over all regions, matched by time. `b` may be NULL. */
static size_t put_series(const struct csv_rows *series, const char *model, double bin_s, const char *a,
                         const char *b, FILE *to)
{
    const char *cell_a[1024] = {0}, *cell_b[1024] = {0};
    size_t bins = 0, rows = 0;

    for (size_t i = 0; i < series->rows; i++) {
        const char *metric = csv_cell(series, i, 4);
        bool is_a = strcmp(metric, a) == 0, is_b = b != NULL && strcmp(metric, b) == 0;
        if ((!is_a && !is_b) || strcmp(csv_cell(series, i, 1), model) != 0 ||
            strcmp(csv_cell(series, i, 2), "all") != 0)
            continue;
        double bin = rint(strtod(csv_cell(series, i, 3), NULL) / bin_s);
        if (!(bin >= 0 && bin < 1024))
            continue; /* an experiment has 200 bins and those of its drain */
        size_t at = (size_t)bin;
        (is_a ? cell_a : cell_b)[at] = csv_cell(series, i, 5);
        bins = at + 1 > bins ? at + 1 : bins;
    }
    for (size_t i = 0; i < bins; i++) {
        fprintf(to, "%.9g %s", ((double)i + 0.5) * bin_s, cell_a[i] != NULL ? cell_a[i] : "NaN");
        if (b != NULL)
            fprintf(to, " %s", cell_b[i] != NULL ? cell_b[i] : "NaN");
        fputc('\n', to);
        rows++;
    }
    return rows;
}

static size_t put_visibility(const struct csv_rows *rows, const char *model, FILE *to)
{
    size_t put = 0;

    for (size_t i = 0; i < rows->rows; i++)
        if (strcmp(csv_cell(rows, i, 1), model) == 0) {
            fprintf(to, "%s %s %s %s\n", csv_cell(rows, i, 2), csv_cell(rows, i, 3),
                    or_nan(csv_cell(rows, i, 4)), or_nan(csv_cell(rows, i, 5)));
            put++;
        }
    return put;
}

/* Rows of one model and metric in distributions.csv stand together, quantiles ascending: two lists are
 * merged. */
static size_t next_of(const struct csv_rows *rows, size_t from, const char *model, const char *metric)
{
    while (from < rows->rows &&
           (strcmp(csv_cell(rows, from, 1), model) != 0 || strcmp(csv_cell(rows, from, 2), metric) != 0))
        from++;
    return from;
}

static size_t put_quantiles(const struct csv_rows *rows, const char *model, const char *metric_a,
                            const char *metric_b, FILE *to)
{
    size_t a = next_of(rows, 0, model, metric_a), b = next_of(rows, 0, model, metric_b), put = 0;

    while (a < rows->rows || b < rows->rows) {
        double qa = a < rows->rows ? strtod(csv_cell(rows, a, 3), NULL) : INFINITY;
        double qb = b < rows->rows ? strtod(csv_cell(rows, b, 3), NULL) : INFINITY;
        double q = qa < qb ? qa : qb;
        fprintf(to, "%.9g %s %s\n", q, qa <= q ? csv_cell(rows, a, 4) : "NaN",
                qb <= q ? csv_cell(rows, b, 4) : "NaN");
        put++;
        if (qa <= q)
            a = next_of(rows, a + 1, model, metric_a);
        if (qb <= q)
            b = next_of(rows, b + 1, model, metric_b);
    }
    return put;
}

static void put_three(const struct view *r, size_t point, size_t model, const char *const metrics[3],
                      FILE *to)
{
    for (int i = 0; i < 3; i++) {
        fputs(i > 0 ? " " : "", to);
        put_figure(r, point, model, metrics[i], "value", true, to);
    }
}

static size_t put_traffic(const struct view *r, size_t point, size_t model, FILE *to)
{
    put_three(r, point, model, (const char *const[]){"wan_bytes", "wan_messages", "wan_cost_usd_month"}, to);
    fputc('\n', to);
    return 1;
}

/* What the two of them that have causes are made of, behind the three. */
static size_t put_conflicts(const struct view *r, size_t point, size_t model, FILE *to)
{
    static const char *const metrics[] = {"conflicts", "lost_updates", "skew_inversions"};
    static const char *const causes[] = {"concurrent", "clock_offset", "drift", "late", "failover"};

    put_three(r, point, model, metrics, to);
    for (int m = 1; m < 3; m++)
        for (size_t c = 0; c < sizeof causes / sizeof *causes; c++) {
            char name[80];
            snprintf(name, sizeof name, "%s_%s", metrics[m], causes[c]);
            fputc(' ', to);
            put_figure(r, point, model, name, "value", false, to);
        }
    fputc('\n', to);
    return 1;
}

char *chart_data(const struct view *r, size_t point, const struct chart_tables *t, const char *figure)
{
    double bin_s = json_number_value(json_object_get(view_point(r, point), "bin_s"));
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);

    CHECK(to != NULL);
    bin_s = bin_s > 0 ? bin_s : 1;
    for (size_t m = 0; m < r->model_count; m++) {
        const char *model = view_model(r, m);
        size_t rows = 0;
        put_quoted(to, model);
        fputc('\n', to);
        if (strcmp(figure, "staleness") == 0)
            rows = put_series(&t->series, model, bin_s, "read_staleness_ms", "stale_read_fraction", to);
        else if (strcmp(figure, "t_visibility") == 0)
            rows = put_visibility(&t->visibility, model, to);
        else if (strcmp(figure, "latency") == 0)
            rows = put_quantiles(&t->distributions, model, "read_latency_ms", "write_latency_ms", to);
        else if (strcmp(figure, "failover") == 0)
            rows = put_quantiles(&t->distributions, model, "rpo_ms", "rto_ms", to);
        else if (strcmp(figure, "conflicts") == 0)
            rows = put_conflicts(r, point, m, to);
        else if (strcmp(figure, "convergence") == 0)
            rows = put_series(&t->series, model, bin_s, "diverged_keys", NULL, to);
        else if (strcmp(figure, "availability") == 0)
            rows = put_series(&t->series, model, bin_s, "availability", NULL, to);
        else if (strcmp(figure, "lag") == 0)
            rows = put_series(&t->series, model, bin_s, "replication_lag_ms", "backlog_ops", to);
        else if (strcmp(figure, "traffic") == 0)
            rows = put_traffic(r, point, m, to);
        if (rows == 0)
            fputs("NaN NaN NaN NaN\n", to);
        fputs("\n\n", to);
    }
    CHECK(fclose(to) == 0);
    return text;
}

char *chart_bars(const struct view *r, size_t point, const char *figure)
{
    bool convergence = strcmp(figure, "convergence") == 0, failover = strcmp(figure, "failover") == 0;
    char *text = NULL;
    size_t size = 0;

    if (!convergence && !failover && strcmp(figure, "availability") != 0)
        return NULL;
    FILE *to = open_memstream(&text, &size);
    CHECK(to != NULL);
    for (size_t m = 0; m < r->model_count; m++) {
        put_quoted(to, view_model(r, m));
        fputc('\n', to);
        if (convergence) {
            struct shown_figure time;
            bool bound = view_figure(r, point, m, "time_to_converge_ms", "mean", &time) && time.at_least;
            put_figure(r, point, m, "time_to_converge_ms", "mean", true, to);
            fprintf(to, " %d", bound);
            fputc(' ', to);
            put_figure(r, point, m, "converged", "value", false, to);
        } else if (failover) {
            put_figure(r, point, m, "failover_ms", "mean", true, to);
            fputc(' ', to);
            put_figure(r, point, m, "two_leaders_ms", "mean", true, to);
            fputc(' ', to);
            put_figure(r, point, m, "lost_commits", "value", true, to);
        } else {
            put_figure(r, point, m, "availability", "value", true, to);
            fputc(' ', to);
            put_figure(r, point, m, "read_availability", "value", true, to);
            fputc(' ', to);
            put_figure(r, point, m, "write_availability", "value", true, to);
            fputs(" NaN NaN NaN", to);
        }
        fputs("\n\n\n", to);
    }
    CHECK(fclose(to) == 0);
    return text;
}

char *chart_faults(const struct view *r, size_t point)
{
    json_t *faults = json_object_get(view_point(r, point), "faults"), *one;
    size_t index, size = 0;
    char *text = NULL;
    FILE *to = open_memstream(&text, &size);

    CHECK(to != NULL);
    json_array_foreach(faults, index, one)
    {
        const char *name = json_string_value(json_object_get(one, "name"));
        fprintf(to, "%.9g %.9g ", json_number_value(json_object_get(one, "begin_s")),
                json_number_value(json_object_get(one, "end_s")));
        put_quoted(to, name != NULL ? name : "");
        fputc('\n', to);
    }
    CHECK(fclose(to) == 0);
    return text;
}
