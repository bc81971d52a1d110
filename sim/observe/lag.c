/* lag.c -- see lag.h. */
#include "sim/observe/lag.h"

void lag_open(struct lag *l, const struct history_setting *s, struct series *series,
              struct histogram_queue *queue)
{
    *l = (struct lag){.setting = s, .series = series, .queue = queue, .replicas = places_replicas(s)};
    l->pairs = memory_new((size_t)s->region_count * s->region_count, sizeof *l->pairs);
}

void lag_close(struct lag *l)
{
    for (uint32_t i = 0; i < l->setting->region_count * l->setting->region_count; i++)
        histogram_free(&l->pairs[i].ns);
    histogram_free(&l->convergence);
    free(l->pairs);
}

/* One replica of one write; `bins`: of the series at its commit, of all regions. */
HOT void lag_add(struct lag *l, const struct live_write *w, struct series_bin *bins, uint32_t from,
                 uint32_t to, sim_ns lag, bool at_least)
{
    struct lag_pair *pair = &l->pairs[from * l->setting->region_count + to];

    series_add(&bins[to * SERIES], SERIES_REPLICATION_LAG, (double)lag / 1e6);
    if (!w->in_window)
        return;
    histogram_queue_add(l->queue, &pair->ns, lag);
    pair->at_least |= at_least;
}

/* What is not applied counts until `end_ns` if its replica is up. */
static void count(struct lag *l, const struct live_write *w, const bool *up, uint32_t replicas, sim_ns end_ns)
{
    const struct key_entry *e = w->entry;
    uint32_t none = l->setting->region_count;
    struct series_bin *bins = series_at(l->series, 0, w->commit_time);
    uint32_t from = w->first == LEDGER_NO_ROW ? none : l->setting->node_region[e->rows[w->first].node];
    sim_ns last = 0;
    bool at_least = false;

    for (uint32_t row = 0; row < replicas; row++) {
        uint32_t node = e->rows[row].node, to = l->setting->node_region[node];
        bool applied = w->applied[row].position != 0;
        if (!applied && (up == NULL || !up[node]))
            continue;
        sim_ns lag = (applied ? w->applied[row].time : end_ns) - w->commit_time;
        if (lag < 0)
            lag = 0;
        if (lag > last)
            last = lag;
        at_least |= !applied;
        if (to != from)
            lag_add(l, w, bins, from == none ? to : from, to, lag, !applied);
    }
    if (!w->in_window)
        return;
    histogram_queue_add(l->queue, &l->convergence, last);
    l->convergence_at_least |= at_least;
    l->unapplied += at_least;
}

void lag_settled(struct lag *l, const struct live_write *w)
{
    count(l, w, NULL, l->replicas, 0);
}

void lag_finish(struct lag *l, const struct ledger *ledger, sim_ns end_ns)
{
    for (size_t i = 0; i < ledger->entries.count; i++) {
        const struct key_entry *e = ledger->entries.items[i];
        for (uint32_t slot = 0; slot < e->slot_count; slot++)
            for (const struct live_write *w = e->slots[slot].oldest; w != NULL; w = w->slot_newer)
                if (w->commit_position != 0 && !w->settled)
                    count(l, w, ledger->up, l->replicas, end_ns);
    }
}

void lag_put(const struct lag *l, struct figure_list *f)
{
    struct histogram all = {0};
    bool at_least = false;

    for (uint32_t i = 0; i < l->setting->region_count * l->setting->region_count; i++) {
        histogram_merge(&all, &l->pairs[i].ns);
        at_least |= l->pairs[i].at_least;
    }
    figures_put_histogram(f, METRIC_REPLICATION_LAG, ALL_REGIONS, at_least, &all);
    histogram_free(&all);
    figures_put_histogram(f, METRIC_CONVERGENCE, ALL_REGIONS, l->convergence_at_least, &l->convergence);
    figures_put(f, METRIC_UNAPPLIED, STATISTIC_VALUE, ALL_REGIONS, (double)l->unapplied);
}
