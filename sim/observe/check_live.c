/* check_live.c -- feeds the checkers from a trial's own history, as it happens.
 *
 * A position of the history is two of the stream, since a retry under a new identity ends one operation (it
 * may have happened) and begins another. A write that was not answered well may have happened, whatever it
 * was told: a refusal says nothing of what is still on its way. Probes are not part of the history that is
 * checked: they are in no figure but their own. */
#include "sim/observe/check_live.h"

#include "sim/base/hot.h"
#include "sim/observe/open_ops.h"

#include <stdio.h>

/* A run is not to wait for a search: what a leader orders is decided by its witness, and what no one orders
 * breaks soon. */
enum { LIVE_STEPS_OF_KEY = 1 << 12 };

struct session_numbers {
    ARRAY(uint32_t) of; /* [session] + 1, 0: not met yet */
};

struct checks {
    const struct history_setting *setting;
    struct check_stream *stream;
    struct alike *alike;
    struct witness *witness;
    bool has_witness;                                          /* it may prove something */
    bool has_kinds;                                            /* of keys: they hold no registers */
    uint8_t of_stream[HISTORY_KINDS], of_alike[HISTORY_KINDS]; /* 1: each reads records of this kind */
    struct bounded bounded;
    struct check_tally notes[GEO_CHECKS];
    bool told[GEO_CHECKS];
    struct check_breach first[GEO_CHECKS];
    ARRAY(struct check_breach) stale;
    struct open_ops open;                          /* -> its slot in the stream */
    ARRAY(struct session_numbers) session_numbers; /* [region] */
    uint64_t session_count;
};

/* In order of appearance. */
static COLD uint32_t session_meet(struct checks *c, uint32_t region, uint32_t session)
{
    while (c->session_numbers.count <= region)
        array_add(&c->session_numbers);
    struct session_numbers *n = &c->session_numbers.items[region];
    while (n->of.count <= session)
        array_add(&n->of);
    return n->of.items[session] = (uint32_t)++c->session_count;
}

static inline uint64_t session_of(struct checks *c, const struct history_record *r)
{
    uint32_t region = r->begin.region, session = r->begin.session, number = 0;

    if (region < c->session_numbers.count && session < c->session_numbers.items[region].of.count)
        number = c->session_numbers.items[region].of.items[session];
    return (number != 0 ? number : session_meet(c, region, session)) - 1;
}

/* Of what is not a read. */
static struct check_begin begin_of(struct checks *c, const struct history_record *r, uint64_t position)
{
    struct check_begin b = {
        .id = r->op, .key = r->key, .position = position * 2, .value = r->op, .session = session_of(c, r)};

    switch (r->begin.op_kind) {
    case GEO_INCREMENT:
    case GEO_DECREMENT:
        b.f = c->setting->data == GEO_COUNTER ? CHECK_CHANGE : CHECK_WRITE;
        b.number = r->begin.op_kind == GEO_INCREMENT ? r->begin.amount : -r->begin.amount;
        break;
    case GEO_ADD:
    case GEO_REMOVE:
        b.f = c->setting->data != GEO_SET   ? CHECK_WRITE
              : r->begin.op_kind == GEO_ADD ? CHECK_ADD
                                            : CHECK_REMOVE;
        b.value = c->setting->data == GEO_SET ? r->begin.item : r->op;
        break;
    default:
        b.f = CHECK_WRITE;
        break;
    }
    return b;
}

static void live_begin(struct checks *c, const struct history_record *r, uint64_t position)
{
    static const enum check_key kinds[] = {
        [GEO_REGISTER] = CHECK_KEY_ZONES,
        [GEO_COUNTER] = CHECK_KEY_COUNTER,
        [GEO_SET] = CHECK_KEY_SET,
    };
    if (c->has_kinds)
        check_key_kind(c->stream, r->key, kinds[c->setting->data]);
    struct check_op *op;
    if (r->begin.op_kind == GEO_READ) {
        op = check_begin_read(c->stream, r->op, r->key, session_of(c, r), position * 2);
    } else {
        struct check_begin b = begin_of(c, r, position);
        op = check_begin(c->stream, &b);
    }
    open_ops_put(&c->open, history_op_of(r->op), check_op_slot(op));
}

