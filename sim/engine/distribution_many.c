/* distribution_many.c -- draws of many streams at once (distribution.h): what one waits for, another uses,
 * and each is the same bits as alone. The few that their first word does not decide are drawn alone. */
#include "sim/engine/distribution.h"

#include "sim/base/processor.h"
#include "sim/engine/elementary_four.h"
#include "sim/engine/ziggurat.h"

#include <math.h>

enum { DRAWS_AT_ONCE = 16, FOUR = 4 };

void exponential_draws(random_key k, uint64_t a, uint32_t b, uint32_t count, double *draws)
{
    struct random_pair pairs[DRAWS_AT_ONCE];

    for (uint32_t done = 0, some; done < count; done += some) {
        some = count - done < DRAWS_AT_ONCE ? count - done : DRAWS_AT_ONCE;
        random_blocks(k, a + done, b, 0, some, pairs);
        for (uint32_t i = 0; i < some; i++) {
            if (ziggurat_exponential_at_once(pairs[i].first, &draws[done + i]))
                continue;
            random_stream s = random_stream_within(k, a + done + i, b, 0, pairs[i]);
            draws[done + i] = ziggurat_exponential_of(pairs[i].first, &s);
        }
    }
}

#if PROCESSOR_IS_X86
/* d[i]->a * exp(d[i]->b * normals[i]) in whole ns, where an int64 holds them; false: where not. */
__attribute__((target("avx2"))) static bool
lognormal_four(const struct distribution *const *d, const double *normals, uint32_t count, sim_ns *draws)
{
    double a[FOUR] = {0}, b[FOUR] = {0}, x[FOUR];
    __m256d power;

    for (uint32_t i = 0; i < count; i++) {
        a[i] = d[i]->a;
        b[i] = d[i]->b;
    }
    if (!exp_four(_mm256_mul_pd(_mm256_loadu_pd(b), _mm256_loadu_pd(normals)), &power))
        return false;
    power = _mm256_mul_pd(_mm256_loadu_pd(a), power);
    if (_mm256_movemask_pd(_mm256_cmp_pd(power, _mm256_set1_pd(0x1p63), _CMP_LT_OQ)) != 15)
        return false;
    _mm256_storeu_pd(x, power);
    for (uint32_t i = 0; i < count; i++)
        draws[i] = (sim_ns)llrint(x[i]);
    return true;
}

/* At most four. False: they are not all lognormal, or one is of a size that is rare. */
static bool draw_four(const struct distribution *const *d, const random_key *k, const uint64_t *a, uint32_t b,
                      uint32_t block, uint32_t count, sim_ns *draws)
{
    struct random_pair pairs[FOUR];
    random_key keys[FOUR] = {0};
    uint64_t numbers[FOUR] = {0};
    double normals[FOUR] = {0};

    for (uint32_t i = 0; i < count; i++) {
        if (d[i]->kind != DISTRIBUTION_LOGNORMAL)
            return false;
        keys[i] = k[i];
        numbers[i] = a[i];
    }
    random_blocks_of(keys, numbers, b, block, FOUR, pairs);
    for (uint32_t i = 0; i < count; i++) {
        if (ziggurat_normal_at_once(pairs[i].first, &normals[i]))
            continue;
        random_stream s = random_stream_within(k[i], a[i], b, block, pairs[i]);
        normals[i] = ziggurat_normal_of(pairs[i].first, &s);
    }
    return lognormal_four(d, normals, count, draws);
}
#else
static bool draw_four(const struct distribution *const *d, const random_key *k, const uint64_t *a, uint32_t b,
                      uint32_t block, uint32_t count, sim_ns *draws)
{
    (void)d, (void)k, (void)a, (void)b, (void)block, (void)count, (void)draws;
    return false;
}
#endif

void distribution_draws_ns(const struct distribution *const *d, const random_key *k, const uint64_t *a,
                           uint32_t b, uint32_t block, uint32_t count, sim_ns *draws)
{
    bool wide = processor_has_avx2();

    for (uint32_t i = 0, some; i < count; i += some) {
        some = count - i < FOUR ? count - i : FOUR;
        if (wide && some > 1 && draw_four(&d[i], &k[i], &a[i], b, block, some, &draws[i]))
            continue;
        some = 1;
        random_stream s = random_stream_new(k[i], a[i], b);
        random_seek(&s, 2 * block);
        draws[i] = distribution_draw_ns(d[i], &s);
    }
}
