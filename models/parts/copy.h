/* copy.h -- a table copied from another node, chunk by chunk, by asking: "what have you from key k on?"
 *
 * The asker keeps where it is and asks again when nothing came for `again`, and then for twice as long each
 * time (a chunk on a full link takes its time, and asking again adds to it), so that loss, repetition,
 * reordering and a restart of either side do no harm; what is copied is merged, so that both may go on
 * working meanwhile. Only keys that both hold go over. Cost: a round trip for each chunk of ROWS_BYTES.
 *
 * The model gives two message types (`ask` without a service, `rows` likewise) and a timer type, hands over
 * what arrives of these, and puts a struct copy_peer at the start of what it keeps for each node.
 */
#ifndef GEOREP_MODELS_PARTS_COPY_H
#define GEOREP_MODELS_PARTS_COPY_H

#include "models/parts/row.h"

struct copy_peer {
    geo_key cursor;  /* the next key to ask for */
    uint64_t mark;   /* what the other side said when the copy began */
    geo_key ticked;  /* where it was when the timer last fired */
    uint32_t stalls; /* how often in a row it has not moved by then */
    bool wanted, armed;
};

struct copy_def {
    uint32_t ask, rows, timer;
    geo_ns again;
    row_pack *pack;
    row_unpack *unpack;
    void (*absent)(geo_replica *r,
                   geo_key key); /* the other side has nothing of a key that both hold; optional */
};

/* Copies from `peer`, from the first key on (again, if a copy was going on). */
void copy_begin(geo_replica *r, const struct copy_def *d, geo_node peer);

/* Wants no more of what it was copying from `peer`. */
void copy_stop(geo_replica *r, geo_node peer);

/* Answers an ask. `mark` goes along with the first chunk: a position, if the model has one. */
void copy_give(geo_replica *r, const struct copy_def *d, const geo_message *m, uint64_t mark);

/* Takes in a chunk; true when the copy from m->from is complete with it. */
bool copy_take(geo_replica *r, const struct copy_def *d, const geo_message *m);

/* The timer fired for `peer`. */
void copy_ask_again(geo_replica *r, const struct copy_def *d, geo_node peer);

#endif
