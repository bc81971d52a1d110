/* jepsen.c -- from the maps of a recorded history to operations: pairs each invocation with its completion,
 * and finds out what kind of data it is about. See jepsen.h.
 *
 * Two things a history does not say outright. Whether a value [a b] is a key and a value
 * (jepsen.independent) or a pair: the first invocation tells (a read is invoked with nil, or with [key
 * nil]). And whether `add` is of a counter or of a set: what reads return tells. */
#include "sim/observe/jepsen.h"

#include "sim/base/hash.h"
#include "sim/observe/check_map.h"

#include <string.h>

const char *const jepsen_data_names[JEPSEN_DATA] = {"",    "register",    "cas-register", "counter",
                                                    "set", "list-append", "string"};

enum jepsen_type { INVOKE, OK, FAIL, INFO };
enum keyed { KEYED_UNKNOWN, KEYED_NO, KEYED_YES };

struct open_process {
    size_t first, count; /* its operations */
};

struct reading {
    struct jepsen *j;
    struct forms forms;
    struct diagnostics *d;
    const char *file, *text;
    struct check_map open; /* process -> index into opens */
    ARRAY(struct open_process) opens;
    ARRAY(size_t) free;
    enum keyed keyed;
    bool failed;
    unsigned last_line;
    bool shared_lines;
    bool lists, texts, numbers, adds, cas, changes, appends, writes;
};

#define FUNCTION(text, f, sign)                                                                              \
    {                                                                                                        \
        text, sizeof text - 1, f, sign                                                                       \
    }

static const struct {
    const char *name;
    size_t length;
    uint8_t f;
    int8_t sign;
} functions[] = {
    FUNCTION("read", JEPSEN_READ, 0),
    FUNCTION("write", JEPSEN_WRITE, 0),
    FUNCTION("get", JEPSEN_READ, 0),
    FUNCTION("put", JEPSEN_WRITE, 0),
    FUNCTION("r", JEPSEN_READ, 0),
    FUNCTION("w", JEPSEN_WRITE, 0),
    FUNCTION("update", JEPSEN_WRITE, 0),
    FUNCTION("cas", JEPSEN_CAS, 0),
    FUNCTION("compare-and-set", JEPSEN_CAS, 0),
    FUNCTION("add", JEPSEN_ADD, 1),
    FUNCTION("increment", JEPSEN_CHANGE, 1),
    FUNCTION("inc", JEPSEN_CHANGE, 1),
    FUNCTION("decrement", JEPSEN_CHANGE, -1),
    FUNCTION("dec", JEPSEN_CHANGE, -1),
    FUNCTION("remove", JEPSEN_REMOVE, 1),
    FUNCTION("append", JEPSEN_APPEND, 0),
    FUNCTION("acquire", JEPSEN_CAS, 1), /* of a lock: a register that goes from nil to a value, and back */
    FUNCTION("release", JEPSEN_CAS, -1),
};

static bool wrong(struct reading *r, const struct form *at, const char *what)
{
    diagnostics_error(r->d, (struct place){r->file, at->line, at->column}, "%s", what);
    r->failed = true;
    return false;
}

/* The sum of a text, for histories of strings, which it may be one of; false: it is no text. */
static bool sum_of(const struct form *value, struct jepsen_op *op)
{
    uint64_t power = 1;

    if (value->kind == FORM_STRING)
        op->number = (int64_t)check_text_sum(value->text, value->length, &power);
    if (op->f == JEPSEN_APPEND)
        op->expected = power;
    return value->kind == FORM_STRING || value->kind == FORM_NIL;
}

static uint64_t text_value(const char *text, size_t length)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return hash_mix(h);
}

/* A number for a value: whole numbers and nil by themselves, all else by a 63-bit sum (two may meet once in
 * 2^63 pairs). */
static uint64_t value_of(const struct form *form)
{
    uint64_t h = 0;

    if (form->kind == FORM_NIL)
        return CHECK_INITIAL;
    if (form->kind == FORM_INTEGER && form->integer < INT64_C(1) << 62 && form->integer > -(INT64_C(1) << 62))
        return (uint64_t)form->integer << 1 | 1;
    h = text_value(form->text, form->length) ^ form->kind;
    for (uint32_t i = 1, all = form->kind >= FORM_LIST ? form->inside : 0; i <= all; i++)
        h = hash_join(h, form[i].kind == FORM_INTEGER
                             ? (uint64_t)form[i].integer
                             : text_value(form[i].text, form[i].length) ^ form[i].kind);
    return (h << 1) != 0 ? h << 1 : 2;
}

