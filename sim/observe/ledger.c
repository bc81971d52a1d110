/* ledger.c -- the tables, and the life and death of a write.
 *
 * Most keys have nothing live at most times: their records say so in one look, and all their replicas hold
 * one version, which is kept once. A key with live writes has an entry: its writes in two orders (by version,
 * and by taker), what has reached each replica, the version that it holds and its frontier. One whose
 * replicas have come to hold different versions otherwise (of writes that were not entered) keeps its entry
 * for that.
 *
 * A write is complete once it is applied at and has reached every replica and its operation has ended. It
 * then waits in a queue until every read that was open by then has ended (the queue is in order, so only its
 * head is looked at). After that it is retirable, but may still be the one that another write meets: it
 * leaves alone as soon as it is in no replica's frontier and held nowhere, or together with the rest of its
 * key when all of them are retirable: then every replica has been reached by all of them, and every later
 * write will have seen them (where takers are replicas). */
#include "sim/observe/ledger_room.h"

#include "sim/base/hot.h"

/* The map is at most half full; while it is small a quarter: nearly all that is looked for is at its home
 * then. */
enum { MAP_BITS_FIRST = 8, MAP_SPARSE = 1 << 16 };

static void map_put(struct ledger *l, struct live_write *w)
{
    uint32_t at = ledger_home(l, w->id);

    while (l->map[at].id != 0)
        at = (at + 1) & l->map_mask;
    l->map[at] = (struct live_slot){w->id, w};
}

static void map_open(struct ledger *l, uint32_t bits)
{
    l->map_mask = (UINT32_C(1) << bits) - 1;
    l->map_shift = 64 - bits;
    l->map = memory_new((size_t)1 << bits, sizeof *l->map);
}

COLD static void map_grow(struct ledger *l)
{
    struct live_slot *old = l->map;
    uint32_t size = l->map_mask + 1;

    map_open(l, 64 - l->map_shift + 1);
    for (uint32_t i = 0; i < size; i++)
        if (old[i].id != 0)
            map_put(l, old[i].write);
    free(old);
}

/* Shifts back what the gap would hide, so that no tombstones stay. */
static void map_remove(struct ledger *l, uint64_t id)
{
    uint32_t mask = l->map_mask, at = ledger_home(l, id);

    while (l->map[at].id != id)
        at = (at + 1) & mask;
    for (uint32_t next = (at + 1) & mask; l->map[next].id != 0; next = (next + 1) & mask) {
        uint32_t home = ledger_home(l, l->map[next].id);
        if (((next - home) & mask) >= ((next - at) & mask)) {
            l->map[at] = l->map[next];
            at = next;
        }
    }
    l->map[at] = (struct live_slot){0};
}

void ledger_open(struct ledger *l, const struct history_setting *s, struct keys *keys)
{
    *l = (struct ledger){
        .setting = s,
        .keys = keys,
        .live_most = LEDGER_LIVE_MOST,
        .keep_most = LEDGER_KEEP_MOST,
        .queue_mask = 255,
        .due = UINT64_MAX,
    };
    places_open(&l->places, s);
    l->up = memory_new(s->node_count, sizeof *l->up);
    l->gone = memory_new(s->node_count, sizeof *l->gone);
    for (uint32_t n = 0; n < s->node_count; n++)
        l->up[n] = true;
    l->ahead = memory_new(s->node_count, sizeof *l->ahead);
    l->forgot = memory_new(s->node_count, sizeof *l->forgot);
    l->leadership = memory_new(s->node_count, sizeof *l->leadership);
    map_open(l, MAP_BITS_FIRST);
    l->queue = memory_new((size_t)l->queue_mask + 1, sizeof(struct live_write *));
    base_open(l);
}

uint64_t ledger_bytes(const struct history_setting *s)
{
    return base_bytes(s);
}

void ledger_close(struct ledger *l)
{
    pool_free(&l->pool);
    array_free(&l->entries);
    array_free(&l->entries_free);
    array_free(&l->writes_free);
    array_free(&l->writes_sweep);
    array_free(&l->entries_sweep);
    array_free(&l->batch);
    array_free(&l->past);
    array_free(&l->made);
    free(l->up);
    free(l->gone);
    free(l->ahead);
    free(l->forgot);
    array_free(&l->losses);
    free(l->leadership);
    free(l->map);
    free(l->queue);
    free(l->pinned);
    base_close(l);
    places_close(&l->places);
}

