/* faults.c -- what goes wrong, and when. Each fault has exactly one kind, which is the key that says what it
 * does. */
#include "sim/scenario/reading.h"

#include "sim/history/setting.h"

#include <math.h>

enum { FAULTS_MOST = 10000, OCCURRENCES_MOST = 100000 };

static const struct {
    const char *key;
    uint8_t kind;
} kinds[] = {
    {"partition", FAULT_PARTITION}, {"cut", FAULT_CUT},
    {"slow", FAULT_SLOW},           {"crash", FAULT_CRASH},
    {"overload", FAULT_OVERLOAD},   {"load", FAULT_LOAD},
    {"clock", FAULT_CLOCK},         {"switchover", FAULT_SWITCHOVER},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

static void partition_build(struct reading *r, const struct node *n, struct fault_def *f)
{
    f->target = TARGET_RANDOM_GROUPS;
    if (node_is(n, "random")) {
        if (r->region_count == 1)
            reading_error(r, n, "a random partition needs two regions or more");
        return;
    }
    f->target = TARGET_GROUPS;
    if (n->kind != NODE_LIST || n->count < 2 || n->count > 255) {
        reading_error(
            r, n,
            "`partition` is a list of two or more groups of regions, such as [[A], [B, C]], or `random`");
        return;
    }
    f->group = arena_take(r->memory, r->region_count, sizeof *f->group);
    for (uint32_t i = 0; i < n->count; i++) {
        const struct node *group = n->items[i];
        bool list = group->kind == NODE_LIST;
        if (list && group->count == 0)
            reading_error(r, group, "a group of a partition holds at least one region");
        for (uint32_t k = 0; k < (list ? group->count : 1); k++) {
            const struct node *name = list ? group->items[k] : group;
            uint32_t region;
            if (!region_find(r, name, &region, false))
                continue;
            if (f->group[region] != 0)
                reading_error(r, name, "the region %s is in the partition twice", node_what(name));
            f->group[region] = (uint8_t)(i + 1);
        }
    }
}

static void node_build(struct reading *r, const struct node *map, uint64_t number, struct fault_def *f)
{
    const struct node *node = node_get(map, "node"), *region = node_get(map, "region");

    f->target = TARGET_REGION;
    if (region == NULL || !region_find(r, region, &f->region, false))
        return;
    uint64_t nodes = r->region_nodes[f->region];
    if (node == NULL)
        return;
    f->target = TARGET_NODE;
    f->node = (uint32_t)number;
    if (number >= nodes && nodes == 0)
        reading_error(r, node, "the region %s has no nodes", node_what(region));
    else if (number >= nodes)
        reading_error(r, node, "the region %s has no node %s: its nodes are 0 to %u", node_what(region),
                      node_what(node), (unsigned)nodes - 1);
}

static void crash_build(struct reading *r, const struct node *map, const struct fault_setting *s,
                        struct fault_def *f)
{
    f->lose = (uint8_t)s->crash.lose;
    if (s->crash.leader) {
        f->target = TARGET_LEADER;
        if (node_get(map, "region") != NULL || node_get(map, "node") != NULL)
            reading_error(r, map, "a crash takes `leader: true`, or a region, not both");
        return;
    }
    if (map->kind == NODE_MAP && node_get(map, "region") == NULL)
        reading_error(r, map,
                      "who crashes? Give `region: NAME`, with `node: 0` for one node, or `leader: true`");
    node_build(r, map, s->crash.node, f);
    const struct node *region = node_get(map, "region");
    if (f->target == TARGET_REGION && region != NULL && f->region < r->region_count &&
        node_is(region, r->region_names[f->region]) && r->region_nodes[f->region] == 0)
        reading_error(r, region, "the region has no nodes that could crash");
}

static double factor_read(struct reading *r, const struct node *n)
{
    double value = 1;

    if (n == NULL)
        return 1;
    if (node_is(n, "inf") || node_is(n, ".inf"))
        return INFINITY;
    if (quantity_node_read(r, n, QUANTITY_NUMBER, false, &value) && value > 1e6)
        reading_error(r, n, "%s is too much for `factor`: at most 1000000, or `inf` to stop it",
                      node_what(n));
    return value;
}

static void links_build(struct reading *r, const struct node *map, struct fault_def *f)
{
    bool both = false;

    if (map->kind == NODE_MAP)
        link_ends_read(r, map, &both, &f->from, &f->to);
    f->target = both ? TARGET_PAIR : TARGET_LINK;
}

static void switchover_build(struct reading *r, const struct node *map, struct fault_def *f)
{
    const struct node *to = node_get(map, "to");

    f->target = TARGET_REGION;
    if (to != NULL && region_find(r, to, &f->to, false) && r->region_nodes[f->to] == 0)
        reading_error(r, to, "the region %s has no nodes that could lead", node_what(to));
}

static void kind_build(struct reading *r, const struct node *n, const struct fault_setting *s,
                       struct fault_def *f)
{
    switch ((enum history_fault_kind)f->kind) {
    case FAULT_PARTITION:
        partition_build(r, n, f);
        break;
    case FAULT_CUT:
        if (s->cut.from != NULL && s->cut.to != NULL)
            links_build(r, n, f);
        f->target = TARGET_LINK;
        break;
    case FAULT_SLOW:
        links_build(r, n, f);
        f->factor = s->slow.factor;
        f->has_loss = node_get(n, "loss") != NULL;
        f->loss = s->slow.loss;
        break;
    case FAULT_CRASH:
        crash_build(r, n, s, f);
        break;
    case FAULT_OVERLOAD:
        node_build(r, n, s->overload.node, f);
        f->factor = factor_read(r, s->overload.factor);
        f->only_apply = s->overload.of == 1;
        break;
    case FAULT_LOAD:
        node_build(r, n, 0, f);
        f->factor = s->load.factor;
        break;
    case FAULT_CLOCK:
        node_build(r, n, s->clock.node, f);
        f->step_ns = s->clock.step;
        break;
    case FAULT_SWITCHOVER:
        switchover_build(r, n, f);
        break;
    case FAULT_KINDS:
        break;
    }
}

static void times_check(struct reading *r, const struct node *n, const struct world_def *w,
                        const struct fault_def *f)
{
    const struct node *at = node_get(n, "at"), *every = node_get(n, "every"), *lasts = node_get(n, "for");

    if (at != NULL && every != NULL)
        reading_error(r, every, "give `at` for one time, or `every` for again and again, not both");
    if (at == NULL && every == NULL)
        reading_error(r, n, "when? Give `at: 20s`, or `every: 60s`");
    bool instant = f->kind == FAULT_CLOCK || f->kind == FAULT_SWITCHOVER;
    if (every != NULL && lasts == NULL && !instant)
        reading_error(r, every, "a fault that comes again needs `for`: how long it is on each time");
    if (lasts != NULL && instant)
        reading_error(r, lasts, "%s is at one instant: leave out `for`",
                      f->kind == FAULT_CLOCK ? "a step of a clock" : "a switchover");
    if (every != NULL && f->every != NULL) {
        double cycle = distribution_mean(f->every) + (f->lasts != NULL ? distribution_mean(f->lasts) : 0);
        if (!(cycle * OCCURRENCES_MOST >= (double)w->duration_ns))
            reading_error(r, every,
                          "this fault would come more than %d times in the run: make `every` longer",
                          OCCURRENCES_MOST);
    }
    if (at != NULL && w->duration_ns > 0 && f->at_ns > w->duration_ns + w->drain_ns && !reading_flooded(r))
        diagnostics_warn(r->d, at->at, "this fault begins at %s, after the run has ended", at->text);
}

static void fault_build(struct reading *r, const struct node *n, struct world_def *w, struct fault_def *f)
{
    struct fault_setting s = {0};
    const char *names[KIND_COUNT];
    const struct node *what = NULL;
    int found = -1;

    map_read(r, n, n, "faults", fault_keys, &s);
    if (n->kind != NODE_MAP)
        return;
    for (int i = 0; i < KIND_COUNT; i++) {
        const struct node *one = node_get(n, kinds[i].key);
        names[i] = kinds[i].key;
        if (one != NULL && what != NULL)
            reading_error(r, one, "a fault does one thing; here are `%s` and `%s`", kinds[found].key,
                          kinds[i].key);
        if (one != NULL && what == NULL) {
            what = one;
            found = i;
        }
    }
    if (what == NULL) {
        reading_error(r, n, "what goes wrong? %s", reading_hint(r, "", names, KIND_COUNT, "faults"));
        return;
    }
    *f = (struct fault_def){.name = s.name != NULL ? s.name : kinds[found].key,
                            .kind = kinds[found].kind,
                            .at_ns = s.at,
                            .lasts = s.lasts,
                            .every = s.every,
                            .factor = 1};
    kind_build(r, what, &s, f);
    times_check(r, n, w, f);
    const struct node *name = node_get(n, "name");
    if (name != NULL && name_check(r, name, "a fault"))
        for (const struct fault_def *before = w->faults; before < f; before++)
            if (before->name != NULL && strcmp(before->name, name->text) == 0)
                reading_error(r, name, "two faults are named %s", node_what(name));
}

void faults_build(struct reading *r, const struct node *list, struct world_def *w)
{
    if (list == NULL)
        return;
    if (list->kind != NODE_LIST || list->count > FAULTS_MOST) {
        reading_error(r, list, "`faults` is a list of up to %d maps", FAULTS_MOST);
        return;
    }
    struct fault_def *faults = arena_take(r->memory, list->count, sizeof *faults);
    w->faults = faults;
    w->fault_count = list->count;
    for (uint32_t i = 0; i < list->count; i++)
        fault_build(r, list->items[i], w, &faults[i]);
}
