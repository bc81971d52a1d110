/* trace.h -- the records of a trial, kept: what a story, a diagram or an exporter looks at.
 *
 *     struct trace trace;
 *     trace_open(&trace, &(struct trace_def){.from = a, .to = b, ...}, trial_setting(t));
 *     trace_attach(&trace, trial_history(t));
 *     trial_run(t, &trace.past);          ends when the window is over
 *     ... look at trace.records ...
 *     trace_close(&trace);
 *
 * Being a reader of ARRIVE and LOST, it makes the world tell the fate of every message, also within a region.
 * `run` has no such reader, and pays nothing. Memory: about 90 bytes a record kept; records_most and
 * messages_most bound it, and what they leave out is counted. */
#ifndef GEOREP_OBSERVE_TRACE_H
#define GEOREP_OBSERVE_TRACE_H

#include "sim/base/array.h"
#include "sim/history/history.h"
#include "sim/history/setting.h"

#include <stdatomic.h>

struct trace_def {
    sim_ns from, to; /* records of [from, to) are kept; faults, crashes, leaders and `ops` from the start */
    sim_ns grace;    /* after `to`, what becomes of messages sent before it is kept for so long */
    const uint64_t *ops; /* all about these operations is kept whatever the bounds; the caller's */
    size_t op_count;
    size_t records_most;    /* of all others; 0: no bound */
    uint64_t messages_most; /* of all others; 0: no bound. Those sent first are kept */
};

struct trace_record {
    uint64_t position; /* in this run: a reader of message's fate makes more positions than `run` has */
    struct history_record record;
};

struct trace {
    struct trace_def def;
    const struct history_setting *setting; /* the trial's, as long as that lives */
    ARRAY(struct trace_record) records;    /* in event order */
    atomic_bool past;                      /* the window is over */
    uint64_t messages, last_message;       /* kept; number of the last that was */
    uint64_t messages_left_out, records_left_out;
};

void trace_open(struct trace *t, const struct trace_def *def, const struct history_setting *setting);
void trace_close(struct trace *t);
void trace_attach(struct trace *t, struct history *h);

#endif
