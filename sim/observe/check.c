/* check.c -- the stream: gives keys and sessions small numbers, keeps what is open, and hands each operation
 * to the checkers that are asked for. Verdicts are put together here, since some follow from others:
 * linearizable implies sequential implies causal implies the session guarantees. */
#include "sim/base/expect.h"
#include "sim/base/hot.h"
#include "sim/base/lines.h"
#include "sim/base/sparse.h"
#include "sim/observe/check_room.h"

#include <stdarg.h>
#include <stdio.h>

const char *const check_holds_names[3] = {"false", "true", "undecided"};

/* Open reads stand in rings by a few bits of their key's number, in order of begin. */
enum { READ_RINGS = 256 };
/* Room for operations is made for so many at once. */
enum { BLOCK = 256 };

struct check_stream {
    struct check_stream_def def;
    /* -> their number, in order of appearance. Keys below a known number are no names: each has its own line;
     * but the searches, who keep much of each key, are told such a number. */
    struct check_map key_names, session_names;
    struct check_key_lines keys;
    struct check_link reads[READ_RINGS]; /* what is newer than this is the oldest, and so on around */
    struct check_op *free;               /* each has the next as its older one */
    ARRAY(struct check_op *) blocks;
    struct zones *zones;
    struct search *search;
    struct past *past;
    struct sequential *sequential;
    uint64_t position;
    bool any_search, beside; /* beside: a search or `sequential` is told of each operation too */
    struct check_tally sequential_tally;
    uint8_t sequential_holds;
};

void check_violation(struct check_tally *t, uint64_t example, const uint64_t related[4], const char *format,
                     ...)
{
    va_list arguments;

    if (t->violations++ > 0)
        return;
    t->example = example;
    memcpy(t->related, related, sizeof t->related);
    va_start(arguments, format);
    vsnprintf(t->why, sizeof t->why, format, arguments);
    va_end(arguments);
}

void check_undecided(struct check_tally *t, const char *why)
{
    if (!t->undecided)
        snprintf(t->why_undecided, sizeof t->why_undecided, "%s", why);
    t->undecided = true;
}

void check_tally_verdict(const struct check_tally *t, enum geo_check check, struct check_verdict *v)
{
    *v = (struct check_verdict){.check = (uint8_t)check,
                                .violations = t->violations,
                                .example = t->example,
                                .holds = t->violations > 0 ? CHECK_BROKEN
                                         : t->undecided    ? CHECK_UNDECIDED
                                                           : CHECK_HOLDS};
    memcpy(v->related, t->related, sizeof v->related);
    snprintf(v->why, sizeof v->why, "%s", t->violations > 0 ? t->why : t->why_undecided);
}

static bool wants(const struct check_stream *s, enum geo_check check)
{
    return (s->def.checks >> check & 1) != 0;
}

struct check_stream *check_stream_new(const struct check_stream_def *def)
{
    struct check_stream *s = memory_new(1, sizeof *s);

    s->def = *def;
    for (uint32_t i = 0; i < READ_RINGS; i++)
        s->reads[i].older = s->reads[i].newer = &s->reads[i];
    if (s->def.noun == NULL)
        s->def.noun = "operation";
    if (s->def.key_count > 0) {
        s->keys.all.items = sparse_new(s->def.key_count * sizeof *s->keys.all.items, s->def.operations);
        s->keys.all.count = s->keys.all.capacity = s->def.key_count;
    }
    s->zones = zones_new(&s->keys, s->def.noun);
    s->search = search_new(&s->def);
    if (wants(s, GEO_SEQUENTIAL))
        s->sequential = sequential_new(&s->def);
    s->beside = s->sequential != NULL;
    if (s->sequential != NULL || wants(s, GEO_CAUSAL) || s->def.sessions)
        s->past = past_new(&s->keys, &s->def);
    return s;
}

void check_stream_free(struct check_stream *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->blocks.count; i++)
        sparse_free(s->blocks.items[i], BLOCK * sizeof *s->blocks.items[i]);
    array_free(&s->blocks);
    zones_free(s->zones);
    search_free(s->search);
    past_free(s->past);
    sequential_free(s->sequential);
    check_map_free(&s->key_names);
    check_map_free(&s->session_names);
    check_keys_free(&s->keys);
    free(s);
}

