/* yaml.c -- the one file that knows libyaml: its events in, a tree with places out; and a tree out as text.
 *
 * Only syntax is YAML's: a scalar stays text, whatever it looks like. An alias shares the node of its anchor,
 * so a file cannot make the tree larger than itself; how large it would be written out is counted on the way
 * (each node knows the size of what is below it), and past a million it is refused before anybody walks it.
 * An anchor is known only once its node is complete, so an alias inside its own anchor is a cycle and is
 * refused. Depth is bounded at the event that would go deeper, so neither this recursion nor libyaml's stack
 * grows with the input.
 */
#include "sim/scenario/yaml.h"

#include "sim/base/array.h"
#include "sim/base/hash.h"

#include <string.h>
#include <yaml.h>

struct anchor {
    const char *name;
    const struct node *node; /* NULL: still open */
};

struct yaml_reading {
    yaml_parser_t parser;
    struct arena *memory;
    struct diagnostics *d;
    const char *file;
    const unsigned char *text;
    size_t bytes;
    bool with_places, failed;
    ARRAY(struct anchor) anchors;
    uint64_t nodes; /* that were made, merged keys included */
};

typedef ARRAY(const struct node *) node_array;

static struct place place_of(const struct yaml_reading *y, yaml_mark_t mark)
{
    if (!y->with_places)
        return (struct place){.file = y->file};
    return (struct place){
        .file = y->file, .line = (unsigned)mark.line + 1, .column = (unsigned)mark.column + 1};
}

static void fail(struct yaml_reading *y, struct place at, const char *what)
{
    if (!y->failed)
        diagnostics_error(y->d, at, "%s", what);
    y->failed = true;
}

/* The reader's errors only know an offset in bytes. */
static yaml_mark_t mark_of(const struct yaml_reading *y, size_t offset)
{
    yaml_mark_t mark = {.index = offset};

    for (size_t i = 0; i < offset && i < y->bytes; i++) {
        mark.column = y->text[i] == '\n' ? 0 : mark.column + ((y->text[i] & 0xc0) != 0x80 ? 1 : 0);
        mark.line += y->text[i] == '\n';
    }
    return mark;
}

/* The next event; false after a syntax error, which has been said. */
static bool next(struct yaml_reading *y, yaml_event_t *event)
{
    if (y->failed)
        return false;
    if (yaml_parser_parse(&y->parser, event) != 0)
        return true;
    const yaml_parser_t *p = &y->parser;
    const char *problem = p->problem != NULL ? p->problem : "out of memory";
    yaml_mark_t mark = p->problem_mark;
    char text[256];
    if (p->error == YAML_READER_ERROR) {
        mark = mark_of(y, p->problem_offset);
        snprintf(text, sizeof text, "this is not YAML text: %s at byte %zu; a scenario is UTF-8", problem,
                 p->problem_offset);
    } else if (p->context != NULL) {
        snprintf(text, sizeof text, "this is not YAML: %s %s (begun on line %zu)", problem, p->context,
                 p->context_mark.line + 1);
    } else {
        snprintf(text, sizeof text, "this is not YAML: %s", problem);
    }
    fail(y, place_of(y, mark), text);
    return false;
}

static const struct node *read_node(struct yaml_reading *y, yaml_event_t *event, unsigned depth);

static const char *anchor_of(const yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        return (const char *)event->data.scalar.anchor;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return (const char *)event->data.sequence_start.anchor;
    return event->type == YAML_MAPPING_START_EVENT ? (const char *)event->data.mapping_start.anchor : NULL;
}

static const struct node *alias_read(struct yaml_reading *y, const char *name, struct place at)
{
    for (size_t i = y->anchors.count; i-- > 0;) {
        if (strcmp(y->anchors.items[i].name, name) != 0)
            continue;
        if (y->anchors.items[i].node == NULL) {
            fail(y, at,
                 arena_format(y->memory, "the alias `*%s` stands inside its own anchor: it would never end",
                              name));
            return NULL;
        }
        return y->anchors.items[i].node;
    }
    fail(y, at, arena_format(y->memory, "the alias `*%s` has no anchor `&%s` before it", name, name));
    return NULL;
}

static bool grow(struct yaml_reading *y, struct place at, uint64_t by)
{
    y->nodes += by;
    if (y->nodes <= TREE_NODES_MOST)
        return true;
    fail(y, at, "the document has more than a million nodes once its aliases are written out");
    return false;
}

static const struct node *list_read(struct yaml_reading *y, struct place at, unsigned depth)
{
    node_array items = {0};
    yaml_event_t event;
    const struct node *list = NULL;

    while (next(y, &event)) {
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        const struct node *item = end ? NULL : read_node(y, &event, depth + 1);
        yaml_event_delete(&event);
        if (end)
            list = node_list(y->memory, at, items.items, items.count);
        if (item == NULL)
            break;
        *array_add(&items) = item;
    }
    array_free(&items);
    return list;
}

/* A map being read: keys with their hashes, so that a duplicate is found without comparing much text. */
struct map_reading {
    node_array keys, items;
    ARRAY(uint64_t) hashes;
    const struct node *merge; /* the value of `<<` */
};

