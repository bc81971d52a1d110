/* check_linearizable.c -- is a register linearizable, when each read names its write? In one pass,
 * near-linear.
 *
 * Gibbons and Korach (Testing Shared Memories, SIAM J. Comput. 26(4), 1997): a write and its reads are a
 * *cluster*, which must stand together in any order. Of a cluster only two instants matter: f, when the
 * first of its operations ended, and s, when the last of them began. If f(A) < s(B), something of A had
 * ended before something of B began, so all of A comes before B. Such an order of clusters exists exactly
 * when no two of them must each come before the other:
 *
 *        never  f(A) < s(B)  and  f(B) < s(A)        ("zones" in the paper: [f, s] or [s, f])
 *
 *     A  |--write A--|                   |--read A--|
 *     B                 |--write B--|                      f(A) < s(B), f(B) < s(A): the read of A is stale
 *
 * The initial value is a cluster with f = s = 0. A write that may have happened has no end of its own: its f
 * is the end of the first read that returned it, and unless one does it is in no cluster. A read can break
 * the rule only when it ends, by moving the s of its cluster up to its own begin: then it is counted and
 * left out, so `violations` is the number of reads to leave out, first come first kept.
 *
 * What can go. Reads that end from now on began at or after `oldest`, the begin of the oldest open read of
 * the key. If f(A) < oldest and another cluster B has f(B) < oldest and s(B) > f(A), any read of A still to
 * end is stale: A is *dead*; its name is dropped (a name not known is a stale read, or one of a value that
 * nobody wrote), and of the dead only the largest s stays, as they all have f < s of whatever moves later.
 * So a key keeps its live clusters: about as many as writes of it are open at a time; and those that may
 * have happened.
 *
 * A cluster of which nothing has ended is found by its name; the live ones of a key stand in one piece, a few
 * of them with the key: a read's end passes over them anyway.
 *
 * The *top* is the cluster that began last: mostly the newest, of which most reads are. Its s and who began
 * then stand in the key's line alone (zone_settle), with the largest s of all others, so that a read of it is
 * done with this one line of memory. A key that nobody has written has no more than that.
 *
 * Cost: a look at the key's line when a read ends; at a write's end, and that of a read of another cluster
 * than the top, a pass over the key's live clusters. Memory: 48 bytes a live cluster, 192 a written key with
 * its first three: most have the initial one and one or two besides.
 */
#include "sim/base/expect.h"
#include "sim/base/hot.h"
#include "sim/base/lines.h"
#include "sim/base/pool.h"
#include "sim/observe/check_room.h"

#include <stdio.h>

struct cluster {
    uint64_t write;                      /* its value */
    uint64_t first_end;                  /* f, CHECK_OPEN: nothing of it has ended */
    uint64_t last_begin : 63;            /* s */
    uint64_t open : 1;                   /* its write has not ended; it may still turn out to have failed */
    uint64_t write_op, end_op, begin_op; /* the identities behind them */
};

enum { ZONE_FEW = 3 };
#define BEGIN_BITS (UINT64_MAX >> 1) /* positions are far below */

struct zone_key {
    struct cluster *more; /* NULL: there are no more than `few` */
    uint32_t count, room; /* clusters that have an f, in that order; for how many `more` has room */
    uint32_t limit;       /* so many before the next look at which are dead; 0: not begun */
    uint32_t top;         /* its place */
    uint64_t dead_begin;  /* the largest s of the dead */
    uint64_t dead_op, dead_write_op;
    struct cluster few[ZONE_FEW];
};

_Static_assert(sizeof(struct zone_key) == 192, "three lines of memory");

struct zones {
    struct check_key_lines *lines;
    struct check_map names; /* (key, value) -> a cluster that has no f yet */
    ARRAY(struct cluster) clusters;
    ARRAY(uint32_t) free;
    ARRAY(struct zone_key) keys; /* [place] */
    struct pool pool;            /* of what is `more` */
    struct check_tally tally;
    const char *noun;
};

struct zones *zones_new(struct check_key_lines *lines, const char *noun)
{
    struct zones *z = memory_new(1, sizeof *z);

    z->lines = lines;
    z->noun = noun;
    return z;
}

void zones_free(struct zones *z)
{
    if (z == NULL)
        return;
    pool_free(&z->pool);
    lines_free(&z->keys);
    array_free(&z->clusters);
    array_free(&z->free);
    check_map_free(&z->names);
    free(z);
}

const struct check_tally *zones_tally(const struct zones *z)
{
    return &z->tally;
}

static struct cluster *live_of(struct zone_key *k)
{
    return k->more != NULL ? k->more : k->few;
}

static void zone_settle(struct zone_key *k, const struct check_key_line *line)
{
    struct cluster *top = &live_of(k)[k->top];

    if (k->count == 0)
        return;
    top->last_begin = line->top_begin & BEGIN_BITS;
    top->begin_op = line->top_begin_op;
}

static void show_top(struct zone_key *k, struct check_key_line *line, uint32_t top)
{
    const struct cluster *c = &live_of(k)[top];

    k->top = top;
    line->top_write = c->write;
    line->top_end = c->first_end;
    line->top_begin = c->last_begin;
    line->top_begin_op = c->begin_op;
}

