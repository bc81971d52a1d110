/* check_naive.c -- the checkers against exhaustive ones, on thousands of random small histories, right and
 * wrong, with operations that may have happened: every answer must be the same. The naive ones try all
 * orders, in the words of the definitions. */
#include "sim/base/hash.h"
#include "sim/observe/check.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPS_MOST = 10, SESSIONS = 3, ROUNDS = 20000 };

struct op {
    uint64_t begin, end; /* end: UINT64_MAX for what may have happened */
    uint64_t value, expected;
    int64_t number;
    int session, key;
    uint8_t f, outcome;
};

struct story {
    struct op ops[OPS_MOST];
    int count, keys;
    enum check_key kind;
};

static uint64_t luck;

static uint64_t draw(uint64_t below)
{
    luck = hash_mix(luck);
    return (luck >> 11) % below;
}

/* ---- the naive checkers ---- */

struct world {
    uint64_t value[2];
};

static uint64_t base_of(const struct story *s)
{
    return s->kind == CHECK_KEY_COUNTER ? 100 : 0;
}

static bool apply(const struct story *s, const struct op *op, struct world *w)
{
    uint64_t *v = &w->value[op->key];

    switch (op->f) {
    case CHECK_READ:
        return s->kind == CHECK_KEY_COUNTER ? *v == (uint64_t)op->number : *v == op->value;
    case CHECK_WRITE:
        *v = op->value;
        return true;
    case CHECK_CAS:
        if (*v != op->expected)
            return false;
        *v = op->value;
        return true;
    case CHECK_CHANGE:
        *v += (uint64_t)op->number;
        return true;
    case CHECK_ADD:
        *v |= UINT64_C(1) << op->value;
        return true;
    default:
        *v &= ~(UINT64_C(1) << op->value);
        return true;
    }
}

/* Must a come before b? */
static bool precedes(const struct story *s, int a, int b, bool real_time)
{
    const struct op *x = &s->ops[a], *y = &s->ops[b];

    return x->outcome == CHECK_OK && x->end < y->begin && (real_time || x->session == y->session);
}

static bool order_exists(const struct story *s, bool real_time, unsigned done, struct world w)
{
    bool all = true;

    for (int i = 0; i < s->count; i++)
        all &= (done >> i & 1) != 0 || s->ops[i].outcome != CHECK_OK;
    if (all)
        return true;
    for (int i = 0; i < s->count; i++) {
        struct world next = w;
        bool free = (done >> i & 1) == 0 && s->ops[i].outcome != CHECK_FAIL &&
                    !(s->ops[i].f == CHECK_READ && s->ops[i].outcome != CHECK_OK);
        for (int j = 0; j < s->count && free; j++)
            free = (done >> j & 1) != 0 || s->ops[j].outcome != CHECK_OK || !precedes(s, j, i, real_time);
        if (free && apply(s, &s->ops[i], &next) && order_exists(s, real_time, done | 1u << i, next))
            return true;
    }
    return false;
}

static bool naive_order(const struct story *s, bool real_time)
{
    struct world w = {{base_of(s), base_of(s)}};

    return order_exists(s, real_time, 0, w);
}

/* The write that a read returned: -1 the initial value, -2 none. */
static int source(const struct story *s, int read)
{
    if (s->ops[read].value == CHECK_INITIAL)
        return -1;
    for (int i = 0; i < s->count; i++)
        if (s->ops[i].f == CHECK_WRITE && s->ops[i].key == s->ops[read].key &&
            s->ops[i].value == s->ops[read].value && s->ops[i].outcome != CHECK_FAIL)
            return i;
    return -2;
}

static bool is_read(const struct story *s, int i)
{
    return s->ops[i].f == CHECK_READ && s->ops[i].outcome == CHECK_OK;
}

static void closure(const struct story *s, bool before[OPS_MOST][OPS_MOST])
{
    memset(before, 0, OPS_MOST * sizeof before[0]);
    for (int i = 0; i < s->count; i++)
        for (int j = 0; j < s->count; j++)
            before[i][j] = i != j && (precedes(s, i, j, false) || (is_read(s, j) && source(s, j) == i));
    for (int k = 0; k < s->count; k++)
        for (int i = 0; i < s->count; i++)
            for (int j = 0; j < s->count; j++)
                before[i][j] = before[i][j] || (before[i][k] && before[k][j]);
}

static bool older(const struct story *s, bool before[OPS_MOST][OPS_MOST], int read, int write)
{
    int from = source(s, read);

    return s->ops[write].f == CHECK_WRITE && s->ops[write].key == s->ops[read].key && write != from &&
           from != -2 && (from == -1 || before[from][write]);
}

