/* succession.h -- which region leads, and how another takes its place when it falls silent.
 *
 * A *term* numbers the reigns: (count << 8 | region of whoever began it), so that two regions never begin the
 * same term and the larger one wins. Every node keeps its *view*, the largest term that it has heard of and
 * who leads in it, on its disk. The first node of a region watches for it:
 *
 *     leader                  watcher of b                watcher of c
 *     BEAT every after/4 --->  heard                      heard
 *       (silence)              `after` since the last BEAT of some node of the leader: it suspects
 *                              ASK(new term) ----------->  "I hear the leader": no; else
 *                              <--------------- ANSWER(yes, how far it is)
 *                              all answered, or after/2: the most recent is promoted
 *                              PROMOTE(new term) ------->  leads: BEAT(new term) to all
 *
 * Nobody it can reach may still hear the leader; who cannot be reached is not counted, so that in a partition
 * each side may have a leader, as asynchronous systems without a witness do. With `quorum` more than half of
 * the regions must stand behind the new one: a minority then never promotes; the old leader may go on all the
 * same until it hears of the new term, since nothing fences it. A leader that hears of a larger term steps
 * down.
 *
 * A planned change (`succession_hand_over`) promotes without asking, when every node of the leader has said
 * that it is ready.
 *
 * The model declares SUCCESSION_MESSAGE_DEFS and a SUCCESSION_STORE, has a struct succession_state in its
 * state and a struct succession_peer for each node, and hands over what arrives. Sources: Ongaro and
 * Ousterhout, In search of an understandable consensus algorithm, 2014, 5.1 (terms); Redis Sentinel and
 * Orchestrator (agreement among watchers, the most recent replica).
 */
#ifndef GEOREP_MODELS_PARTS_SUCCESSION_H
#define GEOREP_MODELS_PARTS_SUCCESSION_H

#include "sim/model/model.h"

enum {
    SUCCESSION_BEAT,
    SUCCESSION_ASK,
    SUCCESSION_ANSWER,
    SUCCESSION_PROMOTE,
    SUCCESSION_READY,
    SUCCESSION_MESSAGES
};
enum { SUCCESSION_BEATS, SUCCESSION_WATCH, SUCCESSION_ROUND, SUCCESSION_TIMERS };
#define SUCCESSION_NOBODY UINT32_MAX

#define SUCCESSION_MESSAGE_DEFS(first)                                                                       \
    [(first) + SUCCESSION_BEAT] = {"beat", GEO_NO_LEG, GEO_NO_SERVICE},                                      \
               [(first) + SUCCESSION_ASK] = {"may-i-lead", GEO_NO_LEG, GEO_NO_SERVICE},                      \
               [(first) + SUCCESSION_ANSWER] = {"you-may", GEO_NO_LEG, GEO_NO_SERVICE},                      \
               [(first) + SUCCESSION_PROMOTE] = {"promote", GEO_NO_LEG, GEO_NO_SERVICE},                     \
               [(first) + SUCCESSION_READY] = {"ready", GEO_NO_LEG, GEO_NO_SERVICE}
#define SUCCESSION_STORE                                                                                     \
    {                                                                                                        \
        .name = "view", .kind = GEO_LOG, .durable = true, .record_bytes = sizeof(struct succession_view)     \
    }

struct succession_view {
    uint64_t term;
    geo_region leader; /* SUCCESSION_NOBODY: it lost its disk and has not heard yet */
    uint32_t unused;
};

struct succession_state {
    struct succession_view view; /* as on the disk */
    uint64_t campaign;           /* the term it asks for; 0: none */
    uint32_t asked, answered, agreed;
    uint64_t best_position;
    geo_region best;
    geo_ns promised_until; /* to another's campaign, by its oscillator */
    uint32_t ready;        /* nodes of its region, of a planned change in this term */
    bool beats, watches;   /* the timers run */
    bool serves;           /* it said so */
};

struct succession_peer {
    geo_ns heard;        /* its last BEAT, by this node's oscillator */
    uint64_t ready_term; /* it was ready to hand over in this term */
};

struct succession_def {
    uint32_t first_message, first_timer, store;
    geo_ns after; /* silence; 0: nobody is ever suspected */
    bool most_recent;
    geo_region named; /* who alone may lead next, unless most_recent */
    bool quorum;
    geo_region first_leader;
    struct succession_peer *(*peer)(geo_replica *r, geo_node n); /* in what the model keeps for each node */
    /* How far this node's data goes; 0: it cannot lead now. */
    uint64_t (*position)(geo_replica *r);
    /* The view is another: the node leads, or follows another leader. Not called at the start. */
    void (*changed)(geo_replica *r);
};

/* At time 0 and after a crash; the view is there when it returns. */
void succession_start(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                      enum geo_lost lost);
/* A message of first_message.. or a timer of first_timer.. */
void succession_message(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                        const geo_message *m);
void succession_timer(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                      uint32_t type, uint64_t arg);

static inline bool succession_leads(const geo_replica *r, const struct succession_state *s)
{
    return s->view.leader == geo_region_of(r, geo_self(r));
}

/* How many reigns there were before this one: what the leader's numbers begin from. */
static inline uint64_t succession_reign(const struct succession_state *s)
{
    return s->view.term >> 8 == 0 ? 0 : (s->view.term >> 8) - 1;
}

/* This node serves as leader from now on, or no more: the observer is told. */
void succession_serve(geo_replica *r, struct succession_state *s, bool yes);

/* This node of the leader has nothing left that `to` has not. When all nodes of its region have said so, `to`
 * leads. */
void succession_hand_over(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                          geo_region to);

#endif
