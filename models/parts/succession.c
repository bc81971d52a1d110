/* succession.c -- see succession.h. Invariants: a node's view never goes to a smaller term; it asks in one
 * campaign at a time, and lets its own go for a larger one. */
#include "models/parts/succession.h"

#include <string.h>

enum { BEAT_PHASE = 0xbea7 }; /* what the draw is about */

/* How long a planned change may take. */
#define HANDOVER_NS INT64_C(10000000000)

struct ask {
    uint64_t term;
};

struct answer {
    uint64_t term;     /* of the campaign */
    uint64_t position; /* 0: it cannot lead */
    struct succession_view view;
    bool agrees;
};

struct ready {
    uint64_t term;
    geo_region to;
};

static bool is_watcher(const geo_replica *r, geo_node n)
{
    return n == 0 || geo_region_of(r, n - 1) != geo_region_of(r, n);
}

static geo_node watcher_of(const geo_replica *r, geo_region region)
{
    for (geo_node n = 0; n < geo_nodes(r); n++)
        if (geo_region_of(r, n) == region)
            return n;
    return geo_self(r); /* not reached: leaders have nodes */
}

static uint32_t regions_with_nodes(const geo_replica *r)
{
    uint32_t count = 0;

    for (geo_node n = 0; n < geo_nodes(r); n++)
        count += is_watcher(r, n);
    return count;
}

static void view_send(geo_replica *r, const struct succession_def *d, const struct succession_state *s,
                      geo_node to)
{
    geo_send(r, to, (geo_out){.type = d->first_message + SUCCESSION_BEAT}, &s->view, sizeof s->view);
}

/* ---- Beats ---- */

static geo_ns beat_every(const struct succession_def *d)
{
    geo_ns every = d->after > 0 ? d->after / 4 : 1000000000;

    return every > 0 ? every : 1;
}

static void beat(geo_replica *r, const struct succession_def *d, struct succession_state *s)
{
    for (geo_node n = 0; n < geo_nodes(r); n++)
        if (n != geo_self(r))
            view_send(r, d, s, n);
}

static void beats_arm(geo_replica *r, const struct succession_def *d, struct succession_state *s, geo_ns in)
{
    if (!s->beats)
        s->beats = geo_arm(r, in, d->first_timer + SUCCESSION_BEATS, 0) != 0;
}

static void watch_arm(geo_replica *r, const struct succession_def *d, struct succession_state *s, geo_ns in)
{
    if (!s->watches && d->after > 0 && is_watcher(r, geo_self(r)))
        s->watches = geo_arm(r, in > 0 ? in : 1, d->first_timer + SUCCESSION_WATCH, 0) != 0;
}

static void tell_arm(geo_replica *r, const struct succession_def *d)
{
    geo_arm(r, beat_every(d), d->first_timer + SUCCESSION_TELL, 0);
}

static void leader_tell(geo_replica *r, const struct succession_def *d, const struct succession_state *s)
{
    for (geo_node n = 0; n < geo_nodes(r); n++)
        if (n != geo_self(r) && geo_region_of(r, n) == s->view.leader)
            view_send(r, d, s, n);
}

/* ---- Views ---- */

static void view_keep(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                      struct succession_view view)
{
    s->view = view;
    if (geo_log_last(r, d->store) == 0)
        geo_log_append(r, d->store, &view);
    else
        memcpy(geo_log_at(r, d->store, 1), &view, sizeof view);
}

/* `in`: the first beat of a leader. */
static void reign(geo_replica *r, const struct succession_def *d, struct succession_state *s, geo_ns in)
{
    for (geo_node n = 0; n < geo_nodes(r); n++)
        d->peer(r, n)->heard = geo_steady(r);
    if (!succession_leads(r, s)) {
        watch_arm(r, d, s, d->after);
        return;
    }
    if (d->after > 0 || succession_reign(s) > 0)
        beats_arm(r, d, s, in);
}

static void hand_stop(struct succession_state *s)
{
    s->handing_to = SUCCESSION_NOBODY;
    s->ready = 0;
    s->is_ready = false;
}

