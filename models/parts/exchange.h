/* exchange.h -- what active-active strategies share: writes go out by an outbox, and a node that comes back
 * without its memory or disk copies from every other replica, then has them copy from it (what was under way
 * went with it).
 *
 * A model declares `exchange_messages` first among its messages and the store EXCHANGE_OUTBOX first among its
 * stores; has a struct exchange_state at the start of its state and a struct exchange_peer at the start of
 * what it keeps for each node; takes timer types below EXCHANGE_TIMERS as ours; and hands its start, timers
 * and messages over.
 */
#ifndef GEOREP_MODELS_PARTS_EXCHANGE_H
#define GEOREP_MODELS_PARTS_EXCHANGE_H

#include "models/parts/copy.h"
#include "models/parts/outbox.h"

enum {
    EXCHANGE_ROW,
    EXCHANGE_BATCH,
    EXCHANGE_ACK,
    EXCHANGE_HELLO,
    EXCHANGE_COPY_ASK,
    EXCHANGE_COPY_ROWS,
    EXCHANGE_MESSAGES
};
enum { EXCHANGE_OUTBOX, EXCHANGE_STORES };
enum { EXCHANGE_FLUSH, EXCHANGE_RESEND, EXCHANGE_COPY, EXCHANGE_TIMERS };

#define EXCHANGE_MESSAGE_DEFS                                                                                \
    [EXCHANGE_ROW] = {"row", GEO_NO_LEG, GEO_SERVE_APPLY},                                                   \
    [EXCHANGE_BATCH] = {"batch", GEO_NO_LEG, GEO_NO_SERVICE},                                                \
    [EXCHANGE_ACK] = {"ack", GEO_NO_LEG, GEO_NO_SERVICE},                                                    \
    [EXCHANGE_HELLO] = {"hello", GEO_NO_LEG, GEO_NO_SERVICE},                                                \
    [EXCHANGE_COPY_ASK] = {"copy-ask", GEO_NO_LEG, GEO_NO_SERVICE},                                          \
    [EXCHANGE_COPY_ROWS] = {"copy-rows", GEO_NO_LEG, GEO_NO_SERVICE}

struct exchange_state {
    uint32_t value_bytes; /* of the last value met: what a copied one counts on the wire */
    bool is_back;         /* restarted, and not yet done with copying */
    bool is_empty;        /* lost its disk, and has not copied enough: it should not serve */
};

struct exchange_peer {
    struct copy_peer copy; /* first: copy.h */
};

struct exchange_def {
    size_t kept_bytes;           /* with each write, see outbox.h */
    row_pack *pack, *pack_again; /* of a write, the first time and again */
    row_pack *pack_copy;         /* of a whole key */
    row_unpack *unpack;          /* of any */
    geo_ns flush_every;          /* 0: at once */
    geo_ns resend_after;         /* over datagrams, and for a copy that stalls */
    bool in_order;               /* of what one node wrote: outbox.h */
    bool needs_all; /* a node without its disk serves when all copies are complete, not the first */
};

void exchange_start(geo_replica *r, const struct exchange_def *d, enum geo_lost lost);
void exchange_write(geo_replica *r, const struct exchange_def *d, const geo_op *op, const void *kept);
void exchange_message(geo_replica *r, const struct exchange_def *d,
                      const geo_message *m); /* m->type < EXCHANGE_MESSAGES, but for a row */
/* EXCHANGE_ROW, which is most of what arrives: it takes no more of the definition than `unpack`. */
static inline void exchange_take_row(geo_replica *r, row_unpack *unpack, const geo_message *m)
{
    outbox_take_row(r, EXCHANGE_ACK, unpack, m);
}
void exchange_timer(geo_replica *r, const struct exchange_def *d, uint32_t type, uint64_t arg);

#endif
