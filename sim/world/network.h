/* network.h -- messages between nodes, and between clients and nodes: delay, order, loss, bandwidth,
 * retransmission.
 *
 * Way of a message (semantics, D): leaving = max(now, link free) + bytes / bandwidth, per directed pair of
 * regions; arriving = leaving + delay; under tcp not before an earlier message of the same directed pair of
 * nodes. A transmission that leaves or would arrive while its link is cut or its node is down is lost, and so
 * is one in `loss`. Under tcp the next transmission follows after the pair's median round trip + 200 ms,
 * doubling up to `retransmit_max`; what came later waits for it. Datagrams are just lost. A restart of either
 * node drops what was under way between them.
 *
 * Messages live in a pool of the network; a body is counted, so that sending to many copies it once. */
#ifndef GEOREP_WORLD_NETWORK_H
#define GEOREP_WORLD_NETWORK_H

#include "sim/base/array.h"
#include "sim/base/pool.h"
#include "sim/engine/random.h"
#include "sim/engine/time.h"
#include "sim/model/model.h"
#include "sim/world/def.h"
#include "sim/world/operation.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;

/* With its data it begins where a line of the cache does, and fills as many as a power of two. */
struct body {
    size_t bytes;
    uint32_t references;
    uint32_t size; /* of its room: pool.h */
    _Alignas(16) unsigned char data[];
};

/* Who it is from and to: a node, or a client of a region. */
enum message_end { END_NODE, END_CLIENT };

/* Two lines of the cache, by what is looked at together. */
struct message {
    struct message *next;    /* in a list: held back, waiting in a lane, ready */
    struct body *body;       /* may be NULL */
    struct operation *about; /* the operation of `op`, which it holds; NULL: none, or gone */
    sim_ns arrives;          /* the last transmission, and its place among what happens then: in its
                                channel's line */
    uint64_t order;
    sim_ns left; /* when that left */
    uint64_t op;
    uint64_t sequence; /* in its channel, from 1; 0: not ordered */

    uint64_t number;     /* of the message in the trial, from 1 */
    uint64_t luck;       /* keys its delays with luck_count and the transmission */
    uint64_t wire_bytes; /* with overhead */
    uint32_t from, to;   /* nodes; of an END_CLIENT the region */
    uint32_t from_epoch, to_epoch;
    uint32_t type, lane, luck_count, transmission;
    uint16_t from_region, to_region;
    uint8_t from_end, to_end;
    uint8_t service;
    uint8_t attempt; /* of a client's request or answer */
};

/* One directed pair of nodes. */
struct channel {
    uint64_t sent, delivered;
    sim_ns last_arrival;
    struct message *held, *held_last;     /* by sequence: what arrived before its turn */
    struct message *coming, *coming_last; /* its line: what is under way, as it arrives */
};

/* One directed pair of regions. */
struct wan_link {
    const struct link_def *def;
    random_key key;
    bool draws_fate; /* loss or duplication is drawn */
    bool draws_delay, draws_jitter;
    bool draws; /* any of these */
    bool draws_jitter_alone;
    sim_ns constant_ns; /* the delay, as far as it is not drawn */
    sim_ns free_at;
    sim_ns next_switch; /* Gilbert-Elliott: `bad` holds until then */
    bool bad;
    uint64_t switches;
    uint64_t *type_count; /* [message types]: messages of no operation */
};

/* How long a job of a kind takes. */
struct service_time {
    const struct distribution *drawn; /* NULL: it is constant */
    sim_ns constant;
};

struct network {
    struct wan_link *links;   /* [from region * regions + to region] */
    struct channel *channels; /* [from node * (nodes - 1) + to node, less 1 beyond `from`] */
    random_key leg_key, far_key;
    struct service_time serves[GEO_SERVE_APPLY + 1]; /* [enum geo_service] */
    bool serves_at_once; /* none of them takes time, ever: no server is ever at work */
    struct pool pieces;  /* messages and bodies */
    uint32_t message_types;
    const geo_message_def *defs;
    const geo_distribution *legs[GEO_LEGS + 1]; /* of the model; NULL: the network's own delays */
    bool any_leg;
    uint64_t sent; /* messages so far */
};

void network_open(struct world *w);
void network_close(struct world *w);
void network_open_service(struct world *w); /* for network_open */
void network_set_messages(struct world *w, const geo_message_def *defs, const geo_distribution *const *legs);

/* Sends; a reference to the body goes with it. To itself only where that takes a leg's time, else it is
 * message_to_self. */
void network_send(struct world *w, uint32_t from, uint32_t to, const geo_out *how, struct body *body);

/* The same to each of several, to itself too; a reference to the body goes with each. */
void network_send_many(struct world *w, uint32_t from, const uint32_t *to, uint32_t count, const geo_out *how,
                       struct body *body);

/* A client's request to a node, or a node's answer to a client, with which a reference to the body goes.
 * `region` is where the client is. */
void network_send_request(struct world *w, uint32_t region, uint32_t node, uint64_t op, uint8_t attempt,
                          uint64_t wire_bytes);
void network_send_answer(struct world *w, uint32_t node, uint32_t region, uint64_t op, uint8_t attempt,
                         uint64_t wire_bytes, struct body *body);

void network_arrive(struct world *w, struct message *m);
void network_retransmit(struct world *w, struct message *m);
void network_served(struct world *w, uint32_t node, struct message *m);
void network_serve(struct world *w,
                   struct message *m); /* at its receiver: books its service, or hands it over at once */
void network_node_restarts(struct world *w, uint32_t node);  /* channels from and to it start afresh */
void network_forget_service(struct world *w, uint32_t node); /* a crash: what it was serving is void */

/* The message of a channel that is first in its line is there. */
void network_next_arrives(struct world *w, uint32_t channel);

#endif
