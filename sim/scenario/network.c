/* network.c -- the links between the regions: a preset, a matrix or one distribution for all, then the
 * exceptions.
 *
 * A directed pair gets what the general part says, then each of `links` that names it, in order. Only then is
 * a pair without a delay an error: exceptions may fill what a matrix leaves blank.
 *
 * A link's median round trip is the sum of both directions' medians, delay and jitter: for a round trip of
 * both directions alike that is median(rtt) + 2 median(jitter), exact for constants. */
#include "sim/scenario/reading.h"

#include "sim/scenario/csv.h"

#include <math.h>
#include <stdio.h>
#include <strings.h>

struct network_reading {
    struct reading *r;
    struct world_def *w;
    const struct network_setting *s;
};

static struct link_def *link_at(const struct world_def *w, uint32_t from, uint32_t to)
{
    return &w->links[from * w->region_count + to];
}

static const char *preset_path(const struct reading *r, const struct csv *presets, const char *name,
                               const char *kind)
{
    for (size_t i = 1; i < presets->row_count; i++) {
        const struct csv_cell *preset = csv_at(presets, i, 0), *of = csv_at(presets, i, 1),
                              *file = csv_at(presets, i, 2);
        if (file != NULL && strcmp(preset->text, name) == 0 && strcmp(of->text, kind) == 0)
            return arena_format(r->memory, "%s/data/%s", scenario_data_folder(), file->text);
    }
    return NULL;
}

/* The matrix that a preset or a file names; NULL after an error. */
static struct csv *matrix_read(struct reading *r, const struct node *n, const char *kind)
{
    const char *names[64];
    size_t count = 0;

    if (strchr(n->text, '/') != NULL || strchr(n->text, '.') != NULL) {
        char *path = node_path(r, n);
        struct csv *csv = reading_csv(r, path, n);
        free(path);
        return csv;
    }
    struct csv *presets =
        reading_csv(r, arena_format(r->memory, "%s/data/presets.csv", scenario_data_folder()), n);
    if (presets == NULL)
        return NULL;
    const char *path = preset_path(r, presets, n->text, kind);
    if (path != NULL)
        return reading_csv(r, path, n);
    for (size_t i = 1; i < presets->row_count && count < 64; i++)
        if (csv_at(presets, i, 1) != NULL && strcmp(csv_at(presets, i, 1)->text, kind) == 0)
            names[count++] = csv_at(presets, i, 0)->text;
    reading_error(r, n, "there is no preset %s; %s (a matrix of your own is named with its .csv)",
                  node_what(n), reading_hint(r, n->text, names, count, "presets"));
    return NULL;
}

static void cell_error(struct reading *r, const struct csv *csv, const struct csv_cell *cell,
                       const char *text)
{
    struct node at = {.kind = NODE_SCALAR, .at = csv_place(csv, cell), .text = cell->text};

    reading_error(r, &at, "%s", text);
}

/* The number in the matrix from one region to another, NAN where it has none. Unit: what a bare number means
 * there. */
static double matrix_entry(struct reading *r, const struct csv *csv, const char *from, const char *to,
                           const char *unit, enum quantity q)
{
    size_t row = 0, column = 0;
    char text[128], why[QUANTITY_WHY_BYTES];
    double value;

    for (size_t i = 1; i < csv->row_count && row == 0; i++)
        row = strcmp(csv_at(csv, i, 0)->text, from) == 0 ? i : 0;
    for (size_t i = 1; i < csv->rows[0].count && column == 0; i++)
        column = strcmp(csv_at(csv, 0, i)->text, to) == 0 ? i : 0;
    const struct csv_cell *cell = row > 0 && column > 0 ? csv_at(csv, row, column) : NULL;
    if (cell == NULL || cell->text[0] == '\0')
        return NAN;
    if (number_length(cell->text) != strlen(cell->text) || strlen(cell->text) > 60) {
        snprintf(why, sizeof why, "`%.40s` is not a number: a cell is %s", cell->text,
                 q == QUANTITY_TIME ? "a round trip in ms" : "a price in USD per GB");
        cell_error(r, csv, cell, why);
        return 0;
    }
    snprintf(text, sizeof text, "%s%s", cell->text, unit);
    if (!quantity_read(q, text, false, &value, why)) {
        cell_error(r, csv, cell, why);
        return 0;
    }
    return value;
}

