/* check_transactions.h -- sets that only grow and lists that are appended to, each element added once, by
 * transactions of one operation or several: what every order must keep, by a graph.
 *
 * A transaction happens at one instant. `linearizable` asks for an order of all that keeps real time (strict
 * serializability), `sequential` for one that keeps each session's (strong session serializability),
 * `causal` that a read has all that was added in its past, and nothing that had not yet begun. */
#ifndef GEOREP_OBSERVE_CHECK_TRANSACTIONS_H
#define GEOREP_OBSERVE_CHECK_TRANSACTIONS_H

#include "sim/observe/check.h"

struct transaction_step {
    uint64_t key, element;    /* of an addition */
    const uint64_t *elements; /* of a read: what it returned; not looked at unless the transaction is ok */
    size_t count;
    bool reads;
};

struct transaction {
    uint64_t id, session, begin, end; /* positions; the end counts when it is ok or failed */
    const struct transaction_step *steps;
    size_t count;
    uint8_t outcome; /* enum check_outcome */
};

/* In order of begin. `lists`: the order of elements counts. `check`: linearizable, sequential or causal. Time
 * and memory: linear in the elements read (causal: in transactions x sessions, up to a bound). */
void check_transactions(const struct transaction *all, size_t count, bool lists, const char *noun,
                        enum geo_check check, struct check_verdict *v);

#endif
