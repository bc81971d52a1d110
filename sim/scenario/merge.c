/* merge.c -- one tree upon another, and one value upon a tree.
 *
 * What merges and what replaces is the tables' to say: a KEY_MAP is a map of settings and merges, a
 * KEY_ONE_OF, a distribution or a list is a choice and replaces whole. A path of an override is plain text
 * with dots, and keys may hold dots themselves (`read_staleness_ms.p99`, a region `eu.west`): at each step
 * the longest name that is there wins. */
#include "sim/scenario/reading.h"

#include <stdio.h>

static const struct node *maps_merge(struct arena *a, const struct key *keys, enum key_shape shape,
                                     const struct node *base, const struct node *over);

/* The value of one key where both have it. */
static const struct node *value_merge(struct arena *a, const struct key *key, const struct node *base,
                                      const struct node *over)
{
    if (key == NULL || base->kind != NODE_MAP || over->kind != NODE_MAP)
        return over;
    if (key->kind == KEY_MAP)
        return maps_merge(a, key->keys, SHAPE_MAP, base, over);
    bool settings = (key->kind == KEY_NODE || key->kind == KEY_IGNORED) && !key->choice;
    if (!settings || key->shape == SHAPE_ANY)
        return over;
    return maps_merge(a, key->keys, key->shape, base, over);
}

static const struct node *maps_merge(struct arena *a, const struct key *keys, enum key_shape shape,
                                     const struct node *base, const struct node *over)
{
    struct key each = {.name = "", .kind = KEY_NODE, .shape = SHAPE_MAP, .keys = keys};
    const struct node **names = memory_new((size_t)base->count + over->count, sizeof *names);
    const struct node **items = memory_new((size_t)base->count + over->count, sizeof *items);
    size_t count = base->count;

    for (uint32_t i = 0; i < base->count; i++) {
        names[i] = base->keys[i];
        items[i] = base->items[i];
    }
    for (uint32_t i = 0; i < over->count; i++) {
        const char *name = over->keys[i]->text;
        int old = node_find(base, name);
        size_t at = old >= 0 ? (size_t)old : count++;
        const struct key *key = keys == NULL                 ? NULL
                                : shape == SHAPE_MAP_OF_MAPS ? &each
                                                             : key_find(keys, name);
        items[at] = old >= 0 ? value_merge(a, key, items[at], over->items[i]) : over->items[i];
        names[at] = over->keys[i]; /* its place is the newer file's */
    }
    const struct node *merged = node_map(a, over->at, names, items, count);
    free(names);
    free(items);
    return merged;
}

const struct node *settings_merge(struct arena *a, const struct key *keys, const struct node *base,
                                  const struct node *over)
{
    if (base == NULL || over == NULL)
        return base == NULL ? over : base;
    if (base->kind != NODE_MAP || over->kind != NODE_MAP)
        return over;
    return maps_merge(a, keys, SHAPE_MAP, base, over);
}

/* What an element of a list goes by: a bare name, or a map's `name`, else its `type`. */
static const char *element_name(const struct node *n)
{
    const struct node *name = n->kind == NODE_SCALAR ? n : node_get(n, "name");

    if (name == NULL)
        name = node_get(n, "type");
    return name != NULL && name->kind == NODE_SCALAR ? name->text : NULL;
}

/* The part of `path` before its `dots`-th dot; NULL when it has fewer. */
static char *head_of(const char *path, unsigned dots)
{
    const char *end = path;

    for (unsigned i = 0; i < dots; i++) {
        end = strchr(i == 0 ? end : end + 1, '.');
        if (end == NULL)
            return NULL;
    }
    return memory_text_of(path, (size_t)(end - path));
}

static unsigned dots_in(const char *path)
{
    unsigned dots = 0;

    for (; *path != '\0'; path++)
        dots += *path == '.';
    return dots;
}

struct path_step {
    struct reading *r;
    const char *whole; /* the path, for errors */
    const struct node *value;
};

static const struct node *step(const struct path_step *p, const struct node *n, const char *path,
                               const char *list_name, unsigned depth);

static const struct node *map_step(const struct path_step *p, const struct node *map, const char *path,
                                   unsigned depth)
{
    unsigned dots = dots_in(path);
    char *head = memory_text(path);
    bool one_key = depth == 1 && strncmp(p->whole, "sweep.", 6) == 0;

    for (unsigned i = dots; !one_key && node_find(map, head) < 0 && i > 0; i--) {
        free(head);
        head = head_of(path, i);
    }
    size_t length = strlen(head);
    const struct node *old = node_get(map, head), *made;
    if (path[length] == '\0')
        made = p->value;
    else
        made = step(p, old, path + length + 1, head, depth + 1);
    const struct node *with = made != NULL ? node_with(p->r->memory, map, head, made) : NULL;
    free(head);
    return with;
}