static void matrix_check(struct reading *r, const struct csv *csv)
{
    for (size_t i = 1; i < csv->row_count && !reading_flooded(r); i++)
        if (csv->rows[i].count > csv->rows[0].count)
            cell_error(r, csv, csv_at(csv, i, 0), "this row of the matrix has more cells than its header");
}

static bool is_quantity(const struct node *n)
{
    return n->kind == NODE_SCALAR && number_length(n->text) > 0;
}

static bool is_odd(const char *text)
{
    return strcasecmp(text, "inf") == 0 || strcasecmp(text, "nan") == 0 || strcasecmp(text, ".inf") == 0 ||
           strcasecmp(text, ".nan") == 0;
}

static void rtt_build(struct network_reading *b)
{
    const struct node *n = b->s->rtt;
    const struct world_def *w = b->w;

    if (n == NULL)
        return;
    bool bare =
        n->kind == NODE_SCALAR && (strstr(n->text, ".csv") != NULL || (!is_quantity(n) && !is_odd(n->text)));
    if (!bare || n->text[0] == '\0') {
        const struct distribution *d = distribution_read(b->r, n, QUANTITY_TIME, false);
        for (uint32_t i = 0; i < w->region_count * w->region_count; i++)
            w->links[i].delay = d;
        return;
    }
    struct csv *csv = matrix_read(b->r, n, "rtt");
    if (csv == NULL)
        return;
    matrix_check(b->r, csv);
    for (uint32_t from = 0; from < w->region_count; from++)
        for (uint32_t to = 0; to < w->region_count; to++) {
            double ns = from != to ? matrix_entry(b->r, csv, w->regions[from].name, w->regions[to].name, "ms",
                                                  QUANTITY_TIME)
                                   : NAN;
            if (!isnan(ns))
                link_at(w, from, to)->delay = distribution_constant(b->r, rint(ns));
        }
}

bool link_ends_read(struct reading *r, const struct node *n, bool *both, uint32_t *from, uint32_t *to)
{
    const struct node *between = node_get(n, "between"), *source = node_get(n, "from"),
                      *destination = node_get(n, "to");
    bool good = true;

    *both = between != NULL;
    if (between != NULL && (source != NULL || destination != NULL)) {
        reading_error(r, between, "give `between` for both directions, or `from` and `to` for one, not both");
        return false;
    }
    if (between != NULL && (between->kind != NODE_LIST || between->count != 2)) {
        reading_error(r, between, "`between` is a list of two regions");
        return false;
    }
    if (between != NULL) {
        source = between->items[0];
        destination = between->items[1];
    }
    if (source == NULL || destination == NULL) {
        reading_error(
            r, n, "which link? Give `between: [A, B]` for both directions, or `from: A` and `to: B` for one");
        return false;
    }
    good = region_find(r, source, from, false) && good;
    good = region_find(r, destination, to, false) && good;
    if (good && *from == *to) {
        reading_error(r, destination, "a link joins two regions, not %s with itself", node_what(destination));
        good = false;
    }
    return good;
}

static void loss_set(struct link_def *link, const struct loss_setting *loss)
{
    link->loss = loss->kind == 0 ? loss->share : 0;
    link->bursts = (struct gilbert_elliott_def){0};
    if (loss->kind != 0)
        link->bursts = (struct gilbert_elliott_def){.on = true,
                                                    .to_bad_per_s = loss->bursts.to_bad,
                                                    .to_good_per_s = loss->bursts.to_good,
                                                    .good = loss->bursts.good,
                                                    .bad = loss->bursts.bad};
}

