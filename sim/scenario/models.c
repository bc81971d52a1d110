/* models.c -- the models of a scenario: each a name, a type of the registry, and its parameters by the type's
 * own table.
 *
 * A parameter's default and bounds are text in that table and are read here by the readers of the user's
 * text. */
#include "sim/scenario/reading.h"

#include "sim/model/registry.h"

#include <math.h>

enum { MODELS_MOST = 100, ALTERNATIVES_MOST = 16, NAMES_MOST = 64 };

struct model_reading {
    struct reading *r;
    const geo_model *model;
    const struct node *node; /* the element of the list */
    unsigned char *config;
};

/* The value at a dotted name of nested maps. */
static const struct node *dotted_get(const struct node *map, const char *name)
{
    const char *dot = strchr(name, '.');

    if (dot == NULL)
        return node_get(map, name);
    char *head = memory_text_of(name, (size_t)(dot - name));
    const struct node *inner = node_get(map, head);
    free(head);
    return dotted_get(inner, dot + 1);
}

/* The parts of a table's names that may follow `prefix` ("" or "failover."): the keys of that map. */
static size_t names_after(struct reading *r, const geo_param *params, const char *prefix, const char **names)
{
    size_t count = 0, length = strlen(prefix);

    if (length == 0) {
        names[count++] = "name";
        names[count++] = "type";
    }
    for (const geo_param *p = params; p != NULL && p->name != NULL && count < NAMES_MOST; p++) {
        if (strncmp(p->name, prefix, length) != 0)
            continue;
        const char *name = arena_text_of(r->memory, p->name + length, strcspn(p->name + length, "."));
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known = known || strcmp(names[i], name) == 0;
        if (!known)
            names[count++] = name;
    }
    return count;
}

static void unknown_check(struct model_reading *m, const struct node *map, const char *prefix)
{
    const char *names[NAMES_MOST];
    size_t count = names_after(m->r, m->model->params, prefix, names);

    for (uint32_t i = 0; map->kind == NODE_MAP && i < map->count; i++) {
        const char *name = map->keys[i]->text;
        const char *whole = arena_format(m->r->memory, "%s%s", prefix, name);
        const char *inner = arena_format(m->r->memory, "%s.", whole);
        bool known = false, nested = false, leaf = false;
        for (size_t k = 0; k < count; k++)
            known = known || strcmp(names[k], name) == 0;
        for (const geo_param *p = m->model->params; p != NULL && p->name != NULL; p++) {
            nested = nested || strncmp(p->name, inner, strlen(inner)) == 0;
            leaf = leaf || strcmp(p->name, whole) == 0;
        }
        if (!known)
            reading_error(m->r, map->keys[i], "%s is not a parameter of `%s`; %s", node_what(map->keys[i]),
                          m->model->name, reading_hint(m->r, name, names, count, "parameters"));
        else if (nested && !leaf && map->items[i]->kind != NODE_MAP)
            reading_error(m->r, map->items[i], "`%s` is a map of parameters, not %s", name,
                          node_what(map->items[i]));
        else if (nested && map->items[i]->kind == NODE_MAP)
            unknown_check(m, map->items[i], inner);
    }
}

/* Copies of a region's list as bits. */
static bool regions_choice(struct reading *r, const struct node *list, geo_choice *c)
{
    bool good = list->count > 0;

    if (!good)
        reading_error(r, list, "this list names no region");
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t region;
        if (region_find(r, list->items[i], &region, true))
            c->regions[region / 64] |= UINT64_C(1) << (region % 64);
        else
            good = false;
    }
    return good;
}

/* The rest of an alternative behind its word: "<time>", "<versions>", "<count>", or "" of a word alone. */
static bool alternative_is(const char *alternative, const char *word, const char *rest)
{
    size_t length = strlen(word);

    if (strncmp(alternative, word, length) != 0)
        return false;
    alternative += length;
    if (rest[0] == '\0')
        return alternative[0] == '\0';
    return alternative[0] == ' ' && strcmp(alternative + 1, rest) == 0;
}

static int alternative_find(const char *const *alternatives, int count, const char *word, const char *rest)
{
    for (int i = 0; i < count; i++)
        if (alternative_is(alternatives[i], word, rest))
            return i;
    return -1;
}

