/* limit_reference.c -- the work of bench/scenarios/reference.yaml written by hand: this scenario, the
 * strategy lww on hybrid clocks, and nothing else. What a simulator that can do all the rest is measured
 * against.
 *
 * Done, as georep does it: three events an operation (it arrives, reaches its node 0.25 ms later, and is
 * answered 0.25 ms after that) and one a copy of a write; Poisson arrivals, Zipf
 * keys, a lognormal jitter for each message, links that keep their order; clocks with offset, error, drift
 * and synchronisation; ties of stamps by region, ties of events by order of making. And the figures, exactly
 * by their definitions: latency (read, write), stale reads, their staleness in milliseconds and versions,
 * replication lag, conflicts (pairs of concurrent writes by vector clocks at their first meeting, from the
 * frontier of each replica), lost updates, skew inversions.
 *
 * Left out: faults, loss, services, clients' failover, time-outs (an operation takes 0.5 ms of the 2 s it
 * has); other strategies; counter-based draws (limit_draws.h); convergence, divergence, backlog, traffic,
 * session guarantees, promises, delta-atomicity, figures by region, pair or time; files. Known beforehand,
 * and used: no way takes a second, so that what is older has been seen by all; at most 5 writes stand in a
 * frontier, one an origin. */
#include "bench/peers/limit_draws.h"
#include "bench/peers/reference_setting.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_MS 1e6
#define NS_PER_S 1e9

static void require(bool true_by_now, const char *what)
{
    if (!true_by_now) {
        fprintf(stderr, "limit_reference: %s\n", what);
        abort();
    }
}

/* --- The queue: buckets of 33 us in a ring of half a second, the open one sorted
 * ------------------------------- */

enum kind { ARRIVAL, REQUEST, REPLY, COPY };

struct payload {
    int64_t begin_ns;
    uint32_t key, number; /* number: of a copy's write at its origin */
    uint8_t kind, region, to, is_read;
};

struct key16 {
    int64_t at_ns;
    uint64_t order_slot; /* order of making << 24 | slot of the payload */
};

enum { WIDTH_BITS = 15, BUCKETS = 1 << 14, SLOTS = 1 << 16, OPEN = 4096 };

static struct key16 keys[SLOTS], open_keys[OPEN];
static struct payload payloads[SLOTS];
static uint32_t next_slot[SLOTS], bucket_first[BUCKETS], free_slot;
static uint32_t open_next, open_count;
static int64_t open_bucket;
static uint64_t order, pending;

static void queue_open(void)
{
    for (uint32_t i = 1; i + 1 < SLOTS; i++)
        next_slot[i] = i + 1;
    free_slot = 1; /* slot 0 is no slot */
}

static bool key_less(struct key16 a, struct key16 b)
{
    return a.at_ns != b.at_ns ? a.at_ns < b.at_ns : a.order_slot < b.order_slot;
}

static void open_insert(struct key16 k)
{
    uint32_t at = open_count++;

    require(open_count < OPEN, "the open bucket is full");
    for (; at > open_next && key_less(k, open_keys[at - 1]); at--)
        open_keys[at] = open_keys[at - 1];
    open_keys[at] = k;
}

static struct payload *queue_push(int64_t at_ns)
{
    uint32_t slot = free_slot;
    int64_t bucket = at_ns >> WIDTH_BITS;
    struct key16 k = {at_ns, order++ << 24 | slot};

    require(slot != 0 && bucket - open_bucket < BUCKETS, "more pending, or further away, than was foreseen");
    free_slot = next_slot[slot];
    pending++;
    if (bucket <= open_bucket) {
        open_insert(k);
    } else {
        uint32_t *first = &bucket_first[bucket & (BUCKETS - 1)];
        keys[slot] = k;
        next_slot[slot] = *first;
        *first = slot;
    }
    return &payloads[slot];
}

/* The payload stays valid until the next push. */
static const struct payload *queue_pop(int64_t *now)
{
    if (pending == 0)
        return NULL;
    while (open_next == open_count) {
        open_next = open_count = 0;
        uint32_t *first = &bucket_first[++open_bucket & (BUCKETS - 1)];
        for (uint32_t slot = *first; slot != 0; slot = next_slot[slot])
            open_insert(keys[slot]);
        *first = 0;
    }
    struct key16 k = open_keys[open_next++];
    uint32_t slot = (uint32_t)k.order_slot & 0xffffff;
    *now = k.at_ns;
    pending--;
    next_slot[slot] = free_slot;
    free_slot = slot;
    return &payloads[slot];
}

