/* check_elements.c -- sets that grow and lists against exhaustive checkers: the session guarantees and
 * nothing_lost in the words of their definitions, every pair of operations looked at, on random small
 * histories. */
#include "sim/observe/check_elements.h"
#include "sim/base/hash.h"
#include "sim/model/registry.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPS_MOST = 12, SESSIONS = 3, KEYS = 2, ROUNDS = 30000 };

struct story {
    struct element_op ops[OPS_MOST];
    uint64_t elements[OPS_MOST][OPS_MOST];
    size_t count;
    bool lists;
};

static uint64_t luck;

static uint64_t draw(uint64_t below)
{
    luck = hash_mix(luck);
    return (luck >> 11) % below;
}

/* Its first place in what was read, from 1; 0: it is not there. */
static size_t place_of(const struct element_op *read, uint64_t element)
{
    for (size_t i = 0; i < read->count; i++)
        if (read->elements[i] == element)
            return i + 1;
    return 0;
}

static bool is_read(const struct element_op *op)
{
    return op->reads && !op->failed && op->end != UINT64_MAX;
}

static bool precedes(const struct element_op *a, const struct element_op *b)
{
    return a->session == b->session && a->key == b->key && !a->failed && a->end != UINT64_MAX &&
           a->end < b->begin;
}

/* Does `later` show all that `earlier` did; a list, in its order? */
static bool shows(const struct story *s, const struct element_op *earlier, const struct element_op *later)
{
    for (size_t i = 0; i < earlier->count; i++) {
        size_t at = place_of(later, earlier->elements[i]);
        if (s->lists ? at != i + 1 : at == 0)
            return false;
    }
    return true;
}

/* Wherever `added` is shown, `element` is, and in a list before it. */
static bool stands_before(const struct story *s, uint64_t element, const struct element_op *added)
{
    for (size_t r = 0; r < s->count; r++) {
        const struct element_op *read = &s->ops[r];
        size_t at = is_read(read) && read->key == added->key ? place_of(read, added->element) : 0,
               before = place_of(read, element);
        if (at != 0 && (before == 0 || (s->lists && before > at)))
            return false;
    }
    return true;
}

static bool naive_session(const struct story *s, enum geo_check check)
{
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k < s->count; k++) {
            const struct element_op *a = &s->ops[i], *b = &s->ops[k];
            if (!precedes(a, b))
                continue;
            if (check == GEO_READ_YOUR_WRITES && !a->reads && is_read(b) && place_of(b, a->element) == 0)
                return false;
            if (check == GEO_MONOTONIC_READS && is_read(a) && is_read(b) && !shows(s, a, b))
                return false;
            if (check == GEO_MONOTONIC_WRITES && !a->reads && !b->reads && !b->failed &&
                !stands_before(s, a->element, b))
                return false;
            for (size_t e = 0;
                 check == GEO_WRITES_FOLLOW_READS && is_read(a) && !b->reads && !b->failed && e < a->count;
                 e++)
                if (!stands_before(s, a->elements[e], b))
                    return false;
        }
    return true;
}

static enum check_holds naive_lost(const struct story *s)
{
    enum check_holds all = CHECK_HOLDS;

    for (size_t i = 0; i < s->count; i++) {
        const struct element_op *add = &s->ops[i], *last = NULL;
        if (add->reads || add->failed || add->end == UINT64_MAX)
            continue;
        for (size_t r = 0; r < s->count; r++)
            if (is_read(&s->ops[r]) && s->ops[r].key == add->key)
                last = &s->ops[r];
        if (last == NULL || last->begin < add->end)
            all = all == CHECK_HOLDS ? CHECK_UNDECIDED : all;
        else if (place_of(last, add->element) == 0)
            all = CHECK_BROKEN;
    }
    return all;
}

/* A store of which each session sees the others' additions late, and that is wrong now and then. Operations
 * of a session may overlap. */
