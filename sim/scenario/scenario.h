/* scenario.h -- a scenario file, read: the world, the models with their parameters, and what to do with them.
 *
 * A *document* is the YAML of one file with what it extends, `--set` overrides and the sweep; scenario_at
 * gives the scenario of one sweep point. Everything a scenario points to lives until document_free.
 */
#ifndef GEOREP_SCENARIO_H
#define GEOREP_SCENARIO_H

#include "sim/base/diagnostics.h"
#include "sim/model/model.h"
#include "sim/world/def.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct scenario_model {
    const char *name; /* the type unless given */
    const geo_model *model;
    const void *config;   /* model->config_bytes, filled from its parameters */
    const char *strategy; /* type and parameters on one line, for tables and reports */
};

enum expect_relation { EXPECT_EQUAL, EXPECT_BELOW, EXPECT_AT_MOST, EXPECT_ABOVE, EXPECT_AT_LEAST };

/* One bound of one expectation; a {min, max} is two of them. */
struct scenario_expect {
    struct place at;
    uint32_t model;        /* index; UINT32_MAX: all */
    const char *metric;    /* as in metrics.csv, or a check's name */
    const char *statistic; /* "value" when none was given and the metric has it, else as given */
    bool is_check;         /* metric names a check; number is 1 for true, 0 for false */
    enum expect_relation relation;
    double number;        /* in the metric's own unit */
    uint32_t other_model; /* UINT32_MAX: none; else the bound is number x that model's figure */
    const char *text;     /* as the user wrote it */
};

struct scenario {
    const char *name, *description;
    uint64_t seed;
    uint32_t replications_min, replications_max; /* equal: fixed */
    const char *stop_metric, *stop_statistic;    /* of the stopping rule, NULL: none */
    double stop_precision;
    struct world_def world;
    struct scenario_model *models;
    uint32_t model_count;
    struct scenario_expect *expects;
    uint32_t expect_count;
};

/* Where the program's own files (presets) are; set once by cli before anything is read. */
void scenario_set_data_folder(const char *folder);
const char *scenario_data_folder(void);

/* The metrics that `expect` and `replications` may name: the rooms above know them and say so once, before
 * anything is read. Their `statistics` are bits, by place in `statistics`. Without a table every name goes.
 * All stays with the caller. */
struct scenario_metric {
    const char *name;
    uint32_t statistics;
    bool is_time; /* its own unit is ms, and a bound may be a time */
};
void scenario_set_metrics(const struct scenario_metric *table, size_t count, const char *const *statistics,
                          size_t statistics_count);

struct document;

struct document_override {
    const char *path, *value; /* from --set PATH=VALUE */
};

/* Reads PATH ("-": standard input) with its `extends`. NULL after errors, all of which are in `d`: the whole
 * scenario of every sweep point has been checked when it returns a document. `models` of --models: names to
 * keep, NULL: all. */
struct document *document_read(const char *path, const struct document_override *overrides,
                               size_t override_count, const char *const *keep_models, size_t keep_count,
                               struct diagnostics *d);
void document_free(struct document *doc);

/* Sweep points, in the order of the file, the last path fastest. No sweep: one point and no paths. */
size_t document_point_count(const struct document *doc);
size_t document_sweep_paths(const struct document *doc, const char *const **paths);
const char *document_point_value(const struct document *doc, size_t point,
                                 size_t path); /* text, as in points.csv */
const struct scenario *document_scenario(const struct document *doc, size_t point);

/* Every file that was read, for inputs/: absolute path and contents. */
size_t document_input_count(const struct document *doc);
const char *document_input(const struct document *doc, size_t index, const char **contents, size_t *bytes);

/* The scenario with all that was merged and overridden, as YAML text that document_read reads to the same
 * scenario. */
char *document_resolved(const struct document *doc);

/* Every key of a scenario with its default and its line, one a row, for `georep list`. */
void scenario_list_keys(FILE *to);

/* `georep schema`: the JSON Schema (draft 2020-12) of a scenario, from the same tables as the parser. Caller
 * frees. */
char *scenario_schema(void);

#endif
