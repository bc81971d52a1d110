/* yaml.h -- YAML text to a tree. The only room door to libyaml. */
#ifndef GEOREP_SCENARIO_YAML_H
#define GEOREP_SCENARIO_YAML_H

#include "sim/base/diagnostics.h"
#include "sim/scenario/arena.h"
#include "sim/scenario/tree.h"

#include <stddef.h>

/* Reads one document. `file` names it in places and outlives the diagnostics. NULL after an error, which is
 * in `d`: of syntax the first; all duplicate keys. with_places false: places have no line (a value of the
 * command line). */
const struct node *yaml_read(struct arena *a, const char *file, const char *text, size_t bytes,
                             bool with_places, struct diagnostics *d);

#endif
