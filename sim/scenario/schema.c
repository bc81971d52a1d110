/* schema.c -- the tables once more, for editors and for people: a JSON Schema (draft 2020-12), and a list of
 * the keys.
 *
 * What libyaml hands to an editor as a number (0.5, 3) and what stays text (80ms) is one thing here, a scalar
 * that its key reads: so each quantity is a string of a pattern, or a number where no unit is needed. */
#include "sim/scenario/distributions.h"
#include "sim/scenario/reading.h"

#include "sim/model/registry.h"

#include <jansson.h>

static const char *const quantity_names[QUANTITIES] = {"time",  "size",      "rate",  "bandwidth",
                                                       "share", "frequency", "price", "number"};

static json_t *map_schema(const struct key *keys);

static json_t *type_schema(const char *type)
{
    return json_pack("{s:s}", "type", type);
}

static json_t *ref_schema(const char *definition)
{
    char *path = NULL;

    CHECK(asprintf(&path, "#/$defs/%s", definition) >= 0);
    json_t *ref = json_pack("{s:s}", "$ref", path);
    free(path);
    return ref;
}

static json_t *any_of(json_t *first, json_t *second)
{
    return json_pack("{s:[o,o]}", "anyOf", first, second);
}

static json_t *word_schema(const char *word)
{
    return json_pack("{s:s}", "const", word);
}

static json_t *words_schema(const char *words)
{
    json_t *list = json_array();

    for (const char *w = words; w != NULL; w = strchr(w, '|') != NULL ? strchr(w, '|') + 1 : NULL)
        json_array_append_new(list, json_stringn(w, strcspn(w, "|")));
    return json_pack("{s:o}", "enum", list);
}

static json_t *list_schema(json_t *items)
{
    return json_pack("{s:s,s:o}", "type", "array", "items", items);
}

/* A map of one key. */
static json_t *single_schema(const char *name, json_t *value)
{
    return json_pack("{s:s,s:{s:o},s:[s],s:b}", "type", "object", "properties", name, value, "required", name,
                     "additionalProperties", 0);
}

static json_t *one_of_schema(const struct key *keys)
{
    json_t *list = json_array();

    for (const struct key *k = keys; k->name != NULL; k++) {
        if (k->kind == KEY_LATER)
            continue;
        json_t *value = k->kind == KEY_BARE  ? word_schema(k->name)
                        : k->kind == KEY_MAP ? map_schema(k->keys)
                                             : ref_schema(quantity_names[k->quantity]);
        json_array_append_new(
            list, k->kind == KEY_BARE || k->name[0] == '\0' ? value : single_schema(k->name, value));
    }
    return json_pack("{s:o}", "anyOf", list);
}

static json_t *node_schema(const struct key *key)
{
    json_t *map = key->keys != NULL ? map_schema(key->keys) : type_schema("object");

    switch (key->shape) {
    case SHAPE_LIST:
        json_decref(map);
        return type_schema("array");
    case SHAPE_LIST_OF_MAPS:
        return list_schema(map);
    case SHAPE_NAMES_OR_MAPS:
        return list_schema(any_of(type_schema("string"), map));
    case SHAPE_MAP_OF_MAPS:
        return json_pack("{s:s,s:o}", "type", "object", "additionalProperties", map);
    case SHAPE_MAP:
        return map;
    case SHAPE_WORD_OR_MAP:
        return any_of(json_pack("{s:[s,s]}", "type", "string", "number"), map);
    case SHAPE_ANY:
        break;
    }
    json_decref(map);
    return json_object();
}

static json_t *value_schema(const struct key *key)
{
    switch (key->kind) {
    case KEY_QUANTITY:
        return ref_schema(quantity_names[key->quantity]);
    case KEY_TIME:
        return ref_schema("time");
    case KEY_BYTES:
        return ref_schema("size");
    case KEY_WHOLE:
        return json_pack("{s:s,s:i}", "type", "integer", "minimum", 0);
    case KEY_INTEGER:
        return type_schema("integer");
    case KEY_FLAG:
        return type_schema("boolean");
    case KEY_WORD:
        return words_schema(key->words);
    case KEY_TEXT:
        return type_schema("string");
    case KEY_DISTRIBUTION:
        return ref_schema(key->quantity == QUANTITY_TIME ? "distribution" : "frequency_distribution");
    case KEY_MAP:
        return map_schema(key->keys);
    case KEY_ONE_OF:
        return one_of_schema(key->keys);
    case KEY_NODE:
    case KEY_IGNORED:
        return node_schema(key);
    case KEY_BARE:
    case KEY_LATER:
        break;
    }
    return json_object();
}

