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
 * Which operations are behind f and s only the text of the first violation says: that is kept beside, and let
 * go of then.
 *
 * Cost: a look at the key's line when a read ends; at a write's end, and that of a read of another cluster
 * than the top, a pass over the key's live clusters. Memory: 24 bytes a live cluster, 96 a written key with
 * its first three (check_keys.h): most have the initial one and one or two besides. Until the first violation
 * as much again.
 */
#include "sim/base/check.h"
#include "sim/base/expect.h"
#include "sim/base/hot.h"
#include "sim/base/pool.h"
#include "sim/observe/check_room.h"

#include <stdio.h>

#define BEGIN_BITS (UINT64_MAX >> 1) /* positions are far below */

/* The identities behind a cluster: of its write, of what ended first, and of what began last. */
struct cluster_ops {
    uint64_t write, end, begin;
};

/* Those behind a key's clusters, each where the cluster is. */
struct zone_ops {
    union {
        struct cluster_ops few[ZONE_FEW];
        struct cluster_ops *more;
    };
    struct cluster_ops dead; /* .end as .begin */
};

struct unended {
    struct cluster cluster;
    struct cluster_ops ops;
};

struct zones {
    struct check_key_lines *lines;
    struct check_map names; /* (key, value) -> a cluster that has no f yet */
    ARRAY(struct unended) unended;
    ARRAY(uint32_t) free;
    struct pool pool;           /* of what is `more`, */
    struct pool ops_pool;       /* and of its operations */
    ARRAY(struct zone_ops) ops; /* [place]; until the first violation, */
    bool has_ops;               /* as this says */
    struct check_tally tally;
    const char *noun;
};

struct zones *zones_new(struct check_key_lines *lines, const char *noun)
{
    struct zones *z = memory_new(1, sizeof *z);

    z->lines = lines;
    z->noun = noun;
    z->has_ops = true;
    return z;
}

static void let_go_of_ops(struct zones *z)
{
    pool_free(&z->ops_pool);
    lines_free(&z->ops);
    z->has_ops = false;
}

void zones_free(struct zones *z)
{
    if (z == NULL)
        return;
    let_go_of_ops(z);
    pool_free(&z->pool);
    array_free(&z->unended);
    array_free(&z->free);
    check_map_free(&z->names);
    free(z);
}

const struct check_tally *zones_tally(const struct zones *z)
{
    return &z->tally;
}

static inline struct cluster *live_of(struct zone_key *k)
{
    return k->room != 0 ? k->more : k->few;
}

/* Those behind its clusters; NULL: nobody will ask. */
static inline struct cluster_ops *ops_of(const struct zones *z, const struct zone_key *k,
                                         const struct check_key_line *line)
{
    if (!z->has_ops)
        return NULL;
    struct zone_ops *ops = &z->ops.items[line->place];
    return k->room != 0 ? ops->more : ops->few;
}

static void zone_settle(struct zones *z, struct zone_key *k, const struct check_key_line *line)
{
    struct cluster_ops *ops = ops_of(z, k, line);

    if (k->count == 0)
        return;
    live_of(k)[k->top].last_begin = line->top_begin & BEGIN_BITS;
    if (ops != NULL)
        ops[k->top].begin = line->top_begin_op;
}

static void show_top(const struct zones *z, struct zone_key *k, struct check_key_line *line, uint32_t top)
{
    const struct cluster *c = &live_of(k)[top];
    const struct cluster_ops *ops = ops_of(z, k, line);

    k->top = top;
    line->top_write = c->write;
    line->top_end = c->first_end;
    line->top_begin = c->last_begin;
    if (ops != NULL)
        line->top_begin_op = ops[top].begin;
}

/* After any change: which is the top? */
static void zone_look(const struct zones *z, struct zone_key *k, struct check_key_line *line)
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
    show_top(z, k, line, top);
    line->others_begin = k->dead_begin;
    for (uint32_t i = 0; i < k->count; i++)
        if (i != top && live[i].last_begin > line->others_begin)
            line->others_begin = live[i].last_begin;
}

/* The same, after this one was added, or its s has moved up. */
static void zone_look_at(const struct zones *z, struct zone_key *k, struct check_key_line *line,
                         const struct cluster *c)
{
    const struct cluster *live = live_of(k), *top = &live[k->top];
    uint64_t other = c->last_begin;

    if (k->count == 1) {
        zone_look(z, k, line);
        return;
    }
    if (c == top || c->last_begin > top->last_begin || (c->last_begin == top->last_begin && c > top)) {
        other = c == top ? 0 : top->last_begin;
        show_top(z, k, line, (uint32_t)(c - live));
    }
    if (other > line->others_begin)
        line->others_begin = other;
}

static COLD void ops_widen(struct zones *z, const struct check_key_line *line, uint32_t room,
                           uint32_t room_new)
{
    struct zone_ops *at = &z->ops.items[line->place];
    struct cluster_ops *more = room != 0 ? at->more : NULL;

    more = pool_resize(&z->ops_pool, more, room * sizeof *more, room_new * sizeof *more);
    if (room == 0)
        memcpy(more, at->few, sizeof at->few);
    at->more = more;
}

