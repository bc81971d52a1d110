/* check_transactions_room.h -- what the files of check_transactions.h share. */
#ifndef GEOREP_OBSERVE_CHECK_TRANSACTIONS_ROOM_H
#define GEOREP_OBSERVE_CHECK_TRANSACTIONS_ROOM_H

#include "sim/observe/check_graph.h"
#include "sim/observe/check_room.h"
#include "sim/observe/check_transactions.h"

#define NO_TRANSACTION UINT32_MAX

/* A read of one key by a transaction that is ok, without what the transaction itself had added. */
struct transaction_read {
    uint32_t transaction, key;
    const uint64_t *elements;
    size_t count; /* elements of others */
    size_t own;   /* of its own; in a list they are the last */
};

struct transaction_addition {
    uint32_t transaction, key;
    uint32_t before; /* additions of the same transaction and key before it */
    bool last;       /* of its transaction and key */
    bool read;       /* somebody returned it */
};

struct transactions {
    const struct transaction *all;
    size_t count;
    bool lists, overlaps;
    const char *noun;
    struct check_tally *tally;
    struct check_map keys;  /* name -> number */
    struct check_map names; /* (key, element) -> index into additions */
    uint32_t key_count;
    ARRAY(struct transaction_addition) additions;
    ARRAY(struct transaction_read) reads; /* by transaction */
    struct graph graph;
};

void transactions_complain(struct transactions *t, uint32_t which, uint32_t other, const char *what);
const struct transaction_addition *transactions_find(const struct transactions *t, uint32_t key,
                                                     uint64_t element); /* NULL: nobody added it */

/* Was anything that it added? Then it happened, whatever its client was told. */
bool transactions_was_read(const struct transactions *t, uint32_t which);

void transactions_order(struct transactions *t, bool real_time); /* linearizable, sequential */
void transactions_causal(struct transactions *t);

#endif