static int alternatives_split(struct reading *r, const char *choices, const char **alternatives)
{
    int count = 0;

    for (const char *c = choices; c != NULL && count < ALTERNATIVES_MOST;) {
        size_t length = strcspn(c, "|"), begin = 0;
        const char *next = c[length] == '|' ? c + length + 1 : NULL;
        while (begin < length && c[begin] == ' ')
            begin++;
        while (length > begin && c[length - 1] == ' ')
            length--;
        alternatives[count++] = arena_text_of(r->memory, c + begin, length - begin);
        c = next;
    }
    return count;
}

/* "100 versions" to 100, a count to itself; "5s" goes to the reader of times. Which alternative, or -1 after
 * an error. */
static int measured_choice(struct reading *r, const struct node *n, const char *const *alternatives,
                           int count, geo_choice *c)
{
    const char *word = n->keys[0]->text;
    const struct node *value = n->items[0];
    int by_time = alternative_find(alternatives, count, word, "<time>");
    int by_versions = alternative_find(alternatives, count, word, "<versions>");
    int by_count = alternative_find(alternatives, count, word, "<count>");
    const char *space = value->kind == NODE_SCALAR ? strstr(value->text, " version") : NULL;
    char why[QUANTITY_WHY_BYTES];
    uint64_t number;
    double ns;

    if (by_count >= 0) {
        if (value->kind == NODE_SCALAR && whole_read(value->text, &number, why) && number >= 1 &&
            number <= 1000000000) {
            c->number = (int64_t)number;
            return by_count;
        }
        reading_error(r, value, "`%s` needs a whole number from 1, such as 3, not %s", word,
                      node_what(value));
        return -1;
    }
    if (by_time < 0 && by_versions < 0)
        return -2;
    if (by_versions >= 0 && space != NULL &&
        (strcmp(space, " versions") == 0 || strcmp(space, " version") == 0)) {
        char *digits = memory_text_of(value->text, (size_t)(space - value->text));
        bool good = whole_read(digits, &number, why) && number <= 1000000000;
        free(digits);
        if (!good)
            reading_error(r, value, "%s is not a number of versions, such as 100 versions", node_what(value));
        c->number = good ? (int64_t)number : 0;
        return good ? by_versions : -1;
    }
    if (by_time < 0 || value->kind != NODE_SCALAR ||
        !quantity_read(QUANTITY_TIME, value->text, false, &ns, why)) {
        reading_error(r, value, "`%s` needs %s, not %s", word,
                      by_time < 0       ? "a number of versions, such as 100 versions"
                      : by_versions < 0 ? "a time such as 5s"
                                        : "a time such as 5s, or a number such as 100 versions",
                      node_what(value));
        return -1;
    }
    c->number = llrint(ns);
    return by_time;
}

static bool choice_read(struct model_reading *m, const geo_param *p, const struct node *n, geo_choice *c)
{
    const char *alternatives[ALTERNATIVES_MOST];
    char why[QUANTITY_WHY_BYTES];
    int count = alternatives_split(m->r, p->choices, alternatives), index = -2;
    uint64_t number;

    if (n->kind == NODE_SCALAR && strchr(n->text, '<') == NULL)
        index = alternative_find(alternatives, count, n->text, "");
    if (n->kind == NODE_SCALAR && index < 0 && n->text[0] >= '0' && n->text[0] <= '9' &&
        (index = alternative_find(alternatives, count, "<copies>", "")) >= 0) {
        if (!whole_read(n->text, &number, why) || number < 1 || number > 100000) {
            reading_error(m->r, n, "%s is not a number of copies, from 1", node_what(n));
            return false;
        }
        c->number = (int64_t)number;
    }
    if (n->kind == NODE_LIST && (index = alternative_find(alternatives, count, "<regions>", "")) >= 0 &&
        !regions_choice(m->r, n, c))
        return false;
    if (n->kind == NODE_MAP && n->count == 1)
        index = measured_choice(m->r, n, alternatives, count, c);
    if (index == -1 && n->kind == NODE_MAP)
        return false;
    if (index >= 0) {
        c->index = (uint32_t)index;
        return true;
    }
    const char *shown[ALTERNATIVES_MOST];
    for (int i = 0; i < count; i++) {
        const char *space = strchr(alternatives[i], ' ');
        shown[i] = strcmp(alternatives[i], "<copies>") == 0    ? "a number of copies"
                   : strcmp(alternatives[i], "<regions>") == 0 ? "a list of regions"
                   : space != NULL ? arena_format(m->r->memory, "{%.*s: %s}", (int)(space - alternatives[i]),
                                                  alternatives[i],
                                                  strcmp(space, " <time>") == 0    ? "5s"
                                                  : strcmp(space, " <count>") == 0 ? "3"
                                                                                   : "100 versions")
                                   : alternatives[i];
    }
    reading_error(m->r, n, "%s is no choice of `%s`; %s", node_what(n), p->name,
                  reading_hint(m->r, n->kind == NODE_SCALAR ? n->text : "", shown, (size_t)count, "choices"));
    return false;
}