static APART void live_widen(struct zones *z, struct zone_key *k, const struct check_key_line *line)
{
    struct cluster *more = k->room != 0 ? k->more : NULL;
    uint32_t room = (uint32_t)(pool_room((k->count + 1) * sizeof *more) / sizeof *more);

    more = pool_resize(&z->pool, more, k->room * sizeof *more, room * sizeof *more);
    if (k->room == 0)
        memcpy(more, k->few, sizeof k->few);
    if (z->has_ops)
        ops_widen(z, line, k->room, room);
    k->more = more;
    k->room = room;
}

/* There is one left at most, which goes back to where there are few. */
static APART void live_narrow(struct zones *z, struct zone_key *k, const struct check_key_line *line)
{
    struct cluster *more = k->more;

    if (z->has_ops) {
        CHECK(z->ops.items != NULL && line->place < z->ops.count);
        struct zone_ops *at = &z->ops.items[line->place];
        struct cluster_ops *more_ops = at->more;
        at->few[0] = *more_ops;
        pool_give(&z->ops_pool, more_ops, k->room * sizeof *more_ops);
    }
    k->few[0] = *more;
    pool_give(&z->pool, more, k->room * sizeof *more);
    k->room = 0;
}

static struct cluster *live_add(struct zones *z, struct zone_key *k, const struct check_key_line *line,
                                const struct unended *c)
{
    if (k->count == (k->room != 0 ? k->room : ZONE_FEW))
        live_widen(z, k, line);
    struct cluster *at = &live_of(k)[k->count];
    struct cluster_ops *ops = ops_of(z, k, line);
    *at = c->cluster;
    if (ops != NULL)
        ops[k->count] = c->ops;
    k->count++;
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

static COLD void zone_begin(struct zones *z, struct zone_key *k, const struct check_key_line *line)
{
    while (z->has_ops && z->ops.count <= line->place)
        lines_add(&z->ops);
    k->limit = 8;
    live_add(z, k, line, &(struct unended){.cluster = {.write = CHECK_INITIAL}});
}

/* What is kept of it beside its line: until now that has said all there was. */
static inline struct zone_key *zone_of(struct zones *z, struct check_key_line *line)
{
    struct zone_key *k = &check_place(z->lines, line)->zone;

    if (k->limit == 0)
        zone_begin(z, k, line);
    return k;
}

static void unended_put(struct zones *z, uint32_t key, const struct unended *c)
{
    uint32_t index;

    if (z->free.count > 0) {
        index = z->free.items[--z->free.count];
    } else {
        index = (uint32_t)z->unended.count;
        array_add(&z->unended);
    }
    z->unended.items[index] = *c;
    check_map_put(&z->names, key, c->cluster.write, index);
}

/* Takes out the cluster of that name which has no f yet; false: there is none. */
static bool unended_take(struct zones *z, uint32_t key, uint64_t write, struct unended *c)
{
    uint64_t index = check_map_take(&z->names, key, write);

    if (index == CHECK_ABSENT)
        return false;
    *c = z->unended.items[index];
    *array_add(&z->free) = (uint32_t)index;
    return true;
}

/* Drops the dead: see above. */
void zones_sweep(struct zones *z, uint32_t key, uint64_t oldest)
{
    struct check_key_line *line = &z->lines->all.items[key];
    struct zone_key *k = zone_of(z, line);
    struct cluster *live = live_of(k);
    struct cluster_ops *ops = ops_of(z, k, line);
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
            if (ops != NULL)
                ops[kept] = ops[i];
            live[kept++] = *c;
            continue;
        }
        if (c->last_begin > k->dead_begin) {
            k->dead_begin = c->last_begin;
            if (ops != NULL)
                z->ops.items[line->place].dead =
                    (struct cluster_ops){ops[i].write, ops[i].begin, ops[i].begin};
        }
    }
    k->count = kept;
    k->limit = kept < 4 ? 8 : kept * 2;
    if (kept <= 1 && k->room != 0)
        live_narrow(z, k, line);
    zone_look(z, k, line);
}

void zones_expect_more(const struct zones *z, const struct check_key_line *line)
{
    if (line->place == 0)
        return;
    const struct zone_key *k = &z->lines->places.items[line->place].zone;
    if (k->room == 0)
        return;
    for (size_t i = 0; i <= k->count * sizeof *k->more; i += 64)
        expect_line((const char *)k->more + i);
}

void zones_begin_write(struct zones *z, const struct check_op *op)
{
    unended_put(z, op->key,
                &(struct unended){.cluster = {.write = op->value,
                                              .first_end = CHECK_OPEN,
                                              .last_begin = op->begin & BEGIN_BITS,
                                              .open = true},
                                  .ops = {.write = op->id, .begin = op->id}});
}

/* Its first operation ends. */
static struct cluster *list(struct zones *z, struct zone_key *k, const struct check_key_line *line,
                            struct unended *c, const struct check_op *op)
{
    c->cluster.first_end = op->end;
    c->ops.end = op->id;
    return live_add(z, k, line, c);
}

