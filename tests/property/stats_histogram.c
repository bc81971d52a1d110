/* stats_histogram.c -- random values against a sorted array of them. */
#include "sim/base/hash.h"
#include "sim/stats/histogram.h"
#include "sim/stats/percentile.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { ROUNDS = 400, VALUES = 3000 };

static uint64_t state;

static uint64_t draw(void)
{
    return hash_mix(state += UINT64_C(0x9e3779b97f4a7c15));
}

/* Of every size: as many values of 5 bits as of 50, or all close together, or a few different ones. */
static int64_t draw_value(unsigned shape)
{
    if (shape == 0)
        return (int64_t)(draw() >> (1 + draw() % 63));
    if (shape == 1)
        return INT64_C(80000000) + (int64_t)(draw() % 3000000);
    return (int64_t)(draw() % 4 * 70000001);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Half a bucket is at most 2^-11 of its least value; below 2048 nothing. */
static int64_t error_bound(int64_t value)
{
    return value < 2048 ? 0 : value / 2048;
}

static void check_against_sorted(const struct histogram *h, const int64_t *sorted, size_t n, uint64_t seed)
{
    histogram_sum sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (uint64_t)sorted[i];
    cr_assert_eq(histogram_count(h), n, "seed %lu", (unsigned long)seed);
    cr_assert(h->sum == sum, "seed %lu", (unsigned long)seed);
    cr_assert_eq(histogram_min(h), sorted[0]);
    cr_assert_eq(histogram_max(h), sorted[n - 1]);
    double p[40];
    int64_t answers[40];
    for (size_t i = 0; i < 40; i++)
        p[i] = (double)(i + 1) / 40;
    histogram_quantiles(h, p, 40, answers);
    for (size_t i = 0; i < 40; i++) {
        int64_t truth = sorted[percentile_rank(n, p[i]) - 1];
        int64_t answer = histogram_quantile(h, p[i]);
        cr_assert_eq(answer, answers[i]);
        cr_assert_leq(llabs(answer - truth), error_bound(truth), "seed %lu: p %g is %ld, not %ld",
                      (unsigned long)seed, p[i], (long)answer, (long)truth);
        cr_assert(answer >= sorted[0] && answer <= sorted[n - 1]);
        cr_assert(i == 0 || answer >= answers[i - 1]);
    }
}

/* Between how many are above the value's bucket, and how many are not below it. */
static void check_above(const struct histogram *h, const int64_t *sorted, size_t n, int64_t value)
{
    uint32_t slot = histogram_slot(value);
    uint64_t least = 0, most = 0;

    for (size_t i = 0; i < n; i++) {
        least += sorted[i] > histogram_slot_high(slot);
        most += sorted[i] >= histogram_slot_low(slot);
    }
    uint64_t above = histogram_above(h, value);
    cr_assert(above == least || above == most);
}

Test(property_histogram, quantiles_are_those_of_the_sorted_values)
{
    static int64_t values[VALUES];

    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct histogram h = {0};
        state = hash_mix(seed);
        size_t n = 1 + draw() % (seed % 4 == 0 ? 10 : VALUES);
        unsigned shape = (unsigned)(draw() % 3);
        for (size_t i = 0; i < n; i++)
            histogram_add(&h, values[i] = draw_value(shape));
        qsort(values, n, sizeof *values, compare);
        check_against_sorted(&h, values, n, seed);
        for (int i = 0; i < 20; i++)
            check_above(&h, values, n, i % 2 == 0 ? draw_value(shape) : values[draw() % n]);
        histogram_free(&h);
    }
}

/* However the values are parted and the parts joined, it is the same histogram as from adding them one by
 * one. */
Test(property_histogram, merging_is_associative_and_commutative)
{
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct histogram part[3] = {{0}}, all = {0}, left = {0}, right = {0}, last = {0};
        state = hash_mix(seed);
        unsigned shape = (unsigned)(draw() % 3), parts = 1 + (unsigned)(draw() % 3); /* some are empty */
        for (size_t i = draw() % 500; i > 0; i--) {
            int64_t value = draw_value(shape);
            uint64_t times = draw() % 8 == 0 ? draw() >> 16 : 1;
            histogram_add_many(&part[draw() % parts], value, times);
            histogram_add_many(&all, value, times);
        }
        histogram_merge(&left, &part[0]); /* (0 + 1) + 2 */
        histogram_merge(&left, &part[1]);
        histogram_merge(&left, &part[2]);
        histogram_merge(&last, &part[2]); /* 0 + (2 + 1), from the other end */
        histogram_merge(&last, &part[1]);
        histogram_merge(&right, &last);
        histogram_merge(&right, &part[0]);
        cr_assert(histogram_equals(&left, &all), "seed %lu", (unsigned long)seed);
        cr_assert(histogram_equals(&right, &all), "seed %lu", (unsigned long)seed);
        for (int i = 0; i < 3; i++)
            histogram_free(&part[i]);
        histogram_free(&all);
        histogram_free(&left);
        histogram_free(&right);
        histogram_free(&last);
    }
}

Test(property_histogram, bytes_are_read_back_and_noise_never_harms)
{
    static char bytes[1 << 20];

    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct histogram h = {0}, back = {0};
        state = hash_mix(seed);
        for (size_t i = draw() % 2000, shape = draw() % 3; i > 0; i--)
            histogram_add(&h, draw_value((unsigned)shape));
        FILE *file = fmemopen(bytes, sizeof bytes, "w+");
        cr_assert(histogram_write(&h, file));
        long length = ftell(file);
        rewind(file);
        cr_assert(histogram_read(&back, file), "seed %lu", (unsigned long)seed);
        cr_assert(histogram_equals(&h, &back), "seed %lu", (unsigned long)seed);
        cr_assert_eq(ftell(file), length, "it reads its own bytes and no more");
        fclose(file);
        /* Noise behind a right magic: refused (its checksum would have to agree by chance, 2^-64), and no
         * harm done. */
        for (int i = 4; i < 400; i++)
            bytes[i] = (char)(draw() % (i % 3 == 0 ? 256 : 4));
        file = fmemopen(bytes, 400, "r");
        cr_assert_not(histogram_read(&back, file), "seed %lu", (unsigned long)seed);
        fclose(file);
        histogram_free(&h);
        histogram_free(&back);
    }
}
