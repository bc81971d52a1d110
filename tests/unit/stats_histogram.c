/* stats_histogram.c -- the histogram by hand: what is exact, which value a percentile is, and what is read
 * back. */
#include "sim/stats/histogram.h"
#include "sim/stats/histogram_queue.h"
#include "sim/stats/percentile.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

Test(stats_histogram, empty_is_zeroed_and_small)
{
    struct histogram h = {0};

    cr_assert_eq(histogram_count(&h), 0u);
    cr_assert_eq(histogram_above(&h, 0), 0u);
    cr_assert_leq(sizeof h, 1024u);
    histogram_clear(&h);
    histogram_free(&h);
    cr_assert_null(h.pages);
}

Test(stats_histogram, one_value_is_every_quantile_exactly)
{
    struct histogram h = {0};

    histogram_add_many(&h, 80000000, 7);
    cr_assert_eq(histogram_quantile(&h, 0.001), 80000000);
    cr_assert_eq(histogram_quantile(&h, 0.5), 80000000);
    cr_assert_eq(histogram_quantile(&h, 1), 80000000);
    cr_assert_eq(histogram_mean(&h), 80000000.0);
    histogram_free(&h);
}

Test(stats_histogram, small_values_are_exact)
{
    struct histogram h = {0};

    for (int64_t value = 0; value < 2048; value++)
        histogram_add(&h, value);
    for (int64_t value = 0; value < 2048; value++) {
        cr_assert_eq(histogram_quantile(&h, (double)(value + 1) / 2048), value);
        cr_assert_eq(histogram_above(&h, value), (uint64_t)(2047 - value));
    }
    histogram_free(&h);
}

Test(stats_histogram, slots_adjoin_and_are_narrow)
{
    for (uint32_t slot = 0; slot < HISTOGRAM_SLOTS; slot++) {
        int64_t low = histogram_slot_low(slot), high = histogram_slot_high(slot);
        cr_assert_eq(histogram_slot(low), slot);
        cr_assert_eq(histogram_slot(high), slot);
        cr_assert(slot == 0 || low == histogram_slot_high(slot - 1) + 1);
        cr_assert(low < 2048 ? high == low : high - low + 1 <= low / 1024, "slot %u", slot);
    }
    cr_assert_eq(histogram_slot_high(HISTOGRAM_SLOTS - 1), INT64_MAX);
}

Test(stats_histogram, percentile_p_is_the_ceil_p_n_th_smallest)
{
    cr_assert_eq(percentile_rank(10, 0.5), 5u);
    cr_assert_eq(percentile_rank(11, 0.5), 6u);
    cr_assert_eq(percentile_rank(1, 0.001), 1u);
    cr_assert_eq(percentile_rank(3, 1), 3u);
    /* Every share of a thousand, of a thousand values, is a whole rank, whatever the product of the doubles
     * is. */
    for (unsigned i = 1; i <= 1000; i++)
        cr_assert_eq(percentile_rank(1000, i / 1000.0), i);
    cr_assert_eq(percentile_rank(100, 0.07), 7u);
    cr_assert_eq(percentile_rank(1001, 0.999), 1000u);
    cr_assert_eq(percentile_rank(UINT64_MAX, 1), UINT64_MAX);
}

Test(stats_histogram, percentile_is_pooled_below_one_over_one_minus_p)
{
    cr_assert(percentile_is_pooled(0.5, 1) && !percentile_is_pooled(0.5, 2));
    cr_assert(percentile_is_pooled(0.9, 9) && !percentile_is_pooled(0.9, 10));
    cr_assert(percentile_is_pooled(0.99, 99) && !percentile_is_pooled(0.99, 100));
    cr_assert(percentile_is_pooled(0.999, 999) && !percentile_is_pooled(0.999, 1000));
    cr_assert(percentile_is_pooled(0.5, 0));
}

Test(stats_histogram, mean_and_counts_are_exact_beyond_64_bits)
{
    struct histogram h = {0};

    histogram_add_many(&h, INT64_MAX, UINT64_C(1) << 40);
    histogram_add_many(&h, INT64_MAX - 2, UINT64_C(1) << 40);
    cr_assert(h.sum == ((histogram_sum)INT64_MAX - 1) << 41);
    cr_assert_eq(histogram_mean(&h), 0x1p63);
    cr_assert_eq(histogram_count(&h), UINT64_C(1) << 41);
    cr_assert_eq(histogram_slot_count(&h, HISTOGRAM_SLOTS - 1), UINT64_C(1) << 41);
    histogram_free(&h);

    histogram_add_many(&h, 3, 1);
    histogram_add_many(&h, 4, 2);
    cr_assert_eq(histogram_mean(&h), 3.0 + 2.0 / 3.0);
    histogram_free(&h);
}

