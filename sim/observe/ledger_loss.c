/* ledger_loss.c -- crashes, and what is retired.
 *
 * A crash that loses memory takes from a node the writes that it took and had not stored: its next write has
 * not seen them. A lost disk takes everything: what had reached it, what it held and reflected; every write
 * is applied there anew. That is why writes stay, where disks may be lost. */
#include "sim/observe/ledger_room.h"

#include "sim/base/sparse.h"

static bool has_crash(const struct history_setting *s)
{
    for (uint32_t i = 0; i < s->fault_count; i++)
        if (s->faults[i].kind == FAULT_CRASH)
            return true;
    return false;
}

void base_open(struct ledger *l)
{
    const struct history_setting *s = l->setting;

    l->keeps = s->may_lose;
    l->stays = s->placement == PLACEMENT_PER_NODE && l->places.replicas < s->node_count;
    if (s->clocks_err)
        l->base_stamps = sparse_new(s->key_count * sizeof *l->base_stamps, s->operations);
    if (has_crash(s))
        l->bases = sparse_new(s->key_count * sizeof *l->bases, s->operations);
}

void base_close(struct ledger *l)
{
    sparse_free(l->base_stamps, l->setting->key_count * sizeof *l->base_stamps);
    array_free(&l->bases_wide);
    sparse_free(l->bases, l->setting->key_count * sizeof *l->bases);
}

uint64_t base_bytes(const struct history_setting *s)
{
    return s->key_count *
           ((s->clocks_err ? sizeof(struct base_stamp) : 0) + (has_crash(s) ? sizeof(struct key_base) : 0));
}

/* Is this the value that the replicas hold, now that all of them reflect it? BY_MERGE only drops tell; before
 * the first there is one write that could be it. */
static bool is_held(const struct ledger *l, const struct key_entry *e, uint64_t write)
{
    bool any = false;

    if (l->setting->by_merge) {
        for (uint32_t row = 0; row < l->places.replicas; row++) {
            const struct live_write *held = e->rows[row].held;
            any |= held != NULL;
            if (held != NULL && held->id == write)
                return true;
        }
        return !any && l->keys->records[e->key].base_commit == 0;
    }
    for (uint32_t row = 0; row < l->places.replicas; row++)
        if (row_counts(l, e, row) && e->rows[row].version.write == write)
            return true;
    return false;
}

void base_add(struct ledger *l, const struct live_write *w)
{
    const struct key_entry *e = w->entry;

    bool held = is_held(l, e, w->id);

    cause_retire(l, w, held);
    if (held)
        l->keys->records[e->key].base_commit =
            w->commit_position != 0 ? w->commit_position : BASE_UNCOMMITTED;
    if (l->bases == NULL || w->commit_position == 0 || !w->in_window)
        return;
    struct key_base *b = &l->bases[e->key];
    if (b->committed == 0 || w->commit_time < b->oldest_commit)
        b->oldest_commit = w->commit_time;
    if (b->committed == 0 || w->commit_time > b->newest_commit)
        b->newest_commit = w->commit_time;
    b->committed++;
}

/* Of keys all of whose writes are retired the node's replica goes on to count as holding what the others do:
 * all that hangs on it is undecided now. */
static void lose_disk(struct ledger *l, uint32_t node)
{
    l->last_loss = l->position;
    if (l->retired > 0)
        l->overflowed = true;
    array_each (struct key_entry *, e, &l->entries) {
        int row = (*e)->in_use ? places_row(&l->places, (*e)->key, node) : PLACES_NONE;
        if (row != PLACES_NONE)
            (*e)->rows[row].version = (struct held){0};
    }
}

static void forget_entry(struct ledger *l, struct key_entry *e, uint32_t node, bool all)
{
    uint32_t row = entry_row(l, e, node, false);

    if (row == UINT32_MAX)
        return;
    reach_forget(l, e, row, all);
    if (all)
        apply_forget(l, e, row);
}

/* A node that never comes back is waited for no more. */
static void leave_for_ever(struct ledger *l, struct key_entry *e, uint32_t node)
{
    int own = places_row(&l->places, e->key, node);

    if (own == PLACES_NONE)
        return;
    uint32_t row = (uint32_t)own;
    frontier_leave(l, e, row);
    for (uint32_t slot = 0; slot < e->slot_count; slot++) {
        for (struct live_write *w = e->slots[slot].oldest, *next; w != NULL; w = next) {
            next = w->slot_newer;
            if (w->applied[row].position != 0)
                continue;
            w->unapplied--;
            if (w->commit_position != 0 && w->unapplied == 0)
                apply_done(l, w);
            write_check(l, w);
        }
        reach_advance(l, e, slot);
    }
    if (e->rows[row].held != NULL) {
        e->rows[row].held->helds--;
        write_sweep(l, e->rows[row].held);
    }
    e->rows[row].held = NULL;
}

static void mark_down(struct key_entry *e, uint32_t row, uint32_t fault)
{
    for (uint32_t slot = 0; slot < e->slot_count; slot++)
        for (struct live_write *w = e->slots[slot].oldest; w != NULL; w = w->slot_newer)
            if (reach_has(e, row, w))
                w->down_fault = fault;
}

