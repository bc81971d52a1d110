/* sweep.h -- the sweep of a scenario: paths, their values, and the points of their product. */
#ifndef GEOREP_SCENARIO_SWEEP_H
#define GEOREP_SCENARIO_SWEEP_H

#include "sim/scenario/reading.h"

struct sweep_path {
    const char *path;
    const struct node *const *values;
    const char **texts; /* as in points.csv */
    size_t count;
};

struct sweep {
    struct sweep_path *paths;
    const char **names; /* of the paths */
    size_t path_count;
    size_t point_count; /* 1 without paths */
};

/* Of the tree's `sweep`; errors are in r->d, and then the sweep is as far as it could be read. */
struct sweep sweep_read(struct reading *r, const struct node *root);

/* Which value of a path a point has: the last path changes fastest. */
size_t sweep_value_index(const struct sweep *s, size_t point, size_t path);

#endif
