/* shipping.c -- see shipping.h; how a reign ends and begins is in shipping_reign.c. Invariants: a follower's
 * `received` moves along the chain of `prev` only, so that what it has is a prefix of what the leader has for
 * it; the leader cuts nothing that a follower has not confirmed; what is copied is never older than the log's
 * first entry, from where the follower goes on. */
#include "models/parts/shipping_room.h"

#include <string.h>

/* Entries sent again at once; held back at most; so many of them make the follower ask for what is missing.
 */
enum { WINDOW = 512, EARLY_MOST = 8192, EARLY_ASKS = 3, ASKS_DOUBLE = 6 };

struct entries { /* struct ship_entry follow */
    uint64_t prev;
    uint32_t count;
    bool more; /* the first of several windows: say where you are when you have it */
};

struct status {
    uint64_t confirmed, received;
    geo_ns at;        /* by the follower's oscillator, echoed */
    uint32_t missing; /* ship so many from what is received on; 0: nothing is known to be missing */
};

struct heartbeat {
    uint64_t sent, taken; /* to and for this follower, by now */
    geo_ns at;
    bool copy; /* the follower has less than the log can give */
};

static bool is_mine(const geo_replica *r, const struct shipping_def *d, geo_key key, geo_node follower)
{
    return geo_holder_in(r, key, d->leader) == geo_self(r) && row_held_by(r, key, follower);
}

/* ---- Copies ---- */

static size_t pack(geo_replica *r, geo_key key, const void *kept, void *payload, uint64_t *wire_bytes)
{
    const struct shipping_state *s = geo_state(r);
    geo_value v = geo_stored(r, key);

    (void)kept;
    if (v.version.write == 0)
        return 0;
    *wire_bytes = s->value_bytes;
    memcpy(payload, &v, sizeof v);
    return sizeof v;
}

static bool unpack(geo_replica *r, geo_key key, geo_node origin, const void *payload, size_t bytes)
{
    const struct shipping_state *s = geo_state(r);
    geo_value v, *tail = geo_row(r, SHIP_TAILS, key);

    (void)origin;
    (void)bytes;
    memcpy(&v, payload, sizeof v);
    if (s->rolls_back && geo_newer(geo_stored(r, key).version, v.version))
        geo_forget(r, key);
    if (geo_newer(v.version, tail->version))
        *tail = v;
    geo_store(r, key, v);
    return true;
}

static void absent(geo_replica *r, geo_key key)
{
    if (((const struct shipping_state *)geo_state(r))->rolls_back && geo_stored(r, key).version.write != 0)
        geo_forget(r, key);
}

static struct copy_def copying(const struct shipping_def *d)
{
    return (struct copy_def){.ask = SHIP_COPY_ASK,
                             .rows = SHIP_COPY_ROWS,
                             .timer = SHIP_COPY,
                             .again = d->tick_every,
                             .pack = pack,
                             .unpack = unpack,
                             .absent = d->rolls_back ? absent : NULL};
}

/* ---- The leader ---- */

static void entries_send(geo_replica *r, geo_node to, const struct entries *head,
                         const struct ship_entry *entry)
{
    _Alignas(8) unsigned char body[sizeof *head + SHIP_BATCH_MOST * sizeof *entry];
    uint64_t wire = 0;

    for (uint32_t i = 0; i < head->count; i++)
        wire += entry[i].value_bytes;
    memcpy(body, head, sizeof *head);
    memcpy(body + sizeof *head, entry, head->count * sizeof *entry);
    geo_send(r, to,
             (geo_out){.type = SHIP_ENTRIES, .wire_bytes = wire, .op = head->count == 1 ? entry->op : 0},
             body, sizeof *head + head->count * sizeof *entry);
}

/* Ships to the follower what comes after `from` and is its own: at most `most` entries now. */
static void ship(geo_replica *r, const struct shipping_def *d, geo_node to, uint64_t from, uint32_t most)
{
    bool window = most == WINDOW;
    struct shipping_peer *p = geo_peer(r, to);
    struct ship_entry batch[SHIP_BATCH_MOST];
    struct entries head = {.prev = from};
    uint64_t first = geo_log_first(r, SHIP_LOG), last = geo_log_last(r, SHIP_LOG);

    for (uint64_t position = from < first ? first : from + 1; position <= last && most > 0; position++) {
        const struct ship_record *record = geo_log_at(r, SHIP_LOG, position);
        if (!is_mine(r, d, record->entry.key, to))
            continue;
        batch[head.count++] = record->entry;
        most--;
        if (head.count == d->batch || most == 0 || position == p->taken) {
            head.more = window && most == 0 && position < p->taken;
            entries_send(r, to, &head, batch);
            head = (struct entries){.prev = position};
        }
        if (position >= p->taken)
            break;
    }
    p->sent = p->taken; /* what is past the window is asked for when the window has arrived */
}

