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
 * A key's clusters stand in one room with what is known of the key, in the order in which they came: most
 * keys have one or two, and a look-up goes through them. Where more than CROWD were kept at once (a hot key
 * whose writes do not get through) the key gets its part of a hash table. */
#include "sim/observe/delta.h"

#include <stdlib.h>

enum { CLUSTERS_MOST = 1 << 20, PAIRS_MOST = 1 << 26, LOOK_AT = 2, CROWD = 32 };

static const sim_ns before_all = -SIM_NS_NEVER;

void delta_open(struct delta *d, struct keys *keys)
{
    *d = (struct delta){.of = keys};
}

void delta_close(struct delta *d)
{
    lines_free(&d->keys);
    pool_free(&d->pool);
    check_map_free(&d->of_write);
}

static bool is_crowded(const struct delta *d, uint64_t key)
{
    return (d->of->records[key].clusters & DELTA_CROWDED) != 0;
}

static struct delta_cluster *newest_of(struct delta_key *k)
{
    return &k->clusters[k->count - 1];
}

/* NULL: it has none of this write. */
static struct delta_cluster *cluster_of(const struct delta *d, struct delta_key *k, uint64_t write)
{
    struct delta_cluster *c = newest_of(k);

    if (c->write == write)
        return c;
    if (is_crowded(d, k->key)) {
        uint64_t found = check_map_get(&d->of_write, write != 0 ? write : k->key, write == 0);
        return found == CHECK_ABSENT ? NULL : &k->clusters[found];
    }
    while (c > k->clusters)
        if ((--c)->write == write)
            return c;
    return NULL;
}

static void map_put(struct delta *d, const struct delta_key *k, uint32_t at)
{
    uint64_t write = k->clusters[at].write;

    check_map_put(&d->of_write, write != 0 ? write : k->key, write == 0, at);
}

static size_t key_bytes(uint32_t room)
{
    return sizeof(struct delta_key) + room * sizeof(struct delta_cluster);
}

/* As many as fit where `count` do. */
static uint32_t key_room(uint32_t count)
{
    return (uint32_t)((pool_room(key_bytes(count)) - sizeof(struct delta_key)) /
                      sizeof(struct delta_cluster));
}

static struct delta_key *key_new(struct delta *d, uint64_t key)
{
    struct delta_key *k = pool_take(&d->pool, key_bytes(key_room(1)));

    *k = (struct delta_key){.key = key, .limit = LOOK_AT, .room = key_room(1)};
    *lines_add(&d->keys) = k;
    d->of->records[key].clusters = (uint32_t)d->keys.count;
    return k;
}

static struct delta_key *key_move(struct delta *d, struct delta_key *k, uint32_t room)
{
    uint32_t at = delta_key_number(d, k->key);
    struct delta_key *moved = pool_resize(&d->pool, k, key_bytes(k->room), key_bytes(room));

    moved->room = room;
    return d->keys.items[at - 1] = moved;
}

/* For another cluster; else from here on it keeps nothing. */
static bool has_room(struct delta *d)
{
    if (d->cluster_count + d->bare_count < CLUSTERS_MOST)
        return true;
    delta_close(d);
    d->undecided = true;
    return false;
}

static struct delta_cluster *cluster_add(struct delta *d, uint64_t key, uint64_t write)
{
    if (!has_room(d))
        return NULL;
    struct delta_key *k = delta_key_of(d, key);
    if (k == NULL)
        k = key_new(d, key);
    else if (k->count == k->room)
        k = key_move(d, k, key_room(k->room + 1));
    struct delta_cluster *c = &k->clusters[k->count++];
    d->cluster_count++;
    *c = (struct delta_cluster){.write = write,
                                .write_begin = before_all,
                                .read_begin = before_all,
                                .first_end = write == 0 ? before_all : SIM_NS_NEVER};
    if (is_crowded(d, key)) {
        map_put(d, k, k->count - 1);
    } else if (k->count > CROWD) {
        d->of->records[key].clusters |= DELTA_CROWDED;
        for (uint32_t i = 0; i < k->count; i++)
            map_put(d, k, i);
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
        newest_of(delta_key_of(d, key))->read_begin = k->newest_read;
    }
    k->newest = DELTA_UNKNOWN;
}