static size_t map_find(const struct map_reading *m, const char *key, uint64_t hash)
{
    for (size_t i = 0; i < m->keys.count; i++)
        if (m->hashes.items[i] == hash && strcmp(m->keys.items[i]->text, key) == 0)
            return i;
    return SIZE_MAX;
}

static bool map_add(struct yaml_reading *y, struct map_reading *m, const struct node *key,
                    const struct node *item)
{
    if (m->keys.count == TREE_KEYS_MOST) {
        fail(y, key->at, "a map may have 4096 keys");
        return false;
    }
    *array_add(&m->keys) = key;
    *array_add(&m->items) = item;
    *array_add(&m->hashes) = hash_text(key->text);
    return true;
}

/* Adds the keys of `from` that the map does not have itself. */
static bool map_merge(struct yaml_reading *y, struct map_reading *m, const struct node *from)
{
    if (from->kind != NODE_MAP) {
        fail(y, from->at, "`<<` merges a map, or a list of maps");
        return false;
    }
    for (uint32_t i = 0; i < from->count; i++) {
        if (map_find(m, from->keys[i]->text, hash_text(from->keys[i]->text)) != SIZE_MAX)
            continue;
        if (!grow(y, from->at, from->items[i]->size + 1) || !map_add(y, m, from->keys[i], from->items[i]))
            return false;
    }
    return true;
}

static bool merge_all(struct yaml_reading *y, struct map_reading *m)
{
    if (m->merge == NULL)
        return true;
    if (m->merge->kind != NODE_LIST) {
        y->nodes -= m->merge->size; /* it is not in the tree itself: what it gives is counted below */
        return map_merge(y, m, m->merge);
    }
    for (uint32_t i = 0; i < m->merge->count; i++)
        if (!map_merge(y, m, m->merge->items[i]))
            return false;
    return true;
}

static bool pair_read(struct yaml_reading *y, struct map_reading *m, yaml_event_t *event, unsigned depth)
{
    bool merge = event->type == YAML_SCALAR_EVENT && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                 strcmp((const char *)event->data.scalar.value, "<<") == 0;
    const struct node *key = read_node(y, event, depth + 1);
    yaml_event_t value_event;

    if (key == NULL)
        return false;
    if (key->kind != NODE_SCALAR) {
        fail(y, key->at, "a key is a scalar, not a list or a map");
        return false;
    }
    if (!next(y, &value_event))
        return false;
    const struct node *value = read_node(y, &value_event, depth + 1);
    yaml_event_delete(&value_event);
    if (value == NULL)
        return false;
    size_t twin = merge ? SIZE_MAX : map_find(m, key->text, hash_text(key->text));
    if (twin != SIZE_MAX || (merge && m->merge != NULL)) {
        const char *name = arena_format(y->memory, "%s", node_what(key));
        if (merge)
            diagnostics_error(y->d, key->at,
                              "%s is given twice: merge a list of maps instead, `<<: [*a, *b]`", name);
        else
            diagnostics_error(
                y->d, key->at, "%s is given twice; the first is on line %u", name,
                m->keys.items[twin]->at.line); /* NOLINT(clang-analyzer-core.NullDereference): it was found */
        /* go on: all errors in one go */
        return true;
    }
    if (merge) {
        m->merge = value;
        return true;
    }
    return map_add(y, m, key, value);
}

static const struct node *map_read(struct yaml_reading *y, struct place at, unsigned depth)
{
    struct map_reading m = {0};
    yaml_event_t event;
    const struct node *map = NULL;

    while (next(y, &event)) {
        bool end = event.type == YAML_MAPPING_END_EVENT;
        bool more = !end && pair_read(y, &m, &event, depth);
        yaml_event_delete(&event);
        if (end && merge_all(y, &m))
            map = node_map(y->memory, at, m.keys.items, m.items.items, m.keys.count);
        if (!more)
            break;
    }
    array_free(&m.keys);
    array_free(&m.items);
    array_free(&m.hashes);
    return map;
}

/* The node that begins with `event`; NULL after an error. The caller deletes the event. */
static const struct node *read_node(struct yaml_reading *y, yaml_event_t *event, unsigned depth)
{
    struct place at = place_of(y, event->start_mark);
    const struct node *node = NULL;

    if (event->type == YAML_ALIAS_EVENT) {
        node = alias_read(y, (const char *)event->data.alias.anchor, at);
        if (node != NULL && node->depth + depth - 1 > TREE_DEPTH_MOST) {
            fail(y, at, "nested deeper than 64");
            return NULL;
        }
        return node != NULL && grow(y, at, node->size) ? node : NULL;
    }
    if (!grow(y, at, 1))
        return NULL;
    if (depth > TREE_DEPTH_MOST) {
        fail(y, at, "nested deeper than 64");
        return NULL;
    }
    size_t anchor = y->anchors.count;
    const char *name = anchor_of(event);
    if (name != NULL)
        *array_add(&y->anchors) = (struct anchor){.name = arena_text(y->memory, name)};
    if (event->type == YAML_SCALAR_EVENT) {
        if (strlen((const char *)event->data.scalar.value) != event->data.scalar.length)
            fail(y, at, "a text may not hold a zero byte");
        else
            node = node_scalar(y->memory, at, (const char *)event->data.scalar.value);
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        node = list_read(y, at, depth);
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        node = map_read(y, at, depth);
    } else {
        fail(y, at, "a value is missing here");
    }
    if (name != NULL)
        y->anchors.items[anchor].node = node;
    return node;
}

