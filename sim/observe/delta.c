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
 * compared with those that follow it by f as long as they have f < s1.
 *
 * A key's clusters are a list, the newest first, and most keys have one or two: a look-up is a walk. Where
 * more than CROWD were kept at once (a hot key whose writes do not get through) the key gets its part of a
 * hash table. */
#include "sim/observe/delta.h"

#include "sim/base/sparse.h"

#include <stdlib.h>

enum { CLUSTERS_MOST = 1 << 20, PAIRS_MOST = 1 << 26, LOOK_AT = 2, CROWD = 32 };

#define CLUSTERS_BYTES (CLUSTERS_MOST * sizeof(struct delta_cluster))

static const sim_ns before_all = -SIM_NS_NEVER;

void delta_open(struct delta *d, struct keys *keys)
{
    *d = (struct delta){.of = keys, .clusters = sparse_new(CLUSTERS_BYTES)};
}

void delta_close(struct delta *d)
{
    sparse_free(d->clusters, CLUSTERS_BYTES);
    d->clusters = NULL;
    array_free(&d->free);
    array_free(&d->keys);
    check_map_free(&d->of_write);
}

static uint32_t index_of(const struct delta *d, uint64_t key, uint64_t write)
{
    uint32_t mark = d->of->records[key].clusters, at = mark & ~DELTA_CROWDED;

    if (at == 0 || d->clusters[at - 1].write == write)
        return at;
    if ((mark & DELTA_CROWDED) != 0) {
        uint64_t found = check_map_get(&d->of_write, write != 0 ? write : key, write == 0);
        return found == CHECK_ABSENT ? 0 : (uint32_t)found;
    }
    do {
        at = d->clusters[at - 1].next;
    } while (at != 0 && d->clusters[at - 1].write != write);
    return at;
}

static void newest_set(struct delta *d, uint64_t key, uint32_t at)
{
    d->of->records[key].clusters = (d->of->records[key].clusters & DELTA_CROWDED) | at;
}

static void map_put(struct delta *d, uint64_t key, uint32_t at)
{
    uint64_t write = d->clusters[at - 1].write;

    check_map_put(&d->of_write, write != 0 ? write : key, write == 0, at);
}

static struct delta_key *key_of(struct delta *d, uint64_t key)
{
    uint32_t newest = delta_newest(d, key);

    if (newest != 0)
        return &d->keys.items[d->clusters[newest - 1].key];
    *array_add(&d->keys) = (struct delta_key){.key = key, .limit = LOOK_AT};
    return &d->keys.items[d->keys.count - 1];
}

/* For another cluster; else from here on it keeps nothing. */
static bool has_room(struct delta *d)
{
    if (d->cluster_count - d->free.count + d->bare_count < CLUSTERS_MOST)
        return true;
    delta_close(d);
    d->undecided = true;
    return false;
}

static struct delta_cluster *cluster_add(struct delta *d, uint64_t key, uint64_t write)
{
    uint32_t at;

    if (!has_room(d))
        return NULL;
    struct delta_key *k = key_of(d, key);
    if (d->free.count > 0) {
        at = d->free.items[--d->free.count];
    } else {
        at = ++d->cluster_count;
    }
    struct delta_cluster *c = &d->clusters[at - 1];
    *c = (struct delta_cluster){.write = write,
                                .key = (uint32_t)(k - d->keys.items),
                                .next = delta_newest(d, key),
                                .write_begin = before_all,
                                .read_begin = before_all,
                                .first_end = write == 0 ? before_all : SIM_NS_NEVER};
    newest_set(d, key, at);
    bool crowded = (d->of->records[key].clusters & DELTA_CROWDED) != 0;
    if (crowded)
        map_put(d, key, at);
    if (++k->count > CROWD && !crowded) {
        d->of->records[key].clusters |= DELTA_CROWDED;
        for (uint32_t i = at; i != 0; i = d->clusters[i - 1].next)
            map_put(d, key, i);
    }
    return c;
}

/* What the key's record has of its newest cluster goes there. */
static void newest_settle(struct delta *d, uint64_t key)
{
    struct key_record *k = &d->of->records[key];

    if (k->clusters == DELTA_BARE) {
        k->clusters = 0;
        d->bare_count--;
        cluster_add(d, key, 0)->read_begin = k->newest_read;
    } else if (k->clusters != 0 && k->newest != DELTA_UNKNOWN) {
        d->clusters[delta_newest(d, key) - 1].read_begin = k->newest_read;
    }
    k->newest = DELTA_UNKNOWN;
}

/* And the other way, if a further read of it may leave the rest as it is. */
static void newest_show(struct delta *d, uint64_t key)
{
    struct key_record *k = &d->of->records[key];
    const struct delta_cluster *c = &d->clusters[delta_newest(d, key) - 1];

    if (c->first_end == SIM_NS_NEVER)
        return;
    k->newest = c->write;
    k->newest_read = c->read_begin;
}

