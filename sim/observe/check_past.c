/* check_past.c -- what each session has seen of a register's writes, and what may therefore not be read any
 * more: causal consistency, and the four session guarantees as far as answers show them.
 *
 * The *past* of an operation: the operations of its session that ended before it began, the writes that
 * those read, and the past of all these (Lamport's order, by session order and reads-from). A read of key x
 * that returns w is wrong when its past holds another write w' to x with w in the past of w', or any write
 * to x at all if w is the initial value. With values that are written once these, and reads of what nobody
 * wrote, are all that can be wrong (Bouajjani, Enea, Guerraoui, Hamza: On Verifying Causal Consistency, POPL
 * 2017: WriteCORead, WriteCOInitRead, ThinAirRead; CyclicCO needs an answer that was given before it was
 * written, which counts as thin air here).
 *
 * The session guarantees (Terry et al., PDIS 1994) demand less, each of other writes w' to the key that a
 * read may not fall behind: those that its session wrote (read your writes), or returned before (monotonic
 * reads); those that came before, in their own session, a write that this session has read (monotonic
 * writes); those that the writer of such a write had read before it (writes follow reads). "w is older than
 * w'" is what a history itself shows: w is in the past of w', or the initial value. The observer's ledger
 * knows more of a live history.
 *
 * Vectors. A session's writes stand in *lanes*: in a lane each write has all earlier ones of the lane in its
 * past. A past is then one count a lane. Each session has a lane of its own. A write that overlaps another of
 * its session has no place there: it goes to any of the *common* lanes whose writes it has all in its past,
 * of which there are about as many as are needed at one time, of all sessions together. (A write that may
 * have happened takes its place only when it is first read, or it would block its lane.) A key's writes are
 * kept in the order in which they began, so that only those after w are looked at.
 *
 * Retirement, now and then: w can go when a newer w' (w in the past of w') is in the past of all sessions
 * and all open operations. Who then still reads w breaks the rule, unless it is a session that came later:
 * undecided. What is in the past of all sessions teaches nobody anything more: the oldest write of a key that
 * is, gives back its vector. A session that came later and reads it does not learn its past, nor does who
 * reads what it writes: what such a session may know is `known_before`, and a read that this would forbid is
 * undecided. Only keys of writes that have a vector are looked at: when one is known to all, what is older
 * is.
 *
 * Cost: a pass over the lanes for what a session has not known yet, and over the key's newer writes a read.
 * Memory: 2 or 4 bytes x lanes for each session, and for each write that not all sessions know or that has an
 * older one of its key beside it; past PAST_BYTES_MOST or LANES_MOST it is undecided. */
#include "sim/base/expect.h"
#include "sim/base/lines.h"
#include "sim/observe/check_past_room.h"

#include <stdio.h>

enum { LANES_MOST = 4096 };
#define PAST_BYTES_MOST (UINT64_C(1) << 30)

struct past *past_new(struct check_key_lines *lines, const struct check_stream_def *def)
{
    struct past *p = memory_new(1, sizeof *p);

    p->lines = lines;
    p->def = *def;
    p->sweep_at = PAST_SWEEP_FIRST;
    return p;
}

static void let_go(struct past *p)
{
    array_each (struct past_readers, r, &p->readers)
        array_free(&r->all);
    array_each (struct past_session, s, &p->sessions) {
        vector_grown_free(&p->vectors, s->known, s->width);
        array_free(&s->epochs);
    }
    vectors_free(&p->vectors);
    free(p->known_before);
    p->known_before = NULL;
    pool_free(&p->entries);
    array_each (struct past_sight, s, &p->sight) {
        array_free(&s->steps);
        array_free(&s->newest);
    }
    array_free(&p->sight);
    lines_free(&p->writes);
    array_free(&p->readers);
    lines_free(&p->sessions);
    array_free(&p->free);
    array_free(&p->lane_last);
    array_free(&p->common);
    array_free(&p->teaching);
    check_map_free(&p->sights);
}

void past_free(struct past *p)
{
    if (p == NULL)
        return;
    let_go(p);
    free(p);
}

const struct check_tally *past_tally(const struct past *p, enum geo_check check)
{
    return &p->tallies[check];
}

void past_doubt(struct past *p, const char *why)
{
    for (int i = GEO_CAUSAL; i <= GEO_WRITES_FOLLOW_READS; i++)
        check_undecided(&p->tallies[i], why);
}

