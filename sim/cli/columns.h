/* columns.h -- which figures a comparison shows, side by side, and how each is written. Shared by the
 * terminal's table and the page's. */
#ifndef GEOREP_CLI_COLUMNS_H
#define GEOREP_CLI_COLUMNS_H

#include "sim/cli/view.h"

struct column_def {
    const char *title, *unit; /* "write p99", "ms" */
    const char *metric, *statistic;
    double scale; /* value shown = value x scale */
    const char *
        flattered_by; /* the availability whose failures may exceed what the percentile leaves out, or NULL */
    double leaves_out; /* 0.01 for p99 */
    int better;        /* 1: more is better, -1: less is, 0: neither */
};

struct column_group {
    const char *title;
    const struct column_def *columns;
    size_t count;
    const char *if_any[2]; /* shown only where some model has any of these metrics; NULL: always */
};

extern const struct column_group column_groups[];
extern const size_t column_group_count;
bool column_group_is_shown(const struct view *r, size_t point, const struct column_group *group);

/* One cell in words: "12.3" and "0.4"; value "-" where there is nothing, "?" where it is undecided. */
struct cell_text {
    char value[40];
    char half[24];  /* half of the interval, "" where there is none to show */
    bool flattered; /* mark it with ! */
    bool there;
    double number;
};

struct cell_text column_cell(const struct view *r, size_t point, size_t model,
                             const struct column_def *column);

#endif