static json_t *map_schema(const struct key *keys)
{
    json_t *properties = json_object(), *required = json_array();

    for (const struct key *k = keys; k->name != NULL; k++) {
        if (k->kind == KEY_LATER && k->none == NULL)
            continue;
        json_t *value = k->kind != KEY_LATER ? value_schema(k)
                        : strcmp(k->none, "{}") == 0
                            ? json_pack("{s:s,s:i}", "type", "object", "maxProperties", 0)
                            : word_schema(k->none);
        if (k->none != NULL && k->kind != KEY_LATER)
            value = any_of(word_schema(k->none), value);
        json_object_set_new(value, "description", json_string(k->doc));
        if (k->by_default != NULL)
            json_object_set_new(value, "default", json_string(k->by_default));
        json_object_set_new(properties, k->name, value);
        if (k->required)
            json_array_append_new(required, json_string(k->name));
    }
    return json_pack("{s:s,s:o,s:o,s:b}", "type", "object", "properties", properties, "required", required,
                     "additionalProperties", 0);
}

static json_t *parameter_schema(enum parameter_kind kind, enum quantity q)
{
    bool number = kind == PARAMETER_SIGMA || kind == PARAMETER_SHAPE;

    return ref_schema(quantity_names[number ? QUANTITY_NUMBER : q]);
}

static json_t *distribution_schema(enum quantity q, const char *self)
{
    json_t *list = json_pack("[o]", ref_schema(quantity_names[q]));

    for (const struct distribution_form *f = distribution_forms; f->name != NULL; f++) {
        json_t *properties = json_object(), *required = json_array(), *inner;
        for (int i = 0; i < 2; i++) {
            const struct distribution_parameter *p = i == 0 ? &f->a : &f->b;
            if (p->kind == PARAMETER_NONE)
                continue;
            json_object_set_new(properties, p->name, parameter_schema(p->kind, q));
            json_array_append_new(required, json_string(p->name));
        }
        if (f->kind == DISTRIBUTION_EMPIRICAL) {
            for (const char *names[] = {"file", "column", "unit", NULL}, **n = names; *n != NULL; n++) {
                json_object_set_new(properties, *n, type_schema("string"));
                json_array_append_new(required, json_string(*n));
            }
        }
        if (f->kind == DISTRIBUTION_MIXTURE) {
            json_object_set_new(properties, "weight", json_pack("{s:[s,s]}", "type", "number", "string"));
            json_array_append_new(required, json_string("weight"));
        }
        if (f->kind == DISTRIBUTION_MIXTURE || f->kind == DISTRIBUTION_SHIFTED) {
            json_object_set_new(properties, "of", ref_schema(self));
            json_array_append_new(required, json_string("of"));
        }
        inner = json_pack("{s:s,s:o,s:o,s:b}", "type", "object", "properties", properties, "required",
                          required, "additionalProperties", 0);
        inner = f->kind == DISTRIBUTION_MIXTURE ? list_schema(inner) : inner;
        json_object_set_new(inner, "description", json_string(f->doc));
        json_array_append_new(list, single_schema(f->name, inner));
    }
    return json_pack("{s:o}", "anyOf", list);
}

static json_t *definitions(void)
{
    json_t *all = json_object();

    for (int q = 0; q < QUANTITIES; q++) {
        const struct quantity_def *def = &quantity_defs[q];
        char *doc = NULL;
        CHECK(asprintf(&doc, "%s, such as %s", def->noun, def->example) >= 0);
        json_t *number = q == QUANTITY_SHARE || q == QUANTITY_NUMBER ? type_schema("number")
                                                                     : json_pack("{s:i}", "const", 0);
        json_t *text = json_pack("{s:s,s:s}", "type", "string", "pattern", def->pattern);
        json_t *one = any_of(text, number);
        json_object_set_new(one, "description", json_string(doc));
        json_object_set_new(all, quantity_names[q], one);
        free(doc);
    }
    json_object_set_new(all, "distribution", distribution_schema(QUANTITY_TIME, "distribution"));
    json_object_set_new(all, "frequency_distribution",
                        distribution_schema(QUANTITY_FREQUENCY, "frequency_distribution"));
    return all;
}

static json_t *choice_schema(const char *choices)
{
    json_t *list = json_array();

    for (const char *c = choices; c != NULL; c = strchr(c, '|') != NULL ? strchr(c, '|') + 1 : NULL) {
        c += strspn(c, " ");
        size_t length = strcspn(c, "|");
        while (length > 0 && c[length - 1] == ' ')
            length--;
        char *one = memory_text_of(c, length), *space = strchr(one, ' ');
        json_t *value = NULL;
        if (strcmp(one, "<copies>") == 0)
            value = json_pack("{s:s,s:i}", "type", "integer", "minimum", 1);
        else if (strcmp(one, "<regions>") == 0)
            value = list_schema(type_schema("string"));
        else if (space == NULL)
            value = word_schema(one);
        if (value == NULL && space != NULL) {
            bool time = strcmp(space + 1, "<time>") == 0, number = strcmp(space + 1, "<count>") == 0;
            *space = '\0';
            value = single_schema(
                one, time     ? ref_schema("time")
                     : number ? json_pack("{s:s,s:i}", "type", "integer", "minimum", 1)
                              : json_pack("{s:s,s:s}", "type", "string", "pattern", "^[0-9]+ versions?$"));
        }
        json_array_append_new(list, value);
        free(one);
    }
    return json_pack("{s:o}", "anyOf", list);
}