static void adopt(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                  struct succession_view view)
{
    if (view.term <= s->view.term)
        return;
    succession_serve(r, s, false);
    view_keep(r, d, s, view);
    s->campaign = 0;
    s->tells = s->asks = false;
    hand_stop(s);
    reign(r, d, s, beat_every(d));
    d->changed(r);
    if (succession_leads(r, s))
        beat(r, d, s);
}

void succession_serve(geo_replica *r, struct succession_state *s, bool yes)
{
    if (yes || s->serves)
        geo_leads(r, 0, s->view.term, yes);
    s->serves = yes;
}

/* ---- Starting ---- */

static void who_ask(geo_replica *r, const struct succession_def *d)
{
    for (geo_node n = 0; n < geo_nodes(r); n++)
        if (n != geo_self(r) && is_watcher(r, n) && !d->peer(r, n)->told)
            geo_send(r, n, (geo_out){.type = d->first_message + SUCCESSION_WHO}, NULL, 0);
    tell_arm(r, d);
}

static void who_conclude(geo_replica *r, const struct succession_def *d, struct succession_state *s)
{
    bool all = true, any = false;

    for (geo_node n = 0; n < geo_nodes(r); n++)
        if (n != geo_self(r) && is_watcher(r, n)) {
            all = all && d->peer(r, n)->told;
            any = any || d->peer(r, n)->told;
        }
    bool waited = d->patience > 0 && geo_steady(r) - s->asked_at >= d->patience;
    if (all || (any && waited))
        adopt(r, d, s, s->told);
}

static void who_told(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                     geo_node from, struct succession_view view)
{
    d->peer(r, from)->told = true;
    if (view.term > s->told.term)
        s->told = view;
    if (view.term == s->told.term && view.leader != geo_region_of(r, geo_self(r)))
        adopt(r, d, s, view);
    else
        who_conclude(r, d, s);
}

void succession_start(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                      enum geo_lost lost)
{
    struct succession_view first = {.term = UINT64_C(1) << 8 | d->first_leader, .leader = d->first_leader};

    hand_stop(s);
    if (geo_log_last(r, d->store) > 0)
        memcpy(&s->view, geo_log_at(r, d->store, 1), sizeof s->view);
    else if (lost == GEO_LOST_DISK && regions_with_nodes(r) > 1)
        s->view = (struct succession_view){.leader = SUCCESSION_NOBODY};
    else
        view_keep(r, d, s, first);
    reign(r, d, s, (geo_ns)((double)beat_every(d) * geo_chance(r, BEAT_PHASE)));
    if (s->view.leader == SUCCESSION_NOBODY) {
        s->asks = true;
        s->told = first;
        s->asked_at = geo_steady(r);
        who_ask(r, d);
    } else if (lost != GEO_FIRST_START && s->view.leader != SUCCESSION_NOBODY && succession_reign(s) > 0 &&
               !succession_leads(r, s)) {
        s->tells = true; /* it may be who was to tell */
        leader_tell(r, d, s);
        tell_arm(r, d);
    }
}

/* ---- Suspicion, and a campaign ---- */

static geo_ns heard_all_since(geo_replica *r, const struct succession_def *d,
                              const struct succession_state *s)
{
    geo_ns since = geo_steady(r);

    for (geo_node n = 0; n < geo_nodes(r); n++)
        if (geo_region_of(r, n) == s->view.leader && d->peer(r, n)->heard < since)
            since = d->peer(r, n)->heard;
    return since;
}

static void conclude(geo_replica *r, const struct succession_def *d, struct succession_state *s)
{
    struct succession_view view = {.term = s->campaign, .leader = s->best};

    s->campaign = 0;
    if (s->best_position == 0 || (d->quorum && 2 * s->agreed <= regions_with_nodes(r)))
        return; /* it will ask again */
    if (s->best == geo_region_of(r, geo_self(r))) {
        adopt(r, d, s, view);
        return;
    }
    s->promised_until = geo_steady(r) + d->after;
    geo_send(r, watcher_of(r, s->best), (geo_out){.type = d->first_message + SUCCESSION_PROMOTE}, &view,
             sizeof view);
}

