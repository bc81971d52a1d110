/* tables.h -- the CSV files of a results folder: one function a group, each row by row as the contract names
 * them. Private to the results folder, and to `explain`, which lists in the same form. */
#ifndef GEOREP_EXPERIMENT_TABLES_H
#define GEOREP_EXPERIMENT_TABLES_H

#include "sim/experiment/csv.h"
#include "sim/experiment/gather.h"
#include "sim/experiment/judge.h"
#include "sim/experiment/theory.h"

enum table {
    TABLE_METRICS,
    TABLE_BY_REGION,
    TABLE_NOTES,
    TABLE_POINTS,
    TABLE_COMPARISONS,
    TABLE_DISTRIBUTIONS,
    TABLE_VISIBILITY,
    TABLE_SERIES,
    TABLE_PAIRS,
    TABLE_VERDICTS,
    TABLE_CONFLICTS,
    TABLE_EXPECTATIONS,
    TABLE_THEORY,
    TABLES
};

extern const char *const table_files[TABLES];
extern const char *const table_headers[TABLES]; /* of points.csv without the swept paths */

/* What a row is about. */
struct table_point {
    size_t point;
    const struct scenario *scenario;
    const struct gathering *gathering;
    const struct judgement *judgement;
    const struct theory *theory;
};

/* metrics.csv, by_region.csv, and notes.csv: which of their figures are lower bounds or undecided */
void table_metrics(const struct table_point *p, struct csv *metrics, struct csv *by_region,
                   struct csv *notes);
void table_comparisons(const struct table_point *p, struct csv *out);
void table_distributions(const struct table_point *p, struct csv *out);
void table_visibility(const struct table_point *p, struct csv *out);
void table_series(const struct table_point *p, struct csv *out);
void table_pairs(const struct table_point *p, struct csv *out);
/* verdicts.csv; and of each broken promise what its example goes against, and which replica lost that, as
 * notes named as the check */
void table_verdicts(const struct table_point *p, struct csv *out, struct csv *notes);
/* conflicts.csv: the first CONFLICT_EXAMPLES lost updates of each model, or one of them */
void table_conflicts(const struct table_point *p, struct csv *out);
void table_conflict(size_t point, const struct scenario *s, uint32_t model, uint32_t replication,
                    const struct loss_figure *f, struct csv *out);
void table_expectations(const struct table_point *p, struct csv *out);
/* theory.csv; and what theory is silent about, and why, as notes of the metric "theory" */
void table_theory(const struct table_point *p, struct csv *out, struct csv *notes);

#endif
