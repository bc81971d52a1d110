/* keys.h -- what the readers keep of every key, in one line of memory: a record is about one key, and this is
 * what each of them looks at first. Most keys have nothing live at most times, and then it is all that a read
 * needs of them.
 *
 * Cost: 64 bytes a key, as they are touched. */
#ifndef GEOREP_OBSERVE_KEYS_H
#define GEOREP_OBSERVE_KEYS_H

#include "sim/base/expect.h"
#include "sim/history/setting.h"

struct held {
    int64_t stamp;
    uint64_t write;
};

/* Zeroed: nothing was ever told of it. Of indices + 1, 0: there is nothing. */
struct key_record {
    uint32_t entry;       /* of the ledger: it has live writes, or its replicas hold different versions */
    uint32_t clusters;    /* of delta.h: its clusters */
    uint32_t notes;       /* of guarantees.h: how many */
    uint32_t answers;     /* of convergence.h, with its bits */
    uint64_t newest;      /* of delta.h: the write of the newest cluster, or DELTA_UNKNOWN */
    sim_ns newest_read;   /* when the last of its reads began */
    struct held held;     /* BY_ORDER: by every replica, while the key has no entry */
    uint64_t base_commit; /* where the retired write that its replicas hold committed, or BASE_UNCOMMITTED; 0:
                             there is none */
    uint64_t digest;      /* of every replica's answer, while they are alike */
};

_Static_assert(sizeof(struct key_record) == 64, "a line of memory");

#define BASE_UNCOMMITTED UINT64_MAX

struct keys {
    uint64_t count;
    struct key_record *records;
    void *table; /* that they are in */
};

void keys_open(struct keys *k, uint64_t count, uint64_t touches); /* as of sparse.h */
void keys_close(struct keys *k);
uint64_t keys_bytes(uint64_t count);

/* Brings it nearer; changes nothing. */
static inline void keys_expect(const struct keys *k, uint64_t key)
{
    expect_line(&k->records[key]);
}

#endif
