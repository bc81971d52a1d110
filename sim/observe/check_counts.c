/* check_counts.c -- see check_counts.h: what is asked, key by key, and by session.
 *
 * A read of a counter says how many changes it has seen, not which. A guarantee holds if some choice of the
 * changes that each read saw keeps it; none may be seen that began after the read had ended.
 *
 * Where all changes add the same, a read's *level* is how many it saw. One choice serves monotonic reads,
 * monotonic writes and writes follow reads at once: each read saw the first so many of its key, by begin.
 * What came before in a session, or was read before, began before; so of monotonic writes and writes follow
 * reads nothing is asked but that a read be possible at all, and of monotonic reads that levels of a session
 * not fall. Read your writes needs as many as the session has made, and any others. So these two compare
 * numbers. A read below the sum of all that may have been taken away, or above that of all that may have been
 * added, breaks causal and sequential, as thin air does of registers, and the guarantees of sessions do not
 * look at it.
 */
#include "sim/observe/check_counts_room.h"

#include <stdio.h>

bool check_counts_knows(enum geo_check check)
{
    return (check >= GEO_SEQUENTIAL && check <= GEO_WRITES_FOLLOW_READS) || check == GEO_NOTHING_LOST;
}

void counts_complain(struct counts *c, const struct counted *r, const struct counted *other, const char *what,
                     int64_t least)
{
    if (check_violation_again(c->tally))
        return;
    check_violation(c->tally, r->op->id, (uint64_t[4]){other != NULL ? other->op->id : 0},
                    other != NULL ? "%s %llu reads %lld: %s %lld (see %s %llu)"
                                  : "%s %llu reads %lld: %s %lld",
                    c->noun, (unsigned long long)r->op->id, (long long)r->op->number, what, (long long)least,
                    c->noun, (unsigned long long)(other != NULL ? other->op->id : 0));
}

static void look_at_key(struct counts *c, uint32_t key, int64_t amount)
{
    while (c->keys.count <= key)
        array_add(&c->keys)->alike = true;
    struct counts_key *k = &c->keys.items[key];
    k->rises |= amount > 0;
    k->falls |= amount < 0;
    if (amount == 0 || (k->step != 0 && k->step != amount))
        k->alike = false;
    k->step = amount;
}

static int64_t level_of(const struct counts *c, const struct counted *r)
{
    const struct counts_key *k = &c->keys.items[r->key];
    int64_t beyond, step = k->step != 0 ? k->step : 1;

    if (__builtin_sub_overflow(r->op->number, c->initial, &beyond) || beyond == INT64_MIN ||
        beyond % step != 0)
        return -1;
    return beyond / step;
}

static int by_end(const void *left, const void *right)
{
    const struct counted *a = *(struct counted *const *)left, *b = *(struct counted *const *)right;

    return a->end < b->end ? -1 : a->end > b->end;
}

struct counted **counts_by_end(struct counts *c)
{
    struct counted **sorted = memory_new(c->ops.count + 1, sizeof(struct counted *));

    for (size_t i = 0; i < c->ops.count; i++)
        sorted[i] = &c->ops.items[i];
    qsort(sorted, c->ops.count, sizeof *sorted, by_end);
    return sorted;
}

static void count_begun(struct counts *c)
{
    struct counted **ends = counts_by_end(c);
    int64_t *begun = memory_new(c->keys.count + 1, sizeof *begun);
    size_t next = 0;

    for (size_t i = 0; i < c->ops.count && ends[i]->end != CHECK_OPEN; i++) {
        for (; next < c->ops.count && c->ops.items[next].op->begin < ends[i]->end; next++)
            begun[c->ops.items[next].key] += !c->ops.items[next].op->reads;
        ends[i]->over = begun[ends[i]->key];
    }
    free(begun);
    free(ends);
}

