/* distributions.c -- a distribution from its map of one key: see distributions.h for the table. */
#include "sim/scenario/distributions.h"

#include "sim/scenario/csv.h"
#include "sim/scenario/reading.h"

#include <math.h>
#include <stdio.h>

enum { MIXTURE_MOST = 1000 };

const struct distribution_form distribution_forms[] = {
    {"uniform",
     DISTRIBUTION_UNIFORM,
     {"min", PARAMETER_PLACE},
     {"max", PARAMETER_PLACE},
     "evenly from min to max"},
    {"normal",
     DISTRIBUTION_NORMAL,
     {"mean", PARAMETER_PLACE},
     {"stddev", PARAMETER_WIDTH},
     "Gauss's; a delay drawn below 0 is 0"},
    {"lognormal",
     DISTRIBUTION_LOGNORMAL,
     {"median", PARAMETER_SCALE},
     {"sigma", PARAMETER_SIGMA},
     "its logarithm is normal with deviation sigma"},
    {"exponential", DISTRIBUTION_EXPONENTIAL, {"mean", PARAMETER_SCALE}, {0}, "without memory"},
    {"gamma",
     DISTRIBUTION_GAMMA,
     {"shape", PARAMETER_SHAPE},
     {"scale", PARAMETER_SCALE},
     "mean shape x scale"},
    {"weibull",
     DISTRIBUTION_WEIBULL,
     {"shape", PARAMETER_SHAPE},
     {"scale", PARAMETER_SCALE},
     "heavier than exponential where shape is below 1"},
    {"pareto",
     DISTRIBUTION_PARETO,
     {"scale", PARAMETER_SCALE},
     {"shape", PARAMETER_SHAPE},
     "at least scale, with a tail of x^-shape"},
    {"shifted",
     DISTRIBUTION_SHIFTED,
     {"by", PARAMETER_PLACE},
     {0},
     "{by, of: DISTRIBUTION}: the same, later"},
    {"mixture",
     DISTRIBUTION_MIXTURE,
     {0},
     {0},
     "a list of {weight, of: DISTRIBUTION}: one of them each time"},
    {"empirical",
     DISTRIBUTION_EMPIRICAL,
     {0},
     {0},
     "{file, column, unit}: one value of a CSV column, all equally likely"},
    {0},
};

const char *const distribution_names[] = {"uniform", "normal", "lognormal", "exponential", "gamma",
                                          "weibull", "pareto", "shifted",   "mixture",     "empirical"};
const size_t distribution_name_count = sizeof distribution_names / sizeof *distribution_names;

/* What is being read: times or frequency errors, and whether below 0 makes sense. */
struct unit_of {
    enum quantity q;
    bool negative;
};

static bool read_into(struct reading *r, const struct node *n, struct unit_of u, struct distribution *d);

const struct distribution *distribution_constant(struct reading *r, double value)
{
    struct distribution *d = arena_take(r->memory, 1, sizeof *d);

    *d = (struct distribution){.kind = DISTRIBUTION_CONSTANT, .a = value};
    return d;
}

/* Exactly these keys, in any order. */
static bool keys_are(struct reading *r, const struct node *map, const char *what, const char *const *names,
                     size_t count)
{
    bool good = map->kind == NODE_MAP;

    if (!good)
        reading_error(r, map, "`%s` needs a map of its parameters, not %s", what, node_what(map));
    for (uint32_t i = 0; map->kind == NODE_MAP && i < map->count; i++) {
        bool known = false;
        for (size_t k = 0; k < count; k++)
            known = known || strcmp(names[k], map->keys[i]->text) == 0;
        if (!known)
            reading_error(r, map->keys[i], "%s is not a parameter of `%s`; %s", node_what(map->keys[i]), what,
                          reading_hint(r, map->keys[i]->text, names, count, "parameters"));
        good = good && known;
    }
    for (size_t k = 0; map->kind == NODE_MAP && k < count; k++)
        if (node_get(map, names[k]) == NULL) {
            reading_error(r, map, "`%s` needs `%s`", what, names[k]);
            good = false;
        }
    return good;
}

static bool parameter_read(struct reading *r, const struct node *map, const struct distribution_parameter *p,
                           struct unit_of u, double *value)
{
    if (p->kind == PARAMETER_NONE)
        return true;
    const struct node *n = node_get(map, p->name);
    if (n == NULL)
        return false;
    bool number = p->kind == PARAMETER_SIGMA || p->kind == PARAMETER_SHAPE;
    if (!quantity_node_read(r, n, number ? QUANTITY_NUMBER : u.q, p->kind == PARAMETER_PLACE && u.negative,
                            value))
        return false;
    if (p->kind == PARAMETER_SCALE && !(*value > 0)) {
        reading_error(r, n, "`%s` must be more than 0, not %s", p->name, node_what(n));
        return false;
    }
    if (p->kind == PARAMETER_SIGMA && *value > 20) {
        reading_error(r, n,
                      "%s is absurd for `%s`: it is the deviation of the logarithm, 0.1 to 2 for delays",
                      node_what(n), p->name);
        return false;
    }
    if (p->kind == PARAMETER_SHAPE && (*value < 0.01 || *value > 1e6)) {
        reading_error(r, n, "`%s` must be from 0.01 to 1000000, not %s", p->name, node_what(n));
        return false;
    }
    return true;
}