static uint32_t number_of(struct check_map *names, uint64_t name)
{
    uint64_t number = check_map_get(names, name, 0);

    if (number == CHECK_ABSENT)
        check_map_put(names, name, 0, number = names->count);
    return (uint32_t)number;
}

static APART uint32_t key_named(struct check_stream *s, uint64_t key)
{
    CHECK(s->def.key_count == 0);
    uint32_t number = number_of(&s->key_names, key);
    if (number >= s->keys.all.count)
        lines_add(&s->keys.all);
    return number;
}

/* Where its line is. */
static inline uint32_t key_number(struct check_stream *s, uint64_t key)
{
    return key < s->def.key_count ? (uint32_t)key : key_named(s, key);
}

void check_key_kind(struct check_stream *s, uint64_t key, enum check_key kind)
{
    uint32_t number = key_number(s, key); /* may move the keys */

    s->keys.all.items[number].kind = (uint8_t)kind;
    s->any_search |= kind != CHECK_KEY_ZONES;
    s->beside |= s->any_search;
}

static inline struct check_op *op_of(struct check_link *link)
{
    return (struct check_op *)(void *)link;
}

static inline void op_free(struct check_stream *s, struct check_op *op)
{
    op->link.older = s->free != NULL ? &s->free->link : NULL;
    s->free = op;
}

static COLD void ops_add(struct check_stream *s)
{
    struct check_op *block = sparse_new(BLOCK * sizeof *block, 0);

    for (uint32_t i = BLOCK; i-- > 0;) {
        block[i].slot = (uint32_t)s->blocks.count * BLOCK + i;
        op_free(s, &block[i]);
    }
    *array_add(&s->blocks) = block;
}

static inline struct check_op *op_new(struct check_stream *s)
{
    if (s->free == NULL)
        ops_add(s);
    struct check_op *op = s->free;
    s->free = op_of(op->link.older);
    return op;
}

uint32_t check_op_slot(const struct check_op *op)
{
    return op->slot;
}

struct check_op *check_op_at(const struct check_stream *s, uint32_t slot)
{
    return &s->blocks.items[slot / BLOCK][slot % BLOCK];
}

const struct check_key_line *check_expect_line(const struct check_stream *s, uint64_t key)
{
    const struct check_key_line *line = &s->keys.all.items[key];

    expect_line(line);
    return line;
}

/* Makes the two lists. */
void check_expect_places(const struct check_stream *s, struct check_soon *soon)
{
    uint32_t newest = 0, others = 0;

    for (uint32_t i = 0; i < soon->count; i++) {
        const struct check_key_line *line = soon->lines[i];
        uint32_t is_newest = soon->reads[i] & (line->newest_value == soon->values[i]);
        soon->newest[newest] = soon->others[others] = line;
        newest += is_newest & (line->newest_seq != 0);
        others += !is_newest;
    }
    soon->newest_count = newest;
    soon->other_count = others;
    for (uint32_t i = 0; i < others; i++)
        check_expect_place(&s->keys, soon->others[i]);
    for (uint32_t i = 0; i < newest && s->past != NULL; i++)
        past_expect_newest(s->past, soon->newest[i]);
}

void check_expect_values(const struct check_stream *s, const struct check_soon *soon)
{
    for (uint32_t i = 0; i < soon->other_count; i++) {
        zones_expect_more(s->zones, soon->others[i]);
        if (s->past != NULL)
            past_expect_order(s->past, soon->others[i]);
    }
    for (uint32_t i = 0; i < soon->newest_count && s->past != NULL; i++)
        past_expect_known(s->past, soon->newest[i]);
}

static enum check_key kind_of(const struct check_stream *s, const struct check_op *op)
{
    return s->any_search ? (enum check_key)s->keys.all.items[op->key].kind : CHECK_KEY_ZONES;
}

static inline void link_read(struct check_stream *s, struct check_op *op)
{
    struct check_link *ring = &s->reads[op->key % READ_RINGS], *newest = ring->older;

    op->link = (struct check_link){.older = newest, .newer = ring};
    newest->newer = ring->older = &op->link;
}

static inline void unlink_read(struct check_op *op)
{
    op->link.older->newer = op->link.newer;
    op->link.newer->older = op->link.older;
}

/* The begin of the key's oldest open read; CHECK_OPEN: none. */
static uint64_t oldest_read(const struct check_stream *s, uint32_t key)
{
    const struct check_link *ring = &s->reads[key % READ_RINGS], *link = ring->newer;

    while (link != ring && ((const struct check_op *)(const void *)link)->key != key)
        link = link->newer;
    return link != ring ? ((const struct check_op *)(const void *)link)->begin : CHECK_OPEN;
}

