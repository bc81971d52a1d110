/* chart_data.h -- the data files of the figures (plots/README.md), from the tables of a results folder. They
 * are columns put side by side: nothing is computed here but the middle of a bin. */
#ifndef GEOREP_CLI_CHART_DATA_H
#define GEOREP_CLI_CHART_DATA_H

#include "sim/cli/view.h"

struct chart_def {
    const char *figure;  /* the script's name and the picture's */
    const char *caption; /* for the page */
    bool faults, bars;
    const char *if_any[2]; /* drawn only where some model has any of these metrics; NULL: always */
};

extern const struct chart_def chart_defs[];
extern const size_t chart_count;

bool chart_is_drawn(const struct view *r, size_t point, const struct chart_def *def);

/* The tables of one point that the charts draw from. */
struct chart_tables {
    struct csv_rows series, visibility, distributions;
};

bool chart_tables_read(struct chart_tables *t, const struct view *r, size_t point, struct failure *f);
void chart_tables_free(struct chart_tables *t);

/* Texts; the caller's. chart_bars is NULL for a figure without. */
char *chart_data(const struct view *r, size_t point, const struct chart_tables *t, const char *figure);
char *chart_bars(const struct view *r, size_t point, const char *figure);
char *chart_faults(const struct view *r, size_t point);

#endif