static bool bounds_check(struct model_reading *m, const geo_param *p, const struct node *n, enum quantity q,
                         double value)
{
    char why[QUANTITY_WHY_BYTES];
    double bound;

    if (p->least != NULL) {
        CHECK(quantity_read(q, p->least, true, &bound, why));
        if (value < bound)
            reading_error(m->r, n, "%s is too little for `%s`: at least %s", node_what(n), p->name, p->least);
    }
    if (p->most != NULL) {
        CHECK(quantity_read(q, p->most, true, &bound, why));
        if (value > bound)
            reading_error(m->r, n, "%s is too much for `%s`: at most %s", node_what(n), p->name, p->most);
    }
    return true;
}

static void store(struct model_reading *m, const geo_param *p, const void *value, size_t bytes)
{
    CHECK(p->offset + bytes <= m->model->config_bytes);
    memcpy(m->config + p->offset, value, bytes);
}

static void integer_param(struct model_reading *m, const geo_param *p, const struct node *n)
{
    char why[QUANTITY_WHY_BYTES];
    uint64_t number;
    bool negative = n->kind == NODE_SCALAR && n->text[0] == '-';

    if (!scalar_read(m->r, n, "a whole number"))
        return;
    if (!whole_read(n->text + (negative ? 1 : 0), &number, why) || number > INT64_MAX) {
        reading_error(m->r, n, "%s is not a whole number; write it in digits, such as 3", node_what(n));
        return;
    }
    int64_t value = negative ? -(int64_t)number : (int64_t)number;
    if (negative && value != 0 && (p->least == NULL || p->least[0] != '-')) {
        reading_error(m->r, n, "%s is negative; `%s` is at least %s", node_what(n), p->name,
                      p->least != NULL ? p->least : "0");
        return;
    }
    bounds_check(m, p, n, QUANTITY_NUMBER, (double)value);
    store(m, p, &value, sizeof value);
}

static void region_param(struct model_reading *m, const geo_param *p, const struct node *n)
{
    geo_region region = 0;

    if (node_is(n, "first")) {
        while (region < m->r->region_count && m->r->region_nodes[region] == 0)
            region++;
        region = region < m->r->region_count ? region : 0;
    } else if (!region_find(m->r, n, &region, true)) {
        return;
    }
    store(m, p, &region, sizeof region);
}

static void param_read(struct model_reading *m, const geo_param *p, const struct node *n)
{
    double value;

    switch ((enum geo_param_kind)p->kind) {
    case GEO_PARAM_INTEGER:
        integer_param(m, p, n);
        break;
    case GEO_PARAM_SHARE:
        if (quantity_node_read(m->r, n, QUANTITY_SHARE, false, &value) &&
            bounds_check(m, p, n, QUANTITY_SHARE, value))
            store(m, p, &value, sizeof value);
        break;
    case GEO_PARAM_TIME:
        if (quantity_node_read(m->r, n, QUANTITY_TIME, false, &value) &&
            bounds_check(m, p, n, QUANTITY_TIME, value)) {
            geo_ns ns = llrint(value);
            store(m, p, &ns, sizeof ns);
        }
        break;
    case GEO_PARAM_BYTES:
        if (quantity_node_read(m->r, n, QUANTITY_BYTES, false, &value) &&
            bounds_check(m, p, n, QUANTITY_BYTES, value)) {
            uint64_t bytes = (uint64_t)llrint(value);
            store(m, p, &bytes, sizeof bytes);
        }
        break;
    case GEO_PARAM_FLAG: {
        bool flag = node_is(n, "true");
        if (!flag && !node_is(n, "false"))
            reading_error(m->r, n, "%s is neither true nor false", node_what(n));
        store(m, p, &flag, sizeof flag);
        break;
    }
    case GEO_PARAM_REGION:
        region_param(m, p, n);
        break;
    case GEO_PARAM_CHOICE: {
        geo_choice choice = {0};
        if (choice_read(m, p, n, &choice))
            store(m, p, &choice, sizeof choice);
        break;
    }
    case GEO_PARAM_DISTRIBUTION: {
        const struct distribution *d =
            node_is(n, "none") ? NULL : distribution_read(m->r, n, QUANTITY_TIME, false);
        store(m, p, &d, sizeof d);
        break;
    }
    case GEO_PARAM_KINDS:
        break;
    }
}

