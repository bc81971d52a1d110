/* guarantees.c -- see guarantees.h.
 *
 * Applications are looked at before the next record that is not part of the same arriving state: MERGEs of
 * one node and key in a row come together, and what a write follows may be told after it. */
#include "sim/observe/guarantees.h"

#include "sim/base/hot.h"
#include "sim/base/lines.h"
#include "sim/model/model.h"

/* As long as there are few slots, a quarter of them have notes: nearly all that is looked for is where it
 * would be first. */
enum { SWEEP_FIRST = 1024, SWEEP_AHEAD = 8, SLOT_BITS_FIRST = 8, SLOT_BITS_SPARSE = 14 };

static void slots_open(struct guarantees *s, uint32_t bits)
{
    s->slot_bits = bits;
    s->slot_count = 0;
    s->slots = sparse_new(((size_t)1 << bits) * sizeof *s->slots, 0);
}

static void slots_free(struct guarantee_slot *slots, uint32_t bits)
{
    sparse_free(slots, ((size_t)1 << bits) * sizeof *slots);
}

void guarantees_open(struct guarantees *s, const struct history_setting *setting, struct keys *keys)
{
    *s = (struct guarantees){
        .setting = setting, .of = keys, .sweep_at = SWEEP_FIRST, .notes_sweep_at = SWEEP_FIRST};
    s->regions = memory_new(setting->region_count, sizeof *s->regions);
    slots_open(s, SLOT_BITS_FIRST);
}

static void notes_free(struct guarantees *s)
{
    lines_free(&s->notes);
    slots_free(s->slots, s->slot_bits);
    s->slots = NULL;
    s->note_free = 0;
    s->note_count = 0;
}

void guarantees_close(struct guarantees *s)
{
    notes_free(s);
    for (uint32_t g = 0; g < s->setting->region_count; g++)
        array_free(&s->regions[g].open);
    free(s->regions);
    array_each (struct guarantee_follower, f, &s->followers)
        array_free(&f->follows);
    array_free(&s->followers);
    array_free(&s->followers_free);
    array_free(&s->applied);
    check_map_free(&s->follower_of);
}

static uint64_t session_of(const struct operation *op)
{
    return (uint64_t)op->region << 32 | op->session;
}

void guarantees_meet(struct guarantees *s, const struct operation *op)
{
    struct guarantee_region *region = &s->regions[op->region];

    while (region->open.count <= op->session)
        array_add(&region->open);
}

/* False: its write has retired, and it can go. */
static bool note_stays(const struct guarantee_note *n)
{
    return n->live->id == n->write && n->live->took == n->took;
}

static uint32_t hash_of(uint64_t session, uint64_t key)
{
    return (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15) + session * UINT64_C(0xc2b2ae3d27d4eb4f)) >> 32);
}

static uint32_t slot_home(const struct guarantees *s, uint32_t hash)
{
    return hash >> (32 - s->slot_bits);
}

/* Theirs, or the free one where it would be. */
HOT struct guarantee_slot *slot_of(const struct guarantees *s, uint64_t session, uint64_t key)
{
    uint32_t mask = (UINT32_C(1) << s->slot_bits) - 1, hash = hash_of(session, key), at = slot_home(s, hash);

    for (;; at = (at + 1) & mask) {
        struct guarantee_slot *slot = &s->slots[at];
        if (slot->newest == 0)
            return slot;
        const struct guarantee_note *n = &s->notes.items[slot->newest - 1];
        if (slot->hash == hash && n->session == session && n->key == key)
            return slot;
    }
}

void guarantees_expect(const struct guarantees *s, const struct operation *op)
{
    if (!s->given_up)
        expect_line(&s->slots[slot_home(s, hash_of(session_of(op), op->key))]);
}

void guarantees_expect_note(const struct guarantees *s, const struct operation *op)
{
    uint32_t newest = s->slots[slot_home(s, hash_of(session_of(op), op->key))].newest;

    if (newest != 0)
        expect_line(&s->notes.items[newest - 1]);
}