uint64_t jepsen_value_of(const char *text)
{
    struct diagnostics *d = diagnostics_new();
    char *map = NULL;
    struct forms f;
    uint64_t value = CHECK_INITIAL;

    CHECK(asprintf(&map, "{:v %s}", text) >= 0);
    forms_open(&f, "value", map, strlen(map), FORMS_EDN, d);
    const struct form *form = forms_next(&f);
    if (form != NULL && form->count == 2)
        value = value_of(form_of(&f, form, "v"));
    forms_close(&f);
    diagnostics_free(d);
    free(map);
    return value;
}

static struct jepsen_op *op_add(struct reading *r, const struct form *at, uint64_t key, uint64_t session)
{
    size_t index = r->j->ops.count;
    struct jepsen_op *op = array_add(&r->j->ops);

    op->key = key;
    op->session = session;
    op->text = at->text;
    op->line = at->line;
    op->outcome = CHECK_INFO;
    *array_add(&r->j->events) = (uint64_t)index << 1;
    op->begin = r->j->events.count;
    return op;
}

/* Small enough that sums of 2^23 of them fit. */
static bool countable(const struct form *value)
{
    return value->kind == FORM_INTEGER && value->integer < INT64_C(1) << 40 &&
           value->integer > -(INT64_C(1) << 40);
}

enum { FUNCTIONS = sizeof functions / sizeof functions[0], LOCKED = 3 };

static size_t function_of(const struct form *name)
{
    size_t i = 0;

    while (i < FUNCTIONS &&
           (name->length != functions[i].length || memcmp(name->text, functions[i].name, name->length) != 0))
        i++;
    return i;
}

/* Which function, and what its value says at the invocation. */
static bool fill_invoke(struct reading *r, struct jepsen_op *op, const struct form *name,
                        const struct form *value)
{
    size_t i = function_of(name);

    if (i == FUNCTIONS)
        return wrong(r, name,
                     "no such function is known; known are read (get), write (put, update), cas, add, "
                     "increment, decrement, "
                     "remove, append, acquire, release and txn");
    op->f = functions[i].f;
    r->adds |= op->f == JEPSEN_ADD;
    r->cas |= op->f == JEPSEN_CAS;
    r->changes |= op->f == JEPSEN_CHANGE;
    r->appends |= op->f == JEPSEN_APPEND;
    r->writes |= op->f == JEPSEN_WRITE;
    if (op->f == JEPSEN_READ)
        return true;
    if (op->f == JEPSEN_CAS && functions[i].sign != 0) {
        *(functions[i].sign > 0 ? &op->value : &op->expected) = LOCKED;
        return true;
    }
    if (op->f == JEPSEN_CAS) {
        if (value == NULL || value->kind != FORM_LIST || value->count != 2)
            return wrong(r, value != NULL ? value : name, "a cas has the value [expected new]");
        const struct form *expected = form_first(value);
        op->expected = value_of(expected);
        op->value = value_of(form_after(&r->forms, expected));
        return true;
    }
    op->number = 1;
    if (value != NULL) {
        op->value = value_of(value);
        op->is_number = value->kind == FORM_INTEGER;
        op->number = op->is_number ? value->integer : 1;
        if (op->f == JEPSEN_ADD || op->f == JEPSEN_CHANGE)
            r->j->uncountable |= value->kind != FORM_NIL && !countable(value);
    }
    if (functions[i].sign != 0)
        op->number *= functions[i].sign;
    else
        r->j->untextual |= value == NULL || !sum_of(value, op);
    return true;
}