static void heartbeat_send(geo_replica *r, geo_node to, geo_ns at, bool copy)
{
    struct shipping_peer *p = geo_peer(r, to);
    struct heartbeat h = {
        .sent = geo_reliable(r) ? p->sent : p->mark, .taken = p->taken, .at = at, .copy = copy};

    if (p->is_unknown)
        h.sent = h.taken = UINT64_MAX;
    geo_send(r, to, (geo_out){.type = SHIP_HEARTBEAT}, &h, sizeof h);
    p->mark = p->sent;
}

void shipping_cut(geo_replica *r)
{
    uint64_t first = geo_log_first(r, SHIP_LOG), last = geo_log_last(r, SHIP_LOG), keep = last + 1;

    for (geo_node n = 0; n < geo_nodes(r); n++) {
        const struct shipping_peer *p = geo_peer(r, n);
        if ((p->is_unknown || p->confirmed < p->taken) && p->confirmed + 1 < keep)
            keep = p->confirmed + 1;
    }
    while (first < keep && ((const struct ship_record *)geo_log_at(r, SHIP_LOG, first))->is_done)
        first++;
    if (first != geo_log_first(r, SHIP_LOG))
        geo_log_cut(r, SHIP_LOG, first, last);
}

/* The entry of an operation that is still in the log, latest first; NULL when there is none. */
static struct ship_record *find(geo_replica *r, geo_op_id op)
{
    for (uint64_t p = geo_log_last(r, SHIP_LOG); p >= geo_log_first(r, SHIP_LOG) && p > 0; p--) {
        struct ship_record *record = geo_log_at(r, SHIP_LOG, p);
        if (record->entry.op == op)
            return record;
    }
    return NULL;
}

static void ship_to_holders(geo_replica *r, const struct shipping_def *d, geo_key key, uint64_t position)
{
    geo_node others[ROW_HOLDERS_MOST];
    uint32_t count = row_others(r, key, others);

    for (uint32_t i = 0; i < count; i++) {
        struct shipping_peer *p = geo_peer(r, others[i]);
        p->taken = position;
        if (d->flush_every == 0 && !p->is_unknown)
            ship(r, d, others[i], p->sent, UINT32_MAX);
    }
}

uint64_t shipping_take(geo_replica *r, const struct shipping_def *d, const geo_op *op, geo_node asked)
{
    struct shipping_state *s = geo_state(r);
    geo_value *tail = geo_row(r, SHIP_TAILS, op->key);

    if (op->attempt > 0 && tail->version.write == op->write) {
        struct ship_record *old = find(r, op->id);
        if (old == NULL || old->is_done)
            return 0;
        old->asked = asked;
        return old->entry.position;
    }
    struct ship_record record = {.op = *op, .asked = asked, .outcome = GEO_OK};
    geo_value value = geo_stored(r, op->key);
    if (tail->version.write != 0 && tail->version.stamp >= (geo_ns)(d->reign << REIGN_SHIFT) &&
        !geo_newer(value.version, tail->version))
        value = *tail; /* taken and not yet done; of an earlier reign it may have been rolled back */
    geo_version before = value.version;
    geo_ns least =
        (geo_ns)floor_of(r, d); /* beyond all that the lost disk, or the leader before, may have had */
    if (geo_value_after(&value, op)) {
        value.version = (geo_version){before.stamp < least ? least : before.stamp + 1, op->write};
        if (before.write != 0)
            geo_made_from(r, op, before);
        geo_take(r, op, value.version);
        s->value_bytes = op->value_bytes;
    } else {
        record.outcome = GEO_NO;
    }
    *tail = value;
    record.entry = (struct ship_entry){.position = geo_log_last(r, SHIP_LOG) + 1,
                                       .value = value,
                                       .op = op->id,
                                       .key = op->key,
                                       .taken = geo_steady(r),
                                       .value_bytes = record.outcome == GEO_OK ? op->value_bytes : 0};
    uint64_t position = geo_log_append(r, SHIP_LOG, &record);
    geo_send(r, geo_self(r), (geo_out){.type = SHIP_WROTE, .op = op->id}, &position, sizeof position);
    ship_to_holders(r, d, op->key, position);
    tick_arm(r, d);
    return position;
}