static void campaign(geo_replica *r, const struct succession_def *d, struct succession_state *s)
{
    geo_region mine = geo_region_of(r, geo_self(r));

    if (s->campaign != 0 || geo_steady(r) < s->promised_until || (!d->most_recent && mine != d->named))
        return;
    struct ask ask = {.term = ((s->view.term >> 8) + 1) << 8 | mine};
    s->campaign = ask.term;
    s->best = mine;
    s->best_position = d->position(r);
    s->asked = s->answered = 0;
    s->agreed = 1;
    for (geo_node n = 0; n < geo_nodes(r); n++) {
        geo_region region = geo_region_of(r, n);
        if (!is_watcher(r, n) || region == mine || region == s->view.leader)
            continue;
        geo_send(r, n, (geo_out){.type = d->first_message + SUCCESSION_ASK}, &ask, sizeof ask);
        s->asked++;
    }
    if (s->asked == 0)
        conclude(r, d, s);
    else
        geo_arm(r, d->after / 2 + 1, d->first_timer + SUCCESSION_ROUND, ask.term);
}

static void ask_take(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                     const geo_message *m)
{
    struct ask ask;

    memcpy(&ask, m->body, sizeof ask);
    bool hears = s->view.leader != SUCCESSION_NOBODY &&
                 (succession_leads(r, s) || geo_steady(r) - heard_all_since(r, d, s) < d->after);
    struct answer a = {.term = ask.term,
                       .view = s->view,
                       .agrees = !hears && ask.term > s->view.term && ask.term >= s->campaign};
    if (a.agrees) {
        s->campaign = 0;
        s->promised_until = geo_steady(r) + d->after;
        a.position = d->position(r);
    }
    geo_send(r, m->from, (geo_out){.type = d->first_message + SUCCESSION_ANSWER}, &a, sizeof a);
}

static void answer_take(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                        const geo_message *m)
{
    struct answer a;

    memcpy(&a, m->body, sizeof a);
    adopt(r, d, s, a.view);
    if (a.term != s->campaign)
        return;
    if (!a.agrees) {
        s->campaign = 0;
        return;
    }
    s->answered++;
    s->agreed++;
    if (d->most_recent && a.position > s->best_position) {
        s->best_position = a.position;
        s->best = geo_region_of(r, m->from);
    }
    if (s->answered == s->asked)
        conclude(r, d, s);
}

static void beat_take(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                      const geo_message *m)
{
    struct succession_view view;

    memcpy(&view, m->body, sizeof view);
    if (s->asks) {
        who_told(r, d, s, m->from, view);
        return;
    }
    adopt(r, d, s, view);
    if (view.term < s->view.term) {
        view_send(r, d, s, m->from); /* it has not heard yet */
    } else if (geo_region_of(r, m->from) == s->view.leader) {
        d->peer(r, m->from)->heard = geo_steady(r);
        s->tells = false;
    }
}

/* ---- A planned change ---- */

static struct succession_view next_view(geo_replica *r, const struct succession_state *s, geo_region leader)
{
    return (struct succession_view){.term = ((s->view.term >> 8) + 1) << 8 | geo_region_of(r, geo_self(r)),
                                    .leader = leader};
}

/* At the watcher: it steps down before the next one hears that it leads. */
static void step_down(geo_replica *r, const struct succession_def *d, struct succession_state *s)
{
    geo_region mine = geo_region_of(r, geo_self(r));

    adopt(r, d, s, next_view(r, s, s->handing_to));
    for (geo_node n = 0; n < geo_nodes(r); n++)
        if (n != geo_self(r) && geo_region_of(r, n) == mine)
            view_send(r, d, s, n);
    s->tells = true;
    leader_tell(r, d, s);
    tell_arm(r, d);
}

