/* build.c -- a scenario from its tree: the top of the tables, then each part in the order in which names are
 * needed (regions before links, links before "nearest", the world before the models). */
#include "sim/scenario/reading.h"

#include <ctype.h>

static void name_read(struct reading *r, const struct node *n, const char *name)
{
    bool good = name[0] != '\0' && strlen(name) <= 64 && name[0] != '-';

    for (const char *c = name; *c != '\0'; c++)
        good = good && (islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '-');
    if (!good)
        reading_error(
            r, n,
            "%s cannot name a scenario: a results folder is named by it, so use a-z, 0-9 and -, up to 64",
            node_what(n));
}

static void replications_read(struct reading *r, const struct node *n, struct scenario *s)
{
    struct replications_setting map = {0};
    char why[QUANTITY_WHY_BYTES];
    uint64_t number = 0;

    if (n->kind == NODE_MAP) {
        map_read(r, n, n, "replications", replications_keys, &map);
        if (map.min > map.max && map.max > 0)
            reading_error(r, n, "`max` is less than `min`: %llu and %llu", (unsigned long long)map.max,
                          (unsigned long long)map.min);
        if (node_get(n, "precision") != NULL && !(map.precision > 0))
            reading_error(r, node_get(n, "precision"), "`precision` must be more than 0, such as 5%%");
        s->replications_min = (uint32_t)map.min;
        s->replications_max = (uint32_t)map.max;
        s->stop_precision = map.precision;
        if (map.metric != NULL)
            metric_check(r, node_get(n, "metric"), map.metric, &s->stop_metric, &s->stop_statistic);
        return;
    }
    if (!scalar_read(r, n, "a number, or {min, max, metric, precision},"))
        return;
    if (!whole_read(n->text, &number, why))
        reading_error(r, n, "%s", why);
    else if (number < 1 || number > 1000000)
        reading_error(r, n, "%s replications: from 1 to 1000000", node_what(n));
    s->replications_min = s->replications_max = (uint32_t)number;
}

struct scenario *scenario_build(struct reading *r, const struct node *root)
{
    struct scenario *s = arena_take(r->memory, 1, sizeof *s);
    struct scenario_setting setting = {0};
    struct world_def *w = &s->world;

    map_read(r, root, root, "a scenario", scenario_keys, &setting);
    if (root->kind != NODE_MAP)
        return s;
    s->name = setting.name != NULL ? setting.name : "scenario";
    if (setting.name != NULL)
        name_read(r, node_get(root, "name"), setting.name);
    s->description = setting.description != NULL ? setting.description : "";
    s->seed = setting.seed;
    w->duration_ns = setting.duration;
    w->warmup_ns = setting.warmup;
    w->drain_ns = setting.drain;
    if (w->warmup_ns >= w->duration_ns && w->duration_ns > 0)
        reading_error(
            r, node_get(root, "warmup") != NULL ? node_get(root, "warmup") : node_get(root, "duration"),
            "nothing is measured: `warmup` must be shorter than `duration`");
    if (setting.replications != NULL)
        replications_read(r, setting.replications, s);
    w->storage = (struct storage_def){.write = setting.storage.write,
                                      .read = setting.storage.read,
                                      .apply = setting.storage.apply,
                                      .workers = (uint32_t)setting.storage.workers};
    regions_read(r, &setting, w);
    const struct node *network = node_get(root, "network");
    network_build(r, &setting.network, network != NULL ? network : root, w);
    clocks_build(r, &setting.clocks, node_get(root, "clocks"), w);
    workloads_build(r, &setting, w);
    if (w->region_count > 0) {
        faults_build(r, setting.faults, w);
        models_build(r, setting.models, s);
        expects_build(r, setting.expect, s);
    }
    return s;
}
