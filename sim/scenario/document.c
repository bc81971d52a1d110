/* document.c -- a document: the file and what it extends, merged; the overrides; then each point of the
 * sweep, read.
 *
 *     file + extends -> merge -> --set -> --models -> sweep -> path_set a point -> scenario_build
 *
 * All points are read at once, so whoever gets a document knows that every one of them is right, and threads
 * share it without a lock. Trees share what does not differ. */
#include "sim/scenario/sweep.h"
#include "sim/scenario/yaml.h"

#include <ctype.h>

enum { EXTENDS_MOST = 16 };

struct document {
    struct arena *memory;
    struct inputs *inputs;
    const struct node *root; /* merged and overridden */
    const char *path;
    struct sweep sweep;
    const struct scenario **scenarios; /* [point] */
};

static const char *data_folder = ".";

void scenario_set_data_folder(const char *folder)
{
    data_folder = folder;
}

const char *scenario_data_folder(void)
{
    return data_folder;
}

/* The tree of a file upon the trees of what it extends. `chain`: the files on the way here. */
static const struct node *file_read(struct reading *r, const char *path, const struct node *from,
                                    const struct input **chain, size_t depth)
{
    const struct input *input =
        inputs_read(r->inputs, path, from != NULL ? from->at : (struct place){0}, r->d);

    if (input == NULL)
        return NULL;
    for (size_t i = 0; i < depth; i++)
        if (chain[i] == input) {
            reading_error(r, from, "%s extends itself, by way of %s", path, from->at.file);
            return NULL;
        }
    if (depth == EXTENDS_MOST) {
        reading_error(r, from, "a chain of more than %d files that extend each other", EXTENDS_MOST);
        return NULL;
    }
    chain[depth] = input;
    const struct node *own = yaml_read(r->memory, input->name, input->contents, input->bytes, true, r->d);
    if (own == NULL)
        return NULL;
    const struct node *extends = node_get(own, "extends");
    if (extends == NULL)
        return own;
    if (!scalar_read(r, extends, "a file's name"))
        return NULL;
    char *base_path = path_beside(strcmp(path, "-") == 0 ? "" : path, extends->text);
    const struct node *base = file_read(r, base_path, extends, chain, depth + 1);
    free(base_path);
    if (base == NULL)
        return NULL;
    if (base->kind != NODE_MAP) {
        reading_error(r, base, "a scenario is a map of keys here, not %s", node_what(base));
        return NULL;
    }
    return settings_merge(r->memory, scenario_keys, base, node_with(r->memory, own, "extends", NULL));
}

/* A name from the file's: lower case, with hyphens for what a name may not hold. */
static const struct node *name_given(struct reading *r, const struct node *root)
{
    const char *slash = strrchr(r->path, '/'), *file = slash != NULL ? slash + 1 : r->path;
    char name[65];
    size_t length = 0;

    if (root->kind != NODE_MAP || node_get(root, "name") != NULL)
        return root;
    size_t stem = strcspn(file, "."); /* example.tiny.yaml is example */
    for (size_t i = 0; i < stem && length < 64; i++) {
        int c = tolower((unsigned char)file[i]);
        bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (good || (length > 0 && name[length - 1] != '-'))
            name[length++] = good ? (char)c : '-';
    }
    while (length > 0 && name[length - 1] == '-')
        length--;
    name[length] = '\0';
    return node_with(
        r->memory, root, "name",
        node_scalar(r->memory, (struct place){.file = name_kept(r->path)}, length > 0 ? name : "scenario"));
}

static const struct node *overrides_apply(struct reading *r, const struct node *root,
                                          const struct document_override *overrides, size_t count)
{
    for (size_t i = 0; i < count && root->kind == NODE_MAP; i++) {
        const struct document_override *o = &overrides[i];
        const char *file = name_kept(arena_format(r->memory, "--set %s=%s", o->path, o->value));
        struct place at = {.file = file};
        const struct node *value = o->value[strspn(o->value, " ")] == '\0'
                                       ? node_scalar(r->memory, at, "")
                                       : yaml_read(r->memory, file, o->value, strlen(o->value), false, r->d);
        if (value == NULL)
            continue;
        const char *path = strcmp(o->path, "extends") == 0 ? NULL : o->path;
        if (path == NULL)
            reading_error(r, value, "`extends` is read before anything is set: write it in the scenario");
        if (path != NULL && node_get(node_get(root, "sweep"), path) != NULL)
            reading_error(r, value, "the scenario sweeps `%s`: set sweep.%s=[...] in its place", path, path);
        const struct node *changed = path != NULL ? path_set(r, root, path, value) : NULL;
        root = changed != NULL ? changed : root;
    }
    return root;
}