void delta_write(struct delta *d, uint64_t key, uint64_t write, sim_ns begin, sim_ns end)
{
    if (d->undecided)
        return;
    newest_settle(d, key);
    uint32_t at = index_of(d, key, write);
    struct delta_cluster *c = at != 0 ? &d->clusters[at - 1] : cluster_add(d, key, write);
    if (c == NULL)
        return;
    c->write_begin = begin;
    if (end < c->first_end)
        c->first_end = end;
    newest_show(d, key);
}

bool delta_read(struct delta *d, uint64_t key, uint64_t write, sim_ns begin, sim_ns end)
{
    if (d->undecided)
        return true;
    struct key_record *k = &d->of->records[key];
    if (k->clusters == 0 && write == 0) {
        if (!has_room(d))
            return true;
        d->bare_count++;
        k->clusters = DELTA_BARE;
        k->newest = 0;
        k->newest_read = begin;
        return true;
    }
    newest_settle(d, key);
    uint32_t at = index_of(d, key, write);
    bool known = at != 0 || (write == 0 && !key_of(d, key)->initial_over);
    struct delta_cluster *c = at != 0 ? &d->clusters[at - 1] : cluster_add(d, key, write);
    if (c == NULL)
        return known;
    if (begin > c->read_begin)
        c->read_begin = begin;
    if (end < c->first_end)
        c->first_end = end;
    newest_show(d, key);
    return known;
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

static void pair_look(struct delta *d, struct delta_key *k, const struct delta_cluster *a,
                      const struct delta_cluster *b)
{
    sim_ns pair = delta_of_pair(a, b);

    k->delta = pair > k->delta ? pair : k->delta;
    d->undecided |= ++d->pairs > PAIRS_MOST;
}

/* Lets go of what is over and can be in no new pair, but for the key's last. */
static void condense(struct delta *d, struct delta_key *k)
{
    struct delta_cluster *all = d->clusters;
    uint32_t first = delta_newest(d, k->key);
    bool crowded = (d->of->records[k->key].clusters & DELTA_CROWDED) != 0;
    sim_ns least = SIM_NS_NEVER;

    newest_settle(d, k->key);
    for (uint32_t i = first; i != 0; i = all[i - 1].next)
        if (!all[i - 1].over && all[i - 1].first_end < least)
            least = all[i - 1].first_end;
    for (uint32_t *at = &first; *at != 0;) {
        struct delta_cluster *c = &all[*at - 1];
        if (!c->over || last_begin(c) > least || k->count == 1) {
            at = &c->next;
            continue;
        }
        uint32_t index = *at;
        *at = c->next;
        for (uint32_t i = first; i != 0; i = all[i - 1].next)
            pair_look(d, k, c, &all[i - 1]);
        if (crowded)
            check_map_remove(&d->of_write, c->write != 0 ? c->write : k->key, c->write == 0);
        *array_add(&d->free) = index;
        k->count--;
    }
    newest_set(d, k->key, first);
    newest_show(d, k->key);
    k->limit = LOOK_AT * k->count;
}

static void over(struct delta *d, struct delta_key *k, uint64_t write)
{
    uint32_t at = index_of(d, k->key, write);

    k->initial_over |= write == 0;
    if (at != 0)
        d->clusters[at - 1].over = true;
}

void delta_over(struct delta *d, uint64_t key, int64_t stamp, uint64_t write)
{
    if (d->undecided || d->keeps)
        return;
    if (delta_newest(d, key) == 0) {
        newest_settle(d, key);
        if (delta_newest(d, key) == 0 && cluster_add(d, key, write) == NULL)
            return;
        newest_show(d, key);
    }
    struct delta_key *k = key_of(d, key);
    if (k->top != 0 && (stamp < k->top_stamp || (stamp == k->top_stamp && write < k->top))) {
        over(d, k, write);
    } else {
        over(d, k, k->top);
        k->top = write;
        k->top_stamp = stamp;
    }
    if (k->count >= k->limit)
        condense(d, k);
}

static int by_end(const void *a, const void *b)
{
    const struct delta_cluster *x = a, *y = b;

    return x->first_end < y->first_end ? -1 : x->first_end > y->first_end; /* of equals either order does */
}

bool delta_finish(struct delta *d, struct histogram *out)
{
    ARRAY(struct delta_cluster) of_key = {0};

    histogram_add_many(out, 0, d->undecided ? 0 : d->bare_count);
    for (size_t at = 0; at < d->keys.count && !d->undecided; at++) {
        struct delta_key *k = &d->keys.items[at];
        if (k->count < 2) { /* as of most: no pair */
            histogram_add(out, k->delta);
            continue;
        }
        of_key.count = 0;
        newest_settle(d, k->key);
        for (uint32_t i = delta_newest(d, k->key); i != 0; i = d->clusters[i - 1].next)
            *array_add(&of_key) = d->clusters[i - 1];
        const struct delta_cluster *c = of_key.items;
        qsort(of_key.items, of_key.count, sizeof *of_key.items, by_end);
        for (size_t i = 0; i < of_key.count && !d->undecided; i++) {
            sim_ns last = last_begin(&c[i]);
            for (size_t j = i + 1; j < of_key.count && c[j].first_end < last && !d->undecided; j++)
                pair_look(d, k, &c[i], &c[j]);
        }
        histogram_add(out, k->delta);
    }
    array_free(&of_key);
    return !d->undecided;
}
