/* clock.h -- a node's clock: clock - true = offset + the last synchronisation's error + drift x time since
 * it.
 *
 * A synchronisation (the first at a random phase) takes back drift and the steps that faults made; between 0
 * and the first, the clock is as after a synchronisation one period earlier. Without `sync` it runs free from
 * 0. All times are nanoseconds; the drift is a ratio (20ppm is 20e-6). What a clock shows is a function of
 * true time alone, so asking does not change it. */
#ifndef GEOREP_WORLD_CLOCK_H
#define GEOREP_WORLD_CLOCK_H

#include "sim/engine/random.h"
#include "sim/world/def.h"

struct clock {
    const struct clock_def *def;
    random_key key;
    double offset_ns, drift;
    sim_ns phase_ns;   /* of the first synchronisation */
    sim_ns sync_at_ns; /* the last one that was looked at, and its error */
    double sync_error_ns;
    int64_t sync_index; /* INT64_MIN: none yet */
    double step_ns;     /* faults since the last synchronisation */
    sim_ns step_at_ns;
};

/* What it shows at an instant, and how far that is from true time: shown = true + offset + drift. `drift` is
 * what the frequency error has made since the last synchronisation, `offset` all the rest: the lasting
 * offset, the last synchronisation's error, and steps. */
struct clock_reading {
    sim_ns shown, offset, drift;
};

void clock_open(struct clock *c, const struct clock_def *def, random_key key);
struct clock_reading clock_read(struct clock *c, sim_ns true_ns);
sim_ns clock_now(struct clock *c, sim_ns true_ns);          /* may go back */
sim_ns clock_steady(const struct clock *c, sim_ns true_ns); /* drifts, never steps */
void clock_step(struct clock *c, sim_ns true_ns, sim_ns by_ns);

#endif
