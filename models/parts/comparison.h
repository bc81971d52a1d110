/* comparison.h -- two nodes compare all that they hold, and each gets what it lacks: anti-entropy. Each keeps
 * a sum over each of some ranges of keys, so that what is alike costs a sum a range:
 *
 *     node                                     other
 *     SUMS (a sum a range)          --->       of each range that differs
 *          <---  VERSIONS(keys from .. to)     what it has there
 *     WANT(keys) --->   <--- values            what is newer there (gets)
 *     values     --->                          what is newer here (gives)
 *
 * How values travel is the model's. Sources: Demers et al.: Epidemic algorithms for replicated database
 * maintenance, PODC 1987 (checksums); a tree of one level, of those of Dynamo and Cassandra.
 */
#ifndef GEOREP_MODELS_PARTS_COMPARISON_H
#define GEOREP_MODELS_PARTS_COMPARISON_H

#include "sim/model/model.h"

enum { COMPARISON_RANGES = 256, COMPARISON_GIVEN_MOST = 256 };

struct comparison_state { /* in the model's state: memory */
    uint64_t sums[COMPARISON_RANGES];
};

struct comparison_def {
    uint32_t sums, versions, want; /* types of messages */
    bool gets, gives;              /* what a node that compares does with what differs */
    /* The values of these keys, as they are stored here, to `to`: 1 to COMPARISON_GIVEN_MOST of them. */
    void (*give)(geo_replica *r, geo_node to, const geo_key *keys, uint32_t count);
};

/* The key's version has changed here: the sums are kept by this alone. */
void comparison_note(geo_replica *r, struct comparison_state *c, geo_key key, geo_version before,
                     geo_version now);

void comparison_begin(geo_replica *r, const struct comparison_state *c, const struct comparison_def *d,
                      geo_node other);

/* Its messages, by their type. */
void comparison_message(geo_replica *r, const struct comparison_state *c, const struct comparison_def *d,
                        const geo_message *m);

#endif
