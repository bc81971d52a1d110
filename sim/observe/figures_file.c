/* figures_file.c -- a trial's figures as bytes, so that an interrupted run can go on.
 *
 *     "GFg5" counts... distributions scalars series pairs visibility checks losses checksum
 *
 * Numbers are 8 bytes, least first; doubles as their bits; histograms in their own form, which checks itself.
 * The checksum joins all numbers. What is read may be torn, so counts are believed only as far as the bytes
 * go on. */
#include "sim/base/array.h"
#include "sim/base/hash.h"
#include "sim/observe/check.h"
#include "sim/observe/ledger.h"
#include "sim/observe/observation.h"

static const char MAGIC[4] = {'G', 'F', 'g', '5'};

struct stream {
    FILE *file;
    uint64_t hash;
    bool ok;
};

static void put(struct stream *s, uint64_t number)
{
    unsigned char bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    s->hash = hash_join(s->hash, number);
    s->ok = s->ok && fwrite(bytes, 1, 8, s->file) == 8;
}

static void put_double(struct stream *s, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    put(s, bits);
}

static void put_histogram(struct stream *s, const struct histogram *h)
{
    s->ok = s->ok && histogram_write(h, s->file);
}

static void put_breach(struct stream *s, const struct check_breach *b)
{
    put(s, b->op);
    if (b->op == 0)
        return;
    put(s, b->against);
    put(s, b->node | (uint64_t)b->lost_at << 32);
    put(s, b->fault | (uint64_t)b->loss << 32);
    put(s, (uint64_t)b->lost_time);
}

bool trial_figures_write(const struct trial_figures *f, FILE *to)
{
    struct stream s = {.file = to, .ok = fwrite(MAGIC, 1, sizeof MAGIC, to) == sizeof MAGIC};

    put(&s, f->distribution_count);
    for (const struct distribution_figure *d = f->distributions; d < f->distributions + f->distribution_count;
         d++) {
        put(&s, d->metric | (uint64_t)d->at_least << 16 | (uint64_t)(uint32_t)d->region << 32);
        put_histogram(&s, &d->values);
    }
    put(&s, f->scalar_count);
    for (const struct scalar_figure *v = f->scalars; v < f->scalars + f->scalar_count; v++) {
        put(&s, v->metric | (uint64_t)v->statistic << 16 | (uint64_t)v->at_least << 24 |
                    (uint64_t)v->undecided << 25 | (uint64_t)(uint32_t)v->region << 32);
        put_double(&s, v->value);
        put(&s, v->observations);
    }
    put(&s, f->bin_count);
    put(&s, (uint64_t)f->bin_ns);
    put(&s, f->series_count);
    for (const struct series_figure *v = f->series; f->series_count > 0 && v < f->series + f->series_count;
         v++) {
        put(&s, v->series | (uint64_t)(uint32_t)v->region << 32);
        for (uint32_t bin = 0; bin < f->bin_count; bin++) {
            put_double(&s, v->sum[bin]);
            put_double(&s, v->weight[bin]);
        }
    }
    put(&s, f->pair_count);
    for (const struct pair_figure *p = f->pairs; f->pair_count > 0 && p < f->pairs + f->pair_count; p++) {
        put(&s, p->from | (uint64_t)p->to << 16 | (uint64_t)p->at_least << 32);
        put(&s, p->messages);
        put(&s, p->bytes);
        put_histogram(&s, &p->lag_ns);
        put_histogram(&s, &p->stale_ns);
    }
    put(&s, f->visibility_count);
    for (uint32_t i = 0; i < f->visibility_count; i++) {
        put(&s, f->visibility_stale[i]);
        put(&s, f->visibility_probes[i]);
    }
    put(&s, f->check_count);
    for (uint32_t i = 0; i < f->check_count; i++) {
        put(&s, f->checks[i].check | (uint64_t)f->checks[i].holds << 8);
        put(&s, f->checks[i].violations);
        put(&s, f->checks[i].example);
        put_breach(&s, &f->checks[i].breach);
    }
    put(&s, f->loss_count);
    for (uint32_t i = 0; i < f->loss_count; i++) {
        const struct loss_figure *one = &f->losses[i];
        put(&s, one->operation);
        put(&s, one->winner);
        put(&s, one->key);
        put(&s, (uint64_t)one->time);
        put(&s,
            one->node | (uint64_t)one->cause << 32 | (uint64_t)one->skew << 40 | (uint64_t)one->causal << 41);
    }
    put(&s, f->events);
    put(&s, f->operations);
    put(&s, (uint64_t)f->end_ns);
    put(&s, s.hash);
    return s.ok;
}

