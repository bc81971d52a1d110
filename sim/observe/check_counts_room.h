/* check_counts_room.h -- what the files of check_counts share. */
#ifndef GEOREP_OBSERVE_CHECK_COUNTS_ROOM_H
#define GEOREP_OBSERVE_CHECK_COUNTS_ROOM_H

#include "sim/observe/check_counts.h"
#include "sim/observe/check_room.h"

/* One operation that happened, or may have: a read that was answered, or a change. */
struct counted {
    const struct count_op *op;
    uint64_t end; /* CHECK_OPEN: it may have happened, at any time or never */
    uint32_t key, session;
    int64_t level; /* of a read of an alike key: so many changes it returned; below 0: no sum gives it */
    int64_t over;  /* of a read: so many changes of its key had begun by its end */
};

struct counts_key {
    int64_t step; /* what each change adds; 0: there is none */
    bool alike;   /* all do */
    bool rises, falls;
};

struct counts {
    ARRAY(struct counted) ops; /* in order of begin */
    ARRAY(struct counts_key) keys;
    uint32_t session_count;
    bool overlaps; /* operations of one session do */
    bool alike;    /* all keys are */
    int64_t initial;
    const char *noun;
    struct check_tally *tally;
};

/* Can this read be right at all? */
static inline bool counted_sound(const struct counted *r)
{
    return r->level >= 0 && r->level <= r->over;
}

/* One violation: "<noun> <id> reads <number>: <what> <least>". */
void counts_complain(struct counts *c, const struct counted *r, const struct counted *other, const char *what,
                     int64_t least);

/* The operations by end; what may have happened last. To be freed. */
struct counted **counts_by_end(struct counts *c);

void counts_causal(struct counts *c); /* all keys alike, no overlaps */
void counts_order(struct counts *c);  /* sequential, likewise */

#endif
