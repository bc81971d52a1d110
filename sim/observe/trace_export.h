/* trace_export.h -- a timeline in the formats of others' viewers, and as lines of JSON.
 *
 * Chrome trace (Perfetto, chrome://tracing): a region is a process, with a thread for each node and as many
 * for its clients as it has operations open at once; operations are slices; a message is a slice of its own
 * at each end, joined by a flow; what nodes take, store and lose are instants; faults and nodes that are down
 * are slices of a process of their own. Times are microseconds of simulated time; events are in their order.
 *
 * ShiViz: hosts are the nodes (and a region's clients, where they talk to another region's nodes); each event
 * has a vector clock, which a message carries from its sending to its arrival. A retransmission, and what is
 * lost, are events of the sender.
 *
 * JSON lines: the records as they are, one object a line, with names in place of numbers.
 *
 * `note` says what the trace leaves out, or is NULL. Write errors stay with the stream. */
#ifndef GEOREP_OBSERVE_TRACE_EXPORT_H
#define GEOREP_OBSERVE_TRACE_EXPORT_H

#include "sim/observe/timeline.h"

void trace_write_chrome(const struct timeline *t, const char *note, FILE *to);
void trace_write_shiviz(const struct timeline *t, FILE *to);
void trace_write_jsonl(const struct timeline *t, const char *note, FILE *to);

#endif
