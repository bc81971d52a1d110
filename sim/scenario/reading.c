/* reading.c -- reads a tree by tables: one function for each kind of key, and the words of the errors.
 *
 * Nothing stops at an error: what is wrong is said and left out, so that one go finds all. */
#include "sim/scenario/reading.h"

#include "sim/scenario/csv.h"
#include "sim/scenario/yaml.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

void reading_free(struct reading *r)
{
    array_free(&r->defaults);
    array_free(&r->samples);
    for (size_t i = 0; i < r->tables.count; i++)
        csv_free(r->tables.items[i]);
    array_free(&r->tables);
}

bool reading_flooded(const struct reading *r)
{
    return diagnostics_count(r->d) >= r->errors_before + READING_ERRORS_MOST;
}

void reading_error(struct reading *r, const struct node *at, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    if (reading_flooded(r))
        return;
    va_start(arguments, format);
    CHECK(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    diagnostics_error(r->d, at != NULL ? at->at : (struct place){.file = name_kept(r->path)}, "%s", text);
    free(text);
}

const char *reading_hint(struct reading *r, const char *name, const char *const *names, size_t count,
                         const char *noun)
{
    const char *near = nearest_name(name, names, count);
    ARRAY(char) text = {0};

    if (near != NULL)
        return arena_format(r->memory, "did you mean `%s`?", near);
    if (count == 0)
        return arena_format(r->memory, "there are no %s", noun);
    for (size_t i = 0; i < count && i < 40; i++)
        for (const char *part[] = {i > 0 ? ", " : "", names[i], NULL}, **p = part; *p != NULL; p++)
            for (const char *c = *p; *c != '\0'; c++)
                *array_add(&text) = *c;
    *array_add(&text) = '\0';
    const char *hint =
        arena_format(r->memory, "the %s are %s%s", noun, text.items, count > 40 ? ", ..." : "");
    array_free(&text);
    return hint;
}

const struct node *default_node(struct reading *r, const char *text)
{
    array_each (struct reading_default, one, &r->defaults)
        if (one->text == text)
            return one->node;
    struct place nowhere = {.file = name_kept("a default")};
    const struct node *n = text[0] == '{' || text[0] == '['
                               ? yaml_read(r->memory, nowhere.file, text, strlen(text), false, r->d)
                               : node_scalar(r->memory, nowhere, text);
    CHECK(n != NULL);
    *array_add(&r->defaults) = (struct reading_default){text, n};
    return n;
}

bool scalar_read(struct reading *r, const struct node *n, const char *what)
{
    if (n->kind == NODE_SCALAR && n->text[0] != '\0')
        return true;
    reading_error(r, n, "%s is wanted here, not %s", what, node_what(n));
    return false;
}

bool quantity_node_read(struct reading *r, const struct node *n, enum quantity q, bool negative,
                        double *value)
{
    char why[QUANTITY_WHY_BYTES];
    const struct quantity_def *def = &quantity_defs[q];

    if (n->kind != NODE_SCALAR) {
        reading_error(r, n, "%s such as %s is wanted here, not %s", def->noun, def->example, node_what(n));
        return false;
    }
    if (quantity_read(q, n->text, negative, value, why))
        return true;
    reading_error(r, n, "%s", why);
    return false;
}

bool time_node_read(struct reading *r, const struct node *n, bool negative, sim_ns *value)
{
    double ns;

    if (!quantity_node_read(r, n, QUANTITY_TIME, negative, &ns))
        return false;
    *value = llrint(ns);
    return true;
}

bool word_node_read(struct reading *r, const struct node *n, const char *name, const char *words,
                    uint32_t *index)
{
    const char *names[32];
    size_t count = 0;

    for (const char *w = words; w != NULL && count < 32;
         w = strchr(w, '|') != NULL ? strchr(w, '|') + 1 : NULL)
        names[count++] = arena_text_of(r->memory, w, strcspn(w, "|"));
    for (size_t i = 0; i < count && n->kind == NODE_SCALAR; i++)
        if (strcmp(names[i], n->text) == 0) {
            *index = (uint32_t)i;
            return true;
        }
    reading_error(r, n, "%s is no choice of `%s`; %s", node_what(n), name,
                  reading_hint(r, n->kind == NODE_SCALAR ? n->text : "", names, count, "choices"));
    return false;
}

/* Names stand in paths, in CSV files and in file names. */
bool name_check(struct reading *r, const struct node *n, const char *what)
{
    if (!scalar_read(r, n, what))
        return false;
    size_t length = strlen(n->text);
    bool good = length <= 64 && n->text[0] != ' ' && n->text[length - 1] != ' ';
    for (const unsigned char *c = (const unsigned char *)n->text; *c != '\0'; c++)
        good = good && (*c >= 0x80 || (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
                        (*c >= 'A' && *c <= 'Z') || strchr("-_.+ ", *c) != NULL);
    if (!good)
        reading_error(r, n, "%s cannot be the name of %s: up to 64 letters, digits, spaces and -_.+",
                      node_what(n), what);
    return good;
}

static bool flag_read(struct reading *r, const struct node *n, bool *flag)
{
    *flag = node_is(n, "true");
    if (*flag || node_is(n, "false"))
        return true;
    reading_error(r, n, "%s is neither true nor false", node_what(n));
    return false;
}

/* Bounds are text of the same kind: read by the same reader. */
static bool within(struct reading *r, const struct key *key, const struct node *n, double value)
{
    char why[QUANTITY_WHY_BYTES];
    enum quantity q = key->kind == KEY_TIME                                ? QUANTITY_TIME
                      : key->kind == KEY_BYTES                             ? QUANTITY_BYTES
                      : key->kind == KEY_WHOLE || key->kind == KEY_INTEGER ? QUANTITY_NUMBER
                                                                           : key->quantity;
    double bound;

    if (key->least != NULL) {
        CHECK(quantity_read(q, key->least, true, &bound, why));
        if (value < bound) {
            reading_error(r, n, "%s is too little for `%s`: at least %s", node_what(n), key->name,
                          key->least);
            return false;
        }
    }
    if (key->most != NULL) {
        CHECK(quantity_read(q, key->most, true, &bound, why));
        if (value > bound) {
            reading_error(r, n, "%s is too much for `%s`: at most %s", node_what(n), key->name, key->most);
            return false;
        }
    }
    return true;
}

static bool whole_value_read(struct reading *r, const struct key *key, const struct node *n, void *to)
{
    char why[QUANTITY_WHY_BYTES];
    uint64_t value;
    bool negative =
        key->kind == KEY_INTEGER && n->kind == NODE_SCALAR && n->text[0] == '-' && n->text[1] != '\0';

    if (!scalar_read(r, n, "a whole number"))
        return false;
    if (!whole_read(n->text + (negative ? 1 : 0), &value, why)) {
        reading_error(r, n, "%s", why);
        return false;
    }
    if (!within(r, key, n, negative ? -(double)value : (double)value))
        return false;
    if (key->kind == KEY_WHOLE) {
        memcpy(to, &value, sizeof value);
        return true;
    }
    CHECK(value <= INT64_MAX); /* tables bound every KEY_INTEGER */
    int64_t number = negative ? -(int64_t)value : (int64_t)value;
    memcpy(to, &number, sizeof number);
    return true;
}

static void one_of_wrong(struct reading *r, const struct key *key, const struct node *n,
                         const char *const *words, const char *const *shown, size_t count)
{
    const char *near = n->kind == NODE_SCALAR ? nearest_name(n->text, words, count) : NULL;

    for (size_t i = 0; near != NULL && i < count; i++)
        if (words[i] == near) {
            reading_error(r, n, "%s is no choice of `%s`; did you mean `%s`?", node_what(n), key->name,
                          shown[i]);
            return;
        }
    reading_error(r, n, "%s is no choice of `%s`; %s", node_what(n), key->name,
                  reading_hint(r, "", shown, count, "choices"));
}

static bool one_of_read(struct reading *r, const struct key *key, const struct node *n, void *map_struct)
{
    char *into = map_struct, *inside = into + key->inside;
    const char *names[16] = {0}, *words[16] = {0};
    size_t count = 0;
    bool one = n->kind == NODE_MAP && n->count == 1;

    for (uint32_t i = 0; key->keys[i].name != NULL; i++) {
        const struct key *k = &key->keys[i];
        bool bare = k->kind == KEY_BARE, scalar = k->name[0] == '\0';
        bool fits = bare     ? node_is(n, k->name)
                    : scalar ? n->kind == NODE_SCALAR
                             : one && strcmp(n->keys[0]->text, k->name) == 0;
        if (fits) {
            memcpy(into + key->offset, &i, sizeof i);
            return bare || value_read(r, k, scalar ? n : n->items[0], inside);
        }
        if (!scalar && k->kind != KEY_LATER) {
            words[count] = k->name;
            names[count++] = bare ? k->name : arena_format(r->memory, "{%s: ...}", k->name);
        }
    }
    if (n->kind == NODE_MAP && n->count > 1)
        reading_error(r, n, "`%s` takes one choice, a map of one key; here are `%s` and `%s`", key->name,
                      n->keys[0]->text, n->keys[1]->text);
    else
        one_of_wrong(r, key, one ? n->keys[0] : n, words, names, count);
    return false;
}

bool value_read(struct reading *r, const struct key *key, const struct node *n, void *map_struct)
{
    char *to = (char *)map_struct + key->offset;
    double number;

    if (key->none != NULL &&
        (node_is(n, key->none) || (strcmp(key->none, "{}") == 0 && n->kind == NODE_MAP && n->count == 0)))
        return true;
    switch (key->kind) {
    case KEY_QUANTITY:
    case KEY_BYTES:
    case KEY_TIME: {
        enum quantity q = key->kind == KEY_TIME    ? QUANTITY_TIME
                          : key->kind == KEY_BYTES ? QUANTITY_BYTES
                                                   : key->quantity;
        if (!quantity_node_read(r, n, q, key->negative, &number) || !within(r, key, n, number))
            return false;
        sim_ns ns = llrint(number);
        uint64_t bytes = (uint64_t)llrint(key->kind == KEY_BYTES ? number : 0);
        if (key->kind == KEY_QUANTITY)
            memcpy(to, &number, sizeof number);
        else if (key->kind == KEY_TIME)
            memcpy(to, &ns, sizeof ns);
        else
            memcpy(to, &bytes, sizeof bytes);
        return true;
    }
    case KEY_WHOLE:
    case KEY_INTEGER:
        return whole_value_read(r, key, n, to);
    case KEY_FLAG:
        return flag_read(r, n, (bool *)(void *)to);
    case KEY_WORD:
        return word_node_read(r, n, key->name, key->words, (uint32_t *)(void *)to);
    case KEY_TEXT:
        if (!scalar_read(r, n, "a text"))
            return false;
        memcpy(to, &n->text, sizeof n->text);
        return true;
    case KEY_DISTRIBUTION: {
        const struct distribution *d = distribution_read(r, n, key->quantity, key->negative);
        memcpy(to, &d, sizeof d);
        return d != NULL;
    }
    case KEY_MAP:
        map_read(r, n, n, key->name, key->keys, to);
        return true;
    case KEY_ONE_OF:
        return one_of_read(r, key, n, map_struct);
    case KEY_NODE:
        memcpy(to, &n, sizeof n);
        return true;
    case KEY_LATER:
        reading_error(r, n, "%s", key->doc);
        return false;
    case KEY_BARE:
    case KEY_IGNORED:
        break;
    }
    return true;
}

static void unknown_key(struct reading *r, const struct node *key, const char *what, const struct key *keys)
{
    const char *names[64];
    size_t count = 0;

    for (const struct key *k = keys; k->name != NULL && count < 64; k++)
        if (k->kind != KEY_LATER)
            names[count++] = k->name;
    reading_error(r, key, "%s is not a key of %s; %s", node_what(key), what,
                  reading_hint(r, key->text, names, count, "keys"));
}

void map_read(struct reading *r, const struct node *map, const struct node *where, const char *what,
              const struct key *keys, void *into)
{
    const char *marked = keys == scenario_keys ? what : arena_format(r->memory, "`%s`", what);

    if (map != NULL && map->kind != NODE_MAP) {
        reading_error(r, map, "%s is a map of keys here, not %s", marked, node_what(map));
        return;
    }
    for (uint32_t i = 0; map != NULL && i < map->count; i++)
        if (key_find(keys, map->keys[i]->text) == NULL &&
            !(keys == scenario_keys && strncmp(map->keys[i]->text, "x-", 2) == 0))
            unknown_key(r, map->keys[i], marked, keys);
    for (const struct key *k = keys; k->name != NULL; k++) {
        const struct node *n = node_get(map, k->name);
        if (n != NULL)
            value_read(r, k, n, into);
        else if (k->required)
            reading_error(r, where, "%s needs `%s`: %s", marked, k->name, k->doc);
        else if (k->kind == KEY_MAP && !k->optional)
            map_read(r, NULL, where, k->name, k->keys, (char *)into + k->offset);
        else if (k->by_default != NULL && !(k->none != NULL && strcmp(k->none, k->by_default) == 0))
            value_read(r, k, default_node(r, k->by_default), into);
    }
}

bool region_find(struct reading *r, const struct node *n, uint32_t *index, bool with_nodes)
{
    if (!scalar_read(r, n, "a region's name"))
        return false;
    for (uint32_t i = 0; i < r->region_count; i++) {
        if (strcmp(r->region_names[i], n->text) != 0)
            continue;
        *index = i;
        if (with_nodes && r->region_nodes[i] == 0)
            reading_error(r, n, "the region `%s` has no nodes: name one that has", n->text);
        return !with_nodes || r->region_nodes[i] != 0;
    }
    reading_error(r, n, "there is no region %s; %s", node_what(n),
                  reading_hint(r, n->text, r->region_names, r->region_count, "regions"));
    return false;
}

char *node_path(struct reading *r, const struct node *n)
{
    const char *beside = r->path;
    const struct input *one;

    for (size_t i = 0; (one = inputs_at(r->inputs, i)) != NULL; i++)
        if (n->at.file != NULL && strcmp(one->name, n->at.file) == 0)
            beside = one->name;
    return path_beside(beside, n->text);
}
