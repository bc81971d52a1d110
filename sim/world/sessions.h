/* sessions.h -- clients at work: they issue operations, wait, give up, try again, go elsewhere, and are told.
 *
 * An operation begins when its client means to issue it, and ends when the client is told or has given up its
 * last attempt. Clients of a region whose nodes are all down go to the nearest region that is up once it has
 * been so for `failover.after`; they are never down themselves. */
#ifndef GEOREP_WORLD_SESSIONS_H
#define GEOREP_WORLD_SESSIONS_H

#include "sim/world/world.h"

/* What a node answers, as it travels to the client in a body. */
struct answer {
    uint8_t outcome; /* enum geo_outcome */
    uint16_t siblings;
    uint32_t sample_count;
    uint64_t token[2];
    uint64_t write, digest;
    int64_t number;
    geo_sample samples[];
};

void sessions_start(struct world *w);
void sessions_arrival(struct world *w, uint32_t region, uint64_t number);
void sessions_think(struct world *w, uint32_t region, uint32_t session);
/* An attempt's request arrives; whoever brings it holds the operation. */
void sessions_request(struct world *w, uint32_t node, struct operation *one, uint8_t attempt);
void sessions_response(struct world *w, uint64_t id, uint8_t attempt,
                       struct body *body); /* takes over the reference */
/* The first request of its line (client_way.h) arrives; the first answer. */
void sessions_next_request(struct world *w);
void sessions_next_answer(struct world *w);
void sessions_timeout(struct world *w, uint64_t id, uint8_t attempt);
/* The time-out that is queued for a ring of operations is due. True: the attempt has ended before, nothing
 * happens. Queues the next. */
bool sessions_watch_passed(struct world *w, uint32_t ring);
void sessions_expire(struct world *w, uint64_t id, uint32_t node);
void sessions_probe(struct world *w, uint32_t region, uint64_t write, uint64_t key, uint32_t after);
void sessions_end(struct world *w); /* the run ends: what is open has failed */

/* A node answers the request of this identity, which it has pending, or had until a later attempt came under
 * another; the body's reference goes with it. */
void sessions_answer(struct world *w, uint32_t node, struct operation *one, uint64_t id, uint64_t wire_bytes,
                     struct body *body);

#endif
