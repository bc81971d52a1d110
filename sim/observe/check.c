/* check.c -- the stream: gives keys and sessions small numbers, keeps what is open, and hands each operation
 * to the checkers that are asked for. Verdicts are put together here, since some follow from others:
 * linearizable implies sequential implies causal implies the session guarantees. */
#include "sim/base/expect.h"
#include "sim/base/lines.h"
#include "sim/base/sparse.h"
#include "sim/observe/check_room.h"

#include <stdarg.h>
#include <stdio.h>

const char *const check_holds_names[3] = {"false", "true", "undecided"};

/* Open reads stand in lines by a few bits of their key's number, in order of begin. */
enum { READ_LINES = 256 };

struct read_line {
    struct check_op *oldest, *newest;
};

struct check_stream {
    struct check_stream_def def;
    struct check_map key_names, session_names;
    uint32_t *number_of; /* [key] + 1, 0: not met yet; NULL: keys are any, and in key_names */
    struct check_key_lines keys;
    struct read_line reads[READ_LINES];
    uint32_t session_count;
    struct check_op *free;
    ARRAY(struct check_op *) blocks;
    struct check_op *newest; /* of all that are open */
    struct zones *zones;
    struct search *search;
    struct past *past;
    struct sequential *sequential;
    uint64_t position;
    bool any_search;
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
    if (s->def.noun == NULL)
        s->def.noun = "operation";
    if (s->def.key_count > 0)
        s->number_of = sparse_new(s->def.key_count * sizeof *s->number_of);
    s->zones = zones_new(&s->keys, s->def.noun);
    s->search = search_new(&s->def);
    if (wants(s, GEO_SEQUENTIAL))
        s->sequential = sequential_new(&s->def);
    if (s->sequential != NULL || wants(s, GEO_CAUSAL) || s->def.sessions)
        s->past = past_new(&s->keys, &s->def);
    return s;
}

void check_stream_free(struct check_stream *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->blocks.count; i++)
        free(s->blocks.items[i]);
    array_free(&s->blocks);
    zones_free(s->zones);
    search_free(s->search);
    past_free(s->past);
    sequential_free(s->sequential);
    check_map_free(&s->key_names);
    check_map_free(&s->session_names);
    lines_free(&s->keys.all);
    sparse_free(s->number_of, s->def.key_count * sizeof *s->number_of);
    free(s);
}

/* Numbers go to keys as they are met, so that what every checker keeps by key is as long as the keys that
 * were touched are many, of however many there are. */
static uint32_t key_number(struct check_stream *s, uint64_t key)
{
    if (s->number_of != NULL) {
        CHECK(key < s->def.key_count);
        if (s->number_of[key] == 0) {
            lines_add(&s->keys.all);
            s->number_of[key] = (uint32_t)s->keys.all.count;
        }
        return s->number_of[key] - 1;
    }
    uint64_t number = check_map_get(&s->key_names, key, 0);
    if (number == CHECK_ABSENT) {
        number = s->keys.all.count;
        lines_add(&s->keys.all);
        check_map_put(&s->key_names, key, 0, number);
    }
    return (uint32_t)number;
}

void check_key_kind(struct check_stream *s, uint64_t key, enum check_key kind)
{
    uint32_t number = key_number(s, key); /* may move the keys */

    s->keys.all.items[number].kind = (uint8_t)kind;
    s->any_search |= kind != CHECK_KEY_ZONES;
}

enum { BLOCK = 256 };

