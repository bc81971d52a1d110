/* ledger_cause.c -- why a write was lost (causes.h): what is kept of each TAKE for that, and the judgement.
 *
 * Whose clock an inherited stamp was read from: a hybrid clock gives the largest stamp that its node gave or
 * saw, plus one. So the stamp before it is the largest that was taken or stored at that node (`ahead`), and
 * has its clock. A register that merges keeps such a clock a key: there it is that of the key's write with
 * the stamp before. A stamp that is neither its taker's clock nor one more than such a one was read off no
 * clock. */
#include "sim/observe/ledger_room.h"

#include "sim/base/hot.h"

static struct known_stamp known(const struct loss_stamp *s)
{
    return (struct known_stamp){s->stamp, s->from.offset, s->from.drift * 2 + s->by_clock};
}

static bool known_by_clock(const struct known_stamp *k)
{
    return (k->twice_drift & 1) != 0;
}

static struct clock_error known_from(const struct known_stamp *k)
{
    return (struct clock_error){k->offset, (k->twice_drift - known_by_clock(k)) / 2};
}

static struct known_stamp base_of(const struct ledger *l, uint64_t key)
{
    const struct base_stamp *b = &l->base_stamps[key];

    return b->offset != BASE_WIDE ? (struct known_stamp){b->stamp, b->offset, b->twice_drift}
                                  : l->bases_wide.items[b->twice_drift];
}

/* A key that once was wide keeps its place among those. */
COLD static void base_set_wide(struct ledger *l, struct base_stamp *b, struct known_stamp k)
{
    if (b->offset != BASE_WIDE) {
        b->offset = BASE_WIDE;
        b->twice_drift = (int32_t)l->bases_wide.count;
        CHECK(l->bases_wide.count < INT32_MAX);
        array_add(&l->bases_wide);
    }
    b->stamp = k.stamp;
    l->bases_wide.items[b->twice_drift] = k;
}

static void base_set(struct ledger *l, uint64_t key, struct known_stamp k)
{
    struct base_stamp *b = &l->base_stamps[key];
    int32_t offset = (int32_t)k.offset, twice_drift = (int32_t)k.twice_drift;

    if (b->offset == BASE_WIDE || offset == BASE_WIDE || offset != k.offset || twice_drift != k.twice_drift)
        base_set_wide(l, b, k);
    else
        *b = (struct base_stamp){k.stamp, offset, twice_drift};
}

/* Of the key's writes the one whose stamp is this, or what is kept of the retired ones. */
APART static struct known_stamp stamp_of_key(const struct ledger *l, const struct key_entry *e, int64_t stamp)
{
    for (uint32_t slot = 0; slot < e->slot_count; slot++)
        for (const struct live_write *w = e->slots[slot].newest; w != NULL; w = w->slot_older)
            if (w->by.stamp == stamp)
                return known(&w->by);
    return base_of(l, e->key);
}

/* Before the write stands among those of its key. */
void cause_take(struct ledger *l, struct live_write *w, const struct history_record *r, uint64_t forgot)
{
    struct clock_error own = {r->take.clock_offset, r->take.clock_drift};

    w->by = (struct loss_stamp){.taken = r->time,
                                .stamp = r->take.priority,
                                .write = r->op,
                                .by_clock = r->take.priority == r->time + own.offset + own.drift,
                                .own = own,
                                .from = own};
    w->priority = w->by.stamp;
    w->taker = r->node;
    w->forgot = forgot > l->forgot[r->node] ? forgot : l->forgot[r->node];
    w->leadership = l->leadership[r->node];
    if (!l->setting->clocks_err)
        return;
    if (!w->by.by_clock) {
        struct known_stamp before =
            l->setting->by_merge ? stamp_of_key(l, w->entry, w->by.stamp - 1) : l->ahead[r->node];
        w->by.by_clock = known_by_clock(&before) && before.stamp == w->by.stamp - 1;
        if (w->by.by_clock)
            w->by.from = known_from(&before);
    }
    cause_store(l, r->node, w);
}