static COLD void give_up(struct past *p)
{
    past_doubt(p, "the pasts of its writes took more memory than the check may have");
    let_go(p);
    p->given_up = true;
}

/* Asked once nothing of an operation is under way, since nothing is left then: as it begins, where vectors
 * are copied, and as it ends, where lanes are added, of which thousands may end before the next one begins.
 */
static inline void keep_bounds(struct past *p)
{
    if (p->session_bytes + p->vectors.bytes > PAST_BYTES_MOST || p->lane_last.count > LANES_MOST)
        give_up(p);
}

static COLD void widen_now(struct past *p, struct past_session *s, uint32_t width)
{
    s->known = vector_grow(&p->vectors, s->known, s->width, width);
    p->session_bytes += vector_bytes(&p->vectors, width - s->width);
    s->width = width;
}

static inline void widen(struct past *p, struct past_session *s, uint32_t width)
{
    if (width > s->width)
        widen_now(p, s, width);
}

/* A lane has come further than narrow counts go. */
static void widen_counts(struct past *p)
{
    struct vectors old = vectors_widen(&p->vectors);

    array_each (struct past_write, w, &p->writes)
        w->known = vector_widened(&p->vectors, w->known, w->width);
    array_each (struct past_session, s, &p->sessions) {
        struct vector *narrow = s->known;
        s->known = s->width > 0 ? vector_grow(&p->vectors, NULL, 0, s->width) : NULL;
        for (uint32_t i = 0; i < s->width; i++)
            vector_set(&p->vectors, s->known, i, vector_at(&old, narrow, i));
        vector_grown_free(&old, narrow, s->width);
        array_each (struct past_epoch, e, &s->epochs)
            e->known = vector_widened(&p->vectors, e->known, e->width);
    }
    p->session_bytes *= 2;
    vectors_free(&old);
}

static COLD void session_meet(struct past *p, uint32_t session, uint64_t position)
{
    while (p->sessions.count <= session)
        lines_add(&p->sessions);
    struct past_session *s = &p->sessions.items[session];
    s->born = position;
    s->late = p->known_before != NULL;
    s->early = !p->has_early;
}

static inline struct past_session *session_of(struct past *p, uint32_t session, uint64_t position)
{
    if (p->sessions.count <= session || p->sessions.items[session].born == 0)
        session_meet(p, session, position);
    return &p->sessions.items[session];
}

static void entry_add(struct past *p, struct past_key *k, struct past_entry e)
{
    uint32_t room = k->count > 1 ? k->room : k->count;

    if (k->count == 0) {
        e.count = 1;
        k->one = e;
        return;
    }
    if (k->count == room) {
        struct past_entry one = k->one, *more = room > 1 ? k->more : NULL;
        k->room = (uint32_t)(pool_room((room + 1) * sizeof e) / sizeof e);
        k->more = pool_resize(&p->entries, more, room * sizeof e, k->room * sizeof e);
        if (room == 1)
            *k->more = one;
    }
    k->more[k->count++] = e;
}

void past_entries_leave(struct past *p, struct past_key *k, uint32_t count)
{
    struct past_entry *more = k->more;
    uint32_t room = k->room;

    if (k->count > 1 && count <= 1) {
        k->one = *more;
        pool_give(&p->entries, more, room * sizeof *more);
    }
    k->count = count;
}

/* Where among its key's it is. */
static uint32_t entry_of(struct past_key *k, uint32_t write)
{
    const struct past_entry *entries = past_entries(k);
    uint32_t i = k->count;

    while (entries[--i].write != write)
        ;
    return i;
}

static void see_newest(const struct past *p, struct check_key_line *line, uint32_t write)
{
    const struct past_write *w = &p->writes.items[write];

    line->newest = write;
    line->newest_value = w->value;
    line->newest_lane = (uint16_t)w->lane;
    line->newest_early = false;
    line->newest_seq = w->seq != 0 ? w->seq : UINT32_MAX;
}

static inline bool place_in(struct past *p, struct past_write *w, uint32_t lane)
{
    if (known_of(p, w->known, w->width, lane) != p->lane_last.items[lane])
        return false;
    w->lane = lane;
    w->seq = ++p->lane_last.items[lane];
    return true;
}

