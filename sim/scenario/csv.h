/* csv.h -- comma-separated files: cells with their places. Quotes as in RFC 4180; empty lines and lines that
 * begin with # are skipped. */
#ifndef GEOREP_SCENARIO_CSV_H
#define GEOREP_SCENARIO_CSV_H

#include "sim/base/diagnostics.h"
#include "sim/scenario/input.h"

#include <stddef.h>
#include <stdint.h>

struct csv_cell {
    const char *text; /* trimmed of spaces */
    uint32_t line, column;
};

struct csv_row {
    size_t first, count; /* in cells */
};

struct csv {
    const struct input *input;
    char *text;
    struct csv_cell *cells;
    size_t cell_count;
    struct csv_row *rows;
    size_t row_count;
};

/* NULL after an error. The input outlives it. O(bytes). */
struct csv *csv_read(const struct input *input, struct diagnostics *d);
void csv_free(struct csv *csv);

const struct csv_cell *csv_at(const struct csv *csv, size_t row, size_t column); /* NULL: there is none */
struct place csv_place(const struct csv *csv, const struct csv_cell *cell);

#endif