void cause_store(struct ledger *l, uint32_t node, const struct live_write *w)
{
    if (l->setting->clocks_err && w->priority > l->ahead[node].stamp)
        l->ahead[node] = known(&w->by);
}

void cause_down(struct ledger *l, uint32_t node, uint8_t lose)
{
    if (lose != LOSE_NOTHING)
        l->forgot[node] = l->position;
    if (lose == LOSE_DISK)
        l->ahead[node] = (struct known_stamp){0};
    for (size_t i = 0; i < l->entries.count; i++) {
        struct key_entry *e = l->entries.items[i];
        for (uint32_t slot = 0; e->in_use && slot < e->slot_count; slot++)
            for (struct live_write *w = e->slots[slot].oldest; w != NULL; w = w->slot_newer)
                if (w->taker == node && w->taker_down == 0)
                    w->taker_down = l->position;
    }
}

void ledger_leads(struct ledger *l, const struct history_record *r)
{
    if (r->leads.yes)
        l->leadership[r->node] = l->position;
}

/* Of the retired, what later stamps may stand on: BY_ORDER what the replicas hold, BY_MERGE the largest. */
void cause_retire(struct ledger *l, const struct live_write *w, bool held)
{
    if (l->base_stamps == NULL)
        return;
    if (l->setting->by_merge ? w->by.stamp > l->base_stamps[w->entry->key].stamp : held)
        base_set(l, w->entry->key, known(&w->by));
}

/* It had been seen by the loser, so it inherited nothing that the loser had not: its clock was its taker's.
 */
static enum loss_cause cause_of_retired(const struct ledger *l, const struct live_write *loser,
                                        uint64_t winner)
{
    enum loss_cause cause;

    if (l->base_stamps == NULL)
        return LOSS_LATE_ARRIVAL;
    struct known_stamp base = base_of(l, loser->entry->key);
    struct clock_error from = known_from(&base);
    struct loss_stamp by = {.taken = base.stamp - from.offset - from.drift,
                            .stamp = base.stamp,
                            .write = winner,
                            .by_clock = known_by_clock(&base),
                            .own = from,
                            .from = from};
    return loss_by_clocks(&loser->by, &by, &cause) ? cause : LOSS_LATE_ARRIVAL;
}

static uint64_t began(const struct live_write *w)
{
    return w->begin_position != UINT64_MAX ? w->begin_position : w->took;
}

static sim_ns due_after(const struct ledger *l, uint32_t from, uint32_t to)
{
    const struct history_setting *s = l->setting;

    if (from == to || s->due_ns == NULL)
        return 0;
    return s->due_ns[(size_t)s->node_region[from] * s->region_count + s->node_region[to]];
}

static bool was_over(const struct live_write *earlier, const struct live_write *later)
{
    return earlier->end_position != 0 && earlier->end_position < began(later);
}

static bool took_over(const struct live_write *loser, const struct live_write *winner)
{
    if (winner->taker != loser->taker)
        return winner->leadership > loser->leadership && !write_seen(winner, loser);
    return winner->forgot > loser->took;
}

static bool went_down(const struct live_write *loser, const struct live_write *winner)
{
    return (loser->taker_down != 0 && loser->taker_down < winner->took && winner->taker != loser->taker) ||
           winner->forgot > loser->took;
}

enum loss_cause cause_of(const struct ledger *l, const struct live_write *loser,
                         const struct live_write *winner, uint64_t winner_id)
{
    enum loss_cause cause;

    if (winner == NULL)
        return cause_of_retired(l, loser, winner_id);
    bool loser_first = loser->took < winner->took, seen = write_seen(winner, loser);
    const struct live_write *first = loser_first ? loser : winner, *second = loser_first ? winner : loser;
    bool after = seen || was_over(first, second);
    if (took_over(loser, winner))
        return LOSS_FAILOVER;
    if (!loser_first && after && loss_by_clocks(&loser->by, &winner->by, &cause))
        return cause;
    if (!seen && (!after || second->by.taken - first->by.taken <= due_after(l, first->taker, second->taker)))
        return LOSS_CONCURRENT;
    return loser_first && went_down(loser, winner) ? LOSS_FAILOVER : LOSS_LATE_ARRIVAL;
}