/* A place in a lane whose writes are all in its past: its session's own, or any that is for what overlaps. */
static void place_new(struct past *p, struct past_write *w)
{
    struct past_session *s = &p->sessions.items[w->session];

    if (s->lane != 0 && place_in(p, w, s->lane - 1))
        return;
    array_each (uint32_t, lane, &p->common)
        if (s->lane != 0 && place_in(p, w, *lane))
            return;
    w->lane = (uint32_t)p->lane_last.count;
    *array_add(&p->lane_last) = w->seq = 1;
    if (s->lane == 0)
        s->lane = w->lane + 1;
    else
        *array_add(&p->common) = w->lane;
}

static APART void place_now(struct past *p, uint32_t write)
{
    struct past_write *w = &p->writes.items[write];
    struct check_key_line *line = &p->lines->all.items[w->key];

    place_new(p, w);
    struct past_key *k = past_key_of(p, line);
    struct past_entry *e = &past_entries(k)[entry_of(k, write)];
    e->lane = w->lane;
    e->seq = w->seq;
    if (line->newest == write)
        see_newest(p, line, write);
    if (w->seq > VECTOR_NARROW_MOST && !p->vectors.wide)
        widen_counts(p);
}

static inline void place(struct past *p, uint32_t write)
{
    if (p->writes.items[write].seq == 0)
        place_now(p, write);
}

/* The entry of the write of that value: mostly the newest of its key, or one of the few before it, which are
 * looked at anyway (judge). UINT32_MAX: there is none. */
static uint32_t entry_named(struct past_key *k, uint64_t value)
{
    const struct past_entry *entries = past_entries(k);
    uint32_t i = k->count;

    while (i-- > 0 && entries[i].value != value)
        ;
    return i;
}

void past_write_free(struct past *p, uint32_t index)
{
    struct past_write *w = &p->writes.items[index];

    vector_give(&p->vectors, w->known, w->width);
    if (index < p->readers.count)
        array_free(&p->readers.items[index].all);
    *w = (struct past_write){0};
    *array_add(&p->free) = index;
}

void past_expect_newest(const struct past *p, const struct check_key_line *line)
{
    if (line->newest < p->writes.count)
        expect_line(&p->writes.items[line->newest]);
}

void past_expect_order(const struct past *p, const struct check_key_line *line)
{
    if (line->place == 0 || p->given_up)
        return;
    const struct past_key *k = &p->lines->places.items[line->place].past;
    if (k->count > 1)
        expect_line(&k->more[k->count - 1]);
}

void past_expect_known(const struct past *p, const struct check_key_line *line)
{
    if (line->newest >= p->writes.count)
        return;
    const struct past_write *w = &p->writes.items[line->newest];
    if (w->known != NULL)
        vector_expect(&p->vectors, w->known, w->width);
}

static APART void begin_write(struct past *p, struct check_op *op, struct past_session *s)
{
    struct check_key_line *line = &p->lines->all.items[op->key];
    uint32_t index;
    if (p->free.count > 0) {
        index = p->free.items[--p->free.count];
        if (p->free.count > 0)
            expect_line(&p->writes.items[p->free.items[p->free.count - 1]]); /* for the next one */
    } else {
        index = (uint32_t)p->writes.count;
        lines_add(&p->writes);
    }
    p->writes.items[index] = (struct past_write){.value = op->value,
                                                 .op = op->id,
                                                 .begin = op->begin,
                                                 .end = CHECK_OPEN,
                                                 .key = op->key,
                                                 .session = op->session,
                                                 .lacks = s->lacks,
                                                 .width = s->width,
                                                 .known = vector_copy(&p->vectors, s->known, s->width)};
    if (s->width > 0)
        *array_add(&p->teaching) = (struct past_teaching){index, op->begin};
    entry_add(p, past_key_of(p, line), (struct past_entry){.value = op->value, .write = index});
    see_newest(p, line, index);
    op->write = index + 1;
    if (p->teaching.count >= p->sweep_at && !p->def.sessions)
        past_retire(p, op->begin);
    keep_bounds(p);
}

void past_begin(struct past *p, struct check_op *op)
{
    if (p->given_up)
        return;
    struct past_session *s = session_of(p, op->session, op->begin);
    op->epoch = s->epoch;
    s->open++;
    if (op->f == CHECK_WRITE)
        begin_write(p, op, s);
}