COLD static void slots_grow(struct guarantees *s)
{
    struct guarantee_slot *old = s->slots;
    uint32_t size = UINT32_C(1) << s->slot_bits, count = s->slot_count, mask = size * 2 - 1;

    slots_open(s, s->slot_bits + 1);
    s->slot_count = count;
    for (uint32_t i = 0; i < size; i++) {
        uint32_t at = slot_home(s, old[i].hash);
        while (old[i].newest != 0 && s->slots[at].newest != 0)
            at = (at + 1) & mask;
        if (old[i].newest != 0)
            s->slots[at] = old[i];
    }
    slots_free(old, s->slot_bits - 1);
}

/* Shifts back what the gap would hide. */
static void slot_remove(struct guarantees *s, const struct guarantee_slot *slot)
{
    uint32_t mask = (UINT32_C(1) << s->slot_bits) - 1, at = (uint32_t)(slot - s->slots);

    for (uint32_t next = (at + 1) & mask; s->slots[next].newest != 0; next = (next + 1) & mask)
        if (((next - slot_home(s, s->slots[next].hash)) & mask) >= ((next - at) & mask)) {
            s->slots[at] = s->slots[next];
            at = next;
        }
    s->slots[at] = (struct guarantee_slot){0};
    s->slot_count--;
}

/* Lets go of the notes of this slot that are of no use any more, and of the slot if none is left: NULL. */
static struct guarantee_slot *slot_sweep(struct guarantees *s, struct guarantee_slot *slot, uint64_t key)
{
    uint32_t newest = 0, stay = 0;

    for (uint32_t at = slot->newest, next; at != 0; at = next) {
        struct guarantee_note *n = &s->notes.items[at - 1];
        next = n->next;
        if (note_stays(n)) {
            *(stay != 0 ? &s->notes.items[stay - 1].next : &newest) = at;
            stay = at;
            continue;
        }
        n->live = NULL;
        n->next = s->note_free;
        s->note_free = at;
        s->note_count--;
        s->of->records[key].notes--;
    }
    if (newest == 0) {
        slot_remove(s, slot);
        return NULL;
    }
    s->notes.items[stay - 1].next = 0;
    slot->newest = newest;
    return slot;
}

/* That of the session and key, if they have notes that are still of use; else the free one where it would be,
 * or NULL: it is not known which that is. */
static struct guarantee_slot *slot_find(struct guarantees *s, uint64_t session, uint64_t key)
{
    struct guarantee_slot *slot = s->of->records[key].notes == 0 ? NULL : slot_of(s, session, key);

    return slot == NULL || slot->newest == 0 ? slot : slot_sweep(s, slot, key);
}

/* The newest of them. */
static struct guarantee_note *notes_in(const struct guarantees *s, const struct guarantee_slot *slot)
{
    return slot == NULL || slot->newest == 0 ? NULL : &s->notes.items[slot->newest - 1];
}

static struct guarantee_note *note_after(const struct guarantees *s, const struct guarantee_note *n)
{
    return n->next == 0 ? NULL : &s->notes.items[n->next - 1];
}

/* Those of sessions and keys that have not been looked at since. */
APART static void notes_sweep(struct guarantees *s)
{
    for (size_t i = 0; i < s->notes.count; i++) {
        const struct guarantee_note *n = &s->notes.items[i];
        if (i + SWEEP_AHEAD < s->notes.count && n[SWEEP_AHEAD].live != NULL) {
            expect_line(n[SWEEP_AHEAD].live);
            expect_line(&s->slots[slot_home(s, hash_of(n[SWEEP_AHEAD].session, n[SWEEP_AHEAD].key))]);
        }
        if (n->live != NULL && !note_stays(n))
            slot_find(s, n->session, n->key);
    }
    s->notes_sweep_at = s->note_count * 2 > SWEEP_FIRST ? s->note_count * 2 : SWEEP_FIRST;
}

/* Whatever reflects the note's write reflects `w` too. */
static bool brings(const struct guarantees *s, const struct guarantee_note *n, const struct live_write *w)
{
    if (s->setting->by_merge)
        return n->slot == w->slot && n->took >= w->took;
    return !geo_newer((geo_version){w->stamp, w->id}, (geo_version){n->stamp, n->write});
}

/* And the other way. */
static bool is_brought(const struct guarantees *s, const struct guarantee_note *n, const struct live_write *w)
{
    if (s->setting->by_merge)
        return n->slot == w->slot && w->took >= n->took;
    return !geo_newer((geo_version){n->stamp, n->write}, (geo_version){w->stamp, w->id});
}

