/* row.h -- the state of one key on its way: what `outbox` ships and `copy` copies. Its payload is the
 * model's. */
#ifndef GEOREP_MODELS_PARTS_ROW_H
#define GEOREP_MODELS_PARTS_ROW_H

#include "sim/model/model.h"

enum { ROWS_BYTES = 32 * 1024 }; /* the most that one message holds; a row with its payload must fit */

struct row {
    geo_key key;
    uint64_t position;   /* in the sender's outbox; 0: it wants no acknowledgement */
    geo_op_id op;        /* the operation that it was sent for, 0: none */
    uint64_t wire_bytes; /* what the payload counts on the wire */
    geo_node origin;     /* whose outbox */
    uint32_t bytes;      /* of the payload that follows, padded to 8 */
};

/* Fills `payload` (room for ROWS_BYTES - sizeof (struct row)) with what other replicas should know of the
 * key; its bytes, 0 when there is nothing to tell. `kept` is what the outbox keeps with the write, NULL for a
 * copy. */
typedef size_t row_pack(geo_replica *r, geo_key key, const void *kept, void *payload, uint64_t *wire_bytes);

/* Takes in what came. false: it could not be used yet; it is not acknowledged and comes again. */
typedef bool row_unpack(geo_replica *r, geo_key key, geo_node origin, const void *payload, size_t bytes);

static inline size_t row_padded(size_t bytes)
{
    return (bytes + 7) & ~(size_t)7;
}

/* Is `n` among the replicas of the key? */
bool row_held_by(const geo_replica *r, geo_key key, geo_node n);

/* The other replicas of the key into out[ROW_HOLDERS_MOST]; how many. */
enum { ROW_HOLDERS_MOST = 256 };
uint32_t row_others(const geo_replica *r, geo_key key, geo_node *out);

#endif
