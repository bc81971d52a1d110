/* observe_naive_cause.h -- why a write was lost: the definitions of observe/causes.h, one by one, for the
 * naive oracle (observe_naive.h). */
#ifndef GEOREP_TESTS_OBSERVE_NAIVE_CAUSE_H
#define GEOREP_TESTS_OBSERVE_NAIVE_CAUSE_H

#include "tests/property/observe_naive_words.h"

static void naive_meets_stamp(struct naive *n, uint32_t node, int w)
{
    if (n->newest[node] < 0 || n->writes[w].priority > n->writes[n->newest[node]].priority)
        n->newest[node] = w;
}

static void naive_stamp(struct naive *n, struct naive_write *w, const struct history_record *r)
{
    int before = n->newest[r->node];

    w->taken = r->time;
    w->priority = r->take.priority;
    w->own_offset = w->from_offset = r->take.clock_offset;
    w->own_drift = w->from_drift = r->take.clock_drift;
    w->by_clock = w->priority == w->taken + w->own_offset + w->own_drift;
    if (w->by_clock || n->setting->by_merge || before < 0 || !n->writes[before].by_clock ||
        n->writes[before].priority != w->priority - 1)
        return;
    w->by_clock = true;
    w->from_offset = n->writes[before].from_offset;
    w->from_drift = n->writes[before].from_drift;
}

/* What it would be stamped if the clocks had no offset, or no drift, or neither. */
static int64_t naive_restamp(const struct naive_write *w, bool offset, bool drift)
{
    int64_t clock = w->taken + (offset ? w->own_offset : 0) + (drift ? w->own_drift : 0);
    int64_t read = w->priority - (offset ? 0 : w->from_offset) - (drift ? 0 : w->from_drift);

    return clock > read ? clock : read;
}

static bool naive_wins(const struct naive_write *a, const struct naive_write *b, bool offset, bool drift)
{
    int64_t of_a = naive_restamp(a, offset, drift), of_b = naive_restamp(b, offset, drift);

    return of_a != of_b ? of_a > of_b : a->id > b->id;
}

static bool naive_turned_round(const struct naive_write *l, const struct naive_write *w,
                               enum loss_cause *cause)
{
    if (!l->by_clock || !w->by_clock || !naive_wins(w, l, true, true) || naive_wins(w, l, false, false))
        return false;
    bool without_offset = naive_wins(l, w, false, true), without_drift = naive_wins(l, w, true, false);
    if (without_offset && !without_drift)
        *cause = LOSS_CLOCK_OFFSET;
    else if (without_drift && !without_offset)
        *cause = LOSS_DRIFT;
    else
        *cause = naive_restamp(w, true, false) - naive_restamp(l, true, false) <
                         naive_restamp(w, false, true) - naive_restamp(l, false, true)
                     ? LOSS_DRIFT
                     : LOSS_CLOCK_OFFSET;
    return true;
}

static enum loss_cause naive_cause(const struct naive *n, int loser, int winner)
{
    const struct naive_write *l = &n->writes[loser], *w = &n->writes[winner];
    const struct naive_write *early = l->took < w->took ? l : w, *late = early == l ? w : l;
    bool seen = l->seen.has[winner];
    uint64_t begins = late->begin_position != UINT64_MAX ? late->begin_position : late->took;
    bool after = seen || (early->over != 0 && early->over < begins);
    bool forgotten = w->forgot > l->took; /* by W's taker, in between */
    enum loss_cause cause;

    if (w->taker == l->taker ? forgotten : w->leads > l->leads && !seen)
        return LOSS_FAILOVER;
    if (early == w && after && naive_turned_round(l, w, &cause))
        return cause;
    sim_ns due = n->setting->due_ns[early->taker * n->setting->region_count + late->taker];
    if (!seen && (!after || late->taken <= early->taken + due))
        return LOSS_CONCURRENT;
    if (early == l && (forgotten || (l->down != 0 && l->down < w->took && l->taker != w->taker)))
        return LOSS_FAILOVER;
    return LOSS_LATE_ARRIVAL;
}

#endif
