/* sweep.c -- see sweep.h. Values that are made (from, to, points) are text with a unit like those that a user
 * writes, so that one reader takes both and points.csv shows what was read. */
#include "sim/scenario/sweep.h"

#include "sim/engine/elementary.h"

#include <math.h>
#include <stdio.h>

enum { POINTS_MOST = 100000, PATHS_MOST = 64 };
/* All points of a sweep are read and kept: bounds of the work and of the memory (some 200 bytes a link). */
#define SWEEP_NODES_MOST UINT64_C(200000000)
#define SWEEP_LINKS_MOST UINT64_C(4000000)

static const struct key range_keys[] = {
    {"from", KEY_NODE, .required = true, .doc = "the first value"},
    {"to", KEY_NODE, .required = true, .doc = "the last"},
    {"points", KEY_NODE, .required = true, .doc = "how many values, both ends included"},
    {"scale", KEY_NODE, .doc = "linear or log"},
    {0},
};

/* Six significant digits, without an exponent where a whole number can do. */
static const char *figure_text(struct reading *r, double value, const char *unit)
{
    char text[64];

    snprintf(text, sizeof text, "%.6g", value);
    if (strchr(text, 'e') != NULL && fabs(value) >= 1 && fabs(value) < 1e15)
        snprintf(text, sizeof text, "%.0f", strtod(text, NULL));
    bool letters = strcmp(unit, "USD/GB") == 0 || strcmp(unit, "USD/TB") == 0 || strcmp(unit, "USD/GiB") == 0;
    return arena_format(r->memory, "%s%s%s", text, letters ? " " : "", unit);
}

static bool range_ends(struct reading *r, const struct node *from, const struct node *to,
                       struct unit_split *a, struct unit_split *b)
{
    bool good = true;

    for (int i = 0; i < 2; i++) {
        const struct node *n = i == 0 ? from : to;
        if (n->kind != NODE_SCALAR || !unit_split(n->text, i == 0 ? a : b)) {
            reading_error(r, n, "%s is not one number with a unit, such as 10ms", node_what(n));
            good = false;
        }
    }
    if (!good)
        return false;
    if (a->unit[0] == '\0' && a->number == 0) /* 0 needs no unit */
        *a = (struct unit_split){.factor = b->factor, .unit = b->unit, .quantity = b->quantity};
    if (b->unit[0] == '\0' && b->number == 0)
        *b = (struct unit_split){.factor = a->factor, .unit = a->unit, .quantity = a->quantity};
    if (a->quantity == b->quantity)
        return true;
    reading_error(r, to, "%s is of another kind than `from`, which is %s", node_what(to), node_what(from));
    return false;
}

static bool range_read(struct reading *r, const struct node *map, struct sweep_path *out)
{
    const struct node *from = node_get(map, "from"), *to = node_get(map, "to"),
                      *points = node_get(map, "points");
    const struct node *scale = node_get(map, "scale");
    struct unit_split a, b;
    char why[QUANTITY_WHY_BYTES];
    uint64_t count = 0;
    uint32_t linear = 1;
    const struct node *ignored[4];
    size_t errors = diagnostics_count(r->d);

    map_read(r, map, map, out->path, range_keys, ignored);
    if (from == NULL || to == NULL || points == NULL || diagnostics_count(r->d) != errors ||
        !range_ends(r, from, to, &a, &b))
        return false;
    if (points->kind != NODE_SCALAR || !whole_read(points->text, &count, why) || count < 2 ||
        count > POINTS_MOST) {
        reading_error(r, points, "`points` is a whole number from 2 to %d, not %s", POINTS_MOST,
                      node_what(points));
        return false;
    }
    if (scale != NULL && !word_node_read(r, scale, "scale", "log|linear", &linear))
        return false;
    if (linear == 0 && (!(a.number > 0) || !(b.number > 0))) {
        reading_error(r, a.number > 0 ? to : from, "a log scale needs ends above 0, not %s",
                      node_what(a.number > 0 ? to : from));
        return false;
    }
    double first = a.number, last = b.number * b.factor / a.factor;
    const struct node **values = arena_take(r->memory, count, sizeof *values);
    for (uint64_t i = 0; i < count; i++) {
        double part = (double)i / (double)(count - 1);
        double value =
            linear != 0 ? first + (last - first) * part : first * elementary_pow(last / first, part);
        values[i] = i == 0           ? from /* the ends stay as they were written */
                    : i == count - 1 ? to
                                     : node_scalar(r->memory, map->at, figure_text(r, value, a.unit));
    }
    out->values = values;
    out->count = count;
    return true;
}

