/* summary.c -- see summary.h. The same figures as in metrics.csv, in a tree: points, models, metrics,
 * statistics. */
#include "sim/cli/summary.h"

#include <stdlib.h>
#include <string.h>

static json_t *figure_json(const struct shown_figure *f)
{
    json_t *one = json_object();

    json_object_set_new(one, "value", json_real(f->value));
    if (f->has_interval)
        json_object_set_new(one, "ci", json_pack("[f, f]", f->low, f->high));
    json_object_set_new(one, "replications", json_integer((json_int_t)f->replications));
    if (f->at_least)
        json_object_set_new(one, "lower_bound", json_true());
    return one;
}

static json_t *metrics_json(const struct view *r, size_t point, size_t model)
{
    json_t *metrics = json_object();

    for (size_t i = r->point_begin[point]; i < r->point_begin[point + 1]; i++) {
        const char *metric = csv_cell(&r->metrics, i, 2), *statistic = csv_cell(&r->metrics, i, 3);
        struct shown_figure figure;
        if (strcmp(csv_cell(&r->metrics, i, 1), view_model(r, model)) != 0 ||
            !view_figure(r, point, model, metric, statistic, &figure))
            continue;
        json_t *of = json_object_get(metrics, metric);
        if (of == NULL)
            json_object_set_new(metrics, metric, of = json_object());
        json_object_set_new(of, statistic, figure_json(&figure));
    }
    return metrics;
}

static json_t *holds_json(const char *holds)
{
    if (strcmp(holds, "true") == 0)
        return json_true();
    return strcmp(holds, "false") == 0 ? json_false() : json_string(holds);
}

static void judgements(const struct view *r, size_t point, size_t model, json_t *into)
{
    json_t *verdicts = json_array(), *expectations = json_array();
    const char *point_name = view_point_name(r, point), *name = view_model(r, model);

    for (size_t i = 0; i < r->verdicts.rows; i++) {
        const struct csv_rows *v = &r->verdicts;
        if (strcmp(csv_cell(v, i, 0), point_name) != 0 || strcmp(csv_cell(v, i, 1), name) != 0)
            continue;
        json_t *one = json_pack("{s:s, s:o, s:o, s:I}", "check", csv_cell(v, i, 2), "promised",
                                holds_json(csv_cell(v, i, 3)), "holds", holds_json(csv_cell(v, i, 4)),
                                "violations", (json_int_t)strtoll(csv_cell(v, i, 5), NULL, 10));
        const char *why = view_note(r, point_name, name, csv_cell(v, i, 2), "");
        if (*csv_cell(v, i, 6) != '\0')
            json_object_set_new(one, "example", json_string(csv_cell(v, i, 6)));
        if (*why != '\0')
            json_object_set_new(one, "why", json_string(why));
        json_array_append_new(verdicts, one);
    }
    for (size_t i = 0; i < r->expectations.rows; i++) {
        const struct csv_rows *e = &r->expectations;
        if (strcmp(csv_cell(e, i, 0), point_name) != 0 || strcmp(csv_cell(e, i, 1), name) != 0)
            continue;
        json_t *one =
            json_pack("{s:s, s:s, s:s, s:o}", "metric", csv_cell(e, i, 2), "statistic", csv_cell(e, i, 3),
                      "expected", csv_cell(e, i, 4), "holds", holds_json(csv_cell(e, i, 6)));
        if (*csv_cell(e, i, 5) != '\0')
            json_object_set_new(one, "value", json_string(csv_cell(e, i, 5)));
        if (*csv_cell(e, i, 7) != '\0')
            json_object_set_new(one, "why", json_string(csv_cell(e, i, 7)));
        json_array_append_new(expectations, one);
    }
    json_object_set_new(into, "verdicts", verdicts);
    json_object_set_new(into, "expectations", expectations);
}

json_t *summary_json(const struct view *r)
{
    static const char *const copied[] = {"name", "description", "version", "seed", "complete", "note"};
    json_t *all = json_object(), *points = json_array();

    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
        json_t *value = json_object_get(r->manifest, copied[i]);
        if (value != NULL)
            json_object_set(all, copied[i], value);
    }
    json_object_set_new(all, "results", json_string(r->folder));
    for (size_t p = 0; p < r->point_count; p++) {
        json_t *one = json_object(), *models = json_array();
        const json_t *point = view_point(r, p);
        json_object_set(one, "point", json_object_get(point, "point"));
        json_object_set(one, "values", json_object_get(point, "values"));
        json_object_set(one, "replications", json_object_get(point, "replications"));
        for (size_t m = 0; m < r->model_count; m++) {
            json_t *model =
                json_pack("{s:s, s:s, s:s}", "name", view_model(r, m), "type", view_model_text(r, m, "type"),
                          "strategy", view_model_text(r, m, "strategy"));
            json_object_set_new(model, "metrics", metrics_json(r, p, m));
            judgements(r, p, m, model);
            json_array_append_new(models, model);
        }
        json_object_set_new(one, "models", models);
        json_array_append_new(points, one);
    }
    json_object_set_new(all, "points", points);
    return all;
}