/* And the other way, if a further read of it may leave the rest as it is. */
static void newest_show(struct delta *d, uint64_t key)
{
    struct key_record *k = &d->of->records[key];
    const struct delta_cluster *c = newest_of(delta_key_of(d, key));

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
    struct delta_key *k = delta_key_of(d, key);
    struct delta_cluster *c = k != NULL ? cluster_of(d, k, write) : NULL;
    if (c == NULL && (c = cluster_add(d, key, write)) == NULL)
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
    struct key_record *record = &d->of->records[key];
    if (record->clusters == 0 && write == 0) {
        if (!has_room(d))
            return true;
        d->bare_count++;
        record->clusters = DELTA_BARE;
        record->newest = 0;
        record->newest_read = begin;
        return true;
    }
    newest_settle(d, key);
    struct delta_key *k = delta_key_of(d, key);
    struct delta_cluster *c = k != NULL ? cluster_of(d, k, write) : NULL;
    CHECK(write != 0 || k != NULL); /* of 0 alone a key that has none is bare */
    bool known = c != NULL || (write == 0 && !k->initial_over);
    if (c == NULL && (c = cluster_add(d, key, write)) == NULL)
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

static void pairs_looked_at(struct delta *d, uint64_t pairs)
{
    d->pairs += pairs;
    d->undecided |= d->pairs > PAIRS_MOST;
}

static void pair_look(struct delta *d, struct delta_key *k, const struct delta_cluster *a,
                      const struct delta_cluster *b)
{
    sim_ns pair = delta_of_pair(a, b);

    k->delta = pair > k->delta ? pair : k->delta;
    pairs_looked_at(d, 1);
}

/* Lets go of the cluster at `at`, once it was looked at with all the others. */
static void cluster_leave(struct delta *d, struct delta_key *k, uint32_t at)
{
    struct delta_cluster *c = &k->clusters[at];
    const struct delta_cluster gone = *c;
    sim_ns most = k->delta;

    for (uint32_t i = 0; i < k->count; i++) {
        sim_ns pair = i != at ? delta_of_pair(&gone, &k->clusters[i]) : 0;
        most = pair > most ? pair : most;
    }
    k->delta = most;
    pairs_looked_at(d, k->count - 1);
    if (is_crowded(d, k->key))
        check_map_remove(&d->of_write, gone.write != 0 ? gone.write : k->key, gone.write == 0);
    k->count--;
    d->cluster_count--;
    memmove(c, c + 1, (k->count - at) * sizeof *c);
}

/* Lets go of what is over and can be in no new pair, but for the key's last. */
static void condense(struct delta *d, struct delta_key *k)
{
    uint32_t before = k->count;
    sim_ns least = SIM_NS_NEVER;

    newest_settle(d, k->key);
    for (uint32_t i = 0; i < k->count; i++)
        if (!k->clusters[i].over && k->clusters[i].first_end < least)
            least = k->clusters[i].first_end;
    for (uint32_t at = k->count; at-- > 0 && k->count > 1;)
        if (k->clusters[at].over && last_begin(&k->clusters[at]) <= least)
            cluster_leave(d, k, at);
    for (uint32_t i = 0; i < k->count && k->count < before && is_crowded(d, k->key); i++)
        map_put(d, k, i); /* they have moved */
    k->limit = LOOK_AT * k->count;
    if (k->count <= k->room / 4 && key_room(k->limit) < k->room)
        k = key_move(d, k, key_room(k->limit));
    newest_show(d, k->key);
}

static void over(struct delta *d, struct delta_key *k, uint64_t write)
{
    struct delta_cluster *c = cluster_of(d, k, write);

    k->initial_over |= write == 0;
    if (c != NULL)
        c->over = true;
}

void delta_over(struct delta *d, uint64_t key, int64_t stamp, uint64_t write)
{
    if (d->undecided || d->keeps)
        return;
    if (delta_key_of(d, key) == NULL) {
        newest_settle(d, key);
        if (delta_key_of(d, key) == NULL && cluster_add(d, key, write) == NULL)
            return;
        newest_show(d, key);
    }
    struct delta_key *k = delta_key_of(d, key);
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
    histogram_add_many(out, 0, d->undecided ? 0 : d->bare_count);
    for (size_t at = 0; at < d->keys.count && !d->undecided; at++) {
        struct delta_key *k = d->keys.items[at];
        struct delta_cluster *c = k->clusters;
        if (k->count < 2) { /* as of most: no pair */
            histogram_add(out, k->delta);
            continue;
        }
        newest_settle(d, k->key);
        qsort(c, k->count, sizeof *c, by_end);
        for (size_t i = 0; i < k->count && !d->undecided; i++) {
            sim_ns last = last_begin(&c[i]);
            for (size_t j = i + 1; j < k->count && c[j].first_end < last && !d->undecided; j++)
                pair_look(d, k, &c[i], &c[j]);
        }
        histogram_add(out, k->delta);
    }
    return !d->undecided;
}
