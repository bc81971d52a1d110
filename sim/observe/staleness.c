/* staleness.c -- a walk from the newest write down to the first that the answer reflects.
 *
 * What one replica state reflects is a prefix of the key's writes by version (BY_ORDER), or of each taker's
 * (BY_MERGE), so below the first that it reflects there is nothing missed: of those taken before that state
 * was read. A write that committed before the read began was; only a state read before that does not allow to
 * stop. */
#include "sim/observe/staleness.h"

#include "sim/base/hot.h"
#include "sim/model/model.h"

void staleness_open(struct staleness *s, const struct history_setting *setting, struct histogram_queue *queue)
{
    *s = (struct staleness){.setting = setting, .queue = queue};
    s->regions = memory_new(setting->region_count, sizeof *s->regions);
    s->pairs = memory_new((size_t)setting->region_count * setting->region_count, sizeof *s->pairs);
    s->visibility_stale = memory_new(setting->probe_after_count, sizeof *s->visibility_stale);
    s->visibility_probes = memory_new(setting->probe_after_count, sizeof *s->visibility_probes);
}

void staleness_close(struct staleness *s)
{
    for (uint32_t g = 0; g < s->setting->region_count; g++) {
        histogram_free(&s->regions[g].ms);
        histogram_free(&s->regions[g].versions);
    }
    for (size_t p = 0; p < (size_t)s->setting->region_count * s->setting->region_count; p++)
        histogram_free(&s->pairs[p]);
    free(s->pairs);
    free(s->regions);
    free(s->visibility_stale);
    free(s->visibility_probes);
}

HOT bool reflected(const struct ledger *l, const struct operations *o, const struct operation *op,
                   const struct live_write *w)
{
    for (const struct operation_sample *s = operations_sample_first(o, op); s != NULL;
         s = operations_sample_next(o, s))
        if (ledger_reflected(l, w, s->node, s->instant))
            return true;
    return false;
}

static bool read_before_it_began(const struct operations *o, const struct operation *op)
{
    for (const struct operation_sample *s = operations_sample_first(o, op); s != NULL;
         s = operations_sample_next(o, s))
        if (s->instant < op->begin_position)
            return true;
    return false;
}

/* True: it is reflected, so what is older needs no look. */
HOT bool judge(const struct ledger *l, const struct operations *o, const struct operation *op,
               const struct live_write *w, struct missed *m)
{
    if (reflected(l, o, op, w))
        return true;
    if (w->commit_position != 0 && w->commit_position < op->begin_position) {
        if (m->count == 0 || w->commit_time < m->oldest_commit) {
            m->oldest_commit = w->commit_time;
            m->oldest = w;
        }
        m->count++;
        if (w->session == op->session && history_op_region(w->id) == op->region)
            m->own = w;
    }
    return false;
}

/* As most: an answer from one replica, which was read after the read began and reflected the newest write. */
static bool newest_reflected(const struct ledger *l, const struct operation *op, const struct live_write *w)
{
    return w != NULL && op->sampled && op->sample.next == 0 && op->sample.instant >= op->begin_position &&
           ledger_reflected(l, w, op->sample.node, op->sample.instant);
}

/* Of a key that has an entry; whether its newest was reflected has been looked at. */
static struct missed missed_of(const struct ledger *l, const struct operations *o, const struct operation *op)
{
    const struct key_entry *e = ledger_entry(l, op->key);
    struct missed m = {0};
    bool to_the_end = read_before_it_began(o, op);
    if (!l->setting->by_merge) {
        for (const struct live_write *w = e->lane_newest; w != NULL; w = w->lane_older) {
            if (!judge(l, o, op, w, &m))
                continue;
            if (m.newest == NULL)
                m.newest = w;
            if (!to_the_end)
                break;
        }
        return m;
    }
    for (uint32_t slot = 0; slot < e->slot_count; slot++)
        for (const struct live_write *w = e->slots[slot].newest; w != NULL; w = w->slot_older)
            if (judge(l, o, op, w, &m) && !to_the_end)
                break;
    return m;
}

struct missed staleness_missed(const struct ledger *l, const struct operations *o, const struct operation *op)
{
    const struct key_entry *e = ledger_entry(l, op->key);

    if (e == NULL)
        return (struct missed){0};
    if (newest_reflected(l, op, e->lane_newest))
        return (struct missed){.newest = e->lane_newest};
    return missed_of(l, o, op);
}

void staleness_probe(struct staleness *s, const struct ledger *l, const struct operations *o,
                     const struct operation *op)
{
    const struct live_write *w = ledger_find(l, op->probe_of);

    if (!op->in_window || op->probe_after >= s->setting->probe_after_count)
        return;
    s->visibility_probes[op->probe_after]++;
    s->visibility_stale[op->probe_after] += w != NULL && !reflected(l, o, op, w);
}