COLD static void give_up(struct guarantees *s)
{
    s->given_up = true;
    notes_free(s);
    slots_open(s, SLOT_BITS_FIRST);
    for (uint64_t key = 0; key < s->setting->key_count; key++)
        s->of->records[key].notes = 0;
}

/* `slot`: as slot_find has it. */
static void note_put(struct guarantees *s, struct guarantee_slot *slot, struct guarantee_note note)
{
    uint32_t at = s->note_free;

    if (at != 0) {
        CHECK(s->notes.items != NULL);
        s->note_free = s->notes.items[at - 1].next;
        expect_line(&s->notes.items[s->note_free != 0 ? s->note_free - 1 : 0]); /* for the next one */
    } else {
        lines_add(&s->notes);
        at = (uint32_t)s->notes.count;
    }
    if (slot == NULL)
        slot = slot_of(s, note.session, note.key);
    note.next = slot->newest;
    s->notes.items[at - 1] = note;
    s->slot_count += slot->newest == 0;
    *slot = (struct guarantee_slot){at, hash_of(note.session, note.key)};
    if (s->slot_count * (s->slot_bits < SLOT_BITS_SPARSE ? 4 : 2) > UINT32_C(1) << s->slot_bits)
        slots_grow(s);
    s->of->records[note.key].notes++;
    if (++s->note_count >= s->notes_sweep_at)
        notes_sweep(s);
    if (s->note_count > GUARANTEES_NOTES_MOST)
        give_up(s);
}

static void note_add(struct guarantees *s, struct guarantee_slot *slot, const struct operation *op,
                     const struct live_write *w, uint64_t position, bool wrote)
{
    bool alone = *guarantees_open_of(s, op) == 0, outdoes = false;

    for (struct guarantee_note *n = notes_in(s, slot); n != NULL; n = note_after(s, n)) {
        if (n->wrote != wrote)
            continue;
        if (brings(s, n, w))
            return; /* known since before */
        if (alone && is_brought(s, n, w)) {
            n->took = 0; /* outdone: as if it had retired */
            outdoes = true;
        }
    }
    struct guarantee_note note = {.session = session_of(op),
                                  .key = op->key,
                                  .end = position,
                                  .write = w->id,
                                  .took = w->took,
                                  .live = w,
                                  .wrote = wrote};
    if (s->setting->by_merge)
        note.slot = w->slot;
    else
        note.stamp = w->stamp;
    note_put(s, outdoes ? slot_sweep(s, slot, op->key) : slot, note);
}

static bool reflected(const struct ledger *l, const struct operations *o, const struct operation *op,
                      const struct live_write *w)
{
    for (const struct operation_sample *x = operations_sample_first(o, op); x != NULL;
         x = operations_sample_next(o, x))
        if (ledger_reflected(l, w, x->node, x->instant))
            return true;
    return false;
}

static void note_breach(const struct guarantees *s, const struct ledger *l, enum geo_check check, uint64_t op,
                        const struct live_write *w, uint32_t node)
{
    struct check_breach b = breach_of(l, op, w, node);

    checks_note_violation(s->checks, check, op);
    checks_note_breach(s->checks, check, &b);
}

static void judge_read(struct guarantees *s, const struct ledger *l, const struct operations *o,
                       const struct operation *op, const struct guarantee_note *n)
{
    s->reads += op->in_window;
    while (n != NULL && (n->wrote || n->end >= op->begin_position || reflected(l, o, op, n->live)))
        n = note_after(s, n);
    if (n == NULL)
        return;
    s->not_monotonic += op->in_window;
    const struct operation_sample *first = operations_sample_first(o, op);
    if (s->checks != NULL)
        note_breach(s, l, GEO_MONOTONIC_READS, op->op, n->live,
                    first != NULL ? first->node : HISTORY_NO_NODE);
}

