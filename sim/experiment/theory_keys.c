/* theory_keys.c -- how often operations meet on a key: the keys in classes of (nearly) equal chance.
 *
 * Zipf's ranks stand alone up to a thousand; beyond, a class has those from one rank to 1% above, each with
 * the mean of their chances: what is a smooth function of a key's rate is off by some (1% theta)^2 / 24 of
 * itself, less than 1e-4 for theta <= 4. Sums of i^-theta over a class beyond the thousandth are the midpoint
 * rule's, within 1e-8. */
#include "sim/engine/elementary.h"
#include "sim/experiment/theory_room.h"

#include <math.h>
#include <stdlib.h>

enum { ALONE = 1000 };

static double power(double x, double exponent)
{
    return elementary_exp(exponent * elementary_log(x));
}

static void add(struct theory_keys *k, double count, double weight)
{
    *array_add(&k->classes) = (struct theory_key_class){.count = count, .chance = weight};
}

/* Sum of i^-theta for first <= i < end. */
static double mass(double first, double end, double theta)
{
    if (fabs(theta - 1) < 1e-12)
        return elementary_log((end - 0.5) / (first - 0.5));
    return (power(end - 0.5, 1 - theta) - power(first - 0.5, 1 - theta)) / (1 - theta);
}

static void zipf(struct theory_keys *k, double keys, double theta)
{
    double sum = 0, first = 1;

    for (; first <= keys && first <= ALONE; first++)
        add(k, 1, power(first, -theta));
    while (first <= keys) {
        double end = fmin(floor(first * 1.01) + 1, keys + 1);
        add(k, end - first, mass(first, end, theta) / (end - first));
        first = end;
    }
    for (size_t i = 0; i < k->classes.count; i++)
        sum += k->classes.items[i].count * k->classes.items[i].chance;
    for (size_t i = 0; i < k->classes.count; i++)
        k->classes.items[i].chance /= sum;
}

static bool is_like(const struct workload_def *a, const struct workload_def *b)
{
    return a->keys == b->keys && a->zipf_theta == b->zipf_theta && a->hotspot_share == b->hotspot_share &&
           a->hotspot_load == b->hotspot_load;
}

bool theory_keys_open(struct theory_keys *k, const struct theory_case *c)
{
    const struct workload_def *law = NULL;
    double keys = (double)c->world->key_count;

    *k = (struct theory_keys){0};
    for (uint32_t r = 0; r < c->world->region_count; r++) {
        const struct workload_def *w = &c->world->regions[r].workload;
        if (w->clients == 0)
            continue;
        if (w->local_share > 0 || w->own_share > 0 || w->keys == KEYS_LATEST ||
            (law != NULL && !is_like(law, w)))
            return false;
        law = w;
    }
    if (law == NULL)
        return false;
    if (law->keys == KEYS_ZIPFIAN) {
        zipf(k, keys, law->zipf_theta);
    } else if (law->keys == KEYS_HOTSPOT) {
        double hot = fmax(1, floor(law->hotspot_share * keys));
        if (hot >= keys || law->hotspot_share * keys != hot)
            return false;
        add(k, hot, law->hotspot_load / hot);
        add(k, keys - hot, (1 - law->hotspot_load) / (keys - hot));
    } else {
        add(k, keys, 1 / keys);
    }
    return true;
}

void theory_keys_close(struct theory_keys *k)
{
    array_free(&k->classes);
}

double theory_alike(const struct theory_case *c)
{
    struct theory_keys k;
    double sum = theory_keys_open(&k, c) ? 0 : 1;

    array_each (struct theory_key_class, one, &k.classes)
        sum += one->count * one->chance * one->chance;
    theory_keys_close(&k);
    return fmin(1, sum);
}
