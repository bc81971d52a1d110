/* check_batch.c -- a live history comes to the checks by the batch or one record after another: they say the
 * same of it. Of sessions that come one by one and have several operations open, with reads that are stale
 * now and then, writes that time out, attempts under a new identity, and probes. */
#include "sim/base/hash.h"
#include "sim/observe/check.h"

#include <criterion/criterion.h>
#include <string.h>

enum { REGIONS = 3, OPEN = 24, KEYS = 5, PAST = 3, RECORDS = 6000 };

static const uint16_t node_region[] = {0, 1, 2};
static const uint32_t first_node[] = {0, 1, 2}, node_count[] = {1, 1, 1};
static const char *const names[] = {"a", "b", "c"};
static const struct history_setting setting = {
    .region_count = REGIONS,
    .node_count = REGIONS,
    .region_names = names,
    .node_region = node_region,
    .region_first_node = first_node,
    .region_node_count = node_count,
    .placement = PLACEMENT_PER_REGION,
    .data = GEO_REGISTER,
    .key_count = KEYS,
    .duration = 1000,
    .limit = 1000,
};

struct open {
    uint64_t op, key;
    uint8_t kind;
    bool is_probe;
};

struct run {
    uint64_t luck, count, stale_per_thousand, sessions; /* sessions: at most, of a region */
    uint64_t values[KEYS][PAST];                        /* the newest last */
    struct open open[OPEN];                             /* .op 0: none */
    sim_ns time;
    struct history *history;
};

static uint64_t draw(struct run *r, uint64_t below)
{
    r->luck = hash_mix(r->luck);
    return (r->luck >> 11) % below;
}

static void note(struct run *r, struct history_record record)
{
    record.time = ++r->time;
    history_append(r->history, &record);
}

static void begins(struct run *r, struct open *o)
{
    uint64_t met = 1 + r->count / 40, region = draw(r, REGIONS);

    *o = (struct open){
        .key = draw(r, KEYS), .kind = draw(r, 3) == 0 ? GEO_WRITE : GEO_READ, .is_probe = draw(r, 30) == 0};
    o->op = region << 48 | (uint64_t)o->is_probe << 47 | ++r->count << 8;
    note(r, (struct history_record){
                .kind = HISTORY_BEGIN,
                .op = o->op,
                .key = o->key,
                .begin = {.session = (uint32_t)draw(r, met < r->sessions ? met : r->sessions),
                          .region = (uint16_t)region,
                          .op_kind = o->kind,
                          .is_probe = o->is_probe}});
}

static void write_acts(struct run *r, const struct open *o)
{
    uint64_t *values = r->values[o->key];

    memmove(values, values + 1, (PAST - 1) * sizeof *values);
    values[PAST - 1] = o->op;
}

static void tries_again(struct run *r, struct open *o)
{
    uint64_t of = o->op;

    o->op += draw(r, 2);
    note(r, (struct history_record){
                .kind = HISTORY_RETRY, .op = o->op, .key = o->key, .retry = {.of = of, .attempt = 1}});
}

static void ends(struct run *r, struct open *o)
{
    uint64_t back = draw(r, 1000) < r->stale_per_thousand ? draw(r, PAST) : 0;
    struct history_record record = {
        .kind = HISTORY_END, .op = o->op, .key = o->key, .end = {.op_kind = o->kind}};

    record.end.outcome = draw(r, 20) == 0 ? OUTCOME_TIMEOUT : OUTCOME_OK;
    if (o->kind == GEO_READ)
        record.end.write = r->values[o->key][PAST - 1 - back];
    else if (!o->is_probe && (record.end.outcome == OUTCOME_OK || draw(r, 2) == 0))
        write_acts(r, o);
    note(r, record);
    o->op = 0;
}

/* Of the history that this seed makes. */
static void judge(uint64_t seed, bool gathers, uint32_t checks, struct check_verdict v[GEO_CAUSAL + 1])
{
    struct run r = {.luck = seed + 1, .stale_per_thousand = seed % 7 * 15, .sessions = 2 + seed % 40};
    uint64_t steps = 600 + seed * 37 % RECORDS;

    r.history = history_new();
    if (gathers)
        history_gather(r.history);
    struct checks *c = checks_new_of(&setting, r.history, checks);
    for (uint64_t i = 0; i < steps; i++) {
        struct open *o = &r.open[draw(&r, seed % 2 == 0 ? OPEN : 6)];
        if (o->op == 0)
            begins(&r, o);
        else if (o->kind == GEO_WRITE && draw(&r, 400) == 0)
            tries_again(&r, o);
        else
            ends(&r, o);
    }
    history_flush(r.history);
    checks_finish(c);
    for (int check = 0; check <= GEO_CAUSAL; check++)
        checks_verdict(c, (enum geo_check)check, &v[check]);
    checks_free(c);
    history_free(r.history);
}

Test(check_batch, by_the_batch_or_one_after_another_they_say_the_same)
{
    static const uint32_t checks[] = {1u << GEO_LINEARIZABLE, 1u << GEO_LINEARIZABLE | 1u << GEO_CAUSAL,
                                      UINT32_MAX};
    uint64_t broken[GEO_CAUSAL + 1] = {0};

    for (uint64_t seed = 0; seed < 300; seed++) {
        uint32_t of = checks[seed % 3];
        struct check_verdict at_once[GEO_CAUSAL + 1], one_by_one[GEO_CAUSAL + 1];
        judge(seed, true, of, at_once);
        judge(seed, false, of, one_by_one);
        for (int check = 0; check <= GEO_CAUSAL; check++) {
            const struct check_verdict *a = &at_once[check], *b = &one_by_one[check];
            cr_assert(a->holds == b->holds && a->violations == b->violations && a->example == b->example &&
                          strcmp(a->why, b->why) == 0,
                      "seed %llu, check %d: %d, %llu: %s; one by one %d, %llu: %s", (unsigned long long)seed,
                      check, a->holds, (unsigned long long)a->violations, a->why, b->holds,
                      (unsigned long long)b->violations, b->why);
            broken[check] += a->holds == CHECK_BROKEN;
        }
    }
    cr_expect(broken[GEO_LINEARIZABLE] > 50 && broken[GEO_CAUSAL] > 20, "%llu, %llu",
              (unsigned long long)broken[GEO_LINEARIZABLE], (unsigned long long)broken[GEO_CAUSAL]);
}
