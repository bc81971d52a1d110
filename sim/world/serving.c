/* serving.c -- see network.h: what a message waits for at its receiver. Its time is drawn and booked there
 * (service.h), and a lane's messages are taken up one at a time. */
#include "sim/base/hot.h"
#include "sim/world/message.h"
#include "sim/world/network.h"
#include "sim/world/world.h"

void network_open_service(struct world *w)
{
    const struct storage_def *storage = &w->def->storage;
    const struct distribution *of[] = {
        [GEO_SERVE_READ] = storage->read,
        [GEO_SERVE_WRITE] = storage->write,
        [GEO_SERVE_APPLY] = storage->apply,
    };

    for (int kind = GEO_SERVE_READ; kind <= GEO_SERVE_APPLY; kind++) {
        struct service_time *time = &w->network.serves[kind];
        if (of[kind] != NULL && !distribution_is_constant(of[kind])) {
            time->drawn = of[kind];
        } else if (of[kind] != NULL) {
            random_stream none = random_stream_new((random_key){0}, 0, 0);
            sim_ns constant = distribution_draw_ns(of[kind], &none);
            time->constant = constant > 0 ? constant : 0;
        }
    }
    w->network.serves_at_once = true;
    for (int kind = GEO_SERVE_READ; kind <= GEO_SERVE_APPLY; kind++)
        w->network.serves_at_once &=
            w->network.serves[kind].drawn == NULL && w->network.serves[kind].constant == 0;
    for (uint32_t i = 0; i < w->def->fault_count; i++)
        w->network.serves_at_once &= w->def->faults[i].kind != FAULT_OVERLOAD;
}

static APART sim_ns draw_service_time(struct world *w, struct service *service, const struct message *m,
                                      const struct distribution *drawn_from)
{
    uint64_t luck = m->op != 0 ? place_luck_of(&w->places, m->op) : ~service->count[m->service]++;
    random_stream s = random_stream_new(service->key[m->service], luck, m->attempt);
    sim_ns drawn = distribution_draw_ns(drawn_from, &s);
    return drawn > 0 ? drawn : 0;
}

HOT sim_ns service_time(struct world *w, struct service *service, const struct message *m)
{
    const struct service_time *time = &w->network.serves[m->service];

    return time->drawn == NULL ? time->constant : draw_service_time(w, service, m, time->drawn);
}

/* Books the job at its receiver. True: it is done at this instant, and still the caller's. */
HOT bool book(struct world *w, struct message *m)
{
    struct node *node = &w->nodes[m->to];
    struct service *service = &node->service;
    sim_ns time = service_time(w, service, m), done;

    if (w->timetable.overload_count == 0 && service_is_idle(service, w->now))
        done = service_begin(service, w->now, time);
    else
        done = service_book(service, &w->timetable, m->to_region,
                            m->to - w->places.region_first_node[m->to_region], m->service, w->now, time);
    if (done == w->now)
        return true;
    if (done == SIM_NS_NEVER)
        message_drop(w, m);
    else
        world_at(w, m->to_region, done,
                 (struct event){
                     .kind = EVENT_SERVED, .node = m->to, .epoch = node->epoch, .a = (uint64_t)(uintptr_t)m});
    return false;
}

/* Hands a message to its receiver's handler, then all that nodes sent to themselves meanwhile. */
HOT void hand_over(struct world *w, struct message *m)
{
    w->hooks.message(w->hooks.self, m->to, m);
    message_done(w, m);
    world_settle(w);
}

/* Serves a lane from `m` on, as far as it gets at this instant. A handler may add to the lane meanwhile. */
static void run_lane(struct world *w, struct service *service, uint32_t index, struct message *m)
{
    while (m != NULL) {
        if (!book(w, m))
            return;
        hand_over(w, m);
        struct lane *lane = service_lane(service, index);
        m = lane->first;
        if (m == NULL)
            lane->busy = false;
        else
            lane->first = m->next;
    }
}

HOT void serve(struct world *w, struct message *m)
{
    if (message_is_served(w, m->service, m->lane, m->op)) {
        hand_over(w, m);
        return;
    }
    if (m->lane == 0) {
        if (book(w, m))
            hand_over(w, m);
        return;
    }
    struct service *service = &w->nodes[m->to].service;
    struct lane *lane = service_lane(service, m->lane);
    m->next = NULL;
    if (!lane->busy) {
        lane->busy = true;
        run_lane(w, service, m->lane, m);
        return;
    }
    if (lane->first == NULL)
        lane->first = m;
    else
        lane->last->next = m;
    lane->last = m;
}

void network_serve(struct world *w, struct message *m)
{
    serve(w, m);
}

void world_serve_ready(struct world *w)
{
    w->settling = true;
    while (w->ready != NULL) {
        struct message *m = w->ready;
        w->ready = m->next;
        if (w->ready == NULL)
            w->ready_end = &w->ready;
        m->next = NULL;
        if (w->troubled && (w->nodes[m->to].epoch != m->to_epoch || w->nodes[m->to].down))
            message_drop(w, m);
        else
            serve(w, m);
    }
    w->settling = false;
}

void network_served(struct world *w, uint32_t node, struct message *m)
{
    struct service *service = &w->nodes[node].service;
    uint32_t index = m->lane;

    hand_over(w, m);
    if (index == 0)
        return;
    struct lane *lane = service_lane(service, index);
    struct message *next = lane->first;
    if (next == NULL)
        lane->busy = false;
    else
        lane->first = next->next;
    run_lane(w, service, index, next);
}

void network_forget_service(struct world *w, uint32_t node)
{
    struct service *service = &w->nodes[node].service;

    for (size_t i = 0; i < service->lanes.count; i++) {
        struct message *next;
        for (struct message *m = service->lanes.items[i].first; m != NULL; m = next) {
            next = m->next;
            message_drop(w, m);
        }
        service->lanes.items[i] = (struct lane){0};
    }
    for (uint32_t i = 0; i < service->workers; i++)
        service->free_at[i] = w->now;
    service->busy_until = w->now;
}
