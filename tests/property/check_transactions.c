/* check_transactions.c -- transactions of appends and reads, and sets that grow, against exhaustive checkers:
 * all orders of random small histories, in the words of the definitions. Every answer must be the same. */
#include "sim/observe/check_transactions.h"
#include "sim/base/hash.h"
#include "sim/model/registry.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRANSACTIONS = 6, STEPS = 3, KEYS = 2, SESSIONS = 3, ELEMENTS = 24, ROUNDS = 30000 };

struct list {
    uint64_t elements[ELEMENTS];
    size_t count;
};

struct world {
    struct list keys[KEYS];
};

struct story {
    struct transaction all[TRANSACTIONS];
    struct transaction_step steps[TRANSACTIONS][STEPS];
    uint64_t read[TRANSACTIONS][STEPS][ELEMENTS];
    size_t count;
    bool lists;
};

static uint64_t luck;

static uint64_t draw(uint64_t below)
{
    luck = hash_mix(luck);
    return (luck >> 11) % below;
}

static bool same(const struct story *s, const struct list *l, const struct transaction_step *read)
{
    if (l->count != read->count)
        return false;
    for (size_t i = 0; i < l->count; i++) {
        bool there = false;
        for (size_t k = 0; k < read->count; k++)
            there |= l->elements[i] == read->elements[k] && (!s->lists || i == k);
        if (!there)
            return false;
    }
    return true;
}

/* The transaction happens; false: a read returned another thing. */
static bool happens(const struct story *s, size_t t, struct world *w)
{
    for (size_t i = 0; i < s->all[t].count; i++) {
        const struct transaction_step *step = &s->steps[t][i];
        struct list *l = &w->keys[step->key];
        if (!step->reads)
            l->elements[l->count++] = step->element;
        else if (s->all[t].outcome == CHECK_OK && !same(s, l, step))
            return false;
    }
    return true;
}

static bool precedes(const struct story *s, size_t a, size_t b, bool real_time)
{
    const struct transaction *x = &s->all[a], *y = &s->all[b];

    return x->outcome == CHECK_OK && x->end < y->begin && (real_time || x->session == y->session);
}

static bool order_exists(const struct story *s, bool real_time, unsigned done, const struct world *w)
{
    bool all = true;

    for (size_t t = 0; t < s->count; t++)
        all &= (done >> t & 1) != 0 || s->all[t].outcome != CHECK_OK;
    if (all)
        return true;
    for (size_t t = 0; t < s->count; t++) {
        bool free = (done >> t & 1) == 0 && s->all[t].outcome != CHECK_FAIL;
        for (size_t o = 0; o < s->count && free; o++)
            free = (done >> o & 1) != 0 || !precedes(s, o, t, real_time);
        struct world next = *w;
        if (free && happens(s, t, &next) && order_exists(s, real_time, done | 1u << t, &next))
            return true;
    }
    return false;
}

/* Who added an element; s->count: nobody that did not fail. */
static size_t adder(const struct story *s, uint64_t element)
{
    for (size_t t = 0; t < s->count; t++)
        for (size_t i = 0; i < s->all[t].count; i++)
            if (!s->steps[t][i].reads && s->steps[t][i].element == element && s->all[t].outcome != CHECK_FAIL)
                return t;
    return s->count;
}

/* Sets, one operation each: a read has exactly what was added to its key in its past. */
static bool naive_causal(const struct story *s)
{
    bool before[TRANSACTIONS][TRANSACTIONS] = {{false}};

    for (size_t a = 0; a < s->count; a++)
        for (size_t b = 0; b < s->count; b++)
            before[a][b] = a != b && precedes(s, a, b, false);
    for (size_t r = 0; r < s->count; r++)
        for (size_t e = 0; s->all[r].outcome == CHECK_OK && s->steps[r][0].reads && e < s->steps[r][0].count;
             e++) {
            size_t a = adder(s, s->steps[r][0].elements[e]);
            if (a == s->count || s->steps[a][0].key != s->steps[r][0].key || s->all[a].begin > s->all[r].end)
                return false;
            before[a][r] = true;
        }
    for (size_t k = 0; k < s->count; k++)
        for (size_t a = 0; a < s->count; a++)
            for (size_t b = 0; b < s->count; b++)
                before[a][b] |= before[a][k] && before[k][b];
    for (size_t r = 0; r < s->count; r++) {
        struct list past = {0};
        if (s->all[r].outcome != CHECK_OK || !s->steps[r][0].reads)
            continue;
        for (size_t a = 0; a < s->count; a++)
            if (before[a][r] && !s->steps[a][0].reads && s->steps[a][0].key == s->steps[r][0].key)
                past.elements[past.count++] = s->steps[a][0].element;
        if (!same(s, &past, &s->steps[r][0]))
            return false;
    }
    return true;
}

/* A store that is right most of the time: each transaction happens at its end, on the state of now, or
 * sometimes on the one of a little earlier. */