static void prepare(struct counts *c, const struct count_op *ops, size_t count)
{
    struct check_map keys = {0}, sessions = {0};
    ARRAY(uint64_t) busy = {0}; /* [session]: until then */
    uint32_t key_count = 0;

    for (size_t i = 0; i < count; i++) {
        const struct count_op *op = &ops[i];
        if (op->outcome == CHECK_FAIL || (op->reads && op->outcome != CHECK_OK))
            continue;
        uint64_t key = check_map_get(&keys, op->key, 0), session = check_map_get(&sessions, op->session, 0);
        if (key == CHECK_ABSENT)
            check_map_put(&keys, op->key, 0, key = key_count++);
        if (session == CHECK_ABSENT) {
            check_map_put(&sessions, op->session, 0, session = c->session_count++);
            array_add(&busy);
        }
        CHECK(session < busy.count);
        while (c->keys.count <= key)
            array_add(&c->keys)->alike = true;
        if (!op->reads)
            look_at_key(c, (uint32_t)key, op->number);
        c->overlaps |= busy.items[session] > op->begin;
        if (op->outcome == CHECK_OK)
            busy.items[session] = op->end;
        *array_add(&c->ops) = (struct counted){.op = op,
                                               .end = op->outcome == CHECK_OK ? op->end : CHECK_OPEN,
                                               .key = (uint32_t)key,
                                               .session = (uint32_t)session};
    }
    c->alike = true;
    array_each (struct counts_key, k, &c->keys)
        c->alike &= k->alike;
    array_each (struct counted, r, &c->ops)
        if (r->op->reads)
            r->level = level_of(c, r);
    count_begun(c);
    check_map_free(&keys);
    check_map_free(&sessions);
    array_free(&busy);
}

/* ---- The guarantees of a session, and bounds of those that ask for more ---- */

/* Of a session and a key: the sums of its changes by sign, and the most (least, of what falls) it has read.
 */
struct seen {
    int64_t rises, falls, number;
    const struct counted *read;
};

struct by_session {
    struct check_map at; /* (session, key) -> index */
    ARRAY(struct seen) all;
};

static struct seen *seen_of(struct by_session *b, const struct counted *op)
{
    uint64_t at = check_map_get(&b->at, op->session, op->key);

    if (at == CHECK_ABSENT) {
        check_map_put(&b->at, op->session, op->key, at = b->all.count);
        array_add(&b->all);
    }
    return &b->all.items[at];
}

/* What no sum of all changes that it can have seen comes near: `all`, their sums by sign. */
static bool is_far(const struct counts *c, const struct counted *r, const int64_t all[2])
{
    return r->op->number < c->initial + all[1] || r->op->number > c->initial + all[0];
}

static void take_end(struct counts *c, struct by_session *b, const struct counted *op, const int64_t all[2])
{
    struct seen *s = seen_of(b, op);
    int64_t number = op->op->number;

    if (!op->op->reads) {
        *(number > 0 ? &s->rises : &s->falls) += number;
        return;
    }
    if (is_far(c, op, all) ||
        (s->read != NULL && (c->keys.items[op->key].falls ? number >= s->number : number <= s->number)))
        return;
    s->read = op;
    s->number = number;
}

/* Against what its session had made, with whatever others made. */
static bool shows_its_own(struct counts *c, const struct seen *s, const struct counted *r,
                          const int64_t all[2])
{
    int64_t low = c->initial + s->rises + all[1], high = c->initial + s->falls + all[0];
    bool less = r->op->number < low;

    if (!less && r->op->number <= high)
        return true;
    counts_complain(c, r, NULL,
                    less ? "what its session had added, and all that was taken away, give at least"
                         : "what its session had taken away, and all that was added, give at most",
                    less ? low : high);
    return false;
}

static void judge_read(struct counts *c, const struct seen *s, const struct counted *r, const int64_t all[2],
                       enum geo_check check)
{
    const struct counts_key *k = &c->keys.items[r->key];
    bool order = check == GEO_CAUSAL || check == GEO_SEQUENTIAL;

    if (!order && is_far(c, r, all))
        return;
    if (check != GEO_MONOTONIC_READS && !shows_its_own(c, s, r, all))
        return;
    if (check != GEO_READ_YOUR_WRITES && s->read != NULL && !(k->rises && k->falls) &&
        (k->falls ? r->op->number > s->number : r->op->number < s->number))
        counts_complain(c, r, s->read, "its session had read", s->number);
}

/* [read], as it ended: the sums by sign of all changes of its key that had begun; at the end, if `whole`. */
static void add_up(const struct counts *c, struct counted *const *ends, bool whole, int64_t (*sums)[2])
{
    int64_t(*now)[2] = memory_new(c->keys.count + 1, sizeof *now);
    size_t next = 0;

    for (size_t i = 0; i < c->ops.count && ends[i]->end != CHECK_OPEN; i++) {
        for (; next < c->ops.count && (whole || c->ops.items[next].op->begin < ends[i]->end); next++)
            if (!c->ops.items[next].op->reads)
                now[c->ops.items[next].key][c->ops.items[next].op->number < 0] +=
                    c->ops.items[next].op->number;
        memcpy(sums[ends[i] - c->ops.items], now[ends[i]->key], sizeof *now);
    }
    free(now);
}

