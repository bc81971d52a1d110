/* regions.c -- the regions, their clocks, and what their clients do. */
#include "sim/scenario/reading.h"

#include "sim/model/registry.h"

#include <math.h>

enum { NODES_MOST = 10000, PROBES_MOST = 1000 };

static bool reserved(const char *name)
{
    return strcmp(name, "home") == 0 || strcmp(name, "nearest") == 0 || strcmp(name, "first") == 0;
}

static void region_read(struct reading *r, const struct node *n, struct region_setting *s)
{
    if (n->kind == NODE_MAP) {
        map_read(r, n, n, "regions", region_keys, s);
    } else {
        *s = (struct region_setting){.name = n->kind == NODE_SCALAR ? n->text : NULL, .nodes = 1};
        scalar_read(r, n, "a region's name, or a map {name, nodes, workload},");
    }
    const struct node *name = n->kind == NODE_MAP ? node_get(n, "name") : n;
    if (s->name == NULL || name == NULL)
        return;
    if (!name_check(r, name, "a region")) {
        s->name = NULL;
    } else if (reserved(s->name)) {
        reading_error(
            r, name, "a region cannot be called `%s`: the word means something else in `routing` or `leader`",
            s->name);
        s->name = NULL;
    }
}

void regions_read(struct reading *r, const struct scenario_setting *s, struct world_def *w)
{
    const struct node *list = s->regions;

    r->region_count = 0;
    if (list == NULL)
        return;
    if (list->kind != NODE_LIST || list->count == 0) {
        reading_error(r, list, "`regions` is a list of at least one region, not %s",
                      list->kind == NODE_LIST ? "an empty one" : node_what(list));
        return;
    }
    if (list->count > WORLD_REGIONS_MOST) {
        reading_error(r, list, "%u regions are too many: at most %d", list->count, WORLD_REGIONS_MOST);
        return;
    }
    w->regions = arena_take(r->memory, list->count, sizeof *w->regions);
    r->region_names = arena_take(r->memory, list->count, sizeof *r->region_names);
    uint64_t *node_counts = arena_take(r->memory, list->count, sizeof *node_counts), nodes = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        struct region_setting region = {0};
        region_read(r, list->items[i], &region);
        if (region.name == NULL)
            continue;
        bool twice = false;
        for (uint32_t k = 0; k < r->region_count; k++)
            twice = twice || strcmp(r->region_names[k], region.name) == 0;
        if (twice) {
            reading_error(r, list->items[i], "the region `%s` is named twice", region.name);
            continue;
        }
        w->regions[r->region_count] =
            (struct region_def){.name = region.name, .nodes = (uint32_t)region.nodes};
        node_counts[r->region_count] = region.nodes;
        r->region_names[r->region_count++] = region.name;
        nodes += region.nodes;
    }
    w->region_count = r->region_count;
    r->region_nodes = node_counts;
    if (r->region_count > 0 && nodes == 0)
        reading_error(r, list, "no region has nodes: give at least one `nodes: 1`");
    if (nodes > NODES_MOST)
        reading_error(r, list, "%llu nodes are too many: at most %d in all", (unsigned long long)nodes,
                      NODES_MOST);
}

static void clock_set(struct clock_def *c, const struct clock_setting *s, const struct node *n, bool general)
{
    const struct node *uncertainty = node_get(n, "uncertainty");

    if (node_get(n, "offset") != NULL) {
        c->offset = s->offset;
        c->cut_offset = general && s->offset != NULL;
    }
    if (node_get(n, "drift") != NULL)
        c->drift = s->drift;
    if (node_get(n, "sync") != NULL) {
        c->sync_every_ns = s->sync.every;
        c->sync_error = s->sync.error;
        c->cut_error = general && s->sync.error != NULL;
    }
    if (uncertainty != NULL) {
        c->has_uncertainty = !node_is(uncertainty, "none");
        c->uncertainty_ns = s->uncertainty;
    }
}

void clocks_build(struct reading *r, const struct clock_setting *s, const struct node *node,
                  struct world_def *w)
{
    struct clock_def general = {0};
    const struct node *list = s->regions;

    clock_set(&general, s, node, true);
    for (uint32_t i = 0; i < w->region_count; i++)
        w->regions[i].clock = general;
    if (list != NULL && list->kind != NODE_MAP)
        reading_error(r, list, "`clocks.regions` is a map of regions, not %s", node_what(list));
    for (uint32_t i = 0; list != NULL && list->kind == NODE_MAP && i < list->count; i++) {
        struct clock_setting own = {0};
        uint32_t region;
        map_read(r, list->items[i], list->items[i], list->keys[i]->text, clock_region_keys, &own);
        if (region_find(r, list->keys[i], &region, false))
            clock_set(&w->regions[region].clock, &own, list->items[i], false);
    }
    for (uint32_t i = 0; i < w->region_count; i++) { /* cut only what an uncertainty bounds */
        struct clock_def *c = &w->regions[i].clock;
        c->cut_offset = c->cut_offset && c->has_uncertainty;
        c->cut_error = c->cut_error && c->has_uncertainty;
    }
}

