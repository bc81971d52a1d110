/* jepsen_forms.h -- EDN and JSON, read form by form: what a recorded history is written in.
 *
 *     struct forms f;
 *     forms_open(&f, "history.edn", text, bytes, FORMS_BY_CONTENT, d);
 *     for (const struct form *one; (one = forms_next(&f)) != NULL;) ...      a map each; d has an error when
 * it went wrong forms_close(&f);
 *
 * A file is a sequence of maps, or one vector (array) of them, or lines as of Jepsen's history.txt and its
 * log:
 *
 *     0       :invoke :write  2
 *     INFO  jepsen.util - 0   :invoke :write  2
 *
 * (process, type, f, value; what follows is left alone, and so are the lines of other loggers), each of which
 * becomes the map that it means. Of EDN: comments, #_ discards, tags (dropped:
 * the tagged form stays), sets, records and metadata are understood; characters, ratios and big numbers are
 * texts. Nothing is copied: texts are slices of the input. */
#ifndef GEOREP_OBSERVE_JEPSEN_FORMS_H
#define GEOREP_OBSERVE_JEPSEN_FORMS_H

#include "sim/base/array.h"
#include "sim/base/diagnostics.h"

#include <stdint.h>

enum form_kind {
    FORM_NIL,
    FORM_TRUE,
    FORM_FALSE,
    FORM_INTEGER,
    FORM_NUMBER, /* not a whole one, or a very big one: its text */
    FORM_STRING, /* between its quotes, as written */
    FORM_WORD,   /* a keyword (without its colon) or a symbol */
    FORM_LIST,   /* vector, list, array */
    FORM_SET,
    FORM_MAP /* key, value, key, value ... */
};

struct form {
    uint8_t kind;
    bool keyword;    /* a WORD that had a colon */
    uint32_t count;  /* of a LIST, SET or MAP: its children (of a map, twice its pairs) */
    uint32_t next;   /* index just after it and all in it */
    uint32_t inside; /* forms in it, at any depth: those that follow it */
    unsigned line, column;
    int64_t integer;
    const char *text;
    size_t length;
};

enum forms_syntax { FORMS_BY_CONTENT, FORMS_EDN, FORMS_JSON };

struct forms {
    const char *file, *at, *end, *line_start;
    unsigned line;
    bool json, opened, in_vector, done;
    char closing;             /* of the outer vector */
    ARRAY(struct form) forms; /* of the map at hand, in the order in which they open */
    struct diagnostics *diagnostics;
};

void forms_open(struct forms *f, const char *file, const char *text, size_t bytes, enum forms_syntax syntax,
                struct diagnostics *d);
void forms_close(struct forms *f);

/* The next map, or NULL: the end, or an error that has been said. Valid until the next call. */
const struct form *forms_next(struct forms *f);

/* Children: form_first, then form_after, `count` times. */
static inline const struct form *form_first(const struct form *form)
{
    return form + 1;
}
static inline const struct form *form_after(const struct forms *f, const struct form *form)
{
    return f->forms.items + form->next;
}
const struct form *form_of(const struct forms *f, const struct form *map,
                           const char *key); /* NULL: not there */

/* A word or string that reads so. */
static inline bool form_is(const struct form *form, const char *text)
{
    return (form->kind == FORM_WORD || form->kind == FORM_STRING) && strlen(text) == form->length &&
           memcmp(form->text, text, form->length) == 0;
}

#endif
