/* progress.h -- a bar on standard error with the time left; on a terminal only. */
#ifndef GEOREP_CLI_PROGRESS_H
#define GEOREP_CLI_PROGRESS_H

#include "sim/experiment/experiment.h"

struct progress {
    bool on;
    double started, drawn; /* seconds of the steady clock */
    const char *name;
};

struct progress progress_begin(const char *name, bool wanted);
void progress_draw(void *progress, const struct experiment_progress *p); /* for experiment_def.progress */
void progress_end(struct progress *p);                                   /* wipes the line */

double steady_seconds(void);

#endif