static void broken(struct past *p, enum geo_check check, const struct check_op *op,
                   const struct past_write *older, const struct past_write *newer)
{
    static const char *const because[GEO_CHECKS] = {
        [GEO_CAUSAL] = "which is in its past",
        [GEO_READ_YOUR_WRITES] = "which its own session had written",
        [GEO_MONOTONIC_READS] = "which its session had read before",
        [GEO_MONOTONIC_WRITES] =
            "after which, in the same session, a write was made that its session has read",
        [GEO_WRITES_FOLLOW_READS] = "which a writer had read before making a write that its session has read",
    };
    const char *n = p->def.noun;
    char what[80];

    if (check_violation_again(&p->tallies[check]))
        return;
    if (older == NULL)
        snprintf(what, sizeof what, "the initial value");
    else
        snprintf(what, sizeof what, "the value that %s %llu wrote", n, (unsigned long long)older->op);
    check_violation(&p->tallies[check], op->id, (uint64_t[4]){older != NULL ? older->op : 0, newer->op},
                    "%s %llu returns %s, older than that of %s %llu, %s", n, (unsigned long long)op->id, what,
                    n, (unsigned long long)newer->op, because[check]);
}

/* Of an operation that began in another epoch than this. */
static struct past_epoch *epoch_of(struct past_session *s, uint32_t number)
{
    struct past_epoch *e = s->epochs.items;

    while (e->number != number)
        e++;
    return e;
}

/* Holds what the read returned (entry `at`, UINT32_MAX: the initial value) against the newer writes to its
 * key. */
static void judge(struct past *p, struct past_key *k, const struct check_op *op, uint32_t at)
{
    struct past_session *s = &p->sessions.items[op->session];
    const struct past_epoch now = {.known = s->known, .width = s->width},
                            *then = op->epoch == s->epoch ? &now : epoch_of(s, op->epoch);
    const struct past_entry *entries = past_entries(k);
    const struct past_write *w = at != UINT32_MAX ? &p->writes.items[entries[at].write] : NULL;
    bool done[GEO_CHECKS] = {false};

    for (uint32_t i = k->count; i-- > 0 && i != at;) {
        const struct past_entry *e = &entries[i];
        bool known = e->seq != 0 && known_of(p, then->known, then->width, e->lane) >= e->seq;
        if (!known && !s->lacks && !p->def.sessions)
            continue; /* the usual one: it may be older, and is not looked at */
        const struct past_write *newer = &p->writes.items[e->write];
        if (w != NULL && !is_known(p, newer->known, newer->width, w))
            continue;
        if (s->lacks && !done[GEO_CAUSAL] && !known && is_among(p->known_before, p->width_before, newer))
            check_undecided(&p->tallies[GEO_CAUSAL],
                            "a session that came late may know more than can be told by now");
        if (!done[GEO_CAUSAL] && known) {
            broken(p, GEO_CAUSAL, op, w, newer);
            done[GEO_CAUSAL] = true;
            if (!p->def.sessions)
                return;
        }
        for (int c = GEO_READ_YOUR_WRITES; p->def.sessions && c <= GEO_WRITES_FOLLOW_READS; c++)
            if (!done[c] && past_forbids(p, (enum geo_check)c, e->write, op)) {
                broken(p, (enum geo_check)c, op, w, newer);
                done[c] = true;
            }
    }
}

/* What the session knows is about to change: its other open operations keep what they began with. */
static COLD void end_epoch(struct past *p, struct past_session *s)
{
    struct past_epoch e = {.width = s->width > 0 ? s->width : 1, .number = s->epoch++, .open = s->open};
    widen(p, s, e.width);
    e.known = vector_copy(&p->vectors, s->known, e.width);
    *array_add(&s->epochs) = e;
    s->open = 0;
}

static inline void learn(struct past *p, struct past_session *s, const struct past_write *w)
{
    if (is_known(p, s->known, s->width, w))
        return;
    if (s->open > 0)
        end_epoch(p, s);
    s->lacks |= s->late && (w->lacks || w->known == NULL);
    widen(p, s, w->width > w->lane + 1 ? w->width : w->lane + 1);
    if (w->known != NULL)
        vector_join(&p->vectors, s->known, w->known, w->width);
    if (vector_at(&p->vectors, s->known, w->lane) < w->seq)
        vector_set(&p->vectors, s->known, w->lane, w->seq);
}

/* The newest value of its key, which the session knew before: nothing can be wrong, and nothing is learnt. Of
 * what everybody knows, which is what most reads return, lane 0 is asked for: that is mostly near. */
static inline bool is_known_newest(const struct past *p, const struct check_key_line *line,
                                   const struct check_op *op, const struct past_session *s)
{
    return (op->value == line->newest_value) &
           (known_of(p, s->known, s->width, line->newest_lane) >= line->newest_seq) &
           (s->early | !line->newest_early);
}