static bool mixture_read(struct reading *r, const struct node *list, struct unit_of u, struct distribution *d)
{
    static const char *const names[] = {"weight", "of"};
    bool good = true;

    if (list->kind != NODE_LIST || list->count == 0 || list->count > MIXTURE_MOST) {
        reading_error(r, list, "`mixture` needs a list of up to 1000 maps {weight, of: DISTRIBUTION}, not %s",
                      list->kind != NODE_LIST ? node_what(list)
                      : list->count == 0      ? "an empty one"
                                              : "so many");
        return false;
    }
    struct distribution *of = arena_take(r->memory, list->count, sizeof *of);
    double *weights = arena_take(r->memory, list->count, sizeof *weights), sum = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct node *one = list->items[i], *weight = node_get(one, "weight");
        double value = 0;
        bool fits = keys_are(r, one, "mixture", names, 2);
        if (weight != NULL && weight->kind == NODE_SCALAR && strchr(weight->text, '%') != NULL)
            fits = quantity_node_read(r, weight, QUANTITY_SHARE, false, &value) && fits;
        else if (weight != NULL)
            fits = quantity_node_read(r, weight, QUANTITY_NUMBER, false, &value) && fits;
        if (node_get(one, "of") != NULL)
            fits = read_into(r, node_get(one, "of"), u, &of[i]) && fits;
        sum += value;
        weights[i] = sum;
        good = good && fits;
    }
    if (good && !(sum > 0)) {
        reading_error(r, list, "the weights of a `mixture` must add up to more than 0");
        good = false;
    }
    for (uint32_t i = 0; good && i < list->count; i++)
        weights[i] /= sum;
    *d = (struct distribution){
        .kind = DISTRIBUTION_MIXTURE, .of = of, .weights = weights, .count = list->count};
    return good;
}

static struct csv *csv_of(struct reading *r, const struct input *input)
{
    for (size_t i = 0; i < r->tables.count; i++)
        if (r->tables.items[i]->input == input)
            return r->tables.items[i];
    struct csv *csv = csv_read(input, r->d);
    if (csv != NULL)
        *array_add(&r->tables) = csv;
    return csv;
}

struct csv *reading_csv(struct reading *r, const char *path, const struct node *at)
{
    const struct input *input = inputs_read(r->inputs, path, at->at, r->d);

    return input != NULL ? csv_of(r, input) : NULL;
}

static bool column_read(struct reading *r, const struct csv *csv, size_t column, const char *unit,
                        struct unit_of u, struct distribution *d)
{
    double *values = arena_take(r->memory, csv->row_count, sizeof *values);
    size_t count = 0;
    bool good = true;

    for (size_t row = 1; row < csv->row_count; row++) {
        const struct csv_cell *cell = csv_at(csv, row, column);
        char text[128], why[QUANTITY_WHY_BYTES];
        if (cell == NULL || cell->text[0] == '\0')
            continue;
        bool fits = number_length(cell->text) == strlen(cell->text) && strlen(cell->text) < 64;
        if (fits)
            snprintf(text, sizeof text, "%s%s", cell->text, unit);
        else
            snprintf(why, sizeof why, "`%.40s` is not a number", cell->text);
        if (!fits || !quantity_read(u.q, text, u.negative, &values[count], why)) {
            struct node at = {.kind = NODE_SCALAR, .at = csv_place(csv, cell), .text = cell->text};
            reading_error(r, &at, "%s", why);
            good = false;
            if (reading_flooded(r))
                break;
            continue;
        }
        count++;
    }
    *d = (struct distribution){.kind = DISTRIBUTION_EMPIRICAL, .values = values, .count = count};
    return good;
}

static bool unit_fits(enum quantity q, const char *unit)
{
    char text[64], why[QUANTITY_WHY_BYTES];
    double value;

    return strlen(unit) < 16 && number_length(unit) == 0 && unit[0] != '\0' &&
           (snprintf(text, sizeof text, "1%s", unit), quantity_read(q, text, false, &value, why));
}

static bool empirical_read(struct reading *r, const struct node *map, struct unit_of u,
                           struct distribution *d)
{
    static const char *const names[] = {"file", "column", "unit"};

