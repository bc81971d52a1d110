/* check_room.h -- what the checkers' own files share: an operation, an object's states, tallies. */
#ifndef GEOREP_OBSERVE_CHECK_ROOM_H
#define GEOREP_OBSERVE_CHECK_ROOM_H

#include "sim/base/array.h"
#include "sim/observe/check.h"
#include "sim/observe/check_keys.h"
#include "sim/observe/check_map.h"

#define CHECK_OPEN UINT64_MAX /* the end of an operation that has none yet */

/* A place in a ring. */
struct check_link {
    struct check_link *older, *newer;
};

/* One operation between its begin and its end. Of what does not come first a read has
 * nothing set but `number`. */
struct check_op {
    _Alignas(64) struct check_link link; /* first: of open reads, by begin, in a ring of check.c */
    uint64_t id;
    uint64_t begin, end; /* end: CHECK_OPEN until then; 0: there is no operation here */
    uint64_t value;
    uint32_t key, session; /* numbers: of the key's line; of sessions in order of appearance */
    uint32_t epoch;        /* of its session: check_past.c */
    uint8_t f, outcome;
    uint32_t slot;  /* among the stream's operations, which come and go */
    uint32_t write; /* index of its past_write + 1 */
    uint64_t expected;
    int64_t number;
    uint32_t entry;     /* of the search, + 1 */
    uint32_t dense_key; /* the searches' number of its key, in order of appearance */
    int64_t low, high;  /* of a counter's read: sums as it began */
};

/* What a check has found. */
struct check_tally {
    uint64_t violations, example, related[4];
    bool undecided;
    char why[256], why_undecided[128];
};

/* The first violation is the example; text as of printf. */
void check_violation(struct check_tally *t, uint64_t example, const uint64_t related[4], const char *format,
                     ...) __attribute__((format(printf, 4, 5)));
/* One more, of which nothing is told: before text is made that only the first would use. False: it is the
 * first, and check_violation is to be called. */
static inline bool check_violation_again(struct check_tally *t)
{
    return t->violations > 0 && ++t->violations > 0;
}
void check_undecided(struct check_tally *t, const char *why);
/* What it comes to, of a checker that has found all there is. */
void check_tally_verdict(const struct check_tally *t, enum geo_check check, struct check_verdict *v);

/* What a key holds, in the search for an order. */
struct check_state {
    uint64_t a,
        b; /* register: value; counter: number; text: its sum; set: members, digest of the fresh elements */
};

static inline uint64_t check_initial_of(const struct check_stream_def *def, enum check_key kind)
{
    return kind == CHECK_KEY_COUNTER || kind == CHECK_KEY_TEXT ? (uint64_t)def->initial : 0;
}

/* One operation for that search: what is needed of it once it has ended. */
struct check_step {
    uint64_t value, expected;
    int64_t number;
    uint8_t f, kind; /* enum check_key */
    bool digests, never_below_zero;
    const struct check_map *beginnings; /* of a text */
};

static inline bool check_step_reads(const struct check_step *s)
{
    return s->f == CHECK_READ || s->f == CHECK_BELOW;
}
bool check_step_matches(const struct check_step *s, struct check_state state); /* of what only reads */
bool check_step_apply(const struct check_step *s,
                      struct check_state *state); /* of what writes; false: it cannot happen here */

/* What soon comes to a stream with keys below a known number, a batch of it: ends, and begins of what is not
 * a read. First the line of each one's key is asked for, then the rest in two steps, each for all of the
 * batch, as it looks at what the one before has asked for. Nothing else depends on them. */
enum { CHECK_SOON = HISTORY_BATCH };

struct check_soon {
    uint32_t count;
    const struct check_key_line *lines[CHECK_SOON];
    uint64_t values[CHECK_SOON];                     /* what a read returns */
    uint8_t reads[CHECK_SOON];                       /* 1: it is one; 0 */
    uint32_t newest_count, other_count;              /* the stream's: */
    const struct check_key_line *newest[CHECK_SOON]; /* reads of their key's newest value */
    const struct check_key_line *others[CHECK_SOON]; /* what looks at more */
};

const struct check_key_line *check_expect_line(const struct check_stream *s, uint64_t key);
void check_expect_places(const struct check_stream *s, struct check_soon *soon);
void check_expect_values(const struct check_stream *s, const struct check_soon *soon);

