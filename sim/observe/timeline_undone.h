/* timeline_undone.h -- a write that a node had, or was to have, and that was undone: with its disk, or by a
 * leader that had never heard of it. Private to the stories.
 *
 * A leader that takes over without a write is the end of it: followers copy the new leader's table, and who
 * had the write throws it away. So a write is undone at a node from when the node lost it, or, where it never
 * came, from when another led without it. Source: models/parts/succession.h, shipping.h. */
#ifndef GEOREP_OBSERVE_TIMELINE_UNDONE_H
#define GEOREP_OBSERVE_TIMELINE_UNDONE_H

#include "sim/observe/timeline_way.h"

struct undone {
    const struct trace_record *leads; /* who came to lead without the write; NULL: nobody */
    const struct trace_record *gone;  /* FORGET or DOWN by which the node lost it; NULL: it never had it */
    uint64_t until;                   /* position that was asked for; UINT64_MAX: for good */
};

/* Was it undone at the node before the record at `until` (a position; UINT64_MAX: at any time)? */
bool undone_find(const struct timeline *t, const struct timeline_operation *write, uint32_t node,
                 uint64_t until, struct undone *out);

/* Of all nodes that had the write itself: `gone` is the last loss of it. False: no node that had it has lost
 * it. */
bool undone_for_good(const struct timeline *t, const struct timeline_operation *write, struct undone *out);

/* Its way to the one that leads without it; crashes, who leads and who throws it away, before `until`. */
void undone_tell(struct story *s, const struct story_def *def, const struct timeline_operation *write,
                 const struct undone *u, uint64_t until);

/* Who took over, and why the write had not come there; or which disk went. */
const char *undone_cause(const struct story_def *def, const struct timeline_operation *write,
                         const struct undone *u, char out[STORY_TEXT]);

#endif
