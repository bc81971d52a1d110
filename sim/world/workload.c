/* workload.c -- see workload.h. */
#include "sim/world/workload.h"

#include "sim/base/check.h"
#include "sim/base/hash.h"
#include "sim/base/hot.h"

#include <math.h>
#include <stdlib.h>

static void add_read_shares(struct workload *w)
{
    uint32_t n = w->def->region_count;
    double all = 0;

    w->read_share = memory_new(n, sizeof *w->read_share);
    for (uint32_t g = 0; g < n; g++) {
        const struct workload_def *def = w->regions[g].def;
        double load = def->clients == 0                  ? 0
                      : def->arrivals == ARRIVALS_CLOSED ? (double)def->clients
                                                         : def->rate_per_s;
        all += load * def->mix[GEO_READ];
        w->read_share[g] = all;
    }
    for (uint32_t g = 0; g < n; g++)
        w->read_share[g] = all > 0 ? w->read_share[g] / all : (double)(g + 1) / n;
}

static void add_kinds(struct region_clients *c)
{
    double all = 0;
    uint32_t count = 0;

    for (uint32_t kind = 0; kind < GEO_KINDS; kind++) {
        if (c->def->mix[kind] <= 0)
            continue;
        all += c->def->mix[kind];
        c->kind_below[count] = (uint64_t)ceil(all * 0x1p53);
        c->kinds_of[count++] = (uint8_t)kind;
    }
    for (uint32_t i = count > 0 ? count - 1 : 0; i < GEO_KINDS; i++)
        c->kind_below[i] = UINT64_MAX; /* the last's too: shares may add up to a hair less than 1 */
}

uint32_t workload_target(const struct world_def *def, const struct geography *p, uint32_t client, uint32_t at)
{
    uint32_t route_to = def->regions[client].workload.route_to, target = route_to != client ? route_to : at;

    return p->region_node_count[target] > 0 ? target : def->regions[target].workload.route_to;
}

void workload_open(struct workload *w, const struct world_def *def, const struct geography *p)
{
    uint64_t own_key = def->key_count;

    *w = (struct workload){.def = def, .regions = memory_new(def->region_count, sizeof *w->regions)};
    w->probe_key = random_key_new(p->seed, p->replication, "probe");
    for (uint32_t g = 0; g < def->region_count; g++) {
        struct region_clients *c = &w->regions[g];
        c->def = &def->regions[g].workload;
        c->arrival_key = place_key_region(p, "arrival", g);
        c->wish_key = place_key_region(p, "wish", g);
        c->sessions = memory_new(c->def->clients, sizeof *c->sessions);
        c->home = workload_target(def, p, g, g);
        c->home_node = p->region_node_count[c->home] == 1 ? p->region_first_node[c->home] : UINT32_MAX;
        c->own_key_first = own_key;
        own_key += def->own_key_count > 0 ? c->def->clients : 0;
        if (c->def->keys == KEYS_ZIPFIAN || c->def->keys == KEYS_LATEST)
            c->zipf = zipf_new(def->key_count, c->def->zipf_theta);
        add_kinds(c);
        for (uint32_t i = 0; i < WISHES_AHEAD; i++)
            c->work[i] = 1; /* unless it is drawn */
        c->has_rest = c->def->roam_share > 0 || c->def->own_share > 0 || c->def->local_share > 0 ||
                      def->probes.share > 0 || def->data == GEO_SET;
    }
    add_read_shares(w);
}

void workload_close(struct workload *w)
{
    for (uint32_t g = 0; g < w->def->region_count; g++) {
        zipf_free(w->regions[g].zipf);
        free(w->regions[g].sessions);
    }
    free(w->regions);
    free(w->read_share);
}

sim_ns workload_think(const struct workload *w, uint32_t region, uint32_t session, uint64_t number)
{
    const struct region_clients *c = &w->regions[region];
    random_stream s = random_stream_new(random_key_number(c->arrival_key, session), number, 1);
    sim_ns think = distribution_draw_ns(c->def->think, &s);

    return think > 0 ? think : 0;
}

/* The nearest key below or at `key` whose home is the region: key k is at home in region k mod regions. */
static uint64_t at_home(const struct workload *w, uint64_t key, uint32_t region)
{
    uint64_t n = w->def->region_count;

    CHECK(n > 0);
    uint64_t home = key - key % n + region;
    if (home >= w->def->key_count)
        home = home >= n ? home - n : key;
    return home < w->def->key_count ? home : key;
}

static uint64_t draw_hotspot(const struct workload_def *def, uint64_t count, random_stream *s)
{
    uint64_t hot = (uint64_t)ceil(def->hotspot_share * (double)count);

    hot = hot < 1 ? 1 : hot > count ? count : hot;
    bool is_hot = random_unit(s) < def->hotspot_load || hot == count;
    return is_hot ? random_below(s, hot) : hot + random_below(s, count - hot);
}

