/* check_elements.h -- sets that only grow and lists that are appended to, each element added once: what
 * reads of all the elements tell. */
#ifndef GEOREP_OBSERVE_CHECK_ELEMENTS_H
#define GEOREP_OBSERVE_CHECK_ELEMENTS_H

#include "sim/observe/check.h"

struct element_op {
    uint64_t id, key, session, begin, end; /* end UINT64_MAX: it may have happened */
    uint64_t element;                      /* of an addition */
    const uint64_t *elements;              /* of a read: what it returned */
    size_t count;
    bool reads, failed;
};

/* `ops` is put into another order (by key). `lists`: the order of elements counts. Decides linearizable,
 * the session guarantees and nothing_lost; else it says that it is undecided. Monotonic writes and writes
 * follow reads are about each read: it shows nothing that a session added without what that session had
 * added, or read, before it; in a list, before that in it. Time: linear in the elements read (of writes
 * follow reads: by each session), but for sorting and, for read_your_writes, (reads x additions) of a
 * session. */
void check_elements(struct element_op *ops, size_t count, bool lists, const char *noun, enum geo_check check,
                    struct check_verdict *v);

#endif
