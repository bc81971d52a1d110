/* csv.h -- rows of comma-separated values (RFC 4180, but with bare newlines), and the one place that prints
 * figures.
 *
 *     csv_open(&f, folder, "metrics.csv", "point,model,...");
 *     csv_count(&f, point); csv_text(&f, model); csv_number(&f, value); csv_row_end(&f);
 *     csv_close(&f);
 *
 * An error of the file latches: later calls do nothing, csv_close says false, and `error` holds the errno. */
#ifndef GEOREP_EXPERIMENT_CSV_H
#define GEOREP_EXPERIMENT_CSV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct csv {
    FILE *file;
    uint32_t fields; /* of the row so far */
    int error;       /* errno of the first failure, 0: none */
};

void csv_open(struct csv *f, const char *folder, const char *name, const char *header);
bool csv_close(struct csv *f); /* flushes too: a full disk shows here at the latest */

void csv_text(struct csv *f, const char *text); /* quoted where it must be */
void csv_count(struct csv *f, uint64_t count);
void csv_number(struct csv *f, double value); /* 9 significant digits (semantics, E); finite */
void csv_empty(struct csv *f);
void csv_row_end(struct csv *f);

#define CSV_NUMBER_ROOM 32

/* A figure as every file prints it: 9 significant digits, and no minus before a zero. */
void figure_print(char out[CSV_NUMBER_ROOM], double value);

#endif
