/* csv.c -- see csv.h. Written as bytes: the program never sets LC_NUMERIC, so a point is a point in every
 * country. */
#include "sim/experiment/csv.h"

#include "sim/base/check.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void latch(struct csv *f)
{
    if (f->error == 0)
        f->error = errno != 0 ? errno : EIO;
}

void csv_open(struct csv *f, const char *folder, const char *name, const char *header)
{
    char *path = NULL;

    *f = (struct csv){0};
    CHECK(asprintf(&path, "%s/%s", folder, name) >= 0);
    f->file = fopen(path, "we");
    free(path);
    if (f->file == NULL || fprintf(f->file, "%s\n", header) < 0)
        latch(f);
}

bool csv_close(struct csv *f)
{
    if (f->file != NULL && (fflush(f->file) != 0 || ferror(f->file)))
        latch(f);
    if (f->file != NULL && fclose(f->file) != 0)
        latch(f);
    f->file = NULL;
    return f->error == 0;
}

static bool field_begin(struct csv *f)
{
    if (f->error != 0)
        return false;
    if (f->fields++ != 0 && fputc(',', f->file) == EOF)
        latch(f);
    return f->error == 0;
}

void csv_text(struct csv *f, const char *text)
{
    if (!field_begin(f))
        return;
    if (strpbrk(text, ",\"\r\n") == NULL) {
        if (fputs(text, f->file) == EOF)
            latch(f);
        return;
    }
    fputc('"', f->file);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', f->file);
        fputc(*text, f->file);
    }
    if (fputc('"', f->file) == EOF)
        latch(f);
}

void csv_count(struct csv *f, uint64_t count)
{
    if (field_begin(f) && fprintf(f->file, "%llu", (unsigned long long)count) < 0)
        latch(f);
}

void figure_print(char out[CSV_NUMBER_ROOM], double value)
{
    CHECK(isfinite(value));
    snprintf(out, CSV_NUMBER_ROOM, "%.9g", value == 0 ? 0.0 : value);
}

void csv_number(struct csv *f, double value)
{
    char text[CSV_NUMBER_ROOM];

    figure_print(text, value);
    if (field_begin(f) && fputs(text, f->file) == EOF)
        latch(f);
}

void csv_empty(struct csv *f)
{
    (void)field_begin(f);
}

void csv_row_end(struct csv *f)
{
    if (f->error == 0 && fputc('\n', f->file) == EOF)
        latch(f);
    f->fields = 0;
}
