/* causes.c -- see causes.h. */
#include "sim/observe/causes.h"

const char *const loss_cause_names[LOSS_CAUSES] = {
    [LOSS_CONCURRENT] = "concurrent",     [LOSS_CLOCK_OFFSET] = "clock offset", [LOSS_DRIFT] = "drift",
    [LOSS_LATE_ARRIVAL] = "late arrival", [LOSS_FAILOVER] = "failover",
};

/* The stamp without this part of its clock's error: `own` and `from` are what is left of the taker's own, and
 * what is taken away of the one it was read from. */
static int64_t stamp_without(const struct loss_stamp *s, sim_ns own, sim_ns from)
{
    int64_t clock = s->taken + own, inherited = s->stamp - from;

    return clock > inherited ? clock : inherited;
}

/* By how much W is ahead, ties by identity counting half a nanosecond. */
static int64_t ahead(int64_t winner, uint64_t winner_write, int64_t loser, uint64_t loser_write)
{
    return 2 * (winner - loser) + (winner_write > loser_write ? 1 : -1);
}

bool loss_by_clocks(const struct loss_stamp *l, const struct loss_stamp *w, enum loss_cause *cause)
{
    if (!l->by_clock || !w->by_clock)
        return false;
    int64_t both = ahead(stamp_without(w, 0, w->from.offset + w->from.drift), w->write,
                         stamp_without(l, 0, l->from.offset + l->from.drift), l->write);
    int64_t offset = ahead(stamp_without(w, w->own.drift, w->from.offset), w->write,
                           stamp_without(l, l->own.drift, l->from.offset), l->write);
    int64_t drift = ahead(stamp_without(w, w->own.offset, w->from.drift), w->write,
                          stamp_without(l, l->own.offset, l->from.drift), l->write);
    bool offset_mends = offset < 0, drift_mends = drift < 0;

    if (both > 0 || ahead(w->stamp, w->write, l->stamp, l->write) < 0)
        return false;
    if (offset_mends != drift_mends)
        *cause = offset_mends ? LOSS_CLOCK_OFFSET : LOSS_DRIFT;
    else
        *cause = drift < offset ? LOSS_DRIFT : LOSS_CLOCK_OFFSET;
    return true;
}
