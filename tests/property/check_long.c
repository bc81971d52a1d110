/* check_long.c -- long histories, where what is over is let go of: the checkers that forget against those
 * that do not, and canaries: histories that are right but for one operation in a thousand. */
#include "sim/base/array.h"
#include "sim/base/hash.h"
#include "sim/observe/check.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { SESSIONS = 12, CROWD = 48, PAST = 64, NEW = 4 };

/* What of a value an order of clusters depends on (check_linearizable.c), with nothing forgotten. */
struct cluster_seen {
    uint64_t first_end, last_begin; /* first_end UINT64_MAX: nothing of it ended */
};

/* An operation of a counter that was answered: number 0 of an addition. */
struct count_seen {
    uint64_t begin, end;
    int64_t number;
    bool reads;
};

/* A store that answers at one instant of each operation; its keys remember their last values. */
struct store {
    uint64_t luck, position, next_value, wrong;
    uint64_t *values; /* [key * PAST] */
    uint64_t *counts; /* [key] */
    struct check_op *open[CROWD];
    struct check_begin begun[CROWD];
    uint64_t answer[CROWD];
    int64_t number[CROWD];
    bool acted[CROWD];
    uint32_t reads[CROWD];
    ARRAY(struct cluster_seen) clusters; /* [value], where wanted: of one key */
    ARRAY(struct count_seen) counts_seen;
};

struct run {
    int keys, operations;
    uint64_t seed;
    uint64_t stale_per_million; /* reads that answer with what was there before */
    uint64_t info_per_million;  /* writes that may have happened: half of them did */
    enum check_key kind;
    int sessions; /* 0: SESSIONS */
    int first;    /* so many are there at the beginning, the others come one by one; 0: all */
    uint64_t new_stale_per_million; /* how many more of the first NEW reads of a session do */
    bool overlap;                   /* two of them are one session to the checker, whose operations overlap */
    bool *naive_ordered; /* of one key: set to what all pairs of clusters say, or of a counter's reads; NULL:
                            not asked */
};

static uint64_t draw(struct store *s, uint64_t below)
{
    s->luck = hash_mix(s->luck);
    return (s->luck >> 11) % below;
}

static void act(struct store *s, const struct run *r, int session)
{
    const struct check_begin *b = &s->begun[session];
    uint64_t *count = &s->counts[b->key], *past = &s->values[b->key * PAST];

    s->acted[session] = true;
    if (b->f == CHECK_READ) {
        uint64_t stale = s->reads[session]++ < NEW ? r->new_stale_per_million + r->stale_per_million
                                                   : r->stale_per_million;
        uint64_t kept = r->new_stale_per_million > 0 ? 0 : 2; /* of the first values none is answered again */
        uint64_t back = *count > kept && draw(s, 1000000) < stale ? 1 + draw(s, 2) : 0;
        back = back < *count ? back : *count;
        s->answer[session] = past[(*count - back) % PAST];
        s->number[session] = (int64_t)s->answer[session];
        s->wrong += back > 0;
    } else {
        uint64_t now = past[*count % PAST];
        past[++*count % PAST] = r->kind == CHECK_KEY_COUNTER ? now + (uint64_t)b->number : b->value;
    }
}

static void begin(struct store *s, const struct run *r, struct check_stream *stream, int session, uint64_t id)
{
    bool reads = draw(s, 100) < 70;
    struct check_begin b = {.id = id,
                            .key = draw(s, (uint64_t)r->keys),
                            .session = (uint64_t)(r->overlap ? session / 2 : session),
                            .position = ++s->position,
                            .value = reads ? 0 : ++s->next_value,
                            .number = reads ? 0 : 1,
                            .f = reads                          ? CHECK_READ
                                 : r->kind == CHECK_KEY_COUNTER ? CHECK_CHANGE
                                                                : CHECK_WRITE};

    s->begun[session] = b;
    s->acted[session] = false;
    s->open[session] = check_begin(stream, &b);
}

