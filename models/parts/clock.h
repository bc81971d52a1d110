/* clock.h -- the three clocks that can stamp a write, as one number each: the next stamp is larger than ...
 *
 *     wall      nothing: it is what the node's clock says, and a clock that is ahead, behind or set back says
 *               so too
 *     lamport   all stamps that this node gave or saw (Lamport 1978): respects happens-before, knows no time
 *     hybrid    as lamport, and not behind the node's clock (Kulkarni et al. 2014, "Logical Physical
 *               Clocks"): respects happens-before and is at most the fastest clock of those it has heard
 *               from, plus one nanosecond for each event that it was ahead for. Their pair (l, c) is one
 *               number here: l in nanoseconds, c counted in its last digits
 *
 * The state is one number; what keeps it durable is the model's business (a lamport clock that forgets goes
 * back).
 */
#ifndef GEOREP_MODELS_PARTS_CLOCK_H
#define GEOREP_MODELS_PARTS_CLOCK_H

#include "sim/model/model.h"

enum clock_kind { CLOCK_WALL, CLOCK_LAMPORT, CLOCK_HYBRID };

struct clock {
    geo_ns last; /* the largest stamp given or seen */
};

/* A stamp for an event of this node; `now` is what its clock says. */
static inline geo_ns clock_stamp(struct clock *c, enum clock_kind kind, geo_ns now)
{
    if (kind == CLOCK_WALL)
        return now;
    c->last = kind == CLOCK_HYBRID && now > c->last ? now : c->last + 1;
    return c->last;
}

/* A stamp came from elsewhere: what is stamped from now on is larger (but on a wall clock). */
static inline void clock_observe(struct clock *c, geo_ns stamp)
{
    if (stamp > c->last)
        c->last = stamp;
}

#endif