static bool path_read(struct reading *r, const struct node *n, struct sweep_path *out)
{
    if (n->kind == NODE_MAP)
        return range_read(r, n, out);
    if (n->kind != NODE_LIST || n->count == 0 || n->count > POINTS_MOST) {
        reading_error(r, n, "`%s` is swept over a list of values, or {from, to, points, scale}, not %s",
                      out->path,
                      n->kind != NODE_LIST ? node_what(n)
                      : n->count == 0      ? "an empty list"
                                           : "so many values");
        return false;
    }
    out->values = n->items;
    out->count = n->count;
    return true;
}

static void size_check(struct reading *r, const struct node *root, const struct node *map, struct sweep *s)
{
    const struct node *regions = node_get(root, "regions");
    uint64_t count = regions != NULL ? regions->count : 0, points = 1;

    for (size_t i = 0; i < s->path_count; i++) {
        points *= s->paths[i].count; /* both are at most 100000 */
        if (points > POINTS_MOST || points * root->size > SWEEP_NODES_MOST ||
            points * count * count > SWEEP_LINKS_MOST) {
            reading_error(
                r, map, "this sweep is too large: %s; sweep fewer values, or write several scenarios",
                points > POINTS_MOST ? "more than 100000 points"
                                     : "its points times the size of the scenario are more than can be kept");
            s->path_count = 0;
            points = 1;
            break;
        }
    }
    s->point_count = points;
}

struct sweep sweep_read(struct reading *r, const struct node *root)
{
    const struct node *map = node_get(root, "sweep");
    struct sweep s = {.point_count = 1};

    if (map == NULL)
        return s;
    if (map->kind != NODE_MAP || map->count > PATHS_MOST) {
        reading_error(r, map, "`sweep` is a map of up to %d paths, each with a list of values, not %s",
                      PATHS_MOST, map->kind == NODE_MAP ? "of so many" : node_what(map));
        return s;
    }
    s.paths = arena_take(r->memory, map->count, sizeof *s.paths);
    s.names = arena_take(r->memory, map->count, sizeof *s.names);
    for (uint32_t i = 0; i < map->count; i++) {
        struct sweep_path *p = &s.paths[s.path_count];
        const char *path = map->keys[i]->text;
        *p = (struct sweep_path){.path = path};
        bool whole = strcmp(path, "name") == 0 || strcmp(path, "seed") == 0 ||
                     strncmp(path, "sweep", 5) == 0 || strcmp(path, "extends") == 0 ||
                     strncmp(path, "replications", 12) == 0 || strcmp(path, "models") == 0;
        if (whole)
            reading_error(r, map->keys[i], "`%s` belongs to the whole scenario and cannot be swept", path);
        if (whole || !path_read(r, map->items[i], p))
            continue;
        p->texts = arena_take(r->memory, p->count, sizeof *p->texts);
        for (size_t k = 0; k < p->count; k++) {
            char *text = node_text_flow(p->values[k]);
            p->texts[k] = arena_text(r->memory, text);
            free(text);
        }
        s.names[s.path_count++] = path;
    }
    size_check(r, root, map, &s);
    return s;
}

size_t sweep_value_index(const struct sweep *s, size_t point, size_t path)
{
    for (size_t i = s->path_count - 1; i > path; i--)
        point /= s->paths[i].count;
    return point % s->paths[path].count;
}
