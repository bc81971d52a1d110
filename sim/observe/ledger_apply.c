/* ledger_apply.c -- who reflects what since when.
 *
 * BY_ORDER: a key's live writes stand in a lane, by version. What a replica reflects is a prefix of the lane,
 * up to the version it holds; when it stores a newer one, the walk from its cursor to there meets each
 * (write, replica) once.
 *
 * BY_MERGE: the same by taker: a replica reflects a prefix of each slot.
 *
 * The instants stay with the write, since a read is judged by what a replica reflected when it was read,
 * which may be earlier than the read's end. Lag is told when a write is applied everywhere, not before: a
 * replica that loses its disk meanwhile applies it anew. */
#include "sim/observe/ledger_room.h"

#include "sim/base/hot.h"

HOT void mark(struct ledger *l, struct live_write *w, uint32_t row)
{
    uint32_t node = w->entry->rows[row].node;

    if (w->applied[row].position != 0 || !row_counts(l, w->entry, row))
        return;
    w->applied[row] = (struct applied){l->position, l->time};
    w->unapplied--;
    if (l->up[node]) {
        l->backlog_ops--;
        l->backlog_bytes -= w->bytes;
        l->backlog_owed -= w->commit_position != 0;
    }
    if (w->first == LEDGER_NO_ROW)
        w->first = (uint16_t)row;
    if (l->listener.reflected != NULL)
        l->listener.reflected(l->listener.self, w, row);
    if (w->unapplied == 0 && w->commit_position != 0)
        apply_done(l, w);
    write_check(l, w);
}

APART static void apply_mark(struct ledger *l, struct live_write *w, uint32_t row)
{
    mark(l, w, row);
}

/* Committed, and no longer lagging anywhere. */
void apply_done(struct ledger *l, struct live_write *w)
{
    l->lagging--;
    if (l->listener.applied != NULL)
        l->listener.applied(l->listener.self, w);
    apply_settle(l, w);
}

void apply_undo(struct ledger *l, struct live_write *w, uint32_t row)
{
    uint32_t node = w->entry->rows[row].node;

    if (w->applied[row].position == 0)
        return;
    *array_add(&l->past) = (struct past_application){w->took, node, w->applied[row].position, l->position};
    w->applied[row] = (struct applied){0};
    if (w->unapplied++ == 0 && w->commit_position != 0) {
        l->lagging++;
        if (l->listener.undone != NULL)
            l->listener.undone(l->listener.self, w);
    }
    if (l->up[node]) {
        l->backlog_ops++;
        l->backlog_bytes += w->bytes;
        l->backlog_owed += w->commit_position != 0;
    }
    w->complete = false;
    if (w->retirable)
        w->entry->retirable--;
    w->retirable = false;
}

void apply_settle(struct ledger *l, struct live_write *w)
{
    if (w->settled || w->commit_position == 0 || w->unapplied != 0)
        return;
    w->settled = true;
    if (l->listener.settled != NULL)
        l->listener.settled(l->listener.self, w);
}

/* Near the taker's own version: a clock that is behind writes far below the newest, but next to its own last.
 */
static void lane_insert(struct key_entry *e, struct live_write *w, struct live_write *near)
{
    struct live_write *below = near != NULL ? near : e->lane_newest;

    while (below != NULL && version_newer(below->stamp, below->id, w->stamp, w->id))
        below = below->lane_older;
    struct live_write *above = below != NULL ? below->lane_newer : e->lane_oldest;
    while (above != NULL && version_newer(w->stamp, w->id, above->stamp, above->id)) {
        below = above;
        above = above->lane_newer;
    }
    w->lane_older = below;
    w->lane_newer = above;
    if (below != NULL)
        below->lane_newer = w;
    else
        e->lane_oldest = w;
    if (above != NULL)
        above->lane_older = w;
    else
        e->lane_newest = w;
}

void lane_remove(struct ledger *l, struct key_entry *e, struct live_write *w)
{
    if (l->setting->by_merge)
        return;
    for (uint32_t row = 0; row < l->places.replicas; row++)
        if (e->rows[row].cursor == w)
            e->rows[row].cursor = w->lane_older;
    if (w->lane_older != NULL)
        w->lane_older->lane_newer = w->lane_newer;
    else
        e->lane_oldest = w->lane_newer;
    if (w->lane_newer != NULL)
        w->lane_newer->lane_older = w->lane_older;
    else
        e->lane_newest = w->lane_older;
}