/* --- Figures: log-linear histograms, 1024 steps an octave, and sums
 * ------------------------------------------- */

struct histogram {
    uint64_t count, sum, bins[54 << 10];
};

static void histogram_add(struct histogram *h, int64_t value)
{
    uint64_t v = (uint64_t)value;
    int shift = v < 2048 ? 0 : 53 - __builtin_clzll(v);

    h->count++;
    h->sum += v;
    h->bins[((uint64_t)shift << 10) + (v >> shift)]++;
}

static double histogram_mean(const struct histogram *h)
{
    return (double)h->sum / (double)h->count;
}

static double histogram_percentile(const struct histogram *h, double p)
{
    uint64_t rank = (uint64_t)ceil(p * (double)h->count), seen = 0, i = 0;

    while ((seen += h->bins[i]) < rank)
        i++;
    uint64_t shift = i < 2048 ? 0 : (i >> 10) - 1;
    return (double)((i - (shift << 10)) << shift);
}

static struct histogram latency_ns[2], staleness_ns, versions, lag_ns; /* latency: write, read */
static uint64_t operations, reads, stale, writes_counted, conflicts, lost_updates, skew_inversions;
static int64_t warmup_ns, duration_ns;

/* --- Writes, replicas
 * ---------------------------------------------------------------------------------------- */

enum { RECENT = 4096 }; /* writes of an origin that are remembered: twenty seconds of them */

struct write {
    int64_t stamp, begin_ns, commit_ns;  /* stamp: hybrid clock << 3 | origin */
    uint32_t number, key, seen[REGIONS]; /* seen[o]: it has seen the first so many writes of origin o */
    uint32_t pair_count, pair_room;
    uint64_t *pairs; /* those it has met: number << 3 | origin */
    bool decided;    /* some replica has let it go */
};

struct replica { /* one key in one region */
    int64_t stamp;
    uint32_t number; /* of the write it holds, at the origin that the stamp names; 0: the first value */
    uint32_t frontier[REGIONS]; /* of each origin the newest write that reached it, unless another there has
                                   seen it */
};

struct live { /* a write that some replica has not applied */
    int64_t stamp, begin_ns, commit_ns;
    uint32_t applied; /* bits */
};

struct key_state {
    struct replica replicas[REGIONS];
    struct live *live; /* by stamp */
    uint32_t first, count, room;
};

struct node {
    double offset_ns, error_ns, drift, synced_ns;
    int64_t last; /* of the hybrid clock */
    uint32_t seen[REGIONS];
};

static struct draws draws;
static struct alias *zipf;
static struct key_state *table;
static struct node nodes[REGIONS];
static struct write recent[REGIONS][RECENT];
static int64_t last_arrival[REGIONS][REGIONS];

static struct write *write_of(uint32_t origin, uint32_t number)
{
    return &recent[origin][number & (RECENT - 1)];
}

static bool in_window(int64_t begin_ns)
{
    return begin_ns >= warmup_ns;
}

static int64_t stamp_next(struct node *n, int64_t now, uint32_t region)
{
    if ((double)now >= n->synced_ns + CLOCK_SYNC_S * NS_PER_S) {
        n->synced_ns += CLOCK_SYNC_S * NS_PER_S;
        n->error_ns = draw_normal(&draws) * CLOCK_ERROR_MS * NS_PER_MS;
    }
    int64_t shown = now + llrint(n->offset_ns + n->error_ns + n->drift * ((double)now - n->synced_ns));
    n->last = shown > n->last ? shown : n->last + 1;
    return n->last << 3 | region;
}

/* The replica lets `gone` go for `winner`. */
static void let_go(uint32_t gone_origin, uint32_t gone_number, const struct write *winner,
                   bool winner_has_seen)
{
    struct write *gone = write_of(gone_origin, gone_number);

    if (gone->number != gone_number || gone->decided)
        return; /* decided, or so old that all have seen it */
    gone->decided = true;
    if (!winner_has_seen && in_window(gone->begin_ns)) {
        lost_updates++;
        skew_inversions += winner->commit_ns < gone->begin_ns;
    }
}

