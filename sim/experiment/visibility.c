/* visibility.c -- see visibility.h. */
#include "sim/experiment/visibility.h"

#include "sim/engine/elementary.h"

#include <math.h>

/* The first point beyond that time; -1: none. */
static int64_t next_point(const sim_ns *after, const double *stale, uint32_t points, double beyond)
{
    int64_t best = -1;

    for (uint32_t i = 0; i < points; i++)
        if (!isnan(stale[i]) && (double)after[i] > beyond && (best < 0 || after[i] < after[best]))
            best = i;
    return best;
}

bool visibility_quantile(const sim_ns *after, const double *stale, uint32_t points, double share, double *ns,
                         bool *at_least)
{
    int64_t last = -1; /* the last point that is above */

    *at_least = false;
    for (uint32_t i = 0; i < points; i++)
        if (!isnan(stale[i]) && stale[i] > share && (last < 0 || after[i] > after[last]))
            last = i;
    int64_t next = next_point(after, stale, points, last >= 0 ? (double)after[last] : -INFINITY);
    if (last < 0 && next < 0)
        return false;
    *at_least = next < 0;
    if (last < 0 || next < 0) {
        *ns = (double)after[last < 0 ? next : last];
        return true;
    }
    double from = (double)after[last], to = (double)after[next], part;
    if (stale[next] > 0)
        part = elementary_log(stale[last] / share) / elementary_log(stale[last] / stale[next]);
    else
        part = (stale[last] - share) / stale[last];
    *ns = from + part * (to - from);
    return true;
}
