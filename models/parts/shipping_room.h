/* shipping_room.h -- what shipping.c (a reign as it goes) and shipping_reign.c (one ends and another begins)
 * share. */
#ifndef GEOREP_MODELS_PARTS_SHIPPING_ROOM_H
#define GEOREP_MODELS_PARTS_SHIPPING_ROOM_H

#include "models/parts/shipping.h"

/* Of positions and stamps: what a reign, and in it a life of the disk, may count. */
enum { REIGN_SHIFT = 48, LIFE_SHIFT = 40 };

/* The positions applied, a node each; what stands before them is put in *m, which may be NULL. */
static inline uint64_t *marks(geo_replica *r, struct ship_marks **m)
{
    if (geo_log_last(r, SHIP_MARKS) == 0) {
        _Alignas(8) unsigned char record[sizeof(struct ship_marks) + 4096 * sizeof(uint64_t)] = {0};
        geo_log_append(r, SHIP_MARKS, record);
    }
    struct ship_marks *first = geo_log_at(r, SHIP_MARKS, 1);
    if (m != NULL)
        *m = first;
    return (uint64_t *)(first + 1);
}

static inline uint64_t floor_of(const geo_replica *r, const struct shipping_def *d)
{
    return d->reign << REIGN_SHIFT | (uint64_t)geo_incarnation(r) << LIFE_SHIFT;
}

static inline bool leads(const geo_replica *r, const struct shipping_def *d)
{
    return geo_region_of(r, geo_self(r)) == d->leader;
}

static inline bool is_follower(const geo_replica *r, const struct shipping_def *d, geo_node n)
{
    return leads(r, d) && geo_region_of(r, n) != d->leader;
}

static inline void tick_arm(geo_replica *r, const struct shipping_def *d)
{
    struct shipping_state *s = geo_state(r);

    if (!s->ticks)
        s->ticks = geo_arm(r, d->tick_every, SHIP_TICK, 0) != 0;
}

static inline void flushes_arm(geo_replica *r, const struct shipping_def *d, geo_ns in)
{
    struct shipping_state *s = geo_state(r);

    if (!s->flushes && d->flush_every > 0)
        s->flushes = geo_arm(r, in, SHIP_FLUSH, 0) != 0;
}

/* shipping.c: a follower copies the table from the leader, and takes no entries in until it has it. */
void shipping_copy_from(geo_replica *r, const struct shipping_def *d, geo_node leader);

#endif