static void see(struct store *s, const struct run *r, int session)
{
    bool reads = s->begun[session].f == CHECK_READ;
    uint64_t value = reads ? s->answer[session] : s->begun[session].value;

    if (r->naive_ordered == NULL)
        return;
    *array_add(&s->counts_seen) =
        (struct count_seen){s->begun[session].position, s->position, s->number[session], reads};
    if (r->kind == CHECK_KEY_COUNTER)
        return;
    while (s->clusters.count <= value) {
        bool initial = s->clusters.count == 0;
        array_add(&s->clusters)->first_end = initial ? 0 : UINT64_MAX;
    }
    struct cluster_seen *c = &s->clusters.items[value];
    if (s->position < c->first_end)
        c->first_end = s->position;
    if (s->begun[session].position > c->last_begin)
        c->last_begin = s->begun[session].position;
}

/* Gibbons and Korach's condition as it is written: no two clusters each have to come before the other. */
static bool is_ordered(const struct store *s)
{
    array_each (const struct cluster_seen, a, &s->clusters)
        array_each (const struct cluster_seen, b, &s->clusters)
            if (a != b && a->first_end < b->last_begin && b->first_end < a->last_begin)
                return false;
    return true;
}

static int64_t additions(const struct store *s, uint64_t begin, uint64_t end, bool whole)
{
    int64_t count = 0;

    array_each (const struct count_seen, a, &s->counts_seen)
        count += !a->reads && (whole ? begin < a->begin && a->end < end : a->begin < end);
    return count;
}

/* Of a counter of which each addition adds one: a read has all that was over before it, nothing of what began
 * after it, and of two reads the later one has what the earlier one had, and all that came whole between. */
static bool is_counted(const struct store *s)
{
    array_each (const struct count_seen, r, &s->counts_seen) {
        if (!r->reads)
            continue;
        if (r->number < additions(s, 0, r->begin, true) || r->number > additions(s, 0, r->end, false))
            return false;
        array_each (const struct count_seen, q, &s->counts_seen)
            if (q->reads && q->end < r->begin && r->number < q->number + additions(s, q->end, r->begin, true))
                return false;
    }
    return true;
}

/* How many reads answered with what was over; the stream is finished. */
static uint64_t run(const struct run *r, struct check_stream *stream)
{
    struct store s = {.luck = r->seed,
                      .values = memory_new((size_t)r->keys * PAST, sizeof(uint64_t)),
                      .counts = memory_new((size_t)r->keys, sizeof(uint64_t))};

    for (int k = 0; k < r->keys; k++)
        check_key_kind(stream, (uint64_t)k, r->kind);
    for (int done = 0; done < r->operations;) {
        int sessions = r->sessions > 0 ? r->sessions : SESSIONS;
        if (r->first > 0)
            sessions = r->first + (sessions - r->first) * done / r->operations;
        int session = (int)draw(&s, (uint64_t)sessions);
        if (s.open[session] == NULL) {
            begin(&s, r, stream, session, (uint64_t)++done);
        } else if (!s.acted[session]) {
            bool info = s.begun[session].f != CHECK_READ && draw(&s, 1000000) < r->info_per_million;
            if (!info || draw(&s, 2) == 0)
                act(&s, r, session);
            if (info) {
                check_end(stream, s.open[session], ++s.position, CHECK_INFO, 0, 0);
                s.open[session] = NULL;
            }
        } else {
            check_end(stream, s.open[session], ++s.position, CHECK_OK, s.answer[session], s.number[session]);
            see(&s, r, session);
            s.open[session] = NULL;
        }
    }
    check_stream_finish(stream);
    for (int i = 0; i < CROWD; i++) /* may have happened */
        if (s.open[i] != NULL && s.begun[i].f == CHECK_CHANGE)
            *array_add(&s.counts_seen) = (struct count_seen){s.begun[i].position, UINT64_MAX, 0, false};
    if (r->naive_ordered != NULL)
        *r->naive_ordered = r->kind == CHECK_KEY_COUNTER ? is_counted(&s) : is_ordered(&s);
    array_free(&s.counts_seen);
    array_free(&s.clusters);
    free(s.values);
    free(s.counts);
    return s.wrong;
}

static struct check_verdict judge(const struct run *r, enum geo_check check, bool sessions, uint64_t *wrong)
{
    struct check_stream *stream = check_stream_new(&(struct check_stream_def){
        .checks = UINT64_C(1) << check, .noun = "operation", .sessions = sessions});
    struct check_verdict v;
    uint64_t stale = run(r, stream);

