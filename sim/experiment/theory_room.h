/* theory_room.h -- what the parts of theory.h share. Private to them. */
#ifndef GEOREP_EXPERIMENT_THEORY_ROOM_H
#define GEOREP_EXPERIMENT_THEORY_ROOM_H

#include "sim/base/array.h"
#include "sim/experiment/theory.h"

#define THEORY_Z 3.890591886413 /* 99.99% of a normal distribution is within */

struct theory_rows {
    ARRAY(struct theory_row) all;
};

/* One model of the scenario, while its rows are written. */
struct theory_case {
    const struct scenario *scenario;
    const struct world_def *world;
    const struct gathering *gathering;
    const struct scenario_model *model;
    uint32_t index;
    struct theory_rows *rows;
};

/* Parts: each appends its rows, or none. */
void theory_matrix(struct theory_case *c);
void theory_queue(struct theory_case *c);
void theory_window(struct theory_case *c);
void theory_wars(struct theory_case *c);

/* ---- What holds ---- */

bool theory_is_type(const struct theory_case *c, const char *type);
/* A parameter by its name; NULL: the model has none of that name and kind. */
const void *theory_param(const struct theory_case *c, const char *name, enum geo_param_kind kind);
/* The first word of the alternative that was chosen ("<copies>" for a bare number), into `word`. */
bool theory_choice(const struct theory_case *c, const char *name, char *word, size_t room,
                   const geo_choice **choice);

bool theory_link_constant(
    const struct theory_case *c); /* delays that are constant, nothing lost, doubled or queued */
bool theory_one_node_each(const struct theory_case *c);
bool theory_no_service(const struct theory_case *c);                /* of any kind */
bool theory_client_ns(const struct theory_case *c, double *rtt_ns); /* false: it is not constant */
bool theory_is_plain_open(
    const struct theory_case *c); /* Poisson or constant arrivals, each region at home */
double theory_way_ns(const struct theory_case *c, uint32_t from, uint32_t to); /* a constant link's one way */
double theory_read_rate(const struct theory_case *c, uint32_t region);         /* per second */
double theory_write_rate(const struct theory_case *c, uint32_t region);        /* all but reads */

/* ---- Beside the simulation. `about` is the quantity's name and becomes the row's. ---- */

/* A mean of a client region; within error_ns theory is not sure of itself. `exact`: every replication gives
 * the same. */
void theory_put_mean(struct theory_case *c, enum metric_id metric, uint32_t region, double theory_ns,
                     double error_ns, bool exact, char *about);
/* A share of the probes of `after[at]`; p is off by at most `error`. */
void theory_put_visibility(struct theory_case *c, uint32_t at, double p, double error, char *about);
/* The percentile p of a metric of all regions: theory's is in low..high. */
void theory_put_percentile(struct theory_case *c, enum metric_id metric, double p, double theory_ns,
                           double low_ns, double high_ns, char *about);
char *theory_about(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