static bool naive_causal(const struct story *s)
{
    bool before[OPS_MOST][OPS_MOST];

    closure(s, before);
    for (int r = 0; r < s->count; r++) {
        if (!is_read(s, r))
            continue;
        if (source(s, r) == -2)
            return false;
        for (int w = 0; w < s->count; w++)
            if (before[w][r] && older(s, before, r, w))
                return false;
    }
    return true;
}

/* Did session t, before read r, read a write of session u that u made after `op` had ended? */
static bool saw_after(const struct story *s, int r, int op)
{
    for (int q = 0; q < s->count; q++) {
        int w = is_read(s, q) && precedes(s, q, r, false) ? source(s, q) : -1;
        if (w >= 0 && precedes(s, op, w, false))
            return true;
    }
    return false;
}

static bool naive_session(const struct story *s, enum geo_check check)
{
    bool before[OPS_MOST][OPS_MOST];

    closure(s, before);
    for (int r = 0; r < s->count; r++)
        for (int w = 0; w < s->count; w++) {
            if (!is_read(s, r) || !older(s, before, r, w))
                continue;
            bool forbids = check == GEO_READ_YOUR_WRITES   ? precedes(s, w, r, false)
                           : check == GEO_MONOTONIC_WRITES ? saw_after(s, r, w)
                                                           : false;
            for (int q = 0; q < s->count; q++)
                if (is_read(s, q) && source(s, q) == w && s->ops[q].key == s->ops[w].key)
                    forbids |= check == GEO_MONOTONIC_READS       ? precedes(s, q, r, false)
                               : check == GEO_WRITES_FOLLOW_READS ? saw_after(s, r, q)
                                                                  : false;
            if (forbids)
                return false;
        }
    return true;
}

/* ---- random histories ---- */

/* Sessions run one operation at a time; a store that is right most of the time answers at a random instant
 * within each. */
static struct story story_new(enum check_key kind, int keys, bool alike)
{
    struct story s = {.keys = keys, .kind = kind, .count = OPS_MOST - (int)draw(4) * (int)draw(3)};
    uint64_t position = 0, past[2][OPS_MOST + 1], wrong = draw(4);
    int past_count[2] = {1, 1}, open[SESSIONS], begun = 0;
    bool dead[SESSIONS] = {false};
    struct world w = {{base_of(&s), base_of(&s)}};

    past[0][0] = past[1][0] = base_of(&s);
    for (int i = 0; i < SESSIONS; i++)
        open[i] = -1;
    for (int spin = 0; spin < 400; spin++) {
        int session = (int)draw(SESSIONS);
        if (open[session] < 0) {
            if (begun == s.count || dead[session])
                continue;
            struct op *op = &s.ops[begun];
            *op = (struct op){.begin = ++position,
                              .end = UINT64_MAX,
                              .session = session,
                              .key = (int)draw((uint64_t)keys),
                              .value = kind == CHECK_KEY_ZONES ? (uint64_t)begun + 1 : draw(3) + 1,
                              .outcome = CHECK_INFO};
            op->expected = draw(3);
            op->number = alike ? 1 : (int64_t)draw(3) + 1 - (draw(3) == 0 ? 4 : 0);
            op->f = (uint8_t)(draw(2) == 0                ? CHECK_READ
                              : kind == CHECK_KEY_COUNTER ? CHECK_CHANGE
                              : kind == CHECK_KEY_SET     ? (draw(3) == 0 ? CHECK_REMOVE : CHECK_ADD)
                              : kind == CHECK_KEY_REGISTER && draw(2) == 0 ? CHECK_CAS
                                                                           : CHECK_WRITE);
            open[session] = begun++;
            continue;
        }
        struct op *op = &s.ops[open[session]];
        uint64_t fate = draw(20); /* 0 fails, 18 and 19 may have happened: and 19 did not */
        bool does = op->f == CHECK_READ || fate != 0 ? true : false;
        if (op->f != CHECK_READ && does && fate != 19 && !apply(&s, op, &w))
            fate = 0; /* a cas that fails */
        else if (op->f != CHECK_READ && fate != 19 && past_count[op->key] <= OPS_MOST)
            past[op->key][past_count[op->key]++] = w.value[op->key];
        uint64_t got = wrong > 0 && draw(4) < wrong ? past[op->key][draw((uint64_t)past_count[op->key])]
                                                    : w.value[op->key];
        if (draw(200) == 0)
            got = 77; /* out of thin air */
        open[session] = -1;
        op->outcome = fate == 0 ? CHECK_FAIL : fate >= 18 ? CHECK_INFO : CHECK_OK;
        dead[session] = op->outcome == CHECK_INFO;
        if (op->f == CHECK_READ) {
            op->value = got;
            op->number = (int64_t)got;
        }
        op->end = ++position;
    }
    for (int i = begun; i < s.count;)
        s.count--;
    return s;
}

