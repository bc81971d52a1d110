/* check_counts.h -- counters, read by number: what reads of a recorded history tell, short of linearizability
 * (which the stream decides: check.h). */
#ifndef GEOREP_OBSERVE_CHECK_COUNTS_H
#define GEOREP_OBSERVE_CHECK_COUNTS_H

#include "sim/observe/check.h"

struct count_op {
    uint64_t id, key, session, begin, end; /* positions; end is looked at of CHECK_OK alone */
    int64_t number;                        /* of a read: what it returned; else what it adds */
    bool reads;
    uint8_t outcome; /* enum check_outcome */
};

/* Is it one that check_counts knows: sequential, causal, the four session guarantees, nothing_lost? */
bool check_counts_knows(enum geo_check check);

/* `ops` in order of begin. Decides where every change of a key adds the same amount: the session guarantees
 * and nothing_lost always, the others of one counter always, of several nearly always. Of changes that differ
 * it says what bounds tell. Sequential and causal are undecided where operations of a session overlap.
 * Time: near-linear in operations x (sessions + what may have happened). */
void check_counts(const struct count_op *ops, size_t count, int64_t initial, const char *noun,
                  enum geo_check check, struct check_verdict *v);

#endif
