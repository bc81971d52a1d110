/* prepare.h -- what `run` and `check` have in common: the options that change a scenario, and reading
 * scenarios. */
#ifndef GEOREP_CLI_PREPARE_H
#define GEOREP_CLI_PREPARE_H

#include "sim/base/array.h"
#include "sim/cli/options.h"
#include "sim/scenario/scenario.h"

#define OPTION_PLUGIN 300
#define OPTION_SEED 301
/* The rows of a verb's table for the options that preparation_take knows. */
#define PREPARE_OPTIONS                                                                                      \
    {'m', "models", "A,B", "only these of the scenario's models, by name"},                                  \
        {'s', "set", "PATH=VALUE", "override one value, as network.loss=1%; may be repeated"},               \
        {OPTION_SEED, "seed", "N", "override the scenario's seed"},                                          \
        {'r', "replications", "N", "override the scenario's replications"},                                  \
    {                                                                                                        \
        OPTION_PLUGIN, "plugin", "FILE", "load a model from a shared object"                                 \
    }

struct preparation {
    ARRAY(struct document_override) overrides;
    ARRAY(const char *) models, files;
    char *texts[256]; /* what was cut out of options, to be freed */
    size_t text_count;
};

/* An option of PREPARE_OPTIONS or an operand: true when it went well; false has said why. */
bool preparation_take(struct preparation *p, const struct options *o, int id);
void preparation_free(struct preparation *p);

/* Data folder, metrics. false has said why not. */
bool prepare_start(void);

/* Reads every file; all errors of all files have been printed if it gives NULL. [p->files.count], freed by
 * documents_free. */
struct document **documents_read(struct preparation *p);
void documents_free(struct document **documents, size_t count);

#endif