/* After any change: which is the top? */
static void zone_look(struct zone_key *k, struct check_key_line *line)
{
    const struct cluster *live = live_of(k);
    uint32_t top = 0;

    if (k->count == 0) {
        line->top_write = CHECK_OPEN;
        return;
    }
    for (uint32_t i = 1; i < k->count; i++)
        if (live[i].last_begin >= live[top].last_begin)
            top = i;
    show_top(k, line, top);
    line->others_begin = k->dead_begin;
    for (uint32_t i = 0; i < k->count; i++)
        if (i != top && live[i].last_begin > line->others_begin)
            line->others_begin = live[i].last_begin;
}

/* The same, after this one was added, or its s has moved up. */
static void zone_look_at(struct zone_key *k, struct check_key_line *line, const struct cluster *c)
{
    const struct cluster *live = live_of(k), *top = &live[k->top];
    uint64_t other = c->last_begin;

    if (k->count == 1) {
        zone_look(k, line);
        return;
    }
    if (c == top || c->last_begin > top->last_begin || (c->last_begin == top->last_begin && c > top)) {
        other = c == top ? 0 : top->last_begin;
        show_top(k, line, (uint32_t)(c - live));
    }
    if (other > line->others_begin)
        line->others_begin = other;
}

static APART void live_widen(struct zones *z, struct zone_key *k)
{
    uint32_t room = k->room;
    bool first = k->more == NULL;

    k->room = (uint32_t)(pool_room((k->count + 1) * sizeof *k->more) / sizeof *k->more);
    k->more = pool_resize(&z->pool, k->more, room * sizeof *k->more, k->room * sizeof *k->more);
    if (first)
        memcpy(k->more, k->few, sizeof k->few);
}

static struct cluster *live_add(struct zones *z, struct zone_key *k, struct cluster c)
{
    if (k->count == (k->more != NULL ? k->room : ZONE_FEW))
        live_widen(z, k);
    struct cluster *at = &live_of(k)[k->count++];
    *at = c;
    return at;
}

static struct cluster *live_find(struct zone_key *k, uint64_t write)
{
    struct cluster *live = live_of(k);

    for (uint32_t i = 0; i < k->count; i++)
        if (live[i].write == write)
            return &live[i];
    return NULL;
}

/* What is kept of it beside its line: until now that has said all there was. */
static struct zone_key *zone_of(struct zones *z, struct check_key_line *line)
{
    uint32_t place = check_place(z->lines, line);

    while (z->keys.count <= place)
        lines_add(&z->keys);
    struct zone_key *k = &z->keys.items[place];
    if (k->limit == 0) {
        k->limit = 8;
        live_add(z, k, (struct cluster){.write = CHECK_INITIAL});
    }
    return k;
}

static void unended_put(struct zones *z, uint32_t key, struct cluster c)
{
    uint32_t index;

    if (z->free.count > 0) {
        index = z->free.items[--z->free.count];
    } else {
        index = (uint32_t)z->clusters.count;
        array_add(&z->clusters);
    }
    z->clusters.items[index] = c;
    check_map_put(&z->names, key, c.write, index);
}

/* Takes out the cluster of that name which has no f yet; false: there is none. */
static bool unended_take(struct zones *z, uint32_t key, uint64_t write, struct cluster *c)
{
    uint64_t index = check_map_take(&z->names, key, write);

    if (index == CHECK_ABSENT)
        return false;
    *c = z->clusters.items[index];
    *array_add(&z->free) = (uint32_t)index;
    return true;
}

/* Drops the dead: see above. */
void zones_sweep(struct zones *z, uint32_t key, uint64_t oldest)
{
    struct check_key_line *line = &z->lines->all.items[key];
    struct zone_key *k = zone_of(z, line);
    struct cluster *live = live_of(k);
    uint64_t most = k->dead_begin, second = 0;
    uint32_t most_at = UINT32_MAX, kept = 0;

    for (uint32_t i = 0; i < k->count; i++) {
        const struct cluster *c = &live[i];
        if (c->first_end >= oldest)
            continue;
        if (c->last_begin > most) {
            second = most;
            most = c->last_begin;
            most_at = i;
        } else if (c->last_begin > second) {
            second = c->last_begin;
        }
    }
    for (uint32_t i = 0; i < k->count; i++) {
        const struct cluster *c = &live[i];
        if (c->first_end >= oldest || c->open || (i == most_at ? second : most) <= c->first_end) {
            live[kept++] = *c;
            continue;
        }
        if (c->last_begin > k->dead_begin) {
            k->dead_begin = c->last_begin;
            k->dead_op = c->begin_op;
            k->dead_write_op = c->write_op;
        }
    }
    k->count = kept;
    k->limit = kept < 4 ? 8 : kept * 2;
    if (kept <= 1 && k->more != NULL) {
        k->few[0] = *k->more;
        pool_give(&z->pool, k->more, k->room * sizeof *k->more);
        k->more = NULL;
        k->room = 0;
    }
    zone_look(k, line);
}

