/* tallies.h -- plain counts.
 *
 * oversold: for data counter, the sum over keys of max(0, committed decrements - initial - committed
 * increments) when the run ends, of the whole run (stock does not forget the warm-up); `write` and `update`
 * add one each, as the data types have it. Only where some decrement was asked for.
 *
 * duplicates_applied: TAKEs of an operation of the window beyond its first, over all its identities and
 * attempts, of kinds that change the value each time: increment, decrement, update, `write` of a counter (and
 * of a set, with another identity: another element). A TAKE after the end of the operation is known by its
 * write's being live still.
 *
 * siblings: the most values that a read of the window returned. dead_letters, throttled: what models count
 * (COUNT records) within the window. */
#ifndef GEOREP_OBSERVE_TALLIES_H
#define GEOREP_OBSERVE_TALLIES_H

#include "sim/observe/figures.h"
#include "sim/observe/operations.h"

struct tallies {
    const struct history_setting *setting;
    int64_t *sold; /* [key], of counters: committed decrements - increments */
    bool any_decrement, any_read;
    uint64_t duplicates, dead_letters, throttled, siblings;
};

void tallies_open(struct tallies *t, const struct history_setting *s);
void tallies_close(struct tallies *t);
uint64_t tallies_bytes(const struct history_setting *s);
void tallies_begin(struct tallies *t, const struct operation *op);
/* `again`: this very write was taken before; `op` NULL: its operation has ended. */
void tallies_take(struct tallies *t, const struct history_record *r, struct operation *op, bool again,
                  bool in_window);
/* One that has ended with OK. */
static inline void tallies_read(struct tallies *t, const struct operation *op, const struct history_record *r)
{
    if (!op->in_window)
        return;
    t->any_read = true;
    if (r->end.value_count > t->siblings)
        t->siblings = r->end.value_count;
}
void tallies_wrote(struct tallies *t, const struct operation *op, const struct history_record *r);
void tallies_count(struct tallies *t, const struct history_record *r);
void tallies_put(const struct tallies *t, struct figure_list *f);

#endif
