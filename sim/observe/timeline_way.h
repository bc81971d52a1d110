/* timeline_way.h -- one message's way in words, how a write came to a node, and why it took so long. Private
 * to the stories. */
#ifndef GEOREP_OBSERVE_TIMELINE_WAY_H
#define GEOREP_OBSERVE_TIMELINE_WAY_H

#include "sim/observe/timeline_story.h"

enum { STORY_TEXT = 600, WAY_MOST = 16 };

struct story *story_new(const struct story_def *def, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void story_cause(struct story *s, const char *format, ...) __attribute__((format(printf, 2, 3))); /* once */
void story_line(struct story *s, sim_ns time, bool important, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void story_operation(struct story *s, uint64_t op); /* it tells of this one */

/* How the operation began, was taken and ended. */
void story_write(struct story *s, const struct story_def *def, const struct timeline_operation *o);

/* "the value of west/35", "the initial value", as the read returned it. */
void story_returned(const struct timeline *t, const struct timeline_operation *read, char out[STORY_TEXT]);

/* The message's transmissions and its arrival as lines, those that began after `until` only if none did
 * before. */
void way_tell(struct story *s, const struct story_def *def, const struct timeline_message *m, bool important);

/* " by 'Tokyo cut off'", or nothing where the user gave the fault no name; "from 25.000 s to 35.000 s";
 * "twice". */
const char *way_by_fault(const struct history_setting *s, uint32_t fault, char out[TIMELINE_NAME]);
const char *way_fault_span(const struct history_setting *s, uint32_t fault, char out[TIMELINE_NAME]);
const char *way_times(uint32_t n, char out[TIMELINE_NAME]);

/* Why the message was lost, which (`behind`) another one stood behind, or NULL. */
const char *way_cause_of_loss(const struct story_def *def, const struct timeline_message *m,
                              const struct timeline_message *behind, char out[STORY_TEXT]);

/* One step of a write's way to a node: `held` is since when the sender had it, `m` what carried it (NULL:
 * nothing yet), and `had` when the receiver reflected it (SIM_NS_NEVER: not in the window). */
struct way_step {
    const struct timeline_message *m;
    uint32_t from, to;
    sim_ns held, had;
};

/* What carried it, and what was to carry it before and was lost. */
void way_tell_step(struct story *s, const struct story_def *def, const struct way_step *step, bool important);

/* Steps from the taker to `node`, in the order of time; how many. 0: the taker itself. */
uint32_t way_of_write(const struct timeline *t, const struct timeline_operation *write, uint32_t node,
                      struct way_step steps[WAY_MOST]);

/* The step that cost most of the time up to `until`, and why it did, in words into `out`. */
const struct way_step *way_worst(const struct way_step *steps, uint32_t count, sim_ns until);
const char *way_cause(const struct story_def *def, const struct way_step *step, sim_ns until,
                      char out[STORY_TEXT]);

/* The same of one message, and of the time that passes at a node (for `what`, as "to be applied"). */
const char *way_cause_message(const struct story_def *def, const struct timeline_message *m, sim_ns until,
                              char out[STORY_TEXT]);
const char *way_cause_node(const struct story_def *def, uint32_t node, sim_ns from, sim_ns to,
                           const char *what, char out[STORY_TEXT]);

/* The answer that made the operation's client ask again at `at`, or give up: one that came to the client's
 * node and brought no success; NULL: none did, it waited in vain. And why the node refused. */
const struct timeline_message *way_refusal(const struct timeline *t, const struct timeline_operation *o,
                                           sim_ns at);
const char *way_cause_refusal(const struct story_def *def, uint32_t node, sim_ns at, char out[STORY_TEXT]);

/* Did the message go without loss, and in about the usual time? */
bool way_is_plain(const struct story_def *def, const struct timeline_message *m);

/* The last crash of the node begun in [from, to], or NULL. */
const struct trace_record *way_crash(const struct timeline *t, uint32_t node, sim_ns from, sim_ns to);

#endif
