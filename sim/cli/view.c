/* view.c -- see view.h. */
#include "sim/cli/view.h"

#include "sim/base/array.h"
#include "sim/experiment/folder.h"
#include "sim/experiment/results.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One field at *at, ended in place; *last: the row ends with it. false: the quotes are not closed. */
static bool field_take(char **at, char **field, bool *last)
{
    char *in = *at, *out = in;

    *field = in;
    if (*in == '"') {
        for (in++; !(*in == '"' && in[1] != '"'); in++) {
            if (*in == '\0')
                return false;
            in += *in == '"';
            *out++ = *in;
        }
        in++;
    } else {
        while (*in != '\0' && *in != ',' && *in != '\n' && *in != '\r')
            in++;
        out = in;
    }
    if (*in == '\r')
        in++;
    *last = *in != ',';
    *at = *in != '\0' ? in + 1 : in;
    *out = '\0';
    return true;
}

bool csv_rows_read(struct csv_rows *out, const char *path, const char *point, struct failure *f)
{
    ARRAY(const char *) cells = {0};

    *out = (struct csv_rows){.text = file_read(path, NULL)};
    if (out->text == NULL)
        return failure_set(f, errno == ENOENT ? STATUS_WRONG : STATUS_REFUSED, "cannot read %s: %s", path,
                           strerror(errno));
    size_t line = 0;
    for (char *at = out->text; *at != '\0'; line++) {
        size_t before = cells.count;
        for (bool last = false; !last;) {
            char *field;
            if (!field_take(&at, &field, &last)) {
                failure_set(f, STATUS_WRONG, "%s: row %zu has a quote that is not closed", path, line + 1);
                break;
            }
            if (line == 0)
                out->columns++;
            else
                *(const char **)array_add(&cells) = field;
        }
        if (f->status == 0 && line != 0 && cells.count - before != out->columns)
            failure_set(f, STATUS_WRONG, "%s: row %zu has %zu fields where its header has %zu", path,
                        line + 1, cells.count - before, out->columns);
        if (f->status != 0)
            break;
        if (line != 0 && point != NULL && strcmp(cells.items[before], point) != 0)
            cells.count = before;
    }
    out->cells = cells.items;
    out->rows = out->columns != 0 ? cells.count / out->columns : 0;
    if (f->status != 0)
        csv_rows_free(out);
    return f->status == 0;
}

void csv_rows_free(struct csv_rows *rows)
{
    free(rows->text);
    free((void *)rows->cells);
    *rows = (struct csv_rows){0};
}

static bool table_read(struct view *r, struct csv_rows *out, const char *name, size_t columns,
                       struct failure *f)
{
    char *path = path_join(r->folder, name);
    bool good = csv_rows_read(out, path, NULL, f);

    if (good && out->columns < columns)
        good = failure_set(f, STATUS_WRONG, "%s: has %zu columns where there must be %zu", path, out->columns,
                           columns);
    free(path);
    return good;
}

/* Where the rows of each point begin; the rows are in the order of the points. */
static void find_points(struct view *r)
{
    size_t row = 0;

    r->point_begin = memory_new(r->point_count + 1, sizeof *r->point_begin);
    for (size_t p = 0; p < r->point_count; p++) {
        r->point_begin[p] = row;
        while (row < r->metrics.rows && strcmp(csv_cell(&r->metrics, row, 0), view_point_name(r, p)) == 0)
            row++;
    }
    r->point_begin[r->point_count] = row;
}

struct view *view_open(const char *folder, struct failure *f)
{
    struct view *r = memory_new(1, sizeof *r);
    char *path = path_join(folder, "manifest.json");
    json_error_t error;

    r->folder = memory_text(folder);
    r->manifest = json_load_file(path, 0, &error);
    r->name = json_string_value(json_object_get(r->manifest, "name"));
    r->point_count = json_array_size(json_object_get(r->manifest, "points"));
    r->model_count = json_array_size(json_object_get(r->manifest, "models"));
    if (r->manifest == NULL || r->name == NULL || !results_is_ours(folder, NULL))
        failure_set(f, STATUS_WRONG, "%s is no results folder of georep: %s", folder,
                    r->manifest == NULL ? error.text : "its manifest.json is of something else");
    for (size_t p = 0; f->status == 0 && p < r->point_count; p++)
        if (!json_is_integer(json_object_get(view_point(r, p), "point")))
            failure_set(f, STATUS_WRONG, "%s: a point has no number", path);
    for (size_t m = 0; f->status == 0 && m < r->model_count; m++)
        if (*view_model(r, m) == '\0')
            failure_set(f, STATUS_WRONG, "%s: a model has no name", path);
    free(path);
    if (f->status != 0 || !table_read(r, &r->metrics, "metrics.csv", 8, f) ||
        !table_read(r, &r->notes, "notes.csv", 6, f) || !table_read(r, &r->verdicts, "verdicts.csv", 7, f) ||
        !table_read(r, &r->expectations, "expectations.csv", 8, f) ||
        !table_read(r, &r->theory, "theory.csv", 9, f)) {
        view_free(r);
        return NULL;
    }
    find_points(r);
    return r;
}

