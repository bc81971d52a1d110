/* view.h -- a results folder, read back: what the table, the JSON, the charts and the page are all made from,
 * so that they say the same, whether right after the run or a year later. */
#ifndef GEOREP_CLI_VIEW_H
#define GEOREP_CLI_VIEW_H

#include "sim/experiment/failure.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A CSV file in memory: its cells are zero-terminated. */
struct csv_rows {
    char *text;
    const char **cells; /* [row * columns + column], without the header */
    size_t rows, columns;
};

/* With `point` not NULL only rows whose first cell is that. */
bool csv_rows_read(struct csv_rows *out, const char *path, const char *point, struct failure *f);
void csv_rows_free(struct csv_rows *rows);
static inline const char *csv_cell(const struct csv_rows *rows, size_t row, size_t column)
{
    return rows->cells[row * rows->columns + column];
}

struct view {
    char *folder;
    json_t *manifest;
    const char *name;
    size_t point_count, model_count;
    struct csv_rows metrics, notes, verdicts, expectations, theory; /* of all points */
    size_t *point_begin;                                            /* [point_count + 1]: rows of metrics */
};

/* One figure of metrics.csv. */
struct shown_figure {
    double value, low, high;
    bool has_interval, at_least, undecided;
    unsigned long replications;
};

struct view *view_open(const char *folder, struct failure *f); /* NULL: it is no results folder of georep */
void view_free(struct view *r);

const json_t *view_point(const struct view *r, size_t index);    /* of the manifest */
const char *view_point_name(const struct view *r, size_t index); /* as in the first column of every table */
char *view_point_title(const struct view *r,
                       size_t index); /* "network.loss = 1%"; the caller's; "" without a sweep */
const char *view_model(const struct view *r, size_t model);
const char *view_model_text(const struct view *r, size_t model, const char *key); /* "type", "strategy" */

/* Of notes.csv, over all regions: of a metric's statistic, or (statistic "") of a check; "" if there is none.
 */
const char *view_note(const struct view *r, const char *point, const char *model, const char *metric,
                      const char *statistic);

/* Has some model a "value" above 0, or a "p50", of one of the metrics (the second may be NULL)? */
bool view_has_any(const struct view *r, size_t point, const char *const metrics[2]);

/* false: no such row (or undecided, which it says). */
bool view_figure(const struct view *r, size_t point, size_t model, const char *metric, const char *statistic,
                 struct shown_figure *out);

#endif
