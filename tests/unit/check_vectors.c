/* check_vectors.c -- vectors of counts against plain arrays of them: those that grow with their owner,
 * copies, joins and the least of several, narrow and wide. */
#include "sim/observe/check_vectors.h"
#include "sim/base/hash.h"

#include <criterion/criterion.h>

enum { OWNERS = 20, LANES = 3000, STEPS = 6000 };

struct owner {
    struct vector *vector;
    uint32_t width, counts[LANES];
};

static uint64_t luck;

static uint64_t draw(uint64_t below)
{
    luck = hash_mix(luck);
    return (luck >> 11) % below;
}

static void check_same(const struct vectors *v, const struct vector *vector, uint32_t width,
                       const uint32_t *counts, int step)
{
    for (uint32_t lane = 0; lane < width; lane++)
        cr_assert_eq(vector_at(v, vector, lane), counts[lane], "step %d, lane %u", step, lane);
}

/* By a lane or many. */
static void grow(struct vectors *v, struct owner *o)
{
    uint32_t width = o->width + 1 + (uint32_t)draw(draw(4) == 0 ? 500 : 3);

    if (width > LANES)
        return;
    o->vector = vector_grow(v, o->vector, o->width, width);
    memset(o->counts + o->width, 0, (width - o->width) * sizeof *o->counts);
    o->width = width;
}

static void count(struct vectors *v, struct owner *o, uint32_t most)
{
    uint32_t lane = (uint32_t)draw(o->width);

    o->counts[lane] = (uint32_t)draw(most + 1);
    vector_set(v, o->vector, lane, o->counts[lane]);
}

/* One learns what another knows, as a session does: by a copy, which is given back. */
static void learn(struct vectors *v, struct owner *o, const struct owner *of)
{
    struct vector *copy = vector_copy(v, of->vector, of->width);

    if (of->width > o->width) {
        o->vector = vector_grow(v, o->vector, o->width, of->width);
        memset(o->counts + o->width, 0, (of->width - o->width) * sizeof *o->counts);
        o->width = of->width;
    }
    if (copy == NULL)
        return;
    vector_join(v, o->vector, copy, of->width);
    vector_give(v, copy, of->width);
    for (uint32_t lane = 0; lane < of->width; lane++)
        if (of->counts[lane] > o->counts[lane])
            o->counts[lane] = of->counts[lane];
}

static void check_least(const struct vectors *v, const struct owner *owners, int step)
{
    uint32_t width = LANES, least[LANES], lowered[LANES];

    for (int i = 0; i < OWNERS; i++)
        width = owners[i].width < width ? owners[i].width : width;
    memset(lowered, 0xff, sizeof lowered);
    for (uint32_t lane = 0; lane < width; lane++) {
        least[lane] = UINT32_MAX;
        for (int i = 0; i < OWNERS; i++)
            least[lane] = owners[i].counts[lane] < least[lane] ? owners[i].counts[lane] : least[lane];
    }
    for (int i = 0; i < OWNERS; i++)
        vector_lower(v, lowered, owners[i].vector, width);
    for (uint32_t lane = 0; lane < width; lane++)
        cr_assert_eq(lowered[lane], least[lane], "step %d, lane %u", step, lane);
}

static void go(struct vectors *v, struct owner *owners, uint32_t most)
{
    for (int step = 0; step < STEPS; step++) {
        struct owner *o = &owners[draw(OWNERS)];
        if (draw(8) == 0)
            grow(v, o);
        else if (draw(4) == 0)
            learn(v, o, &owners[draw(OWNERS)]);
        else if (o->width > 0)
            count(v, o, most);
        check_same(v, o->vector, o->width, o->counts, step);
        if (step % 500 == 0)
            check_least(v, owners, step);
    }
}

Test(check_vectors, are_as_plain_arrays_also_when_they_have_become_wide)
{
    struct vectors v = {0};
    struct owner *owners = memory_new(OWNERS, sizeof *owners);

    luck = 1;
    go(&v, owners, VECTOR_NARROW_MOST);
    struct vectors old = vectors_widen(&v);
    for (int i = 0; i < OWNERS; i++) {
        struct owner *o = &owners[i];
        struct vector *wide = vector_widened(&v, o->vector, o->width);
        check_same(&v, wide, o->width, o->counts, -1);
        vector_give(&v, wide, o->width);
        vector_grown_free(&old, o->vector, o->width);
        o->vector = vector_grow(&v, NULL, 0, o->width);
        for (uint32_t lane = 0; lane < o->width; lane++) {
            cr_assert_eq(vector_at(&v, o->vector, lane), 0);
            vector_set(&v, o->vector, lane, o->counts[lane]);
        }
    }
    vectors_free(&old);
    go(&v, owners, INT32_MAX);
    cr_assert_eq(v.bytes, 0, "%llu bytes of copies are out", (unsigned long long)v.bytes);
    for (int i = 0; i < OWNERS; i++)
        vector_grown_free(&v, owners[i].vector, owners[i].width);
    vectors_free(&v);
    free(owners);
}
