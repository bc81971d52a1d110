/* check.h -- consistency checkers: a stream of operations in, a verdict for each check out.
 *
 * Two adapters feed the same stream: a live history of a trial (checks_new, below) and a recorded one
 * (jepsen.h). An operation begins and ends at a *position*; positions rise by event, and "before" means a
 * smaller one. What a check says is exact, or it says that it is undecided: it reached its bound, or the
 * history does not tell.
 *
 * Outcomes. OK: it happened between its begin and its end. FAIL: it did not happen. INFO: it may have
 * happened, at any time after its begin, or never (timed out, refused after it had been sent, still open at
 * the end).
 *
 * Values. A register's value names the write that wrote it (a write writes a value of its own, CHECK_INITIAL
 * is the one from before the start); where a recorded history writes a value twice, whoever feeds it says so
 * (check_key_kind). */
#ifndef GEOREP_OBSERVE_CHECK_H
#define GEOREP_OBSERVE_CHECK_H

#include "sim/engine/time.h"
#include "sim/history/history.h"
#include "sim/history/setting.h"
#include "sim/model/model.h"
#include "sim/observe/causes.h"

enum check_holds { CHECK_BROKEN, CHECK_HOLDS, CHECK_UNDECIDED };

struct check_verdict {
    uint8_t check;       /* enum geo_check */
    uint8_t holds;       /* enum check_holds */
    uint64_t violations; /* operations that had to be left out for the rest to be right */
    uint64_t example;    /* identity of the first of them, as it was fed; 0: none, or no single one */
    uint64_t related[4]; /* others that the text names; 0: none */
    char why[256];       /* empty when it holds */
};

/* The stream. */
struct check_stream;
struct check_op;

#define CHECK_INITIAL UINT64_C(0)

enum check_f {
    CHECK_READ,   /* at its end: value (register), number (counter), members and fresh or digest (set) */
    CHECK_WRITE,  /* value; of a counter: adds one; of a set: adds an element that nobody else adds, named by
                     value */
    CHECK_CAS,    /* value if the register holds `expected`; OK: it did, FAIL: it did not happen */
    CHECK_CHANGE, /* adds `number` to a counter, and must not bring one below `floor` (georep) */
    CHECK_BELOW,  /* finds a counter to be less than `number`, and does nothing: a decrement answered "no" */
    CHECK_ADD,    /* item `value` (0 .. 63) to a set */
    CHECK_REMOVE,
    CHECK_APPEND /* a text to a text: value is check_text_sum of it, expected its power */
};
enum check_outcome { CHECK_OK, CHECK_FAIL, CHECK_INFO };

/* How a key's linearizability is decided: from reads that name their write, or by a bounded search for an
 * order. */
enum check_key { CHECK_KEY_ZONES, CHECK_KEY_REGISTER, CHECK_KEY_COUNTER, CHECK_KEY_SET, CHECK_KEY_TEXT };

/* A number for a text, 0 for the empty one; that of two texts one after the other is what CHECK_APPEND makes
 * of theirs (Karp and Rabin, IBM J. Res. Dev. 1987, modulo 2^61 - 1): two texts of n characters share one
 * with a probability of n / 2^61. */
uint64_t check_text_sum(const char *text, size_t length, uint64_t *power);

/* The beginnings of all texts that are ever read, by their sums (0, of the empty one, is always one). A text
 * that is none of them is like any other such: no read returns it, whatever is appended (check_search.c). */
struct check_map;
void check_text_beginnings(struct check_map *beginnings, const char *text, size_t length);

struct check_stream_def {
    uint64_t checks;       /* bits by enum geo_check: what to work out */
    int64_t initial;       /* of a counter; of a text, its sum */
    uint64_t key_count;    /* keys are 0 .. key_count - 1; 0: any, which are given numbers as they come */
    uint64_t operations;   /* about how many there will be, 0: nobody knows */
    uint32_t steps_of_key; /* of the search for an order, 0: all that is sensible (check_search.c) */
    const struct check_map
        *beginnings;        /* of texts, all known before the first operation; NULL: there are none */
    const char *noun;       /* what an identity counts, for texts: "line", "operation"; static */
    bool digests;           /* a set's reads give geo_value_digest in `value`, not the members */
    bool numbered_sessions; /* sessions are 0, 1, 2 ... in order of appearance; else any */
    bool sessions;          /* the four session guarantees from the outside too (recorded histories) */
    bool never_below_zero;  /* a CHANGE must not bring a counter below zero */
};