/* The newest write that the answer reflects, of the whole key (BY_ORDER) or of each taker. */
static void note_read(struct guarantees *s, struct guarantee_slot *notes, const struct ledger *l,
                      const struct operations *o, const struct operation *op, const struct live_write *newest)
{
    const struct key_entry *e = s->setting->by_merge ? ledger_entry(l, op->key) : NULL;

    if (newest != NULL)
        note_add(s, notes, op, newest, l->position, false);
    for (uint32_t slot = 0; e != NULL && slot < e->slot_count && !s->given_up; slot++) {
        const struct live_write *w = e->slots[slot].newest;
        while (w != NULL && !reflected(l, o, op, w))
            w = w->slot_older;
        if (w != NULL)
            note_add(s, slot_find(s, session_of(op), op->key), op, w, l->position, false);
    }
}

void guarantees_read(struct guarantees *s, const struct ledger *l, const struct operations *o,
                     const struct operation *op, const struct live_write *newest)
{
    if (s->given_up)
        return;
    struct guarantee_slot *slot = slot_find(s, session_of(op), op->key);

    judge_read(s, l, o, op, notes_in(s, slot));
    note_read(s, slot, l, o, op, newest);
}

void guarantees_wrote(struct guarantees *s, const struct ledger *l, const struct operation *op,
                      uint64_t write)
{
    if (s->given_up || write == 0)
        return;
    const struct live_write *w = ledger_find(l, write);
    s->writes += op->in_window;
    if (w != NULL)
        note_add(s, slot_find(s, session_of(op), op->key), op, w, l->position, true);
}

/* Those whose write has retired: it is applied everywhere, in whatever way. */
static void followers_sweep(struct guarantees *s, const struct ledger *l)
{
    for (uint32_t i = 0; i < s->followers.count; i++) {
        struct guarantee_follower *f = &s->followers.items[i];
        if (f->write == 0 || ledger_find(l, f->write) != NULL)
            continue;
        check_map_remove(&s->follower_of, f->write, 0);
        f->write = 0;
        f->follows.count = 0;
        *array_add(&s->followers_free) = i;
    }
    size_t live = s->followers.count - s->followers_free.count;
    s->sweep_at = live * 2 > SWEEP_FIRST ? live * 2 : SWEEP_FIRST;
}

static struct guarantee_follower *follower_make(struct guarantees *s, const struct ledger *l, uint64_t write,
                                                bool in_window)
{
    if (s->follower_of.count >= s->sweep_at)
        followers_sweep(s, l);
    uint32_t index;
    if (s->followers_free.count > 0) {
        index = s->followers_free.items[--s->followers_free.count];
    } else {
        index = (uint32_t)s->followers.count;
        *array_add(&s->followers) = (struct guarantee_follower){0};
    }
    struct guarantee_follower *f = &s->followers.items[index];
    f->write = write;
    f->in_window = in_window;
    f->against_own = f->against_read = false;
    check_map_put(&s->follower_of, write, 0, index);
    return f;
}

void guarantees_take(struct guarantees *s, const struct ledger *l, const struct operation *op, uint64_t write)
{
    struct guarantee_note *notes =
        op != NULL && !s->given_up ? notes_in(s, slot_find(s, session_of(op), op->key)) : NULL;
    const struct live_write *w = notes != NULL ? ledger_find(l, write) : NULL;
    struct guarantee_follower *f = NULL;

    if (w == NULL)
        return;
    for (const struct guarantee_note *n = notes; n != NULL; n = note_after(s, n)) {
        if (n->end >= op->begin_position || is_brought(s, n, w))
            continue;
        if (f == NULL)
            f = follower_make(s, l, write, op->in_window);
        *array_add(&f->follows) = (struct guarantee_follow){n->write, n->took, n->wrote};
    }
    for (uint32_t row = 0; f != NULL && row < l->places.replicas; row++)
        if (w->applied[row].position == l->position)
            guarantees_reflected(s, w, row); /* when that was told, it was not known what it follows */
}

static struct guarantee_follower *follower_find(const struct guarantees *s, uint64_t write)
{
    uint64_t index = s->follower_of.count > 0 ? check_map_get(&s->follower_of, write, 0) : CHECK_ABSENT;

    return index == CHECK_ABSENT ? NULL : &s->followers.items[index];
}