/* Are the MERGEs of one state over with the record before this one? */
void ledger_merged(struct ledger *l, const struct history_record *r)
{
    if (r->kind != HISTORY_MERGE || r->key != l->batch_entry->key ||
        r->node != l->batch_entry->rows[l->batch_row].node)
        reach_flush(l);
}

void ledger_finish(struct ledger *l)
{
    reach_flush(l);
}

/* What lies in the room of an entry; a slot is that and its reach. */
enum { ENTRY_ROWS = 128, ENTRY_SLOTS_LEAST = 4 };
_Static_assert(sizeof(struct key_entry) <= ENTRY_ROWS && sizeof(struct key_row) == 64, "lines of memory");

static void *zeroed(struct ledger *l, size_t bytes)
{
    return memset(pool_take(&l->pool, bytes), 0, bytes);
}

COLD static struct key_entry *entry_new(struct ledger *l)
{
    uint32_t rows = l->places.replicas;
    size_t slot = sizeof(struct write_slot) + rows * sizeof(uint64_t),
           bytes = pool_room(ENTRY_ROWS + rows * sizeof(struct key_row) + ENTRY_SLOTS_LEAST * slot);
    struct key_entry *e = zeroed(l, bytes);

    e->index = (uint32_t)l->entries.count;
    *array_add(&l->entries) = e;
    e->row_capacity = rows;
    e->rows = (struct key_row *)(void *)((char *)e + ENTRY_ROWS);
    e->slots = (struct write_slot *)(void *)(e->rows + rows);
    e->slot_capacity = (uint32_t)((bytes - (size_t)((char *)e->slots - (char *)e)) / slot);
    e->reach = (uint64_t *)(void *)(e->slots + e->slot_capacity);
    if (l->keeps)
        e->kept = zeroed(l, (size_t)rows * e->slot_capacity * sizeof *e->kept);
    if (l->setting->by_merge)
        e->merged = zeroed(l, (size_t)rows * e->slot_capacity * sizeof *e->merged);
    return e;
}

struct key_entry *entry_make(struct ledger *l, uint64_t key)
{
    struct key_entry *e;
    uint32_t buffer[PLACEMENT_MOST], count = l->places.replicas;
    const uint32_t *replicas = places_nodes(&l->places, key, buffer);

    if (l->entries_free.count > 0)
        e = l->entries.items[l->entries_free.items[--l->entries_free.count]];
    else
        e = entry_new(l);
    e->key = key;
    e->in_use = true;
    e->row_count = count;
    const struct held held = l->keys->records[key].held;
    for (struct key_row *r = e->rows; r < e->rows + count; r++) {
        r->node = *replicas++;
        r->version = held;
    }
    l->keys->records[key].entry = e->index + 1;
    return e;
}

/* Do all its replicas hold one version? Those that are gone for good do not count. */
static bool rows_alike(const struct ledger *l, const struct key_entry *e, struct held *version)
{
    const struct key_row *first = NULL;

    for (uint32_t row = 0; row < l->places.replicas; row++) {
        const struct key_row *r = &e->rows[row];
        if (!row_counts(l, e, row))
            continue;
        if (first == NULL)
            first = r;
        if (r->version.stamp != first->version.stamp || r->version.write != first->version.write)
            return false;
    }
    *version = first != NULL ? first->version : (struct held){0};
    return true;
}

/* All that was in it is gone or going: as made, but for its memory; the versions stay where they differ. */
static void entry_release(struct ledger *l, struct key_entry *e)
{
    for (uint32_t row = 0; row < e->row_count; row++) {
        struct key_row *r = &e->rows[row];
        if (r->frontier_room > 0)
            pool_give(&l->pool, r->frontier_many, r->frontier_room * sizeof *r->frontier_many);
        r->held = r->cursor = r->frontier_one = NULL;
        r->frontier_count = r->frontier_room = 0;
    }
    size_t used = (size_t)e->row_capacity * e->slot_count;
    memset(e->reach, 0, used * sizeof *e->reach);
    if (e->kept != NULL)
        memset(e->kept, 0, used * sizeof *e->kept);
    if (e->merged != NULL)
        memset(e->merged, 0, used * sizeof *e->merged);
    e->swept = false;
    e->slot_count = e->live = e->retirable = 0;
    e->row_count = l->places.replicas;
    e->lane_oldest = e->lane_newest = NULL;
    entry_settle(l, e);
}

