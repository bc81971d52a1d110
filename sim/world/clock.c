/* clock.c -- see clock.h.
 *
 * Synchronisation number i is at phase + i x every, i >= -1, and draws its own error: which one is the last
 * follows from the time alone, so nothing is scheduled. */
#include "sim/world/clock.h"

#include <math.h>

enum { DRAW_OFFSET, DRAW_DRIFT, DRAW_PHASE, DRAW_ERROR };

/* `uncertainty` must cover offset and error together: each may use half of it. (A draw that is cut stays
 * inside.) */
static double draw(const struct distribution *d, random_key key, uint64_t about, uint32_t what, bool cut,
                   double most)
{
    if (d == NULL)
        return 0;
    random_stream s = random_stream_new(key, about, what);
    double value = distribution_draw(d, &s);
    return cut ? fmax(-most, fmin(most, value)) : value;
}

void clock_open(struct clock *c, const struct clock_def *def, random_key key)
{
    bool both = def->cut_offset && def->cut_error && def->sync_error != NULL && def->offset != NULL;
    double most = (double)def->uncertainty_ns * (both ? 0.5 : 1);

    *c = (struct clock){.def = def, .key = key, .sync_index = INT64_MIN, .step_at_ns = -1};
    c->offset_ns = draw(def->offset, key, 0, DRAW_OFFSET, def->has_uncertainty && def->cut_offset, most);
    c->drift = draw(def->drift, key, 0, DRAW_DRIFT, false, 0);
    if (def->sync_every_ns > 0) {
        random_stream s = random_stream_new(key, 0, DRAW_PHASE);
        c->phase_ns = (sim_ns)random_below(&s, (uint64_t)def->sync_every_ns);
    }
}

/* Makes sync_at_ns and sync_error_ns those of the last synchronisation at or before `now`. */
static void look_up_sync(struct clock *c, sim_ns now)
{
    const struct clock_def *def = c->def;
    sim_ns since = now - c->phase_ns;
    int64_t index = since < 0 ? -1 : since / def->sync_every_ns;

    if (index == c->sync_index)
        return;
    bool both = def->cut_offset && def->cut_error && def->offset != NULL && def->sync_error != NULL;
    c->sync_index = index;
    c->sync_at_ns = c->phase_ns + index * def->sync_every_ns;
    c->sync_error_ns =
        draw(def->sync_error, c->key, (uint64_t)(index + 1), DRAW_ERROR,
             def->has_uncertainty && def->cut_error, (double)def->uncertainty_ns * (both ? 0.5 : 1));
    if (c->step_at_ns >= 0 && c->step_at_ns < c->sync_at_ns) {
        c->step_ns = 0;
        c->step_at_ns = -1;
    }
}

struct clock_reading clock_read(struct clock *c, sim_ns true_ns)
{
    double offset = c->offset_ns, drift;

    if (c->def->sync_every_ns > 0) {
        look_up_sync(c, true_ns);
        offset += c->sync_error_ns;
        drift = c->drift * (double)(true_ns - c->sync_at_ns);
    } else {
        drift = c->drift * (double)true_ns;
    }
    sim_ns error = (sim_ns)llrint(offset + drift + c->step_ns), drifted = (sim_ns)llrint(drift);
    return (struct clock_reading){.shown = true_ns + error, .offset = error - drifted, .drift = drifted};
}

sim_ns clock_now(struct clock *c, sim_ns true_ns)
{
    return clock_read(c, true_ns).shown;
}

sim_ns clock_steady(const struct clock *c, sim_ns true_ns)
{
    return true_ns + (sim_ns)llrint(c->drift * (double)true_ns);
}

void clock_step(struct clock *c, sim_ns true_ns, sim_ns by_ns)
{
    (void)clock_now(c, true_ns); /* an older step that a synchronisation has taken back is forgotten first */
    c->step_ns += (double)by_ns;
    c->step_at_ns = true_ns;
}