/* 16 hexadecimal digits, as georep writes an element or a digest. */
static bool hex_of(const struct form *form, uint64_t *value)
{
    *value = 0;
    if (form == NULL || form->kind != FORM_STRING || form->length != 16)
        return false;
    for (size_t i = 0; i < 16; i++) {
        char c = form->text[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
        *value = *value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return true;
}

/* What a read returned. */
static void fill_read(struct reading *r, struct jepsen_op *op, const struct form *value)
{
    if (value == NULL)
        return;
    op->value = value_of(value);
    op->is_number = value->kind == FORM_INTEGER;
    op->number = value->integer;
    r->numbers |= op->is_number;
    r->j->uncountable |= value->kind != FORM_NIL && !op->is_number;
    r->texts |= value->kind == FORM_STRING;
    if (value->kind == FORM_STRING) {
        op->elements = (size_t)(value->text - r->text);
        op->element_count = (uint32_t)value->length;
    }
    r->j->untextual |= !sum_of(value, op);
    uint64_t digest;
    if (value->kind == FORM_MAP && hex_of(form_of(&r->forms, value, "digest"), &digest)) {
        op->value = digest;
        r->j->digested = true;
        return;
    }
    if (value->kind != FORM_LIST && value->kind != FORM_SET) {
        r->j->opaque |= value->kind != FORM_NIL;
        return;
    }
    r->lists = op->is_list = true;
    op->elements = r->j->pool.count;
    op->element_count = value->count;
    const struct form *element = form_first(value);
    for (uint32_t i = 0; i < value->count; i++, element = form_after(&r->forms, element))
        *array_add(&r->j->pool) = value_of(element);
}

/* A value [key value], if this history has such. */
static const struct form *unkey(struct reading *r, const struct form *name, const struct form *value,
                                uint64_t *key)
{
    bool pair = value != NULL && value->kind == FORM_LIST && value->count == 2;

    if (r->keyed == KEYED_UNKNOWN) {
        bool cas = form_is(name, "cas") || form_is(name, "compare-and-set");
        bool is = pair;
        if (cas && pair)
            is = form_after(&r->forms, form_first(value))->kind == FORM_LIST;
        r->keyed = is ? KEYED_YES : KEYED_NO;
    }
    if (r->keyed == KEYED_NO || value == NULL || value->kind == FORM_NIL)
        return value;
    if (!pair) {
        wrong(r, value, "the values of this history are [key value], and this one is not");
        return NULL;
    }
    *key = value_of(form_first(value));
    return form_after(&r->forms, form_first(value));
}

/* One [f key value] of a transaction. */
static const struct form *micro(struct reading *r, const struct form *mop, uint64_t *key,
                                const struct form **name)
{
    if (mop->kind != FORM_LIST || mop->count != 3) {
        wrong(r, mop, "a transaction is a list of [f key value]");
        return NULL;
    }
    *name = form_first(mop);
    const struct form *k = form_after(&r->forms, *name);
    *key = value_of(k);
    return form_after(&r->forms, k);
}

static bool txn_invoke(struct reading *r, const struct form *map, const struct form *value, uint64_t session)
{
    const struct form *name, *mop;

    if (value == NULL || value->kind != FORM_LIST)
        return wrong(r, value != NULL ? value : map, "a transaction is a list of [f key value]");
    mop = form_first(value);
    r->j->several |= value->count > 1;
    for (uint32_t i = 0; i < value->count; i++, mop = form_after(&r->forms, mop)) {
        uint64_t key;
        const struct form *v = micro(r, mop, &key, &name);
        if (v == NULL || !fill_invoke(r, op_add(r, map, key, session), name, v))
            return false;
    }
    return true;
}

static bool is_txn(const struct form *name)
{
    return form_is(name, "txn");
}

static bool read_invoke(struct reading *r, const struct form *map, const struct form *name,
                        const struct form *value, uint64_t process)
{
    const struct form *key_form = form_of(&r->forms, map, "key"),
                      *session_form = form_of(&r->forms, map, "session");
    uint64_t key = key_form != NULL ? value_of(key_form) : 0;
    uint64_t session =
        session_form != NULL && session_form->kind != FORM_NIL ? value_of(session_form) : process;
    struct open_process open = {.first = r->j->ops.count};

    if (check_map_get(&r->open, process, 0) != CHECK_ABSENT)
        return wrong(r, map, "this process has an operation open already: its completion is missing");
    const struct form *initial = form_of(&r->forms, map, "initial");
    if (initial != NULL && initial->kind == FORM_INTEGER)
        r->j->initial_number = initial->integer; /* georep's own */
    r->shared_lines |= map->line == r->last_line;
    r->last_line = map->line;
    if (is_txn(name)) {
        if (!txn_invoke(r, map, value, session))
            return false;
    } else {
        if (key_form == NULL)
            value = unkey(r, name, value, &key);
        struct jepsen_op *op = r->failed ? NULL : op_add(r, map, key, session);
        uint64_t element;
        if (op == NULL || !fill_invoke(r, op, name, value))
            return false;
        if (op->f == JEPSEN_WRITE && hex_of(form_of(&r->forms, map, "element"), &element))
            op->value = element;
    }
    open.count = r->j->ops.count - open.first;
    size_t at = r->opens.count;
    if (r->free.count > 0)
        at = r->free.items[--r->free.count];
    else
        array_add(&r->opens);
    r->opens.items[at] = open;
    check_map_put(&r->open, process, 0, at);
    return true;
}

static bool read_completion(struct reading *r, const struct form *map, const struct form *name,
                            const struct form *value, uint64_t process, enum jepsen_type type)
{
    static const uint8_t outcomes[] = {[OK] = CHECK_OK, [FAIL] = CHECK_FAIL, [INFO] = CHECK_INFO};
    uint64_t at = check_map_get(&r->open, process, 0), key;

    if (at == CHECK_ABSENT)
        return type == INFO ? true
                            : wrong(r, map, "this completes nothing: its process had invoked no operation");
    struct open_process open = r->opens.items[at];
    bool txn = is_txn(name);
    r->j->repeated |= form_of(&r->forms, map, "again") != NULL;
    check_map_remove(&r->open, process, 0);
    *array_add(&r->free) = at;
    const struct form *mop = txn && value != NULL && value->kind == FORM_LIST ? form_first(value) : NULL;
    if (type == OK && txn && (mop == NULL || value->count != open.count))
        return wrong(r, map, "a transaction that is ok has the operations that were invoked");
    for (size_t i = 0; i < open.count; i++) {
        struct jepsen_op *op = &r->j->ops.items[open.first + i];
        const struct form *mop_name;
        op->outcome = outcomes[type];
        op->end_text = map->text;
        *array_add(&r->j->events) = (uint64_t)(open.first + i) << 1 | 1;
        op->end = r->j->events.count;
        if (type != OK)
            continue;
        const struct form *v = txn ? micro(r, mop, &key, &mop_name) : value;
        if (txn)
            mop = form_after(&r->forms, mop);
        else if (r->keyed == KEYED_YES && form_of(&r->forms, map, "key") == NULL)
            v = unkey(r, name, value, &key);
        if (r->failed)
            return false;
        size_t function = function_of(txn ? mop_name : name);
        if (function == FUNCTIONS || functions[function].f != op->f)
            return wrong(r, txn ? mop_name : name, "another function was invoked by this process");
        if (op->f == JEPSEN_READ)
            fill_read(r, op, v);
    }
    return true;
}

static bool read_map(struct reading *r, const struct form *map)
{
    const struct form *type = form_of(&r->forms, map, "type"), *name = form_of(&r->forms, map, "f");
    const struct form *process = form_of(&r->forms, map, "process"),
                      *value = form_of(&r->forms, map, "value");

    if (process == NULL)
        return wrong(r, map, "an operation without a process");
    if (process->kind == FORM_WORD || process->kind == FORM_STRING || process->kind == FORM_NIL)
        return true; /* the nemesis */
    if (type == NULL)
        return wrong(r, map, "an operation without a type; it is invoke, ok, fail or info");
    if (name == NULL)
        return wrong(r, map, "an operation without an f (what it does: read, write, ...)");
    uint64_t p = value_of(process);
    if (form_is(type, "invoke"))
        return read_invoke(r, map, name, value, p);
    enum jepsen_type t = form_is(type, "ok") ? OK : form_is(type, "fail") ? FAIL : INFO;
    if (t == INFO && !form_is(type, "info"))
        return wrong(r, type, "no such type; it is invoke, ok, fail or info");
    return read_completion(r, map, name, value, p, t);
}

static void find_data(struct reading *r)
{
    struct jepsen *j = r->j;

    if (j->data != JEPSEN_BY_CONTENT)
        return;
    j->data = j->digested                                          ? JEPSEN_SET
              : r->appends && !r->lists && (r->texts || r->writes) ? JEPSEN_STRING
              : r->appends                                         ? JEPSEN_LIST_APPEND
              : r->changes                                         ? JEPSEN_COUNTER
              : r->adds ? (r->numbers && !r->lists ? JEPSEN_COUNTER : JEPSEN_SET)
              : r->cas  ? JEPSEN_CAS_REGISTER
              : r->lists && !r->numbers && !r->writes ? JEPSEN_LIST_APPEND
                                                      : JEPSEN_REGISTER;
}

bool jepsen_open(struct jepsen *j, const char *file, const char *text, size_t bytes, enum forms_syntax syntax,
                 enum jepsen_data data, struct diagnostics *d)
{
    struct reading r = {.j = j, .d = d, .file = file, .text = text};
    size_t errors = diagnostics_count(d);

    *j = (struct jepsen){.data = data};
    forms_open(&r.forms, file, text, bytes, syntax, d);
    for (const struct form *map; !r.failed && (map = forms_next(&r.forms)) != NULL;)
        read_map(&r, map);
    forms_close(&r.forms);
    check_map_free(&r.open);
    array_free(&r.opens);
    array_free(&r.free);
    if (diagnostics_count(d) > errors)
        return false;
    if (j->ops.count == 0) {
        diagnostics_error(d, (struct place){.file = file}, "no operation of a client is in this history");
        return false;
    }
    find_data(&r);
    array_each (const struct jepsen_op, op, &j->ops)
        if (j->data == JEPSEN_STRING && op->f == JEPSEN_READ)
            check_text_beginnings(&j->beginnings, text + op->elements, op->element_count);
    j->by_line = !r.shared_lines;
    for (size_t i = 0; i < j->ops.count; i++)
        j->ops.items[i].id = j->by_line ? j->ops.items[i].line : i + 1;
    return true;
}

void jepsen_close(struct jepsen *j)
{
    array_free(&j->ops);
    array_free(&j->events);
    array_free(&j->pool);
    check_map_free(&j->beginnings);
}

const struct jepsen_op *jepsen_find(const struct jepsen *j, uint64_t id)
{
    size_t low = 0, high = j->ops.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (j->ops.items[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < j->ops.count && j->ops.items[low].id == id ? &j->ops.items[low] : NULL;
}