void zones_expect(const struct zones *z, const struct check_key_line *line)
{
    if (line->place >= z->keys.count)
        return;
    for (size_t i = 0; i < sizeof *z->keys.items; i += 64)
        expect_line((const char *)&z->keys.items[line->place] + i);
}

void zones_expect_more(const struct zones *z, const struct check_key_line *line)
{
    if (line->place >= z->keys.count)
        return;
    const struct zone_key *k = &z->keys.items[line->place];
    const struct cluster *live = k->more;
    for (uint32_t i = 0; live != NULL && i <= k->count; i++)
        expect_line(&live[i]);
}

void zones_begin_write(struct zones *z, const struct check_op *op)
{
    unended_put(z, op->key,
                (struct cluster){.write = op->value,
                                 .first_end = CHECK_OPEN,
                                 .last_begin = op->begin & BEGIN_BITS,
                                 .open = true,
                                 .write_op = op->id,
                                 .begin_op = op->id});
}

/* Its first operation ends. */
static struct cluster *list(struct zones *z, struct zone_key *k, struct cluster c, const struct check_op *op)
{
    c.first_end = op->end;
    c.end_op = op->id;
    return live_add(z, k, c);
}

static void end_write(struct zones *z, struct zone_key *k, struct check_key_line *line,
                      const struct check_op *op)
{
    struct cluster mine, *listed = live_find(k, op->value);

    if (listed != NULL && listed->open) {
        listed->open = false;
        if (op->outcome == CHECK_FAIL)
            check_violation(&z->tally, listed->end_op, (uint64_t[4]){op->id},
                            "%s %llu returns what %s %llu wrote, which failed", z->noun,
                            (unsigned long long)listed->end_op, z->noun, (unsigned long long)op->id);
        return;
    }
    if (listed != NULL || !unended_take(z, op->key, op->value, &mine))
        return; /* it is over already */
    mine.open = false;
    if (op->outcome == CHECK_OK)
        zone_look_at(k, line, list(z, k, mine, op));
    else if (op->outcome == CHECK_INFO)
        unended_put(z, op->key, mine);
}

static void stale(struct zones *z, const struct check_op *op, const struct cluster *c,
                  const struct cluster *other)
{
    unsigned long long id = op->id, write = other->write_op, first = other->end_op;
    const char *n = z->noun;
    char newer[128] = "", value[80] = "the initial value";

    if (check_violation_again(&z->tally))
        return;
    if (c->write_op != 0) {
        snprintf(value, sizeof value, "the value of %s %llu", n, (unsigned long long)c->write_op);
        snprintf(newer, sizeof newer, " (%s %llu had ended before %s %llu began)", n,
                 (unsigned long long)c->end_op, n, (unsigned long long)other->begin_op);
    }
    check_violation(&z->tally, op->id, (uint64_t[4]){c->write_op, c->end_op, other->begin_op, other->end_op},
                    "%s %llu returns %s, but the one of %s %llu is newer%s and was there before: %s %llu had "
                    "ended before %s %llu began",
                    n, id, value, n, write, newer, n, first, n, id);
}

static void end_read(struct zones *z, struct zone_key *k, struct check_key_line *line,
                     const struct check_op *op)
{
    struct cluster mine, *c = live_find(k, op->value);

    if (c == NULL && !unended_take(z, op->key, op->value, &mine)) {
        check_violation(
            &z->tally, op->id, (uint64_t[4]){k->dead_write_op, k->dead_op},
            k->dead_begin == 0
                ? "%s %llu returns a value that nobody had written"
                : "%s %llu returns a value that nobody had written, or that had long been overwritten",
            z->noun, (unsigned long long)op->id);
        return;
    }
    bool first = c == NULL;
    if (first)
        c = list(z, k, mine, op);
    uint64_t begin = op->begin > c->last_begin ? op->begin : c->last_begin;
    if (!first) {
        if (k->dead_begin > c->first_end) {
            struct cluster dead = {
                .write_op = k->dead_write_op, .begin_op = k->dead_op, .end_op = k->dead_op};
            stale(z, op, c, &dead);
            return;
        }
        for (uint32_t i = 0; i < k->count; i++) {
            const struct cluster *x = &live_of(k)[i];
            if (x != c && x->first_end < begin && c->first_end < x->last_begin) {
                stale(z, op, c, x);
                return;
            }
        }
    }
    if (begin > c->last_begin || c->begin_op == 0) {
        c->last_begin = begin & BEGIN_BITS;
        c->begin_op = op->id;
    } else if (!first) {
        return;
    }
    zone_look_at(k, line, c);
}

bool zones_end(struct zones *z, const struct check_op *op)
{
    struct check_key_line *line = &z->lines->all.items[op->key];
    bool reads = op->f != CHECK_WRITE;

    if (reads && op->outcome != CHECK_OK)
        return false;
    struct zone_key *k = zone_of(z, line);
    zone_settle(k, line);
    if (reads)
        end_read(z, k, line, op);
    else
        end_write(z, k, line, op);
    return k->count >= k->limit;
}