void shipping_done(geo_replica *r, uint64_t position)
{
    struct shipping_state *s = geo_state(r);
    struct ship_record *record = geo_log_at(r, SHIP_LOG, position);

    record->is_done = true;
    if (record->outcome == GEO_OK)
        geo_store(r, record->entry.key, record->entry.value);
    if (position > s->visible)
        s->visible = position;
}

static void status_take(geo_replica *r, const struct shipping_def *d, const geo_message *m)
{
    struct shipping_peer *p = geo_peer(r, m->from);
    struct ship_marks *marked;
    struct status status;

    marks(r, &marked);
    memcpy(&status, m->body, sizeof status);
    if (((const struct shipping_state *)geo_state(r))->is_empty)
        return;
    if (status.received < marked->floor) {
        heartbeat_send(r, m->from, 0, true);
        return;
    }
    /* A leader that restarted knows from its log what it took, and the log may have been cut since. */
    if (status.received > p->taken)
        p->taken = status.received;
    uint64_t before = p->confirmed;
    if (status.confirmed > p->confirmed)
        p->confirmed = status.confirmed;
    if (status.missing != 0) {
        p->is_unknown = false;
        ship(r, d, m->from, status.received, status.missing);
    } else if (p->is_unknown || status.at != 0) {
        heartbeat_send(r, m->from, status.at, false);
    }
    if (p->confirmed > before && d->confirmed != NULL)
        d->confirmed(r, before, p->confirmed);
    shipping_cut(r);
}

/* A leader without its disk has copies enough: the log begins anew, beyond all that followers may have. */
static void recovered(geo_replica *r, const struct shipping_def *d)
{
    struct shipping_state *s = geo_state(r);
    struct ship_marks *marked;

    marks(r, &marked);
    if (s->is_empty) {
        s->is_empty = false;
        marked->floor = floor_of(r, d);
        geo_log_cut(r, SHIP_LOG, marked->floor + 1, marked->floor);
    }
    for (geo_node n = 0; n < geo_nodes(r); n++)
        if (is_follower(r, d, n)) {
            struct shipping_peer *p = geo_peer(r, n);
            p->is_unknown = true;
            p->confirmed = marked->floor;
            heartbeat_send(r, n, 0, true);
        }
}

static void leader_tick(geo_replica *r, const struct shipping_def *d)
{
    struct shipping_state *s = geo_state(r);
    bool waits = s->is_empty;

    if (s->is_empty && s->copies > 0 && d->recover_after > 0 && geo_steady(r) - s->back >= d->recover_after)
        recovered(r, d);
    for (geo_node n = 0; !s->is_empty && n < geo_nodes(r); n++) {
        struct shipping_peer *p = geo_peer(r, n);
        if (!is_follower(r, d, n))
            continue;
        waits = waits || p->is_unknown || p->confirmed < p->taken;
        if (p->is_unknown || (!d->reports && p->confirmed < p->mark))
            heartbeat_send(r, n, 0, false);
        p->mark = p->sent;
    }
    if (waits)
        tick_arm(r, d);
}

/* ---- The follower ---- */

static void status_send(geo_replica *r, const struct shipping_def *d, geo_node leader, struct status status,
                        geo_op_id op)
{
    const struct shipping_peer *p = geo_peer(r, leader);

    if (p->is_copying)
        return;
    status.received = p->received;
    status.confirmed = d->inbox_is_durable ? p->received : p->applied;
    geo_send(r, leader, (geo_out){.type = SHIP_STATUS, .op = op}, &status, sizeof status);
}

void shipping_copy_from(geo_replica *r, const struct shipping_def *d, geo_node leader)
{
    struct shipping_peer *p = geo_peer(r, leader);
    struct copy_def copy = copying(d);

    p->is_copying = true;
    copy_begin(r, &copy, leader);
}

