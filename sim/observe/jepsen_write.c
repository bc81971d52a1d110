/* jepsen_write.c -- see jepsen_write.h. Form by form, as they are read; nothing is kept but the map at hand.
 */
#include "sim/observe/jepsen_write.h"

struct writer {
    FILE *to;
    const struct forms *forms;
    bool json, from_json;
};

static void put_form(const struct writer *w, const struct form *form);

static void put_slice(const struct writer *w, const struct form *form)
{
    fwrite(form->text, 1, form->length, w->to);
}

/* Strings as they stand, within quotes; escapes are alike in both. A line may end within EDN's. */
static void put_quoted(const struct writer *w, const struct form *form)
{
    fputc('"', w->to);
    for (size_t i = 0; i < form->length; i++) {
        unsigned char c = (unsigned char)form->text[i];
        if (c >= 32)
            fputc(c, w->to);
        else if (w->json)
            fprintf(w->to, "\\u%04x", c);
        else
            fputs(c == '\n' ? "\\n" : " ", w->to);
    }
    fputc('"', w->to);
}

/* What a key is spelled with in EDN: letters, digits and a few signs. */
static bool is_plain(const struct form *form)
{
    bool plain = form->length > 0 && !(form->text[0] >= '0' && form->text[0] <= '9');

    for (size_t i = 0; i < form->length; i++) {
        char c = form->text[i];
        plain &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                 c == '_' || c == '.' || c == '?' || c == '!' || c == '/';
    }
    return plain;
}

/* A word where Jepsen has a keyword. */
static void put_keyword(const struct writer *w, const struct form *form)
{
    bool named = form->kind == FORM_STRING || form->kind == FORM_WORD;

    if (w->json || !named || !is_plain(form)) {
        put_form(w, form);
        return;
    }
    fputc(':', w->to);
    put_slice(w, form);
}

static void put_many(const struct writer *w, const struct form *form)
{
    const char *opening = w->json || form->kind == FORM_LIST ? "[" : "#{",
               *closing = opening[0] == '[' ? "]" : "}";
    const struct form *one = form_first(form);

    fputs(opening, w->to);
    for (uint32_t i = 0; i < form->count; i++, one = form_after(w->forms, one)) {
        if (i > 0)
            fputs(w->json ? "," : " ", w->to);
        put_form(w, one);
    }
    fputs(closing, w->to);
}

static void put_map(const struct writer *w, const struct form *form)
{
    const struct form *one = form_first(form);

    fputc('{', w->to);
    for (uint32_t i = 0; i < form->count; i += 2) {
        if (i > 0)
            fputs(w->json ? "," : ", ", w->to);
        put_keyword(w, one);
        fputs(w->json ? ":" : " ", w->to);
        one = form_after(w->forms, one);
        put_form(w, one);
        one = form_after(w->forms, one);
    }
    fputc('}', w->to);
}

static void put_form(const struct writer *w, const struct form *form)
{
    switch (form->kind) {
    case FORM_NIL:
        fputs(w->json ? "null" : "nil", w->to);
        break;
    case FORM_INTEGER:
        fprintf(w->to, "%lld", (long long)form->integer);
        break;
    case FORM_NUMBER:
    case FORM_STRING:
        if (form->kind == FORM_NUMBER && (!w->json || w->from_json))
            put_slice(w, form);
        else
            put_quoted(w, form);
        break;
    case FORM_WORD:
        if (w->json) {
            put_quoted(w, form);
        } else {
            fputs(form->keyword ? ":" : "", w->to);
            put_slice(w, form);
        }
        break;
    case FORM_LIST:
    case FORM_SET:
        put_many(w, form);
        break;
    case FORM_MAP:
        put_map(w, form);
        break;
    default:
        put_slice(w, form);
        break;
    }
}

/* [[f key value] ...]: f is a keyword. */
static void put_transaction(const struct writer *w, const struct form *value)
{
    const struct form *mop = form_first(value);

    fputc('[', w->to);
    for (uint32_t i = 0; i < value->count; i++, mop = form_after(w->forms, mop)) {
        fputs(i == 0 ? "" : w->json ? "," : " ", w->to);
        if (mop->kind != FORM_LIST || mop->count != 3) {
            put_form(w, mop);
            continue;
        }
        const struct form *name = form_first(mop), *key = form_after(w->forms, name);
        fputc('[', w->to);
        put_keyword(w, name);
        fputs(w->json ? "," : " ", w->to);
        put_form(w, key);
        fputs(w->json ? "," : " ", w->to);
        put_form(w, form_after(w->forms, key));
        fputc(']', w->to);
    }
    fputc(']', w->to);
}

static void put_value(const struct writer *w, const struct form *value, const struct form *key, bool txn)
{
    if (key != NULL) {
        fputs("[", w->to);
        put_form(w, key);
        fputs(" ", w->to);
    }
    if (txn && value->kind == FORM_LIST)
        put_transaction(w, value);
    else
        put_form(w, value);
    fputs(key != NULL ? "]" : "", w->to);
}

/* One operation, a line. */
static void put_operation(const struct writer *w, const struct form *map)
{
    const struct form *f = form_of(w->forms, map, "f"), *one = form_first(map);
    const struct form *key = w->json ? NULL : form_of(w->forms, map, "key");
    bool txn = f != NULL && form_is(f, "txn"), first = true;

    fputc('{', w->to);
    for (uint32_t i = 0; i < map->count; i += 2) {
        const struct form *name = one, *value = form_after(w->forms, one);
        one = form_after(w->forms, value);
        if (key != NULL && form_is(name, "key"))
            continue;
        fputs(first ? "" : w->json ? "," : ", ", w->to);
        first = false;
        put_keyword(w, name);
        fputs(w->json ? ":" : " ", w->to);
        if (form_is(name, "value"))
            put_value(w, value, key, txn);
        else if (form_is(name, "type") || form_is(name, "f") || form_is(name, "process"))
            put_keyword(w, value);
        else
            put_form(w, value);
    }
    fputs("}\n", w->to);
}

bool jepsen_write(FILE *to, enum forms_syntax as, const char *file, const char *text, size_t bytes,
                  enum forms_syntax syntax)
{
    struct diagnostics *d = diagnostics_new();
    struct forms forms;

    forms_open(&forms, file, text, bytes, syntax, d);
    const struct writer w = {.to = to, .forms = &forms, .json = as == FORMS_JSON, .from_json = forms.json};
    for (const struct form *map; (map = forms_next(&forms)) != NULL;)
        put_operation(&w, map);
    forms_close(&forms);
    diagnostics_free(d);
    return fflush(to) == 0 && !ferror(to);
}
