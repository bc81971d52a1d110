/* charts.h -- the pictures of a results folder, by gnuplot. charts.c is the one file that knows gnuplot. */
#ifndef GEOREP_CLI_CHARTS_H
#define GEOREP_CLI_CHARTS_H

#include "sim/cli/view.h"

enum chart_format { CHART_SVG = 1, CHART_PNG = 2, CHART_PDF = 4 };

#define CHART_POINTS_MOST 12 /* points of a sweep that get charts of their own */

/* 0: a name is unknown. "svg,png" */
unsigned chart_formats_parse(const char *text);

bool charts_can_draw(const char **why_not); /* is there a gnuplot, and are our scripts there? */

/* Draws all into FOLDER/charts, which is put there whole. The parts that fail are said in `f`. */
bool charts_draw(const struct view *r, unsigned formats, struct failure *f);

/* The picture of a figure of a point, in the folder: "charts/latency.svg", "charts/latency-2.svg"; the
 * caller's. */
char *chart_path(const struct view *r, size_t point, const char *figure, const char *extension);

#endif