static json_t *param_schema(const geo_param *p)
{
    json_t *value = NULL;

    switch ((enum geo_param_kind)p->kind) {
    case GEO_PARAM_INTEGER:
        value = type_schema("integer");
        break;
    case GEO_PARAM_SHARE:
        value = ref_schema("share");
        break;
    case GEO_PARAM_TIME:
        value = ref_schema("time");
        break;
    case GEO_PARAM_BYTES:
        value = ref_schema("size");
        break;
    case GEO_PARAM_FLAG:
        value = type_schema("boolean");
        break;
    case GEO_PARAM_REGION:
        value = type_schema("string");
        break;
    case GEO_PARAM_CHOICE:
        value = choice_schema(p->choices);
        break;
    case GEO_PARAM_DISTRIBUTION:
        value = any_of(word_schema("none"), ref_schema("distribution"));
        break;
    case GEO_PARAM_KINDS:
        break;
    }
    CHECK(value != NULL);
    json_object_set_new(value, "description", json_string(p->doc));
    json_object_set_new(value, "default", json_string(p->by_default));
    return value;
}

/* The properties of the map at the end of a dotted name, made where they are not yet. Borrowed. */
static json_t *properties_at(json_t *properties, const char *name, const char **leaf)
{
    const char *dot;

    for (*leaf = name; (dot = strchr(*leaf, '.')) != NULL; *leaf = dot + 1) {
        char *head = memory_text_of(*leaf, (size_t)(dot - *leaf));
        json_t *map = json_object_get(properties, head);
        if (map == NULL) {
            map = json_pack("{s:s,s:{},s:b}", "type", "object", "properties", "additionalProperties", 0);
            json_object_set_new(properties, head, map);
        } else if (json_object_get(map, "properties") == NULL) { /* a word or a map */
            json_object_set_new(map, "properties", json_object());
        }
        properties = json_object_get(map, "properties");
        free(head);
    }
    return properties;
}

static json_t *model_schema(const geo_model *model)
{
    json_t *properties = json_object();

    json_object_set_new(properties, "type", word_schema(model->name));
    json_object_set_new(properties, "name", type_schema("string"));
    for (const geo_param *p = model->params; p != NULL && p->name != NULL; p++) {
        const char *leaf;
        json_t *into = properties_at(properties, p->name, &leaf);
        json_object_set_new(into, leaf, param_schema(p));
    }
    return json_pack("{s:s,s:s,s:o,s:b,s:[s]}", "type", "object", "description", model->summary, "properties",
                     properties, "additionalProperties", 0, "required", "type");
}

static json_t *models_schema(void)
{
    json_t *names = json_array(), *list = json_array();

    for (size_t i = 0; registry_model(i) != NULL; i++) {
        json_array_append_new(names, json_string(registry_model(i)->name));
        json_array_append_new(list, model_schema(registry_model(i)));
    }
    json_array_insert_new(list, 0, json_pack("{s:o}", "enum", names));
    return list_schema(json_pack("{s:o}", "anyOf", list));
}

char *scenario_schema(void)
{
    json_t *root = map_schema(scenario_keys), *properties = json_object_get(root, "properties");
    json_t *models = models_schema();

    json_object_set_new(models, "description", json_string(key_find(scenario_keys, "models")->doc));
    json_object_set_new(properties, "models", models);
    json_object_set_new(root, "patternProperties", json_pack("{s:{}}", "^x-"));
    json_object_set_new(root, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
    json_object_set_new(root, "title", json_string("georep scenario"));
    json_object_set_new(root, "$defs", definitions());
    json_object_del(root, "required"); /* what a file leaves out, the one that it extends may give */
    json_object_set_new(
        properties, "extends",
        json_pack("{s:s,s:s}", "type", "string", "description", key_find(scenario_keys, "extends")->doc));
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS);
    json_decref(root);
    CHECK(text != NULL);
    return text;
}

static void keys_list(FILE *to, const char *path, const struct key *keys)
{
    for (const struct key *k = keys; k->name != NULL; k++) {
        char *name = NULL;
        if (k->kind == KEY_LATER || k->name[0] == '\0')
            continue;
        CHECK(asprintf(&name, "%s%s%s", path, path[0] != '\0' ? "." : "", k->name) >= 0);
        fprintf(to, "%-42s %-28s %s\n", name,
                k->by_default != NULL ? k->by_default
                : k->required         ? "(required)"
                                      : "",
                k->doc);
        bool inner = k->keys != NULL && k->kind != KEY_BARE;
        char *element = NULL;
        CHECK(asprintf(&element, "%s%s", name,
                       k->kind != KEY_NODE                                                 ? ""
                       : k->shape == SHAPE_MAP_OF_MAPS                                     ? ".NAME"
                       : k->shape == SHAPE_LIST_OF_MAPS || k->shape == SHAPE_NAMES_OR_MAPS ? "[]"
                                                                                           : "") >= 0);
        if (inner &&
            (k->keys != workload_keys || path[0] == '\0')) /* a region's are the same: once is enough */
            keys_list(to, element, k->keys);
        free(element);
        free(name);
    }
}

void scenario_list_keys(FILE *to)
{
    keys_list(to, "", scenario_keys);
}
