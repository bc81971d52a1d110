/* check.c -- the stream: gives keys and sessions small numbers, keeps what is open, and hands each operation
 * to the checkers that are asked for. Verdicts are put together here, since some follow from others:
 * linearizable implies sequential implies causal implies the session guarantees. */
#include "sim/base/expect.h"
#include "sim/base/sparse.h"
#include "sim/observe/check_room.h"

#include <stdarg.h>
#include <stdio.h>

const char *const check_holds_names[3] = {"false", "true", "undecided"};

struct stream_key {
    uint64_t key;
    struct check_op *oldest, *newest; /* open reads */
    uint8_t kind;
};

struct check_stream {
    struct check_stream_def def;
    struct check_map key_names, session_names;
    uint32_t *number_of; /* [key] + 1, 0: not met yet; NULL: keys are any, and in key_names */
    ARRAY(struct stream_key) keys;
    uint32_t session_count;
    struct check_op *free;
    ARRAY(struct check_op *) blocks;
    ARRAY(struct check_op *) all; /* open operations, anywhere: what is left at the end */
    struct zones *zones;
    struct search *search;
    struct past *past;
    struct sequential *sequential;
    uint64_t position;
    bool any_zones, any_search;
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
    s->zones = zones_new(s->def.noun);
    s->search = search_new(&s->def);
    if (wants(s, GEO_SEQUENTIAL))
        s->sequential = sequential_new(&s->def);
    if (s->sequential != NULL || wants(s, GEO_CAUSAL) || s->def.sessions)
        s->past = past_new(&s->def);
    return s;
}

void check_stream_free(struct check_stream *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->blocks.count; i++)
        free(s->blocks.items[i]);
    array_free(&s->blocks);
    array_free(&s->all);
    zones_free(s->zones);
    search_free(s->search);
    past_free(s->past);
    sequential_free(s->sequential);
    check_map_free(&s->key_names);
    check_map_free(&s->session_names);
    array_free(&s->keys);
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
            array_add(&s->keys)->key = key;
            s->number_of[key] = (uint32_t)s->keys.count;
        }
        return s->number_of[key] - 1;
    }
    uint64_t number = check_map_get(&s->key_names, key, 0);
    if (number == CHECK_ABSENT) {
        number = s->keys.count;
        *array_add(&s->keys) = (struct stream_key){.key = key};
        check_map_put(&s->key_names, key, 0, number);
    }
    return (uint32_t)number;
}

void check_key_kind(struct check_stream *s, uint64_t key, enum check_key kind)
{
    uint32_t number = key_number(s, key); /* may move the keys */

    s->keys.items[number].kind = (uint8_t)kind;
}

static struct check_op *op_new(struct check_stream *s)
{
    enum { BLOCK = 256 };

    if (s->free == NULL) {
        struct check_op *block = memory_new(BLOCK, sizeof *block);
        *array_add(&s->blocks) = block;
        for (int i = 0; i < BLOCK; i++) {
            block[i].older = s->free;
            s->free = &block[i];
        }
    }
    struct check_op *op = s->free;
    s->free = op->older;
    return op;
}

void check_expect_number(const struct check_stream *s, uint64_t key)
{
    if (key < s->def.key_count)
        expect_line(&s->number_of[key]);
}

void check_expect_key(const struct check_stream *s, uint64_t key)
{
    if (key >= s->def.key_count || s->number_of[key] == 0)
        return;
    uint32_t number = s->number_of[key] - 1;
    expect_line(&s->keys.items[number]);
    zones_expect_key(s->zones, number);
    if (s->past != NULL)
        past_expect_key(s->past, number);
}

void check_expect(const struct check_stream *s, uint64_t key, bool writes)
{
    if (key >= s->def.key_count || s->number_of[key] == 0)
        return;
    if (writes)
        zones_expect_write(s->zones, s->number_of[key] - 1);
    if (s->past != NULL)
        past_expect(s->past, s->number_of[key] - 1);
}

struct check_op *check_begin(struct check_stream *s, const struct check_begin *b)
{
    uint32_t key = key_number(s, b->key);
    struct stream_key *k = &s->keys.items[key];
    uint64_t session = check_map_get(&s->session_names, b->session, 0);

    CHECK(b->position > s->position);
    s->position = b->position;
    if (session == CHECK_ABSENT) {
        session = s->session_count++;
        check_map_put(&s->session_names, b->session, 0, session);
    }
    struct check_op *op = op_new(s);
    *op = (struct check_op){.id = b->id,
                            .begin = b->position,
                            .end = CHECK_OPEN,
                            .value = b->value,
                            .expected = b->expected,
                            .number = b->number,
                            .key = key,
                            .session = (uint32_t)session,
                            .session_name = b->session,
                            .f = b->f,
                            .open_at = (uint32_t)s->all.count};
    *array_add(&s->all) = op;
    if (op->f == CHECK_READ) {
        op->older = k->newest;
        op->newer = NULL;
        *(k->newest != NULL ? &k->newest->newer : &k->oldest) = op;
        k->newest = op;
        op->linked = true;
    }
    bool named = k->kind == CHECK_KEY_ZONES;
    s->any_zones |= named;
    s->any_search |= !named;
    if (named)
        zones_begin(s->zones, op);
    else
        search_begin(s->search, op, (enum check_key)k->kind);
    if (s->past != NULL && named)
        past_begin(s->past, op);
    if (s->sequential != NULL)
        sequential_begin(s->sequential, op, (enum check_key)k->kind);
    return op;
}

static void unlink_read(struct stream_key *k, struct check_op *op)
{
    *(op->older != NULL ? &op->older->newer : &k->oldest) = op->newer;
    *(op->newer != NULL ? &op->newer->older : &k->newest) = op->older;
    op->linked = false;
}

static void end(struct check_stream *s, struct check_op *op, uint64_t position, enum check_outcome outcome)
{
    struct stream_key *k = &s->keys.items[op->key];

    CHECK(position > s->position);
    s->position = position;
    op->end = position;
    op->outcome = (uint8_t)outcome;
    if (op->linked)
        unlink_read(k, op);
    bool named = k->kind == CHECK_KEY_ZONES;
    if (named)
        zones_end(s->zones, op, k->oldest != NULL ? k->oldest->begin : CHECK_OPEN);
    else
        search_end(s->search, op, (enum check_key)k->kind);
    if (s->past != NULL && named)
        past_end(s->past, op);
    if (s->sequential != NULL)
        sequential_end(s->sequential, op);
    struct check_op *last = s->all.items[--s->all.count];
    s->all.items[op->open_at] = last;
    last->open_at = op->open_at;
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

static int by_begin(const void *left, const void *right)
{
    const struct check_op *a = *(struct check_op *const *)left, *b = *(struct check_op *const *)right;

    return a->begin < b->begin ? -1 : a->begin > b->begin;
}

void check_stream_finish(struct check_stream *s)
{
    if (s->all.count > 0) {
        qsort(s->all.items, s->all.count, sizeof *s->all.items, by_begin);
        for (uint32_t i = 0; i < s->all.count; i++)
            s->all.items[i]->open_at = i;
    }
    while (s->all.count > 0)
        end(s, s->all.items[s->all.count - 1], s->position + 1, CHECK_INFO);
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
