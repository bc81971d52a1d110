/* reading.h -- reading a tree by the tables of keys.h: what all readers of a scenario share. Private to the
 * room. */
#ifndef GEOREP_SCENARIO_READING_H
#define GEOREP_SCENARIO_READING_H

#include "sim/base/array.h"
#include "sim/base/diagnostics.h"
#include "sim/engine/distribution.h"
#include "sim/engine/time.h"
#include "sim/scenario/arena.h"
#include "sim/scenario/input.h"
#include "sim/scenario/keys.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/settings.h"
#include "sim/scenario/tree.h"

#define READING_ERRORS_MOST 100

struct reading_default {
    const char *text;
    const struct node *node;
};

struct reading_samples { /* of an empirical distribution: shared by all sweep points */
    const struct node *node;
    enum quantity quantity;
    const struct distribution *distribution;
};

/* One document: shared by its sweep points. */
struct reading {
    struct arena *memory;
    struct diagnostics *d;
    struct inputs *inputs;
    size_t errors_before; /* in the diagnostics, of other documents */
    const char *path;     /* of the scenario's own file: what an override names is beside it */
    ARRAY(struct reading_default) defaults;
    ARRAY(struct reading_samples) samples;
    ARRAY(struct csv *) tables; /* CSV files that were parsed, by their input */
    const char *const
        *dropped_models; /* of the file, but not of --models: an expectation that names one is left out */
    size_t dropped_model_count;
    /* Of the sweep point being read: */
    const char **region_names;
    const uint64_t *region_nodes;
    uint32_t region_count;
};

void reading_free(struct reading *r); /* what it holds, but the arena, the diagnostics and the inputs */

/* An error at a node. After a hundred in one document no more are said. */
void reading_error(struct reading *r, const struct node *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool reading_flooded(const struct reading *r);

/* "did you mean `x`?", else the list of the names: the end of an error about an unknown name. In the arena.
 */
const char *reading_hint(struct reading *r, const char *name, const char *const *names, size_t count,
                         const char *noun);

/* Reads a map (NULL: an empty one) into the struct that the table describes. `what` names the map in errors.
 */
void map_read(struct reading *r, const struct node *map, const struct node *where, const char *what,
              const struct key *keys, void *into);
/* One value as the key says. False: an error was said and nothing stored. */
bool value_read(struct reading *r, const struct key *key, const struct node *value, void *map_struct);
const struct node *default_node(struct reading *r, const char *text);

bool scalar_read(struct reading *r, const struct node *n, const char *what); /* that it is one, or an error */
bool quantity_node_read(struct reading *r, const struct node *n, enum quantity q, bool negative,
                        double *value);
bool time_node_read(struct reading *r, const struct node *n, bool negative, sim_ns *value);
bool word_node_read(struct reading *r, const struct node *n, const char *name, const char *words,
                    uint32_t *index);
bool name_check(struct reading *r, const struct node *n, const char *what); /* that it may name something */

/* NULL after an error. Lives as long as the document. */
const struct distribution *distribution_read(struct reading *r, const struct node *n, enum quantity q,
                                             bool negative);
const struct distribution *distribution_constant(struct reading *r, double value);
extern const char *const distribution_names[];
extern const size_t distribution_name_count;

/* The index of a region by its name; false after an error with the nearest. With_nodes: one that has nodes.
 */
bool region_find(struct reading *r, const struct node *n, uint32_t *index, bool with_nodes);

/* The two regions of `between`, or of `from` and `to`, of a map; false after an error. */
bool link_ends_read(struct reading *r, const struct node *n, bool *both, uint32_t *from, uint32_t *to);

/* The file that a node names, beside the file that the node stands in. Caller frees. */
char *node_path(struct reading *r, const struct node *n);

/* A CSV file, parsed once. NULL after an error. */
struct csv;
struct csv *reading_csv(struct reading *r, const char *path, const struct node *at);

/* The parts of a scenario; each adds its errors and goes on. */
void regions_read(struct reading *r, const struct scenario_setting *s, struct world_def *w);
void network_build(struct reading *r, const struct network_setting *s, const struct node *node,
                   struct world_def *w);
void clocks_build(struct reading *r, const struct clock_setting *s, const struct node *node,
                  struct world_def *w);
void workloads_build(struct reading *r, const struct scenario_setting *s, struct world_def *w);
void faults_build(struct reading *r, const struct node *list, struct world_def *w);
void models_build(struct reading *r, const struct node *list, struct scenario *s);
void expects_build(struct reading *r, const struct node *list, struct scenario *s);
void metric_check(struct reading *r, const struct node *at, const char *text, const char **metric,
                  const char **statistic);

/* A whole scenario from its tree; errors are in r->d. */
struct scenario *scenario_build(struct reading *r, const struct node *root);

/* `over` upon `base`, by the table: maps of settings merge, all else is replaced. */
const struct node *settings_merge(struct arena *a, const struct key *keys, const struct node *base,
                                  const struct node *over);

/* The tree with the value at a dotted path; NULL after an error at `value`, which names what is there. */
const struct node *path_set(struct reading *r, const struct node *root, const char *path,
                            const struct node *value);

#endif