    array_each (struct reading_samples, one, &r->samples)
        if (one->node == map && one->quantity == u.q) {
            *d = one->distribution != NULL ? *one->distribution : *d;
            return one->distribution != NULL;
        }
    if (!keys_are(r, map, "empirical", names, 3))
        return false;
    const struct node *file = node_get(map, "file"), *name = node_get(map, "column"),
                      *unit = node_get(map, "unit");
    if (!scalar_read(r, file, "a CSV file's name") || !scalar_read(r, name, "a column's name") ||
        !scalar_read(r, unit, "a unit"))
        return false;
    if (!unit_fits(u.q, unit->text)) {
        reading_error(r, unit, "%s is no unit of %s: write %s", node_what(unit), quantity_defs[u.q].noun,
                      u.q == QUANTITY_TIME ? "ns, us, ms or s" : "ppm or ppb");
        return false;
    }
    char *path = node_path(r, file);
    const struct csv *csv = reading_csv(r, path, file);
    free(path);
    if (csv == NULL)
        return false;
    const char **heads = memory_new(csv->rows[0].count, sizeof *heads);
    size_t column = csv->rows[0].count;
    for (size_t i = 0; i < csv->rows[0].count; i++) {
        heads[i] = csv_at(csv, 0, i)->text;
        if (column == csv->rows[0].count && strcmp(heads[i], name->text) == 0)
            column = i;
    }
    bool good = column < csv->rows[0].count;
    if (!good)
        reading_error(r, name, "%s has no column %s; %s", node_what(file), node_what(name),
                      reading_hint(r, name->text, heads, csv->rows[0].count, "columns"));
    free(heads);
    good = good && column_read(r, csv, column, unit->text, u, d);
    if (good && d->count == 0) {
        reading_error(r, name, "the column %s of %s holds no values", node_what(name), node_what(file));
        good = false;
    }
    *array_add(&r->samples) =
        (struct reading_samples){map, u.q, good ? arena_copy(r->memory, d, 1, sizeof *d) : NULL};
    return good;
}

static bool form_read(struct reading *r, const struct distribution_form *form, const struct node *map,
                      struct unit_of u, struct distribution *d)
{
    const char *names[3];
    size_t count = 0;
    bool shifted = form->kind == DISTRIBUTION_SHIFTED;

    if (form->kind == DISTRIBUTION_MIXTURE)
        return mixture_read(r, map, u, d);
    if (form->kind == DISTRIBUTION_EMPIRICAL)
        return empirical_read(r, map, u, d);
    names[count++] = form->a.name;
    if (form->b.name != NULL)
        names[count++] = form->b.name;
    if (shifted)
        names[count++] = "of";
    *d = (struct distribution){.kind = form->kind};
    bool good = keys_are(r, map, form->name, names, count);
    good = parameter_read(r, map, &form->a, u, &d->a) && good;
    good = parameter_read(r, map, &form->b, u, &d->b) && good;
    if (good && form->kind == DISTRIBUTION_UNIFORM && d->a > d->b) {
        reading_error(r, node_get(map, "max"), "`max` is less than `min`");
        good = false;
    }
    if (shifted && node_get(map, "of") != NULL) {
        struct distribution *of = arena_take(r->memory, 1, sizeof *of);
        good = read_into(r, node_get(map, "of"), u, of) && good;
        d->of = of;
        d->count = 1;
    }
    return good;
}

static bool read_into(struct reading *r, const struct node *n, struct unit_of u, struct distribution *d)
{
    const struct quantity_def *def = &quantity_defs[u.q];

    if (n->kind == NODE_SCALAR) {
        *d = (struct distribution){.kind = DISTRIBUTION_CONSTANT};
        for (const struct distribution_form *f = distribution_forms; f->name != NULL; f++)
            if (strcmp(f->name, n->text) == 0) {
                reading_error(r, n, "`%s` needs its parameters: write {%s: ...}", f->name, f->name);
                return false;
            }
        if (!quantity_node_read(r, n, u.q, u.negative, &d->a))
            return false;
        d->a = u.q == QUANTITY_TIME ? rint(d->a) : d->a;
        return true;
    }
    if (n->kind != NODE_MAP || n->count != 1) {
        reading_error(
            r, n,
            "a distribution is %s such as %s, or a map of one key such as {exponential: {mean: ...}}, not %s",
            def->noun, def->example,
            n->kind == NODE_LIST ? "a list"
            : n->count == 0      ? "an empty map"
                                 : "a map of several");
        return false;
    }
    for (const struct distribution_form *f = distribution_forms; f->name != NULL; f++)
        if (strcmp(f->name, n->keys[0]->text) == 0)
            return form_read(r, f, n->items[0], u, d);
    reading_error(
        r, n->keys[0], "%s is not a distribution; %s", node_what(n->keys[0]),
        reading_hint(r, n->keys[0]->text, distribution_names, distribution_name_count, "distributions"));
    return false;
}

const struct distribution *distribution_read(struct reading *r, const struct node *n, enum quantity q,
                                             bool negative)
{
    struct distribution *d = arena_take(r->memory, 1, sizeof *d);

    return read_into(r, n, (struct unit_of){q, negative}, d) ? d : NULL;
}