/* True at the first meeting of two writes. The later one keeps the list. */
static bool pair_is_new(struct write *later, uint64_t other)
{
    for (uint32_t i = 0; i < later->pair_count; i++)
        if (later->pairs[i] == other)
            return false;
    if (later->pair_count == later->pair_room) {
        later->pair_room = later->pair_room > 0 ? 2 * later->pair_room : 8;
        later->pairs = realloc(later->pairs, later->pair_room * sizeof *later->pairs);
        require(later->pairs != NULL, "out of memory");
    }
    later->pairs[later->pair_count++] = other;
    return true;
}

/* The write reaches the replica: its pairs, and its place in the frontier. */
static void frontier_add(struct replica *r, struct write *w, uint32_t origin)
{
    bool is_seen = false;

    for (uint32_t o = 0; o < REGIONS; o++) {
        uint32_t number = r->frontier[o];
        if (o == origin || number == 0)
            continue;
        if (w->seen[o] >= number) {
            r->frontier[o] = 0;
            continue;
        }
        struct write *f = write_of(o, number);
        if (f->seen[origin] >= w->number) {
            is_seen = true;
            continue;
        }
        bool later = w->commit_ns >= f->commit_ns;
        if (pair_is_new(later ? w : f, later ? (uint64_t)number << 3 | o : (uint64_t)w->number << 3 | origin))
            conflicts += in_window(later ? w->begin_ns : f->begin_ns);
    }
    r->frontier[origin] = is_seen ? 0 : w->number;
}

static void lag_note(struct live *l, uint32_t region, int64_t now)
{
    l->applied |= 1u << region;
    if (in_window(l->begin_ns))
        histogram_add(&lag_ns, now > l->commit_ns ? now - l->commit_ns : 0);
}

/* A replica whose stamp was `before` has stored `stamp`: all between are applied there from now on. */
static void live_apply(struct key_state *k, uint32_t region, int64_t before, int64_t stamp, int64_t now)
{
    const uint32_t everywhere = (1u << REGIONS) - 1;

    for (uint32_t i = k->first + k->count; i-- > k->first && k->live[i].stamp > before;)
        if (k->live[i].stamp <= stamp)
            lag_note(&k->live[i], region, now);
    while (k->count > 0 && k->live[k->first].applied == everywhere && k->live[k->first].commit_ns < now) {
        k->first++;
        k->count--;
    }
}

/* A write that was taken now: those that hold something newer have applied it already. */
static void live_add(struct key_state *k, const struct write *w, uint32_t origin, int64_t now)
{
    if (k->first + k->count == k->room) {
        if (k->first * 2 <= k->room) {
            k->room = k->room > 0 ? 2 * k->room : 4;
            k->live = realloc(k->live, k->room * sizeof *k->live);
            require(k->live != NULL, "out of memory");
        }
        if (k->first > 0)
            memmove(k->live, k->live + k->first, k->count * sizeof *k->live);
        k->first = 0;
    }
    uint32_t at = k->first + k->count++;
    for (; at > k->first && k->live[at - 1].stamp > w->stamp; at--)
        k->live[at] = k->live[at - 1];
    k->live[at] = (struct live){w->stamp, w->begin_ns, w->commit_ns, 1u << origin};
    for (uint32_t r = 0; r < REGIONS; r++)
        if (r != origin && k->replicas[r].stamp > w->stamp)
            lag_note(&k->live[at], r, now);
}

static void store(struct key_state *k, uint32_t region, const struct write *w)
{
    struct replica *r = &k->replicas[region];

    if (r->number != 0) {
        uint32_t origin = (uint32_t)r->stamp & 7;
        let_go(origin, r->number, w, w->seen[origin] >= r->number);
    }
    r->stamp = w->stamp;
    r->number = w->number;
}

/* --- Events
 * -------------------------------------------------------------------------------------------------- */

static void arrival_push(uint32_t region, int64_t after_ns)
{
    int64_t at = after_ns + llrint(draw_exponential(&draws) * (NS_PER_S / ARRIVALS_PER_S));

    if (at < duration_ns)
        *queue_push(at) = (struct payload){.kind = ARRIVAL, .region = (uint8_t)region};
}

