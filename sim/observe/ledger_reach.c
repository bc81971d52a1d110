/* ledger_reach.c -- who has seen what, and which concurrent writes meet where.
 *
 * Successive writes of one taker to one key see each other, and what has reached a node is closed under "has
 * seen". So, as with version vectors (Parker et al. 1983), what has reached a node is one number for each
 * *slot* (a taker between two losses): the TAKE of the slot's last write that reached it; all earlier ones
 * have, too. TAKE positions serve as counts, so they need not start anew when a key's entry does. A write's
 * `seen` is its taker's vector at its TAKE.
 *
 *     w1 has been seen by w2   iff   seen(w2)[slot of w1] >= TAKE of w1
 *
 * A replica's frontier is the maximal elements of what reached it. A write that arrives and had not reached
 * it cannot have been seen by a member; it removes those that it has seen, and meets the rest. Writes that an
 * arriving one has seen reach with it, overwritten before the meeting: they meet no one. For the same reason
 * the MERGEs of one node and key in a row, which are one arriving state, are gathered and meet together. */
#include "sim/observe/ledger_room.h"

#include "sim/base/hot.h"

static uint64_t *reach_at(const struct key_entry *e, uint32_t row, uint32_t slot)
{
    return &e->reach[(size_t)slot * e->row_capacity + row];
}

bool reach_has(const struct key_entry *e, uint32_t row, const struct live_write *w)
{
    return *reach_at(e, row, w->slot) >= w->took;
}

static uint64_t *kept_at(const struct key_entry *e, uint32_t row, uint32_t slot)
{
    return &e->kept[(size_t)slot * e->row_capacity + row];
}

COLD uint32_t rows_that_count(const struct ledger *l, const struct key_entry *e)
{
    uint32_t count = 0;

    for (uint32_t row = 0; row < l->places.replicas; row++)
        count += row_counts(l, e, row);
    return count;
}

uint32_t slot_of_taker(struct ledger *l, struct key_entry *e, uint32_t node)
{
    for (uint32_t slot = 0; slot < e->slot_count; slot++)
        if (e->slots[slot].node == node && e->slots[slot].open)
            return slot;
    if (e->slot_count == e->slot_capacity)
        entry_widen(l, e, e->row_capacity, e->slot_capacity * 2);
    e->slots[e->slot_count] =
        (struct write_slot){.node = node, .open = true, .waiting = (uint16_t)rows_counting(l, e)};
    return e->slot_count++;
}

void slot_add(struct key_entry *e, struct live_write *w)
{
    struct write_slot *s = &e->slots[w->slot];

    w->slot_older = s->newest;
    if (s->newest != NULL)
        s->newest->slot_newer = w;
    else
        s->oldest = w;
    s->newest = w;
    if (s->unreached == NULL)
        s->unreached = w;
}

void slot_remove(struct ledger *l, struct key_entry *e, struct live_write *w)
{
    struct write_slot *s = &e->slots[w->slot];

    if (s->unreached == w)
        s->unreached = w->slot_newer;
    if (w->slot_older != NULL)
        w->slot_older->slot_newer = w->slot_newer;
    else
        s->oldest = w->slot_newer;
    if (w->slot_newer != NULL)
        w->slot_newer->slot_older = w->slot_older;
    else
        s->newest = w->slot_older;
    if (!l->setting->by_merge)
        return;
    for (uint32_t row = 0; row < e->row_count; row++) {
        struct live_write **merged = &e->merged[(size_t)w->slot * e->row_capacity + row];
        if (*merged == w)
            *merged = w->slot_older;
    }
}

void reach_advance(struct ledger *l, struct key_entry *e, uint32_t slot)
{
    struct write_slot *s = &e->slots[slot];
    const uint64_t *reach = reach_at(e, 0, slot);
    uint64_t least = UINT64_MAX;
    uint32_t waiting = 0;

    for (uint32_t row = 0; row < l->places.replicas; row++) {
        if (!row_counts(l, e, row))
            continue;
        waiting = reach[row] < least ? 1 : waiting + (reach[row] == least);
        least = reach[row] < least ? reach[row] : least;
    }
    s->reached_all = least;
    s->waiting = (uint16_t)waiting;
    while (s->unreached != NULL && s->unreached->took <= least) {
        struct live_write *w = s->unreached;
        s->unreached = w->slot_newer;
        w->reached = true;
        write_check(l, w);
    }
}