/* Stream start, document start, the node, document end, stream end. */
static const struct node *document_events(struct yaml_reading *y)
{
    const struct node *root = NULL;
    yaml_event_t event;
    bool ended = false;

    while (!ended && next(y, &event)) {
        ended = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT && root != NULL) {
            fail(y, place_of(y, event.start_mark),
                 "a second document begins here; a file holds one scenario");
        } else if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_START_EVENT &&
                   event.type != YAML_DOCUMENT_END_EVENT && !ended) {
            root = read_node(y, &event, 1);
            ended = root == NULL;
        }
        yaml_event_delete(&event);
    }
    if (root == NULL && !y->failed)
        fail(y, (struct place){.file = y->file, .line = y->with_places ? 1 : 0, .column = 1},
             "there is nothing here; `georep init` writes a scenario to start from");
    return y->failed ? NULL : root;
}

const struct node *yaml_read(struct arena *a, const char *file, const char *text, size_t bytes,
                             bool with_places, struct diagnostics *d)
{
    struct yaml_reading y = {.memory = a,
                             .d = d,
                             .file = file,
                             .text = (const unsigned char *)text,
                             .bytes = bytes,
                             .with_places = with_places};
    size_t errors = diagnostics_count(d);

    CHECK(yaml_parser_initialize(&y.parser) != 0);
    yaml_parser_set_encoding(&y.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&y.parser, y.text, bytes);
    const struct node *root = document_events(&y);
    yaml_parser_delete(&y.parser);
    array_free(&y.anchors);
    return diagnostics_count(d) == errors ? root : NULL;
}

/* Out again: every scalar in the plainest style that reads back as the same text. */
struct yaml_writing {
    yaml_emitter_t emitter;
    ARRAY(char) text;
    bool flow;
};

static int text_append(void *to, unsigned char *bytes, size_t size)
{
    struct yaml_writing *w = to;

    for (size_t i = 0; i < size; i++)
        *array_add(&w->text) = (char)bytes[i];
    return 1;
}

static void emit(struct yaml_writing *w, yaml_event_t *event)
{
    CHECK(yaml_emitter_emit(&w->emitter, event) != 0);
}

static void scalar_write(struct yaml_writing *w, const char *text)
{
    yaml_event_t event;
    bool quote = text[0] == '\0' || strcmp(text, "<<") == 0;
    yaml_scalar_style_t style = quote ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE;

    CHECK(yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1,
                                       style));
    emit(w, &event);
}

static void node_write(struct yaml_writing *w, const struct node *n)
{
    yaml_event_t event;

    if (n->kind == NODE_SCALAR) {
        scalar_write(w, n->text);
    } else if (n->kind == NODE_LIST) {
        CHECK(yaml_sequence_start_event_initialize(
            &event, NULL, NULL, 1, w->flow ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE));
        emit(w, &event);
        for (uint32_t i = 0; i < n->count; i++)
            node_write(w, n->items[i]);
        CHECK(yaml_sequence_end_event_initialize(&event));
        emit(w, &event);
    } else {
        CHECK(yaml_mapping_start_event_initialize(
            &event, NULL, NULL, 1, w->flow ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE));
        emit(w, &event);
        for (uint32_t i = 0; i < n->count; i++) {
            scalar_write(w, n->keys[i]->text);
            node_write(w, n->items[i]);
        }
        CHECK(yaml_mapping_end_event_initialize(&event));
        emit(w, &event);
    }
}

static char *node_written(const struct node *n, bool flow)
{
    struct yaml_writing w = {.flow = flow};
    yaml_event_t event;

    CHECK(yaml_emitter_initialize(&w.emitter) != 0);
    yaml_emitter_set_output(&w.emitter, text_append, &w);
    yaml_emitter_set_unicode(&w.emitter, 1);
    yaml_emitter_set_width(&w.emitter, -1);
    CHECK(yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(&w, &event);
    CHECK(yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    emit(&w, &event);
    node_write(&w, n);
    CHECK(yaml_document_end_event_initialize(&event, 1));
    emit(&w, &event);
    CHECK(yaml_stream_end_event_initialize(&event));
    emit(&w, &event);
    yaml_emitter_delete(&w.emitter);
    *array_add(&w.text) = '\0';
    return w.text.items;
}

char *node_text(const struct node *n)
{
    return node_written(n, false);
}

char *node_text_flow(const struct node *n)
{
    char *text = n->kind == NODE_SCALAR ? memory_text(n->text) : node_written(n, true);
    size_t length = strlen(text);

    while (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    for (char *c = text; *c != '\0'; c++) /* it stands on one line, in a table */
        if (*c == '\n')
            *c = ' ';
    return text;
}
