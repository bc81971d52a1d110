/* timeline.h -- a trace as things with a beginning and an end: messages with their transmissions, operations,
 * and names.
 *
 * Built from a trace in one pass; indices, not pointers, join its parts. Plain data, the timeline's own; what
 * was begun before the trace's window, or is beyond its bounds, is not in it. */
#ifndef GEOREP_OBSERVE_TIMELINE_H
#define GEOREP_OBSERVE_TIMELINE_H

#include "sim/observe/trace.h"

#include <stdio.h>

#define TIMELINE_NONE UINT32_MAX

struct timeline_transmission {
    sim_ns sent;
    sim_ns lost;      /* when it was lost; SIM_NS_NEVER: it was not */
    uint8_t reason;   /* enum history_loss */
    uint32_t next;    /* of the message; TIMELINE_NONE */
    uint32_t message; /* index of its message */
};

struct timeline_message {
    uint64_t number, op;
    uint32_t from, to; /* nodes; HISTORY_NO_NODE: a client */
    uint16_t from_region, to_region;
    uint32_t type; /* HISTORY_NO_NODE: a client's request or answer */
    uint64_t bytes;
    sim_ns sent;    /* first */
    sim_ns arrived; /* SIM_NS_NEVER: not in the window */
    uint64_t sent_position, arrived_position;
    uint32_t first, last, count; /* transmissions */
    uint32_t arrivals;           /* more than one: the network made duplicates */
};

struct timeline_operation {
    uint64_t op; /* of the last attempt */
    uint64_t key;
    uint32_t session;
    uint16_t region, issued_from;
    uint8_t kind;    /* enum geo_kind */
    uint8_t outcome; /* enum history_outcome, once it has ended */
    bool is_probe;
    uint32_t node;     /* that the client talks to; HISTORY_NO_NODE: its region has none */
    uint32_t home;     /* that it would talk to if its region is up */
    uint32_t attempts; /* 1, and the retries */
    sim_ns begin, end; /* SIM_NS_NEVER: open */
    uint64_t begin_position, end_position;
    uint32_t answered_from; /* a read: its first replica state, HISTORY_NO_NODE */
    uint64_t instant;
    uint64_t returned; /* a read: the write whose value it returned */
    sim_ns taken;      /* a write: first TAKE; SIM_NS_NEVER */
    uint64_t taken_position;
    uint32_t taker;
    int64_t stamp, priority; /* as of its TAKE */
    uint32_t value_bytes;    /* that it carries */
};

struct timeline {
    const struct trace *trace;
    const struct history_setting *setting;
    ARRAY(struct timeline_message) messages;           /* by first transmission */
    ARRAY(struct timeline_transmission) transmissions; /* by time */
    ARRAY(struct timeline_operation) operations;       /* by begin */
    uint32_t *message_slots, *operation_slots;         /* open addressing: index + 1 */
    uint32_t message_bits, operation_bits;
};

void timeline_open(struct timeline *t, const struct trace *trace);
void timeline_close(struct timeline *t);

const struct timeline_message *timeline_message(const struct timeline *t, uint64_t number); /* NULL */
const struct timeline_operation *timeline_operation(const struct timeline *t,
                                                    uint64_t op); /* any identity; NULL */

/* Tells records by which a node comes to reflect a write. */
struct timeline_mark {
    const struct timeline_operation *write;
    uint64_t below; /* BY_MERGE: counts of the life of its taker's disk that it was taken in are below this */
};
struct timeline_mark timeline_mark(const struct timeline *t, const struct timeline_operation *write);
bool timeline_is_mark(const struct timeline_mark *m, const struct history_record *h);

/* The first record from which `node` reflects write `op` (taken as `o` says), NULL: not in the window. */
const struct trace_record *timeline_reflected(const struct timeline *t, const struct timeline_operation *o,
                                              uint32_t node);

/* Names, into `out`; they give `out`. An operation is REGION/COUNT (its region's count), with .IDENTITY
 * behind it where it is not the first, and REGION/probe-COUNT for a probe; a node is its region, with
 * [NUMBER] where the region has several. */
enum { TIMELINE_NAME = 160 };
const char *timeline_operation_name(const struct history_setting *s, uint64_t op, char out[TIMELINE_NAME]);
const char *timeline_node_name(const struct history_setting *s, uint32_t node, char out[TIMELINE_NAME]);
const char *timeline_message_name(const struct history_setting *s, const struct timeline_message *m);
const char *timeline_kind_name(uint8_t kind); /* enum geo_kind */
const char *timeline_outcome_name(uint8_t outcome);

/* REGION/COUNT[.IDENTITY], or the number itself as verdicts.csv may have it; 0: neither. */
uint64_t timeline_operation_parse(const struct history_setting *s, const char *text);

/* "25.003 s"; "76.0 ms", "0.250 ms", "9.812 s". */
const char *timeline_instant(sim_ns time, char out[TIMELINE_NAME]);
const char *timeline_span(sim_ns time, char out[TIMELINE_NAME]);

/* Text as a JSON string, with its quotes. */
void timeline_json_text(FILE *to, const char *text);

#endif
