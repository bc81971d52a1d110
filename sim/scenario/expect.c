/* expect.c -- what a scenario expects of its figures: bounds on metrics and verdicts on checks.
 *
 * Which metrics there are is the observer's to know, and this room lies below it: whoever starts the program
 * registers their names (scenario_set_metrics). Without a table any name goes. */
#include "sim/scenario/reading.h"

#include "sim/model/registry.h"

#include <stdio.h>

static const struct scenario_metric *metrics;
static size_t metric_count;
static const char *const *statistic_names;
static size_t statistic_count;

void scenario_set_metrics(const struct scenario_metric *table, size_t count, const char *const *statistics,
                          size_t statistics_count)
{
    metrics = table;
    metric_count = count;
    statistic_names = statistics;
    statistic_count = statistics_count;
}

/* The name of a check as the registry writes it (hyphens do as well), or NULL. */
static const char *check_find(const char *text)
{
    for (unsigned i = 0; i < GEO_CHECKS; i++) {
        const char *a = geo_check_names[i], *b = text;
        while (*a != '\0' && (*a == *b || (*a == '_' && *b == '-'))) {
            a++;
            b++;
        }
        if (*a == '\0' && *b == '\0')
            return geo_check_names[i];
    }
    return NULL;
}

static const struct scenario_metric *metric_named(const char *name)
{
    for (size_t i = 0; i < metric_count; i++)
        if (strcmp(metrics[i].name, name) == 0)
            return &metrics[i];
    return NULL;
}

static void unknown_metric(struct reading *r, const struct node *at, const char *name)
{
    const char *names[256];
    size_t count = 0;

    for (size_t i = 0; i < metric_count && count < 200; i++)
        names[count++] = metrics[i].name;
    for (unsigned i = 0; i < GEO_CHECKS; i++)
        names[count++] = geo_check_names[i];
    const char *near = nearest_name(name, names, count);
    if (near != NULL)
        reading_error(r, at, "there is no metric or check `%s`; did you mean `%s`?", name, near);
    else
        reading_error(
            r, at,
            "there is no metric or check `%s`: `georep list metrics` and `georep list checks` show them",
            name);
}

void metric_check(struct reading *r, const struct node *at, const char *text, const char **metric,
                  const char **statistic)
{
    const char *dot = strchr(text, '.');
    const char *name = arena_text_of(r->memory, text, strcspn(text, "."));
    const char *names[32];
    size_t count = 0;

    *metric = name;
    *statistic = dot != NULL ? arena_text(r->memory, dot + 1) : "value";
    if (metric_count == 0)
        return;
    const struct scenario_metric *m = metric_named(name);
    if (m == NULL) {
        unknown_metric(r, at, name);
        *metric = NULL;
        return;
    }
    bool known = false;
    for (size_t i = 0; i < statistic_count && count < 32; i++)
        if (((m->statistics >> i) & 1) != 0) {
            names[count++] = statistic_names[i];
            known = known || strcmp(statistic_names[i], *statistic) == 0;
        }
    if (known)
        return;
    const char *hint = reading_hint(r, dot != NULL ? *statistic : "", names, count, "statistics");
    if (dot != NULL)
        reading_error(r, at, "`%s` has no statistic `%s`; %s", name, *statistic, hint);
    else
        reading_error(r, at, "which statistic of `%s`? Write `%s.%s`; %s", name, name, names[0], hint);
    *metric = NULL;
}

struct expect_reading {
    struct reading *r;
    struct scenario *s;
    ARRAY(struct scenario_expect) all;
};