void entry_settle(struct ledger *l, struct key_entry *e)
{
    struct held version;

    if (e->live > 0 || e->swept || e->row_count > l->places.replicas || l->stays ||
        !rows_alike(l, e, &version))
        return;
    l->keys->records[e->key].held = version;
    l->keys->records[e->key].entry = 0;
    e->in_use = false;
    e->row_count = 0;
    *array_add(&l->entries_free) = e->index;
}

/* Words by slot and row, `old` wide, where there is room for `rows` and `slots`. */
static void *words_widen(struct ledger *l, const struct key_entry *e, const void *old, uint32_t rows,
                         uint32_t slots)
{
    uint64_t *wide = zeroed(l, (size_t)rows * slots * sizeof *wide);

    for (uint32_t slot = 0; slot < e->slot_count; slot++)
        memcpy(wide + (size_t)slot * rows, (const uint64_t *)old + (size_t)slot * e->row_capacity,
               e->row_capacity * sizeof *wide);
    return wide;
}

static void *items_widen(struct ledger *l, const void *old, uint32_t count, uint32_t wide, size_t bytes)
{
    return memcpy(zeroed(l, wide * bytes), old, count * bytes);
}

/* It seldom happens, and an entry stays as wide: what was too small is left lying. */
COLD void entry_widen(struct ledger *l, struct key_entry *e, uint32_t rows, uint32_t slots)
{
    e->rows = items_widen(l, e->rows, e->row_capacity, rows, sizeof *e->rows);
    e->slots = items_widen(l, e->slots, e->slot_capacity, slots, sizeof *e->slots);
    e->reach = words_widen(l, e, e->reach, rows, slots);
    if (e->kept != NULL)
        e->kept = words_widen(l, e, e->kept, rows, slots);
    if (e->merged != NULL)
        e->merged = words_widen(l, e, e->merged, rows, slots);
    e->row_capacity = rows;
    e->slot_capacity = slots;
}

APART uint32_t entry_row(struct ledger *l, struct key_entry *e, uint32_t node, bool make)
{
    int row = places_row(&l->places, e->key, node);

    if (row != PLACES_NONE)
        return (uint32_t)row;
    for (uint32_t guest = l->places.replicas; guest < e->row_count; guest++)
        if (e->rows[guest].node == node)
            return guest;
    if (!make)
        return UINT32_MAX;
    if (e->row_count == e->row_capacity)
        entry_widen(l, e, e->row_capacity * 2, e->slot_capacity);
    e->rows[e->row_count].node = node;
    return e->row_count++;
}

COLD static struct live_write *write_new(struct ledger *l, size_t bytes)
{
    struct live_write *w = zeroed(l, bytes);

    w->seen = w->seen_few;
    w->seen_capacity = LEDGER_SEEN_FEW;
    return w;
}

/* A used one keeps the memory of its lists. */
static struct live_write *write_make(struct ledger *l)
{
    size_t bytes = sizeof(struct live_write) + l->places.replicas * sizeof(struct applied);

    if (l->writes_free.count == 0)
        return write_new(l, bytes);
    struct live_write *w = l->writes_free.items[--l->writes_free.count];
    uint64_t *seen = w->seen, *met = w->met;
    uint32_t seen_capacity = w->seen_capacity, met_capacity = w->met_capacity;
    memset(w, 0, bytes);
    w->seen = seen;
    w->met = met;
    w->seen_capacity = seen_capacity;
    w->met_capacity = met_capacity;
    return w;
}

/* The same write again: it has come to this node, and keeps its place. */
COLD static void take_again(struct ledger *l, const struct history_record *r, struct live_write *w)
{
    l->made.count = 0;
    if (w->entry->key == r->key)
        reach_arrive(l, w->entry, entry_row(l, w->entry, r->node, true), w);
    ledger_sweep(l);
}