static void story_new(struct story *s, bool lists)
{
    size_t open[SESSIONS][2], begun = 0;
    uint64_t position = 0, wrong = draw(4), lag = draw(3), element = 0;
    uint64_t shown[SESSIONS][KEYS][OPS_MOST], there[KEYS][OPS_MOST];
    size_t shown_count[SESSIONS][KEYS] = {{0}}, there_count[KEYS] = {0};
    bool overlap = draw(3) == 0;

    memset(s, 0, sizeof *s);
    s->lists = lists;
    s->count = OPS_MOST - draw(4);
    for (size_t i = 0; i < SESSIONS; i++)
        open[i][0] = open[i][1] = OPS_MOST;
    for (size_t ended = 0; ended < s->count;) {
        size_t session = draw(SESSIONS), *at = &open[session][overlap ? draw(2) : 0];
        if (*at == OPS_MOST) {
            if (begun == s->count)
                continue;
            s->ops[begun] = (struct element_op){.id = begun + 1,
                                                .key = draw(3) == 0,
                                                .session = session,
                                                .begin = ++position,
                                                .reads = draw(100) < 50,
                                                .element = ++element,
                                                .elements = s->elements[begun]};
            *at = begun++;
            continue;
        }
        struct element_op *op = &s->ops[*at];
        uint64_t key = op->key, *mine = shown[session][key], fate = draw(20);
        size_t *mine_count = &shown_count[session][key];
        if (draw(3) >= lag) /* what is there, in the order in which it came */
            memcpy(mine, there[key], (*mine_count = there_count[key]) * sizeof *mine);
        op->failed = fate == 0;
        op->end = op->failed || fate < 18 || op->reads ? ++position : UINT64_MAX;
        if (op->reads) {
            size_t count = op->count = *mine_count;
            memcpy(s->elements[*at], mine, count * sizeof *mine);
            if (wrong > 0 && count > 1 && draw(3) < wrong) { /* two change places, or one is missing */
                size_t a = draw(count);
                uint64_t other = s->elements[*at][a];
                s->elements[*at][a] = s->elements[*at][count - 1];
                s->elements[*at][count - 1] = other;
                op->count -= draw(2);
            }
        } else if (fate != 0 && fate != 19) {
            there[key][there_count[key]++] = op->element;
            bool late = wrong == 0 || draw(4) >= wrong;
            if (late)
                mine[(*mine_count)++] = op->element;
        }
        *at = OPS_MOST;
        ended++;
    }
}

static void print_story(const struct story *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct element_op *op = &s->ops[i];
        fprintf(stderr, "  %d: session %d key %d [%d, %d]%s %s", (int)op->id, (int)op->session, (int)op->key,
                (int)op->begin, (int)op->end, op->failed ? " failed" : "", op->reads ? "read" : "add");
        for (size_t e = 0; op->reads && e < op->count; e++)
            fprintf(stderr, " %d", (int)op->elements[e]);
        if (!op->reads)
            fprintf(stderr, " %d", (int)op->element);
        fputc('\n', stderr);
    }
}

static void agree(bool lists, uint64_t seed)
{
    int seen[GEO_CHECKS][3] = {{0}};

    luck = seed;
    for (int round = 0; round < ROUNDS; round++) {
        static struct story s, sorted;
        story_new(&s, lists);
        for (size_t i = 0; i < s.count; i++) /* as whoever feeds it says of a read that failed */
            s.ops[i].end = s.ops[i].failed ? UINT64_MAX : s.ops[i].end;
        for (int c = GEO_READ_YOUR_WRITES; c < GEO_CHECKS; c++) {
            if (c > GEO_WRITES_FOLLOW_READS && c != GEO_NOTHING_LOST)
                continue;
            struct check_verdict v;
            sorted = s;
            check_elements(sorted.ops, s.count, lists, "operation", (enum geo_check)c, &v);
            enum check_holds right = c == GEO_NOTHING_LOST                  ? naive_lost(&s)
                                     : naive_session(&s, (enum geo_check)c) ? CHECK_HOLDS
                                                                            : CHECK_BROKEN;
            seen[c][right]++;
            if (v.holds != right)
                print_story(&s);
            cr_assert_eq(v.holds, right, "seed %d, round %d, %s: %s (%s), naive %s", (int)seed, round,
                         geo_check_names[c], check_holds_names[v.holds], v.why, check_holds_names[right]);
        }
    }
    for (int c = GEO_READ_YOUR_WRITES; c < GEO_CHECKS; c++) {
        if (c > GEO_WRITES_FOLLOW_READS && c != GEO_NOTHING_LOST)
            continue;
        fprintf(stderr, "%s: %d right, %d wrong\n", geo_check_names[c], seen[c][CHECK_HOLDS],
                seen[c][CHECK_BROKEN]);
        cr_expect(seen[c][CHECK_HOLDS] > 500 && seen[c][CHECK_BROKEN] > 300, "%s", geo_check_names[c]);
    }
}

Test(check_elements, sets_agree_with_every_pair)
{
    agree(false, 1);
}

Test(check_elements, lists_agree_with_every_pair)
{
    agree(true, 2);
}