struct check_begin {
    uint64_t id; /* as shown to the user */
    uint64_t key;
    uint64_t session;
    uint64_t position;
    uint64_t value, expected;
    int64_t number;
    uint8_t f; /* enum check_f */
};

struct check_stream *check_stream_new(const struct check_stream_def *def);
void check_stream_free(struct check_stream *s);
void check_key_kind(struct check_stream *s, uint64_t key,
                    enum check_key kind); /* before its first operation; default by zones */

/* The operation is the stream's; the pointer is valid until its end, and so is its number, which is below how
 * many were ever open at once. */
struct check_op *check_begin(struct check_stream *s, const struct check_begin *b);
uint32_t check_op_slot(const struct check_op *op);
struct check_op *check_op_at(const struct check_stream *s, uint32_t slot);
/* `value` and `number` are what a read returned; of others they are not looked at. A decrement that was
 * answered "no" ends with check_end_below. */
void check_end(struct check_stream *s, struct check_op *op, uint64_t position, enum check_outcome outcome,
               uint64_t value, int64_t number);
void check_end_below(struct check_stream *s, struct check_op *op, uint64_t position);
void check_stream_finish(struct check_stream *s); /* what is open may have happened */
void check_stream_verdict(const struct check_stream *s, enum geo_check check,
                          struct check_verdict *v); /* after finish */

/* What a violation that the ledger saw goes against, and the loss that may have brought it about. */
struct check_breach {
    uint64_t op, against; /* the operation, and the write that it misses, or stands before; 0: none such */
    uint32_t node;        /* where: a replica state that it was answered from, or that applied it */
    uint8_t loss;         /* enum replica_loss: 0, or how a replica lost `against`: */
    uint32_t lost_at, fault;
    sim_ns lost_time;
};

/* All checks of a live history. */
struct checks;

struct checks *checks_new(const struct history_setting *s, struct history *h);
/* For a bench: what these checks (1u << enum geo_check) need of the history, and no more; of the others there
 * is no verdict. Linearizability is at the bottom of the stream that sequential and causal read. */
struct checks *checks_new_of(const struct history_setting *s, struct history *h, uint32_t checks);
/* Their tables by key, once every key has been touched, and there were so many writes. */
uint64_t checks_bytes(const struct history_setting *s, uint64_t writes);
void checks_free(struct checks *c);

/* What the ledger knows of each read and write (semantics, B), which no reader of answers can tell: the
 * session guarantees and nothing_lost are decided by these alone, causal by these too. `checks_told` says
 * that a check is being told of (so that silence means that it holds). */
void checks_told(struct checks *c, enum geo_check check);
void checks_note_violation(struct checks *c, enum geo_check check, uint64_t op);
/* Of a violation that was noted, or (check GEO_CHECKS) of a stale read, which others may find to be a
 * violation: the first of each check, and the first CHECK_BREACHES stale reads, are kept. */
enum { CHECK_BREACHES = 1024 };
void checks_note_breach(struct checks *c, enum geo_check check, const struct check_breach *b);
const struct check_breach *checks_breach(const struct checks *c, enum geo_check check,
                                         uint64_t op); /* of that one, or NULL */
void checks_note_undecided(struct checks *c, enum geo_check check, const char *why); /* static text */
/* Staleness of a read, as in read_staleness_ms and read_staleness_versions: 0, 0 of a fresh one. */
void checks_note_staleness(struct checks *c, uint64_t op, sim_ns staleness_ns, uint64_t versions);
/* What was promised (geo_promise): 0: no such bound. Without any bound bounded_staleness is undecided. */
void checks_bound(struct checks *c, sim_ns stale_ns_most, uint64_t stale_versions_most);

void checks_finish(struct checks *c);
void checks_verdict(const struct checks *c, enum geo_check check, struct check_verdict *v); /* after finish */

extern const char *const check_holds_names[3]; /* "false", "true", "undecided" */

#endif
