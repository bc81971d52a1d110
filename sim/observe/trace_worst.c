/* trace_worst.c -- see trace_worst.h. It feeds a ledger as observation.c does, and looks where that one
 * counts. */
#include "sim/observe/trace_worst.h"

#include "sim/model/model.h"
#include "sim/observe/conflicts.h"
#include "sim/observe/ledger.h"
#include "sim/observe/operations.h"
#include "sim/observe/staleness.h"

#include <stdlib.h>

struct trace_worst {
    struct operations operations;
    struct keys keys;
    struct ledger ledger;
    struct trace_worst_figures figures;
    uint64_t wanted;
    bool is_over;
    trace_worst_lost_fn *each;
    void *each_argument;
};

static bool is_wanted(const struct trace_worst *w, uint64_t op)
{
    return w->wanted != 0 && history_op_of(op) == history_op_of(w->wanted);
}

/* ---- lost updates ---- */

/* How far apart the two were committed or taken: the larger, the less excuse there was. */
static sim_ns gap_between(const struct trace_worst *w, const struct live_write *loser, uint64_t winner)
{
    const struct live_write *other = ledger_find(&w->ledger, winner);

    if (other == NULL || other->commit_position == 0 || loser->commit_position == 0)
        return 0;
    sim_ns gap = loser->commit_time - other->commit_time;
    return gap < 0 ? -gap : gap;
}

static void on_lost(void *self, const struct live_write *loser)
{
    struct trace_worst *w = self;
    struct worst_lost one = {.loser = loser->id,
                             .winner = loser->lost_for,
                             .node = loser->lost_at,
                             .met = loser->lost_time,
                             .gap_ns = gap_between(w, loser, loser->lost_for),
                             .cause = loser->cause};

    if (is_wanted(w, loser->id)) {
        w->figures.wanted_lost = one;
        w->is_over = true;
    }
    if (!loser->in_window)
        return;
    enum worst_loss kind = loser->causal ? WORST_CAUSAL : loser->skew ? WORST_SKEW : WORST_CONCURRENT;
    struct worst_lost *worst = &w->figures.lost[kind];
    w->figures.lost_by_cause[loser->cause]++;
    if (w->each != NULL) {
        struct loss_figure figure = conflicts_figure(loser);
        w->each(w->each_argument, &figure);
    }
    if (w->figures.lost_count[kind]++ == 0 || one.gap_ns > worst->gap_ns)
        *worst = one;
}

/* ---- reads and writes that end ---- */

static bool answer_reflects(const struct trace_worst *w, const struct operation *op,
                            const struct live_write *one)
{
    const struct operation_sample *s = operations_sample_first(&w->operations, op);

    for (; s != NULL; s = operations_sample_next(&w->operations, s))
        if (ledger_reflected(&w->ledger, one, s->node, s->instant))
            return true;
    return false;
}

/* The oldest write that the read missed, as staleness.c found there is one that committed at `commit`. */
static uint64_t missed_write(const struct trace_worst *w, const struct operation *op, sim_ns commit)
{
    const struct key_entry *e = ledger_entry(&w->ledger, op->key);

    for (uint32_t slot = 0; e != NULL && slot < e->slot_count; slot++)
        for (const struct live_write *one = e->slots[slot].oldest; one != NULL; one = one->slot_newer)
            if (one->commit_position != 0 && one->commit_position < op->begin_position &&
                one->commit_time == commit && !answer_reflects(w, op, one))
                return one->id;
    return 0;
}

static void read_ends(struct trace_worst *w, const struct operation *op, const struct history_record *r)
{
    struct missed m = staleness_missed(&w->ledger, &w->operations, op);
    struct worst_read one = {.read = r->op, .missed_count = m.count, .begin = op->begin_time, .end = r->time};

    if (m.count > 0) {
        one.missed = missed_write(w, op, m.oldest_commit);
        one.missed_commit = m.oldest_commit;
        one.stale_ns = op->begin_time - m.oldest_commit;
    }
    if (is_wanted(w, r->op))
        w->figures.wanted_read = one;
    if (op->in_window && one.missed != 0 &&
        (w->figures.stalest.read == 0 || one.stale_ns > w->figures.stalest.stale_ns))
        w->figures.stalest = one;
}

static void write_ends(struct trace_worst *w, const struct operation *op, const struct history_record *r)
{
    bool well = r->end.outcome == OUTCOME_OK || r->end.outcome == OUTCOME_NO;
    struct worst_write one = {r->op, r->time - op->begin_time, op->begin_time, r->time};

    if (op->in_window && !well &&
        (w->figures.failed_writes++ == 0 || one.latency_ns > w->figures.failed.latency_ns))
        w->figures.failed = one;
    if (op->in_window && well &&
        (w->figures.slowest.op == 0 || one.latency_ns > w->figures.slowest.latency_ns))
        w->figures.slowest = one;
    for (uint32_t identity = 0; identity <= op->identities; identity++) {
        uint64_t write = op->op | identity;
        ledger_end(&w->ledger, ledger_find(&w->ledger, write), r->end.outcome == OUTCOME_OK && write == r->op,
                   op->attempts > 0);
    }
}

static void end(struct trace_worst *w, const struct history_record *r)
{
    struct operation *op = operations_take(&w->operations, r->op);

    if (op == NULL)
        return;
    if (r->node != HISTORY_NO_NODE)
        operations_sample(&w->operations, op, r->node, r->end.instant);
    if (is_wanted(w, r->op)) {
        w->figures.wanted = (struct worst_write){r->op, r->time - op->begin_time, op->begin_time, r->time};
        w->is_over |= op->kind == GEO_READ || r->end.outcome != OUTCOME_OK;
    }
    if (op->kind != GEO_READ)
        write_ends(w, op, r);
    else if (r->end.outcome == OUTCOME_OK && !op->is_probe)
        read_ends(w, op, r);
    operations_end(&w->operations, op);
}