/* `reach`: the slot's at the row. As long as a replica stands where the last of them stood, the least of
 * their reach is what it was. */
HOT void raise_slot(struct ledger *l, struct key_entry *e, uint32_t row, uint32_t slot, uint64_t *reach,
                    uint64_t took)
{
    struct write_slot *s = &e->slots[slot];
    uint64_t old = *reach;

    *reach = took;
    if (row >= l->places.replicas || old > s->reached_all)
        return;
    s->waiting -= row_counts(l, e, row);
    if (s->waiting == 0)
        reach_advance(l, e, slot);
}

HOT void raise_all(struct ledger *l, struct key_entry *e, uint32_t row, const struct live_write *w)
{
    const uint64_t *seen = w->seen;
    uint64_t *reach = reach_at(e, row, 0);
    uint32_t count = w->seen_count, wide = e->row_capacity;

    for (uint32_t slot = 0; slot < count; slot++, reach += wide)
        if (seen[slot] > *reach)
            raise_slot(l, e, row, slot, reach, seen[slot]);
}

APART void reach_raise(struct ledger *l, struct key_entry *e, uint32_t row, const struct live_write *w)
{
    raise_all(l, e, row, w);
}

void reach_keep(struct ledger *l, struct key_entry *e, uint32_t row, const struct live_write *w)
{
    if (!l->keeps)
        return;
    for (uint32_t slot = 0; slot < w->seen_count; slot++)
        if (w->seen[slot] > *kept_at(e, row, slot))
            *kept_at(e, row, slot) = w->seen[slot];
}

/* Room for so many; what is in it is of no use any more. */
COLD static void seen_widen(struct ledger *l, struct live_write *w, uint32_t count)
{
    if (w->seen != w->seen_few)
        pool_give(&l->pool, w->seen, w->seen_capacity * sizeof *w->seen);
    w->seen_capacity = count * 2;
    w->seen = pool_take(&l->pool, w->seen_capacity * sizeof *w->seen);
}

/* What was read elsewhere, and all that it had seen. */
static void seen_join(struct live_write *w, const struct live_write *other)
{
    for (uint32_t slot = 0; slot < other->seen_count; slot++)
        if (other->seen[slot] > w->seen[slot])
            w->seen[slot] = other->seen[slot];
}

/* Of the writes that MADE named, which stand directly before their TAKE. */
APART static void seen_made(struct ledger *l, struct live_write *w)
{
    array_each (struct made_from, made, &l->made)
        if (made->op == w->id) {
            const struct live_write *from = ledger_find(l, made->write);
            if (from != NULL && from->entry == w->entry)
                seen_join(w, from);
        }
    l->made.count = 0;
}

COLD static void frontier_widen(struct ledger *l, struct key_row *r)
{
    uint32_t room = r->frontier_room, wide = room == 0 ? 4 : room * 2;
    struct live_write **many = pool_take(&l->pool, wide * sizeof *many);

    memcpy(many, row_frontier(r), r->frontier_count * sizeof *many);
    if (room > 0)
        pool_give(&l->pool, r->frontier_many, room * sizeof *many);
    r->frontier_many = many;
    r->frontier_room = wide;
}

static void frontier_put(struct ledger *l, struct key_row *r, struct live_write *w)
{
    if (r->frontier_count == (r->frontier_room == 0 ? 1 : r->frontier_room))
        frontier_widen(l, r);
    row_frontier(r)[r->frontier_count++] = w;
    w->frontiers++;
}

void frontier_leave(struct ledger *l, struct key_entry *e, uint32_t row)
{
    struct key_row *r = &e->rows[row];

    for (uint32_t i = 0; i < r->frontier_count; i++) {
        struct live_write *f = row_frontier(r)[i];
        f->frontiers--;
        write_sweep(l, f);
    }
    r->frontier_count = 0;
}

