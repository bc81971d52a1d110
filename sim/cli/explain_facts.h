/* explain_facts.h -- what a story asks of the world that the history does not say: which fault, which clock,
 * how far. */
#ifndef GEOREP_CLI_EXPLAIN_FACTS_H
#define GEOREP_CLI_EXPLAIN_FACTS_H

#include "sim/observe/timeline_story.h"
#include "sim/world/def.h"

/* Of the world of this seed and replication, which `def` outlives. The caller's, explain_facts_free. Faults
 * are numbered as in the history. */
struct story_facts *explain_facts_new(const struct world_def *def, uint64_t seed, uint32_t replication);
void explain_facts_free(struct story_facts *shown);

#endif
