/* diagnostics.c -- see diagnostics.h. */
#include "sim/base/diagnostics.h"

#include "sim/base/array.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct diagnostic {
    struct place at;
    size_t order;
    bool warning;
    char *text;
};

struct diagnostics {
    ARRAY(struct diagnostic) list;
    size_t errors;
};

struct diagnostics *diagnostics_new(void)
{
    return memory_new(1, sizeof(struct diagnostics));
}

void diagnostics_free(struct diagnostics *d)
{
    if (d == NULL)
        return;
    array_each (struct diagnostic, one, &d->list)
        free(one->text);
    array_free(&d->list);
    free(d);
}

static void add(struct diagnostics *d, struct place at, bool warning, const char *format, va_list arguments)
{
    char *what = NULL, *text = NULL;

    CHECK(vasprintf(&what, format, arguments) >= 0);
    const char *severity = warning ? "warning" : "error";
    if (at.file == NULL)
        CHECK(asprintf(&text, "georep: %s: %s", severity, what) >= 0);
    else if (at.line == 0)
        CHECK(asprintf(&text, "%s: %s: %s", at.file, severity, what) >= 0);
    else
        CHECK(asprintf(&text, "%s:%u:%u: %s: %s", at.file, at.line, at.column, severity, what) >= 0);
    free(what);
    array_each (struct diagnostic, one, &d->list)
        if (strcmp(one->text, text) == 0) {
            free(text);
            return;
        }
    *array_add(&d->list) =
        (struct diagnostic){.at = at, .order = d->list.count, .warning = warning, .text = text};
    d->errors += warning ? 0 : 1;
}

void diagnostics_error(struct diagnostics *d, struct place at, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(d, at, false, format, arguments);
    va_end(arguments);
}

void diagnostics_warn(struct diagnostics *d, struct place at, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(d, at, true, format, arguments);
    va_end(arguments);
}

size_t diagnostics_count(const struct diagnostics *d)
{
    return d->errors;
}

const char *diagnostics_text(const struct diagnostics *d, size_t index)
{
    array_each (struct diagnostic, one, &d->list)
        if (!one->warning && index-- == 0)
            return one->text;
    return NULL;
}

static int by_place(const void *left, const void *right)
{
    const struct diagnostic *a = left, *b = right;
    int files = strcmp(a->at.file != NULL ? a->at.file : "", b->at.file != NULL ? b->at.file : "");

    if (files != 0)
        return files;
    if (a->at.line != b->at.line)
        return a->at.line < b->at.line ? -1 : 1;
    if (a->at.column != b->at.column)
        return a->at.column < b->at.column ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

void diagnostics_print(const struct diagnostics *d, FILE *to)
{
    if (d->list.count == 0)
        return;
    struct diagnostic *sorted = memory_new(d->list.count, sizeof *sorted);
    memcpy(sorted, d->list.items, d->list.count * sizeof *sorted);
    qsort(sorted, d->list.count, sizeof *sorted, by_place);
    for (size_t i = 0; i < d->list.count; i++)
        fprintf(to, "%s\n", sorted[i].text);
    free(sorted);
}

/* Damerau-Levenshtein with adjacent transpositions; names are short, so three rows of 64 are enough. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { MOST = 64 };
    size_t n = strlen(a), m = strlen(b), rows[3][MOST + 1];

    if (n > MOST || m > MOST)
        return MOST;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *older = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = before[j - 1] + (a[i - 1] != b[j - 1]);
            if (before[j] + 1 < best)
                best = before[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && older[j - 2] + 1 < best)
                best = older[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[n % 3][m];
}

const char *nearest_name(const char *name, const char *const *candidates, size_t count)
{
    const char *best = NULL;
    size_t length = strlen(name), least = (length < 2 ? 0 : length < 6 ? 1 : length / 3) + 1;

    for (size_t i = 0; i < count; i++) {
        size_t distance = edit_distance(name, candidates[i]);
        if (distance < least) {
            least = distance;
            best = candidates[i];
        }
    }
    return best;
}
