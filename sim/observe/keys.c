/* keys.c -- see keys.h. Both are one table, so that it is the sooner large enough for large pages. */
#include "sim/observe/keys.h"

#include "sim/base/sparse.h"

void keys_open(struct keys *k, uint64_t count)
{
    k->count = count;
    k->states = sparse_new(keys_bytes(count));
    k->marks = (struct key_marks *)(void *)(k->states + count);
}

void keys_close(struct keys *k)
{
    sparse_free(k->states, keys_bytes(k->count));
}

uint64_t keys_bytes(uint64_t count)
{
    return count * (sizeof(struct key_marks) + sizeof(struct key_state));
}
