/* workload.c -- see workload.h. */
#include "sim/world/workload.h"

#include "sim/base/check.h"
#include "sim/base/hash.h"

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

    for (uint8_t kind = 0; kind < GEO_KINDS; kind++) {
        if (c->def->mix[kind] <= 0)
            continue;
        all += c->def->mix[kind];
        c->kind_below[c->kind_count] = all;
        c->kinds_of[c->kind_count++] = kind;
    }
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
        c->own_key_first = own_key;
        own_key += def->own_key_count > 0 ? c->def->clients : 0;
        if (c->def->keys == KEYS_ZIPFIAN || c->def->keys == KEYS_LATEST)
            c->zipf = zipf_new(def->key_count, c->def->zipf_theta);
        add_kinds(c);
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
    uint64_t n = w->def->region_count, home = key - key % n + region;

    if (home >= w->def->key_count)
        home = home >= n ? home - n : key;
    return home < w->def->key_count ? home : key;
}

static uint64_t draw_key(const struct workload *w, const struct region_clients *c, uint64_t number,
                         random_stream *s)
{
    uint64_t count = w->def->key_count;

    switch (c->def->keys) {
    case KEYS_ZIPFIAN:
        return zipf_rank(c->zipf, s);
    case KEYS_LATEST: /* by how long ago it was the newest: arrival n makes key n mod count the newest */
        return (number % count + count - zipf_rank(c->zipf, s)) % count;
    case KEYS_HOTSPOT: {
        uint64_t hot = (uint64_t)ceil(c->def->hotspot_share * (double)count);
        hot = hot < 1 ? 1 : hot > count ? count : hot;
        bool is_hot = random_unit(s) < c->def->hotspot_load || hot == count;
        return is_hot ? random_below(s, hot) : hot + random_below(s, count - hot);
    }
    default:
        return random_below(s, count);
    }
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

static uint8_t draw_kind(const struct region_clients *c, double u)
{
    uint32_t i = 0;

    while (i + 1 < c->kind_count && u >= c->kind_below[i])
        i++;
    return c->kinds_of[i]; /* the last too where shares add up to a hair less than 1 */
}

/* Only the words that something depends on are computed: a block of two costs as much as all the rest. */
static inline struct wish draw_wish(const struct workload *w, uint32_t region, uint32_t session,
                                    uint64_t number, random_stream s)
{
    const struct region_clients *c = &w->regions[region];
    const struct workload_def *def = c->def;
    uint32_t others = w->def->region_count - 1;
    struct wish wish = {.at_region = region, .session = session, .kind = draw_kind(c, random_unit(&s))};

    if (def->roam_share > 0 && others > 0 && unit_at(&s, WORD_ROAM) < def->roam_share) {
        random_seek(&s, WORD_ELSEWHERE);
        uint32_t elsewhere = (uint32_t)random_scaled(&s, others);
        wish.at_region = elsewhere + (elsewhere >= region);
    }
    if (w->def->probes.share > 0)
        wish.probes = unit_at(&s, WORD_PROBE) < w->def->probes.share;
    if (session == UINT32_MAX) {
        random_seek(&s, WORD_SESSION);
        wish.session = (uint32_t)random_scaled(&s, def->clients);
    }
    if (w->def->data == GEO_SET) {
        random_seek(&s, WORD_ITEM);
        wish.item = (uint8_t)random_scaled(&s, GEO_SET_ITEMS);
    }
    if (def->own_share > 0 && unit_at(&s, WORD_OWN) < def->own_share) {
        wish.key = c->own_key_first + wish.session;
        return wish;
    }
    random_seek(&s, others > 0 ? WORD_ELSEWHERE + 1 : WORD_ELSEWHERE);
    wish.key = draw_key(w, c, number, &s);
    if (def->local_share > 0 && unit_at(&s, WORD_LOCAL) < def->local_share)
        wish.key = at_home(w, wish.key, region);
    return wish;
}

struct wish workload_wish(const struct workload *w, uint32_t region, uint32_t session, uint64_t number)
{
    random_key key = random_key_number(w->regions[region].wish_key, session);

    return draw_wish(w, region, session, number, random_stream_new(key, number, 1));
}

static void look_ahead(struct workload *w, uint32_t region)
{
    struct region_clients *c = &w->regions[region];
    const struct distribution one = {.kind = DISTRIBUTION_EXPONENTIAL, .a = 1};

    for (uint64_t number = c->ahead_to + 1; number <= c->ahead_to + WISHES_AHEAD; number++) {
        random_stream s = random_stream_new(c->arrival_key, number, 0);
        c->work[number % WISHES_AHEAD] =
            c->def->arrivals == ARRIVALS_POISSON ? distribution_draw(&one, &s) : 1;
        c->wishes[number % WISHES_AHEAD] =
            draw_wish(w, region, UINT32_MAX, number, random_stream_new(c->wish_key, number, 0));
    }
    c->ahead_to += WISHES_AHEAD;
}

/* The region's rate is constant between the beginnings and ends of its load faults: an arrival uses up `work`
 * units of the integrated rate. */
sim_ns workload_next_arrival(struct workload *w, const struct timetable *t, uint32_t region, uint64_t number,
                             sim_ns before)
{
    const struct region_clients *c = &w->regions[region];
    sim_ns at = before;

    if (c->def->rate_per_s <= 0 || c->def->clients == 0)
        return SIM_NS_NEVER;
    if (number > c->ahead_to)
        look_ahead(w, region);
    double work = c->work[number % WISHES_AHEAD];
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