/* A taker that counts anew has another slot from now on. */
COLD static uint32_t slot_anew(struct ledger *l, struct key_entry *e, uint32_t slot)
{
    e->slots[slot].open = false;
    return slot_of_taker(l, e, e->slots[slot].node);
}

void reach_take(struct ledger *l, struct live_write *w, uint32_t row)
{
    struct key_entry *e = w->entry;

    w->slot = slot_of_taker(l, e, e->rows[row].node);
    if (l->setting->by_merge && e->slots[w->slot].newest != NULL &&
        e->slots[w->slot].newest->stamp >= w->stamp)
        w->slot = slot_anew(l, e, w->slot);
    if (w->seen_capacity < e->slot_count)
        seen_widen(l, w, e->slot_count);
    w->seen_count = e->slot_count;
    for (uint32_t slot = 0; slot < w->seen_count; slot++)
        w->seen[slot] = *reach_at(e, row, slot);
    bool made = l->made.count != 0; /* else it has seen nothing that had not reached its taker */
    if (made)
        seen_made(l, w);
    w->seen[w->slot] = w->took;
    slot_add(e, w);
    if (made)
        reach_raise(l, e, row, w);
    else
        raise_slot(l, e, row, w->slot, reach_at(e, row, w->slot), w->took);
    if (row < l->places.replicas && row_counts(l, e, row)) {
        frontier_leave(l, e, row); /* it has seen all that reached its taker */
        frontier_put(l, &e->rows[row], w);
    }
}

static bool met_before(const struct live_write *a, const struct live_write *b)
{
    const struct live_write *few = a->met_count <= b->met_count ? a : b, *many = few == a ? b : a;

    for (uint32_t i = 0; i < few->met_count; i++)
        if (few->met[i] == many->took)
            return true;
    return false;
}

static void met_add(struct ledger *l, struct live_write *w, uint64_t took)
{
    if (w->met_count == w->met_capacity) {
        uint32_t wide = w->met_capacity == 0 ? 4 : w->met_capacity * 2;
        w->met = pool_resize(&l->pool, w->met, w->met_capacity * sizeof *w->met, wide * sizeof *w->met);
        w->met_capacity = wide;
    }
    w->met[w->met_count++] = took;
}

static void pair(struct ledger *l, struct live_write *a, struct live_write *b)
{
    struct live_write *later = a->took > b->took ? a : b, *earlier = later == a ? b : a;

    if (met_before(a, b))
        return;
    met_add(l, a, b->took);
    met_add(l, b, a->took);
    if (l->listener.conflict != NULL)
        l->listener.conflict(l->listener.self, later, earlier);
}

/* What `w`, which arrives alone, has seen leaves the frontier; it meets the rest. */
APART static void meet_any(struct ledger *l, struct key_row *r, struct live_write *w)
{
    struct live_write **frontier = row_frontier(r);
    uint32_t stay = 0;

    for (uint32_t i = 0; i < r->frontier_count; i++) {
        struct live_write *f = frontier[i];
        if (f == w || !write_seen(f, w)) {
            frontier[stay++] = f;
            continue;
        }
        f->frontiers--;
        write_sweep(l, f);
    }
    r->frontier_count = stay;
    for (uint32_t i = 0; i < stay; i++)
        pair(l, w, frontier[i]);
    frontier_put(l, r, w);
}

/* Nearly always it has seen the one that is there, or there is none. */
HOT void meet_alone(struct ledger *l, struct key_row *r, struct live_write *w)
{
    if (r->frontier_room != 0 || (r->frontier_count != 0 && !write_seen(r->frontier_one, w))) {
        meet_any(l, r, w);
        return;
    }
    if (r->frontier_count != 0) {
        r->frontier_one->frontiers--;
        write_sweep(l, r->frontier_one);
    }
    r->frontier_one = w;
    r->frontier_count = 1;
    w->frontiers++;
}

