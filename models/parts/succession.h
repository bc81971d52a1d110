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
 * A planned change: every node of the leader takes no more writes (succession_hand_begin), and says READY to
 * the region's watcher once the next one has all (succession_hand_over); from then on it is no leader to
 * anybody, for the next one may lead already. When all have said so the watcher steps down, to a new term
 * that the next one leads, and tells it until it hears its beat. If that takes too long, the watcher lets the
 * region lead on in a new term, so that no READY of the old one counts.
 *
 * A node without its disk knows nobody, and asks all watchers who leads (WHO). Another who leads it believes
 * at once; that it leads itself only when all have answered, or some have for `patience`: it may be the only
 * one that can (named, or needed for a quorum), and then it leads again with copies of what others have.
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
    SUCCESSION_WHO,
    SUCCESSION_MESSAGES
};
enum {
    SUCCESSION_BEATS,
    SUCCESSION_WATCH,
    SUCCESSION_ROUND,
    SUCCESSION_TELL,
    SUCCESSION_HANDOVER,
    SUCCESSION_TIMERS
};
#define SUCCESSION_NOBODY UINT32_MAX

#define SUCCESSION_MESSAGE_DEFS(first)                                                                       \
    [(first) + SUCCESSION_BEAT] = {"beat", GEO_NO_LEG, GEO_NO_SERVICE},                                      \
               [(first) + SUCCESSION_ASK] = {"may-i-lead", GEO_NO_LEG, GEO_NO_SERVICE},                      \
               [(first) + SUCCESSION_ANSWER] = {"you-may", GEO_NO_LEG, GEO_NO_SERVICE},                      \
               [(first) + SUCCESSION_PROMOTE] = {"promote", GEO_NO_LEG, GEO_NO_SERVICE},                     \
               [(first) + SUCCESSION_READY] = {"ready", GEO_NO_LEG, GEO_NO_SERVICE},                         \
               [(first) + SUCCESSION_WHO] = {"who-leads", GEO_NO_LEG, GEO_NO_SERVICE}
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
    geo_region handing_to; /* of a planned change in this term; SUCCESSION_NOBODY: none */
    uint32_t ready;        /* nodes of its region that have said READY, at the watcher */
    bool is_ready;         /* it has said so itself: it leads no more, as far as it knows */
    bool beats, watches;   /* the timers run */
    bool serves;           /* it said so */
    bool tells;            /* who leads, to the leader, until it hears a beat of it */
    bool asks;             /* who leads, and the largest view that it was told of: */
    struct succession_view told;
    geo_ns asked_at;
};

struct succession_peer {
    geo_ns heard;        /* its last BEAT, by this node's oscillator */
    uint64_t ready_term; /* it was ready to hand over in this term */
    bool told;           /* it has answered WHO */
};

struct succession_def {
    uint32_t first_message, first_timer, store;
    geo_ns after; /* silence; 0: nobody is ever suspected */
    bool most_recent;
    geo_region named; /* who alone may lead next, unless most_recent */
    bool quorum;
    geo_ns patience; /* of a node without its disk: see above */
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

/* At each node of the leader: `to` is to lead. No write is taken while handing_to is somebody. */
void succession_hand_begin(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                           geo_region to);

/* This node of the leader has nothing left that handing_to has not, and will serve nothing as leader. */
void succession_hand_over(geo_replica *r, const struct succession_def *d, struct succession_state *s);

#endif