static const char *model_name(const struct node *n)
{
    const struct node *name = n->kind == NODE_SCALAR ? n : node_get(n, "name");

    name = name != NULL ? name : node_get(n, "type");
    return name != NULL && name->kind == NODE_SCALAR ? name->text : "";
}

static bool name_in(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* What an expectation "< 0.5 * other" compares with, if that is a model of the list. */
static bool compares_with(const struct node *bound, const char *const *names, size_t count)
{
    if (bound->kind != NODE_SCALAR)
        return bound->kind == NODE_MAP && bound->count > 0 &&
               (compares_with(bound->items[0], names, count) ||
                compares_with(bound->items[bound->count - 1], names, count));
    const char *star = strrchr(bound->text, '*'), *name = star != NULL ? star + 1 : bound->text;
    name += strspn(name, star != NULL ? " " : " <>=");
    return name_in(name, names, count);
}

/* `expect` without what is said of dropped models, or by them. */
static const struct node *expects_keep(struct reading *r, const struct node *root)
{
    const struct node *list = node_get(root, "expect");

    if (list == NULL || list->kind != NODE_LIST)
        return root;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct node *element = list->items[i];
        for (uint32_t k = 0; element->kind == NODE_MAP && k < list->items[i]->count; k++) {
            const char *model = list->items[i]->keys[k]->text;
            const struct node *bounds = list->items[i]->items[k], *kept = bounds;
            if (name_in(model, r->dropped_models, r->dropped_model_count)) {
                element = node_with(r->memory, element, model, NULL);
                continue;
            }
            for (uint32_t b = 0; bounds->kind == NODE_MAP && b < bounds->count; b++)
                if (compares_with(bounds->items[b], r->dropped_models, r->dropped_model_count))
                    kept = node_with(r->memory, kept, bounds->keys[b]->text, NULL);
            element = kept != bounds ? node_with(r->memory, element, model, kept) : element;
        }
        list = element != list->items[i] ? node_with_item(r->memory, list, i, element) : list;
    }
    return node_with(r->memory, root, "expect", list);
}

/* Only the models that --models names. */
static const struct node *models_keep(struct reading *r, const struct node *root, const char *const *keep,
                                      size_t count)
{
    const struct node *list = node_get(root, "models");

    if (keep == NULL || list == NULL || list->kind != NODE_LIST)
        return root;
    const struct node **kept = memory_new(list->count, sizeof *kept);
    const char **dropped = arena_take(r->memory, list->count, sizeof *dropped);
    const char **names = memory_new(list->count, sizeof *names);
    uint32_t kept_count = 0;
    struct node at = {.kind = NODE_SCALAR, .at = {.file = name_kept("--models")}, .text = ""};
    for (uint32_t i = 0; i < list->count; i++) {
        names[i] = model_name(list->items[i]);
        if (name_in(names[i], keep, count))
            kept[kept_count++] = list->items[i];
        else
            dropped[r->dropped_model_count++] = names[i];
    }
    r->dropped_models = dropped;
    for (size_t i = 0; i < count; i++)
        if (!name_in(keep[i], names, list->count))
            reading_error(r, &at, "the scenario has no model `%s`; %s", keep[i],
                          reading_hint(r, keep[i], names, list->count, "models"));
    if (count == 0)
        reading_error(r, &at, "name at least one of the scenario's models");
    const struct node *made = node_list(r->memory, list->at, kept, kept_count);
    free(kept);
    free(names);
    return expects_keep(r, node_with(r->memory, root, "models", made));
}

static const struct node *point_tree(struct reading *r, const struct node *root, const struct sweep *s,
                                     size_t point)
{
    for (size_t i = 0; i < s->path_count; i++) {
        const struct node *set =
            path_set(r, root, s->paths[i].path, s->paths[i].values[sweep_value_index(s, point, i)]);
        root = set != NULL ? set
                           : root; /* a path that does not fit has been said: the rest is read without it */
    }
    return root;
}

/* Every point compares the same models: the tables of the results have one row a model and point. */
static bool same_models(const struct scenario *a, const struct scenario *b)
{
    bool same = a->model_count == b->model_count;

    for (uint32_t i = 0; same && i < a->model_count; i++)
        same = a->models[i].name == NULL || b->models[i].name == NULL ||
               strcmp(a->models[i].name, b->models[i].name) == 0;
    return same;
}