/* At the node it stands before `w`, or without it. */
static void broken(struct guarantees *s, const struct ledger *l, struct guarantee_follower *f, bool wrote,
                   const struct live_write *w, uint32_t node)
{
    bool *counted = wrote ? &f->against_own : &f->against_read;

    if (*counted)
        return;
    *counted = true;
    *(wrote ? &s->against_own : &s->against_read) += f->in_window;
    if (s->checks != NULL)
        note_breach(s, l, wrote ? GEO_MONOTONIC_WRITES : GEO_WRITES_FOLLOW_READS, f->write, w, node);
}

void guarantees_reflected(struct guarantees *s, const struct live_write *w, uint32_t row)
{
    *array_add(&s->applied) = (struct guarantee_applied){w->id, row};
    s->applied_key = w->entry->key;
    s->applied_node = w->entry->rows[row].node;
}

static void applied_look(struct guarantees *s, const struct ledger *l)
{
    array_each (struct guarantee_applied, a, &s->applied) {
        struct guarantee_follower *f = follower_find(s, a->write);
        if (f == NULL)
            continue;
        array_each (struct guarantee_follow, d, &f->follows) {
            const struct live_write *w = ledger_find(l, d->write);
            if (w != NULL && w->took == d->took && w->applied[a->row].position == 0)
                broken(s, l, f, d->wrote, w, s->applied_node);
        }
    }
    s->applied.count = 0;
}

void guarantees_look(struct guarantees *s, const struct ledger *l, const struct history_record *r)
{
    if (r->kind != HISTORY_MERGE || r->key != s->applied_key || r->node != s->applied_node)
        applied_look(s, l);
}

/* What is refused, or let go of, for what the session knew. */
void guarantees_let_go(struct guarantees *s, const struct ledger *l, const struct live_write *loser,
                       const struct live_write *winner, uint32_t node)
{
    struct guarantee_follower *f;

    if (winner == NULL) {
        s->refused_for_retired = true;
        return;
    }
    if ((f = follower_find(s, loser->id)) == NULL)
        return;
    array_each (struct guarantee_follow, d, &f->follows)
        if (d->write == winner->id && d->took == winner->took)
            broken(s, l, f, d->wrote, winner, node);
}

void guarantees_finish(struct guarantees *s, const struct ledger *l)
{
    applied_look(s, l);
    if (s->checks == NULL)
        return;
    for (int c = GEO_MONOTONIC_READS; c <= GEO_WRITES_FOLLOW_READS; c++) {
        checks_told(s->checks, (enum geo_check)c);
        if (s->given_up)
            checks_note_undecided(s->checks, (enum geo_check)c, "too many sessions knew of too many writes");
        else if (c != GEO_MONOTONIC_READS && s->refused_for_retired)
            checks_note_undecided(s->checks, (enum geo_check)c,
                                  "a write lost to one that the observer had let go of");
    }
}

void guarantees_put(const struct guarantees *s, struct figure_list *f)
{
    if (s->given_up) {
        figures_put_undecided(f, METRIC_MONOTONIC_READS);
        figures_put_undecided(f, METRIC_MONOTONIC_WRITES);
        figures_put_undecided(f, METRIC_WRITES_FOLLOW_READS);
        return;
    }
    figures_put(f, METRIC_MONOTONIC_READS, STATISTIC_VALUE, ALL_REGIONS, (double)s->not_monotonic);
    figures_put_share(f, METRIC_MONOTONIC_READS, STATISTIC_PER_READ, ALL_REGIONS, s->not_monotonic, s->reads);
    if (s->refused_for_retired) {
        figures_put_undecided(f, METRIC_MONOTONIC_WRITES);
        figures_put_undecided(f, METRIC_WRITES_FOLLOW_READS);
        return;
    }
    figures_put(f, METRIC_MONOTONIC_WRITES, STATISTIC_VALUE, ALL_REGIONS, (double)s->against_own);
    figures_put_share(f, METRIC_MONOTONIC_WRITES, STATISTIC_PER_WRITE, ALL_REGIONS, s->against_own,
                      s->writes);
    figures_put(f, METRIC_WRITES_FOLLOW_READS, STATISTIC_VALUE, ALL_REGIONS, (double)s->against_read);
    figures_put_share(f, METRIC_WRITES_FOLLOW_READS, STATISTIC_PER_WRITE, ALL_REGIONS, s->against_read,
                      s->writes);
}