static void operation_arrive(uint32_t region, int64_t now)
{
    uint32_t key = draw_zipf(&draws, zipf, KEYS);
    bool is_read = draw_unit(&draws) < READ_SHARE;

    operations++;
    *queue_push(now + llrint(CLIENT_ONE_WAY_MS * NS_PER_MS)) = (struct payload){
        .begin_ns = now, .kind = REQUEST, .region = (uint8_t)region, .key = key, .is_read = is_read};
    arrival_push(region, now);
}

static void read_serve(struct key_state *k, uint32_t region, int64_t begin_ns)
{
    int64_t held = k->replicas[region].stamp, oldest = INT64_MAX, missed = 0;

    if (!in_window(begin_ns))
        return;
    for (uint32_t i = k->first + k->count; i-- > k->first && k->live[i].stamp > held;) {
        if (k->live[i].commit_ns < begin_ns) {
            missed++;
            oldest = k->live[i].commit_ns < oldest ? k->live[i].commit_ns : oldest;
        }
    }
    reads++;
    stale += missed > 0;
    histogram_add(&versions, missed);
    histogram_add(&staleness_ns, missed > 0 ? begin_ns - oldest : 0);
}

static void write_ship(const struct write *w, uint32_t from, int64_t now)
{
    static double half_ns[REGIONS][REGIONS];

    for (uint32_t to = 0; to < REGIONS; to++) {
        if (to == from)
            continue;
        if (half_ns[from][to] == 0)
            half_ns[from][to] = ROUND_TRIP_MS[from][to] / 2 * NS_PER_MS;
        int64_t at = now + llrint(half_ns[from][to] +
                                  JITTER_MEDIAN_MS * NS_PER_MS * exp(JITTER_SIGMA * draw_normal(&draws)));
        if (at < last_arrival[from][to])
            at = last_arrival[from][to];
        last_arrival[from][to] = at;
        *queue_push(at) = (struct payload){
            .kind = COPY, .region = (uint8_t)from, .to = (uint8_t)to, .key = w->key, .number = w->number};
    }
}

static void write_take(struct key_state *k, const struct payload *p, int64_t now)
{
    uint32_t region = p->region;
    struct node *n = &nodes[region];
    struct write *w = write_of(region, ++n->seen[region]);
    int64_t before = k->replicas[region].stamp;

    *w = (struct write){.stamp = stamp_next(n, now, region),
                        .begin_ns = p->begin_ns,
                        .commit_ns = now + llrint(CLIENT_ONE_WAY_MS * NS_PER_MS),
                        .number = n->seen[region],
                        .key = p->key,
                        .pairs = w->pairs,
                        .pair_room = w->pair_room};
    memcpy(w->seen, n->seen, sizeof w->seen);
    writes_counted += in_window(w->begin_ns);
    live_add(k, w, region, now);
    frontier_add(&k->replicas[region], w, region);
    store(k, region, w);
    /* Older writes that it replaces have reached this node, or are applied here by now. */
    live_apply(k, region, before, w->stamp - 1, now);
    write_ship(w, region, now);
}

static void request_serve(const struct payload *p, int64_t now)
{
    struct payload request = *p; /* its slot is free */
    struct key_state *k = &table[request.key];

    *queue_push(now + llrint(CLIENT_ONE_WAY_MS * NS_PER_MS)) = (struct payload){
        .begin_ns = request.begin_ns, .kind = REPLY, .region = request.region, .is_read = request.is_read};
    if (request.is_read)
        read_serve(k, request.region, request.begin_ns);
    else
        write_take(k, &request, now);
}

static void copy_apply(uint32_t origin, uint32_t region, uint32_t number, uint32_t key, int64_t now)
{
    struct key_state *k = &table[key];
    struct replica *r = &k->replicas[region];
    struct node *n = &nodes[region];
    struct write *w = write_of(origin, number);

    require(w->number == number, "a copy came later than a second after its write");
    for (uint32_t o = 0; o < REGIONS; o++)
        n->seen[o] = w->seen[o] > n->seen[o] ? w->seen[o] : n->seen[o];
    n->last = w->stamp >> 3 > n->last ? w->stamp >> 3 : n->last;
    frontier_add(r, w, origin);
    if (w->stamp > r->stamp) {
        int64_t before = r->stamp;
        store(k, region, w);
        live_apply(k, region, before, w->stamp, now);
    } else {
        uint32_t winner_origin = (uint32_t)r->stamp & 7;
        const struct write *winner = write_of(winner_origin, r->number);
        let_go(origin, number, winner, winner->number == r->number && winner->seen[origin] >= number);
    }
}

