/* client_way.h -- the way between a client and a node of its own region: half of a draw of `client` there,
 * half of one back. Where that takes equally long each time, requests and answers wait in two lines
 * (agenda.h).
 */
#ifndef GEOREP_WORLD_CLIENT_WAY_H
#define GEOREP_WORLD_CLIENT_WAY_H

#include "sim/engine/random.h"
#include "sim/engine/time.h"
#include "sim/world/operation.h"

#include <stdbool.h>
#include <stdint.h>

struct world;
struct body;

/* A request on its way, or an answer. */
struct client_step {
    sim_ns time;
    uint64_t order;
    struct operation *about; /* a request holds it; */
    uint64_t op;       /* when an answer arrives, it may be gone, or another's by then: operation_still */
    struct body *body; /* of an answer */
    uint32_t node;     /* of a request */
    uint8_t attempt;
};

struct client_line {
    struct client_step *steps, *beyond; /* a ring */
    struct client_step *first, *end;    /* those that wait, up to but not with `end`, which stands at
                                           AGENDA_NONE once one was added */
    sim_ns last_time;                   /* of the last that was added */
    uint64_t last_order;
};

struct client_way {
    random_key key;
    bool draws;                  /* how long it takes; else: */
    sim_ns constant[2];          /* there and back */
    struct client_line lines[2]; /* requests, answers */
};

void client_way_open(struct world *w);
void client_way_close(struct world *w);

/* How long the way takes of attempt `attempt` of an operation, or of its answer, of a client in `region`. */
sim_ns client_way_ns(struct world *w, uint64_t op, uint32_t region, uint8_t attempt, bool answer);

/* What is sent and what arrives: client_way_inline.h. */

#endif
