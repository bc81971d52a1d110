/* manifest.h -- manifest.json: all that is needed to run it again, and what the pictures and the page need
 * beside the figures. Private to the results folder. */
#ifndef GEOREP_EXPERIMENT_MANIFEST_H
#define GEOREP_EXPERIMENT_MANIFEST_H

#include "sim/experiment/results.h"

#include <jansson.h>

/* What a point adds: its number, swept values, replications, regions, faults that can be told beforehand. */
json_t *manifest_point(const struct document *doc, size_t point, const struct scenario *s,
                       const struct gathering *g);

/* The text of the whole; takes `points` and `inputs` (arrays) over. The caller's. */
char *manifest_text(const struct results_def *def, const struct results_run *run, json_t *points,
                    json_t *inputs);

#endif
