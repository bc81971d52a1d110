/* conflicts.c -- counts of what the ledger finds (ledger_reach.c, ledger_apply.c). */
#include "sim/observe/conflicts.h"

void conflicts_pair(struct conflicts *c, const struct live_write *later)
{
    c->pairs += later->in_window;
}

void conflicts_lost(struct conflicts *c, const struct live_write *w)
{
    if (!w->in_window)
        return;
    c->lost++;
    c->skew += w->skew;
    c->causal += w->causal;
}

static void put(const struct conflicts *c, struct figure_list *f, enum metric_id metric, uint64_t count)
{
    figures_put(f, metric, STATISTIC_VALUE, ALL_REGIONS, (double)count);
    figures_put_share(f, metric, STATISTIC_PER_WRITE, ALL_REGIONS, count, c->committed);
}

void conflicts_put(const struct conflicts *c, struct figure_list *f)
{
    put(c, f, METRIC_CONFLICTS, c->pairs);
    put(c, f, METRIC_LOST_UPDATES, c->lost);
    put(c, f, METRIC_SKEW_INVERSIONS, c->skew);
    put(c, f, METRIC_CAUSAL_INVERSIONS, c->causal);
}