/* The words of an operation's stream, always in the same places, so that what is set for one of them changes
 * none of the others; the key, which may take any number of words, comes last. Elsewhere is drawn only where
 * there are other regions. */
enum { WORD_KIND, WORD_ROAM, WORD_PROBE, WORD_LOCAL, WORD_OWN, WORD_SESSION, WORD_ITEM, WORD_ELSEWHERE };

static double unit_at(random_stream *s, uint32_t word)
{
    random_seek(s, word);
    return random_unit(s);
}

/* random_unit_of the word is compared with the shares, both times 2^53. */
static uint8_t draw_kind(const struct region_clients *c, uint64_t word)
{
    uint64_t u = word >> 11 | 1;
    uint32_t kind = 0;

    for (uint32_t i = 0; i + 1 < GEO_KINDS; i++)
        kind += u >= c->kind_below[i]; /* they rise: no branch on chance */
    return c->kinds_of[kind];
}

/* Keys that nothing is gained for by drawing them together. */
static APART void draw_each_key(const struct workload *w, const struct region_clients *c, random_key key,
                                uint64_t number, uint32_t b, uint32_t word, uint32_t count, uint64_t *keys)
{
    uint64_t key_count = w->def->key_count;

    for (uint32_t i = 0; i < count; i++) {
        random_stream s = random_stream_new(key, number + i, b);
        random_seek(&s, word);
        keys[i] =
            c->def->keys == KEYS_HOTSPOT ? draw_hotspot(c->def, key_count, &s) : random_below(&s, key_count);
    }
}

/* A key by how long ago it was the newest: arrival n makes key n mod `key_count` the newest. */
static APART void keys_of_ages(uint64_t key_count, uint64_t number, uint32_t count, uint64_t *keys)
{
    for (uint32_t i = 0; i < count; i++)
        keys[i] = ((number + i) % key_count + key_count - keys[i]) % key_count;
}

/* Keys of the operations `number`, `number` + 1, .., whose streams are (key, number, b). */
static void draw_keys(const struct workload *w, const struct region_clients *c, random_key key,
                      uint64_t number, uint32_t b, uint32_t count, uint64_t *keys)
{
    uint32_t word = w->def->region_count > 1 ? WORD_ELSEWHERE + 1 : WORD_ELSEWHERE;

    if (c->zipf == NULL) {
        draw_each_key(w, c, key, number, b, word, count, keys);
        return;
    }
    zipf_ranks(c->zipf, key, number, b, word, count, keys);
    if (c->def->keys == KEYS_LATEST)
        keys_of_ages(w->def->key_count, number, count, keys);
}

/* What few workloads have: the words are computed where something depends on them. */
static APART void add_rest(const struct workload *w, uint32_t region, random_stream s, struct wish *wish)
{
    const struct region_clients *c = &w->regions[region];
    const struct workload_def *def = c->def;
    uint32_t others = w->def->region_count - 1;

    if (def->roam_share > 0 && others > 0 && unit_at(&s, WORD_ROAM) < def->roam_share) {
        random_seek(&s, WORD_ELSEWHERE);
        uint32_t elsewhere = (uint32_t)random_scaled(random_u64(&s), others);
        wish->at_region = elsewhere + (elsewhere >= region);
    }
    if (w->def->probes.share > 0)
        wish->probes = unit_at(&s, WORD_PROBE) < w->def->probes.share;
    if (w->def->data == GEO_SET) {
        random_seek(&s, WORD_ITEM);
        wish->item = (uint8_t)random_scaled(random_u64(&s), GEO_SET_ITEMS);
    }
    if (def->own_share > 0 && unit_at(&s, WORD_OWN) < def->own_share)
        wish->key = c->own_key_first + wish->session;
    else if (def->local_share > 0 && unit_at(&s, WORD_LOCAL) < def->local_share)
        wish->key = at_home(w, wish->key, region);
}

/* Operations `number`, `number` + 1, .., `count` of them (at most WISHES_AHEAD), of the streams (key, number,
 * b) into `wishes`; `session` UINT32_MAX: it is drawn. Loops are kept small, here and where else it says so:
 * unrolled, they push other code out of the first cache. */