bool ledger_take(struct ledger *l, const struct history_record *r, struct take_origin origin)
{
    struct live_write *w = ledger_find(l, r->op);

    if (w != NULL) {
        take_again(l, r, w);
        return false;
    }
    if (l->live >= l->live_most) {
        l->overflowed = true;
        l->made.count = 0;
        return true;
    }
    struct key_entry *e = ledger_entry(l, r->key);
    if (e == NULL)
        e = entry_make(l, r->key);
    w = write_make(l);
    w->id = r->op;
    w->stamp = r->take.stamp;
    w->took = l->position;
    w->bytes = r->take.value_bytes;
    w->begin_position = origin.begin_position;
    w->in_window = origin.in_window;
    w->session = origin.session;
    w->closed = origin.begin_position == UINT64_MAX;
    w->end_position = w->closed ? l->position : 0;
    w->entry = e;
    w->first = LEDGER_NO_ROW;
    w->down_fault = LEDGER_NO_FAULT;
    if (++l->live * (l->map_mask < MAP_SPARSE ? 4 : 2) > l->map_mask)
        map_grow(l);
    map_put(l, w);
    e->live++;
    int place = places_row(&l->places, r->key, r->node);
    uint32_t row = place != PLACES_NONE ? (uint32_t)place : entry_row(l, e, r->node, true);
    cause_take(l, w, r, e->rows[row].forgot);
    apply_pend(l, w);
    reach_take(l, w, row);
    apply_take(l, w, place);
    write_check(l, w);
    ledger_sweep(l);
    return true;
}

void ledger_end(struct ledger *l, struct live_write *w, bool commits, bool retried)
{
    if (w == NULL || w->closed)
        return;
    w->closed = true;
    w->end_position = l->position;
    w->retried = retried;
    if (commits) {
        w->commit_position = l->position;
        w->commit_time = l->time;
        if (w->unapplied > 0) {
            l->lagging++;
            l->backlog_owed += apply_waits(l, w);
        }
        if (w->lost && l->listener.lost != NULL)
            l->listener.lost(l->listener.self, w);
        apply_settle(l, w);
    }
    write_check(l, w);
}

/* While a loss is remembered, or may come, ledger_retire has more to ask. */
void ledger_due(struct ledger *l)
{
    const struct live_write *head = l->queue[l->queue_head];

    if (l->queue_count == 0)
        l->due = UINT64_MAX;
    else
        l->due = head->complete && l->past.count == 0 && !l->keeps ? head->complete_position : 0;
}

COLD static void queue_grow(struct ledger *l)
{
    uint32_t size = l->queue_count;
    struct live_write **wide = memory_new((size_t)size * 2, sizeof(struct live_write *));

    for (uint32_t i = 0; i < size; i++)
        wide[i] = l->queue[(l->queue_head + i) & l->queue_mask];
    free(l->queue);
    l->queue = wide;
    l->queue_head = 0;
    l->queue_mask = size * 2 - 1;
}

static void queue_push(struct ledger *l, struct live_write *w)
{
    if (l->queue_count == l->queue_mask + 1)
        queue_grow(l);
    l->queue[(l->queue_head + l->queue_count++) & l->queue_mask] = w;
    w->queued = true;
    ledger_due(l);
    if (l->base_stamps != NULL) /* for when it retires, which is soon */
        expect_line(&l->base_stamps[w->entry->key]);
}

void write_complete(struct ledger *l, struct live_write *w)
{
    w->complete = true;
    w->complete_position = l->position;
    if (!w->queued && !w->pinned && !w->parked && !w->retirable)
        queue_push(l, w);
    else if (w->queued)
        ledger_due(l);
}

/* A replica may still refuse it, and be the first that lets go of it: what came before it was made with it,
 * but it has not come. */
static bool awaits_arrival(const struct ledger *l, const struct live_write *w)
{
    return !l->setting->by_merge && w->commit_position != 0 && !w->decided && w->helds == 0;
}

APART void write_unpark_parked(struct ledger *l, struct live_write *w)
{
    w->parked = false;
    if (w->complete)
        queue_push(l, w);
}

