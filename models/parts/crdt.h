/* crdt.h -- data types whose replicas merge: counters, sets, registers. Plain functions on plain memory.
 *
 * A key's state is a row of columns, one for each node (`origin`). Every origin numbers its own writes to the
 * key 1, 2, ...: a write's *dot* is (origin, number). All fields only grow, or belong to the larger count, so
 * that to merge is to take the maximum, field by field: commutative, associative, idempotent.
 *
 *     pn_counter    count, plus, minus of the origin's own operations; the value is the initial one + sum of
 *                   plus - sum of minus
 *     g_counter     the same, without minus
 *     or_set        for each item: the dot number of the origin's latest add, and the largest of the origin's
 *                   adds of it that somebody has removed; it is there if some origin's add is newer than what
 *                   was removed of it (add wins over a remove that had not seen it). Fresh elements, which
 *                   nothing removes: a digest of the origin's
 *     g_set         the same, without removes
 *     mv_register   the origin's latest write, and the largest count of its writes that somebody has
 *                   overwritten: values that nobody has overwritten are siblings
 *     lww_register  the origin's latest write with its stamp; the largest stamp of all origins is the value
 *
 * Three forms travel: the whole row (*state*); the origin's own column with what itself removed or overwrote
 * (*delta*, a row like any other, merged alike); one *operation*, which must come in the order of its origin.
 *
 * Sources: Shapiro, Preguica, Baquero, Zawirski: A comprehensive study of convergent and commutative
 * replicated data types, INRIA RR-7506, 2011, 3.1 (counters), 3.2.2 (mv-register), 3.3.5 (or-set); Bieniusa
 * et al.: An optimized conflict-free replicated set, RR-8083, 2012 (dots in place of tombstones); Almeida,
 * Shoker, Baquero: Delta state replicated data types, 2018.
 */
#ifndef GEOREP_MODELS_PARTS_CRDT_H
#define GEOREP_MODELS_PARTS_CRDT_H

#include "sim/model/model.h"

enum crdt_type {
    CRDT_PN_COUNTER,
    CRDT_G_COUNTER,
    CRDT_OR_SET,
    CRDT_G_SET,
    CRDT_MV_REGISTER,
    CRDT_LWW_REGISTER
};

struct crdt_counter {
    uint32_t count, unused;
    int64_t plus, minus;
};

struct crdt_set {
    uint32_t count, fresh_count;
    uint64_t fresh;
    uint32_t added[GEO_SET_ITEMS], removed[GEO_SET_ITEMS];
};

struct crdt_register {
    uint32_t count, covered; /* the latest write's dot is the count */
    geo_ns stamp;
    geo_write write;
};

/* One operation as it travels; `seen` of it follows: for each node the dot that a remove or an overwrite had
 * seen. */
struct crdt_operation {
    uint32_t before, dot; /* the origin's count before it, and its own number */
    uint8_t kind, item;   /* enum geo_kind */
    uint8_t unused[6];
    int64_t amount;
    uint64_t fresh; /* digest of the element that it adds */
    geo_ns stamp;
    geo_write write;
};

size_t crdt_column_bytes(enum crdt_type type);
static inline size_t crdt_row_bytes(enum crdt_type type, uint32_t nodes)
{
    return crdt_column_bytes(type) * nodes;
}
static inline size_t crdt_operation_bytes(uint32_t nodes)
{
    return sizeof(struct crdt_operation) + nodes * sizeof(uint32_t);
}

uint32_t crdt_count(enum crdt_type type, const void *row, geo_node origin); /* of its writes that arrived */
uint32_t crdt_reflects(enum crdt_type type, const void *row,
                       geo_node origin); /* of its writes that arrived or were overwritten */

/* Does this node's operation to its row, numbered `dot`, larger than its count; fills `out`
 * (crdt_operation_bytes) with what travels. `initial` is of a counter. false: the type cannot do it, or a
 * decrement would go below zero as this node sees it (CRDT_BELOW). */
enum crdt_done { CRDT_DONE, CRDT_BELOW, CRDT_CANNOT };
enum crdt_done crdt_do(enum crdt_type type, void *row, uint32_t nodes, geo_node self, const geo_op *op,
                       uint32_t dot, geo_ns stamp, int64_t initial, void *out);

/* Takes in an operation of `origin`. false: earlier ones of it are missing; the row is as it was. A
 * repetition does nothing. */
bool crdt_operate(enum crdt_type type, void *row, uint32_t nodes, geo_node origin, const void *operation);

void crdt_merge(enum crdt_type type, void *row, const void *other, uint32_t nodes);

/* What a node's own removes have removed, of the adds of each node: it goes with its deltas. What others
 * removed does not, though its row shows it: who has merged a delta must show no more than the origin's
 * writes made (strong eventual consistency), however late the delta is packed. */
struct crdt_removes {
    uint32_t removed[GEO_SET_ITEMS];
};
void crdt_removes_note(struct crdt_removes *own, uint32_t nodes, const void *operation);

/* The origin's own writes up to now, as a row: of counters its column; of sets that with its own removes,
 * [nodes]; of registers the write of `operation` with what it overwrote. */
void crdt_delta(enum crdt_type type, const void *row, uint32_t nodes, geo_node origin, const void *operation,
                const struct crdt_removes *own, void *out);

/* Bytes on the wire: the entries in use, each at its size; a register's live value at value_bytes. */
uint64_t crdt_wire_bytes(enum crdt_type type, const void *row, uint32_t nodes, uint32_t value_bytes);
uint64_t crdt_operation_wire_bytes(enum crdt_type type, const void *operation, uint32_t nodes,
                                   uint32_t value_bytes);

/* The value: number, members and fresh of a counter or set; `initial` is the value from before the start. */
geo_value crdt_value(enum crdt_type type, const void *row, uint32_t nodes, const geo_value *initial);

/* The siblings of a register: their versions {dot, write} by origin into out[nodes]; how many. Of an
 * lww_register the one that wins. */
uint32_t crdt_siblings(enum crdt_type type, const void *row, uint32_t nodes, geo_version *out);

/* What a read answers, as one number: equal for equal answers, and for the initial value that of
 * geo_value_digest. */
uint64_t crdt_digest(enum crdt_type type, const void *row, uint32_t nodes, const geo_value *initial);

#endif