static void feed(const struct story *s, struct check_stream *stream, int count)
{
    struct check_op *open[OPS_MOST] = {NULL};

    for (uint64_t position = 1; position <= 2 * OPS_MOST; position++)
        for (int i = 0; i < count; i++) {
            const struct op *op = &s->ops[i];
            if (op->begin == position)
                open[i] =
                    check_begin(stream, &(struct check_begin){.id = (uint64_t)i + 1,
                                                              .key = (uint64_t)op->key,
                                                              .session = (uint64_t)op->session,
                                                              .position = position,
                                                              .value = op->f == CHECK_READ ? 0 : op->value,
                                                              .expected = op->expected,
                                                              .number = op->f == CHECK_READ ? 0 : op->number,
                                                              .f = op->f});
            if (op->end == position)
                check_end(stream, open[i], position, (enum check_outcome)op->outcome, op->value, op->number);
        }
    check_stream_finish(stream);
}

static void print_story(const struct story *s)
{
    for (int i = 0; i < s->count; i++) {
        const struct op *op = &s->ops[i];
        fprintf(stderr, "  %d: session %d key %d f %d value %d expected %d number %d [%d, %d] outcome %d\n",
                i + 1, op->session, op->key, op->f, (int)op->value, (int)op->expected, (int)op->number,
                (int)op->begin, (int)op->end, op->outcome);
    }
}

static void check_all(enum check_key kind, int keys, bool alike, uint64_t seed)
{
    int seen[GEO_CHECKS][2] = {{0}};

    fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
    luck = seed;
    for (int round = 0; round < ROUNDS; round++) {
        struct story s = story_new(kind, keys, alike);
        struct check_stream *stream = check_stream_new(
            &(struct check_stream_def){.checks = 7, .initial = 100, .noun = "operation", .sessions = true});
        for (int k = 0; k < keys; k++)
            check_key_kind(stream, (uint64_t)k, kind);
        feed(&s, stream, s.count);
        for (int c = 0; c <= GEO_WRITES_FOLLOW_READS; c++) {
            struct check_verdict v;
            if (kind != CHECK_KEY_ZONES && c > GEO_SEQUENTIAL)
                break;
            check_stream_verdict(stream, (enum geo_check)c, &v);
            bool naive = c == GEO_LINEARIZABLE ? naive_order(&s, true)
                         : c == GEO_SEQUENTIAL ? naive_order(&s, false)
                         : c == GEO_CAUSAL     ? naive_causal(&s)
                                               : naive_session(&s, (enum geo_check)c);
            seen[c][naive]++;
            if (v.holds != (naive ? CHECK_HOLDS : CHECK_BROKEN)) {
                print_story(&s);
                cr_assert(false, "round %d, check %d: the checker says %s (%s), the naive one %s", round, c,
                          check_holds_names[v.holds], v.why, naive ? "true" : "false");
            }
        }
        check_stream_free(stream);
    }
    for (int c = 0; c <= (kind == CHECK_KEY_ZONES ? GEO_WRITES_FOLLOW_READS : GEO_SEQUENTIAL); c++) {
        fprintf(stderr, "check %d: %d right, %d wrong\n", c, seen[c][1], seen[c][0]);
        cr_expect(seen[c][0] > 20 && seen[c][1] > 20, "check %d saw %d right and %d wrong histories", c,
                  seen[c][1], seen[c][0]);
    }
}

Test(check_naive, registers_agree_with_all_orders)
{
    check_all(CHECK_KEY_ZONES, 1, false, 1);
}

Test(check_naive, two_registers_agree_with_all_orders)
{
    check_all(CHECK_KEY_ZONES, 2, false, 2);
}

Test(check_naive, compare_and_set_agrees_with_all_orders)
{
    check_all(CHECK_KEY_REGISTER, 1, false, 3);
}

Test(check_naive, counters_agree_with_all_orders)
{
    check_all(CHECK_KEY_COUNTER, 1, false, 4);
}

Test(check_naive, counters_of_unit_steps_agree_with_all_orders)
{
    check_all(CHECK_KEY_COUNTER, 1, true, 6);
}

Test(check_naive, two_counters_of_unit_steps_agree_with_all_orders)
{
    check_all(CHECK_KEY_COUNTER, 2, true, 7);
}

Test(check_naive, sets_agree_with_all_orders)
{
    check_all(CHECK_KEY_SET, 2, false, 5);
}