void view_free(struct view *r)
{
    if (r == NULL)
        return;
    csv_rows_free(&r->metrics);
    csv_rows_free(&r->notes);
    csv_rows_free(&r->verdicts);
    csv_rows_free(&r->expectations);
    csv_rows_free(&r->theory);
    json_decref(r->manifest);
    free(r->point_begin);
    free(r->folder);
    free(r);
}

const json_t *view_point(const struct view *r, size_t index)
{
    return json_array_get(json_object_get(r->manifest, "points"), index);
}

const char *view_point_name(const struct view *r, size_t index)
{
    static _Thread_local char names[4][32]; /* the last four asked for are valid */
    static _Thread_local unsigned next;
    char *name = names[next++ % 4];

    snprintf(name, sizeof names[0], "%lld",
             (long long)json_integer_value(json_object_get(view_point(r, index), "point")));
    return name;
}

char *view_point_title(const struct view *r, size_t index)
{
    json_t *values = json_object_get(view_point(r, index), "values"), *value;
    char *title = memory_text(""), *longer = NULL;
    const char *key;

    json_object_foreach(values, key, value)
    {
        CHECK(asprintf(&longer, "%s%s%s = %s", title, *title != '\0' ? ", " : "", key,
                       json_is_string(value) ? json_string_value(value) : "?") >= 0);
        free(title);
        title = longer;
    }
    return title;
}

const char *view_model_text(const struct view *r, size_t model, const char *key)
{
    const char *text = json_string_value(
        json_object_get(json_array_get(json_object_get(r->manifest, "models"), model), key));

    return text != NULL ? text : "";
}

const char *view_model(const struct view *r, size_t model)
{
    return view_model_text(r, model, "name");
}

const char *view_note(const struct view *r, const char *point, const char *model, const char *metric,
                      const char *statistic)
{
    for (size_t i = 0; i < r->notes.rows; i++)
        if (strcmp(csv_cell(&r->notes, i, 0), point) == 0 && strcmp(csv_cell(&r->notes, i, 1), model) == 0 &&
            *csv_cell(&r->notes, i, 2) == '\0' && strcmp(csv_cell(&r->notes, i, 3), metric) == 0 &&
            strcmp(csv_cell(&r->notes, i, 4), statistic) == 0)
            return csv_cell(&r->notes, i, 5);
    return "";
}

bool view_figure(const struct view *r, size_t point, size_t model, const char *metric, const char *statistic,
                 struct shown_figure *out)
{
    const char *name = view_model(r, model), *point_name = view_point_name(r, point);
    const char *note = view_note(r, point_name, name, metric, statistic);

    *out = (struct shown_figure){.at_least = strcmp(note, "lower_bound") == 0,
                                 .undecided = strcmp(note, "undecided") == 0};
    for (size_t i = r->point_begin[point]; i < r->point_begin[point + 1]; i++) {
        if (strcmp(csv_cell(&r->metrics, i, 1), name) != 0 ||
            strcmp(csv_cell(&r->metrics, i, 2), metric) != 0 ||
            strcmp(csv_cell(&r->metrics, i, 3), statistic) != 0)
            continue;
        out->value = strtod(csv_cell(&r->metrics, i, 4), NULL);
        out->has_interval = *csv_cell(&r->metrics, i, 5) != '\0';
        out->low = out->has_interval ? strtod(csv_cell(&r->metrics, i, 5), NULL) : out->value;
        out->high = out->has_interval ? strtod(csv_cell(&r->metrics, i, 6), NULL) : out->value;
        out->replications = strtoul(csv_cell(&r->metrics, i, 7), NULL, 10);
        return true;
    }
    return false;
}

bool view_has_any(const struct view *r, size_t point, const char *const metrics[2])
{
    struct shown_figure f;

    for (size_t m = 0; m < r->model_count; m++)
        for (int i = 0; i < 2; i++)
            if (metrics[i] != NULL && ((view_figure(r, point, m, metrics[i], "value", &f) && f.value > 0) ||
                                       view_figure(r, point, m, metrics[i], "p50", &f)))
                return true;
    return false;
}
