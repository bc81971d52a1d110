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
 * Cost: a look-up an event, and at a read's end a pass over the key's live clusters. Memory: 80 bytes a live
 * cluster, 64 a key. */
#include "sim/observe/check_room.h"

#include <stdio.h>

struct cluster {
    uint64_t write;                      /* its value */
    uint64_t first_end, last_begin;      /* f, CHECK_OPEN: nothing of it has ended; s */
    uint64_t write_op, end_op, begin_op; /* the identities behind them */
    bool listed, open; /* open: its write has not ended; it may still turn out to have failed */
};

struct zone_key {
    ARRAY(uint32_t) live; /* clusters that have an f, in that order */
    uint32_t limit;       /* so many before the next look at which are dead */
    uint64_t dead_begin;  /* the largest s of the dead */
    uint64_t dead_op, dead_write_op;
    bool known;
};

struct zones {
    struct check_map names; /* (key, value) -> cluster */
    ARRAY(struct cluster) clusters;
    ARRAY(uint32_t) free;
    ARRAY(struct zone_key) keys;
    struct check_tally tally;
    const char *noun;
};

struct zones *zones_new(const char *noun)
{
    struct zones *z = memory_new(1, sizeof *z);

    z->noun = noun;
    return z;
}

void zones_free(struct zones *z)
{
    if (z == NULL)
        return;
    array_each (struct zone_key, key, &z->keys)
        array_free(&key->live);
    array_free(&z->keys);
    array_free(&z->clusters);
    array_free(&z->free);
    check_map_free(&z->names);
    free(z);
}

const struct check_tally *zones_tally(const struct zones *z)
{
    return &z->tally;
}

static uint32_t cluster_new(struct zones *z, uint32_t key, struct cluster c)
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
    return index;
}

static void cluster_free(struct zones *z, uint32_t key, uint32_t index)
{
    check_map_remove(&z->names, key, z->clusters.items[index].write);
    *array_add(&z->free) = index;
}

static struct zone_key *key_of(struct zones *z, uint32_t key)
{
    while (z->keys.count <= key)
        array_add(&z->keys);
    struct zone_key *k = &z->keys.items[key];
    if (!k->known) {
        k->known = true;
        k->limit = 8;
        *array_add(&k->live) = cluster_new(z, key, (struct cluster){.write = CHECK_INITIAL, .listed = true});
    }
    return k;
}

/* Drops the dead: see above. */
static void sweep(struct zones *z, uint32_t key, uint64_t oldest)
{
    struct zone_key *k = &z->keys.items[key];
    uint64_t most = k->dead_begin, second = 0;
    uint32_t most_at = UINT32_MAX, kept = 0;

    for (uint32_t i = 0; i < k->live.count; i++) {
        const struct cluster *c = &z->clusters.items[k->live.items[i]];
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
    for (uint32_t i = 0; i < k->live.count; i++) {
        uint32_t index = k->live.items[i];
        const struct cluster *c = &z->clusters.items[index];
        if (c->first_end >= oldest || c->open || (i == most_at ? second : most) < c->first_end) {
            k->live.items[kept++] = index;
            continue;
        }
        if (c->last_begin > k->dead_begin) {
            k->dead_begin = c->last_begin;
            k->dead_op = c->begin_op;
            k->dead_write_op = c->write_op;
        }
        cluster_free(z, key, index);
    }
    k->live.count = kept;
    k->limit = kept < 4 ? 8 : kept * 2;
}

void zones_begin(struct zones *z, const struct check_op *op)
{
    key_of(z, op->key);
    if (op->f != CHECK_WRITE)
        return;
    if (check_map_get(&z->names, op->key, op->value) != CHECK_ABSENT) {
        check_undecided(&z->tally, "a value was written twice to a key whose reads should name their write");
        return;
    }
    cluster_new(z, op->key,
                (struct cluster){.write = op->value,
                                 .first_end = CHECK_OPEN,
                                 .last_begin = op->begin,
                                 .open = true,
                                 .write_op = op->id,
                                 .begin_op = op->id});
}

static void list(struct zones *z, uint32_t key, uint32_t index, const struct check_op *op)
{
    struct cluster *c = &z->clusters.items[index];

    c->first_end = op->end;
    c->end_op = op->id;
    c->listed = true;
    *array_add(&z->keys.items[key].live) = index;
}

static void end_write(struct zones *z, const struct check_op *op)
{
    uint64_t index = check_map_get(&z->names, op->key, op->value);

    if (index == CHECK_ABSENT)
        return; /* written twice: undecided by now */
    struct cluster *c = &z->clusters.items[index];
    c->open = false;
    if (op->outcome == CHECK_INFO)
        return;
    if (op->outcome == CHECK_OK) {
        if (!c->listed)
            list(z, op->key, (uint32_t)index, op);
    } else if (c->listed) {
        check_violation(&z->tally, c->end_op, (uint64_t[4]){op->id},
                        "%s %llu returns what %s %llu wrote, which failed", z->noun,
                        (unsigned long long)c->end_op, z->noun, (unsigned long long)op->id);
    } else {
        cluster_free(z, op->key, (uint32_t)index);
    }
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

static void end_read(struct zones *z, const struct check_op *op)
{
    struct zone_key *k = &z->keys.items[op->key];
    uint64_t index = check_map_get(&z->names, op->key, op->value);

    if (index == CHECK_ABSENT) {
        check_violation(
            &z->tally, op->id, (uint64_t[4]){k->dead_write_op, k->dead_op},
            k->dead_begin == 0
                ? "%s %llu returns a value that nobody had written"
                : "%s %llu returns a value that nobody had written, or that had long been overwritten",
            z->noun, (unsigned long long)op->id);
        return;
    }
    struct cluster *c = &z->clusters.items[index];
    uint64_t begin = op->begin > c->last_begin ? op->begin : c->last_begin;
    if (!c->listed) {
        list(z, op->key, (uint32_t)index, op);
    } else {
        if (k->dead_begin > c->first_end) {
            struct cluster dead = {
                .write_op = k->dead_write_op, .begin_op = k->dead_op, .end_op = k->dead_op};
            stale(z, op, c, &dead);
            return;
        }
        for (size_t i = 0; i < k->live.count; i++) {
            const struct cluster *x = &z->clusters.items[k->live.items[i]];
            if (x != c && x->first_end < begin && c->first_end < x->last_begin) {
                stale(z, op, c, x);
                return;
            }
        }
    }
    if (begin > c->last_begin || c->begin_op == 0) {
        c->last_begin = begin;
        c->begin_op = op->id;
    }
}

void zones_end(struct zones *z, const struct check_op *op, uint64_t oldest_open_read)
{
    if (op->f == CHECK_WRITE)
        end_write(z, op);
    else if (op->outcome == CHECK_OK)
        end_read(z, op);
    if (z->keys.items[op->key].live.count >= z->keys.items[op->key].limit)
        sweep(z, op->key, oldest_open_read);
}