/* A number in the metric's own unit: bare, or a quantity. */
static bool figure_read(struct reading *r, const struct node *at, const char *metric, const char *text,
                        double *value)
{
    const struct scenario_metric *m = metric_named(metric);
    bool is_time = m != NULL ? m->is_time : strstr(metric, "_ms") != NULL;
    char why[QUANTITY_WHY_BYTES];
    size_t length = strlen(text);

    if (number_length(text) == length && length > 0 && quantity_read(QUANTITY_NUMBER, text, true, value, why))
        return true;
    if (is_time && quantity_read(QUANTITY_TIME, text, true, value, why)) {
        *value /= 1e6;
        return true;
    }
    if (!is_time && length > 1 && text[length - 1] == '%' &&
        quantity_read(QUANTITY_NUMBER, arena_text_of(r->memory, text, length - 1), true, value, why)) {
        *value /= 100;
        return true;
    }
    if (!is_time && strstr(metric, "bytes") != NULL && quantity_read(QUANTITY_BYTES, text, false, value, why))
        return true;
    if (!is_time && length > 4 && strcmp(text + length - 4, " USD") == 0 &&
        quantity_read(QUANTITY_NUMBER, arena_text_of(r->memory, text, length - 4), true, value, why))
        return true;
    reading_error(r, at, "`%.60s` is not a bound of `%s`: write %s, {min, max}, or \"< 0.5 * other-model\"",
                  text, metric,
                  is_time ? "a number of ms or a time, such as \"< 50ms\""
                          : "a number, such as \"< 5%\" or \"< 100\"");
    return false;
}

static bool model_find(struct expect_reading *e, const char *name, uint32_t *index)
{
    for (uint32_t i = 0; i < e->s->model_count; i++)
        if (e->s->models[i].name != NULL && strcmp(e->s->models[i].name, name) == 0) {
            *index = i;
            return true;
        }
    return false;
}

static bool was_dropped(const struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->dropped_model_count; i++)
        if (strcmp(r->dropped_models[i], name) == 0)
            return true;
    return false;
}

static void unknown_model(struct expect_reading *e, const struct node *at, const char *name)
{
    const char **names = memory_new(e->s->model_count + 1, sizeof *names);
    size_t count = 0;

    for (uint32_t i = 0; i < e->s->model_count; i++)
        if (e->s->models[i].name != NULL)
            names[count++] = e->s->models[i].name;
    names[count++] = "all";
    reading_error(e->r, at, "the scenario has no model `%s`; %s", name,
                  reading_hint(e->r, name, names, count, "models"));
    free(names);
}

static const char *relation_read(const char *text, enum expect_relation *relation)
{
    static const struct {
        const char *sign;
        enum expect_relation relation;
    } signs[] = {{"<=", EXPECT_AT_MOST}, {">=", EXPECT_AT_LEAST}, {"==", EXPECT_EQUAL},
                 {"<", EXPECT_BELOW},    {">", EXPECT_ABOVE},     {"=", EXPECT_EQUAL}};

    *relation = EXPECT_EQUAL;
    while (*text == ' ')
        text++;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strncmp(text, signs[i].sign, strlen(signs[i].sign)) == 0) {
            *relation = signs[i].relation;
            text += strlen(signs[i].sign);
            break;
        }
    while (*text == ' ')
        text++;
    return text;
}

/* The bound behind the sign: a figure, "0.5 * model" or "model". */
static void bound_read(struct expect_reading *e, const struct node *n, struct scenario_expect x,
                       const char *text)
{
    const char *star = strchr(text, '*'), *name = star != NULL ? star + 1 : text;
    char why[QUANTITY_WHY_BYTES];

    while (*name == ' ')
        name++;
    if (star != NULL || model_find(e, name, &x.other_model) || was_dropped(e->r, name)) {
        size_t length = star != NULL ? (size_t)(star - text) : 0;
        while (length > 0 && text[length - 1] == ' ')
            length--;
        x.number = 1;
        if (star != NULL && !quantity_read(QUANTITY_NUMBER, arena_text_of(e->r->memory, text, length), true,
                                           &x.number, why)) {
            reading_error(e->r, n, "%s: before * stands a number, as in \"< 0.5 * other-model\"",
                          node_what(n));
            return;
        }
        if (was_dropped(e->r, name))
            return;
        if (!model_find(e, name, &x.other_model)) {
            unknown_model(e, n, name);
            return;
        }
    } else if (!figure_read(e->r, n, x.metric, text, &x.number)) {
        return;
    }
    *array_add(&e->all) = x;
}