struct check_breach breach_of(const struct ledger *l, uint64_t op, const struct live_write *w, uint32_t node)
{
    struct check_breach b = {.op = op, .against = w->id, .node = node, .fault = LEDGER_NO_FAULT};
    struct ledger_loss loss;

    if (ledger_lost(l, w, node, &loss)) {
        b.loss = loss.kind;
        b.lost_at = loss.node;
        b.fault = loss.fault;
        b.lost_time = loss.time;
    }
    return b;
}

static void note_breach(const struct staleness *s, const struct ledger *l, const struct operations *o,
                        const struct operation *op, enum geo_check check, const struct live_write *w)
{
    const struct operation_sample *first = operations_sample_first(o, op);

    if (first != NULL) {
        struct check_breach b = breach_of(l, op->op, w, first->node);
        checks_note_breach(s->checks, check, &b);
    }
}

const struct live_write *staleness_end(struct staleness *s, const struct ledger *l,
                                       const struct operations *o, const struct operation *op,
                                       struct series_bin *bin)
{
    const struct live_write *top = ledger_entry(l, op->key)->lane_newest;
    if (newest_reflected(l, op, top)) {
        staleness_fresh(s, op, bin);
        return top;
    }
    struct missed m = missed_of(l, o, op);
    if (m.count == 0) {
        staleness_fresh(s, op, bin);
        return m.newest;
    }
    sim_ns stale_ns = op->begin_time - m.oldest_commit;
    struct staleness_region *region = &s->regions[op->region];

    series_add(bin, SERIES_STALE_READ_FRACTION, 1);
    series_add_value(bin, SERIES_READ_STALENESS, (double)stale_ns / 1e6);
    if (s->checks != NULL) {
        checks_note_staleness(s->checks, op->op, stale_ns, m.count);
        if (m.own != NULL) {
            checks_note_violation(s->checks, GEO_READ_YOUR_WRITES, op->op);
            note_breach(s, l, o, op, GEO_READ_YOUR_WRITES, m.own);
        }
        if (l->losses.count > 0)
            note_breach(s, l, o, op, GEO_CHECKS, m.oldest);
    }
    if (!op->in_window)
        return m.newest;
    region->reads++;
    region->stale++;
    region->not_own += m.own != NULL;
    histogram_queue_add(s->queue, &region->ms, stale_ns);
    histogram_queue_add(s->queue,
                        &s->pairs[s->setting->node_region[m.oldest->entry->slots[m.oldest->slot].node] *
                                      s->setting->region_count +
                                  op->region],
                        stale_ns);
    histogram_add(&region->versions, (int64_t)m.count);
    return m.newest;
}

void staleness_finish(struct staleness *s)
{
    for (uint32_t g = 0; g < s->setting->region_count; g++) {
        uint64_t fresh = s->regions[g].reads - s->regions[g].stale;
        histogram_add_many(&s->regions[g].ms, 0, fresh);
        histogram_add_many(&s->regions[g].versions, 0, fresh);
    }
}

static void put_of(const struct staleness_region *sum, struct figure_list *f, int32_t region)
{
    figures_put_share(f, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE, region, sum->stale, sum->reads);
    figures_put_histogram(f, METRIC_READ_STALENESS, region, false, &sum->ms);
    figures_put_histogram(f, METRIC_READ_STALENESS_VERSIONS, region, false, &sum->versions);
}

void staleness_put(const struct staleness *s, struct figure_list *f)
{
    struct staleness_region all = {0};

    for (uint32_t g = 0; g < s->setting->region_count; g++) {
        const struct staleness_region *region = &s->regions[g];
        histogram_merge(&all.ms, &region->ms);
        histogram_merge(&all.versions, &region->versions);
        all.reads += region->reads;
        all.stale += region->stale;
        all.not_own += region->not_own;
        put_of(region, f, (int32_t)g);
    }
    put_of(&all, f, ALL_REGIONS);
    figures_put(f, METRIC_READ_YOUR_WRITES, STATISTIC_VALUE, ALL_REGIONS, (double)all.not_own);
    figures_put_share(f, METRIC_READ_YOUR_WRITES, STATISTIC_PER_READ, ALL_REGIONS, all.not_own, all.reads);
    histogram_free(&all.ms);
    histogram_free(&all.versions);
}

void staleness_put_visibility(const struct staleness *s, struct figure_list *f)
{
    struct trial_figures *figures = figure_list_look(f);
    uint32_t points = s->setting->probe_after_count;

    figures->visibility_count = points;
    figures->visibility_stale = memory_new(points, sizeof *figures->visibility_stale);
    figures->visibility_probes = memory_new(points, sizeof *figures->visibility_probes);
    for (uint32_t i = 0; i < points; i++) {
        figures->visibility_stale[i] = s->visibility_stale[i];
        figures->visibility_probes[i] = s->visibility_probes[i];
    }
}