static void link_change(struct link_def *link, const struct node *n, const struct link_setting *s)
{
    if (node_get(n, "rtt") != NULL || node_get(n, "delay") != NULL) {
        link->delay = s->rtt != NULL ? s->rtt : s->delay;
        link->delay_is_round_trip = s->rtt != NULL;
    }
    if (node_get(n, "jitter") != NULL)
        link->jitter = s->jitter;
    if (node_get(n, "loss") != NULL)
        loss_set(link, &s->loss);
    if (node_get(n, "duplicate") != NULL)
        link->duplicate = s->duplicate;
    if (node_get(n, "bandwidth") != NULL)
        link->bandwidth_bits_per_s = s->bandwidth;
}

static void links_build(struct network_reading *b)
{
    const struct node *list = b->s->links;

    if (list != NULL && list->kind != NODE_LIST)
        reading_error(b->r, list, "`links` is a list of maps, not %s", node_what(list));
    for (uint32_t i = 0; list != NULL && list->kind == NODE_LIST && i < list->count; i++) {
        const struct node *n = list->items[i];
        struct link_setting s = {0};
        bool both;
        uint32_t from, to;
        map_read(b->r, n, n, "links", link_keys, &s);
        if (n->kind != NODE_MAP)
            continue;
        if (node_get(n, "rtt") != NULL && node_get(n, "delay") != NULL)
            reading_error(b->r, node_get(n, "delay"),
                          "give `rtt` (a round trip) or `delay` (one way), not both");
        if (!link_ends_read(b->r, n, &both, &from, &to))
            continue;
        link_change(link_at(b->w, from, to), n, &s);
        if (both)
            link_change(link_at(b->w, to, from), n, &s);
    }
}

static void missing_check(struct network_reading *b, const struct node *node)
{
    const struct world_def *w = b->w;
    const struct node *rtt = b->s->rtt;

    for (uint32_t from = 0; from < w->region_count; from++)
        for (uint32_t to = 0; to < w->region_count; to++) {
            const char *a = w->regions[from].name, *c = w->regions[to].name;
            if (from == to || link_at(w, from, to)->delay != NULL)
                continue;
            if (rtt == NULL) {
                reading_error(
                    b->r, node,
                    "`network.rtt` is missing: how far is it from %s to %s? Name a preset (aws, gcp, "
                    "azure), a CSV matrix, or a time",
                    a, c);
                return;
            }
            reading_error(b->r, rtt, "%s has no round trip from %s to %s: add it there, or as one of `links`",
                          node_what(rtt), a, c);
        }
}

/* A price for every pair from `n`: a quantity, a preset or a matrix. */
static void price_general(struct network_reading *b, const struct node *n)
{
    const struct world_def *w = b->w;
    double price = 0;
    struct csv *csv = NULL;

    if (!scalar_read(b->r, n, "a price such as 0.02 USD/GB, or a preset such as aws,"))
        return;
    if (is_quantity(n) ? !quantity_node_read(b->r, n, QUANTITY_PRICE, false, &price)
                       : (csv = matrix_read(b->r, n, "price")) == NULL)
        return;
    for (uint32_t from = 0; from < w->region_count; from++)
        for (uint32_t to = 0; to < w->region_count; to++) {
            double own = csv == NULL  ? price
                         : from == to ? 0
                                      : matrix_entry(b->r, csv, w->regions[from].name, w->regions[to].name,
                                                     " USD/GB", QUANTITY_PRICE);
            link_at(w, from, to)->price_usd_per_byte = own;
        }
}

