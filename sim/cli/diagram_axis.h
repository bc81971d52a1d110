/* diagram_axis.h -- from time to pixels: one scale, with idle stretches cut out. Private to the diagram. */
#ifndef GEOREP_CLI_DIAGRAM_AXIS_H
#define GEOREP_CLI_DIAGRAM_AXIS_H

#include "sim/base/array.h"
#include "sim/engine/time.h"

#include <stdbool.h>

struct axis_knot {
    sim_ns time;
    double y;
    bool broken; /* the stretch from here to the next knot is cut short */
};

struct axis {
    ARRAY(struct axis_knot) knots; /* by time, at least two */
    double px_per_ns;
    sim_ns tick_ns; /* between ticks: 1, 2 or 5 times a power of ten */
};

/* One scale from `from` to `to` over `height` px. */
void axis_open_plain(struct axis *a, sim_ns from, sim_ns to, double top, double height);

/* Knots at the instants (which it sorts); stretches longer than `stretch_most` px are cut to AXIS_BREAK px.
 */
void axis_open_broken(struct axis *a, sim_ns *instants, size_t count, double top, double px_per_ns,
                      double stretch_most);
void axis_close(struct axis *a);

double axis_y(const struct axis *a, sim_ns time); /* outside: the nearer end */
double axis_bottom(const struct axis *a);

/* The first tick at or after `time`. */
sim_ns axis_tick(const struct axis *a, sim_ns time);
bool axis_is_cut(const struct axis *a, sim_ns time); /* does it fall into a stretch that is cut short? */
int axis_decimals(const struct axis *a);             /* of a tick in seconds */

#define AXIS_BREAK 46.0

#endif