/* Of the first violation. */
static struct cluster_ops ops_at(const struct zones *z, struct zone_key *k, const struct check_key_line *line,
                                 const struct cluster *c)
{
    return ops_of(z, k, line)[c - live_of(k)];
}

static void end_write(struct zones *z, struct zone_key *k, struct check_key_line *line,
                      const struct check_op *op)
{
    struct cluster *listed = live_find(k, op->value);
    struct unended mine;

    if (listed != NULL && listed->open) {
        listed->open = false;
        if (op->outcome == CHECK_FAIL && !check_violation_again(&z->tally)) {
            uint64_t end_op = ops_at(z, k, line, listed).end;
            check_violation(&z->tally, end_op, (uint64_t[4]){op->id},
                            "%s %llu returns what %s %llu wrote, which failed", z->noun,
                            (unsigned long long)end_op, z->noun, (unsigned long long)op->id);
            let_go_of_ops(z);
        }
        return;
    }
    if (listed != NULL || !unended_take(z, op->key, op->value, &mine))
        return; /* it is over already */
    mine.cluster.open = false;
    if (op->outcome == CHECK_OK)
        zone_look_at(z, k, line, list(z, k, line, &mine, op));
    else if (op->outcome == CHECK_INFO)
        unended_put(z, op->key, &mine);
}

/* A read of this one, after the other. */
static COLD void tell_stale(struct zones *z, const struct check_op *op, const struct cluster_ops *c,
                            const struct cluster_ops *other)
{
    unsigned long long id = op->id, write = other->write, first = other->end;
    const char *n = z->noun;
    char newer[128] = "", value[80] = "the initial value";

    if (c->write != 0) {
        snprintf(value, sizeof value, "the value of %s %llu", n, (unsigned long long)c->write);
        snprintf(newer, sizeof newer, " (%s %llu had ended before %s %llu began)", n,
                 (unsigned long long)c->end, n, (unsigned long long)other->begin);
    }
    check_violation(&z->tally, op->id, (uint64_t[4]){c->write, c->end, other->begin, other->end},
                    "%s %llu returns %s, but the one of %s %llu is newer%s and was there before: %s %llu had "
                    "ended before %s %llu began",
                    n, id, value, n, write, newer, n, first, n, id);
}

/* `other`: the one that came between; NULL: one of the dead. */
static void stale(struct zones *z, struct zone_key *k, const struct check_key_line *line,
                  const struct check_op *op, const struct cluster *c, const struct cluster *other)
{
    if (check_violation_again(&z->tally))
        return;
    struct cluster_ops of_c = ops_at(z, k, line, c),
                       of_other = other != NULL ? ops_at(z, k, line, other) : z->ops.items[line->place].dead;
    tell_stale(z, op, &of_c, &of_other);
    let_go_of_ops(z);
}

static COLD void nameless(struct zones *z, const struct zone_key *k, const struct check_key_line *line,
                          const struct check_op *op)
{
    if (check_violation_again(&z->tally))
        return;
    struct cluster_ops dead = z->ops.items[line->place].dead;
    check_violation(
        &z->tally, op->id, (uint64_t[4]){dead.write, dead.begin},
        k->dead_begin == 0
            ? "%s %llu returns a value that nobody had written"
            : "%s %llu returns a value that nobody had written, or that had long been overwritten",
        z->noun, (unsigned long long)op->id);
    let_go_of_ops(z);
}

static void end_read(struct zones *z, struct zone_key *k, struct check_key_line *line,
                     const struct check_op *op)
{
    struct cluster *c = live_find(k, op->value);
    struct unended mine;

    if (c == NULL && !unended_take(z, op->key, op->value, &mine)) {
        nameless(z, k, line, op);
        return;
    }
    bool first = c == NULL;
    if (first)
        c = list(z, k, line, &mine, op);
    uint64_t begin = op->begin > c->last_begin ? op->begin : c->last_begin;
    if (!first) {
        if (k->dead_begin > c->first_end) {
            stale(z, k, line, op, c, NULL);
            return;
        }
        for (uint32_t i = 0; i < k->count; i++) {
            const struct cluster *x = &live_of(k)[i];
            if (x != c && x->first_end < begin && c->first_end < x->last_begin) {
                stale(z, k, line, op, c, x);
                return;
            }
        }
    }
    if (begin > c->last_begin) {
        struct cluster_ops *ops = ops_of(z, k, line);
        c->last_begin = begin & BEGIN_BITS;
        if (ops != NULL)
            ops[c - live_of(k)].begin = op->id;
    } else if (!first) {
        return;
    }
    zone_look_at(z, k, line, c);
}

bool zones_end(struct zones *z, const struct check_op *op)
{
    struct check_key_line *line = &z->lines->all.items[op->key];
    bool reads = op->f != CHECK_WRITE;

    if (reads && op->outcome != CHECK_OK)
        return false;
    struct zone_key *k = zone_of(z, line);
    zone_settle(z, k, line);
    if (reads)
        end_read(z, k, line, op);
    else
        end_write(z, k, line, op);
    return k->count >= k->limit;
}
