/* jepsen_forms.c -- see jepsen_forms.h. One pass, by hand; a map's forms lie in one array, so that nothing
 * is allocated for each. */
#include "sim/observe/jepsen_forms.h"

#include <string.h>

enum { DEPTH_MOST = 64 };

static struct place here(const struct forms *f)
{
    return (struct place){f->file, f->line, (unsigned)(f->at - f->line_start) + 1};
}

static bool wrong(struct forms *f, const char *what)
{
    diagnostics_error(f->diagnostics, here(f), "%s", what);
    f->done = true;
    return false;
}

void forms_open(struct forms *f, const char *file, const char *text, size_t bytes, enum forms_syntax syntax,
                struct diagnostics *d)
{
    *f = (struct forms){
        .file = file, .at = text, .end = text + bytes, .line_start = text, .line = 1, .diagnostics = d};
    if (bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        f->at = f->line_start = text + 3;
    f->json = syntax == FORMS_JSON;
    if (syntax ==
        FORMS_BY_CONTENT) { /* the first thing in the first map: a string is JSON's, a keyword EDN's */
        const char *p = f->at;
        while (p < f->end && strchr(" \t\r\n,[({", *p) != NULL && *p != '\0')
            p++;
        f->json = p < f->end && *p == '"';
    }
}

void forms_close(struct forms *f)
{
    array_free(&f->forms);
}

static bool form_read(struct forms *f, int depth);

static void skip_line(struct forms *f)
{
    while (f->at < f->end && *f->at != '\n')
        f->at++;
}

/* Blanks, commas, comments and discarded forms. */
static bool skip(struct forms *f, int depth)
{
    while (f->at < f->end) {
        char c = *f->at;
        if (c == '\n') {
            f->line++;
            f->line_start = ++f->at;
        } else if (c == ' ' || c == '\t' || c == '\r' || (c == ',' && !f->json)) {
            f->at++;
        } else if (c == ';' && !f->json) {
            skip_line(f);
        } else if (c == '#' && !f->json && f->end - f->at >= 2 && f->at[1] == '_') {
            f->at += 2;
            size_t count = f->forms.count;
            if (!form_read(f, depth + 1))
                return false;
            f->forms.count = count;
        } else {
            break;
        }
    }
    return true;
}

static struct form *form_add(struct forms *f, enum form_kind kind)
{
    struct form *form = array_add(&f->forms);

