/* check_map.h -- a hash table from two words to one, for what the checkers name: (key, value), (write,
 * session).
 *
 * Open addressing, at most 3/4 full, deletion by shifting back; 24 bytes a slot. It is never iterated, so
 * that no order of results depends on it. Pointers are valid until the next put or remove. */
#ifndef GEOREP_OBSERVE_CHECK_MAP_H
#define GEOREP_OBSERVE_CHECK_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct check_slot {
    uint64_t a, b, held; /* the value + 1; 0: it is free */
};

struct check_map {
    struct check_slot *slots;
    size_t count, mask;
};

#define CHECK_ABSENT UINT64_MAX

void check_map_free(struct check_map *m);
uint64_t check_map_get(const struct check_map *m, uint64_t a, uint64_t b); /* CHECK_ABSENT: not there */
void check_map_put(struct check_map *m, uint64_t a, uint64_t b, uint64_t value);
uint64_t check_map_take(struct check_map *m, uint64_t a,
                        uint64_t b); /* what was there, and is removed; CHECK_ABSENT: nothing */

static inline void check_map_remove(struct check_map *m, uint64_t a, uint64_t b)
{
    check_map_take(m, a, b);
}

#endif