static void inbox_serve(geo_replica *r, uint64_t position, geo_op_id op)
{
    geo_send(r, geo_self(r), (geo_out){.type = SHIP_APPLY, .lane = 1, .op = op}, &position, sizeof position);
}

static void take_in(geo_replica *r, geo_node leader, const struct ship_entry *e)
{
    struct shipping_peer *p = geo_peer(r, leader);
    struct ship_inbox item = {.entry = *e, .leader = leader};

    p->received = e->position;
    inbox_serve(r, geo_log_append(r, SHIP_INBOX, &item), e->op);
}

/* Takes in what was held back and comes next. */
static void early_take(geo_replica *r, geo_node leader)
{
    struct shipping_peer *p = geo_peer(r, leader);
    uint64_t first = geo_log_first(r, SHIP_EARLY), last = geo_log_last(r, SHIP_EARLY);

    for (uint64_t i = first; i <= last; i++) {
        struct ship_inbox *e = geo_log_at(r, SHIP_EARLY, i);
        if (e->is_used || e->leader != leader || e->prev > p->received)
            continue;
        e->is_used = true;
        if (e->prev == p->received && e->entry.position > p->received) {
            struct ship_entry entry = e->entry;
            take_in(r, leader, &entry);
            i = first - 1; /* another may follow on it */
        }
    }
    while (first <= last && ((struct ship_inbox *)geo_log_at(r, SHIP_EARLY, first))->is_used)
        first++;
    if (first != geo_log_first(r, SHIP_EARLY))
        geo_log_cut(r, SHIP_EARLY, first, last);
}

static uint64_t early_count(const geo_replica *r)
{
    return geo_log_last(r, SHIP_EARLY) + 1 - geo_log_first(r, SHIP_EARLY);
}

/* Several servers write entries side by side, so that one may be durable before the one that stands before
 * it. */
static void entries_take(geo_replica *r, const struct shipping_def *d, const geo_message *m)
{
    struct shipping_peer *p = geo_peer(r, m->from);
    const unsigned char *at = m->body;
    struct entries head;
    struct ship_entry e;

    memcpy(&head, at, sizeof head);
    at += sizeof head;
    if (p->is_copying)
        return;
    for (uint32_t i = 0; i < head.count; i++, at += sizeof e) {
        memcpy(&e, at, sizeof e);
        if (head.prev == p->received)
            take_in(r, m->from, &e);
        else if (head.prev > p->received && (geo_reliable(r) || early_count(r) < EARLY_MOST))
            geo_log_append(r, SHIP_EARLY,
                           &(struct ship_inbox){.entry = e, .prev = head.prev, .leader = m->from});
        head.prev = e.position;
    }
    early_take(r, m->from);
    if (d->acknowledges && d->inbox_is_durable)
        status_send(r, d, m->from, (struct status){0}, m->op);
    if (!geo_reliable(r) && early_count(r) >= EARLY_ASKS && p->asked_from != p->received + 1) {
        /* as tcp's fast retransmit: three came after a gap, so it is no mere reordering */
        p->asked_from = p->received + 1;
        status_send(r, d, m->from, (struct status){.missing = 1}, 0);
    }
    if (head.more)
        status_send(r, d, m->from, (struct status){.missing = WINDOW}, 0);
}

static void freshen(struct shipping_peer *p)
{
    if (p->fresh_next != 0 && p->applied >= p->fresh_position) {
        p->fresh_at = p->fresh_next;
        p->fresh_next = 0;
    }
}

static void apply(geo_replica *r, const struct shipping_def *d, const geo_message *m)
{
    struct shipping_state *s = geo_state(r);
    uint64_t position;

    memcpy(&position, m->body, sizeof position);
    const struct ship_inbox *found = geo_log_at(r, SHIP_INBOX, position);
    if (found == NULL)
        return;
    struct ship_inbox item = *found;
    struct shipping_peer *p = geo_peer(r, item.leader);
    /* of a `no` it is the value that is there, which changes nothing */
    geo_store(r, item.entry.key, item.entry.value);
    s->value_bytes = item.entry.value_bytes != 0 ? item.entry.value_bytes : s->value_bytes;
    if (item.entry.position > p->applied)
        marks(r, NULL)[item.leader] = p->applied = item.entry.position;
    freshen(p);
    geo_log_cut(r, SHIP_INBOX, position + 1, geo_log_last(r, SHIP_INBOX));
    if (d->acknowledges && !d->inbox_is_durable)
        status_send(r, d, item.leader, (struct status){0}, item.entry.op);
}

