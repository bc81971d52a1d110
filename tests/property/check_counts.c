/* check_counts.c -- what reads of counters tell, against exhaustive checkers: every choice of the changes
 * that each read may have seen, in the words of the definitions, on random small histories. */
#include "sim/observe/check_counts.h"
#include "sim/base/hash.h"
#include "sim/model/registry.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPS_MOST = 9, SESSIONS = 3, KEYS = 2, ROUNDS = 20000, START = 10 };

struct story {
    struct count_op ops[OPS_MOST];
    int count;
};

struct kind {
    int keys;
    int64_t step;
    bool mixed, one_way, overlap; /* mixed: of several amounts, one_way: all of one sign */
    uint64_t seed;
    int undecided_most; /* of ROUNDS */
};

static uint64_t luck;

static uint64_t draw(uint64_t below)
{
    luck = hash_mix(luck);
    return (luck >> 11) % below;
}

static bool happened(const struct count_op *op) /* or may have */
{
    return op->outcome != CHECK_FAIL && !(op->reads && op->outcome != CHECK_OK);
}

static bool precedes(const struct story *s, int a, int b)
{
    const struct count_op *x = &s->ops[a], *y = &s->ops[b];

    return x->session == y->session && happened(x) && x->outcome == CHECK_OK && x->end < y->begin;
}

/* Can read r have seen change w? */
static bool visible(const struct story *s, int r, int w)
{
    return !s->ops[w].reads && happened(&s->ops[w]) && s->ops[w].key == s->ops[r].key &&
           s->ops[w].begin < s->ops[r].end;
}

/* The sets of changes that give a read its number, as bits. */
static int choices(const struct story *s, int r, unsigned *out)
{
    int count = 0;

    for (unsigned set = 0; set < 1u << s->count; set++) {
        int64_t sum = START;
        bool can = true;
        for (int w = 0; w < s->count && can; w++)
            if ((set >> w & 1) != 0) {
                can = visible(s, r, w);
                sum += s->ops[w].number;
            }
        if (can && sum == s->ops[r].number)
            out[count++] = set;
    }
    return count;
}

struct choice {
    unsigned sets[OPS_MOST][1 << OPS_MOST];
    int counts[OPS_MOST];
    unsigned chosen[OPS_MOST]; /* of reads that can be right */
};

static bool has(unsigned set, int w)
{
    return (set >> w & 1) != 0;
}

static bool keeps_causal(const struct story *s, const struct choice *c)
{
    bool before[OPS_MOST][OPS_MOST];

    for (int a = 0; a < s->count; a++)
        for (int b = 0; b < s->count; b++)
            before[a][b] = happened(&s->ops[a]) && happened(&s->ops[b]) &&
                           (precedes(s, a, b) || (s->ops[b].reads && has(c->chosen[b], a)));
    for (int k = 0; k < s->count; k++)
        for (int a = 0; a < s->count; a++)
            for (int b = 0; b < s->count; b++)
                before[a][b] |= before[a][k] && before[k][b];
    for (int r = 0; r < s->count; r++)
        for (int w = 0; w < s->count && s->ops[r].reads && happened(&s->ops[r]); w++)
            if (!s->ops[w].reads && s->ops[w].key == s->ops[r].key && before[w][r] && !has(c->chosen[r], w))
                return false;
    return true;
}

static bool keeps(const struct story *s, const struct choice *c, enum geo_check check)
{
    if (check == GEO_CAUSAL)
        return keeps_causal(s, c);
    for (int r = 0; r < s->count; r++) {
        if (!s->ops[r].reads || !happened(&s->ops[r]) || c->counts[r] == 0)
            continue;
        for (int a = 0; a < s->count; a++)
            for (int w = 0; w < s->count; w++) {
                bool same = s->ops[a].key == s->ops[r].key, read = s->ops[a].reads && c->counts[a] > 0;
                if (!same || !happened(&s->ops[a]))
                    continue;
                if (check == GEO_READ_YOUR_WRITES && !s->ops[a].reads && precedes(s, a, r) &&
                    !has(c->chosen[r], a))
                    return false;
                if (check == GEO_MONOTONIC_READS && read && precedes(s, a, r) &&
                    (c->chosen[a] & ~c->chosen[r]) != 0)
                    return false;
                if (!has(c->chosen[r], w) || !precedes(s, a, w))
                    continue;
                if (check == GEO_MONOTONIC_WRITES && !s->ops[a].reads && !has(c->chosen[r], a))
                    return false;
                if (check == GEO_WRITES_FOLLOW_READS && read && (c->chosen[a] & ~c->chosen[r]) != 0)
                    return false;
            }
    }
    return true;
}