void apply_pend(struct ledger *l, struct live_write *w)
{
    w->unapplied = rows_counting(l, w->entry);
    uint32_t waits = apply_waits(l, w);
    l->backlog_ops += waits;
    l->backlog_bytes += (int64_t)waits * w->bytes;
}

COLD uint32_t apply_waits_up(const struct ledger *l, const struct live_write *w)
{
    uint32_t waits = 0;

    for (uint32_t row = 0; row < l->places.replicas; row++)
        waits +=
            w->applied[row].position == 0 && row_counts(l, w->entry, row) && l->up[w->entry->rows[row].node];
    return waits;
}

/* A replica that holds a newer version by now reflects it from its TAKE on. Of several the taker counts as
 * the first. */
HOT void reflect_at_take(struct ledger *l, struct live_write *w, uint32_t row)
{
    struct key_row *r = &w->entry->rows[row];

    if (version_newer(w->stamp, w->id, r->version.stamp, r->version.write))
        return;
    apply_mark(l, w, row);
    if (r->cursor == w->lane_older)
        r->cursor = w;
}

void apply_take(struct ledger *l, struct live_write *w, int taker_row)
{
    struct key_entry *e = w->entry;

    if (l->setting->by_merge)
        return;
    lane_insert(e, w, taker_row != PLACES_NONE ? e->rows[taker_row].cursor : NULL);
    if (taker_row != PLACES_NONE)
        reflect_at_take(l, w, (uint32_t)taker_row);
    for (uint32_t row = 0; row < l->places.replicas; row++)
        if ((int)row != taker_row)
            reflect_at_take(l, w, row);
}

/* The first that lets go of it does so for one that has not seen it, or cannot be asked any more. */
APART static void loses(struct ledger *l, struct live_write *loser, const struct live_write *winner,
                        uint64_t winner_id, uint32_t node)
{
    const uint64_t commit =
        winner != NULL ? winner->commit_position : l->keys->records[loser->entry->key].base_commit;

    loser->lost = true;
    loser->skew = commit != 0 && commit != BASE_UNCOMMITTED && commit < loser->begin_position;
    loser->causal = winner == NULL || write_seen(winner, loser);
    loser->cause = (uint8_t)cause_of(l, loser, winner, winner_id);
    loser->lost_for = winner_id;
    loser->lost_at = node;
    loser->lost_time = l->time;
    if (loser->commit_position != 0 && l->listener.lost != NULL)
        l->listener.lost(l->listener.self, loser);
}

/* A replica lets go of `loser` for `winner`, or refuses it in favour of that. A winner that is not live is
 * retired: seen by all that came later, and it has seen none of them. */
HOT void let_go(struct ledger *l, struct live_write *loser, const struct live_write *winner,
                uint64_t winner_id, uint32_t node)
{
    if (l->listener.let_go != NULL)
        l->listener.let_go(l->listener.self, loser, winner, node);
    if (loser->decided)
        return;
    loser->decided = true;
    write_unpark(l, loser);
    if (winner == NULL || !write_seen(loser, winner))
        loses(l, loser, winner, winner_id, node);
}

HOT void hold(struct ledger *l, struct key_entry *e, uint32_t row, struct live_write *w)
{
    struct live_write *old = e->rows[row].held;

    if (old == w)
        return;
    e->rows[row].held = w;
    if (w != NULL) {
        w->helds++;
        write_unpark(l, w);
    }
    if (old != NULL) {
        old->helds--;
        write_sweep(l, old);
    }
}

HOT void reflect_up_to(struct ledger *l, struct key_entry *e, uint32_t row, int64_t stamp, uint64_t write)
{
    struct key_row *r = &e->rows[row];
    struct live_write *next = r->cursor != NULL ? r->cursor->lane_newer : e->lane_oldest;

    while (next != NULL && !version_newer(next->stamp, next->id, stamp, write)) {
        mark(l, next, row);
        r->cursor = next;
        next = next->lane_newer;
    }
}

