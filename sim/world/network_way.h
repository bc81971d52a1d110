/* network_way.h -- what sending (network.c) and arriving (arriving.c) have in common of a message's way.
 * Private to these two. */
#ifndef GEOREP_WORLD_NETWORK_WAY_H
#define GEOREP_WORLD_NETWORK_WAY_H

#include "sim/base/hot.h"
#include "sim/world/message.h"
#include "sim/world/network.h"
#include "sim/world/world.h"

static inline struct link_state *state_of(struct world *w, uint32_t from_region, uint32_t to_region)
{
    return &w->timetable.links[from_region * w->def->region_count + to_region];
}

static inline struct channel *channel_between(struct world *w, uint32_t from, uint32_t to)
{
    return &w->network.channels[(size_t)from * (w->places.node_count - 1) + to - (to > from)];
}

static inline struct channel *channel_of(struct world *w, const struct message *m)
{
    return channel_between(w, m->from, m->to);
}

/* Restarts make what was under way void; a client is never down. */
static inline bool is_void(const struct world *w, const struct message *m)
{
    return (m->from_end == END_NODE && m->from_epoch != w->nodes[m->from].epoch) ||
           (m->to_end == END_NODE && m->to_epoch != w->nodes[m->to].epoch);
}

/* Ways within a region, and the fate of messages, are told only to readers that want them. */
static inline bool tells_all(const struct world *w)
{
    return history_wants(w->history, HISTORY_ARRIVE);
}

HOT void note_fate(struct world *w, const struct message *m, enum history_kind kind, enum history_loss reason)
{
    if (__builtin_expect(tells_all(w), 0))
        world_note(w, kind, .op = m->op, .node = m->to_end == END_NODE ? m->to : HISTORY_NO_NODE,
                   .way = {.message = m->number, .reason = (uint8_t)reason});
}

/* A transmission is lost. Under tcp the next one follows the last that left; a datagram is gone. */
void network_lost(struct world *w, struct message *m, enum history_loss reason);

/* Of the first of a line, what it touches is fetched into the cache while other events happen; of the one
 * behind it, what it takes to know that; and of the third, itself. */
void network_fetch(const struct world *w, const struct message *m);

#endif