static void story_new(struct story *s, bool lists)
{
    size_t open[SESSIONS], begun = 0, most = lists ? STEPS : 1;
    uint64_t position = 0, element = 0, wrong = draw(3);
    struct world past[TRANSACTIONS + 1] = {0};
    size_t pasts = 1;

    memset(s, 0, sizeof *s);
    s->lists = lists;
    s->count = 3 + draw(TRANSACTIONS - 2);
    for (size_t i = 0; i < SESSIONS; i++)
        open[i] = TRANSACTIONS;
    for (size_t ended = 0; ended < s->count;) {
        size_t session = draw(SESSIONS);
        if (open[session] == TRANSACTIONS) {
            if (begun == s->count)
                continue;
            struct transaction *t = &s->all[begun];
            *t = (struct transaction){.id = begun + 1,
                                      .session = session,
                                      .begin = ++position,
                                      .end = UINT64_MAX,
                                      .steps = s->steps[begun],
                                      .count = 1 + draw(most)};
            for (size_t i = 0; i < t->count; i++)
                s->steps[begun][i] = (struct transaction_step){.key = draw(KEYS),
                                                               .element = ++element,
                                                               .elements = s->read[begun][i],
                                                               .reads = draw(2) == 0};
            open[session] = begun++;
            continue;
        }
        size_t which = open[session];
        struct transaction *t = &s->all[which];
        struct world now = past[pasts - 1],
                     seen = past[wrong > 0 && draw(3) < wrong ? draw(pasts) : pasts - 1];
        uint64_t fate = draw(16);
        t->outcome = fate == 0 ? CHECK_FAIL : fate <= 2 ? CHECK_INFO : CHECK_OK;
        for (size_t i = 0; i < t->count; i++) {
            struct transaction_step *step = &s->steps[which][i];
            struct list *l = &seen.keys[step->key];
            if (!step->reads) {
                l->elements[l->count++] = step->element;
                now.keys[step->key].elements[now.keys[step->key].count++] = step->element;
                continue;
            }
            memcpy(s->read[which][i], l->elements, sizeof l->elements);
            step->count = l->count;
            if (draw(60) == 0 && step->count > 1) { /* two change places, or one goes */
                uint64_t swap = s->read[which][i][0];
                s->read[which][i][0] = s->read[which][i][1];
                s->read[which][i][1] = swap;
                step->count -= draw(2);
            }
        }
        if (fate != 1 && (fate != 0 || draw(3) == 0))
            past[pasts++] = now;
        t->end = t->outcome == CHECK_INFO ? UINT64_MAX : ++position;
        open[session] = TRANSACTIONS;
        ended++;
    }
}

static void print_story(const struct story *s)
{
    for (size_t t = 0; t < s->count; t++) {
        fprintf(stderr, "  %zu: session %d [%d, %d] outcome %d:", t + 1, (int)s->all[t].session,
                (int)s->all[t].begin, (int)s->all[t].end, s->all[t].outcome);
        for (size_t i = 0; i < s->all[t].count; i++) {
            const struct transaction_step *step = &s->steps[t][i];
            fprintf(stderr, step->reads ? " read %d (" : " append %d (", (int)step->key);
            for (size_t e = 0; step->reads && e < step->count; e++)
                fprintf(stderr, " %d", (int)step->elements[e]);
            if (!step->reads)
                fprintf(stderr, "%d", (int)step->element);
            fputs(")", stderr);
        }
        fputc('\n', stderr);
    }
}

static void agree(bool lists, uint64_t seed)
{
    int seen[3][2] = {{0}};

    luck = seed;
    for (int round = 0; round < ROUNDS; round++) {
        static struct story s;
        story_new(&s, lists);
        for (int c = GEO_LINEARIZABLE; c <= (lists ? GEO_SEQUENTIAL : GEO_CAUSAL); c++) {
            struct world w = {0};
            struct check_verdict v;
            check_transactions(s.all, s.count, lists, "operation", (enum geo_check)c, &v);
            bool naive = c == GEO_CAUSAL ? naive_causal(&s) : order_exists(&s, c == GEO_LINEARIZABLE, 0, &w);
            seen[c][naive]++;
            if (v.holds != (naive ? CHECK_HOLDS : CHECK_BROKEN))
                print_story(&s);
            cr_assert_eq(v.holds, naive ? CHECK_HOLDS : CHECK_BROKEN,
                         "seed %d, round %d, %s: %s (%s), naive %s", (int)seed, round, geo_check_names[c],
                         check_holds_names[v.holds], v.why, naive ? "true" : "false");
        }
    }
    for (int c = GEO_LINEARIZABLE; c <= (lists ? GEO_SEQUENTIAL : GEO_CAUSAL); c++) {
        fprintf(stderr, "%s: %d right, %d wrong\n", geo_check_names[c], seen[c][1], seen[c][0]);
        cr_expect(seen[c][0] > 500 && seen[c][1] > 500);
    }
}

Test(check_transactions, lists_agree_with_all_orders)
{
    agree(true, 1);
}

Test(check_transactions, sets_agree_with_all_orders_and_with_causal_pasts)
{
    agree(false, 2);
}
