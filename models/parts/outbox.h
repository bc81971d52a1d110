/* outbox.h -- writes on their way to the other replicas of their keys: at once or in batches, and over
 * datagrams (or where the model says `keep`) again until each replica has acknowledged.
 *
 * A store of kind GEO_LOG holds a record for each write that somebody may still need. Without
 * acknowledgements (tcp) a record goes when it has been sent: a message a write and replica, no other. What
 * is sent again is packed anew: a model may send what the key holds now in place of what it held then.
 *
 * The model gives three message types: `row` (service APPLY: one row), `batch` (no service: the receiver
 * unpacks it and sends each row to itself, so that each is served) and `ack`, and hands over what arrives of
 * these.
 */
#ifndef GEOREP_MODELS_PARTS_OUTBOX_H
#define GEOREP_MODELS_PARTS_OUTBOX_H

#include "models/parts/row.h"

/* In the store. What the model keeps with it follows, then a byte for each node: it has acknowledged. */
struct outbox_record {
    geo_key key;
    geo_op_id op;
    geo_ns sent;    /* last, by the node's oscillator */
    uint32_t bytes; /* of the value */
    bool is_sent;
};

/* The store; `kept` bytes are the model's, and `kept_per_node` for each node. */
#define OUTBOX_STORE(text, is_durable, kept, kept_per_node)                                                  \
    {                                                                                                        \
        .name = (text), .kind = GEO_LOG, .durable = (is_durable),                                            \
        .record_bytes = sizeof(struct outbox_record) + (kept),                                               \
        .record_bytes_per_node = (1 + (kept_per_node) + 7) / 8 * 8                                           \
    }

struct outbox_def {
    uint32_t store, row, batch, ack; /* a store and three message types of the model */
    bool in_order;     /* a receiver applies the rows of one origin one at a time, as they came */
    bool keep;         /* until acknowledged, over tcp too; by all replicas, this node too if it is one */
    size_t kept_bytes; /* with each write: what `kept` and `kept_per_node` make for these nodes */
    row_pack *pack, *pack_again; /* the first time; again */
    row_unpack *unpack;
};

/* Puts in a write, and kept_bytes from `kept`; its position. */
uint64_t outbox_add(geo_replica *r, const struct outbox_def *d, const geo_op *op, const void *kept);

/* Sends what was not sent yet: a single write as a row of its own operation, several as one batch a replica.
 * */
void outbox_ship(geo_replica *r, const struct outbox_def *d);

/* A row, a batch or an acknowledgement arrived. */
void outbox_take(geo_replica *r, const struct outbox_def *d, const geo_message *m);
/* The same of a row, by what of the definition it takes. */
static inline void outbox_take_row(geo_replica *r, uint32_t ack, row_unpack *unpack, const geo_message *m)
{
    const struct row *row = m->body;
    bool used = unpack(r, row->key, row->origin, row + 1, row->bytes);

    if (used && row->position != 0)
        geo_send(r, row->origin, (geo_out){.type = ack, .op = row->op}, &row->position, sizeof row->position);
}

/* `from` has the write at `position`. */
void outbox_acknowledged(geo_replica *r, const struct outbox_def *d, uint64_t position, geo_node from);

/* Marks a write as sent by the model's own messages, to all. */
void outbox_was_sent(geo_replica *r, const struct outbox_def *d, uint64_t position);

/* Sends again, a row each, what was last sent at least `after` ago and is not acknowledged. */
void outbox_resend(geo_replica *r, const struct outbox_def *d, geo_ns after);

#endif
