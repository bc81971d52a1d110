/* value.c -- what an operation makes of a value, and what a read of it answers: the same for every strategy
 * that does not merge (semantics, A: such a strategy holds a counter or a set as a value that is read,
 * changed and written). */
#include "sim/base/hash.h"
#include "sim/model/model.h"

bool geo_value_after(geo_value *value, const geo_op *op)
{
    switch (op->kind) {
    case GEO_INCREMENT:
        value->number += op->amount;
        break;
    case GEO_DECREMENT:
        if (value->number < op->amount)
            return false;
        value->number -= op->amount;
        break;
    case GEO_ADD:
        value->members |= UINT64_C(1) << op->item;
        break;
    case GEO_REMOVE:
        value->members &= ~(UINT64_C(1) << op->item);
        break;
    case GEO_WRITE:
    case GEO_UPDATE:
        if (op->data == GEO_COUNTER)
            value->number += 1;
        else if (op->data == GEO_SET)
            value->fresh ^= hash_mix(op->write);
        break;
    default:
        break;
    }
    return true;
}

uint64_t geo_value_digest(const geo_value *value, uint8_t data)
{
    switch (data) {
    case GEO_COUNTER:
        return (uint64_t)value->number;
    case GEO_SET:
        return hash_join(value->members, value->fresh);
    default:
        return value->version.write;
    }
}
