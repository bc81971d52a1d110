/* ledger_loss.c -- crashes, and what a replica that lost its disk still lacks of what is retired.
 *
 * A crash that loses memory takes from a node the writes that it took and had not stored: its next write has not seen them.
 * A lost disk takes everything: what reached it, what it held and reflected. Of its live writes each is undone one by one.
 * What is retired (the key's *base*) is kept as one thing a key, and only if the setting may lose: how many committed writes,
 * the oldest and newest commit, the newest version. A replica that lost its disk is *bare* for the key until it
 * holds a version not older than the base's (BY_ORDER) or has merged all of it (BY_MERGE). Until then a read there misses all
 * of the base: a replica that gets old versions back one by one is not credited with the first of them before it has
 * the last. */
#include "sim/observe/ledger_room.h"

void base_open(struct ledger *l)
{
    const struct history_setting *s = l->setting;
    uint64_t rows = s->key_count * l->places.replicas;

    l->base_commit = memory_new(s->key_count, sizeof *l->base_commit);
    if (!s->may_lose)
        return;
    l->bases = memory_new(s->key_count, sizeof *l->bases);
    l->bare = memory_new(rows, sizeof *l->bare);
    l->bare_count = memory_new(s->node_count, sizeof *l->bare_count);
    if (s->by_merge) {
        l->base_counts = memory_new(s->key_count * s->node_count, sizeof *l->base_counts);
        l->bare_merged = memory_new(rows * s->node_count, sizeof *l->bare_merged);
    }
}

void base_close(struct ledger *l)
{
    free(l->base_commit);
    free(l->bases);
    free(l->bare);
    free(l->bare_count);
    free(l->base_counts);
    free(l->bare_merged);
}

uint64_t base_bytes(const struct history_setting *s)
{
    uint64_t rows = s->key_count * places_replicas(s), bytes = s->key_count * sizeof(uint64_t);

    if (!s->may_lose)
        return bytes;
    bytes += s->key_count * sizeof(struct key_base) + rows;
    return s->by_merge ? bytes + (s->key_count + rows) * s->node_count * sizeof(uint64_t) : bytes;
}

static bool is_held(const struct ledger *l, const struct key_entry *e, uint64_t write)
{
    for (uint32_t row = 0; row < l->places.replicas; row++)
        if (row_counts(l, e, row) && l->held[e->key * l->places.replicas + row].write == write)
            return true;
    return false;
}

void base_add(struct ledger *l, const struct live_write *w)
{
    const struct key_entry *e = w->entry;
    uint64_t key = e->key;
    const struct write_slot *slot = &e->slots[w->slot];

    /* The newest: what the replicas hold now that all of them hold at least it; else the last taken. */
    if (l->setting->by_merge ? w->took == e->last_took : is_held(l, e, w->id))
        l->base_commit[key] = w->commit_position;
    if (l->bases == NULL)
        return;
    struct key_base *b = &l->bases[key];
    if (l->setting->by_merge ? w->took >= b->newest_took
                             : !version_newer(b->version.stamp, b->version.write, w->stamp, w->id)) {
        b->version = (struct held){w->stamp, w->id};
        b->newest_took = w->took;
    }
    if (l->setting->by_merge && (uint64_t)w->stamp > l->base_counts[key * l->setting->node_count + slot->node])
        l->base_counts[key * l->setting->node_count + slot->node] = (uint64_t)w->stamp;
    if (w->commit_position == 0)
        return;
    if (b->any == 0 || w->commit_time < b->oldest_any)
        b->oldest_any = w->commit_time;
    b->any++;
    if (!w->in_window)
        return;
    if (b->committed == 0 || w->commit_time < b->oldest_commit)
        b->oldest_commit = w->commit_time;
    if (b->committed == 0 || w->commit_time > b->newest_commit)
        b->newest_commit = w->commit_time;
    b->committed++;
}

static void bare_set(struct ledger *l, uint64_t key, uint32_t row, uint32_t node, bool bare)
{
    bool *at = &l->bare[key * l->places.replicas + row];

    if (*at == bare)
        return;
    *at = bare;
    if (bare) {
        l->bare_count[node]++;
        l->bare_total += !l->gone[node];
        l->bare_up += l->up[node];
    } else {
        l->bare_count[node]--;
        l->bare_total -= !l->gone[node];
        l->bare_up -= l->up[node];
    }
}

static uint32_t holder(const struct ledger *l, uint64_t key, uint32_t row)
{
    uint32_t nodes[PLACEMENT_MOST];

    placement_holders(l->setting, key, nodes);
    return nodes[row];
}

void base_held(struct ledger *l, uint64_t key, uint32_t row)
{
    uint64_t at = key * l->places.replicas + row;
    const struct held *b = &l->bases[key].version;

    if (l->bare[at] && !version_newer(b->stamp, b->write, l->held[at].stamp, l->held[at].write))
        bare_set(l, key, row, holder(l, key, row), false);
}

void base_merged(struct ledger *l, uint64_t key, uint32_t row, uint32_t origin, uint64_t upto)
{
    uint64_t at = key * l->places.replicas + row;
    uint32_t nodes = l->setting->node_count;
    uint64_t *got = &l->bare_merged[at * nodes];

    if (!l->bare[at])
        return;
    if (upto > got[origin])
        got[origin] = upto;
    for (uint32_t n = 0; n < nodes; n++)
        if (got[n] < l->base_counts[key * nodes + n])
            return;
    bare_set(l, key, row, holder(l, key, row), false);
}

static void lose_disk(struct ledger *l, uint32_t node)
{
    const struct history_setting *s = l->setting;

    l->last_loss = l->position;
    for (uint64_t key = 0; key < s->key_count; key++) {
        int row = places_row(&l->places, key, node);
        if (row == PLACES_NONE)
            continue;
        uint64_t at = key * l->places.replicas + (uint32_t)row;
        if (l->held != NULL)
            l->held[at] = (struct held){0};
        if (l->bases == NULL)
            continue;
        if (l->bare_merged != NULL)
            memset(&l->bare_merged[at * s->node_count], 0, s->node_count * sizeof *l->bare_merged);
        if (l->bases[key].newest_took != 0)
            bare_set(l, key, (uint32_t)row, node, true);
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
            l->pending_ops[node]--;
            l->pending_bytes[node] -= w->bytes;
            if (w->commit_position != 0) {
                l->owed[node]--;
                if (w->unapplied == 0)
                    apply_done(l, w);
            }
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

void ledger_down(struct ledger *l, uint32_t node, uint8_t lose, bool for_ever, uint32_t last_fault)
{
    if (l->up[node]) {
        l->up[node] = false;
        l->backlog_ops -= (int64_t)l->pending_ops[node];
        l->backlog_bytes -= (int64_t)l->pending_bytes[node];
        l->backlog_owed -= (int64_t)l->owed[node];
        if (l->bare_count != NULL)
            l->bare_up -= l->bare_count[node];
    }
    if (lose == LOSE_DISK)
        lose_disk(l, node);
    if (for_ever && !l->gone[node]) {
        l->gone[node] = true;
        if (l->bare_count != NULL)
            l->bare_total -= l->bare_count[node];
    }
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
    ledger_sweep(l);
}

void ledger_up(struct ledger *l, uint32_t node)
{
    if (l->up[node])
        return;
    l->up[node] = true;
    l->backlog_ops += (int64_t)l->pending_ops[node];
    l->backlog_bytes += (int64_t)l->pending_bytes[node];
    l->backlog_owed += (int64_t)l->owed[node];
    if (l->bare_count != NULL)
        l->bare_up += l->bare_count[node];
}