/* Its value is nobody's, or that of a write that was let go of. */
static void read_nameless(struct past *p, const struct past_key *k, const struct check_op *op)
{
    if (k->retired >= p->sessions.items[op->session].born)
        check_violation(&p->tallies[GEO_CAUSAL], op->id, (uint64_t[4]){0},
                        "%s %llu returns a value that nobody had written, or one older than what all "
                        "sessions had seen",
                        p->def.noun, (unsigned long long)op->id);
    else if (k->retired != 0)
        check_undecided(&p->tallies[GEO_CAUSAL], "a session that came late read what had been let go of");
    else
        check_violation(&p->tallies[GEO_CAUSAL], op->id, (uint64_t[4]){0},
                        "%s %llu returns a value that nobody had written", p->def.noun,
                        (unsigned long long)op->id);
}

static APART void end_read(struct past *p, const struct check_op *op)
{
    struct check_key_line *line = &p->lines->all.items[op->key];
    uint32_t index = line->newest;

    if (op->value == CHECK_INITIAL || op->value != line->newest_value) {
        struct past_key *k = past_key_of(p, line);
        uint32_t at = op->value != CHECK_INITIAL ? entry_named(k, op->value) : UINT32_MAX;
        if (op->value != CHECK_INITIAL && at == UINT32_MAX) {
            read_nameless(p, k, op);
            return;
        }
        if (at != UINT32_MAX) {
            index = past_entries(k)[at].write;
            place(p, index);
        }
        judge(p, k, op, at);
        if (at == UINT32_MAX)
            return;
    } else { /* none is newer */
        place(p, index);
    }
    learn(p, &p->sessions.items[op->session], &p->writes.items[index]);
    if (p->def.sessions)
        past_note_reader(p, op, index);
}

static APART void end_write(struct past *p, const struct check_op *op)
{
    uint32_t index = op->write - 1;
    struct past_write *w = &p->writes.items[index];

    if (op->outcome == CHECK_OK) {
        w->end = op->end;
        place(p, index);
        learn(p, &p->sessions.items[op->session], w);
    } else if (op->outcome == CHECK_FAIL && w->seq != 0) {
        check_violation(&p->tallies[GEO_CAUSAL], op->id, (uint64_t[4]){0},
                        "what %s %llu wrote was read, and it failed", p->def.noun,
                        (unsigned long long)op->id);
    } else if (op->outcome == CHECK_FAIL) {
        struct check_key_line *line = &p->lines->all.items[op->key];
        struct past_key *k = past_key_of(p, line);
        struct past_entry *entries = past_entries(k);
        uint32_t i = entry_of(k, index);
        memmove(&entries[i], &entries[i + 1], (k->count - i - 1) * sizeof *entries);
        past_entries_leave(p, k, k->count - 1);
        past_write_free(p, index);
        if (k->count > 0) {
            see_newest(p, line, past_entries(k)[k->count - 1].write);
        } else {
            line->newest_value = CHECK_INITIAL;
            line->newest_seq = 0;
            line->newest_early = false;
        }
    }
}

/* The last of an earlier epoch lets go of what was known then. */
static APART void leave_epoch(struct past *p, struct past_session *s, uint32_t number)
{
    struct past_epoch *e = epoch_of(s, number);

    if (--e->open > 0)
        return;
    vector_give(&p->vectors, e->known, e->width);
    *e = s->epochs.items[--s->epochs.count];
}

/* Of any but those that past_end_read has done with. `reads`: it returned something that is to be looked at.
 */
static APART void end_other(struct past *p, struct check_op *op, struct past_session *s, bool reads)
{
    uint32_t epoch = op->epoch;
    bool before = epoch != s->epoch;

    s->open -= !before;
    if (reads)
        end_read(p, op);
    else if (op->f == CHECK_WRITE)
        end_write(p, op);
    if (before)
        leave_epoch(p, s, epoch);
    keep_bounds(p);
}

void past_end(struct past *p, struct check_op *op)
{
    if (!p->given_up)
        end_other(p, op, &p->sessions.items[op->session], false);
}

void past_end_read(struct past *p, struct check_op *op)
{
    if (p->given_up)
        return;
    struct past_session *s = &p->sessions.items[op->session];
    bool known = !p->def.sessions && is_known_newest(p, &p->lines->all.items[op->key], op, s);
    if (known && op->epoch == s->epoch)
        s->open--;
    else
        end_other(p, op, s, !known);
}