static void mix_read(struct reading *r, const struct node *n, uint32_t data, double *mix)
{
    static const char *const of_counter = "increment decrement", *const of_set = "add remove";
    double sum = 0;
    bool good = true;

    if (n->kind != NODE_MAP) {
        reading_error(r, n, "`mix` is a map of shares such as {read: 90%%, write: 10%%}, not %s",
                      node_what(n));
        return;
    }
    /* The table knows the keys; their shares go by enum geo_kind, which is in the table's order. */
    map_read(r, n, n, "mix", mix_keys, mix);
    for (unsigned k = 0; k < GEO_KINDS; k++) {
        const struct node *share = node_get(n, geo_kind_names[k]);
        mix[k] = 0;
        if (share == NULL)
            continue;
        if (!quantity_node_read(r, share, QUANTITY_SHARE, false, &mix[k])) {
            good = false;
            continue;
        }
        sum += mix[k];
        bool fits = (strstr(of_counter, geo_kind_names[k]) == NULL || data == GEO_COUNTER) &&
                    (strstr(of_set, geo_kind_names[k]) == NULL || data == GEO_SET);
        good = good && (fits || !(mix[k] > 0));
        if (!fits && mix[k] > 0)
            reading_error(r, share, "`%s` needs `data: %s`; a %s has read, write and update%s",
                          geo_kind_names[k], strstr(of_set, geo_kind_names[k]) != NULL ? "set" : "counter",
                          geo_data_names[data],
                          data == GEO_COUNTER ? ", increment, decrement"
                          : data == GEO_SET   ? ", add, remove"
                                              : "");
    }
    for (uint32_t i = 0; i < n->count; i++)
        good = good && key_find(mix_keys, n->keys[i]->text) != NULL;
    if (good && fabs(sum - 1) > 1e-9)
        reading_error(r, n, "the shares of `mix` add up to %.9g%%, not 100%%", sum * 100);
}

static uint32_t nearest_region(const struct world_def *w, uint32_t to)
{
    uint32_t best = to;

    if (w->regions[to].nodes > 0)
        return to;
    for (uint32_t i = 0; i < w->region_count; i++)
        if (w->regions[i].nodes > 0 &&
            (best == to || w->links[to * w->region_count + i].rtt_median_ns <
                               w->links[to * w->region_count + best].rtt_median_ns))
            best = i;
    return best;
}

static void routing_build(struct reading *r, const struct workload_setting *s, const struct node *node,
                          const struct world_def *w, uint32_t region, struct workload_def *out)
{
    const struct node *routing = node_get(node, "routing"), *to = node_get(routing, "to");

    out->failover = !node_is(node_get(routing, "failover"), "none");
    out->failover_after_ns = s->routing.failover.after;
    out->route_to = nearest_region(w, region);
    if (s->routing.to != NULL && strcmp(s->routing.to, "home") != 0 &&
        strcmp(s->routing.to, "nearest") != 0 && to != NULL)
        region_find(r, to, &out->route_to, true);
}

static const struct node *workload_part(const struct node *node, const char *key)
{
    const struct node *keys = node_get(node, "keys");

    return node_get(keys, key) != NULL ? node_get(keys, key) : node_get(node, key);
}

/* What is one for the whole world: given for a region, it must be as it is in general. */
static void same_check(struct reading *r, const struct node *own, const char *key, bool same)
{
    const struct node *n = workload_part(own, key);

    if (n != NULL && !same)
        reading_error(r, n, "`%s` is one for all regions: give it in the scenario's own `workload`", key);
}

static void workload_fill(const struct workload_setting *s, struct workload_def *out)
{
    *out = (struct workload_def){
        .clients = (uint32_t)s->clients,
        .arrivals = (enum arrivals_kind)s->arrivals,
        .rate_per_s = s->rate,
        .think = s->think,
        .keys = (enum keys_kind)s->keys.distribution,
        .zipf_theta = s->keys.distribution == KEYS_LATEST ? 0.99 : s->keys.zipf_theta,
        .hotspot_share = s->keys.hotspot_share,
        .hotspot_load = s->keys.hotspot_load,
        .local_share = s->keys.local,
        .own_share = s->keys.own,
        .value_bytes = (uint32_t)s->value,
        .timeout_ns = s->timeout,
        .retries = (uint32_t)s->retries,
        .retry_as_new = s->retry_as == 1,
        .roam_share = s->roam,
    };
    out->rate_per_s = out->arrivals == ARRIVALS_CLOSED ? 0 : out->rate_per_s;
}