static bool overwritten_by_any(const struct live_write *w, struct live_write *const *tops, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (tops[i] != w && write_seen(w, tops[i]))
            return true;
    return false;
}

void reach_meet(struct ledger *l, struct key_entry *e, uint32_t row, struct live_write **tops, size_t count)
{
    struct key_row *r = &e->rows[row];

    if (row >= l->places.replicas || !row_counts(l, e, row))
        return;
    uint32_t stay = 0;
    for (size_t i = 0; i < count; i++)
        if (!overwritten_by_any(tops[i], tops, count))
            tops[stay++] = tops[i];
    count = stay;
    stay = 0;
    for (uint32_t i = 0; i < r->frontier_count; i++) {
        struct live_write *f = row_frontier(r)[i];
        if (!overwritten_by_any(f, tops, count)) {
            row_frontier(r)[stay++] = f;
            continue;
        }
        f->frontiers--;
        write_sweep(l, f);
    }
    r->frontier_count = stay;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < r->frontier_count; j++)
            pair(l, tops[i], row_frontier(r)[j]);
        frontier_put(l, r, tops[i]);
    }
}

void reach_flush(struct ledger *l)
{
    struct key_entry *e = l->batch_entry;

    if (e == NULL)
        return;
    l->batch_entry = NULL;
    reach_meet(l, e, l->batch_row, l->batch.items, l->batch.count);
    l->batch.count = 0;
    ledger_sweep(l);
}

void reach_arrive(struct ledger *l, struct key_entry *e, uint32_t row, struct live_write *w)
{
    if (reach_has(e, row, w))
        return;
    raise_all(l, e, row, w);
    if (row < l->places.replicas && row_counts(l, e, row))
        meet_alone(l, &e->rows[row], w);
}

static struct live_write *last_reached(const struct key_entry *e, uint32_t row, uint32_t slot)
{
    struct live_write *w = e->slots[slot].newest;

    while (w != NULL && !reach_has(e, row, w))
        w = w->slot_older;
    return w;
}

/* Everything that reached and that no other that reached has seen: after a loss, from scratch. Of each slot
 * only the last can be in it, and has seen all that the slot's earlier ones had. */
static void frontier_rebuild(struct ledger *l, struct key_entry *e, uint32_t row)
{
    frontier_leave(l, e, row);
    for (uint32_t slot = 0; slot < e->slot_count; slot++) {
        struct live_write *w = last_reached(e, row, slot);
        bool overwritten = w == NULL;
        for (uint32_t other = 0; other < e->slot_count && !overwritten; other++) {
            const struct live_write *by = other != slot ? last_reached(e, row, other) : NULL;
            overwritten = by != NULL && write_seen(w, by);
        }
        if (!overwritten)
            frontier_put(l, &e->rows[row], w);
    }
}

void reach_forget(struct ledger *l, struct key_entry *e, uint32_t row, bool all)
{
    uint32_t node = e->rows[row].node;

    for (uint32_t slot = 0; slot < e->slot_count; slot++) {
        struct write_slot *s = &e->slots[slot];
        uint64_t *reach = reach_at(e, row, slot);
        uint64_t left = all || e->kept == NULL ? 0 : *kept_at(e, row, slot);
        if (s->node == node && (all || left < *reach))
            s->open = false; /* its next write has not seen these */
        if (e->kept != NULL)
            *kept_at(e, row, slot) = left;
        if (left == *reach)
            continue;
        *reach = left;
        if (row >= l->places.replicas)
            continue;
        /* What had reached every replica may not have any more. */
        for (struct live_write *w = s->oldest; w != NULL; w = w->slot_newer) {
            if (w->took <= left)
                continue;
            w->reached = w->complete = false;
            if (w->retirable)
                e->retirable--;
            w->retirable = false;
        }
        s->unreached = s->oldest;
        while (s->unreached != NULL && s->unreached->reached)
            s->unreached = s->unreached->slot_newer;
        reach_advance(l, e, slot);
    }
    if (row >= l->places.replicas)
        return;
    if (row_counts(l, e, row))
        frontier_rebuild(l, e, row);
    else
        frontier_leave(l, e, row);
}