    if (wrong != NULL)
        *wrong = stale;
    check_stream_verdict(stream, check, &v);
    check_stream_free(stream);
    return v;
}

/* Zones forget clusters; the search, given the same register, forgets otherwise: they agree on whether there
 * is an order. */
Test(check_long, zones_and_search_agree)
{
    int seen[2] = {0, 0};

    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct run r = {.keys = 3,
                        .operations = 1500,
                        .seed = seed,
                        .stale_per_million = seed % 3 == 0 ? 0 : 2000,
                        .info_per_million = 5000,
                        .kind = CHECK_KEY_ZONES};
        struct check_verdict zones = judge(&r, GEO_LINEARIZABLE, false, NULL);
        r.kind = CHECK_KEY_REGISTER;
        struct check_verdict search = judge(&r, GEO_LINEARIZABLE, false, NULL);
        cr_assert_eq(zones.holds, search.holds, "seed %d: zones %s (%s), search %s (%s)", (int)seed,
                     check_holds_names[zones.holds], zones.why, check_holds_names[search.holds], search.why);
        cr_assert_eq(zones.example, search.example, "seed %d", (int)seed);
        seen[zones.holds]++;
    }
    cr_expect(seen[0] > 50 && seen[1] > 50, "%d broken, %d right", seen[0], seen[1]);
}

/* A crowd at one key: many clusters live at a time, and reads that began before all of them ended. Here
 * every operation ends before its write's name is needed again, so the naive condition has all it needs. */
Test(check_long, zones_of_a_crowd_agree_with_all_pairs)
{
    int seen[2] = {0, 0};

    for (uint64_t seed = 1; seed <= 400; seed++) {
        bool ordered;
        struct run r = {.keys = 1,
                        .operations = 600,
                        .seed = seed,
                        .stale_per_million = seed % 2 == 0 ? 0 : 30000,
                        .kind = CHECK_KEY_ZONES,
                        .sessions = CROWD,
                        .naive_ordered = &ordered};
        struct check_verdict zones = judge(&r, GEO_LINEARIZABLE, false, NULL);
        cr_assert_eq(zones.holds == CHECK_HOLDS, ordered, "seed %d: zones %s (%s)", (int)seed,
                     check_holds_names[zones.holds], zones.why);
        seen[ordered]++;
    }
    cr_expect(seen[0] > 50 && seen[1] > 50, "%d broken, %d right", seen[0], seen[1]);
}

/* Crowds of a counter, with more open at once than a search could follow. */
Test(check_long, a_crowded_counter_agrees_with_all_pairs)
{
    int seen[2] = {0, 0};

    for (uint64_t seed = 1; seed <= 300; seed++) {
        bool counted;
        struct run r = {.keys = 1,
                        .operations = 400,
                        .seed = seed,
                        .stale_per_million = seed % 2 == 0 ? 0 : 60000,
                        .kind = CHECK_KEY_COUNTER,
                        .sessions = CROWD,
                        .naive_ordered = &counted};
        struct check_verdict v = judge(&r, GEO_LINEARIZABLE, false, NULL);
        cr_assert_eq(v.holds, counted ? CHECK_HOLDS : CHECK_BROKEN, "seed %d: %s (%s)", (int)seed,
                     check_holds_names[v.holds], v.why);
        seen[counted]++;
    }
    cr_expect(seen[0] > 50 && seen[1] > 50, "%d broken, %d right", seen[0], seen[1]);
}

/* With the session guarantees nothing is let go of; without them writes retire. */
Test(check_long, causal_is_the_same_with_and_without_retirement)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct run r = {.keys = 40,
                        .operations = 60000,
                        .seed = seed,
                        .stale_per_million = 3000,
                        .info_per_million = 100};
        struct check_verdict kept = judge(&r, GEO_CAUSAL, true, NULL),
                             retired = judge(&r, GEO_CAUSAL, false, NULL);
        cr_expect_gt(kept.violations, 0);
        cr_expect_eq(kept.violations, retired.violations, "seed %d: %d and %d", (int)seed,
                     (int)kept.violations, (int)retired.violations);
        cr_expect_eq(kept.example, retired.example);
    }
}

/* Sessions that come after writes have given back their vectors, and whose own overlap, so that they stand in
 * lanes of all: what has retired may leave it open, but is never silent about what is broken, nor finds more
 * than there is. */