/* Has nothing come since the last heartbeat, nor for as many before as it has asked for nothing? What it
 * asked for may be under way, or wait for the WRITE service: asking again would add to that, and at each
 * heartbeat for ever. */
static bool stalls(struct shipping_peer *p)
{
    bool moved = p->received != p->heard_at;

    p->heard_at = p->received;
    if (moved)
        p->asks = p->skips = 0;
    if (moved || p->skips > 0) {
        p->skips -= p->skips > 0;
        return false;
    }
    p->asks += p->asks < ASKS_DOUBLE;
    p->skips = (1u << p->asks) - 1;
    return true;
}

static void heartbeat_take(geo_replica *r, const struct shipping_def *d, const geo_message *m)
{
    struct shipping_peer *p = geo_peer(r, m->from);
    struct heartbeat h;

    memcpy(&h, m->body, sizeof h);
    if (h.copy) {
        shipping_copy_from(r, d, m->from);
        return;
    }
    bool behind = p->received < h.sent;
    if (h.sent == UINT64_MAX || (behind && stalls(p)))
        status_send(r, d, m->from, (struct status){.missing = WINDOW}, 0);
    else if (!d->reports)
        status_send(r, d, m->from, (struct status){0}, 0);
    if (h.at != 0 && p->fresh_next == 0 && h.taken != UINT64_MAX) {
        p->fresh_next = h.at;
        p->fresh_position = h.taken;
    }
    freshen(p);
}

static void follower_tick(geo_replica *r, const struct shipping_def *d)
{
    for (geo_node n = 0; n < geo_nodes(r); n++)
        if (geo_region_of(r, n) == d->leader)
            status_send(r, d, n, (struct status){.at = geo_steady(r)}, 0);
    tick_arm(r, d);
}

/* ---- Both ---- */

static void copied(geo_replica *r, const struct shipping_def *d, geo_node from)
{
    struct shipping_state *s = geo_state(r);
    struct shipping_peer *p = geo_peer(r, from);

    if (leads(r, d)) {
        s->copies++;
        if (!s->is_empty || s->copies >= d->copies_needed)
            recovered(r, d);
        return;
    }
    p->is_copying = false;
    p->fresh_next = 0;
    marks(r, NULL)[from] = p->received = p->applied = p->copy.mark;
    status_send(r, d, from, (struct status){.missing = WINDOW}, 0);
}

static void copy_asked(geo_replica *r, const struct shipping_def *d, const geo_message *m)
{
    const struct shipping_state *s = geo_state(r);
    struct shipping_peer *p = geo_peer(r, m->from);
    struct copy_def copy = copying(d);
    geo_key cursor;

    memcpy(&cursor, m->body, sizeof cursor);
    if (s->is_empty || (!leads(r, d) && geo_log_last(r, SHIP_INBOX) >= geo_log_first(r, SHIP_INBOX)))
        return; /* not yet: it has nothing, or has not yet applied all it has. It will be asked again */
    if (leads(r, d) && cursor == 0) {
        p->is_unknown = true; /* keeps the log from here on */
        p->confirmed = geo_log_first(r, SHIP_LOG) - 1;
    }
    copy_give(r, &copy, m, leads(r, d) ? geo_log_first(r, SHIP_LOG) - 1 : p->received);
}

/* What an earlier leader sent, or what is meant for one, is of no use any more. */
static bool is_stale(const geo_replica *r, const struct shipping_def *d, const geo_message *m)
{
    bool from_leader = geo_region_of(r, m->from) == d->leader;

    if (m->type == SHIP_ENTRIES || m->type == SHIP_HEARTBEAT)
        return leads(r, d) || !from_leader;
    return m->type == SHIP_STATUS && !leads(r, d);
}

void shipping_message(geo_replica *r, const struct shipping_def *d, const geo_message *m)
{
    struct copy_def copy = copying(d);

    if (is_stale(r, d, m))
        return;
    switch (m->type) {
    case SHIP_ENTRIES:
        entries_take(r, d, m);
        break;
    case SHIP_APPLY:
        apply(r, d, m);
        break;
    case SHIP_STATUS:
        status_take(r, d, m);
        break;
    case SHIP_HEARTBEAT:
        heartbeat_take(r, d, m);
        break;
    case SHIP_COPY_ASK:
        copy_asked(r, d, m);
        break;
    case SHIP_COPY_ROWS:
        if (copy_take(r, &copy, m))
            copied(r, d, m->from);
        break;
    default:
        break;
    }
}