static void prices_build(struct network_reading *b)
{
    const struct node *n = b->s->price, *general = n;
    const struct world_def *w = b->w;
    struct price_setting s = {0};

    if (n == NULL)
        return;
    if (n->kind == NODE_MAP) {
        map_read(b->r, n, n, "price", price_keys, &s);
        general = s.by_default;
    }
    price_general(b, general);
    if (s.links != NULL && s.links->kind != NODE_LIST)
        reading_error(b->r, s.links, "`price.links` is a list of maps {from, to, price}, not %s",
                      node_what(s.links));
    for (uint32_t i = 0; s.links != NULL && s.links->kind == NODE_LIST && i < s.links->count; i++) {
        const struct node *one = s.links->items[i];
        struct price_link_setting link = {0};
        bool both;
        uint32_t from, to;
        map_read(b->r, one, one, "price.links", price_link_keys, &link);
        if (link.from != NULL && link.to != NULL && link_ends_read(b->r, one, &both, &from, &to))
            link_at(w, from, to)->price_usd_per_byte = link.price;
    }
    for (uint32_t from = 0; from < w->region_count; from++)
        for (uint32_t to = 0; to < w->region_count; to++)
            if (isnan(link_at(w, from, to)->price_usd_per_byte)) {
                reading_error(
                    b->r, general,
                    "the price list %s has no price from %s to %s: write {default: 0.02 USD/GB, links: "
                    "[{from, to, price}]} in its place",
                    node_what(general), w->regions[from].name, w->regions[to].name);
                link_at(w, from, to)->price_usd_per_byte = 0;
            }
}

/* Distributions are shared by many links: the last ones' quantiles are remembered. */
struct quantile_memo {
    double p;
    const struct distribution *of[2];
    double quantile[2];
};

static double quantile_of(struct quantile_memo *memo, unsigned which, const struct distribution *d)
{
    if (d == NULL)
        return 0;
    if (memo->of[which] != d) {
        double quantile = distribution_quantile(d, memo->p);
        memo->of[which] = d;
        memo->quantile[which] = quantile > 0 ? quantile : 0;
    }
    return memo->quantile[which];
}

static double one_way_quantile(struct quantile_memo *memo, const struct link_def *link)
{
    double delay = quantile_of(memo, 0, link->delay);

    return (link->delay_is_round_trip ? delay / 2 : delay) + quantile_of(memo, 1, link->jitter);
}

static sim_ns whole_ns(double ns)
{
    return ns < 3e18 ? llrint(ns) : 3000000000000000000;
}

/* Delay and jitter are each within their own quantile at 0.9995 in all but one of 1000, at least. */
static void usual_ways_build(const struct world_def *w)
{
    struct quantile_memo memo = {.p = 0.5}, most = {.p = 0.9995};

    for (uint32_t from = 0; from < w->region_count; from++)
        for (uint32_t to = 0; to < w->region_count; to++) {
            struct link_def *link = link_at(w, from, to);
            if (from == to || link->delay == NULL || link_at(w, to, from)->delay == NULL)
                continue;
            link->rtt_median_ns =
                whole_ns(one_way_quantile(&memo, link) + one_way_quantile(&memo, link_at(w, to, from)));
            link->due_ns = whole_ns(ceil(one_way_quantile(&most, link)));
        }
}

void network_build(struct reading *r, const struct network_setting *s, const struct node *node,
                   struct world_def *w)
{
    struct network_reading b = {.r = r, .w = w, .s = s};

    w->datagram = s->transport == 1;
    w->retransmit_max_ns = s->retransmit_max;
    w->overhead_bytes = s->overhead;
    w->local_ns = s->local;
    w->client = s->client != NULL ? s->client : distribution_constant(r, (double)s->local);
    if (w->region_count == 0)
        return;
    w->links = arena_take(r->memory, (size_t)w->region_count * w->region_count, sizeof *w->links);
    for (uint32_t from = 0; from < w->region_count; from++)
        for (uint32_t to = 0; to < w->region_count; to++) {
            struct link_def *link = link_at(w, from, to);
            link->delay_is_round_trip = true;
            link->odd_up = strcmp(w->regions[from].name, w->regions[to].name) < 0;
            link->jitter = s->jitter;
            link->duplicate = s->duplicate;
            link->bandwidth_bits_per_s = s->bandwidth;
            loss_set(link, &s->loss);
        }
    size_t errors = diagnostics_count(r->d);
    rtt_build(&b);
    links_build(&b);
    if (diagnostics_count(r->d) == errors)
        missing_check(&b, node);
    prices_build(&b);
    usual_ways_build(w);
}