static bool element_find(const struct node *list, const char *path, uint32_t *index, size_t *length)
{
    for (unsigned dots = dots_in(path) + 1; dots > 0; dots--) {
        char *head = dots > dots_in(path) ? memory_text(path) : head_of(path, dots);
        bool found = false;
        *length = strlen(head);
        for (uint32_t i = 0; i < list->count && !found; i++) {
            const char *name = element_name(list->items[i]);
            found = name != NULL && strcmp(name, head) == 0;
            *index = found ? i : *index;
        }
        free(head);
        if (found)
            return true;
    }
    char why[QUANTITY_WHY_BYTES];
    uint64_t number;
    char *head = memory_text_of(path, strcspn(path, "."));
    bool whole = whole_read(head, &number, why);
    *length = strlen(head);
    *index = (uint32_t)(number < list->count ? number : 0);
    free(head);
    return whole && number < list->count;
}

static const struct node *list_step(const struct path_step *p, const struct node *list, const char *path,
                                    const char *list_name, unsigned depth)
{
    uint32_t index = 0;
    size_t length = 0;

    if (!element_find(list, path, &index, &length)) {
        const char **names = memory_new(list->count, sizeof *names);
        size_t count = 0;
        for (uint32_t i = 0; i < list->count; i++)
            if (element_name(list->items[i]) != NULL)
                names[count++] = element_name(list->items[i]);
        const char *head = arena_text_of(p->r->memory, path, strcspn(path, "."));
        if (count > 0)
            reading_error(p->r, p->value, "the path `%s` does not fit: `%s` has no element `%s`; %s",
                          p->whole, list_name, head, reading_hint(p->r, head, names, count, "elements"));
        else if (list->count > 0)
            reading_error(p->r, p->value, "the path `%s` does not fit: `%s` has no element `%s`, but 0 to %u",
                          p->whole, list_name, head, list->count - 1);
        else
            reading_error(p->r, p->value, "the path `%s` does not fit: `%s` is empty", p->whole, list_name);
        free(names);
        return NULL;
    }
    const struct node *old = list->items[index], *made = p->value;
    if (path[length] != '\0') {
        if (old->kind == NODE_SCALAR) { /* a bare name stands for a map */
            bool model = strcmp(list_name, "models") == 0;
            old = node_with(p->r->memory, NULL, model ? "type" : "name", old);
        }
        made = step(p, old, path + length + 1, list_name, depth + 1);
    }
    return made != NULL ? node_with_item(p->r->memory, list, index, made) : NULL;
}

static const struct node *step(const struct path_step *p, const struct node *n, const char *path,
                               const char *list_name, unsigned depth)
{
    static const char *const lists[] = {"links", "regions", "models", "faults", "expect"};

    if (depth > TREE_DEPTH_MOST / 2 || path[0] == '\0' || path[0] == '.') {
        reading_error(p->r, p->value,
                      "the path `%s` does not fit: names stand between its dots, as in network.loss",
                      p->whole);
        return NULL;
    }
    if (n != NULL && n->kind == NODE_LIST)
        return list_step(p, n, path, list_name, depth);
    size_t list_count = depth == 1 ? sizeof lists / sizeof *lists : 1; /* clocks.regions is a map */
    for (size_t i = 0; n == NULL && i < list_count; i++)
        if (strcmp(list_name, lists[i]) == 0) {
            reading_error(p->r, p->value, "the path `%s` does not fit: the scenario has no list `%s`",
                          p->whole, list_name);
            return NULL;
        }
    return map_step(p, n, path, depth);
}

const struct node *path_set(struct reading *r, const struct node *root, const char *path,
                            const struct node *value)
{
    const struct path_step p = {.r = r, .whole = path, .value = value};
    const char *place = arena_text(r->memory, path);
    size_t length = strlen(place);

    if (length == 0 || length > 512 || place[length - 1] == '.' || strstr(place, "..") != NULL) {
        reading_error(r, value,
                      "the path `%.60s` does not fit: names stand between its dots, as in network.loss",
                      path);
        return NULL;
    }
    return step(&p, root, path, "", 0);
}