/* ---- Starting ---- */

static void leader_start(geo_replica *r, const struct shipping_def *d, enum geo_lost lost)
{
    struct shipping_state *s = geo_state(r);
    struct copy_def copy = copying(d);

    for (uint64_t i = geo_log_first(r, SHIP_LOG); i <= geo_log_last(r, SHIP_LOG); i++) {
        struct ship_record *record = geo_log_at(r, SHIP_LOG, i);
        record->is_written = true;
        s->visible = record->is_done ? i : s->visible;
        for (geo_node n = 0; n < geo_nodes(r); n++)
            if (is_follower(r, d, n) && row_held_by(r, record->entry.key, n))
                ((struct shipping_peer *)geo_peer(r, n))->taken = i;
    }
    if (s->visible == 0)
        s->visible = geo_log_first(r, SHIP_LOG) - 1;
    for (geo_node n = 0; n < geo_nodes(r); n++) {
        struct shipping_peer *p = geo_peer(r, n);
        if (!is_follower(r, d, n))
            continue;
        p->is_unknown = true;
        s->is_empty = lost == GEO_LOST_DISK;
        if (s->is_empty)
            copy_begin(r, &copy, n);
        else
            heartbeat_send(r, n, 0, false);
    }
    s->back = geo_steady(r);
    tick_arm(r, d);
}

static void follower_start(geo_replica *r, const struct shipping_def *d, enum geo_lost lost)
{
    uint64_t *applied = marks(r, NULL);

    for (geo_node n = 0; n < geo_nodes(r); n++) {
        struct shipping_peer *p = geo_peer(r, n);
        p->received = p->applied = applied[n];
    }
    for (uint64_t i = geo_log_first(r, SHIP_INBOX); i <= geo_log_last(r, SHIP_INBOX); i++) {
        const struct ship_inbox *item = geo_log_at(r, SHIP_INBOX, i);
        ((struct shipping_peer *)geo_peer(r, item->leader))->received = item->entry.position;
        inbox_serve(r, i, item->entry.op);
    }
    for (geo_node n = 0; n < geo_nodes(r); n++)
        if (geo_region_of(r, n) == d->leader) {
            if (lost == GEO_LOST_DISK)
                shipping_copy_from(r, d, n);
            else
                status_send(r, d, n, (struct status){.missing = WINDOW}, 0);
        }
}

void shipping_start(geo_replica *r, const struct shipping_def *d, enum geo_lost lost)
{
    struct shipping_state *s = geo_state(r);

    s->rolls_back = d->rolls_back;
    if (leads(r, d))
        flushes_arm(r, d, (geo_ns)((double)d->flush_every * geo_chance(r, SHIP_FLUSH)));
    if (d->reports && !leads(r, d))
        s->ticks = geo_arm(r, (geo_ns)((double)d->tick_every * geo_chance(r, SHIP_TICK)), SHIP_TICK, 0) != 0;
    if (lost == GEO_FIRST_START)
        return;
    if (leads(r, d))
        leader_start(r, d, lost);
    else
        follower_start(r, d, lost);
}

void shipping_timer(geo_replica *r, const struct shipping_def *d, uint32_t type, uint64_t arg)
{
    struct shipping_state *s = geo_state(r);
    struct copy_def copy = copying(d);

    if (type == SHIP_COPY) {
        copy_ask_again(r, &copy, (geo_node)arg);
    } else if (type == SHIP_TICK) {
        s->ticks = false;
        if (leads(r, d))
            leader_tick(r, d);
        else
            follower_tick(r, d);
    } else {
        for (geo_node n = 0; n < geo_nodes(r); n++) {
            struct shipping_peer *p = geo_peer(r, n);
            if (is_follower(r, d, n) && !p->is_unknown && p->taken > p->sent)
                ship(r, d, n, p->sent, UINT32_MAX);
        }
        s->flushes = false;
        if (leads(r, d))
            flushes_arm(r, d, d->flush_every);
    }
}