static void points_read(struct reading *r, struct document *doc)
{
    doc->scenarios = arena_take(doc->memory, doc->sweep.point_count, sizeof *doc->scenarios);
    for (size_t i = 0; i < doc->sweep.point_count && !reading_flooded(r); i++) {
        const struct scenario *s = scenario_build(r, point_tree(r, doc->root, &doc->sweep, i));
        if (i > 0 && !same_models(doc->scenarios[0], s)) {
            reading_error(r, node_get(doc->root, "sweep"),
                          "a sweep may not change the models' names: every point compares the same");
            break;
        }
        doc->scenarios[i] = s;
    }
}

struct document *document_read(const char *path, const struct document_override *overrides,
                               size_t override_count, const char *const *keep_models, size_t keep_count,
                               struct diagnostics *d)
{
    struct document *doc = memory_new(1, sizeof *doc);
    const struct input *chain[EXTENDS_MOST];
    size_t errors = diagnostics_count(d);

    doc->memory = arena_new();
    doc->inputs = inputs_new();
    struct reading r = {.memory = doc->memory,
                        .d = d,
                        .inputs = doc->inputs,
                        .path = strcmp(path, "-") == 0 ? "scenario" : path,
                        .errors_before = errors};
    const struct node *root = file_read(&r, path, NULL, chain, 0);
    doc->path = arena_text(doc->memory, r.path);
    if (root != NULL) {
        root = overrides_apply(&r, name_given(&r, root), overrides, override_count);
        doc->root = models_keep(&r, root, keep_models, keep_count);
        doc->sweep = sweep_read(&r, doc->root);
        points_read(&r, doc);
    }
    reading_free(&r);
    if (diagnostics_count(d) == errors)
        return doc;
    document_free(doc);
    return NULL;
}

void document_free(struct document *doc)
{
    if (doc == NULL)
        return;
    inputs_free(doc->inputs);
    arena_free(doc->memory);
    free(doc);
}

size_t document_point_count(const struct document *doc)
{
    return doc->sweep.point_count;
}

size_t document_sweep_paths(const struct document *doc, const char *const **paths)
{
    *paths = doc->sweep.names;
    return doc->sweep.path_count;
}

const char *document_point_value(const struct document *doc, size_t point, size_t path)
{
    CHECK(point < doc->sweep.point_count && path < doc->sweep.path_count);
    return doc->sweep.paths[path].texts[sweep_value_index(&doc->sweep, point, path)];
}

const struct scenario *document_scenario(const struct document *doc, size_t point)
{
    CHECK(point < doc->sweep.point_count);
    return doc->scenarios[point];
}

size_t document_input_count(const struct document *doc)
{
    size_t count = 0;

    while (inputs_at(doc->inputs, count) != NULL)
        count++;
    return count;
}

const char *document_input(const struct document *doc, size_t index, const char **contents, size_t *bytes)
{
    const struct input *one = inputs_at(doc->inputs, index);

    CHECK(one != NULL);
    *contents = one->contents;
    *bytes = one->bytes;
    return one->path;
}

/* Files are named beside the file that names them; the resolved text stands elsewhere, so it names them
 * whole. */
static const struct node *files_absolute(const struct document *doc, struct reading *r, const struct node *n,
                                         bool is_file)
{
    if (n->kind == NODE_SCALAR) {
        if (!is_file || (strchr(n->text, '/') == NULL && strchr(n->text, '.') == NULL) ||
            number_length(n->text) > 0)
            return n;
        char *path = node_path(r, n), *whole = realpath(path, NULL);
        const struct node *made = whole != NULL ? node_scalar(doc->memory, n->at, whole) : n;
        free(path);
        free(whole);
        return made;
    }
    const struct node *made = n;
    for (uint32_t i = 0; i < n->count; i++) {
        const char *key = n->kind == NODE_MAP ? n->keys[i]->text : "";
        const struct node *item = n->items[i], *was = item;
        bool file = strcmp(key, "rtt") == 0 || strcmp(key, "network.rtt") == 0 || strcmp(key, "file") == 0 ||
                    strcmp(key, "price") == 0 || (is_file && n->kind == NODE_LIST) ||
                    strcmp(key, "network.price") == 0;
        if (strncmp(key, "x-", 2) != 0)
            item = files_absolute(doc, r, item, file);
        if (item != was)
            made = n->kind == NODE_MAP ? node_with(doc->memory, made, key, item)
                                       : node_with_item(doc->memory, made, i, item);
    }
    return made;
}

char *document_resolved(const struct document *doc)
{
    struct reading r = {.memory = doc->memory, .inputs = doc->inputs, .path = doc->path};

    return node_text(files_absolute(doc, &r, doc->root, false));
}
