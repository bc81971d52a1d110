/* keys.c -- see keys.h. */
#include "sim/observe/keys.h"

#include "sim/base/sparse.h"

void keys_open(struct keys *k, uint64_t count, uint64_t touches)
{
    k->count = count;
    k->table = sparse_new(keys_bytes(count), touches);
    k->records = k->table;
    uintptr_t beyond = (uintptr_t)k->table % sizeof *k->records;
    if (beyond > 0) /* each is to be a line of its own */
        k->records = (struct key_record *)(void *)((char *)k->table + sizeof *k->records - beyond);
}

void keys_close(struct keys *k)
{
    sparse_free(k->table, keys_bytes(k->count));
}

uint64_t keys_bytes(uint64_t count)
{
    return (count + 1) * sizeof(struct key_record);
}