/* Pins one, and gives the one that was pinned the longest in return; NULL while there is room. */
static struct live_write *pin(struct ledger *l, struct live_write *w)
{
    if (l->pinned == NULL)
        l->pinned = memory_new(LEDGER_RETRIED_MOST, sizeof(struct live_write *));
    struct live_write **at = &l->pinned[l->pinned_count++ % LEDGER_RETRIED_MOST], *old = *at;
    *at = w;
    w->pinned = true;
    if (old == NULL)
        return NULL;
    old->pinned = old->retried = false;
    return old;
}

void ledger_retire(struct ledger *l, uint64_t oldest_read)
{
    if (l->batch_entry != NULL) /* it points at what might go */
        return;
    if (l->past.count > 0 && oldest_read > l->last_loss)
        l->past.count = 0;
    while (l->queue_count > 0 && (!l->keeps || l->live > l->keep_most)) {
        struct live_write *w = l->queue[l->queue_head];
        if (w->complete && w->complete_position >= oldest_read && l->queue_count > 0) {
            /* One that a loss made incomplete and that is complete again may stand before its time: it goes
             * back. */
            if (w->complete_position <=
                l->queue[(l->queue_head + l->queue_count - 1) & l->queue_mask]->complete_position) {
                ledger_due(l);
                return;
            }
        }
        l->queue_head = (l->queue_head + 1) & l->queue_mask;
        l->queue_count--;
        w->queued = false;
        if (w->complete && w->complete_position >= oldest_read) {
            queue_push(l, w);
            return;
        }
        if (w->complete)
            w = w->retried ? pin(l, w) : w;
        if (w == NULL || !w->complete)
            continue;
        if (l->listener.over != NULL)
            l->listener.over(l->listener.self, w);
        w->parked = awaits_arrival(l, w);
        if (!w->parked) {
            w->retirable = true;
            w->entry->retirable++;
            write_sweep(l, w);
        }
    }
    ledger_due(l);
    ledger_sweep(l);
}

/* Alone: it will meet no other write. BY_MERGE, in a model that drops, it may be the value of a replica that
 * has told of none. */
static bool may_leave(const struct ledger *l, const struct live_write *w)
{
    if (w->frontiers != 0 || w->helds != 0)
        return false;
    for (uint32_t row = 0; row < l->places.replicas && l->drops; row++)
        if (w->entry->rows[row].held == NULL && row_counts(l, w->entry, row))
            return false;
    return true;
}

APART void write_sweep_retirable(struct ledger *l, struct live_write *w)
{
    struct key_entry *e = w->entry;

    if (e->retirable == e->live && !l->stays) {
        if (!e->swept)
            *array_add(&l->entries_sweep) = e;
        e->swept = true;
    } else if (may_leave(l, w)) {
        *array_add(&l->writes_sweep) = w;
    }
}

static void write_recycle(struct ledger *l, struct live_write *w)
{
    base_add(l, w);
    l->retired++;
    map_remove(l, w->id);
    l->live--;
    w->id = 0;
    *array_add(&l->writes_free) = w;
}

static void write_leave(struct ledger *l, struct live_write *w)
{
    struct key_entry *e = w->entry;

    slot_remove(l, e, w);
    lane_remove(l, e, w);
    e->live--;
    e->retirable--;
    write_recycle(l, w);
    if (e->live > 0 && e->retirable == e->live && !e->swept && !l->stays) {
        *array_add(&l->entries_sweep) = e;
        e->swept = true;
    }
}

void ledger_let_go(struct ledger *l)
{
    for (size_t i = 0; i < l->writes_sweep.count; i++) {
        struct live_write *w = l->writes_sweep.items[i];
        if (w->id != 0 && w->retirable && may_leave(l, w))
            write_leave(l, w);
    }
    l->writes_sweep.count = 0;
    for (size_t i = 0; i < l->entries_sweep.count; i++) {
        struct key_entry *e = l->entries_sweep.items[i];
        e->swept = false;
        if (!e->in_use || e->live == 0 || e->retirable != e->live)
            continue;
        for (struct write_slot *s = e->slots; s < e->slots + e->slot_count; s++) {
            for (struct live_write *w = s->oldest, *next; w != NULL; w = next) {
                next = w->slot_newer;
                write_recycle(l, w);
            }
            s->oldest = s->newest = s->unreached = NULL;
        }
        entry_release(l, e);
    }
    l->entries_sweep.count = 0;
}
