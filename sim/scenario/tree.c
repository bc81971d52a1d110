/* tree.c -- see tree.h. */
#include "sim/scenario/tree.h"

#include "sim/base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct node *node_new(struct arena *a, enum node_kind kind, struct place at)
{
    struct node *n = arena_take(a, 1, sizeof *n);

    *n = (struct node){.kind = kind, .at = at, .size = 1, .depth = 1};
    return n;
}

struct node *node_scalar(struct arena *a, struct place at, const char *text)
{
    struct node *n = node_new(a, NODE_SCALAR, at);

    n->text = arena_text(a, text);
    return n;
}

static void count_in(struct node *n, const struct node *child)
{
    n->size += child->size;
    if (child->depth + 1 > n->depth)
        n->depth = child->depth + 1;
}

struct node *node_list(struct arena *a, struct place at, const struct node *const *items, size_t count)
{
    struct node *n = node_new(a, NODE_LIST, at);

    n->count = (uint32_t)count;
    n->items = arena_copy(a, items, count, sizeof *items);
    for (size_t i = 0; i < count; i++)
        count_in(n, items[i]);
    return n;
}

struct node *node_map(struct arena *a, struct place at, const struct node *const *keys,
                      const struct node *const *items, size_t count)
{
    struct node *n = node_list(a, at, items, count);

    n->kind = NODE_MAP;
    n->size += count;
    n->keys = arena_copy(a, keys, count, sizeof *keys);
    return n;
}

int node_find(const struct node *map, const char *key)
{
    if (map == NULL || map->kind != NODE_MAP)
        return -1;
    for (uint32_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i]->text, key) == 0)
            return (int)i;
    return -1;
}

const struct node *node_get(const struct node *map, const char *key)
{
    int i = node_find(map, key);

    return i < 0 ? NULL : map->items[i];
}

const struct node *node_with(struct arena *a, const struct node *map, const char *key,
                             const struct node *value)
{
    bool is_map = map != NULL && map->kind == NODE_MAP;
    size_t count = is_map ? map->count : 0;
    int at = node_find(map, key);
    const struct node **keys = memory_new(count + 1, sizeof *keys),
                      **items = memory_new(count + 1, sizeof *items);
    size_t kept = 0;

    CHECK(map != NULL || value != NULL);
    for (size_t i = 0; i < count; i++) {
        if ((int)i == at && value == NULL)
            continue;
        keys[kept] = map->keys[i];
        items[kept++] = (int)i == at ? value : map->items[i];
    }
    if (at < 0 && value != NULL) {
        keys[kept] = node_scalar(a, value->at, key);
        items[kept++] = value;
    }
    struct place place = is_map || value == NULL ? map->at : value->at;
    const struct node *made = node_map(a, place, keys, items, kept);
    free(keys);
    free(items);
    return made;
}

const struct node *node_with_item(struct arena *a, const struct node *list, size_t index,
                                  const struct node *value)
{
    const struct node **items = memory_new(list->count, sizeof *items);

    memcpy(items, list->items, list->count * sizeof *items);
    items[index] = value;
    const struct node *made = node_list(a, list->at, items, list->count);
    free(items);
    return made;
}

bool node_is(const struct node *scalar, const char *text)
{
    return scalar != NULL && scalar->kind == NODE_SCALAR && strcmp(scalar->text, text) == 0;
}

/* Maps are equal whatever the order of their keys. Shared nodes are equal at once, so this is not
 * exponential. */
bool node_equal(const struct node *a, const struct node *b)
{
    if (a == b)
        return true;
    if (a == NULL || b == NULL || a->kind != b->kind || a->count != b->count || a->size != b->size)
        return false;
    if (a->kind == NODE_SCALAR)
        return strcmp(a->text, b->text) == 0;
    for (uint32_t i = 0; i < a->count; i++)
        if (!node_equal(a->items[i], a->kind == NODE_LIST ? b->items[i] : node_get(b, a->keys[i]->text)))
            return false;
    return true;
}

const char *node_what(const struct node *n)
{
    static _Thread_local char texts[4][64];
    static _Thread_local unsigned turn;
    char *text = texts[turn++ % 4];

    if (n->kind == NODE_MAP)
        return "a map";
    if (n->kind == NODE_LIST)
        return "a list";
    if (n->text[0] == '\0')
        return "nothing";
    size_t length = strlen(n->text);
    if (length <= 40) {
        snprintf(text, sizeof texts[0], "`%.40s`", n->text);
    } else {
        size_t cut = 36;
        while (cut > 0 && ((unsigned char)n->text[cut] & 0xc0) == 0x80) /* not inside a character */
            cut--;
        snprintf(text, sizeof texts[0], "`%.*s...`", (int)cut, n->text);
    }
    for (char *c = text; *c != '\0'; c++) /* an error is one line */
        if ((unsigned char)*c < ' ')
            *c = ' ';
    return text;
}
