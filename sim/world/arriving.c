/* arriving.c -- see network.h: what becomes of a message at its receiver, unless it was lost on the way:
 * whoever it is for is told, a server by way of serving.c. Under tcp one that comes before an earlier number
 * of its channel is held until its turn. */
#include "sim/world/network_way.h"
#include "sim/world/sessions.h"

static bool is_lost_on_the_way(struct world *w, const struct message *m, enum history_loss *reason)
{
    *reason = LOST_BY_CRASH;
    if (m->to_end == END_NODE && w->nodes[m->to].down)
        return true;
    if (m->from_end == END_NODE && w->nodes[m->from].down && m->left > w->nodes[m->from].down_since)
        return true; /* it stood in the link's queue when its sender went down */
    if (m->from_region == m->to_region)
        return false;
    const struct link_state *state = state_of(w, m->from_region, m->to_region);
    *reason = LOST_BY_CUT;
    return state->cuts > 0 || timetable_was_cut(state, m->left);
}

/* A message of a channel: it is between nodes. */
HOT void deliver_in_turn(struct world *w, struct message *m)
{
    note_fate(w, m, HISTORY_ARRIVE, LOST_BY_CHANCE);
    network_serve(w, m);
}

static APART void deliver(struct world *w, struct message *m)
{
    note_fate(w, m, HISTORY_ARRIVE, LOST_BY_CHANCE);
    if (m->to_end == END_CLIENT) {
        struct body *body = m->body;
        m->body = NULL;
        sessions_response(w, m->op, m->attempt, body);
        message_drop(w, m);
    } else if (m->from_end == END_CLIENT) {
        sessions_request(w, m->to, m->about, m->attempt);
        message_drop(w, m);
    } else {
        network_serve(w, m);
    }
}

static void hold_back(struct channel *c, struct message *m)
{
    struct message **at = &c->held;

    if (c->held != NULL && c->held_last->sequence < m->sequence)
        at = &c->held_last->next; /* nearly always: they come in order, but for the one that all wait for */
    while (*at != NULL && (*at)->sequence < m->sequence)
        at = &(*at)->next;
    m->next = *at;
    *at = m;
    if (m->next == NULL)
        c->held_last = m;
}

/* `c` is its channel, NULL: it is not ordered. */
HOT void arrive(struct world *w, struct message *m, struct channel *c)
{
    enum history_loss reason;

    if (__builtin_expect(w->troubled, 0) && is_void(w, m)) {
        note_fate(w, m, HISTORY_LOST, LOST_BY_CRASH);
        message_drop(w, m);
        return;
    }
    if (__builtin_expect(w->troubled, 0) && is_lost_on_the_way(w, m, &reason)) {
        network_lost(w, m, reason);
        return;
    }
    if (c == NULL) {
        deliver(w, m);
        return;
    }
    if (m->sequence != c->delivered + 1) {
        hold_back(c, m);
        return;
    }
    c->delivered++;
    deliver_in_turn(w, m);
    while (c->held != NULL && c->held->sequence == c->delivered + 1) {
        struct message *next = c->held;
        c->held = next->next;
        c->delivered++;
        deliver_in_turn(w, next);
    }
}

void network_arrive(struct world *w, struct message *m)
{
    arrive(w, m, m->sequence != 0 ? channel_of(w, m) : NULL);
}

void network_next_arrives(struct world *w, uint32_t channel)
{
    struct channel *c = &w->network.channels[channel];
    struct message *m = c->coming, *next = m->next;

    c->coming = next;
    agenda_set_line(&w->agenda, AGENDA_CHANNELS, channel,
                    next != NULL ? agenda_key_of(next->arrives, next->order) : AGENDA_NONE);
    if (next != NULL)
        network_fetch(w, next);
    arrive(w, m, c);
}

void network_node_restarts(struct world *w, uint32_t node)
{
    uint32_t n = w->places.node_count;

    for (uint32_t other = 0; other < n; other++) {
        struct channel *both[2] = {channel_between(w, node, other), channel_between(w, other, node)};
        for (int i = 0; i < 2 && other != node; i++) {
            struct message *next;
            for (struct message *m = both[i]->held; m != NULL; m = next) {
                next = m->next;
                message_drop(w, m);
            }
            *both[i] = (struct channel){.coming = both[i]->coming, .coming_last = both[i]->coming_last};
        }
    }
}