static bool some_choice(const struct story *s, struct choice *c, enum geo_check check, int r)
{
    while (r < s->count && (!s->ops[r].reads || !happened(&s->ops[r]) || c->counts[r] == 0))
        r++;
    if (r == s->count)
        return keeps(s, c, check);
    for (int i = 0; i < c->counts[r]; i++) {
        c->chosen[r] = c->sets[r][i];
        if (some_choice(s, c, check, r + 1))
            return true;
    }
    return false;
}

static bool order_exists(const struct story *s, unsigned done, const int64_t *values)
{
    bool all = true;

    for (int i = 0; i < s->count; i++)
        all &= has(done, i) || s->ops[i].outcome != CHECK_OK;
    if (all)
        return true;
    for (int i = 0; i < s->count; i++) {
        bool free = !has(done, i) && happened(&s->ops[i]);
        int64_t next[KEYS];
        memcpy(next, values, sizeof next);
        for (int j = 0; j < s->count && free; j++)
            free = has(done, j) || !precedes(s, j, i);
        if (s->ops[i].reads ? next[s->ops[i].key] != s->ops[i].number : false)
            continue;
        if (!s->ops[i].reads)
            next[s->ops[i].key] += s->ops[i].number;
        if (free && order_exists(s, done | 1u << i, next))
            return true;
    }
    return false;
}

/* Does a counter rise, or fall? */
static bool moves(const struct story *s, uint64_t key, bool rises)
{
    for (int w = 0; w < s->count; w++)
        if (!s->ops[w].reads && happened(&s->ops[w]) && s->ops[w].key == key &&
            (s->ops[w].number > 0) == rises)
            return true;
    return false;
}

/* Of what a read can have seen the least and the most, with all that its session had made, if `own`. */
static bool is_within(const struct story *s, int r, bool own)
{
    int64_t low = START, high = START;

    for (int w = 0; w < s->count; w++) {
        if (!visible(s, r, w))
            continue;
        bool must = own && precedes(s, w, r), rises = s->ops[w].number > 0;
        low += must || !rises ? s->ops[w].number : 0;
        high += must || rises ? s->ops[w].number : 0;
    }
    return low <= s->ops[r].number && s->ops[r].number <= high;
}

/* Where no sum gives a read's number, so that it saw nothing that could be named, but its number is among
 * those that do: by that. */
static bool numbers_keep(const struct story *s, const struct choice *c, enum geo_check check)
{
    for (int r = 0; r < s->count; r++) {
        if (!s->ops[r].reads || !happened(&s->ops[r]) || !is_within(s, r, false))
            continue;
        if (check == GEO_READ_YOUR_WRITES && c->counts[r] == 0 && !is_within(s, r, true))
            return false;
        for (int q = 0; q < s->count && check == GEO_MONOTONIC_READS &&
                        moves(s, s->ops[r].key, true) != moves(s, s->ops[r].key, false);
             q++)
            if (s->ops[q].reads && precedes(s, q, r) && s->ops[q].key == s->ops[r].key &&
                is_within(s, q, false) && (c->counts[q] == 0 || c->counts[r] == 0) &&
                (moves(s, s->ops[r].key, false) ? s->ops[r].number > s->ops[q].number
                                                : s->ops[r].number < s->ops[q].number))
                return false;
    }
    return true;
}

