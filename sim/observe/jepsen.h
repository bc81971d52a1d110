/* jepsen.h -- a recorded history, as Jepsen writes it (EDN, or JSON lines with the same keys), and what the
 * checks say of it.
 *
 * An operation is a map {:type :invoke, :f :write, :value 3, :process 0} and later one of the same process
 * with the type ok (it happened), fail (it did not) or info (it may have). Other keys: `key`, or a value
 * [key value] as of jepsen.independent; `session`, when one session has several processes (else a process is
 * a session); all others are left alone. Operations of processes that are no numbers (the nemesis) are not
 * looked at. Order is the file's.
 *
 * The text must outlive the history. Memory: about 130 bytes an operation, 8 an element read. */
#ifndef GEOREP_OBSERVE_JEPSEN_H
#define GEOREP_OBSERVE_JEPSEN_H

#include "sim/observe/check.h"
#include "sim/observe/check_elements.h"
#include "sim/observe/check_map.h"
#include "sim/observe/jepsen_forms.h"

enum jepsen_data {
    JEPSEN_BY_CONTENT,
    JEPSEN_REGISTER,
    JEPSEN_CAS_REGISTER,
    JEPSEN_COUNTER,
    JEPSEN_SET,
    JEPSEN_LIST_APPEND,
    JEPSEN_STRING, /* written (put) whole, or appended to */
    JEPSEN_DATA
};
extern const char *const jepsen_data_names[JEPSEN_DATA];

enum jepsen_f {
    JEPSEN_READ,
    JEPSEN_WRITE,
    JEPSEN_CAS,
    JEPSEN_ADD,
    JEPSEN_CHANGE,
    JEPSEN_REMOVE,
    JEPSEN_APPEND
};

struct jepsen_op {
    uint64_t key, value, expected, session;
    int64_t number;              /* of a text: check_text_sum; what is appended has its power in `expected` */
    uint64_t id;                 /* the line it begins on; its number, from 1, where lines hold several */
    uint64_t begin, end;         /* positions; end 0: never */
    const char *text, *end_text; /* its maps in the input; end_text NULL: none */
    size_t elements; /* of a read of a set or list: in `pool`; of a text: in the input, by characters */
    uint32_t element_count;
    unsigned line;
    uint8_t f, outcome;
    bool is_list, is_number; /* what a read returned */
};

struct jepsen {
    ARRAY(struct jepsen_op) ops;
    ARRAY(uint64_t) events; /* op << 1 | ends, in order: the position is the index + 1 */
    ARRAY(uint64_t) pool;
    enum jepsen_data data;
    bool several; /* some transaction holds more than one operation */
    bool opaque;  /* some read returned neither a list nor nil: of a set or list, no elements (georep's own: a
                     digest) */
    struct check_map beginnings; /* of the texts read */
    bool untextual;              /* of a string: some value is no text */
    bool uncountable;            /* of a counter: something is no whole number, or a very big one */
    bool digested; /* a set of georep\'s own: reads give items and a digest of all elements in `value` */
    bool repeated; /* ... and some write was tried again under another identity */
    bool by_line;  /* identities are lines */
    uint64_t initial_value; /* what a read of a register returns before any write; 0: nil */
    int64_t initial_number; /* what a counter begins with, or the sum of what a string does */
};

/* Reads it all; false: `d` says what is wrong, and where. Free with jepsen_close in either case. */
bool jepsen_open(struct jepsen *j, const char *file, const char *text, size_t bytes, enum forms_syntax syntax,
                 enum jepsen_data data, struct diagnostics *d);
void jepsen_close(struct jepsen *j);

/* The number that names a value: of `--initial`. */
uint64_t jepsen_value_of(const char *text);

/* Works out the checks asked for (bits by enum geo_check); verdicts[check] of those are filled in. */
void jepsen_judge(struct jepsen *j, uint64_t checks, struct check_verdict verdicts[GEO_CHECKS]);

const struct jepsen_op *jepsen_find(const struct jepsen *j, uint64_t id); /* NULL: none */

#endif