static void setting_open(double wanted, uint64_t seed)
{
    duration_ns = llrint(reference_duration_s(wanted) * NS_PER_S);
    warmup_ns = llrint(reference_warmup_s(reference_duration_s(wanted)) * NS_PER_S);
    draws_open(&draws, seed);
    zipf = zipf_table(KEYS, ZIPF_THETA);
    table = calloc(KEYS, sizeof *table);
    require(table != NULL, "out of memory");
    queue_open();
    for (uint32_t r = 0; r < REGIONS; r++) {
        nodes[r].offset_ns = draw_normal(&draws) * CLOCK_OFFSET_MS * NS_PER_MS;
        nodes[r].error_ns = draw_normal(&draws) * CLOCK_ERROR_MS * NS_PER_MS;
        nodes[r].drift = draw_normal(&draws) * CLOCK_DRIFT_PPM * 1e-6;
        nodes[r].synced_ns = -draw_unit(&draws) * CLOCK_SYNC_S * NS_PER_S;
        nodes[r].last = 0;
        arrival_push(r, 0);
    }
}

static void run(void)
{
    const struct payload *p;
    int64_t now;

    while ((p = queue_pop(&now)) != NULL) {
        switch ((enum kind)p->kind) {
        case ARRIVAL:
            operation_arrive(p->region, now);
            break;
        case REQUEST:
            request_serve(p, now);
            break;
        case REPLY:
            if (in_window(p->begin_ns))
                histogram_add(&latency_ns[p->is_read], now - p->begin_ns);
            break;
        case COPY:
            copy_apply(p->region, p->to, p->number, p->key, now);
            break;
        }
    }
}

static double processor_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The columns of every program that does this work, then what it found: a line a figure, by its name in
 * metrics.csv (means; of conflicts and the losses: per write). */
static void figures_print(bool csv, double seconds)
{
    double writes = (double)writes_counted;

    printf(csv ? "operations,seconds,operations_per_second\n%lu,%.6f,%.0f\n"
               : "operations  seconds  operations_per_second\n%10lu  %7.3f  %21.0f\n",
           operations, seconds, (double)operations / seconds);
    printf("# read_latency_ms %.4f\n# write_latency_ms %.4f\n", histogram_mean(&latency_ns[1]) / NS_PER_MS,
           histogram_mean(&latency_ns[0]) / NS_PER_MS);
    printf("# stale_read_fraction %.5f\n# read_staleness_ms %.4f\n# read_staleness_ms_p99 %.4f\n",
           (double)stale / (double)reads, histogram_mean(&staleness_ns) / NS_PER_MS,
           histogram_percentile(&staleness_ns, 0.99) / NS_PER_MS);
    printf("# read_staleness_versions %.5f\n# replication_lag_ms %.4f\n# replication_lag_ms_p99 %.4f\n",
           histogram_mean(&versions), histogram_mean(&lag_ns) / NS_PER_MS,
           histogram_percentile(&lag_ns, 0.99) / NS_PER_MS);
    printf("# conflicts %.5f\n# lost_updates %.5f\n# skew_inversions %.5f\n", (double)conflicts / writes,
           (double)lost_updates / writes, (double)skew_inversions / writes);
}

int main(int argc, char **argv)
{
    bool csv = false;
    double wanted = 1500000;
    uint64_t seed = 1;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--csv") == 0) {
            csv = true;
        } else if (strcmp(argv[i], "--events") == 0 && i + 1 < argc) {
            wanted = strtod(argv[++i], NULL);
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = strtoull(argv[++i], NULL, 10);
        } else {
            fprintf(stderr, "usage: limit_reference [--csv] [--events OPERATIONS] [--seed N]\n");
            return 2;
        }
    }
    double start = processor_seconds(); /* georep's set-up is counted too */
    setting_open(wanted, seed);
    run();
    figures_print(csv, processor_seconds() - start);
    return 0;
}
