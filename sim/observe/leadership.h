/* leadership.h -- who led, and for how long two did: of models that tell (geo_leads; HISTORY_LEADS).
 *
 * A node leads a group in a term from its LEADS until it says that it does no more, or crashes. One that
 * crashes and loses nothing was merely paused: it leads on when it is up again, until it hears better.
 *
 * failovers: LEADS within the window (warm-up to the end of the clients) with a higher term than any before
 * in its group, but for the group's first.
 *
 * failover_ms: of each of these: from the start of the last fault before it that keeps messages or nodes
 * away, or is a switchover, to its LEADS; none where no such fault began before.
 *
 * two_leaders_ms: one figure a run, the sum over its *overlaps*. An overlap is the time in which a node leads
 * in a lower term than the highest that its group has been told: from that LEADS (or its own coming up) to
 * its stepping down, its crash or the end of the run, whatever becomes of the newer leader meanwhile. It
 * counts with its part within the window, and only if a client was answered in it (OK, or NO) for a write
 * that the older leader took in it: one that leads nobody's writes splits nothing. Overlaps of several older
 * leaders add up.
 *
 * Cost: a look at the number of overlaps for each TAKE and END; of the writes taken in an overlap, one record
 * each until the first of them is answered. */
#ifndef GEOREP_OBSERVE_LEADERSHIP_H
#define GEOREP_OBSERVE_LEADERSHIP_H

#include "sim/base/array.h"
#include "sim/history/history.h"
#include "sim/history/setting.h"
#include "sim/observe/figures.h"
#include "sim/stats/histogram.h"

struct leader {
    uint32_t node, group;
    uint64_t term;
    sim_ns since;          /* of the overlap */
    bool paused;           /* its node is down, and has lost nothing */
    bool old;              /* in an overlap now */
    bool answered;         /* a client, in this overlap */
    ARRAY(uint64_t) taken; /* writes, in this overlap, until the first of them is answered */
};

struct leadership {
    const struct history_setting *setting;
    ARRAY(struct leader) leaders; /* that lead or are paused, in the order of their LEADS */
    ARRAY(uint64_t) terms;        /* [group]: the highest told + 1; 0: none yet */
    uint32_t overlaps;            /* leaders that are old now */
    uint64_t failovers;
    sim_ns fault; /* start of the last one; -1: none yet */
    struct histogram failover_ns;
    sim_ns two;
    bool told;
};

void leadership_open(struct leadership *l, const struct history_setting *s);
void leadership_close(struct leadership *l);
void leadership_fault(struct leadership *l, const struct history_record *r);
void leadership_leads(struct leadership *l, const struct history_record *r);
void leadership_down(struct leadership *l, const struct history_record *r);
void leadership_up(struct leadership *l, const struct history_record *r);
void leadership_take(struct leadership *l, const struct history_record *r);
void leadership_end(struct leadership *l, const struct history_record *r, bool well); /* of a write */
void leadership_finish(struct leadership *l, sim_ns end_ns);
void leadership_put(const struct leadership *l, struct figure_list *f); /* nothing, where no model tells */

#endif