/* As check_begin and check_end, of a read. */
struct check_op *check_begin_read(struct check_stream *s, uint64_t id, uint64_t key, uint64_t session,
                                  uint64_t position);
void check_end_read(struct check_stream *s, struct check_op *op, uint64_t position,
                    enum check_outcome outcome, uint64_t value, int64_t number);

/* Linearizability by zones. What zones_read_top is true of is no concern of zones_end any more. `zones_end`
 * true: zones_sweep is wanted, which is told the begin of the key's oldest open read (CHECK_OPEN: none). */
struct zones;
struct zones *zones_new(struct check_key_lines *lines, const char *noun);
void zones_free(struct zones *z);
void zones_begin_write(struct zones *z, const struct check_op *op);
/* A read of the top that is right, as nothing of another cluster began after something of it had ended. */
static inline bool zones_read_top(struct check_key_line *k, const struct check_op *op)
{
    if ((op->value != k->top_write) | (k->top_end < k->others_begin))
        return false;
    if (op->begin > k->top_begin) {
        k->top_begin = op->begin;
        k->top_begin_op = op->id;
    }
    return true;
}
bool zones_end(struct zones *z, const struct check_op *op);
void zones_sweep(struct zones *z, uint32_t key, uint64_t oldest_open_read);
void zones_expect_more(const struct zones *z, const struct check_key_line *line); /* after its place */
const struct check_tally *zones_tally(const struct zones *z);

/* Linearizability by search. */
struct search;
struct search *search_new(const struct check_stream_def *def);
void search_free(struct search *s);
void search_begin(struct search *s, struct check_op *op, enum check_key kind);
void search_end(struct search *s, struct check_op *op, enum check_key kind);
void search_finish(struct search *s);
const struct check_tally *search_tally(const struct search *s);

/* What each session has seen: causal consistency and the session guarantees. */
struct past;
struct past *past_new(struct check_key_lines *lines, const struct check_stream_def *def);
void past_free(struct past *p);
enum { PAST_WRITE_BYTES = 64 }; /* what it keeps of a write that nothing newer stands for */
void past_begin(struct past *p, struct check_op *op);
void past_end(struct past *p, struct check_op *op);      /* of any but a read that has ended well: */
void past_end_read(struct past *p, struct check_op *op); /* of such a one */
void past_expect_newest(const struct past *p, const struct check_key_line *line);
void past_expect_order(const struct past *p, const struct check_key_line *line); /* after its place */
void past_expect_known(const struct past *p, const struct check_key_line *line); /* after its newest */
void past_doubt(struct past *p, const char *why); /* this history has something that the past cannot follow */
const struct check_tally *past_tally(const struct past *p, enum geo_check check);

/* Sequential consistency by search; it keeps every operation, up to a bound. */
struct sequential;
struct sequential *sequential_new(const struct check_stream_def *def);
void sequential_free(struct sequential *s);
bool sequential_keeps(const struct sequential *s); /* false: no more, from now on nothing is to be told */
void sequential_begin(struct sequential *s, struct check_op *op, enum check_key kind);
void sequential_end(struct sequential *s, struct check_op *op);
enum check_holds sequential_search(struct sequential *s, const char **why); /* after the last end */

/* Linearizability of counters and sets by the order in which a leader took them. */
struct witness;
struct witness *witness_new(const struct history_setting *s);
void witness_free(struct witness *w);
void witness_read(struct witness *w, const struct history_record *r);
bool witness_holds(const struct witness *w); /* false: it proves nothing */

/* Replicas that answer alike: eventual and strong eventual. */
struct alike;
struct alike *alike_new(const struct history_setting *s);
void alike_free(struct alike *c);
uint64_t alike_bytes(const struct history_setting *s, uint64_t writes); /* what it keeps of so many */
void alike_expect_number(const struct alike *c, const struct history_record *r); /* comes soon, */
void alike_expect_rows(const struct alike *c, const struct history_record *r);   /* sooner */
/* `next`: of those that it reads, the one that is read then, or NULL, where that is not known. */
void alike_read(struct alike *c, const struct history_record *r, const struct history_record *next);
void alike_finish(struct alike *c);
const struct check_tally *alike_tally(const struct alike *c, bool strong);

#endif