/* Type and what the user gave, on one line: "sync leader=eu acks=majority". */
static const char *strategy_text(struct model_reading *m)
{
    const char *text = m->model->name;

    for (const geo_param *p = m->model->params; p != NULL && p->name != NULL; p++) {
        const struct node *n = dotted_get(m->node, p->name);
        if (n == NULL)
            continue;
        char *value = node_text_flow(n);
        text = arena_format(m->r->memory, "%s %s=%s", text, p->name, value);
        free(value);
    }
    return text;
}

static const geo_model *type_read(struct reading *r, const struct node *n)
{
    const char *names[NAMES_MOST];
    size_t count = 0;

    if (!scalar_read(r, n, "a model's type"))
        return NULL;
    const geo_model *model = registry_find(n->text);
    if (model != NULL)
        return model;
    while (count < NAMES_MOST && registry_model(count) != NULL) {
        names[count] = registry_model(count)->name;
        count++;
    }
    reading_error(r, n, "there is no model %s; %s", node_what(n),
                  reading_hint(r, n->text, names, count, "models"));
    return NULL;
}

static void model_build(struct reading *r, const struct node *n, const struct scenario *s,
                        struct scenario_model *out)
{
    const struct node *type = n->kind == NODE_MAP ? node_get(n, "type") : n, *name = node_get(n, "name");

    if (n->kind == NODE_LIST || (n->kind == NODE_MAP && type == NULL && name == NULL)) {
        reading_error(r, n, "a model is a type's name, or a map with `type`, not %s", node_what(n));
        return;
    }
    type = type != NULL ? type : name;
    if (name != NULL && !name_check(r, name, "a model"))
        return;
    if (node_is(name, "all"))
        reading_error(r, name, "a model cannot be called `all`: in `expect` it means every one");
    const geo_model *model = type_read(r, type);
    if (model == NULL)
        return;
    struct model_reading m = {
        .r = r, .model = model, .node = n, .config = arena_take(r->memory, model->config_bytes + 1, 1)};
    size_t errors = diagnostics_count(r->d);
    if (n->kind == NODE_MAP)
        unknown_check(&m, n, "");
    for (const geo_param *p = model->params; p != NULL && p->name != NULL; p++) {
        const struct node *value = dotted_get(n, p->name);
        param_read(&m, p, value != NULL ? value : default_node(r, p->by_default));
    }
    *out = (struct scenario_model){.name = (name != NULL ? name : type)->text,
                                   .model = model,
                                   .config = m.config,
                                   .strategy = strategy_text(&m)};
    geo_setting setting = world_def_setting(&s->world);
    if (model->check == NULL || diagnostics_count(r->d) != errors || setting.nodes == 0)
        return;
    const char *wrong = model->check(m.config, &setting);
    if (wrong != NULL)
        reading_error(r, n, "`%s`: %s", out->name, wrong);
}

void models_build(struct reading *r, const struct node *list, struct scenario *s)
{
    if (list == NULL)
        return;
    if (list->kind != NODE_LIST || list->count == 0 || list->count > MODELS_MOST) {
        reading_error(r, list, "`models` is a list of 1 to %d models, not %s", MODELS_MOST,
                      list->kind != NODE_LIST ? node_what(list)
                      : list->count == 0      ? "an empty one"
                                              : "so many");
        return;
    }
    s->models = arena_take(r->memory, list->count, sizeof *s->models);
    s->model_count = list->count;
    for (uint32_t i = 0; i < list->count; i++) {
        struct scenario_model *model = &s->models[i];
        model_build(r, list->items[i], s, model);
        for (uint32_t k = 0; model->name != NULL && k < i; k++)
            if (s->models[k].name != NULL && strcmp(s->models[k].name, model->name) == 0) {
                reading_error(r, list->items[i], "two models are named `%s`: give one a `name`", model->name);
                break;
            }
    }
}