static void draw_wishes(const struct workload *w, uint32_t region, uint32_t session, random_key key,
                        uint64_t number, uint32_t b, uint32_t count, struct wish *wishes)
{
    const struct region_clients *c = &w->regions[region];
    struct random_pair kinds[WISHES_AHEAD], sessions[WISHES_AHEAD];
    uint64_t keys[WISHES_AHEAD];

    random_blocks(key, number, b, WORD_KIND / 2, count, kinds);
    if (session == UINT32_MAX)
        random_blocks(key, number, b, WORD_SESSION / 2, count, sessions);
    draw_keys(w, c, key, number, b, count, keys);
#pragma GCC unroll 1
    for (uint32_t i = 0; i < count; i++)
        wishes[i] = (struct wish){
            .key = keys[i], .session = session, .at_region = region, .kind = draw_kind(c, kinds[i].first)};
#pragma GCC unroll 1
    for (uint32_t i = 0, clients = c->def->clients; session == UINT32_MAX && i < count; i++)
        wishes[i].session = (uint32_t)random_scaled(sessions[i].second, clients);
    for (uint32_t i = 0; c->has_rest && i < count; i++)
        add_rest(w, region, random_stream_new(key, number + i, b), &wishes[i]);
}

struct wish workload_wish(const struct workload *w, uint32_t region, uint32_t session, uint64_t number)
{
    struct wish wish;

    draw_wishes(w, region, session, random_key_number(w->regions[region].wish_key, session), number, 1, 1,
                &wish);
    return wish;
}

/* An arrival's time from the one before, at a rate that nothing changes. */
static sim_ns gap_of(double work, double rate)
{
    double gap_ns = work * 1e9 / rate;

    return gap_ns < 9e18 ? (sim_ns)llrint(gap_ns) : SIM_NS_NEVER;
}

void workload_look_ahead(struct workload *w, uint32_t region)
{
    struct region_clients *c = &w->regions[region];
    uint64_t number = c->ahead_to + 1;
    bool comes = c->def->rate_per_s > 0 && c->def->clients > 0;

    if (comes)
        draw_wishes(w, region, UINT32_MAX, c->wish_key, number, 0, WISHES_AHEAD, c->wishes);
    if (comes && c->def->arrivals == ARRIVALS_POISSON)
        exponential_draws(c->arrival_key, number, 0, WISHES_AHEAD, c->work);
#pragma GCC unroll 1
    for (uint32_t i = 0; i < WISHES_AHEAD; i++)
        c->gaps[i] = comes ? gap_of(c->work[i], c->def->rate_per_s) : SIM_NS_NEVER;
    c->ahead_to += WISHES_AHEAD;
}

/* The region's rate is constant between the beginnings and ends of its load faults: an arrival uses up `work`
 * units of the integrated rate. */
sim_ns workload_changing_arrival(const struct region_clients *c, const struct timetable *t, uint32_t region,
                                 uint64_t number, sim_ns before)
{
    double work = c->work[(number - 1) % WISHES_AHEAD];
    sim_ns at = before;

    if (c->def->rate_per_s <= 0 || c->def->clients == 0)
        return SIM_NS_NEVER;
    for (;;) {
        sim_ns until;
        double rate = c->def->rate_per_s * timetable_load(t, region, at, &until);
        double gap_ns = rate > 0 ? work * 1e9 / rate : INFINITY;
        if (until == SIM_NS_NEVER || gap_ns <= (double)(until - at))
            return gap_ns < 9e18 - (double)at ? at + (sim_ns)llrint(gap_ns) : SIM_NS_NEVER;
        work -= (double)(until - at) * rate / 1e9;
        at = until;
    }
}

uint32_t workload_probe_region(const struct workload *w, uint64_t luck, uint32_t index)
{
    random_stream s = random_stream_new(w->probe_key, luck, index);
    double u = random_unit(&s);

    for (uint32_t g = 0; g < w->def->region_count; g++)
        if (u < w->read_share[g])
            return g;
    return w->def->region_count - 1;
}

/* Of a region. A client of closed arrivals thinks, then waits for an answer: that is guessed at 50 ms, and
 * kept from nothing. */
static double operations_per_s(const struct workload_def *w)
{
    if (w->clients == 0)
        return 0;
    if (w->arrivals != ARRIVALS_CLOSED)
        return w->rate_per_s;
    double think_s = w->think != NULL ? distribution_mean(w->think) / 1e9 : 0;
    return (double)w->clients / (think_s + 0.05);
}

double world_def_operations(const struct world_def *world)
{
    double per_s = 0;

    for (uint32_t r = 0; r < world->region_count; r++)
        per_s += operations_per_s(&world->regions[r].workload);
    return per_s * (double)world->duration_ns / 1e9;
}

double world_def_writes(const struct world_def *world)
{
    double per_s = 0;

    for (uint32_t r = 0; r < world->region_count; r++) {
        const struct workload_def *w = &world->regions[r].workload;
        per_s += operations_per_s(w) * (1 - w->mix[GEO_READ]);
    }
    return per_s * (double)world->duration_ns / 1e9;
}
