/* figures.h -- filling in a trial's figures. A statistic over no observations is not put. */
#ifndef GEOREP_OBSERVE_FIGURES_H
#define GEOREP_OBSERVE_FIGURES_H

#include "sim/observe/observation.h"

struct figure_list; /* grows while the readers put theirs in */

struct figure_list *figure_list_new(void);
struct trial_figures *figure_list_end(struct figure_list *f); /* the figures; the list is gone */

/* A count or a mean; in the unit of the results. */
void figures_put(struct figure_list *f, enum metric_id metric, enum statistic_id statistic, int32_t region,
                 double value);
/* part / whole; nothing if whole is 0. */
void figures_put_share(struct figure_list *f, enum metric_id metric, enum statistic_id statistic,
                       int32_t region, uint64_t part, uint64_t whole);
/* A copy; nothing if it is empty. */
void figures_put_histogram(struct figure_list *f, enum metric_id metric, int32_t region, bool at_least,
                           const struct histogram *h);
/* All statistics of a metric: the reader reached its bound. What is put of it later is left out. */
void figures_put_undecided(struct figure_list *f, enum metric_id metric);

struct trial_figures *figure_list_look(struct figure_list *f); /* for what is not put one by one */
struct pair_figure *figures_put_pair(struct figure_list *f, uint32_t from,
                                     uint32_t to); /* valid until the next */

#endif
