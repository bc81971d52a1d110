/* theory_draw.c -- see theory_room.h: draws of theory's own. */
#include "sim/engine/elementary.h"
#include "sim/experiment/theory_room.h"

#include <math.h>

double theory_unit(struct theory_luck *l)
{
    uint64_t z = l->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return ((double)((z ^ z >> 31) >> 11) + 0.5) * 0x1p-53;
}

double theory_draw(struct theory_luck *l, const struct distribution *d)
{
    double u;
    size_t i = 0;

    switch (d->kind) {
    case DISTRIBUTION_CONSTANT:
        return d->a;
    case DISTRIBUTION_UNIFORM:
        return d->a + (d->b - d->a) * theory_unit(l);
    case DISTRIBUTION_EXPONENTIAL:
        return -d->a * elementary_log(theory_unit(l));
    case DISTRIBUTION_PARETO:
        return d->a * elementary_exp(-elementary_log(theory_unit(l)) / d->b);
    case DISTRIBUTION_SHIFTED:
        return d->a + theory_draw(l, d->of);
    case DISTRIBUTION_MIXTURE:
        for (u = theory_unit(l); i + 1 < d->count && u >= d->weights[i];)
            i++;
        return theory_draw(l, &d->of[i]);
    case DISTRIBUTION_EMPIRICAL:
        return d->values[(size_t)(theory_unit(l) * (double)d->count)];
    default: /* by the inverse of its distribution function */
        return distribution_quantile(d, theory_unit(l));
    }
}

double theory_draw_least_0(struct theory_luck *l, const struct distribution *d)
{
    return d != NULL ? fmax(0, theory_draw(l, d)) : 0;
}

double theory_draw_way(struct theory_luck *l, const struct link_def *link)
{
    return theory_draw_least_0(l, link->delay) * (link->delay_is_round_trip ? 0.5 : 1) +
           theory_draw_least_0(l, link->jitter);
}
