/* timeline_story.h -- what happened, message by message, ending in its cause: for one operation, or for two
 * that met.
 *
 * A story is read off a timeline. What the history does not say (which fault cut this link, how wrong a clock
 * was, how long the way usually takes) comes from whoever knows the world, as story_facts.
 *
 * How a write came to a replica is found backwards: the message about it (or, of a batch, the one that
 * arrived last before the replica had it) from a node that had it by then, and so on to the node that took
 * it. How an operation's time was spent, likewise: from its end back along the last arrival that each step
 * waited for. The cause is the longest piece of that way. */
#ifndef GEOREP_OBSERVE_TIMELINE_STORY_H
#define GEOREP_OBSERVE_TIMELINE_STORY_H

#include "sim/observe/causes.h"
#include "sim/observe/timeline.h"

#define STORY_NO_FAULT UINT32_MAX

/* A clock's error at an instant, shown time minus true time, and what it is made of. */
struct story_clock {
    sim_ns error, offset, drift, step; /* offset: lasting, and of the last synchronisation */
};

struct story_facts {
    void *self;
    uint32_t (*cut)(void *self, uint32_t from_region, uint32_t to_region,
                    sim_ns at); /* index of the fault, or STORY_NO_FAULT */
    uint32_t (*slow)(void *self, uint32_t from_region, uint32_t to_region, sim_ns at); /* the same */
    uint32_t (*overload)(void *self, uint32_t region, sim_ns from, sim_ns to);         /* the same */
    bool (*touches)(void *self, uint32_t fault, uint32_t from_region,
                    uint32_t to_region); /* a link's, or (twice the same) a region's */
    sim_ns (*usual)(void *self, uint32_t from_region, uint32_t to_region);     /* median of one way */
    double (*bandwidth)(void *self, uint32_t from_region, uint32_t to_region); /* bit/s; 0: unlimited */
    bool (*bursts)(void *self, uint32_t from_region, uint32_t to_region);      /* does it lose in bursts? */
    struct story_clock (*clock)(void *self, uint32_t node, sim_ns at);
};

struct story_line {
    sim_ns time;
    char *text;
    bool important;
};

struct story {
    char *title, *cause;
    ARRAY(struct story_line) lines; /* by time */
    ARRAY(uint64_t) messages;       /* that it tells of, by number: */
    ARRAY(uint64_t) important;      /* those of them that matter most */
    ARRAY(uint64_t) ops;            /* operations that it tells of */
};

struct story_def {
    const struct timeline *timeline;
    const struct story_facts *facts;
    const char *heading; /* what stands first in the title: "the stalest read of lww" */
};

/* Why a write was lost is not found out here: `cause` is the counters' own (causes.h), and is told with what
 * brought it about. Each gives a story, the caller's (story_free); NULL: the timeline does not hold these
 * operations. */
struct story *story_of_stale_read(const struct story_def *def, uint64_t read, uint64_t missed,
                                  sim_ns stale_ns, uint64_t missed_count);
struct story *story_of_operation(const struct story_def *def, uint64_t op); /* where its time went */
struct story *story_of_lost_update(const struct story_def *def, uint64_t loser, uint64_t winner,
                                   uint32_t node, sim_ns met, enum loss_cause cause);
struct story *story_of_lost_commit(const struct story_def *def, uint64_t write);
/* Of a broken promise that names it: a read that went back behind `against`, or a write that stands at `node`
 * without it, or before it. */
struct story *story_of_breach(const struct story_def *def, uint64_t op, uint64_t against, uint32_t node);
void story_free(struct story *s);

/* As text, its lines under each other. `bold`: important ones and the cause stand out on a terminal. */
void story_print(const struct story *s, bool bold, FILE *to);

#endif
