/* leadership.c -- see leadership.h. There are few leaders, so they are looked through; what is done for each
 * TAKE and END begins by asking whether any overlap is on, which is nearly never. */
#include "sim/observe/leadership.h"

#include "sim/stats/histogram.h"

void leadership_open(struct leadership *l, const struct history_setting *s)
{
    *l = (struct leadership){.setting = s, .fault = -1};
}

void leadership_close(struct leadership *l)
{
    array_each (struct leader, leader, &l->leaders)
        array_free(&leader->taken);
    array_free(&l->leaders);
    array_free(&l->terms);
    histogram_free(&l->failover_ns);
}

static void overlap_begin(struct leadership *l, struct leader *leader, sim_ns time)
{
    if (leader->old || leader->paused || leader->term + 1 >= l->terms.items[leader->group])
        return;
    leader->old = true;
    leader->answered = false;
    leader->since = time;
    l->overlaps++;
}

static void overlap_end(struct leadership *l, struct leader *leader, sim_ns time)
{
    const struct history_setting *s = l->setting;

    if (!leader->old)
        return;
    sim_ns from = leader->since > s->warmup ? leader->since : s->warmup;
    sim_ns to = time < s->duration ? time : s->duration;
    if (leader->answered && to > from)
        l->two += to - from;
    leader->old = false;
    leader->taken.count = 0;
    l->overlaps--;
}

static void leave(struct leadership *l, size_t index, sim_ns time)
{
    struct leader *leader = &l->leaders.items[index];

    overlap_end(l, leader, time);
    array_free(&leader->taken);
    for (size_t i = index + 1; i < l->leaders.count; i++)
        l->leaders.items[i - 1] = l->leaders.items[i];
    l->leaders.count--;
}

static void leave_group(struct leadership *l, uint32_t node, uint32_t group, sim_ns time)
{
    for (size_t i = l->leaders.count; i-- > 0;)
        if (l->leaders.items[i].node == node && l->leaders.items[i].group == group)
            leave(l, i, time);
}

void leadership_fault(struct leadership *l, const struct history_record *r)
{
    uint8_t kind = l->setting->faults[r->fault.index].kind;

    if (r->fault.begins && (kind == FAULT_PARTITION || kind == FAULT_CUT || kind == FAULT_SLOW ||
                            kind == FAULT_CRASH || kind == FAULT_OVERLOAD || kind == FAULT_SWITCHOVER))
        l->fault = r->time;
}

void leadership_leads(struct leadership *l, const struct history_record *r)
{
    uint32_t group = r->leads.group;

    l->told = true;
    leave_group(l, r->node, group, r->time);
    if (!r->leads.yes)
        return;
    while (l->terms.count <= group)
        *array_add(&l->terms) = 0;
    uint64_t *highest = &l->terms.items[group];
    if (r->leads.term >= *highest) {
        bool in_window = r->time >= l->setting->warmup && r->time < l->setting->duration;
        if (*highest != 0 && in_window) {
            l->failovers++;
            if (l->fault >= 0)
                histogram_add(&l->failover_ns, r->time - l->fault);
        }
        *highest = r->leads.term + 1;
    }
    *array_add(&l->leaders) = (struct leader){.node = r->node, .group = group, .term = r->leads.term};
    array_each (struct leader, leader, &l->leaders)
        if (leader->group == group)
            overlap_begin(l, leader, r->time);
}

void leadership_down(struct leadership *l, const struct history_record *r)
{
    for (size_t i = l->leaders.count; i-- > 0;) {
        struct leader *leader = &l->leaders.items[i];
        if (leader->node != r->node)
            continue;
        if (r->down.lose != LOSE_NOTHING) {
            leave(l, i, r->time);
            continue;
        }
        overlap_end(l, leader, r->time);
        leader->paused = true;
    }
}

void leadership_up(struct leadership *l, const struct history_record *r)
{
    array_each (struct leader, leader, &l->leaders)
        if (leader->node == r->node) {
            leader->paused = false;
            overlap_begin(l, leader, r->time);
        }
}

void leadership_take(struct leadership *l, const struct history_record *r)
{
    if (l->overlaps == 0)
        return;
    array_each (struct leader, leader, &l->leaders)
        if (leader->old && !leader->answered && leader->node == r->node)
            *array_add(&leader->taken) = r->op;
}

void leadership_end(struct leadership *l, const struct history_record *r, bool well)
{
    if (l->overlaps == 0 || !well)
        return;
    array_each (struct leader, leader, &l->leaders)
        for (size_t i = 0; leader->old && i < leader->taken.count; i++)
            if (leader->taken.items[i] == r->op) {
                leader->answered = true;
                leader->taken.count = 0;
            }
}

void leadership_finish(struct leadership *l, sim_ns end_ns)
{
    array_each (struct leader, leader, &l->leaders)
        overlap_end(l, leader, end_ns);
}

void leadership_put(const struct leadership *l, struct figure_list *f)
{
    struct histogram two = {0};

    if (!l->told)
        return;
    histogram_add(&two, l->two);
    figures_put(f, METRIC_FAILOVERS, STATISTIC_VALUE, ALL_REGIONS, (double)l->failovers);
    figures_put_histogram(f, METRIC_FAILOVER_TIME, ALL_REGIONS, false, &l->failover_ns);
    figures_put_histogram(f, METRIC_TWO_LEADERS, ALL_REGIONS, false, &two);
    histogram_free(&two);
}
