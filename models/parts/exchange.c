/* exchange.c -- see exchange.h. Why a node that came back sends HELLO twice: to each peer when the copy from
 * it is complete, so that one peer that cannot be reached holds up nobody; and to all when the last is, so
 * that each also gets what the others had. */
#include "models/parts/exchange.h"

static struct outbox_def outbox_of(const struct exchange_def *d)
{
    return (struct outbox_def){.store = EXCHANGE_OUTBOX,
                               .row = EXCHANGE_ROW,
                               .batch = EXCHANGE_BATCH,
                               .ack = EXCHANGE_ACK,
                               .in_order = d->in_order,
                               .kept_bytes = d->kept_bytes,
                               .pack = d->pack,
                               .pack_again = d->pack_again,
                               .unpack = d->unpack};
}

static struct copy_def copy_of(const struct exchange_def *d)
{
    return (struct copy_def){.ask = EXCHANGE_COPY_ASK,
                             .rows = EXCHANGE_COPY_ROWS,
                             .timer = EXCHANGE_COPY,
                             .again = d->resend_after,
                             .pack = d->pack_copy,
                             .unpack = d->unpack};
}

static bool is_peer(const geo_replica *r, geo_node n)
{
    return geo_region_of(r, n) != geo_region_of(r, geo_self(r)); /* a region's nodes share no keys */
}

void exchange_start(geo_replica *r, const struct exchange_def *d, enum geo_lost lost)
{
    struct exchange_state *s = geo_state(r);
    struct copy_def copy = copy_of(d);

    if (d->flush_every > 0)
        geo_arm(r, (geo_ns)((double)d->flush_every * geo_chance(r, EXCHANGE_FLUSH)), EXCHANGE_FLUSH, 0);
    if (!geo_reliable(r))
        geo_arm(r, d->resend_after, EXCHANGE_RESEND, 0);
    for (geo_node n = 0; lost != GEO_FIRST_START && n < geo_nodes(r); n++)
        if (is_peer(r, n)) {
            s->is_back = true;
            s->is_empty = lost == GEO_LOST_DISK;
            copy_begin(r, &copy, n);
        }
}

void exchange_write(geo_replica *r, const struct exchange_def *d, const geo_op *op, const void *kept)
{
    struct exchange_state *s = geo_state(r);
    struct outbox_def outbox = outbox_of(d);

    s->value_bytes = op->value_bytes;
    outbox_add(r, &outbox, op, kept);
    if (d->flush_every == 0)
        outbox_ship(r, &outbox);
}

static void copied(geo_replica *r, const struct exchange_def *d, geo_node from)
{
    struct exchange_state *s = geo_state(r);
    bool all = true;

    if (!s->is_back)
        return;
    for (geo_node n = 0; n < geo_nodes(r); n++)
        all = all && !((struct exchange_peer *)geo_peer(r, n))->copy.wanted;
    s->is_back = !all;
    s->is_empty = s->is_empty && d->needs_all && !all;
    for (geo_node n = 0; n < geo_nodes(r); n++)
        if (is_peer(r, n) && (all || n == from))
            geo_send(r, n, (geo_out){.type = EXCHANGE_HELLO}, NULL, 0);
}

void exchange_message(geo_replica *r, const struct exchange_def *d, const geo_message *m)
{
    if (m->type == EXCHANGE_BATCH || m->type == EXCHANGE_ACK) {
        struct outbox_def outbox = outbox_of(d);
        outbox_take(r, &outbox, m);
        return;
    }
    struct copy_def copy = copy_of(d);

    switch (m->type) {
    case EXCHANGE_HELLO:
        copy_begin(r, &copy, m->from);
        break;
    case EXCHANGE_COPY_ASK:
        copy_give(r, &copy, m, 0);
        break;
    case EXCHANGE_COPY_ROWS:
        if (copy_take(r, &copy, m))
            copied(r, d, m->from);
        break;
    default:
        break;
    }
}

void exchange_timer(geo_replica *r, const struct exchange_def *d, uint32_t type, uint64_t arg)
{
    struct outbox_def outbox = outbox_of(d);
    struct copy_def copy = copy_of(d);

    switch (type) {
    case EXCHANGE_FLUSH:
        outbox_ship(r, &outbox);
        geo_arm(r, d->flush_every, EXCHANGE_FLUSH, 0);
        break;
    case EXCHANGE_RESEND:
        outbox_resend(r, &outbox, d->resend_after);
        geo_arm(r, d->resend_after, EXCHANGE_RESEND, 0);
        break;
    case EXCHANGE_COPY:
        copy_ask_again(r, &copy, (geo_node)arg);
        break;
    default:
        break;
    }
}