static bool naive(const struct story *s, enum geo_check check)
{
    static struct choice c;
    const int64_t start[KEYS] = {START, START};
    bool possible = true;

    if (check == GEO_SEQUENTIAL)
        return order_exists(s, 0, start);
    for (int r = 0; r < s->count; r++) {
        c.chosen[r] = 0;
        c.counts[r] = s->ops[r].reads && happened(&s->ops[r]) ? choices(s, r, c.sets[r]) : -1;
        possible &= c.counts[r] != 0;
    }
    if (check == GEO_CAUSAL && !possible)
        return false;
    return numbers_keep(s, &c, check) && some_choice(s, &c, check, 0);
}

/* CHECK_HOLDS, BROKEN or UNDECIDED: can all that was added well be in the last read of its key? */
static enum check_holds naive_lost(const struct story *s)
{
    enum check_holds all = CHECK_HOLDS;

    for (uint64_t key = 0; key < KEYS; key++) {
        int last = -1;
        uint64_t over = 0;
        int64_t sure = START;
        bool can = false, falls = moves(s, key, false);
        for (int i = 0; i < s->count; i++) {
            const struct count_op *op = &s->ops[i];
            if (op->key != key || !happened(op))
                continue;
            last = op->reads ? i : last;
            if (op->reads || op->outcome != CHECK_OK)
                continue;
            over = op->end > over ? op->end : over;
            sure += op->number;
        }
        if (over == 0)
            continue;
        if (last < 0 || s->ops[last].begin < over) {
            all = all == CHECK_HOLDS ? CHECK_UNDECIDED : all;
            continue;
        }
        for (unsigned set = 0; set < 1u << s->count; set++) {
            int64_t sum = sure;
            bool maybe = true;
            for (int w = 0; w < s->count; w++)
                if (has(set, w)) {
                    maybe &= !s->ops[w].reads && s->ops[w].outcome == CHECK_INFO && s->ops[w].key == key;
                    sum += s->ops[w].number;
                }
            can |= maybe && sum == s->ops[last].number;
        }
        /* What is more than all is not less. */
        can |= moves(s, key, true) != falls &&
               (falls ? s->ops[last].number <= sure : s->ops[last].number >= sure);
        if (!can)
            all = CHECK_BROKEN;
    }
    return all;
}

/* ---- random histories ---- */

/* Sessions of a store in which each region sees the others' changes late, and that is wrong now and then. */
static void story_new(struct story *s, const struct kind *k)
{
    int open[SESSIONS][2], begun = 0;
    uint64_t position = 0, wrong = draw(3), lag = draw(3);
    unsigned seen[SESSIONS][KEYS] = {{0}}, there[KEYS] = {0};

    memset(s, 0, sizeof *s);
    s->count = OPS_MOST - (int)draw(3);
    memset(open, 0xff, sizeof open);
    for (int spin = 0; spin < 2000; spin++) {
        int session = (int)draw(SESSIONS), lane = k->overlap ? (int)draw(2) : 0, *at = &open[session][lane];
        if (*at < 0) {
            if (begun == s->count)
                continue;
            struct count_op *op = &s->ops[begun];
            *op = (struct count_op){.id = (uint64_t)begun + 1,
                                    .key = draw((uint64_t)k->keys),
                                    .session = (uint64_t)session,
                                    .begin = ++position,
                                    .reads = draw(100) < 55,
                                    .outcome = CHECK_INFO};
            op->number = op->reads   ? 0
                         : !k->mixed ? k->step
                                     : (int64_t)draw(3) + 1 - (!k->one_way && draw(3) == 0 ? 4 : 0);
            *at = begun++;
            continue;
        }
        struct count_op *op = &s->ops[*at];
        uint64_t fate = draw(20);
        unsigned *mine = &seen[session][op->key];
        *mine |= draw(3) >= lag ? there[op->key] : 0;
        if (op->reads) {
            unsigned set =
                wrong > 0 && draw(4) < wrong ? (unsigned)draw(1u << s->count) & there[op->key] : *mine;
            op->number = START + (draw(60) == 0 ? (int64_t)draw(3) - 1 : 0);
            for (int w = 0; w < s->count; w++)
                op->number += has(set, w) ? s->ops[w].number : 0;
            op->outcome = fate == 0 ? CHECK_FAIL : CHECK_OK;
        } else {
            op->outcome = fate == 0 ? CHECK_FAIL : fate >= 18 ? CHECK_INFO : CHECK_OK;
            if (fate != 0 && fate != 19) {
                *mine |= 1u << *at;
                there[op->key] |= 1u << *at;
            }
        }
        if (op->outcome != CHECK_INFO)
            op->end = ++position;
        *at = -1;
    }
    s->count = begun;
    for (int i = 0; i < s->count; i++)
        s->ops[i].outcome = s->ops[i].end == 0 ? CHECK_INFO : s->ops[i].outcome;
}

