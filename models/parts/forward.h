/* forward.h -- a request handed to the node that can serve it, and the way of the answer back.
 *
 * The node that had the request (`asked`) forwards the operation whole; whoever serves it answers `asked`,
 * which tells the client. Over datagrams a request may come twice, and a write must not be taken twice for
 * that: writes are numbered by their sender, larger each time and beyond a restart too (the number is the
 * sender's oscillator), and the receiver remembers the last FORWARD_SEEN of each sender. What is older than
 * all of these is taken for a repetition: the datagram counts as lost, which datagrams may be.
 */
#ifndef GEOREP_MODELS_PARTS_FORWARD_H
#define GEOREP_MODELS_PARTS_FORWARD_H

#include "sim/model/model.h"

enum { FORWARD_SEEN = 32 };

struct forward_request {
    geo_op op;
    uint64_t number; /* 0: it cannot come twice, or that does no harm */
    geo_node asked;
};

struct forward_state { /* of each replica: the last number it used */
    uint64_t number;
};

struct forward_peer { /* of each replica, for each node */
    uint64_t seen[FORWARD_SEEN];
};

/* Sends the operation to `to` (itself too: then only the service of the message's type counts) as message
 * `type`. A write goes with its value. `asked` is who had the request. It is the last that a handler does. */
void forward_request(geo_replica *r, struct forward_state *s, const geo_op *op, geo_node asked, geo_node to,
                     uint32_t type);

/* Is this a repetition of what came from m->from before? Asked once for each request. */
bool forward_repeats(const geo_replica *r, struct forward_peer *p, const geo_message *m);

/* Answers `asked` by message `type`: `value` of a read, or NULL; `token` what the session takes along, or 0.
 * Answers the client at once if this is the node. */
void forward_answer(geo_replica *r, geo_node asked, uint32_t type, const geo_op *op, enum geo_outcome outcome,
                    const geo_value *value, uint64_t token);

/* At `asked`: the answer has come. */
void forward_answered(geo_replica *r, const geo_message *m);

#endif
