/* keys.c -- see keys.h. */
#include "sim/observe/keys.h"

#include "sim/base/sparse.h"

void keys_open(struct keys *k, uint64_t count)
{
    k->count = count;
    k->marks = sparse_new(count * sizeof *k->marks);
    k->states = sparse_new(count * sizeof *k->states);
}

void keys_close(struct keys *k)
{
    sparse_free(k->marks, k->count * sizeof *k->marks);
    sparse_free(k->states, k->count * sizeof *k->states);
}

uint64_t keys_bytes(uint64_t count)
{
    return count * (sizeof(struct key_marks) + sizeof(struct key_state));
}
