/* check_map.c -- see check_map.h. Linear probing; a removal moves back whatever probed past
 * the hole, so that no tombstones pile up in a run of millions of writes that come and go. */
#include "sim/observe/check_map.h"

#include "sim/base/check.h"
#include "sim/base/sparse.h"

static void slots_free(struct check_map *m)
{
    sparse_free(m->slots, (m->mask + 1) * sizeof *m->slots);
}

void check_map_free(struct check_map *m)
{
    slots_free(m);
    *m = (struct check_map){0};
}

/* Cheaper than hash_join, and good enough for a place in a table. */
static inline size_t home_of(const struct check_map *m, uint64_t a, uint64_t b)
{
    uint64_t h =
        a * UINT64_C(0x9e3779b97f4a7c15) ^ (b + UINT64_C(0x2545f4914f6cdd1d)) * UINT64_C(0xbf58476d1ce4e5b9);

    h = (h ^ h >> 32) * UINT64_C(0x94d049bb133111eb);
    return (size_t)(h >> 32 ^ h) & m->mask;
}

static size_t slot_of(const struct check_map *m, uint64_t a, uint64_t b)
{
    size_t i = home_of(m, a, b);

    while (m->slots[i].held != 0 && (m->slots[i].a != a || m->slots[i].b != b))
        i = (i + 1) & m->mask;
    return i;
}

uint64_t check_map_get(const struct check_map *m, uint64_t a, uint64_t b)
{
    return m->slots == NULL ? CHECK_ABSENT : m->slots[slot_of(m, a, b)].held - 1;
}

static void grow(struct check_map *m)
{
    struct check_map bigger = {.mask = m->slots == NULL ? 63 : m->mask * 2 + 1, .count = m->count};

    bigger.slots =
        sparse_grow(NULL, 0, 0, (bigger.mask + 1) * sizeof *bigger.slots); /* soon touched all over */
    for (size_t i = 0; m->slots != NULL && i <= m->mask; i++)
        if (m->slots[i].held != 0)
            bigger.slots[slot_of(&bigger, m->slots[i].a, m->slots[i].b)] = m->slots[i];
    slots_free(m);
    *m = bigger;
}

void check_map_put(struct check_map *m, uint64_t a, uint64_t b, uint64_t value)
{
    CHECK(value != CHECK_ABSENT);
    if (m->slots == NULL || (m->count + 1) * 4 > (m->mask + 1) * 3)
        grow(m);
    struct check_slot *slot = &m->slots[slot_of(m, a, b)];
    m->count += slot->held == 0;
    *slot = (struct check_slot){a, b, value + 1};
}

uint64_t check_map_take(struct check_map *m, uint64_t a, uint64_t b)
{
    if (m->slots == NULL)
        return CHECK_ABSENT;
    size_t hole = slot_of(m, a, b);
    uint64_t value = m->slots[hole].held - 1;
    if (value == CHECK_ABSENT)
        return CHECK_ABSENT;
    m->count--;
    for (size_t i = (hole + 1) & m->mask; m->slots[i].held != 0; i = (i + 1) & m->mask) {
        size_t home = home_of(m, m->slots[i].a, m->slots[i].b);
        if (((i - home) & m->mask) >= ((i - hole) & m->mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole].held = 0;
    return value;
}