    form->kind = (uint8_t)kind;
    form->line = f->line;
    form->column = (unsigned)(f->at - f->line_start) + 1;
    form->next = (uint32_t)f->forms.count;
    form->text = f->at;
    return form;
}

static bool read_string(struct forms *f)
{
    struct form *form = form_add(f, FORM_STRING);

    form->text = ++f->at;
    for (; f->at < f->end && *f->at != '"'; f->at++) {
        if (*f->at == '\\' && f->end - f->at >= 2) {
            f->at++;
        }
        if (*f->at == '\n') {
            if (f->json)
                return wrong(f, "a string goes on over the end of its line; a quote is missing");
            f->line++;
            f->line_start = f->at + 1;
        }
    }
    if (f->at >= f->end)
        return wrong(f, "the file ends within a string; a quote is missing");
    form->length = (size_t)(f->at - form->text);
    f->at++;
    return true;
}

static bool ends_word(const struct forms *f, char c)
{
    static const bool ends[256] = {
        ['\0'] = true, [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true, [','] = true, ['('] = true,
        [')'] = true,  ['['] = true, [']'] = true,  ['{'] = true,  ['}'] = true,  ['"'] = true, [';'] = true,
    };

    return ends[(unsigned char)c] || (f->json && c == ':');
}

static bool read_number(struct forms *f)
{
    struct form *form = form_add(f, FORM_INTEGER);
    const char *p = f->at;
    bool minus = *p == '-', fits = true;
    uint64_t value = 0;

    p += *p == '-' || *p == '+';
    const char *digits = p;
    for (; p < f->end && *p >= '0' && *p <= '9'; p++) {
        fits &= value < UINT64_C(900000000000000000);
        value = value * 10 + (uint64_t)(*p - '0');
    }
    if (p < f->end && *p == 'N' && p > digits)
        p++;
    if (p < f->end && !ends_word(f, *p)) {
        fits = false;
        while (p < f->end && !ends_word(f, *p)) {
            if (strchr("0123456789+-.eE/MNxXabcdefABCDEF", *p) == NULL) {
                f->at = p;
                return wrong(f, "this is not a number");
            }
            p++;
        }
    } else if (p == digits) {
        return wrong(f, "a sign without a number");
    }
    form->length = (size_t)(p - f->at);
    form->kind = fits ? FORM_INTEGER : FORM_NUMBER;
    form->integer = !fits ? 0 : minus ? -(int64_t)value : (int64_t)value;
    f->at = p;
    return true;
}

static bool read_word(struct forms *f)
{
    struct form *form = form_add(f, FORM_WORD);
    bool keyword = f->at < f->end && *f->at == ':';

    form->keyword = keyword;
    if (keyword)
        form->text = ++f->at;
    while (f->at < f->end && !ends_word(f, *f->at))
        f->at++;
    form->length = (size_t)(f->at - form->text);
    if (form->length == 0) {
        f->at = form->text;
        return wrong(f, keyword ? "a colon without a name" : "this begins nothing that a history may hold");
    }
    if (!keyword && (f->json || form->length <= 5)) {
        static const struct {
            const char *text;
            uint8_t kind;
        } known[] = {
            {"nil", FORM_NIL},
            {"null", FORM_NIL},
            {"true", FORM_TRUE},
            {"false", FORM_FALSE},
        };
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (form_is(form, known[i].text) && (i >= 2 || f->json == (i == 1)))
                form->kind = known[i].kind;
        if (f->json && form->kind == FORM_WORD) {
            f->at = form->text;
            return wrong(f, "JSON has no bare words but null, true and false; a string stands in quotes");
        }
    }
    return true;
}

/* Between the pairs and elements of JSON. */
static bool separator(struct forms *f, char closing, uint32_t count, bool map)
{
    if (!f->json || f->at >= f->end)
        return true;
    if (map && count % 2 == 1) {
        if (*f->at != ':')
            return wrong(f, "a colon belongs between a key and its value");
        f->at++;
    } else if (*f->at == ',' && count > 0) {
        f->at++;
        if (!skip(f, 0))
            return false;
        if (f->at < f->end && *f->at == closing)
            return wrong(f, "a comma before the end of what it separates");
    } else if (*f->at != closing && count > 0) {
        return wrong(f, "a comma is missing");
    }
    return true;
}

static bool read_many(struct forms *f, enum form_kind kind, char closing, int depth)
{
    size_t index = f->forms.count;
    struct place opened = here(f);
    uint32_t count = 0;

    form_add(f, kind);
    f->at++;
    for (;; count++) {
        if (!skip(f, depth) || !separator(f, closing, count, kind == FORM_MAP) || !skip(f, depth))
            return false;
        if (f->at >= f->end) {
            diagnostics_error(f->diagnostics, opened, "this is not closed: the file ends without its `%c`",
                              closing);
            f->done = true;
            return false;
        }
        if (*f->at == closing)
            break;
        if (!form_read(f, depth + 1))
            return false;
    }
    if (kind == FORM_MAP && count % 2 == 1)
        return wrong(f, "a map's last key has no value");
    f->at++;
    f->forms.items[index].count = count;
    f->forms.items[index].next = (uint32_t)f->forms.count;
    f->forms.items[index].inside = (uint32_t)(f->forms.count - index - 1);
    return true;
}

/* What begins with #: a set, ##NaN and its kin, or a tag before a form. */
static bool read_tagged(struct forms *f, int depth)
{
    f->at++;
    if (f->at < f->end && *f->at == '#') {
        f->at++;
        return read_word(f);
    }
    if (f->at < f->end && *f->at == '{') {
        return read_many(f, FORM_SET, '}', depth);
    }
    while (f->at < f->end && !ends_word(f, *f->at))
        f->at++;
    return form_read(f, depth + 1);
}

static bool form_read(struct forms *f, int depth)
{
    if (!skip(f, depth))
        return false;
    if (f->at >= f->end)
        return wrong(f, "the file ends where something should follow");
    if (depth > DEPTH_MOST)
        return wrong(f, "nested deeper than 64");
    char c = *f->at;
    switch (c) {
    case '{':
        return read_many(f, FORM_MAP, '}', depth);
    case '[':
        return read_many(f, FORM_LIST, ']', depth);
    case '"':
        return read_string(f);
    case '(':
    case '#':
    case '^':
        if (f->json)
            return wrong(f, "JSON knows no such character here");
        if (c == '(')
            return read_many(f, FORM_LIST, ')', depth);
        if (c == '#')
            return read_tagged(f, depth);
        f->at++;
        size_t count = f->forms.count;
        if (!form_read(f, depth + 1))
            return false;
        f->forms.count = count; /* metadata */
        return form_read(f, depth + 1);
    case ')':
    case ']':
    case '}':
        return wrong(f, "this closes nothing");
    default:
        break;
    }
    bool sign = (c == '-' || c == '+') && f->end - f->at >= 2 && f->at[1] >= '0' && f->at[1] <= '9';
    if ((c >= '0' && c <= '9') || sign)
        return read_number(f);
    if (c == '\\' && f->end - f->at >= 2 && !f->json) {
        struct form *form = form_add(f, FORM_STRING);
        f->at += 2;
        while (f->at < f->end && !ends_word(f, *f->at))
            f->at++;
        form->length = (size_t)(f->at - form->text);
        return true;
    }
    return read_word(f);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Where the operation begins in a line of Jepsen's log: after the logger's name. Or at its beginning, when
 * that is a process and a keyword (history.txt). NULL: neither. `other`: it is a line of another logger. */
static const char *line_operation(const char *line, const char *end, bool *other)
{
    static const char logger[] = " - ", util[] = "jepsen.util";
    const size_t length = sizeof util - 1;
    const char *p = line, *dash = memmem(line, (size_t)(end - line), logger, sizeof logger - 1);

    *other = false;
    while (p < end && ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || *p == ':' || *p == '-'))
        p++;
    if (p > line && p < end && is_blank(*p)) {
        while (p < end && is_blank(*p))
            p++;
        if (p < end && *p == ':')
            return line;
    }
    if (dash == NULL)
        return NULL;
    if ((size_t)(dash - line) >= length && memcmp(dash - length, util, length) == 0) {
        p = dash + sizeof logger - 1;
        while (p < end && is_blank(*p))
            p++;
        const char *q = p;
        while (q < end && !is_blank(*q))
            q++;
        while (q < end && is_blank(*q))
            q++;
        if (q < end && *q == ':')
            return p;
    }
    *other = memmem(line, (size_t)(dash - line), "INFO", 4) != NULL ||
             memmem(line, (size_t)(dash - line), "WARN", 4) != NULL ||
             memmem(line, (size_t)(dash - line), "ERROR", 5) != NULL ||
             memmem(line, (size_t)(dash - line), "DEBUG", 5) != NULL;
    return NULL;
}

/* A line as the map that it means. True: it is one, or it is one of another logger (then nothing is there).
 */
static bool read_line(struct forms *f)
{
    static const char *const names[] = {"process", "type", "f", "value"};
    const char *end = f->end, *line_end = memchr(f->at, '\n', (size_t)(f->end - f->at));
    bool other;

    line_end = line_end != NULL ? line_end : end;
    const char *at = line_operation(f->at, line_end, &other);
    if (at == NULL) {
        skip_line(f);
        return other;
    }
    f->at = at;
    f->end = line_end; /* no form goes on over it */
    form_add(f, FORM_MAP);
    uint32_t count = 0;
    bool good = true;
    for (size_t i = 0;
         good && i < sizeof names / sizeof names[0] && (i < 3 || (skip(f, 0) && f->at < f->end));
         i++, count += 2) {
        struct form *name = form_add(f, FORM_WORD);
        name->text = names[i];
        name->length = strlen(names[i]);
        good = form_read(f, 1);
    }
    f->forms.items[0].count = count;
    f->forms.items[0].next = (uint32_t)f->forms.count;
    f->forms.items[0].inside = (uint32_t)f->forms.count - 1;
    f->end = end;
    if (good)
        skip_line(f);
    return good;
}

/* Can a form or something before it begin with this? */
static bool begins_form(char c)
{
    return c != '\0' && strchr("{}[]()\"#^;\\", c) != NULL;
}

const struct form *forms_next(struct forms *f)
{
    f->forms.count = 0;
    if (f->done || !skip(f, 0))
        return NULL;
    if (!f->opened && f->at < f->end && (*f->at == '[' || (*f->at == '(' && !f->json))) {
        f->in_vector = true;
        f->closing = *f->at == '[' ? ']' : ')';
        f->at++;
        if (!skip(f, 0))
            return NULL;
    } else if (f->opened && f->in_vector && f->json && f->at < f->end && *f->at != f->closing) {
        if (*f->at != ',') {
            wrong(f, "a comma is missing");
            return NULL;
        }
        f->at++;
        if (!skip(f, 0))
            return NULL;
    }
    f->opened = true;
    if (f->in_vector && f->at < f->end && *f->at == f->closing) {
        f->at++;
        f->in_vector = false;
        f->done = true;
        if (skip(f, 0) && f->at < f->end)
            wrong(f, "something follows the end of the history");
        return NULL;
    }
    if (f->at >= f->end) {
        if (f->in_vector)
            wrong(f, "the file ends before its history does: the vector is not closed");
        f->done = true;
        return NULL;
    }
    while (!f->json && !f->in_vector && f->at < f->end && !begins_form(*f->at)) {
        const char *line = f->at;
        if (!read_line(f)) {
            if (f->done)
                return NULL;
            f->at = line;
            break;
        }
        if (f->forms.count > 0)
            return &f->forms.items[0];
        if (!skip(f, 0))
            return NULL;
    }
    if (f->at >= f->end) {
        f->done = true;
        return NULL;
    }
    if (!form_read(f, 0))
        return NULL;
    if (f->forms.items[0].kind != FORM_MAP) {
        diagnostics_error(
            f->diagnostics, (struct place){f->file, f->forms.items[0].line, f->forms.items[0].column},
            "an operation is a map with type, f, value and process, or a line `process :type :f value`; "
            "this is neither");
        f->done = true;
        return NULL;
    }
    return &f->forms.items[0];
}

const struct form *form_of(const struct forms *f, const struct form *map, const char *key)
{
    const struct form *name = form_first(map);
    size_t length = strlen(key);

    for (uint32_t i = 0; i < map->count; i += 2) {
        const struct form *value = form_after(f, name);
        if (name->length == length && (name->kind == FORM_WORD || name->kind == FORM_STRING) &&
            memcmp(name->text, key, length) == 0)
            return value;
        name = form_after(f, value);
    }
    return NULL;
}
