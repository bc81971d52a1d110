/* operations.h -- the operations that are open, and the replica states that their answers were made from.
 *
 * Cost: a look into a table a record (open_ops.h); memory by what is open. */
#ifndef GEOREP_OBSERVE_OPERATIONS_H
#define GEOREP_OBSERVE_OPERATIONS_H

#include "sim/base/array.h"
#include "sim/base/expect.h"
#include "sim/history/history.h"
#include "sim/history/setting.h"
#include "sim/observe/open_ops.h"

struct operation_sample {
    uint64_t instant;
    uint32_t node, next; /* of the operation, in the pool; index + 1 */
};

struct operation {
    uint64_t op; /* without its identity */
    uint64_t begin_position;
    sim_ns begin_time;
    uint64_t key;
    struct operation_sample sample; /* the last one, if any: nearly all have one */
    uint32_t session;
    uint32_t number;               /* its place in `all` */
    uint32_t older, newer;         /* of an open read: the next to it that are open, OPERATION_NONE at an end;
                                      `newer` of one that has ended: the next such */
    uint16_t attempts, identities; /* the retries; the highest identity */
    uint16_t region;
    uint8_t kind;
    bool in_window, is_probe, sampled;
    uint8_t taken; /* of what is not a read: how often some node took it, over all identities; stops at 255 */
    int64_t amount;       /* likewise */
    uint64_t probe_of;    /* of probes alone */
    uint16_t probe_after; /* likewise */
};

#define OPERATION_NONE 0u /* stands before the oldest open read, and behind the newest */

/* Which of its operations the window has, by their counts, which rise as they begin; 0: none yet. */
struct operation_region {
    uint64_t first, after; /* of the window, and after it */
    sim_ns edge;           /* what begins earlier cannot be either */
};

struct operations {
    const struct history_setting *setting;
    struct open_ops open; /* -> index into all */
    ARRAY(struct operation) all;
    ARRAY(struct operation_sample) samples;
    uint32_t free, sample_free;       /* number, or OPERATION_NONE; index + 1 */
    sim_ns window_ns;                 /* how long it is */
    sim_ns edge;                      /* the least of its regions' */
    struct operation_region *regions; /* [region] */
};

void operations_open(struct operations *o, const struct history_setting *s);
void operations_close(struct operations *o);

/* Pointers are valid until its end, or until the next one begins. */
struct operation *operations_begin(struct operations *o, const struct history_record *r, uint64_t position);

static inline struct operation *operations_find(const struct operations *o, uint64_t op) /* NULL: not open */
{
    uint32_t at = open_ops_get(&o->open, history_op_of(op));

    return at != OPEN_OPS_NONE ? &o->all.items[at] : NULL;
}
/* NULL also where it had to make room. */
static inline struct operation *operations_near(const struct operations *o, uint64_t op)
{
    uint32_t at = open_ops_near(&o->open, history_op_of(op));

    return at != OPEN_OPS_NONE ? &o->all.items[at] : NULL;
}
/* The same, as it ends: from now on it is not found any more; operations_end is to be told of it. */
static inline struct operation *operations_take(struct operations *o, uint64_t op)
{
    uint32_t at = open_ops_take(&o->open, history_op_of(op));

    return at != OPEN_OPS_NONE ? &o->all.items[at] : NULL;
}
/* Brings nearer the place of one that will begin; changes nothing. */
static inline void operations_expect(const struct operations *o, uint64_t op)
{
    expect_line(open_ops_place(&o->open, op));
}
uint32_t operations_put_by(struct operations *o, const struct operation_sample *sample);
static inline void operations_sample(struct operations *o, struct operation *op, uint32_t node,
                                     uint64_t instant)
{
    uint32_t older = op->sampled ? operations_put_by(o, &op->sample) : 0;

    op->sample = (struct operation_sample){.instant = instant, .node = node, .next = older};
    op->sampled = true;
}
void operations_end(struct operations *o, struct operation *op);

/* BEGIN of the oldest open read (probes are reads), UINT64_MAX when none is open. */
static inline uint64_t operations_oldest_read(const struct operations *o)
{
    return o->all.items[o->all.items[OPERATION_NONE].newer].begin_position;
}

/* Did this operation begin in the window? Also of one that has ended: counts rise as operations begin. */
bool operations_in_window(const struct operations *o, uint64_t op);

static inline const struct operation_sample *operations_sample_first(const struct operations *o,
                                                                     const struct operation *op)
{
    (void)o;
    return op->sampled ? &op->sample : NULL;
}
static inline const struct operation_sample *operations_sample_next(const struct operations *o,
                                                                    const struct operation_sample *s)
{
    return s->next == 0 ? NULL : &o->samples.items[s->next - 1];
}

#endif
