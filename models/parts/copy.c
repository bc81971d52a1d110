/* copy.c -- see copy.h. */
#include "models/parts/copy.h"

#include <string.h>

enum { STALLS_MOST = 4 }; /* doublings of the wait */

struct chunk {          /* rows follow, each with its payload */
    geo_key from, next; /* next = geo_keys: the last chunk */
    uint64_t mark;
    uint32_t count;
    uint32_t unused;
};

static void ask(geo_replica *r, const struct copy_def *d, geo_node peer, geo_key cursor)
{
    geo_send(r, peer, (geo_out){.type = d->ask}, &cursor, sizeof cursor);
}

void copy_begin(geo_replica *r, const struct copy_def *d, geo_node peer)
{
    struct copy_peer *p = geo_peer(r, peer);

    p->cursor = 0;
    p->mark = 0;
    p->ticked = 0;
    p->stalls = 0;
    p->wanted = true;
    if (!p->armed)
        p->armed = geo_arm(r, d->again, d->timer, peer) != 0;
    ask(r, d, peer, 0);
}

void copy_give(geo_replica *r, const struct copy_def *d, const geo_message *m, uint64_t mark)
{
    _Alignas(8) unsigned char body[ROWS_BYTES], payload[ROWS_BYTES];
    struct chunk c = {.mark = mark};
    size_t used = sizeof c;
    uint64_t wire = 0;

    memcpy(&c.from, m->body, sizeof c.from);
    for (c.next = c.from; c.next < geo_keys(r); c.next++) {
        struct row row = {.key = c.next};
        if (!row_held_by(r, row.key, m->from) || !row_held_by(r, row.key, geo_self(r)))
            continue;
        row.bytes = (uint32_t)d->pack(r, row.key, NULL, payload, &row.wire_bytes);
        size_t padded = row_padded(row.bytes);
        if (row.bytes == 0)
            continue;
        if (used + sizeof row + padded > sizeof body)
            break;
        memcpy(body + used, &row, sizeof row);
        memcpy(body + used + sizeof row, payload, row.bytes);
        memset(body + used + sizeof row + row.bytes, 0, padded - row.bytes);
        used += sizeof row + padded;
        wire += row.wire_bytes;
        c.count++;
    }
    memcpy(body, &c, sizeof c);
    geo_send(r, m->from, (geo_out){.type = d->rows, .wire_bytes = wire}, body, used);
}

/* Of the keys from..end-1, which the chunk passes over. */
static void absent_tell(geo_replica *r, const struct copy_def *d, geo_node peer, geo_key from, geo_key end)
{
    for (geo_key key = from; d->absent != NULL && key < end; key++)
        if (row_held_by(r, key, peer) && row_held_by(r, key, geo_self(r)))
            d->absent(r, key);
}

void copy_stop(geo_replica *r, geo_node peer)
{
    ((struct copy_peer *)geo_peer(r, peer))->wanted = false;
}

bool copy_take(geo_replica *r, const struct copy_def *d, const geo_message *m)
{
    struct copy_peer *p = geo_peer(r, m->from);
    const unsigned char *at = m->body;
    struct chunk c;

    memcpy(&c, at, sizeof c);
    if (!p->wanted || c.from != p->cursor)
        return false; /* a repetition, or of a copy that was begun anew */
    at += sizeof c;
    geo_key next = c.from;
    for (uint32_t i = 0; i < c.count; i++) {
        struct row row;
        memcpy(&row, at, sizeof row);
        absent_tell(r, d, m->from, next, row.key);
        next = row.key + 1;
        d->unpack(r, row.key, m->from, at + sizeof row, row.bytes);
        at += sizeof row + row_padded(row.bytes);
    }
    absent_tell(r, d, m->from, next, c.next);
    if (c.from == 0)
        p->mark = c.mark;
    p->cursor = c.next;
    p->stalls = 0;
    p->wanted = c.next < geo_keys(r);
    if (p->wanted)
        ask(r, d, m->from, p->cursor);
    return !p->wanted;
}

void copy_ask_again(geo_replica *r, const struct copy_def *d, geo_node peer)
{
    struct copy_peer *p = geo_peer(r, peer);

    if (p->wanted && p->cursor == p->ticked) {
        ask(r, d, peer, p->cursor);
        p->stalls += p->stalls < STALLS_MOST;
    }
    p->ticked = p->cursor;
    p->armed = p->wanted && geo_arm(r, d->again << p->stalls, d->timer, peer) != 0;
}