static uint64_t get(struct stream *s)
{
    unsigned char bytes[8];
    uint64_t number = 0;

    s->ok = s->ok && fread(bytes, 1, 8, s->file) == 8;
    if (!s->ok)
        return 0;
    for (int i = 0; i < 8; i++)
        number |= (uint64_t)bytes[i] << (8 * i);
    s->hash = hash_join(s->hash, number);
    return number;
}

static double get_double(struct stream *s)
{
    uint64_t bits = get(s);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static void get_histogram(struct stream *s, struct histogram *h)
{
    s->ok = s->ok && histogram_read(h, s->file);
}

static void get_distributions(struct stream *s, struct trial_figures *f)
{
    ARRAY(struct distribution_figure) all = {0};
    uint64_t count = get(s);

    for (uint64_t i = 0; i < count && s->ok; i++) {
        uint64_t head = get(s);
        struct distribution_figure *d = array_add(&all);
        d->metric = (uint16_t)head;
        d->at_least = (head >> 16 & 1) != 0;
        d->region = (int32_t)(head >> 32);
        get_histogram(s, &d->values);
        s->ok = s->ok && d->metric < METRICS;
    }
    f->distributions = all.items;
    f->distribution_count = (uint32_t)all.count;
}

static void get_scalars(struct stream *s, struct trial_figures *f)
{
    ARRAY(struct scalar_figure) all = {0};
    uint64_t count = get(s);

    for (uint64_t i = 0; i < count && s->ok; i++) {
        uint64_t head = get(s);
        struct scalar_figure *v = array_add(&all);
        v->metric = (uint16_t)head;
        v->statistic = (uint8_t)(head >> 16);
        v->at_least = (head >> 24 & 1) != 0;
        v->undecided = (head >> 25 & 1) != 0;
        v->region = (int32_t)(head >> 32);
        v->value = get_double(s);
        v->observations = get(s);
        s->ok = s->ok && v->metric < METRICS && v->statistic < STATISTICS;
    }
    f->scalars = all.items;
    f->scalar_count = (uint32_t)all.count;
}

/* Bins come two numbers each: a torn count is found out before much memory is asked for. */
static void get_bins(struct stream *s, struct series_figure *v, uint64_t bins)
{
    ARRAY(double) sum = {0}, weight = {0};

    for (uint64_t bin = 0; bin < bins && s->ok; bin++) {
        *array_add(&sum) = get_double(s);
        *array_add(&weight) = get_double(s);
    }
    v->sum = sum.items;
    v->weight = weight.items;
}

static void get_series(struct stream *s, struct trial_figures *f)
{
    ARRAY(struct series_figure) all = {0};
    uint64_t bins = get(s);

    f->bin_ns = (sim_ns)get(s);
    uint64_t count = get(s);
    s->ok = s->ok && bins <= UINT32_MAX;
    for (uint64_t i = 0; i < count && s->ok; i++) {
        uint64_t head = get(s);
        struct series_figure *v = array_add(&all);
        v->series = (uint8_t)head;
        v->region = (int32_t)(head >> 32);
        get_bins(s, v, bins);
        s->ok = s->ok && v->series < SERIES;
    }
    f->bin_count = (uint32_t)bins;
    f->series = all.items;
    f->series_count = (uint32_t)all.count;
}

static void get_pairs(struct stream *s, struct trial_figures *f)
{
    ARRAY(struct pair_figure) all = {0};
    uint64_t count = get(s);

    for (uint64_t i = 0; i < count && s->ok; i++) {
        uint64_t head = get(s);
        struct pair_figure *p = array_add(&all);
        p->from = (uint16_t)head;
        p->to = (uint16_t)(head >> 16);
        p->at_least = (head >> 32 & 1) != 0;
        p->messages = get(s);
        p->bytes = get(s);
        get_histogram(s, &p->lag_ns);
        get_histogram(s, &p->stale_ns);
    }
    f->pairs = all.items;
    f->pair_count = (uint32_t)all.count;
}

static void get_visibility(struct stream *s, struct trial_figures *f)
{
    ARRAY(uint64_t) stale = {0}, probes = {0};
    uint64_t count = get(s);

    for (uint64_t i = 0; i < count && s->ok; i++) {
        *array_add(&stale) = get(s);
        *array_add(&probes) = get(s);
    }
    f->visibility_stale = stale.items;
    f->visibility_probes = probes.items;
    f->visibility_count = (uint32_t)stale.count;
}

static void get_breach(struct stream *s, struct check_breach *b)
{
    b->op = get(s);
    if (b->op == 0)
        return;
    b->against = get(s);
    uint64_t places = get(s), how = get(s);
    b->lost_time = (sim_ns)get(s);
    b->node = (uint32_t)places;
    b->lost_at = (uint32_t)(places >> 32);
    b->fault = (uint32_t)how;
    b->loss = (uint8_t)(how >> 32);
    s->ok = s->ok && b->loss <= LOST_BY_ROLLBACK;
}

static void get_checks(struct stream *s, struct trial_figures *f)
{
    ARRAY(struct check_figure) all = {0};
    uint64_t count = get(s);

    s->ok = s->ok && count <= GEO_CHECKS;
    for (uint64_t i = 0; i < count && s->ok; i++) {
        uint64_t head = get(s);
        struct check_figure *c = array_add(&all);
        c->check = (uint8_t)head;
        c->holds = (uint8_t)(head >> 8);
        c->violations = get(s);
        c->example = get(s);
        get_breach(s, &c->breach);
        s->ok = s->ok && c->check < GEO_CHECKS && c->holds <= CHECK_UNDECIDED;
    }
    f->checks = all.items;
    f->check_count = (uint32_t)all.count;
}

static void get_losses(struct stream *s, struct trial_figures *f)
{
    ARRAY(struct loss_figure) all = {0};
    uint64_t count = get(s);

    for (uint64_t i = 0; i < count && s->ok; i++) {
        struct loss_figure *one = array_add(&all);
        one->operation = get(s);
        one->winner = get(s);
        one->key = get(s);
        one->time = (sim_ns)get(s);
        uint64_t tail = get(s);
        one->node = (uint32_t)tail;
        one->cause = (uint8_t)(tail >> 32);
        one->skew = (tail >> 40 & 1) != 0;
        one->causal = (tail >> 41 & 1) != 0;
        s->ok = s->ok && one->cause < LOSS_CAUSES;
    }
    f->losses = all.items;
    f->loss_count = (uint32_t)all.count;
}

struct trial_figures *trial_figures_read(FILE *from)
{
    struct stream s = {.file = from, .ok = true};
    struct trial_figures *f = memory_new(1, sizeof *f);
    char magic[sizeof MAGIC];

    s.ok = fread(magic, 1, sizeof magic, from) == sizeof magic && memcmp(magic, MAGIC, sizeof magic) == 0;
    get_distributions(&s, f);
    get_scalars(&s, f);
    get_series(&s, f);
    get_pairs(&s, f);
    get_visibility(&s, f);
    get_checks(&s, f);
    get_losses(&s, f);
    f->events = get(&s);
    f->operations = get(&s);
    f->end_ns = (sim_ns)get(&s);
    uint64_t hash = s.hash;
    if (get(&s) == hash && s.ok)
        return f;
    trial_figures_free(f);
    return NULL;
}