static void one_read(struct expect_reading *e, uint32_t model, const struct node *key, const struct node *n)
{
    const char *check = check_find(key->text);
    struct scenario_expect x = {.at = n->at, .model = model, .other_model = UINT32_MAX, .statistic = "value"};
    char *text = node_text_flow(n);

    x.text = arena_format(e->r->memory, "%s: %s", key->text, text);
    free(text);
    bool yes = node_is(n, "true"), flag = yes || node_is(n, "false");
    if (check != NULL) {
        x.metric = check;
        x.is_check = true;
        x.number = yes ? 1 : 0;
        if (flag)
            *array_add(&e->all) = x;
        else
            reading_error(e->r, n, "the check `%s` holds or not: write true or false, not %s", check,
                          node_what(n));
        return;
    }
    metric_check(e->r, key, key->text, &x.metric, &x.statistic);
    if (x.metric == NULL)
        return;
    if (flag) { /* of a share of the replications: all of them, or not all */
        x.relation = yes ? EXPECT_EQUAL : EXPECT_BELOW;
        x.number = 1;
        if (strcmp(x.metric, "converged") == 0)
            *array_add(&e->all) = x;
        else
            reading_error(e->r, n, "`%s` is a number, not %s: write a bound such as \"< 5\"", key->text,
                          node_what(n));
    } else if (n->kind == NODE_SCALAR && n->text[0] != '\0') {
        const char *bound = relation_read(n->text, &x.relation);
        bound_read(e, n, x, bound);
    } else if (n->kind == NODE_MAP && n->count > 0) {
        for (uint32_t i = 0; i < n->count; i++) {
            bool least = node_is(n->keys[i], "min");
            x.relation = least ? EXPECT_AT_LEAST : EXPECT_AT_MOST;
            if (!least && !node_is(n->keys[i], "max"))
                reading_error(e->r, n->keys[i], "%s is no bound; the bounds are min and max",
                              node_what(n->keys[i]));
            else if (scalar_read(e->r, n->items[i], "a bound"))
                bound_read(e, n->items[i], x, n->items[i]->text);
        }
    } else {
        reading_error(e->r, n,
                      "an expectation is a value, \"< 50ms\", {min, max}, or \"< 0.5 * other-model\", not %s",
                      node_what(n));
    }
}

static void element_read(struct expect_reading *e, const struct node *n)
{
    if (n->kind != NODE_MAP) {
        reading_error(e->r, n, "an element of `expect` is a map MODEL: {METRIC: BOUND}, not %s",
                      node_what(n));
        return;
    }
    for (uint32_t i = 0; i < n->count; i++) {
        uint32_t model = UINT32_MAX;
        const char *name = n->keys[i]->text;
        if (was_dropped(e->r, name))
            continue;
        if (strcmp(name, "all") != 0 && !model_find(e, name, &model)) {
            unknown_model(e, n->keys[i], name);
            continue;
        }
        const struct node *map = n->items[i];
        if (map->kind != NODE_MAP)
            reading_error(e->r, map, "`%s` needs a map of METRIC or check: bound, not %s", name,
                          node_what(map));
        for (uint32_t k = 0; map->kind == NODE_MAP && k < map->count; k++)
            one_read(e, model, map->keys[k], map->items[k]);
    }
}

void expects_build(struct reading *r, const struct node *list, struct scenario *s)
{
    struct expect_reading e = {.r = r, .s = s};

    if (list == NULL)
        return;
    if (list->kind != NODE_LIST)
        reading_error(r, list, "`expect` is a list of maps MODEL: {METRIC: BOUND}, not %s", node_what(list));
    for (uint32_t i = 0; list->kind == NODE_LIST && i < list->count; i++)
        element_read(&e, list->items[i]);
    s->expects = arena_copy(r->memory, e.all.items, e.all.count, sizeof *s->expects);
    s->expect_count = (uint32_t)e.all.count;
    array_free(&e.all);
}
