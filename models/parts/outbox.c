/* outbox.c -- see outbox.h. Invariant: the records before the first of the log were sent and acknowledged by
 * all who hold their keys. */
#include "models/parts/outbox.h"

#include <string.h>

static bool keeps(const geo_replica *r, const struct outbox_def *d)
{
    return d->keep || !geo_reliable(r);
}

static unsigned char *kept_of(struct outbox_record *o)
{
    return (unsigned char *)(o + 1);
}

static unsigned char *acked(const struct outbox_def *d, struct outbox_record *o)
{
    return kept_of(o) + d->kept_bytes;
}

/* Who must have it. */
static uint32_t takers(const geo_replica *r, const struct outbox_def *d, geo_key key, geo_node *out)
{
    return d->keep ? geo_holders(r, key, out, ROW_HOLDERS_MOST) : row_others(r, key, out);
}

uint64_t outbox_add(geo_replica *r, const struct outbox_def *d, const geo_op *op, const void *kept)
{
    _Alignas(8) unsigned char record[ROWS_BYTES];
    struct outbox_record o = {.key = op->key, .op = op->id, .bytes = op->value_bytes};

    memset(record, 0,
           sizeof o + d->kept_bytes + 8 * geo_nodes(r)); /* at most a byte a node, rounded up to 8 */
    memcpy(record, &o, sizeof o);
    memcpy(record + sizeof o, kept, d->kept_bytes);
    return geo_log_append(r, d->store, record);
}

static bool is_done(geo_replica *r, const struct outbox_def *d, struct outbox_record *o)
{
    geo_node to[ROW_HOLDERS_MOST];
    uint32_t count = keeps(r, d) ? takers(r, d, o->key, to) : 0;

    for (uint32_t i = 0; i < count; i++)
        if (!acked(d, o)[to[i]])
            return false;
    return o->is_sent;
}

static void cut(geo_replica *r, const struct outbox_def *d)
{
    uint64_t first = geo_log_first(r, d->store), last = geo_log_last(r, d->store), from = first;

    while (first <= last && is_done(r, d, geo_log_at(r, d->store, first)))
        first++;
    if (first != from)
        geo_log_cut(r, d->store, first, last);
}

/* Packs the record of a position at `body`; its bytes, 0 when there is nothing to tell. */
static size_t pack(geo_replica *r, const struct outbox_def *d, uint64_t position, struct outbox_record *o,
                   unsigned char *body)
{
    struct row row = {.key = o->key, .op = o->op, .wire_bytes = o->bytes, .origin = geo_self(r)};

    row.position = keeps(r, d) ? position : 0;
    row_pack *fill = o->is_sent ? d->pack_again : d->pack;
    row.bytes = (uint32_t)fill(r, o->key, kept_of(o), body + sizeof row, &row.wire_bytes);
    if (row.bytes == 0)
        return 0;
    memcpy(body, &row, sizeof row);
    memset(body + sizeof row + row.bytes, 0, row_padded(row.bytes) - row.bytes);
    return sizeof row + row_padded(row.bytes);
}

static void send_row(geo_replica *r, const struct outbox_def *d, const geo_node *to, uint32_t count,
                     const unsigned char *body, size_t bytes)
{
    struct row row;

    memcpy(&row, body, sizeof row);
    geo_send_many(r, to, count,
                  (geo_out){.type = d->row,
                            .lane = d->in_order ? row.origin + 1 : 0,
                            .wire_bytes = row.wire_bytes,
                            .op = row.op},
                  body, bytes);
}