Test(stats_histogram, the_one_value_of_a_bucket_is_told_however_wide_it_is)
{
    for (int bits = 0; bits < 62; bits++)
        for (int64_t less = -1; less <= 1; less++) {
            struct histogram h = {0}, all = {0};
            int64_t value = (INT64_C(1) << bits) + (INT64_C(1) << bits) / 3 * 2 + less;
            int64_t last = histogram_slot_high(histogram_slot(value));
            histogram_add_many(&h, last, 2);
            histogram_add(&h, last);
            histogram_merge(&all, &h);
            cr_assert_eq(histogram_slot_only(&all, histogram_slot(last)), last);
            histogram_add(&h, histogram_slot_low(histogram_slot(value)));
            histogram_merge(&all, &h);
            bool one = histogram_slot_low(histogram_slot(value)) == last;
            cr_assert_eq(histogram_slot_only(&all, histogram_slot(last)), one ? last : HISTOGRAM_MIXED);
            cr_assert_eq(histogram_slot_count(&all, histogram_slot(last)), 7u);
            histogram_free(&h);
            histogram_free(&all);
        }
}

Test(stats_histogram, a_bucket_counts_past_32_bits_one_by_one)
{
    struct histogram h = {0};

    histogram_add_many(&h, 5, UINT32_MAX);
    histogram_add(&h, 5);
    histogram_add(&h, 5);
    cr_assert_eq(histogram_slot_count(&h, 5), (UINT64_C(1) << 32) + 1);
    histogram_clear(&h);
    cr_assert_eq(histogram_slot_count(&h, 5), 0u);
    histogram_add(&h, 9);
    cr_assert_eq(histogram_min(&h), 9);
    cr_assert_eq(histogram_max(&h), 9);
    cr_assert_eq(histogram_mean(&h), 9.0);
    histogram_free(&h);
}

Test(stats_histogram, a_negative_value_is_a_bug, .signal = SIGABRT)
{
    struct histogram h = {0};

    histogram_add(&h, -1);
}

Test(stats_histogram, a_quantile_of_nothing_is_a_bug, .signal = SIGABRT)
{
    struct histogram h = {0};

    histogram_quantile(&h, 0.5);
}

/* A histogram with gaps, large counts and values to the end of the range, and its bytes. */
static void sample(struct histogram *h)
{
    *h = (struct histogram){0};
    histogram_add(h, 3);
    for (int64_t value = 80000000; value < 90000000; value += 12345)
        histogram_add(h, value);
    histogram_add_many(h, 150000001, UINT64_C(5000000000));
    histogram_add(h, INT64_MAX - 5);
}

static size_t bytes_of(const struct histogram *h, char *bytes, size_t room)
{
    FILE *file = fmemopen(bytes, room, "w");

    cr_assert(histogram_write(h, file));
    cr_assert_eq(fflush(file), 0);
    size_t length = (size_t)ftell(file);
    fclose(file);
    return length;
}

static bool read_from(struct histogram *h, char *bytes, size_t length)
{
    FILE *file = length != 0 ? fmemopen(bytes, length, "r") : fopen("/dev/null", "r");
    bool fine = histogram_read(h, file);

    fclose(file);
    return fine;
}

Test(stats_histogram, what_is_written_is_read_back_and_may_follow_each_other)
{
    struct histogram h, none = {0}, back = {0};
    char *bytes;
    size_t length;

    sample(&h);
    FILE *file = open_memstream(&bytes, &length);
    cr_assert(histogram_write(&h, file) && histogram_write(&none, file) && histogram_write(&h, file));
    fclose(file);
    file = fmemopen(bytes, length, "r");
    cr_assert(histogram_read(&back, file));
    cr_assert(histogram_equals(&h, &back));
    cr_assert(histogram_read(&back, file));
    cr_assert(histogram_equals(&none, &back));
    cr_assert(histogram_read(&back, file));
    cr_assert(histogram_equals(&h, &back));
    cr_assert_eq(histogram_min(&back), 3);
    cr_assert_eq(histogram_max(&back), INT64_MAX - 5);
    cr_assert_not(histogram_read(&back, file), "there is no fourth");
    cr_assert_eq(histogram_count(&back), 0u);
    fclose(file);
    free(bytes);
    histogram_free(&h);
    histogram_free(&back);
}