static void probes_build(struct reading *r, const struct workload_setting *s, struct world_def *w)
{
    const struct node *list = s->probes.after;

    w->probes.share = s->probes.share;
    if (list == NULL)
        return;
    if (list->kind != NODE_LIST || list->count == 0 || list->count > PROBES_MOST) {
        reading_error(r, list, "`probes.after` is a list of 1 to %d times, such as [0ms, 10ms, 1s]",
                      PROBES_MOST);
        return;
    }
    sim_ns *after = arena_take(r->memory, list->count, sizeof *after);
    for (uint32_t i = 0; i < list->count; i++)
        if (time_node_read(r, list->items[i], false, &after[i]) && i > 0 && after[i] <= after[i - 1])
            reading_error(r, list->items[i],
                          "the times of `probes.after` go up: %s is not later than the one before",
                          node_what(list->items[i]));
    w->probes.after = after;
    w->probes.after_count = list->count;
}

static void workload_checks(struct reading *r, const struct node *node, const struct workload_setting *s)
{
    const struct node *keys = node_get(node, "keys"),
                      *hot = node_get(node_get(keys, "distribution"), "hotspot");
    const struct node *data = node_get(node, "data"), *preload = node_get(keys, "preload");

    if (s->data >= GEO_DATA && data != NULL)
        reading_error(r, data, "`data: order` is not in this version: use register, counter or set");
    if (preload != NULL && !s->keys.preload)
        reading_error(r, preload, "`preload: false` is not in this version: every key exists at the start");
    if (s->keys.local + s->keys.own > 1)
        reading_error(r, node_get(keys, "own"), "`local` and `own` add up to more than 100%%");
    if (hot != NULL && (!(s->keys.hotspot_share > 0) || s->keys.hotspot_share >= 1))
        reading_error(r, node_get(hot, "share") != NULL ? node_get(hot, "share") : hot,
                      "the `share` of a hotspot is more than 0%% and less than 100%%");
}

void workloads_build(struct reading *r, const struct scenario_setting *setting, struct world_def *w)
{
    const struct node *general = setting->workload, *list = setting->regions;
    const struct node *empty = default_node(r, "{}");
    struct workload_setting s = {0};
    uint64_t sessions = 0;
    bool any_own = false;

    if (general != NULL && general->kind != NODE_MAP) {
        reading_error(r, general, "`workload` is a map of keys here, not %s", node_what(general));
        general = NULL;
    }
    general = general != NULL ? general : empty;
    map_read(r, general, general, "workload", workload_keys, &s);
    workload_checks(r, general, &s);
    uint32_t data = s.data < GEO_DATA ? s.data : GEO_REGISTER;
    w->data = (uint8_t)data;
    w->key_count = s.keys.count;
    w->initial = s.keys.initial;
    probes_build(r, &s, w);
    struct workload_def common;
    workload_fill(&s, &common);
    if (s.mix != NULL)
        mix_read(r, s.mix, data, common.mix);
    for (uint32_t i = 0; i < w->region_count; i++) {
        const struct node *own = NULL;
        for (uint32_t k = 0; k < list->count && own == NULL; k++)
            if (node_is(node_get(list->items[k], "name"), w->regions[i].name))
                own = node_get(list->items[k], "workload");
        struct workload_def *out = &w->regions[i].workload;
        *out = common;
        struct workload_setting mine = s;
        const struct node *merged = general;
        if (own != NULL && own->kind != NODE_MAP) {
            reading_error(r, own, "a region's `workload` is a map of keys, not %s", node_what(own));
        } else if (own != NULL) {
            merged = settings_merge(r->memory, workload_keys, general, own);
            mine = (struct workload_setting){0};
            map_read(r, merged, merged, "workload", workload_keys, &mine);
            workload_checks(r, merged, &mine);
            same_check(r, own, "data", mine.data == s.data);
            same_check(r, own, "count", mine.keys.count == s.keys.count);
            same_check(r, own, "initial", mine.keys.initial == s.keys.initial);
            same_check(r, own, "probes", node_equal(node_get(merged, "probes"), node_get(general, "probes")));
            workload_fill(&mine, out);
            if (mine.mix != NULL)
                mix_read(r, mine.mix, data, out->mix);
        }
        routing_build(r, &mine, merged, w, i, out);
        sessions += out->clients;
        any_own = any_own || out->own_share > 0;
    }
    w->own_key_count = any_own ? sessions : 0;
    unsigned long long keys = w->key_count + w->own_key_count;
    if (keys > 1000000000)
        reading_error(r, node_get(general, "keys"),
                      "%llu keys are too many: shared and own at most 1000000000", keys);
}