/* The same up to `w`, which is in the lane. */
HOT void reflect_through(struct ledger *l, struct key_entry *e, uint32_t row, struct live_write *w)
{
    struct key_row *r = &e->rows[row];
    struct live_write *next = r->cursor != NULL ? r->cursor->lane_newer : e->lane_oldest;

    for (;; next = next->lane_newer) {
        mark(l, next, row);
        if (next == w)
            break;
    }
    r->cursor = w;
}

/* Nothing of the key is live, and every replica holds one version: what is not newer changes nothing. */
static void store_bare(struct ledger *l, uint32_t row, const struct history_record *r)
{
    const struct held *h = &l->keys->records[r->key].held;

    if (!version_newer(r->store.stamp, r->store.write, h->stamp, h->write))
        return;
    struct key_entry *e = entry_make(l, r->key);
    e->rows[row].version = (struct held){r->store.stamp, r->store.write};
    entry_settle(l, e);
}

static void store_here(struct ledger *l, struct key_entry *e, uint32_t row, const struct history_record *r,
                       struct live_write *w)
{
    struct held *h = &e->rows[row].version;
    bool counts = row_counts(l, e, row);

    if (version_newer(r->store.stamp, r->store.write, h->stamp, h->write)) {
        struct live_write *old = e->rows[row].held;
        if (counts && old != NULL && old->id != r->store.write)
            let_go(l, old, w, r->store.write, r->node);
        *h = (struct held){r->store.stamp, r->store.write};
        if (counts) {
            hold(l, e, row, w);
            reflect_up_to(l, e, row, r->store.stamp, r->store.write);
        }
    } else if (counts && w != NULL && h->write != w->id && h->write != 0) {
        let_go(l, w, e->rows[row].held, h->write, r->node);
    }
}

APART static void store_any(struct ledger *l, const struct history_record *r, struct live_write *w)
{
    struct key_entry *e = ledger_entry(l, r->key);
    int row = places_row(&l->places, r->key, r->node);

    if (w != NULL && w->entry != e)
        w = NULL;
    if (w != NULL) {
        uint32_t at = row != PLACES_NONE ? (uint32_t)row : entry_row(l, e, r->node, true);
        reach_arrive(l, e, at, w);
        reach_keep(l, e, at, w);
        cause_store(l, r->node, w);
    }
    if (row != PLACES_NONE && e == NULL) {
        store_bare(l, (uint32_t)row, r);
    } else if (row != PLACES_NONE) {
        store_here(l, e, (uint32_t)row, r, w);
        if (e->live == 0)
            entry_settle(l, e);
    }
    ledger_sweep(l);
}

/* In the words of its TAKE, and a version that the replica does not hold yet. */
HOT bool stores_newer(const struct key_row *row, const struct history_record *r, const struct live_write *w)
{
    return w->stamp == r->store.stamp &&
           version_newer(w->stamp, w->id, row->version.stamp, row->version.write);
}

/* Nearly always of a live write, at a replica of its key that holds an older version; the rest is done there
 * in the same way, but asks more. */
void ledger_store(struct ledger *l, const struct history_record *r, struct live_write *w)
{
    int at = places_row(&l->places, r->key, r->node);

    if (w == NULL || at == PLACES_NONE || w->entry->key != r->key ||
        (l->any_gone | l->keeps | l->setting->by_merge) || !stores_newer(&w->entry->rows[at], r, w)) {
        store_any(l, r, w);
        return;
    }
    struct key_entry *e = w->entry;
    struct key_row *row = &e->rows[at];
    reach_arrive(l, e, (uint32_t)at, w);
    cause_store(l, r->node, w);
    if (row->held != NULL && row->held != w)
        let_go(l, row->held, w, w->id, r->node);
    row->version = (struct held){w->stamp, w->id};
    hold(l, e, (uint32_t)at, w);
    reflect_through(l, e, (uint32_t)at, w);
    ledger_sweep(l);
}

/* Reflects the slot's writes on from its cursor, while their counts are up to `upto` and their TAKEs up to
 * `took`. */