Test(stats_histogram, every_cut_and_every_turned_bit_is_noticed)
{
    static char bytes[16384];
    struct histogram h, back = {0};

    sample(&h);
    size_t length = bytes_of(&h, bytes, sizeof bytes);
    cr_assert(read_from(&back, bytes, length));
    for (size_t cut = 0; cut < length; cut++) {
        cr_assert_not(read_from(&back, bytes, cut), "cut to %zu bytes", cut);
        cr_assert_eq(histogram_count(&back), 0u);
    }
    for (size_t bit = 0; bit < length * 8; bit++) {
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        cr_assert_not(read_from(&back, bytes, length), "bit %zu", bit);
        cr_assert_eq(histogram_count(&back), 0u);
        bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    histogram_free(&h);
    histogram_free(&back);
}

/* What contradicts itself is refused even with a checksum that holds. */
Test(stats_histogram, a_contradiction_is_refused)
{
    static char bytes[16384];
    struct histogram h, back = {0};

    for (int wrong = 0; wrong < 5; wrong++) {
        sample(&h);
        if (wrong == 0)
            h.count++;
        else if (wrong == 1)
            h.sum *= 2;
        else if (wrong == 2)
            h.sum = 0;
        else if (wrong == 3)
            h.count--;
        bool fine = read_from(&back, bytes, bytes_of(&h, bytes, sizeof bytes));
        cr_assert_eq(fine, wrong == 4, "case %d", wrong);
        histogram_free(&h);
    }
    histogram_free(&back);
}

Test(stats_histogram, a_full_disk_is_said)
{
    FILE *full = fopen("/dev/full", "w");
    struct histogram h;

    if (full == NULL)
        cr_skip_test("no /dev/full here");
    setvbuf(full, NULL, _IONBF, 0);
    sample(&h);
    cr_assert_not(histogram_write(&h, full));
    fclose(full);
    histogram_free(&h);
}

/* Constant delays give a few values, each alone in its bucket: their percentiles are exact, merged or read
 * back too. */
Test(stats_histogram, a_value_alone_in_its_bucket_is_exact)
{
    static const int64_t values[] = {500000, 80500000, 150500000};
    struct histogram h = {0}, other = {0}, back = {0};
    FILE *file = tmpfile();

    for (int i = 0; i < 30; i++)
        histogram_add(i % 2 == 0 ? &h : &other, values[i / 10]);
    histogram_merge(&h, &other);
    cr_assert(histogram_write(&h, file));
    rewind(file);
    cr_assert(histogram_read(&back, file));
    cr_expect(histogram_equals(&h, &back));
    cr_expect_eq(histogram_quantile(&back, 0.3), 500000);
    cr_expect_eq(histogram_quantile(&back, 0.5), 80500000);
    cr_expect_eq(histogram_quantile(&back, 0.9), 150500000);
    histogram_add(&back, 80500001); /* in the same bucket: now it is the bucket's middle, within 0.05% */
    cr_expect_lt(llabs(histogram_quantile(&back, 0.5) - 80500000), 80500000 / 2048);
    cr_expect_not(histogram_equals(&h, &back));
    fclose(file);
    histogram_free(&h);
    histogram_free(&other);
    histogram_free(&back);
}

/* What waits in a queue is there once it is flushed, each value in the histogram that it was meant for. */
Test(stats_histogram, a_queue_loses_nothing)
{
    struct histogram straight[3] = {0}, queued[3] = {0};
    struct histogram_queue q = {0};
    uint64_t luck = 20261125;

    for (int i = 0; i < 10000; i++) {
        luck = luck * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int64_t value = (int64_t)(luck >> 24 >> (luck % 30));
        histogram_add(&straight[luck >> 62 & 1], value);
        histogram_queue_add(&q, &queued[luck >> 62 & 1], value);
    }
    histogram_queue_flush(&q);
    cr_assert_gt(histogram_count(&queued[0]), 4000u);
    cr_assert_eq(histogram_count(&queued[0]) + histogram_count(&queued[1]), 10000u);
    histogram_queue_flush(&q); /* nothing left */
    for (int h = 0; h < 3; h++) {
        cr_assert(histogram_equals(&straight[h], &queued[h]), "histogram %d", h);
        histogram_free(&straight[h]);
        histogram_free(&queued[h]);
    }
}