static inline uint32_t session_number(struct check_stream *s, uint64_t session)
{
    return s->def.numbered_sessions ? (uint32_t)session : number_of(&s->session_names, session);
}

static inline void advance(struct check_stream *s, uint64_t position)
{
    CHECK(position > s->position);
    s->position = position;
}

/* Of one that has begun: the searches are told. */
static APART void begin_beside(struct check_stream *s, struct check_op *op)
{
    enum check_key kind = kind_of(s, op);

    op->dense_key = s->def.key_count == 0 ? op->key : number_of(&s->key_names, op->key);
    if (kind != CHECK_KEY_ZONES)
        search_begin(s->search, op, kind);
    if (s->sequential != NULL)
        sequential_begin(s->sequential, op, kind);
    s->beside = s->any_search || (s->sequential != NULL && sequential_keeps(s->sequential));
}

static APART void end_beside(struct check_stream *s, struct check_op *op)
{
    enum check_key kind = kind_of(s, op);

    if (kind != CHECK_KEY_ZONES)
        search_end(s->search, op, kind);
    if (s->sequential != NULL)
        sequential_end(s->sequential, op);
}

struct check_op *check_begin_read(struct check_stream *s, uint64_t id, uint64_t key, uint64_t session,
                                  uint64_t position)
{
    advance(s, position);
    struct check_op *op = op_new(s);
    op->id = id;
    op->begin = position;
    op->end = CHECK_OPEN;
    op->key = key_number(s, key);
    op->session = session_number(s, session);
    op->f = CHECK_READ;
    link_read(s, op);
    if (s->past != NULL && kind_of(s, op) == CHECK_KEY_ZONES)
        past_begin(s->past, op);
    if (s->beside) {
        op->value = op->expected = 0;
        op->number = 0;
        begin_beside(s, op);
    }
    return op;
}

struct check_op *check_begin(struct check_stream *s, const struct check_begin *b)
{
    if (b->f == CHECK_READ)
        return check_begin_read(s, b->id, b->key, b->session, b->position);
    advance(s, b->position);
    struct check_op *op = op_new(s);
    op->id = b->id; /* field by field, what each checker adds is its own: to clear it all costs as much as the
                       rest */
    op->begin = b->position;
    op->end = CHECK_OPEN;
    op->value = b->value;
    op->expected = b->expected;
    op->number = b->number;
    op->key = key_number(s, b->key);
    op->session = session_number(s, b->session);
    op->f = b->f;
    if (kind_of(s, op) == CHECK_KEY_ZONES) {
        if (op->f == CHECK_WRITE)
            zones_begin_write(s->zones, op);
        if (s->past != NULL)
            past_begin(s->past, op);
    }
    if (s->beside)
        begin_beside(s, op);
    return op;
}

static APART void end_in_zones(struct check_stream *s, const struct check_op *op)
{
    if (zones_end(s->zones, op))
        zones_sweep(s->zones, op->key, oldest_read(s, op->key));
}

static inline void op_ends(struct check_stream *s, struct check_op *op, uint64_t position,
                           enum check_outcome outcome)
{
    advance(s, position);
    op->end = position;
    op->outcome = (uint8_t)outcome;
}

static inline void op_ended(struct check_stream *s, struct check_op *op)
{
    if (s->beside)
        end_beside(s, op);
    op_free(s, op);
}

/* Of any but a read that has ended well. */
static void end_other(struct check_stream *s, struct check_op *op, uint64_t position,
                      enum check_outcome outcome)
{
    op_ends(s, op, position, outcome);
    if (kind_of(s, op) == CHECK_KEY_ZONES) {
        end_in_zones(s, op);
        if (s->past != NULL)
            past_end(s->past, op);
    }
    op_ended(s, op);
}

void check_end_read(struct check_stream *s, struct check_op *op, uint64_t position,
                    enum check_outcome outcome, uint64_t value, int64_t number)
{
    unlink_read(op);
    op->value = value;
    op->number = number;
    if (outcome != CHECK_OK) {
        end_other(s, op, position, outcome);
        return;
    }
    op_ends(s, op, position, CHECK_OK);
    if (kind_of(s, op) == CHECK_KEY_ZONES) {
        if (!zones_read_top(&s->keys.all.items[op->key], op))
            end_in_zones(s, op);
        if (s->past != NULL)
            past_end_read(s->past, op);
    }
    op_ended(s, op);
}