/* All of first..last that `to` holds, in as few messages as they fit in. */
static void ship_to(geo_replica *r, const struct outbox_def *d, geo_node to, uint64_t first, uint64_t last)
{
    _Alignas(8) unsigned char body[ROWS_BYTES], one[ROWS_BYTES];
    size_t used = 0;
    uint64_t wire = 0;

    for (uint64_t p = first; p <= last; p++) {
        struct outbox_record *o = geo_log_at(r, d->store, p);
        if (!row_held_by(r, o->key, to))
            continue;
        size_t bytes = pack(r, d, p, o, one);
        if (used + bytes > sizeof body) {
            geo_send(r, to, (geo_out){.type = d->batch, .wire_bytes = wire}, body, used);
            used = 0;
            wire = 0;
        }
        memcpy(body + used, one, bytes);
        used += bytes;
        wire += bytes == 0 ? 0 : ((const struct row *)(const void *)one)->wire_bytes;
    }
    if (used > 0)
        geo_send(r, to, (geo_out){.type = d->batch, .wire_bytes = wire}, body, used);
}

void outbox_ship(geo_replica *r, const struct outbox_def *d)
{
    uint64_t last = geo_log_last(r, d->store), first = last + 1, start = geo_log_first(r, d->store);

    while (first > start && !((struct outbox_record *)geo_log_at(r, d->store, first - 1))->is_sent)
        first--;
    if (first == last) {
        _Alignas(8) unsigned char one[ROWS_BYTES];
        geo_node others[ROW_HOLDERS_MOST];
        struct outbox_record *o = geo_log_at(r, d->store, last);
        uint32_t count = row_others(r, o->key, others);
        size_t bytes = count > 0 ? pack(r, d, last, o, one) : 0;
        if (bytes > 0)
            send_row(r, d, others, count, one, bytes);
    } else {
        for (geo_node to = 0; first < last && to < geo_nodes(r); to++)
            if (to != geo_self(r))
                ship_to(r, d, to, first, last);
    }
    for (uint64_t p = first; p <= last; p++)
        outbox_was_sent(r, d, p);
    cut(r, d);
}

void outbox_was_sent(geo_replica *r, const struct outbox_def *d, uint64_t position)
{
    struct outbox_record *o = geo_log_at(r, d->store, position);

    o->is_sent = true;
    o->sent = geo_steady(r);
}

static void take_batch(geo_replica *r, const struct outbox_def *d, const geo_message *m)
{
    const unsigned char *at = m->body, *end = at + m->body_bytes;

    while (at < end) {
        struct row row;
        memcpy(&row, at, sizeof row);
        size_t bytes = sizeof row + row_padded(row.bytes);
        geo_node self = geo_self(r);
        send_row(r, d, &self, 1, at, bytes);
        at += bytes;
    }
}

void outbox_take(geo_replica *r, const struct outbox_def *d, const geo_message *m)
{
    if (m->type == d->batch) {
        take_batch(r, d, m);
    } else if (m->type == d->ack) {
        uint64_t position;
        memcpy(&position, m->body, sizeof position);
        outbox_acknowledged(r, d, position, m->from);
    } else {
        outbox_take_row(r, d->ack, d->unpack, m);
    }
}

void outbox_acknowledged(geo_replica *r, const struct outbox_def *d, uint64_t position, geo_node from)
{
    struct outbox_record *o = geo_log_at(r, d->store, position);

    if (o == NULL)
        return; /* everybody had it: a repetition */
    acked(d, o)[from] = 1;
    if (position == geo_log_first(r, d->store))
        cut(r, d);
}

void outbox_resend(geo_replica *r, const struct outbox_def *d, geo_ns after)
{
    _Alignas(8) unsigned char one[ROWS_BYTES];
    geo_node to[ROW_HOLDERS_MOST];
    geo_ns now = geo_steady(r);

    for (uint64_t p = geo_log_first(r, d->store); p <= geo_log_last(r, d->store); p++) {
        struct outbox_record *o = geo_log_at(r, d->store, p);
        if (!o->is_sent || now - o->sent < after)
            continue;
        uint32_t count = takers(r, d, o->key, to);
        for (uint32_t i = 0; i < count; i++) {
            o = geo_log_at(r, d->store, p);
            size_t bytes = acked(d, o)[to[i]] ? 0 : pack(r, d, p, o, one);
            if (bytes > 0)
                send_row(r, d, &to[i], 1, one, bytes);
        }
        outbox_was_sent(r, d, p);
    }
}
