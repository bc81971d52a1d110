/* check_live.h -- what the checks of a live history share among their files. */
#ifndef GEOREP_OBSERVE_CHECK_LIVE_H
#define GEOREP_OBSERVE_CHECK_LIVE_H

#include "sim/observe/check_room.h"

struct bounded {
    sim_ns ns_most;         /* 0: no bound in time */
    uint64_t versions_most; /* 0: none in versions */
    bool told;
    struct check_tally tally;
};

void bounded_note(struct bounded *b, uint64_t op, sim_ns staleness_ns, uint64_t versions);
void bounded_finish(struct bounded *b);

#endif
