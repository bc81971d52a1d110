/* keys.h -- what the readers keep of every key, side by side: a record is about one key, and this is what
 * each of them looks at first. Most keys have nothing live at most times, and then it is all there is of
 * them.
 *
 * Cost: 48 bytes a key, as they are touched; 32 of these by writes alone. */
#ifndef GEOREP_OBSERVE_KEYS_H
#define GEOREP_OBSERVE_KEYS_H

#include "sim/base/expect.h"
#include "sim/history/setting.h"

/* Indices + 1; 0: there is nothing. */
struct key_marks {
    uint32_t entry;    /* of the ledger: it has live writes, or its replicas hold different versions */
    uint32_t clusters; /* of delta.h: the newest */
    uint32_t notes;    /* of guarantees.h: how many */
    uint32_t answers;  /* of convergence.h, with its bits */
};

struct held {
    int64_t stamp;
    uint64_t write;
};

struct key_state {
    struct held held;     /* BY_ORDER: by every replica, while the key has no entry */
    uint64_t base_commit; /* where the retired write that its replicas hold committed, or BASE_UNCOMMITTED; 0:
                             there is none */
    uint64_t digest;      /* of every replica's answer, while they are alike */
};

#define BASE_UNCOMMITTED UINT64_MAX

struct keys {
    uint64_t count;
    struct key_marks *marks;
    struct key_state *states;
};

void keys_open(struct keys *k, uint64_t count);
void keys_close(struct keys *k);
uint64_t keys_bytes(uint64_t count);

/* Brings them nearer; changes nothing. */
static inline void keys_expect(const struct keys *k, uint64_t key)
{
    expect_line(&k->marks[key]);
}
static inline void keys_expect_state(const struct keys *k, uint64_t key)
{
    expect_line(&k->states[key]);
}

#endif
