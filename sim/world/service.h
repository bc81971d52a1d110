/* service.h -- a node's servers: first come first served, `workers` of them, computed at arrival (no queue
 * events).
 *
 * A job starts when the server that is free first is free, and takes its time times the overload factor of
 * the instant at which it starts; where a fault stops the service (factor inf), it starts when the fault
 * ends. Jobs of a lane are served one at a time in order of arrival: a lane's next job asks for a server when
 * the one before has ended, so a long lane never holds more than one server. */
#ifndef GEOREP_WORLD_SERVICE_H
#define GEOREP_WORLD_SERVICE_H

#include "sim/base/array.h"
#include "sim/engine/random.h"
#include "sim/engine/time.h"

#include <stdbool.h>
#include <stdint.h>

struct message;
struct timetable;

struct lane {
    bool busy;
    struct message *first, *last; /* waiting, linked by message.next */
};

struct service {
    uint32_t workers;
    sim_ns *free_at;   /* [workers] */
    sim_ns busy_until; /* the latest of these: from then on all are alike */
    random_key key[4]; /* by enum geo_service */
    uint64_t count[4]; /* jobs of no operation, by kind: keys their luck */
    ARRAY(struct lane) lanes;
};

void service_open(struct service *s, uint32_t workers);
void service_close(struct service *s);

/* Books a job that arrives now and takes `time_ns` at factor 1, at node `node` of `region`; when it will be
 * done, SIM_NS_NEVER: the service has stopped for good. Kind is enum geo_service. */
sim_ns service_book(struct service *s, const struct timetable *t, uint32_t region, uint32_t node, int kind,
                    sim_ns now, sim_ns time_ns);

/* No server is at work. */
static inline bool service_is_idle(const struct service *s, sim_ns now)
{
    return now >= s->busy_until;
}

/* service_book where no fault touches services and none is at work. */
static inline sim_ns service_begin(struct service *s, sim_ns now, sim_ns time_ns)
{
    if (time_ns > 0)
        s->free_at[0] = s->busy_until = now + time_ns;
    return now + time_ns;
}

struct lane *service_lane(struct service *s, uint32_t lane);

#endif
