/* recovery.c -- see recovery.h. A success of a region serves all faults that stood before its write began,
 * and faults stand in order: so each region has a mark up to which it has served them, and a success costs
 * nothing when there is no fault. */
#include "sim/observe/recovery.h"

void recovery_open(struct recovery *r, const struct history_setting *s)
{
    *r = (struct recovery){.setting = s};
    r->served = memory_new(s->region_count, sizeof *r->served);
    r->last_begin = memory_new(s->region_count, sizeof *r->last_begin);
    r->down_fault = memory_new(s->node_count, sizeof *r->down_fault);
    for (uint32_t n = 0; n < s->node_count; n++)
        r->down_fault[n] = LEDGER_NO_FAULT;
}

void recovery_close(struct recovery *r)
{
    array_free(&r->faults);
    free(r->served);
    free(r->last_begin);
    free(r->down_fault);
}

void recovery_fault_begins(struct recovery *r, const struct history_record *record, uint64_t position)
{
    const struct history_setting *s = r->setting;
    uint8_t kind = s->faults[record->fault.index].kind;

    if (kind != FAULT_CRASH && kind != FAULT_PARTITION && kind != FAULT_CUT)
        return;
    *array_add(&r->faults) = (struct recovery_fault){
        .position = position,
        .begin = record->time,
        .recovered = record->time,
        .in_window = record->time >= s->warmup && record->time < s->duration,
    };
}

uint32_t recovery_last_fault(const struct recovery *r)
{
    return r->faults.count == 0 ? LEDGER_NO_FAULT : (uint32_t)r->faults.count - 1;
}

void recovery_down(struct recovery *r, uint32_t node)
{
    r->down_fault[node] = recovery_last_fault(r);
}

void recovery_begin(struct recovery *r, const struct operation *op)
{
    r->last_begin[op->region] = op->begin_position;
}

static void serve(struct recovery *r, uint32_t region, uint64_t begin_position, sim_ns time, bool at_least)
{
    while (r->served[region] < r->faults.count) {
        struct recovery_fault *fault = &r->faults.items[r->served[region]];
        if (fault->position >= begin_position)
            return;
        fault->waited = true;
        fault->at_least |= at_least;
        if (time > fault->recovered)
            fault->recovered = time;
        r->served[region]++;
    }
}

void recovery_success(struct recovery *r, const struct operation *op, sim_ns time)
{
    serve(r, op->region, op->begin_position, time, false);
}

static void lose(struct recovery *r, uint32_t at, uint64_t count, sim_ns oldest, sim_ns newest)
{
    r->lost += count;
    if (at == LEDGER_NO_FAULT)
        at = recovery_last_fault(r);
    if (at == LEDGER_NO_FAULT || count == 0)
        return;
    struct recovery_fault *fault = &r->faults.items[at];
    if (fault->lost == 0 || oldest < fault->oldest_lost)
        fault->oldest_lost = oldest;
    if (fault->lost == 0 || newest > fault->newest_lost)
        fault->newest_lost = newest;
    fault->lost += count;
}

/* No fault took it. */
void recovery_never_taken(struct recovery *r, uint64_t write)
{
    r->lost++;
    if (r->lost_example == 0 || write < r->lost_example)
        r->lost_example = write;
}

static bool survives(const struct ledger *l, const struct live_write *w)
{
    for (uint32_t row = 0; row < l->places.replicas; row++)
        if (l->up[w->entry->rows[row].node] && entry_reach(w->entry, row, w->slot) >= w->took)
            return true;
    return false;
}

static void lose_live(struct recovery *r, const struct ledger *l)
{
    for (size_t i = 0; i < l->entries.count; i++) {
        const struct key_entry *e = l->entries.items[i];
        for (uint32_t slot = 0; slot < e->slot_count; slot++)
            for (const struct live_write *w = e->slots[slot].oldest; w != NULL; w = w->slot_newer)
                if (w->commit_position != 0 && w->in_window && !survives(l, w)) {
                    if (r->lost_example == 0 || w->id < r->lost_example)
                        r->lost_example = w->id;
                    lose(r, w->down_fault, 1, w->commit_time, w->commit_time);
                }
    }
}

int64_t recovery_owed_for_ever(const struct ledger *l)
{
    int64_t owed = 0;

    for (size_t i = 0; i < l->entries.count; i++) {
        const struct key_entry *e = l->entries.items[i];
        for (uint32_t slot = 0; slot < e->slot_count; slot++)
            for (const struct live_write *w = e->slots[slot].oldest; w != NULL; w = w->slot_newer) {
                if (w->commit_position == 0 || w->unapplied == 0 || survives(l, w))
                    continue;
                for (uint32_t row = 0; row < l->places.replicas; row++)
                    owed += w->applied[row].position == 0 && l->up[e->rows[row].node];
            }
    }
    return owed;
}

/* What is retired had reached every replica and is on all of them: but for those that are down. */
static void lose_retired(struct recovery *r, const struct ledger *l)
{
    uint32_t nodes[PLACEMENT_MOST];

    for (uint64_t key = 0; key < r->setting->key_count; key++) {
        const struct key_base *b = &l->bases[key];
        uint32_t last = LEDGER_NO_FAULT;
        bool survived = false;
        if (b->committed == 0)
            continue;
        placement_holders(r->setting, key, nodes);
        for (uint32_t row = 0; row < l->places.replicas; row++) {
            uint32_t node = nodes[row], fault = r->down_fault[node];
            survived |= l->up[node];
            if (fault != LEDGER_NO_FAULT && (last == LEDGER_NO_FAULT || fault > last))
                last = fault;
        }
        if (!survived)
            lose(r, last, b->committed, b->oldest_commit, b->newest_commit);
    }
}

static bool some_node_is_down(const struct ledger *l)
{
    for (uint32_t n = 0; n < l->setting->node_count; n++)
        if (!l->up[n])
            return true;
    return false;
}

void recovery_finish(struct recovery *r, const struct ledger *l, sim_ns end_ns)
{
    r->end_ns = end_ns;
    for (uint32_t g = 0; g < r->setting->region_count; g++)
        serve(r, g, r->last_begin[g], end_ns, true);
    lose_live(r, l);
    if (l->bases != NULL && some_node_is_down(l))
        lose_retired(r, l);
}

void recovery_put(const struct recovery *r, struct figure_list *f)
{
    struct histogram rpo = {0}, rto = {0}, lost = {0};
    bool at_least = false;

    for (size_t i = 0; i < r->faults.count; i++) {
        const struct recovery_fault *fault = &r->faults.items[i];
        if (!fault->in_window)
            continue;
        histogram_add(&lost, (int64_t)fault->lost);
        sim_ns until = fault->newest_lost > fault->begin ? fault->newest_lost : fault->begin;
        histogram_add(&rpo, fault->lost > 0 ? until - fault->oldest_lost : 0);
        if (fault->waited)
            histogram_add(&rto, fault->recovered - fault->begin);
        at_least |= fault->waited && fault->at_least;
    }
    figures_put(f, METRIC_LOST_COMMITS, STATISTIC_VALUE, ALL_REGIONS, (double)r->lost);
    figures_put_histogram(f, METRIC_LOST_COMMITS_PER_FAULT, ALL_REGIONS, false, &lost);
    figures_put_histogram(f, METRIC_RPO, ALL_REGIONS, false, &rpo);
    figures_put_histogram(f, METRIC_RTO, ALL_REGIONS, at_least, &rto);
    histogram_free(&lost);
    histogram_free(&rpo);
    histogram_free(&rto);
}