static void print_story(const struct story *s)
{
    for (int i = 0; i < s->count; i++)
        fprintf(stderr, "  %d: session %d key %d %s %d [%d, %d] outcome %d\n", i + 1, (int)s->ops[i].session,
                (int)s->ops[i].key, s->ops[i].reads ? "read" : "add", (int)s->ops[i].number,
                (int)s->ops[i].begin, (int)s->ops[i].end, s->ops[i].outcome);
}

static void agree(const struct kind *k)
{
    int seen[GEO_CHECKS][3] = {{0}};

    luck = k->seed;
    for (int round = 0; round < ROUNDS; round++) {
        struct story s;
        story_new(&s, k);
        for (int c = GEO_SEQUENTIAL; c < GEO_CHECKS; c++) {
            struct check_verdict v;
            if (!check_counts_knows((enum geo_check)c))
                continue;
            check_counts(s.ops, (size_t)s.count, START, "operation", (enum geo_check)c, &v);
            enum check_holds right = c == GEO_NOTHING_LOST          ? naive_lost(&s)
                                     : naive(&s, (enum geo_check)c) ? CHECK_HOLDS
                                                                    : CHECK_BROKEN;
            seen[c][v.holds]++;
            if (v.holds == CHECK_UNDECIDED || v.holds == right)
                continue;
            print_story(&s);
            cr_assert(false, "seed %d, round %d, %s: %s (%s), naive %s", (int)k->seed, round,
                      geo_check_names[c], check_holds_names[v.holds], v.why, check_holds_names[right]);
        }
    }
    for (int c = GEO_SEQUENTIAL; c < GEO_CHECKS; c++) {
        if (!check_counts_knows((enum geo_check)c))
            continue;
        bool never = c == GEO_MONOTONIC_WRITES || c == GEO_WRITES_FOLLOW_READS;
        fprintf(stderr, "%s: %d right, %d wrong, %d undecided\n", geo_check_names[c], seen[c][CHECK_HOLDS],
                seen[c][CHECK_BROKEN], seen[c][CHECK_UNDECIDED]);
        if (k->mixed || (k->overlap && c <= GEO_CAUSAL))
            continue;
        cr_expect(seen[c][CHECK_HOLDS] > 500 && (never || seen[c][CHECK_BROKEN] > 200), "%s",
                  geo_check_names[c]);
        cr_expect(c == GEO_NOTHING_LOST || seen[c][CHECK_UNDECIDED] <= k->undecided_most, "%s: %d undecided",
                  geo_check_names[c], seen[c][CHECK_UNDECIDED]);
    }
}

Test(check_counts, one_counter_is_always_decided)
{
    agree(&(struct kind){.keys = 1, .step = 1, .seed = 1});
}

Test(check_counts, one_counter_that_falls_is_always_decided)
{
    agree(&(struct kind){.keys = 1, .step = -2, .seed = 2});
}

Test(check_counts, of_two_counters_hardly_any_history_is_undecided)
{
    agree(&(struct kind){.keys = 2, .step = 1, .seed = 3, .undecided_most = ROUNDS / 40});
}

Test(check_counts, of_changes_that_differ_nothing_wrong_is_said)
{
    agree(&(struct kind){.keys = 1, .mixed = true, .seed = 4});
}

Test(check_counts, of_additions_that_differ_nothing_wrong_is_said)
{
    agree(&(struct kind){.keys = 2, .mixed = true, .one_way = true, .seed = 6});
}

Test(check_counts, sessions_whose_operations_overlap_are_decided_but_for_pasts)
{
    agree(&(struct kind){.keys = 2, .step = 1, .overlap = true, .seed = 5});
}