/* The next attempt: under a new identity a write is one of its own; a read goes on. */
static void live_retry(struct checks *c, const struct history_record *r, uint64_t position)
{
    uint32_t slot = open_ops_get(&c->open, history_op_of(r->op));

    if (slot == OPEN_OPS_NONE || r->op == r->retry.of)
        return;
    struct check_op *old = check_op_at(c->stream, slot);
    if (old->f == CHECK_READ)
        return;
    struct check_begin b = {.id = r->op,
                            .key = r->key,
                            .position = position * 2 + 1,
                            .session = old->session,
                            .f = old->f,
                            .number = old->number,
                            .value = old->f == CHECK_ADD || old->f == CHECK_REMOVE ? old->value : r->op};
    check_end(c->stream, old, position * 2, CHECK_INFO, 0, 0);
    open_ops_take(&c->open, history_op_of(r->op));
    open_ops_put(&c->open, history_op_of(r->op), check_op_slot(check_begin(c->stream, &b)));
}

static void live_end(struct checks *c, const struct history_record *r, uint64_t position)
{
    uint32_t slot = open_ops_take(&c->open, history_op_of(r->op));

    if (slot == OPEN_OPS_NONE)
        return;
    struct check_op *op = check_op_at(c->stream, slot);
    enum check_outcome outcome = r->end.outcome == OUTCOME_OK ? CHECK_OK : CHECK_INFO;
    if (op->f == CHECK_READ)
        check_end_read(c->stream, op, position * 2, outcome,
                       c->setting->data == GEO_SET ? r->end.digest : r->end.write, r->end.number);
    else if (op->id != r->op) /* an earlier attempt was answered: this one may have happened */
        check_end(c->stream, op, position * 2, CHECK_INFO, 0, 0);
    else if (r->end.outcome == OUTCOME_NO && op->f == CHECK_CHANGE)
        check_end_below(c->stream, op, position * 2);
    else
        check_end(c->stream, op, position * 2, outcome, 0, 0);
}

static void stream_read(struct checks *c, const struct history_entry *e)
{
    const struct history_record *r = &e->record;

    if (c->has_witness)
        witness_read(c->witness, r);
    switch (r->kind) {
    case HISTORY_BEGIN:
        if (!r->begin.is_probe)
            live_begin(c, r, e->position);
        break;
    case HISTORY_RETRY:
        live_retry(c, r, e->position);
        break;
    case HISTORY_END:
        live_end(c, r, e->position);
        break;
    default:
        break;
    }
}

/* Which records of a batch one reader wants, in order. */
struct chosen {
    uint32_t count;
    const struct history_entry *all[HISTORY_BATCH];
};

static void choose(const struct checks *c, const struct history_batch *batch, struct chosen *of_stream,
                   struct chosen *of_alike)
{
    const uint8_t *kinds = batch->kinds, *end = kinds + batch->count;
    uint32_t stream = 0, alike = 0;

    CHECK(batch->count <= HISTORY_BATCH);
    for (const struct history_entry *e = batch->entries; kinds < end; e++, kinds++) {
        of_stream->all[stream] = of_alike->all[alike] = e;
        stream += c->of_stream[*kinds];
        alike += c->of_alike[*kinds];
    }
    of_stream->count = stream;
    of_alike->count = alike;
}

/* [kind][operation]: 1: such a record looks at what is far. The begin of a read does not, nor does what is
 * between begin and end; of an end, .begin is some bytes of its own. */
enum { OP_KINDS = 8 };
_Static_assert((int)GEO_KINDS <= (int)OP_KINDS, "a place for each");
static const uint8_t looks_far[HISTORY_KINDS][OP_KINDS] = {
    [HISTORY_BEGIN] = {[GEO_WRITE] = 1, 1, 1, 1, 1, 1},
    [HISTORY_END] = {1, 1, 1, 1, 1, 1, 1, 1},
};

/* Without a branch: what a record is, nothing foretells. */
static void look_ahead(const struct checks *c, const struct chosen *chosen, struct check_soon *soon)
{
    const struct history_record *listed[HISTORY_BATCH];
    const uint64_t key_count = c->setting->key_count;
    uint32_t listed_count = 0;

    for (uint32_t i = 0; i < chosen->count; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): choose has filled so many */
        const struct history_record *r = &chosen->all[i]->record;
        listed[listed_count] = r;
        listed_count += looks_far[r->kind][r->begin.op_kind % OP_KINDS];
    }
    for (uint32_t i = 0; i < listed_count; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): each step adds one at most */
        const struct history_record *r = listed[i];
        soon->lines[i] = check_expect_line(c->stream, r->key < key_count ? r->key : 0);
        soon->values[i] = r->end.write;
        soon->reads[i] = (uint8_t)((r->kind == HISTORY_END) & (r->end.op_kind == GEO_READ));
    }
    soon->count = listed_count;
}