static void ready_take(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                       geo_node from, struct ready ready)
{
    geo_region mine = geo_region_of(r, geo_self(r));
    uint32_t nodes = 0;

    if (ready.term != s->view.term) {
        view_send(r, d, s, from);
        return;
    }
    if (s->handing_to != ready.to) { /* it restarted, or was down when the change was told */
        adopt(r, d, s, next_view(r, s, mine));
        return;
    }
    if (d->peer(r, from)->ready_term == ready.term)
        return;
    d->peer(r, from)->ready_term = ready.term;
    s->ready++;
    for (geo_node n = 0; n < geo_nodes(r); n++)
        nodes += geo_region_of(r, n) == mine;
    if (s->ready == nodes)
        step_down(r, d, s);
}

void succession_hand_begin(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                           geo_region to)
{
    if (s->handing_to != SUCCESSION_NOBODY)
        return;
    s->handing_to = to;
    geo_arm(r, HANDOVER_NS, d->first_timer + SUCCESSION_HANDOVER, s->view.term);
}

void succession_hand_over(geo_replica *r, const struct succession_def *d, struct succession_state *s)
{
    struct ready ready = {.term = s->view.term, .to = s->handing_to};
    geo_node watcher = watcher_of(r, geo_region_of(r, geo_self(r)));

    s->is_ready = true;
    if (watcher == geo_self(r))
        ready_take(r, d, s, watcher, ready);
    else
        geo_send(r, watcher, (geo_out){.type = d->first_message + SUCCESSION_READY}, &ready, sizeof ready);
}

/* It took too long. Who has said READY cannot know what the watcher made of it, and says it again. */
static void hand_late(geo_replica *r, const struct succession_def *d, struct succession_state *s)
{
    bool watches = is_watcher(r, geo_self(r));

    if (watches && s->ready > 0) {
        adopt(r, d, s, next_view(r, s, geo_region_of(r, geo_self(r))));
    } else if (!s->is_ready) {
        hand_stop(s);
    } else {
        geo_arm(r, HANDOVER_NS, d->first_timer + SUCCESSION_HANDOVER, s->view.term);
        succession_hand_over(r, d, s);
    }
}

/* ---- What arrives ---- */

void succession_message(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                        const geo_message *m)
{
    struct succession_view view;
    struct ready ready;

    switch (m->type - d->first_message) {
    case SUCCESSION_BEAT:
        beat_take(r, d, s, m);
        break;
    case SUCCESSION_ASK:
        ask_take(r, d, s, m);
        break;
    case SUCCESSION_ANSWER:
        answer_take(r, d, s, m);
        break;
    case SUCCESSION_PROMOTE:
        memcpy(&view, m->body, sizeof view);
        adopt(r, d, s, view);
        break;
    case SUCCESSION_READY:
        memcpy(&ready, m->body, sizeof ready);
        ready_take(r, d, s, m->from, ready);
        break;
    case SUCCESSION_WHO:
        view_send(r, d, s, m->from);
        break;
    default:
        break;
    }
}

void succession_timer(geo_replica *r, const struct succession_def *d, struct succession_state *s,
                      uint32_t type, uint64_t arg)
{
    switch (type - d->first_timer) {
    case SUCCESSION_BEATS:
        s->beats = false;
        if (succession_leads(r, s)) {
            beat(r, d, s);
            beats_arm(r, d, s, beat_every(d));
        }
        break;
    case SUCCESSION_WATCH: {
        s->watches = false;
        if (succession_leads(r, s))
            break;
        geo_ns silent = geo_steady(r) - heard_all_since(r, d, s);
        if (silent >= d->after && s->view.leader != SUCCESSION_NOBODY) {
            campaign(r, d, s);
            silent = 0;
        }
        watch_arm(r, d, s, d->after - silent);
        break;
    }
    case SUCCESSION_ROUND:
        if (s->campaign == arg)
            conclude(r, d, s);
        break;
    case SUCCESSION_TELL:
        if (s->asks) {
            who_conclude(r, d, s);
            if (s->asks)
                who_ask(r, d);
        } else if (s->tells) {
            leader_tell(r, d, s);
            tell_arm(r, d);
        }
        break;
    case SUCCESSION_HANDOVER:
        if (s->handing_to != SUCCESSION_NOBODY && s->view.term == arg)
            hand_late(r, d, s);
        break;
    default:
        break;
    }
}
