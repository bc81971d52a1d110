/* check_past_room.h -- what the files of the causal checker share: check_past.c (what it is),
 * check_past_retire.c and check_past_sessions.c. */
#ifndef GEOREP_OBSERVE_CHECK_PAST_ROOM_H
#define GEOREP_OBSERVE_CHECK_PAST_ROOM_H

#include "sim/base/hot.h"
#include "sim/base/pool.h"
#include "sim/observe/check_room.h"
#include "sim/observe/check_vectors.h"

enum { PAST_SWEEP_FIRST = 4096 }; /* writes with a vector before the first look at which can go */

/* One line of memory. */
struct past_write {
    uint64_t value;
    struct vector *known;    /* NULL: all sessions know it; else its past: how many writes of each lane */
    uint64_t op, begin, end; /* end: CHECK_OPEN until it is told ok */
    uint32_t lane, seq;      /* seq 0: no place yet */
    uint32_t width, key;
    uint32_t session;
    bool lacks; /* its session's past was not all known */
};

_Static_assert(sizeof(struct past_write) == PAST_WRITE_BYTES, "one line of memory");

struct past_reader {
    uint32_t session;
    uint64_t end;
};

/* Recorded histories: which sessions returned a write, and when first. */
struct past_readers {
    ARRAY(struct past_reader) all;
};

/* A write by its place, which another may have later: by its begin it is still there. */
struct past_teaching {
    uint32_t write;
    uint64_t begin;
};

/* What a session knew in an earlier epoch, while operations of it that began then are open. */
struct past_epoch {
    struct vector *known;
    uint32_t width, number, open;
};

/* An *epoch* ends when what the session knows changes while operations of it are open. In one line of memory.
 */
struct past_session {
    struct vector *known;
    uint32_t width, epoch;
    uint32_t open; /* operations that began in this epoch */
    bool late;     /* when it was born some write had given back its vector, */
    bool lacks;    /* and what such a write would have taught is not known */
    uint64_t born; /* position of its first operation */
    ARRAY(struct past_epoch) epochs;
    uint32_t lane; /* its own, + 1; 0: it has not written yet */
    bool early;    /* it was there before any key had a newest write that everybody knew */
};

_Static_assert(sizeof(struct past_session) == 64, "one line of memory");

/* What session T has read of session S: rising (when, begin of the newest write of S). */
struct past_sight {
    ARRAY(struct past_reader) steps; /* .session unused */
    ARRAY(uint64_t) newest;
};

struct past {
    struct check_stream_def def;
    struct check_key_lines *lines;
    struct check_map sights; /* (T, S) -> sight */
    ARRAY(struct past_sight) sight;
    ARRAY(struct past_write) writes;
    ARRAY(struct past_readers) readers; /* [write] */
    ARRAY(uint32_t) free;
    ARRAY(struct past_session) sessions;
    struct pool entries;       /* of what is `more` of a key's */
    ARRAY(uint32_t) lane_last; /* [lane]: its last seq */
    ARRAY(uint32_t) common;    /* lanes that are no session's own */
    struct vectors vectors;
    uint64_t session_bytes;
    uint32_t *known_before; /* known to all sessions when writes last gave back their vectors; NULL: never */
    uint32_t width_before;
    ARRAY(struct past_teaching) teaching; /* writes with a vector, or that had one at the last sweep */
    size_t sweep_at;
    bool given_up;
    bool has_early; /* of some key everybody knew the newest write */
    struct check_tally tallies[GEO_CHECKS];
};

static inline uint32_t known_of(const struct past *p, const struct vector *known, uint32_t width,
                                uint32_t lane)
{
    return lane < width ? vector_at(&p->vectors, known, lane) : 0;
}

static inline bool is_known(const struct past *p, const struct vector *known, uint32_t width,
                            const struct past_write *w)
{
    return w->seq != 0 && known_of(p, known, width, w->lane) >= w->seq;
}

/* The same of counts of all lanes, or of the first `width`. */
static inline bool is_among(const uint32_t *counts, uint32_t width, const struct past_write *w)
{
    return w->seq != 0 && w->lane < width && counts[w->lane] >= w->seq;
}

static inline struct past_entry *past_entries(struct past_key *k)
{
    return k->count > 1 ? k->more : &k->one;
}

/* So many are left of several, the first. */
void past_entries_leave(struct past *p, struct past_key *k, uint32_t count);

static inline struct past_key *past_key_of(struct past *p, struct check_key_line *line)
{
    return &check_place(p->lines, line)->past;
}

void past_write_free(struct past *p, uint32_t index);

/* Lets go of what no read can be judged by any more. */
void past_retire(struct past *p, uint64_t now);

/* The session guarantees: does this one forbid that the operation falls behind the write? */
bool past_forbids(const struct past *p, enum geo_check check, uint32_t write, const struct check_op *op);
/* A read returned it. */
void past_note_reader(struct past *p, const struct check_op *op, uint32_t write);

#endif
