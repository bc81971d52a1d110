/* timetable.h -- every occurrence of every fault of a trial, drawn at the start, and what they do to links
 * and nodes.
 *
 * Being known in advance, a fault's end can be looked up by what it delays; its beginning and end are still
 * events, so that all that happens happens in event order. */
#ifndef GEOREP_WORLD_TIMETABLE_H
#define GEOREP_WORLD_TIMETABLE_H

#include "sim/base/array.h"
#include "sim/history/setting.h"
#include "sim/world/def.h"
#include "sim/world/place.h"

struct occurrence {
    const struct fault_def *fault;
    uint32_t number;   /* of this fault, from 0 */
    sim_ns begin, end; /* SIM_NS_NEVER: on to the end */
    uint8_t *group;    /* partition: as fault_def.group; owned when the fault is random */
    bool owns_group;
    uint32_t leader_region; /* of `leader: true`: where it led when the fault began */
};

/* What faults do to one directed pair of regions, now. */
struct link_state {
    uint32_t cuts; /* faults that cut it */
    sim_ns cut_begin,
        cut_end;   /* the last interval in which it was cut; cut_end SIM_NS_NEVER while it lasts */
    double factor; /* of delays: product over the slow faults that are on */
    double loss;   /* of the slow fault that began last and says so; negative: the link's own */
};

struct timetable {
    const struct world_def *def;
    ARRAY(struct occurrence) occurrences; /* by begin, then in the order of the scenario */
    struct history_fault *faults;         /* the same for readers of the history */
    struct link_state *links;             /* [from * region_count + to] */
    uint32_t overload_count, load_count;  /* occurrences of these kinds: most worlds have none */
};

void timetable_open(struct timetable *t, const struct world_def *def, const struct geography *p);
void timetable_close(struct timetable *t);

/* Begins or ends occurrence `index` as far as links go; crashes and clocks are the world's. */
void timetable_switch_links(struct timetable *t, uint32_t index, bool begins, sim_ns now);

/* Is the pair cut at `when`, an instant not before the cut before the last? */
static inline bool timetable_was_cut(const struct link_state *l, sim_ns when)
{
    return l->cut_begin <= when && when < l->cut_end;
}

/* The factor of service times for a job of `kind` at node `node` of `region` (its number there) that would
 * start at *start. A service that is stopped starts when the fault ends: *start is moved there. INFINITY:
 * never. */
double timetable_overload(const struct timetable *t, uint32_t region, uint32_t node, int kind, sim_ns *start);

/* The factor of a region's arrival rate at `when`, and until when it holds. */
double timetable_load(const struct timetable *t, uint32_t region, sim_ns when, sim_ns *until);

#endif
