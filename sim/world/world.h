/* world.h -- what surrounds the replicas, as one running thing: places, clocks, network, service queues,
 * clients, faults.
 *
 * A world is driven by one event queue. What happens at a node ends in a hook, which the trial sets: the
 * world knows nothing of models. All records of the history that are not a model's own words are appended
 * here.
 *
 * The parts, each in its file: place.h (who is who, and whose luck is whose), clock.h, service.h, timetable.h
 * (faults), agenda.h (what happens next), network.h, client_way.h, operation.h (what is open), workload.h
 * (what clients want), sessions.h (clients at work).
 */
#ifndef GEOREP_WORLD_H
#define GEOREP_WORLD_H

#include "sim/history/history.h"
#include "sim/history/setting.h"
#include "sim/world/agenda.h"
#include "sim/world/client_way.h"
#include "sim/world/clock.h"
#include "sim/world/def.h"
#include "sim/world/network.h"
#include "sim/world/operation.h"
#include "sim/world/place.h"
#include "sim/world/service.h"
#include "sim/world/timetable.h"
#include "sim/world/workload.h"

#include <stdatomic.h>

enum event_kind {
    EVENT_FAULT_BEGIN, /* a: occurrence */
    EVENT_FAULT_END,
    EVENT_THINK,      /* node: region; type: session */
    EVENT_REQUEST,    /* a client's request arrives at `node`; a: operation, type: attempt */
    EVENT_RESPONSE,   /* the answer arrives at the client; a: op, b: body, type: attempt */
    EVENT_TIMEOUT,    /* a: op, type: attempt; after the first */
    EVENT_WATCH,      /* the same of the first attempt of the ring's operation `watched`; node: ring. Where it
                         has ended, this is no event of the world, but moved on */
    EVENT_EXPIRE,     /* a request that came after its client gave up is let go of; a: op, node */
    EVENT_PROBE,      /* node: region; a: write, b: key, type: index of `after` */
    EVENT_ARRIVE,     /* a: message */
    EVENT_RETRANSMIT, /* a: message */
    EVENT_SERVED,     /* a: message, at `node` */
    EVENT_TIMER       /* a model's; node, type, a: argument */
};

struct event {
    uint8_t kind;
    uint32_t node, type, epoch;
    uint64_t a, b;
};

/* One node as the world sees it. */
struct node {
    bool down;
    uint8_t lose;     /* of the crash it is in: enum history_lose */
    uint32_t crashes; /* faults that hold it down */
    uint32_t epoch;   /* restarts that lost something: what was under way before is void */
    uint32_t disk_losses;
    sim_ns down_since;
    struct clock clock;
    struct service service;
    ARRAY(struct event) paused; /* due while it was paused, in order */
};

/* What the trial does at a node. A body, like an operation, is valid during the call. */
struct world_hooks {
    void *self;
    /* Some events ahead touch these keys there, likely. */
    void (*soon)(void *self, uint32_t region, const uint64_t *keys, uint32_t count);
    void (*request)(void *self, uint32_t node, const geo_op *op);
    void (*message)(void *self, uint32_t node, const struct message *m);
    void (*timer)(void *self, uint32_t node, uint32_t type, uint64_t argument);
    void (*expire)(void *self, uint32_t node, const geo_op *op);
    void (*lose)(void *self, uint32_t node, uint8_t lose); /* a crash takes memory or disk */
    void (*switchover)(void *self, uint32_t node, uint32_t to_region);
    void (*start)(void *self, uint32_t node, uint8_t lose); /* it is up again after such a crash */
};

struct world {
    const struct world_def *def;
    struct geography places;
    struct history_setting setting;
    struct history *history;
    struct agenda agenda;
    struct client_way client_way;
    uint64_t *arrivals;    /* [region]: the number of the one that is next */
    bool channels_in_line; /* each has a line of the agenda */
    struct world_hooks hooks;
    sim_ns now;
    uint64_t
        *order; /* [region + 1]: the place of the next event that the region makes; 0: of the world's own */
    uint64_t events;
    struct node *nodes;
    uint32_t down_count; /* nodes that are down */
    bool troubled;       /* some fault has begun: a message may be void, or lost on its way */
    uint32_t
        leader_region; /* of the newest term that a model told, or its parameter `leader`; UINT32_MAX: none */
    uint64_t leader_term;
    struct timetable timetable;
    struct network network;
    struct op_table operations;
    struct workload workload;
    struct message *ready, **ready_end; /* sent by a node to itself: taken up when the handler returns */
    bool settling;
    uint64_t open_count; /* client operations, probes apart */
    uint64_t operation_count;
};

/* Everything by `def`, which outlives the world. `setting`'s placement and reflects are the trial's to fill
 * in before world_start. */
void world_open(struct world *w, const struct world_def *def, uint64_t seed, uint64_t replication);
void world_close(struct world *w);
void world_start(struct world *w);

/* The next event, or false when there is none up to `limit`. */
bool world_step(struct world *w, sim_ns limit);
/* All of them up to `limit`; false: *stop (which may be NULL) was set on the way. */
bool world_run(struct world *w, sim_ns limit, const atomic_bool *stop);

/* The place of an event made by `region` among those of one instant. WORLD_ITSELF: the world's own come
 * first.
 */
#define WORLD_ITSELF UINT32_MAX
static inline uint64_t world_order(struct world *w, uint32_t region)
{
    return w->order[region + 1u]++;
}

/* Queues an event at a place that was taken. */
static inline event_handle world_queue(struct world *w, sim_ns time, uint64_t order, struct event event)
{
    void *payload;
    event_handle handle = agenda_push(&w->agenda, time, order, &payload);

    *(struct event *)payload = event;
    return handle;
}

/* Queues an event made by `region`. */
static inline event_handle world_at(struct world *w, uint32_t region, sim_ns time, struct event event)
{
    return world_queue(w, time, world_order(w, region), event);
}

/* For a node's message to itself: taken up when the handler that sends it has returned. */
static inline void world_make_ready(struct world *w, struct message *m)
{
    m->next = NULL;
    *w->ready_end = m;
    w->ready_end = &m->next;
}

/* A handler has returned: what nodes sent to themselves is served, first in first out. */
void world_serve_ready(struct world *w);
static inline void world_settle(struct world *w)
{
    if (w->ready != NULL && !w->settling)
        world_serve_ready(w);
}

/* Appends a record of this kind, with the time of now; the rest are its fields: world_note(w, HISTORY_UP,
 * .node = node). They are not evaluated if nobody reads the kind. */
#define world_note(w, what, ...)                                                                             \
    do {                                                                                                     \
        struct history_record *world_noted = history_add((w)->history, (what));                              \
        if (world_noted != NULL) {                                                                           \
            *world_noted = (struct history_record){.kind = (uint8_t)(what), .time = (w)->now, __VA_ARGS__};  \
            history_added((w)->history);                                                                     \
        }                                                                                                    \
    } while (0)

#endif
