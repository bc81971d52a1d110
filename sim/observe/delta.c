/* delta.c -- see delta.h: pairs of zones, each with its own least delta.
 *
 * A cluster is a write and the reads that return it: w when the write begins, r when the last of its reads
 * begins, f when the first of all of them ends, s = max(w, r). Two clusters conflict if f1 < s2 and f2 < s1:
 * something of either is over before something of the other begins, and so each must come wholly before the
 * other. (Overlapping forward zones, or a backward one within a forward one.) Without such a pair, and with
 * no read over before its write begins, the history is linearizable (Gibbons, Korach).
 *
 * Moving reads back by delta leaves f and w, and makes s = max(w, r - delta): a conflict, once gone, stays
 * away. The pair is resolved when s1 <= f2 or s2 <= f1, so its delta is
 *
 *     min( r1 - f2 if w1 <= f2,  r2 - f1 if w2 <= f1 )
 *
 * One of them there is: w1 > f2 and w2 > f1 would need f2 < w1 <= f1 < w2 <= f2. The key's delta is the
 * largest of its pairs. With f1 <= f2 cluster 1 is a forward zone (f1 <= f2 < s1), so each forward zone is
 * compared with those that follow it by f as long as they have f < s1. */
#include "sim/observe/delta.h"

#include <stdlib.h>

enum { CLUSTERS_MOST = 1 << 20, PAIRS_MOST = 1 << 26 };

static const sim_ns before_all = -SIM_NS_NEVER;

void delta_open(struct delta *d)
{
    *d = (struct delta){0};
}

void delta_close(struct delta *d)
{
    array_free(&d->clusters);
    check_map_free(&d->of_write);
}

static struct delta_cluster *cluster_of(struct delta *d, uint64_t key, uint64_t write)
{
    uint64_t name = write != 0 ? write : key, initial = write == 0;
    uint64_t at = d->undecided ? CHECK_ABSENT : check_map_get(&d->of_write, name, initial);

    if (at != CHECK_ABSENT)
        return &d->clusters.items[at];
    if (d->clusters.count == CLUSTERS_MOST) { /* from here on it keeps nothing */
        delta_close(d);
        d->undecided = true;
    }
    if (d->undecided)
        return NULL;
    check_map_put(&d->of_write, name, initial, d->clusters.count);
    struct delta_cluster *c = array_add(&d->clusters);
    *c = (struct delta_cluster){.key = key,
                                .write_begin = before_all,
                                .read_begin = before_all,
                                .first_end = initial ? before_all : SIM_NS_NEVER};
    return c;
}

void delta_write(struct delta *d, uint64_t key, uint64_t write, sim_ns begin, sim_ns end)
{
    struct delta_cluster *c = cluster_of(d, key, write);

    if (c == NULL)
        return;
    c->write_begin = begin;
    if (end < c->first_end)
        c->first_end = end;
}

void delta_read(struct delta *d, uint64_t key, uint64_t write, sim_ns begin, sim_ns end)
{
    struct delta_cluster *c = cluster_of(d, key, write);

    if (c == NULL)
        return;
    if (begin > c->read_begin)
        c->read_begin = begin;
    if (end < c->first_end)
        c->first_end = end;
}

static int by_key_and_end(const void *a, const void *b)
{
    const struct delta_cluster *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->first_end != y->first_end)
        return x->first_end < y->first_end ? -1 : 1;
    return 0; /* of equals either order gives the same deltas */
}

static sim_ns last_begin(const struct delta_cluster *c)
{
    return c->write_begin > c->read_begin ? c->write_begin : c->read_begin;
}

/* 0: they do not conflict. No read begins before time 0, and a conflict needs one: the differences do not
 * overflow. */
static sim_ns delta_of_pair(const struct delta_cluster *a, const struct delta_cluster *b)
{
    sim_ns least = SIM_NS_NEVER;

    if (a->first_end >= last_begin(b) || b->first_end >= last_begin(a))
        return 0;
    if (a->write_begin <= b->first_end && b->first_end != before_all)
        least = a->read_begin - b->first_end;
    if (b->write_begin <= a->first_end && a->first_end != before_all && b->read_begin - a->first_end < least)
        least = b->read_begin - a->first_end;
    CHECK(least < SIM_NS_NEVER);
    return least;
}

bool delta_finish(struct delta *d, struct histogram *out)
{
    const struct delta_cluster *c = d->clusters.items;
    size_t count = d->clusters.count, pairs = 0;

    if (count > 0)
        qsort(d->clusters.items, count, sizeof *d->clusters.items, by_key_and_end);
    for (size_t i = 0, next; i < count && !d->undecided; i = next) {
        sim_ns delta = 0;
        for (next = i; next < count && c[next].key == c[i].key; next++) {
            sim_ns last = last_begin(&c[next]);
            for (size_t j = next + 1; j < count && c[j].key == c[i].key && c[j].first_end < last; j++) {
                sim_ns pair = delta_of_pair(&c[next], &c[j]);
                delta = pair > delta ? pair : delta;
                d->undecided |= ++pairs > PAIRS_MOST;
                if (d->undecided)
                    break;
            }
        }
        histogram_add(out, delta);
    }
    return !d->undecided;
}
