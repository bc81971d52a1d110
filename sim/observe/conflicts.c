/* conflicts.c -- counts of what the ledger finds (ledger_reach.c, ledger_apply.c). */
#include "sim/observe/conflicts.h"

#include <string.h>

void conflicts_pair(struct conflicts *c, const struct live_write *later)
{
    c->pairs += later->in_window;
}

void conflicts_lost(struct conflicts *c, const struct live_write *w)
{
    if (!w->in_window)
        return;
    c->lost[w->cause]++;
    c->skew[w->cause] += w->skew;
    c->causal += w->causal;
    if (c->example_count < CONFLICT_EXAMPLES)
        c->examples[c->example_count++] = conflicts_figure(w);
}

struct loss_figure conflicts_figure(const struct live_write *w)
{
    return (struct loss_figure){.operation = w->id,
                                .winner = w->lost_for,
                                .key = w->entry->key,
                                .time = w->lost_time,
                                .node = w->lost_at,
                                .cause = w->cause,
                                .skew = w->skew,
                                .causal = w->causal};
}

static void put(const struct conflicts *c, struct figure_list *f, enum metric_id metric, uint64_t count)
{
    figures_put(f, metric, STATISTIC_VALUE, ALL_REGIONS, (double)count);
    figures_put_share(f, metric, STATISTIC_PER_WRITE, ALL_REGIONS, count, c->committed);
}

/* The whole, and its parts beside it in the table of metrics. */
static void put_by_cause(const struct conflicts *c, struct figure_list *f, enum metric_id whole,
                         enum metric_id first, const uint64_t by_cause[LOSS_CAUSES])
{
    uint64_t sum = 0;

    for (int cause = 0; cause < LOSS_CAUSES; cause++)
        sum += by_cause[cause];
    put(c, f, whole, sum);
    for (int cause = 0; cause < LOSS_CAUSES; cause++)
        put(c, f, (enum metric_id)((int)first + cause), by_cause[cause]);
}

void conflicts_put(const struct conflicts *c, struct figure_list *f)
{
    struct trial_figures *figures = figure_list_look(f);

    put(c, f, METRIC_CONFLICTS, c->pairs);
    put_by_cause(c, f, METRIC_LOST_UPDATES, METRIC_LOST_UPDATES_BY_CAUSE, c->lost);
    put_by_cause(c, f, METRIC_SKEW_INVERSIONS, METRIC_SKEW_INVERSIONS_BY_CAUSE, c->skew);
    put(c, f, METRIC_CAUSAL_INVERSIONS, c->causal);
    if (c->example_count == 0)
        return;
    figures->losses = memory_new(c->example_count, sizeof *figures->losses);
    memcpy(figures->losses, c->examples, c->example_count * sizeof *figures->losses);
    figures->loss_count = c->example_count;
}