static void take(struct trace_worst *w, const struct history_record *r)
{
    const struct operation *op = operations_find(&w->operations, r->op);
    struct take_origin origin = {.begin_position = UINT64_MAX};

    origin.in_window = op != NULL ? op->in_window : operations_in_window(&w->operations, r->op);
    if (op != NULL) {
        origin.begin_position = op->begin_position;
        origin.session = op->session;
    }
    ledger_take(&w->ledger, r, origin);
}

static void retry(struct trace_worst *w, const struct history_record *r)
{
    struct operation *op = operations_find(&w->operations, r->op);
    uint16_t identity = (uint16_t)(r->op & 0xff);

    if (op == NULL)
        return;
    op->attempts++;
    if (identity > op->identities)
        op->identities = identity;
}

static void down(struct trace_worst *w, const struct history_record *r)
{
    const struct history_setting *s = w->operations.setting;
    bool for_ever = r->down.fault < s->fault_count && s->faults[r->down.fault].end == SIM_NS_NEVER;

    ledger_down(&w->ledger, r, for_ever, LEDGER_NO_FAULT);
}

static void look(void *self, const struct history_record *r, uint64_t position)
{
    struct trace_worst *w = self;
    struct operation *op;

    ledger_at(&w->ledger, r, position);
    switch (r->kind) {
    case HISTORY_BEGIN:
        operations_begin(&w->operations, r, position);
        return;
    case HISTORY_RETRY:
        retry(w, r);
        return;
    case HISTORY_SAMPLE:
        if ((op = operations_find(&w->operations, r->op)) != NULL)
            operations_sample(&w->operations, op, r->node, r->sample.instant);
        return;
    case HISTORY_MADE:
        ledger_made(&w->ledger, r);
        return;
    case HISTORY_TAKE:
        take(w, r);
        break;
    case HISTORY_STORE:
        ledger_store(&w->ledger, r, ledger_find(&w->ledger, r->store.write));
        break;
    case HISTORY_MERGE:
        ledger_merge(&w->ledger, r);
        break;
    case HISTORY_DROP:
        ledger_drop(&w->ledger, r);
        break;
    case HISTORY_END:
        end(w, r);
        break;
    case HISTORY_DOWN:
        down(w, r);
        break;
    case HISTORY_UP:
        ledger_up(&w->ledger, r->node);
        break;
    case HISTORY_LEADS:
        ledger_leads(&w->ledger, r);
        break;
    case HISTORY_FORGET:
        ledger_forget(&w->ledger, r, LEDGER_NO_FAULT);
        break;
    default:
        return;
    }
    if (w->ledger.queue_count > 0)
        ledger_retire(&w->ledger, operations_oldest_read(&w->operations));
}

/* A write that the ledger has let go of is everywhere and meets no other any more. */
bool trace_worst_wanted_is_over(const struct trace_worst *w)
{
    return w->is_over || (w->figures.wanted.op != 0 && !w->operations.setting->may_lose &&
                          ledger_find(&w->ledger, w->figures.wanted.op) == NULL);
}

struct trace_worst *trace_worst_new(const struct history_setting *s, struct history *h, uint64_t wanted)
{
    struct trace_worst *w = memory_new(1, sizeof *w);
    uint32_t unread =
        UINT32_C(1) << HISTORY_SEND | UINT32_C(1) << HISTORY_ARRIVE | UINT32_C(1) << HISTORY_LOST;

    w->wanted = wanted;
    operations_open(&w->operations, s);
    keys_open(&w->keys, s->key_count, s->operations);
    ledger_open(&w->ledger, s, &w->keys);
    w->ledger.listener = (struct ledger_listener){.self = w, .lost = on_lost};
    history_add_reader(h, look, w, ((UINT32_C(1) << HISTORY_KINDS) - 1) & ~unread);
    return w;
}

void trace_worst_each_lost(struct trace_worst *w, trace_worst_lost_fn *each, void *argument)
{
    w->each = each;
    w->each_argument = argument;
}

/* ---- lost commits, as recovery.c counts them ---- */

static bool survives(const struct ledger *l, const struct live_write *w)
{
    for (uint32_t row = 0; row < l->places.replicas; row++)
        if (l->up[w->entry->rows[row].node] && entry_reach(w->entry, row, w->slot) >= w->took)
            return true;
    return false;
}

static void look_for_lost_commits(struct trace_worst *w)
{
    for (size_t i = 0; i < w->ledger.entries.count; i++) {
        const struct key_entry *e = w->ledger.entries.items[i];
        for (uint32_t slot = 0; slot < e->slot_count; slot++)
            for (const struct live_write *one = e->slots[slot].oldest; one != NULL; one = one->slot_newer) {
                struct worst_lost *first = &w->figures.lost_commit;
                if (one->commit_position == 0 || survives(&w->ledger, one))
                    continue;
                struct worst_lost lost = {.loser = one->id, .node = HISTORY_NO_NODE, .met = one->commit_time};
                if (is_wanted(w, one->id) && w->figures.wanted_lost.loser == 0)
                    w->figures.wanted_lost = lost;
                if (!one->in_window)
                    continue;
                w->figures.lost_commit_count++;
                if (first->loser == 0 || one->commit_time < first->met)
                    *first = lost;
            }
    }
}

struct trace_worst_figures trace_worst_finish(struct trace_worst *w)
{
    struct trace_worst_figures figures;

    ledger_finish(&w->ledger);
    look_for_lost_commits(w);
    figures = w->figures;
    operations_close(&w->operations);
    ledger_close(&w->ledger);
    keys_close(&w->keys);
    free(w);
    return figures;
}
