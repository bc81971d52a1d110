/* check_map.c -- the checkers' hash table against a plain table of all names there can be. */
#include "sim/observe/check_map.h"
#include "sim/base/hash.h"

#include <criterion/criterion.h>

enum { A = 200, B = 7, STEPS = 200000 };

static uint64_t luck;

static uint64_t draw(uint64_t below)
{
    luck = hash_mix(luck);
    return (luck >> 11) % below;
}

/* Far from each other, as values and identities are, or side by side. */
static uint64_t name_of(uint64_t a)
{
    return a % 2 == 0 ? hash_mix(a) : a;
}

Test(check_map, has_what_was_put_until_it_is_taken)
{
    struct check_map map = {0};
    uint64_t there[A][B];
    size_t count = 0;

    luck = 1;
    for (int a = 0; a < A; a++)
        for (int b = 0; b < B; b++)
            there[a][b] = CHECK_ABSENT;
    for (int step = 0; step < STEPS; step++) {
        uint64_t a = draw(A), b = draw(B), *value = &there[a][b];
        cr_assert_eq(check_map_get(&map, name_of(a), b), *value, "step %d", step);
        /* It fills, empties and fills again. */
        if (draw(10) < (step / 20000 % 2 == 0 ? 7u : 3u)) {
            count += *value == CHECK_ABSENT;
            *value = draw(3) == 0 ? CHECK_ABSENT - 1 - draw(2) : draw(3);
            check_map_put(&map, name_of(a), b, *value);
        } else {
            count -= *value != CHECK_ABSENT;
            cr_assert_eq(check_map_take(&map, name_of(a), b), *value, "step %d", step);
            *value = CHECK_ABSENT;
        }
        cr_assert_eq(map.count, count, "step %d", step);
    }
    for (uint64_t a = 0; a < A; a++)
        for (uint64_t b = 0; b < B; b++)
            cr_assert_eq(check_map_get(&map, name_of(a), b), there[a][b]);
    check_map_free(&map);
    cr_assert_eq(check_map_get(&map, 1, 1), CHECK_ABSENT);
    cr_assert_eq(check_map_take(&map, 1, 1), CHECK_ABSENT);
}