/* The whole batch is looked ahead at in each stage before the next: what the first of it ask for has come by
 * then. */
static void stream_batch(struct checks *c, const struct chosen *chosen)
{
    struct check_soon soon;

    look_ahead(c, chosen, &soon);
    check_expect_places(c->stream, &soon);
    check_expect_values(c->stream, &soon);
    for (uint32_t i = 0; i < chosen->count; i++)
        stream_read(c, chosen->all[i]);
}

static void alike_batch(struct checks *c, const struct chosen *chosen)
{
    enum { FAR = 16, NEAR = 8 };
    const struct history_entry *const *all = chosen->all;
    uint32_t count = chosen->count;

    for (uint32_t i = 0; i < count && i < FAR; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): as many are set as are counted */
        alike_expect_number(c->alike, &all[i]->record);
    for (uint32_t i = 0; i < count && i < NEAR; i++)
        alike_expect_rows(c->alike, &all[i]->record);
    for (uint32_t i = 0; i < count; i++) {
        if (i + FAR < count)
            alike_expect_number(c->alike, &all[i + FAR]->record);
        if (i + NEAR < count)
            alike_expect_rows(c->alike, &all[i + NEAR]->record);
        alike_read(c->alike, &all[i]->record, i + 1 < count ? &all[i + 1]->record : NULL);
    }
}

/* One after the other: neither looks at what the other keeps. */
static void live_batch(void *reader, const struct history_batch *batch)
{
    struct checks *c = reader;
    struct chosen of_stream, of_alike;

    choose(c, batch, &of_stream, &of_alike);
    stream_batch(c, &of_stream);
    alike_batch(c, &of_alike);
}

struct checks *checks_new(const struct history_setting *s, struct history *h)
{
    return checks_new_of(s, h, UINT32_MAX);
}

uint64_t checks_bytes(const struct history_setting *s, uint64_t writes)
{
    uint64_t by_key = sizeof(struct check_key_line) + sizeof(uint32_t); /* the stream's, and alike's */
    uint64_t written = writes < s->key_count ? writes : s->key_count;

    return s->key_count * by_key + written * (sizeof(struct check_key_place) + PAST_WRITE_BYTES) +
           alike_bytes(s, writes);
}

struct checks *checks_new_of(const struct history_setting *s, struct history *h, uint32_t checks)
{
    const uint32_t of_stream = 1u << GEO_LINEARIZABLE | 1u << GEO_SEQUENTIAL | 1u << GEO_CAUSAL;
    const uint32_t of_alike = 1u << GEO_EVENTUAL | 1u << GEO_STRONG_EVENTUAL;
    struct checks *c = memory_new(1, sizeof *c);
    const struct check_stream_def def = {
        .checks = checks & of_stream,
        .initial = s->initial,
        .key_count = s->key_count,
        .operations = s->operations,
        .steps_of_key = LIVE_STEPS_OF_KEY,
        .noun = "operation",
        .digests = true,
        .numbered_sessions = true,
        .never_below_zero = true,
    };

    c->setting = s;
    open_ops_open(&c->open);
    c->stream = check_stream_new(&def);
    c->alike = alike_new(s);
    c->witness = witness_new(s);
    c->has_witness = witness_holds(c->witness);
    c->has_kinds = s->data != GEO_REGISTER && s->data < GEO_DATA;
    uint32_t by_stream = 0, by_alike = 0;
    if ((checks & of_stream) != 0)
        by_stream = 1u << HISTORY_BEGIN | 1u << HISTORY_RETRY | 1u << HISTORY_END |
                    (c->has_witness ? 1u << HISTORY_TAKE : 0);
    if ((checks & of_alike) != 0)
        by_alike = 1u << HISTORY_STORE | 1u << HISTORY_MERGE | 1u << HISTORY_ANSWER | 1u << HISTORY_DOWN |
                   1u << HISTORY_FORGET | 1u << HISTORY_UP | 1u << HISTORY_FAULT |
                   (s->limits_bandwidth ? 1u << HISTORY_SEND : 0);
    for (uint32_t kind = 0; kind < HISTORY_KINDS; kind++) {
        c->of_stream[kind] = by_stream >> kind & 1;
        c->of_alike[kind] = by_alike >> kind & 1;
    }
    history_add_batch_reader(h, live_batch, c, by_stream | by_alike);
    return c;
}