static void merge_slot(struct ledger *l, struct key_entry *e, uint32_t row, uint32_t slot, uint64_t upto,
                       uint64_t took)
{
    struct live_write **merged = &e->merged[(size_t)slot * e->row_capacity + row];
    struct live_write *next = *merged != NULL ? (*merged)->slot_newer : e->slots[slot].oldest;

    for (; next != NULL && (uint64_t)next->stamp <= upto && next->took <= took; next = next->slot_newer) {
        if (row < l->places.replicas)
            apply_mark(l, next, row);
        *merged = next;
    }
}

/* A count means the origin's last life in which it had come so far; of earlier lives, what that life's write
 * had seen. */
static void merge_lives(struct ledger *l, struct key_entry *e, uint32_t row, uint32_t origin, uint64_t upto)
{
    const struct live_write *top = NULL;
    struct live_write *came = NULL;

    for (uint32_t slot = e->slot_count; slot-- > 0;) {
        if (e->slots[slot].node != origin)
            continue;
        if (top != NULL) {
            merge_slot(l, e, row, slot, UINT64_MAX, slot < top->seen_count ? top->seen[slot] : 0);
            continue;
        }
        if (e->slots[slot].oldest == NULL || (uint64_t)e->slots[slot].oldest->stamp > upto)
            continue;
        merge_slot(l, e, row, slot, upto, UINT64_MAX);
        top = came = e->merged[(size_t)slot * e->row_capacity + row];
    }
    if (came == NULL)
        return;
    reach_keep(l, e, row, came);
    if (reach_has(e, row, came))
        return;
    reach_raise(l, e, row, came);
    l->batch_entry = e;
    l->batch_row = row;
    *array_add(&l->batch) = came;
}

void ledger_merge(struct ledger *l, const struct history_record *r)
{
    struct key_entry *e = ledger_entry(l, r->key);

    if (e != NULL)
        merge_lives(l, e, entry_row(l, e, r->node, true), r->merge.origin, r->merge.upto);
}

/* The winner is what the replica holds from now on: it stays as long as it may win again. */
void ledger_drop(struct ledger *l, const struct history_record *r)
{
    struct key_entry *e = ledger_entry(l, r->key);
    int row = places_row(&l->places, r->key, r->node);

    l->drops = true;
    if (e == NULL || row == PLACES_NONE || r->drop.winner == 0 || !row_counts(l, e, (uint32_t)row))
        return;
    struct live_write *loser = ledger_find(l, r->drop.loser), *winner = ledger_find(l, r->drop.winner);
    if (winner != NULL && winner->entry != e)
        winner = NULL;
    if (loser != NULL && loser->entry == e && loser != winner)
        let_go(l, loser, winner, r->drop.winner, r->node);
    hold(l, e, (uint32_t)row, winner);
    ledger_sweep(l);
}

void ledger_made(struct ledger *l, const struct history_record *r)
{
    const struct live_write *from = ledger_find(l, r->made.write);

    *array_add(&l->made) = (struct made_from){.op = r->op, .write = r->made.write};
    if (from != NULL)
        cause_store(l, r->node, from); /* its stamp was read with it */
}

void apply_forget(struct ledger *l, struct key_entry *e, uint32_t row)
{
    if (row >= l->places.replicas)
        return;
    for (uint32_t slot = 0; slot < e->slot_count; slot++) {
        for (struct live_write *w = e->slots[slot].oldest; w != NULL; w = w->slot_newer)
            if (l->setting->by_merge || version_newer(w->stamp, w->id, 0, 0))
                apply_undo(l, w, row);
        if (e->merged != NULL)
            e->merged[(size_t)slot * e->row_capacity + row] = NULL;
    }
    e->rows[row].cursor = NULL;
    hold(l, e, row, NULL);
}

bool ledger_reflected_once(const struct ledger *l, const struct live_write *w, uint32_t node,
                           uint64_t instant)
{
    array_each (struct past_application, past, &l->past)
        if (past->took == w->took && past->node == node && past->from <= instant && instant < past->to)
            return true;
    return false;
}

bool ledger_applied_up(const struct ledger *l, const struct live_write *w)
{
    for (uint32_t row = 0; row < l->places.replicas; row++)
        if (w->applied[row].position == 0 && l->up[w->entry->rows[row].node])
            return false;
    return true;
}
