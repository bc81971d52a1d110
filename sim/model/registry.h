/* registry.h -- the models that are built in, and those that plug-ins bring. */
#ifndef GEOREP_MODEL_REGISTRY_H
#define GEOREP_MODEL_REGISTRY_H

#include "sim/model/model.h"

/* All models in the order of the list, built in first. `index` past the end: NULL. */
const geo_model *registry_model(size_t index);
const geo_model *registry_find(const char *name);

/* Loads a shared object and registers its model. NULL when it went well, else what is wrong (to be freed).
 * Not thread-safe: before any trial. */
char *registry_load_plugin(const char *path);

/* Names of the checks (bits of geo_promise.checks), by enum geo_check; of the kinds, the data and the
 * counters. */
extern const char *const geo_check_names[GEO_CHECKS];
extern const char *const geo_kind_names[GEO_KINDS];
extern const char *const geo_data_names[GEO_DATA];
extern const char *const geo_counter_names[GEO_COUNTERS];

#endif