static struct check_op *op_new(struct check_stream *s)
{
    if (s->free == NULL) {
        struct check_op *block = memory_new(BLOCK, sizeof *block);
        for (uint32_t i = BLOCK; i-- > 0;) {
            block[i].slot = (uint32_t)s->blocks.count * BLOCK + i;
            block[i].older = s->free;
            s->free = &block[i];
        }
        *array_add(&s->blocks) = block;
    }
    struct check_op *op = s->free;
    s->free = op->older;
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

/* The key's line, NULL: it has none yet. */
static const struct check_key_line *line_of(const struct check_stream *s, uint64_t key)
{
    if (key >= s->def.key_count || s->number_of[key] == 0)
        return NULL;
    return &s->keys.all.items[s->number_of[key] - 1];
}

void check_expect_number(const struct check_stream *s, uint64_t key)
{
    if (key < s->def.key_count)
        expect_line(&s->number_of[key]);
}

void check_expect_key(const struct check_stream *s, uint64_t key)
{
    const struct check_key_line *line = line_of(s, key);

    if (line != NULL)
        expect_line(line);
}

void check_expect_write(const struct check_stream *s, uint64_t key)
{
    const struct check_key_line *line = line_of(s, key);

    if (line != NULL && s->past != NULL)
        past_expect_write(s->past, line);
}

void check_expect_end(const struct check_stream *s, uint64_t key, bool writes)
{
    const struct check_key_line *line = line_of(s, key);

    if (line == NULL)
        return;
    if (writes)
        zones_expect_write(s->zones, line);
    else if (s->past != NULL)
        past_expect_read(s->past, line);
}

void check_expect_value(const struct check_stream *s, uint64_t key, uint64_t value)
{
    const struct check_key_line *line = line_of(s, key);

    if (line != NULL && s->past != NULL)
        past_expect_value(s->past, line, value);
}

static enum check_key kind_of(const struct check_stream *s, const struct check_op *op)
{
    return s->any_search ? (enum check_key)s->keys.all.items[op->key].kind : CHECK_KEY_ZONES;
}

static void link_open(struct check_stream *s, struct check_op *op)
{
    op->older = s->newest;
    op->newer = NULL;
    if (s->newest != NULL)
        s->newest->newer = op;
    s->newest = op;
    op->in_line = op->f == CHECK_READ;
    if (!op->in_line)
        return;
    struct read_line *line = &s->reads[op->key % READ_LINES];
    op->line_older = line->newest;
    op->line_newer = NULL;
    *(line->newest != NULL ? &line->newest->line_newer : &line->oldest) = op;
    line->newest = op;
}

static void unlink_open(struct check_stream *s, struct check_op *op)
{
    *(op->newer != NULL ? &op->newer->older : &s->newest) = op->older;
    if (op->older != NULL)
        op->older->newer = op->newer;
    if (!op->in_line)
        return;
    struct read_line *line = &s->reads[op->key % READ_LINES];
    *(op->line_older != NULL ? &op->line_older->line_newer : &line->oldest) = op->line_newer;
    *(op->line_newer != NULL ? &op->line_newer->line_older : &line->newest) = op->line_older;
}

/* The begin of the key's oldest open read; CHECK_OPEN: none. */
static uint64_t oldest_read(const struct check_stream *s, uint32_t key)
{
    const struct check_op *op = s->reads[key % READ_LINES].oldest;

    while (op != NULL && op->key != key)
        op = op->line_newer;
    return op != NULL ? op->begin : CHECK_OPEN;
}

static uint32_t session_number(struct check_stream *s, uint64_t session)
{
    uint64_t number = s->def.numbered_sessions ? session : check_map_get(&s->session_names, session, 0);

    if (number == CHECK_ABSENT) {
        number = s->session_count++;
        check_map_put(&s->session_names, session, 0, number);
    }
    return (uint32_t)number;
}

struct check_op *check_begin(struct check_stream *s, const struct check_begin *b)
{
    CHECK(b->position > s->position);
    s->position = b->position;
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
    link_open(s, op);
    enum check_key kind = kind_of(s, op);
    if (kind != CHECK_KEY_ZONES) {
        search_begin(s->search, op, kind);
    } else {
        if (op->f == CHECK_WRITE)
            zones_begin_write(s->zones, op);
        if (s->past != NULL)
            past_begin(s->past, op);
    }
    if (s->sequential != NULL)
        sequential_begin(s->sequential, op, kind);
    return op;
}

static void end(struct check_stream *s, struct check_op *op, uint64_t position, enum check_outcome outcome)
{
    enum check_key kind = kind_of(s, op);

    CHECK(position > s->position);
    s->position = position;
    op->end = position;
    op->outcome = (uint8_t)outcome;
    unlink_open(s, op);
    if (kind != CHECK_KEY_ZONES) {
        search_end(s->search, op, kind);
    } else {
        if (zones_end(s->zones, op))
            zones_sweep(s->zones, op->key, oldest_read(s, op->key));
        if (s->past != NULL)
            past_end(s->past, op);
    }
    if (s->sequential != NULL)
        sequential_end(s->sequential, op);
    op->older = s->free;
    s->free = op;
}

void check_end(struct check_stream *s, struct check_op *op, uint64_t position, enum check_outcome outcome,
               uint64_t value, int64_t number)
{
    if (op->f == CHECK_READ) {
        op->value = value;
        op->number = number;
    }
    end(s, op, position, outcome);
}

void check_end_below(struct check_stream *s, struct check_op *op, uint64_t position)
{
    op->f = CHECK_BELOW;
    op->number = -op->number;
    end(s, op, position, CHECK_OK);
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

void check_stream_finish(struct check_stream *s)
{
    while (s->newest != NULL)
        end(s, s->newest, s->position + 1, CHECK_INFO);
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