void check_end(struct check_stream *s, struct check_op *op, uint64_t position, enum check_outcome outcome,
               uint64_t value, int64_t number)
{
    if (op->f == CHECK_READ)
        check_end_read(s, op, position, outcome, value, number);
    else
        end_other(s, op, position, outcome);
}

void check_end_below(struct check_stream *s, struct check_op *op, uint64_t position)
{
    op->f = CHECK_BELOW;
    op->number = -op->number;
    end_other(s, op, position, CHECK_OK);
}

static bool is_linearizable(const struct check_stream *s)
{
    const struct check_tally *z = zones_tally(s->zones), *x = search_tally(s->search);

    return z->violations + x->violations == 0 && !z->undecided && !x->undecided;
}

static void decide_sequential(struct check_stream *s)
{
    const struct check_tally *causal = past_tally(s->past, GEO_CAUSAL);
    struct check_tally *t = &s->sequential_tally;

    s->sequential_holds = CHECK_HOLDS;
    if (is_linearizable(s))
        return;
    if (causal->violations > 0) {
        *t = *causal;
        s->sequential_holds = CHECK_BROKEN;
        return;
    }
    const char *why;
    s->sequential_holds = (uint8_t)sequential_search(s->sequential, &why);
    if (s->sequential_holds == CHECK_BROKEN)
        check_violation(t, 0, (uint64_t[4]){0}, "%s", why);
    else if (s->sequential_holds == CHECK_UNDECIDED)
        check_undecided(t, why);
}

static int newest_first(const void *a, const void *b)
{
    const struct check_op *const *left = a, *const *right = b;

    return (*left)->begin > (*right)->begin ? -1 : (*left)->begin < (*right)->begin;
}

/* What is open may have happened. */
static void end_open(struct check_stream *s)
{
    ARRAY(struct check_op *) open = {0};

    for (size_t i = 0; i < s->blocks.count * BLOCK; i++) {
        struct check_op *op = check_op_at(s, (uint32_t)i);
        if (op->end == CHECK_OPEN)
            *array_add(&open) = op;
    }
    if (open.count > 0)
        qsort(open.items, open.count, sizeof *open.items, newest_first);
    for (size_t i = 0; i < open.count; i++)
        check_end(s, open.items[i], s->position + 1, CHECK_INFO, open.items[i]->value, 0);
    array_free(&open);
}

void check_stream_finish(struct check_stream *s)
{
    end_open(s);
    search_finish(s->search);
    if (s->past != NULL && s->any_search)
        past_doubt(s->past, "some of its keys do not tell which write a read returned");
    if (s->sequential != NULL)
        decide_sequential(s);
}

static void put(struct check_verdict *v, const struct check_tally *t)
{
    v->violations += t->violations;
    if (t->violations > 0) {
        if (v->holds != CHECK_BROKEN) {
            v->example = t->example;
            memcpy(v->related, t->related, sizeof v->related);
            snprintf(v->why, sizeof v->why, "%s", t->why);
        }
        v->holds = CHECK_BROKEN;
    } else if (t->undecided && v->holds == CHECK_HOLDS) {
        v->holds = CHECK_UNDECIDED;
        snprintf(v->why, sizeof v->why, "%s", t->why_undecided);
    }
}

void check_stream_verdict(const struct check_stream *s, enum geo_check check, struct check_verdict *v)
{
    *v = (struct check_verdict){.check = (uint8_t)check, .holds = CHECK_HOLDS};
    if (check == GEO_LINEARIZABLE) {
        put(v, zones_tally(s->zones));
        put(v, search_tally(s->search));
    } else if (check == GEO_SEQUENTIAL && s->sequential != NULL) {
        put(v, &s->sequential_tally);
    } else if (check >= GEO_CAUSAL && check <= GEO_WRITES_FOLLOW_READS && s->past != NULL &&
               (check == GEO_CAUSAL || s->def.sessions)) {
        const struct check_tally *t = past_tally(s->past, check);
        if (t->violations > 0 || !is_linearizable(s)) /* linearizable: then causal, and all the rest */
            put(v, t);
    } else {
        v->holds = CHECK_UNDECIDED;
        snprintf(v->why, sizeof v->why, "operations alone do not tell");
    }
}
