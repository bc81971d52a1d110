/* shipping_reign.c -- one reign ends and another begins: what is asked of a node that may lead, and what it
 * and the others let go when it does. Nothing of an old reign is mixed with the new one: each begins at its
 * floor, beyond all positions and stamps of the one before, and no follower goes on from where it was. */
#include "models/parts/shipping_room.h"

static void log_empty(geo_replica *r, uint32_t log)
{
    uint64_t last = geo_log_last(r, log);

    geo_log_cut(r, log, last + 1, last);
}

static void peers_afresh(geo_replica *r)
{
    uint64_t *applied = marks(r, NULL);

    for (geo_node n = 0; n < geo_nodes(r); n++) {
        struct shipping_peer *p = geo_peer(r, n);
        copy_stop(r, n);
        p->taken = p->sent = p->confirmed = p->mark = p->received = p->applied = applied[n] = 0;
        p->asked_from = p->fresh_position = 0;
        p->fresh_at = p->fresh_next = 0;
        p->is_unknown = p->is_copying = false;
    }
    log_empty(r, SHIP_EARLY);
}

void shipping_lead(geo_replica *r, const struct shipping_def *d)
{
    struct shipping_state *s = geo_state(r);
    struct ship_marks *marked;

    marks(r, &marked);
    marked->floor = floor_of(r, d);
    peers_afresh(r);
    geo_log_cut(r, SHIP_LOG, marked->floor + 1, marked->floor);
    for (geo_node n = 0; n < geo_nodes(r); n++)
        if (is_follower(r, d, n)) {
            struct shipping_peer *p = geo_peer(r, n);
            p->is_unknown = true; /* until it has copied what is here, and says so */
            p->confirmed = marked->floor;
        }
    s->visible = marked->floor;
    flushes_arm(r, d, d->flush_every);
    tick_arm(r, d);
}

void shipping_follow(geo_replica *r, const struct shipping_def *d)
{
    struct shipping_state *s = geo_state(r);

    s->is_empty = false;
    peers_afresh(r);
    log_empty(r, SHIP_LOG);
    log_empty(r, SHIP_INBOX);
    for (geo_node n = 0; n < geo_nodes(r); n++)
        if (geo_region_of(r, n) == d->leader)
            shipping_copy_from(r, d, n);
    if (d->reports)
        tick_arm(r, d);
}

bool shipping_is_drained(const geo_replica *r)
{
    return geo_log_last(r, SHIP_INBOX) < geo_log_first(r, SHIP_INBOX);
}

uint64_t shipping_position(geo_replica *r, const struct shipping_def *d)
{
    uint64_t position = 1;

    for (geo_node n = 0; n < geo_nodes(r); n++) {
        const struct shipping_peer *p = geo_peer(r, n);
        if (geo_region_of(r, n) != d->leader)
            continue;
        if (p->is_copying)
            return 0;
        position += p->received;
    }
    return ((const struct shipping_state *)geo_state(r))->is_empty ? 0 : position;
}

bool shipping_is_even(geo_replica *r, geo_region with)
{
    for (geo_node n = 0; n < geo_nodes(r); n++) {
        const struct shipping_peer *p = geo_peer(r, n);
        if (geo_region_of(r, n) == with && (p->is_unknown || p->confirmed < p->taken))
            return false;
    }
    for (uint64_t i = geo_log_first(r, SHIP_LOG); i <= geo_log_last(r, SHIP_LOG); i++)
        if (!((const struct ship_record *)geo_log_at(r, SHIP_LOG, i))->is_done)
            return false;
    return true;
}