void checks_free(struct checks *c)
{
    if (c == NULL)
        return;
    check_stream_free(c->stream);
    alike_free(c->alike);
    witness_free(c->witness);
    open_ops_close(&c->open);
    array_each (struct session_numbers, n, &c->session_numbers)
        array_free(&n->of);
    array_free(&c->session_numbers);
    array_free(&c->stale);
    free(c);
}

void checks_told(struct checks *c, enum geo_check check)
{
    c->told[check] = true;
}

void checks_note_violation(struct checks *c, enum geo_check check, uint64_t op)
{
    c->told[check] = true;
    check_violation(&c->notes[check], op, (uint64_t[4]){0},
                    "operation %llu: the observer's ledger saw it broken", (unsigned long long)op);
}

void checks_note_breach(struct checks *c, enum geo_check check, const struct check_breach *b)
{
    if (check < GEO_CHECKS && c->first[check].op == 0)
        c->first[check] = *b;
    else if (check == GEO_CHECKS && c->stale.count < CHECK_BREACHES)
        *array_add(&c->stale) = *b;
}

const struct check_breach *checks_breach(const struct checks *c, enum geo_check check, uint64_t op)
{
    if (op != 0 && c->first[check].op == op)
        return &c->first[check];
    array_each (struct check_breach, b, &c->stale)
        if (op != 0 && b->op == op)
            return b;
    return NULL;
}

void checks_note_undecided(struct checks *c, enum geo_check check, const char *why)
{
    c->told[check] = true;
    check_undecided(&c->notes[check], why);
}

/* A staleness that was noted is all that bounded staleness needs to be told. */
void checks_note_staleness(struct checks *c, uint64_t op, sim_ns staleness_ns, uint64_t versions)
{
    bounded_note(&c->bounded, op, staleness_ns, versions);
}

void checks_bound(struct checks *c, sim_ns stale_ns_most, uint64_t stale_versions_most)
{
    c->bounded.ns_most = stale_ns_most;
    c->bounded.versions_most = stale_versions_most;
}

void checks_finish(struct checks *c)
{
    check_stream_finish(c->stream);
    alike_finish(c->alike);
    bounded_finish(&c->bounded);
    for (int i = GEO_READ_YOUR_WRITES; i < GEO_CHECKS; i++)
        if (!c->told[i] && i != GEO_BOUNDED_STALENESS)
            check_undecided(&c->notes[i], "nobody told of it");
}

static void put(struct check_verdict *v, const struct check_tally *t)
{
    if (t->violations > 0 && v->holds != CHECK_BROKEN) {
        v->holds = CHECK_BROKEN;
        v->example = t->example;
        memcpy(v->related, t->related, sizeof v->related);
        snprintf(v->why, sizeof v->why, "%s", t->why);
    } else if (t->undecided && v->holds == CHECK_HOLDS) {
        v->holds = CHECK_UNDECIDED;
        snprintf(v->why, sizeof v->why, "%s", t->why_undecided);
    }
    v->violations = t->violations > v->violations ? t->violations : v->violations;
}

void checks_verdict(const struct checks *c, enum geo_check check, struct check_verdict *v)
{
    *v = (struct check_verdict){.check = (uint8_t)check, .holds = CHECK_HOLDS};
    if (check <= GEO_CAUSAL && witness_holds(c->witness))
        return; /* linearizable, so sequential and causal as well */
    switch (check) {
    case GEO_LINEARIZABLE:
    case GEO_SEQUENTIAL:
        check_stream_verdict(c->stream, check, v);
        break;
    case GEO_CAUSAL:
        if (c->setting->data == GEO_REGISTER || !c->told[check])
            check_stream_verdict(c->stream, check, v);
        put(v, &c->notes[check]);
        break;
    case GEO_BOUNDED_STALENESS:
        put(v, &c->bounded.tally);
        put(v, &c->notes[check]);
        break;
    case GEO_STRONG_EVENTUAL:
        put(v, alike_tally(c->alike, true));
        put(v, alike_tally(c->alike, false));
        break;
    case GEO_EVENTUAL:
        put(v, alike_tally(c->alike, false));
        break;
    default:
        put(v, &c->notes[check]);
        break;
    }
}