Test(check_long, causal_of_sessions_that_come_late_is_the_same_or_undecided)
{
    int seen[2][3] = {{0}};

    for (uint64_t seed = 1; seed <= 150; seed++) {
        struct run r = {.keys = seed % 2 == 0 ? 2000 : 6000,
                        .operations = 40000,
                        .seed = seed,
                        .new_stale_per_million = seed % 4 * 10000,
                        .info_per_million = 100,
                        .sessions = CROWD,
                        .first = 6,
                        .overlap = true};
        struct check_verdict kept = judge(&r, GEO_CAUSAL, true, NULL),
                             retired = judge(&r, GEO_CAUSAL, false, NULL);
        cr_assert_neq(kept.holds, CHECK_UNDECIDED, "seed %d: %s", (int)seed, kept.why);
        cr_expect(retired.holds == kept.holds || retired.holds == CHECK_UNDECIDED,
                  "seed %d: %s (%s), %s (%s)", (int)seed, check_holds_names[kept.holds], kept.why,
                  check_holds_names[retired.holds], retired.why);
        cr_expect_leq(retired.violations, kept.violations, "seed %d", (int)seed);
        seen[kept.holds][retired.holds]++;
    }
    cr_expect(seen[CHECK_BROKEN][CHECK_BROKEN] > 5 && seen[CHECK_HOLDS][CHECK_HOLDS] > 5 &&
                  seen[CHECK_BROKEN][CHECK_UNDECIDED] + seen[CHECK_HOLDS][CHECK_UNDECIDED] > 10,
              "broken %d, right %d, undecided %d and %d", seen[CHECK_BROKEN][CHECK_BROKEN],
              seen[CHECK_HOLDS][CHECK_HOLDS], seen[CHECK_BROKEN][CHECK_UNDECIDED],
              seen[CHECK_HOLDS][CHECK_UNDECIDED]);
}

/* A lane longer than two bytes count (check_vectors.h). Of one session, whose operations do not overlap,
 * every stale read is one that its past forbids; of two, none of a store that is right. */
Test(check_long, pasts_go_on_when_their_counts_become_wide)
{
    struct run one = {.keys = 20, .operations = 150000, .seed = 9, .stale_per_million = 2000, .sessions = 1};
    struct run two = {.keys = 20, .operations = 260000, .seed = 10, .sessions = 2};
    uint64_t wrong;
    struct check_verdict v = judge(&one, GEO_CAUSAL, false, &wrong);

    cr_expect_gt(wrong, 100);
    cr_expect_eq(v.violations, wrong, "%d of %d", (int)v.violations, (int)wrong);
    v = judge(&two, GEO_CAUSAL, false, &wrong);
    cr_expect_eq(v.holds, CHECK_HOLDS, "%s", v.why);
}

/* The canary: one stale read in a thousand. Every violation is such a read or one beside it; and without
 * them there is none. */
Test(check_long, one_stale_read_in_a_thousand_is_caught)
{
    struct run r = {.keys = 10, .operations = 100000, .seed = 5, .stale_per_million = 1000};
    uint64_t wrong;
    struct check_verdict v = judge(&r, GEO_LINEARIZABLE, false, &wrong);

    cr_expect_eq(v.holds, CHECK_BROKEN);
    cr_expect(v.violations > 0 && v.violations <= wrong, "%d of %d", (int)v.violations, (int)wrong);
    r.stale_per_million = 0;
    v = judge(&r, GEO_LINEARIZABLE, false, &wrong);
    cr_expect(v.holds == CHECK_HOLDS && wrong == 0, "%s", v.why);
}

Test(check_long, a_counter_that_forgets_is_caught)
{
    struct run r = {.keys = 10, .operations = 20000, .seed = 6, .kind = CHECK_KEY_COUNTER};
    struct check_verdict v = judge(&r, GEO_LINEARIZABLE, false, NULL);

    cr_expect_eq(v.holds, CHECK_HOLDS, "%s", v.why);
    r.stale_per_million = 1000;
    v = judge(&r, GEO_LINEARIZABLE, false, NULL);
    cr_expect_eq(v.holds, CHECK_BROKEN, "%s", v.why);
}
