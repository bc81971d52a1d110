/* csv.c -- see csv.h. One pass over a copy of the text, in which cells are ended in place. */
#include "sim/scenario/csv.h"

#include "sim/base/array.h"

enum { CELLS_MOST = 8 * 1024 * 1024 };

struct csv_reading {
    struct csv *csv;
    size_t cell_room, row_room;
    char *at;
    uint32_t line;
    char *line_begin;
};

void csv_free(struct csv *csv)
{
    if (csv == NULL)
        return;
    free(csv->text);
    free(csv->cells);
    free(csv->rows);
    free(csv);
}

struct place csv_place(const struct csv *csv, const struct csv_cell *cell)
{
    return (struct place){.file = csv->input->name, .line = cell->line, .column = cell->column};
}

const struct csv_cell *csv_at(const struct csv *csv, size_t row, size_t column)
{
    if (row >= csv->row_count || column >= csv->rows[row].count)
        return NULL;
    return &csv->cells[csv->rows[row].first + column];
}

/* A quoted cell, undone in place; leaves `at` behind the closing quote. */
static const char *quoted_read(struct csv_reading *c)
{
    char *from = ++c->at, *to = from;

    for (; *c->at != '\0'; c->at++) {
        if (*c->at == '"' && c->at[1] != '"') {
            c->at++;
            break;
        }
        if (*c->at == '"')
            c->at++;
        if (*c->at == '\n') {
            c->line++;
            c->line_begin = c->at + 1;
        }
        *to++ = *c->at;
    }
    if (to < c->at)
        *to = '\0';
    return from;
}

/* One cell; `at` is left at the character that ended it, which is returned and overwritten. */
static char cell_read(struct csv_reading *c)
{
    while (*c->at == ' ' || *c->at == '\t')
        c->at++;
    struct csv_cell cell = {.line = c->line, .column = (uint32_t)(c->at - c->line_begin) + 1};
    if (*c->at == '"') {
        cell.text = quoted_read(c);
        while (*c->at != '\0' && *c->at != ',' && *c->at != '\n')
            c->at++;
    } else {
        cell.text = c->at;
        while (*c->at != '\0' && *c->at != ',' && *c->at != '\n')
            c->at++;
    }
    char end = *c->at;
    *c->at = '\0';
    for (char *last = c->at; last > cell.text && (last[-1] == ' ' || last[-1] == '\t' || last[-1] == '\r');
         last--)
        last[-1] = '\0';
    struct csv *csv = c->csv;
    csv->cells = array_room(csv->cells, csv->cell_count, &c->cell_room, sizeof *csv->cells);
    csv->cells[csv->cell_count++] = cell;
    return end;
}

static void row_read(struct csv_reading *c)
{
    struct csv *csv = c->csv;
    struct csv_row row = {.first = csv->cell_count};
    char end;

    while ((end = cell_read(c)) == ',' && csv->cell_count < CELLS_MOST)
        c->at++;
    row.count = csv->cell_count - row.first;
    csv->rows = array_room(csv->rows, csv->row_count, &c->row_room, sizeof *csv->rows);
    csv->rows[csv->row_count++] = row;
    if (end != '\0')
        c->at++;
    c->line++;
    c->line_begin = c->at;
}

struct csv *csv_read(const struct input *input, struct diagnostics *d)
{
    struct csv *csv = memory_new(1, sizeof *csv);
    struct place start = {.file = input->name};

    csv->input = input;
    csv->text = memory_text_of(input->contents, input->bytes);
    struct csv_reading c = {.csv = csv, .at = csv->text, .line = 1, .line_begin = csv->text};
    if (strncmp(c.at, "\xef\xbb\xbf", 3) == 0)
        c.at = c.line_begin = csv->text + 3;
    const char *why =
        memchr(input->contents, '\0', input->bytes) != NULL ? "holds a zero byte: it is not text" : NULL;
    while (why == NULL && *c.at != '\0') {
        size_t length = strcspn(c.at, "\n");
        if (*c.at == '#' || strspn(c.at, " \t\r") >= length) {
            c.at += length + (c.at[length] == '\n' ? 1 : 0);
            c.line++;
            c.line_begin = c.at;
        } else {
            row_read(&c);
        }
        if (csv->cell_count >= CELLS_MOST)
            why = "has more than 8 million cells";
    }
    if (why == NULL && csv->row_count == 0)
        why = "holds no rows";
    if (why == NULL)
        return csv;
    diagnostics_error(d, start, "this CSV file %s", why);
    csv_free(csv);
    return NULL;
}