/* Reads in order of begin, against all of their session that had ended by then. */
static void judge_sessions(struct counts *c, enum geo_check check)
{
    struct counted **ends = counts_by_end(c);
    struct by_session b = {0};
    int64_t(*sums)[2] = memory_new(c->ops.count + 1, sizeof *sums);
    size_t ended = 0;

    add_up(c, ends, check == GEO_SEQUENTIAL, sums);
    array_each (struct counted, r, &c->ops) {
        for (; ended < c->ops.count && ends[ended]->end < r->op->begin; ended++)
            take_end(c, &b, ends[ended], sums[ends[ended] - c->ops.items]);
        if (r->op->reads)
            judge_read(c, seen_of(&b, r), r, sums[r - c->ops.items], check);
    }
    free(ends);
    free(sums);
    check_map_free(&b.at);
    array_free(&b.all);
    if (!c->alike)
        check_undecided(c->tally, "its changes are not all alike: their sums tell too little");
}

/* The read of each key that began last must have all that had been added by then: a counter that only rises
 * shows at least that, one that only falls at most that, any other just that and what may have happened. */
static void judge_lost(struct counts *c)
{
    const struct counted **last = memory_new(c->keys.count + 1, sizeof(const struct counted *));
    int64_t *sure = memory_new(c->keys.count + 1, sizeof *sure);
    int64_t(*maybe)[2] = memory_new(c->keys.count + 1, sizeof *maybe); /* by sign */
    uint64_t *over = memory_new(c->keys.count + 1, sizeof *over);      /* 0: nothing that could be lost */

    array_each (struct counted, r, &c->ops) {
        if (r->op->reads) {
            last[r->key] = r;
        } else if (r->end == CHECK_OPEN) {
            maybe[r->key][r->op->number < 0] += r->op->number;
        } else {
            sure[r->key] += r->op->number;
            over[r->key] = r->end > over[r->key] ? r->end : over[r->key];
        }
    }
    for (uint32_t key = 0; key < c->keys.count; key++) {
        const struct counts_key *k = &c->keys.items[key];
        const struct counted *r = last[key];
        int64_t all = c->initial + sure[key], number = r != NULL ? r->op->number : 0;
        if (over[key] == 0)
            continue;
        if (r == NULL || r->op->begin < over[key])
            check_undecided(c->tally, "no read begins after all that was added");
        else if (number < all + maybe[key][1] ? k->rises : number > all + maybe[key][0] && k->falls)
            counts_complain(c, r, NULL, "all that had been added before it gives", all);
        else if (k->rises && k->falls && number != all)
            check_undecided(c->tally, "it cannot be told from the sum what of it may have happened");
    }
    free(last);
    free(sure);
    free(maybe);
    free(over);
}

static void judge(struct counts *c, enum geo_check check)
{
    bool session = check == GEO_READ_YOUR_WRITES || check == GEO_MONOTONIC_READS;

    if (check == GEO_NOTHING_LOST)
        judge_lost(c);
    else if (session || (!c->alike && (check == GEO_CAUSAL || check == GEO_SEQUENTIAL)))
        judge_sessions(c, check);
    else if (check >= GEO_MONOTONIC_WRITES && !c->alike)
        check_undecided(c->tally, "its changes are not all alike: their sums tell too little");
    else if (check >= GEO_MONOTONIC_WRITES)
        return; /* see above */
    else if (c->overlaps)
        check_undecided(c->tally, "operations of one session overlap");
    else if (check == GEO_CAUSAL)
        counts_causal(c);
    else
        counts_order(c);
}

void check_counts(const struct count_op *ops, size_t count, int64_t initial, const char *noun,
                  enum geo_check check, struct check_verdict *v)
{
    struct check_tally tally = {0};
    struct counts c = {.initial = initial, .noun = noun, .tally = &tally};

    CHECK(check_counts_knows(check));
    prepare(&c, ops, count);
    judge(&c, check);
    array_free(&c.ops);
    array_free(&c.keys);
    check_tally_verdict(&tally, check, v);
}
