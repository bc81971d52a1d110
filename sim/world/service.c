/* service.c -- see service.h. */
#include "sim/world/service.h"

#include "sim/world/timetable.h"

#include <math.h>

void service_open(struct service *s, uint32_t workers)
{
    *s = (struct service){.workers = workers, .free_at = memory_new(workers, sizeof(sim_ns))};
}

void service_close(struct service *s)
{
    free(s->free_at);
    array_free(&s->lanes);
}

sim_ns service_book(struct service *s, const struct timetable *t, uint32_t region, uint32_t node, int kind,
                    sim_ns now, sim_ns time_ns)
{
    uint32_t best = 0;

    for (uint32_t i = 1; now < s->busy_until && i < s->workers; i++)
        if (s->free_at[i] < s->free_at[best])
            best = i;
    sim_ns start = s->free_at[best] > now ? s->free_at[best] : now;
    if (start == SIM_NS_NEVER)
        return SIM_NS_NEVER;
    if (t->overload_count > 0) {
        double factor = timetable_overload(t, region, node, kind, &start);
        if (isinf(factor)) {
            s->free_at[best] = s->busy_until = SIM_NS_NEVER;
            return SIM_NS_NEVER;
        }
        if (factor != 1)
            time_ns = (sim_ns)llrint((double)time_ns * factor);
    }
    if (time_ns > 0) {
        s->free_at[best] = start + time_ns;
        if (start + time_ns > s->busy_until)
            s->busy_until = start + time_ns;
    }
    return start + time_ns;
}

struct lane *service_lane(struct service *s, uint32_t lane)
{
    while (s->lanes.count <= lane)
        (void)array_add(&s->lanes);
    return &s->lanes.items[lane];
}