static void note_loss(struct ledger *l, uint32_t node, uint32_t fault, enum replica_loss kind)
{
    for (size_t i = l->losses.count; kind == LOST_BY_ROLLBACK && i-- > 0;)
        if (l->losses.items[i].time != l->time)
            break;
        else if (l->losses.items[i].node == node && l->losses.items[i].kind == LOST_BY_ROLLBACK)
            return;
    *array_add(&l->losses) = (struct ledger_loss){
        .position = l->position, .time = l->time, .node = node, .fault = fault, .kind = (uint8_t)kind};
}

/* The first crash of the node since the TAKE, or the rollback of this key, if that was earlier. */
static const struct ledger_loss *loss_of(const struct ledger *l, const struct live_write *w, uint32_t node)
{
    const struct key_entry *e = w->entry;
    const struct ledger_loss *crash = NULL, *back = NULL;
    uint64_t forgot = 0;

    for (uint32_t row = 0; row < e->row_count; row++)
        forgot = e->rows[row].node == node ? e->rows[row].forgot : forgot;
    array_each (struct ledger_loss, one, &l->losses) {
        if (one->node != node)
            continue;
        if (one->kind != LOST_BY_ROLLBACK && crash == NULL && one->position > w->took)
            crash = one;
        if (one->kind == LOST_BY_ROLLBACK && forgot > w->took && one->position <= forgot)
            back = one;
    }
    return back != NULL && (crash == NULL || back->position < crash->position) ? back : crash;
}

bool ledger_lost(const struct ledger *l, const struct live_write *w, uint32_t node, struct ledger_loss *out)
{
    const struct ledger_loss *found = loss_of(l, w, node);

    if (found == NULL && node != w->taker)
        found = loss_of(l, w, w->taker);
    if (found != NULL)
        *out = *found;
    return found != NULL;
}

/* What the node has not applied is no part of the backlog while it is down; `sign`: 1, it is up again. */
static void backlog_of(struct ledger *l, uint32_t node, int64_t sign)
{
    for (size_t i = 0; i < l->entries.count; i++) {
        const struct key_entry *e = l->entries.items[i];
        int row = e->in_use ? places_row(&l->places, e->key, node) : PLACES_NONE;
        if (row == PLACES_NONE || !row_counts(l, e, (uint32_t)row))
            continue;
        for (uint32_t slot = 0; slot < e->slot_count; slot++)
            for (const struct live_write *w = e->slots[slot].oldest; w != NULL; w = w->slot_newer) {
                if (w->applied[row].position != 0)
                    continue;
                l->backlog_ops += sign;
                l->backlog_bytes += sign * (int64_t)w->bytes;
                l->backlog_owed += sign * (w->commit_position != 0);
            }
    }
}

void ledger_down(struct ledger *l, const struct history_record *r, bool for_ever, uint32_t last_fault)
{
    uint32_t node = r->node;
    uint8_t lose = r->down.lose;

    if (l->up[node]) {
        l->up[node] = false;
        l->down++;
        backlog_of(l, node, -1);
    }
    if (lose == LOSE_DISK)
        lose_disk(l, node);
    if (lose != LOSE_NOTHING)
        note_loss(l, node, r->down.fault, lose == LOSE_DISK ? LOST_WITH_DISK : LOST_WITH_MEMORY);
    l->gone[node] |= for_ever;
    l->any_gone |= for_ever;
    cause_down(l, node, lose);
    for (size_t i = 0; i < l->entries.count; i++) {
        struct key_entry *e = l->entries.items[i];
        if (!e->in_use)
            continue;
        int row = places_row(&l->places, e->key, node);
        if (row != PLACES_NONE)
            mark_down(e, (uint32_t)row, last_fault);
        if (lose != LOSE_NOTHING)
            forget_entry(l, e, node, lose == LOSE_DISK);
        if (for_ever)
            leave_for_ever(l, e, node);
    }
    ledger_due(l);
    ledger_sweep(l);
}

void ledger_forget(struct ledger *l, const struct history_record *r, uint32_t last_fault)
{
    struct key_entry *e = ledger_entry(l, r->key);
    int row = places_row(&l->places, r->key, r->node);

    l->last_loss = l->position;
    l->overflowed |=
        l->retired > 0; /* it no longer has what is retired either, and nobody knows which that was */
    if (e == NULL && row != PLACES_NONE && l->keys->records[r->key].held.write != 0) {
        e = entry_make(l, r->key);
        e->rows[row].version = (struct held){0};
        entry_settle(l, e);
        return;
    }
    if (e == NULL)
        return;
    if (row != PLACES_NONE)
        e->rows[row].version = (struct held){0};
    if (row != PLACES_NONE)
        mark_down(e, (uint32_t)row, last_fault);
    e->rows[entry_row(l, e, r->node, true)].forgot = l->position;
    note_loss(l, r->node, LEDGER_NO_FAULT, LOST_BY_ROLLBACK);
    forget_entry(l, e, r->node, true);
    ledger_due(l);
    ledger_sweep(l);
}

void ledger_up(struct ledger *l, uint32_t node)
{
    if (l->up[node])
        return;
    l->up[node] = true;
    l->down--;
    backlog_of(l, node, 1);
}
