/* histogram.c -- log-linear buckets, as in HdrHistogram (G. Tene), on pages made when a value needs them.
 *
 *     value      0 ... 1023 | 1024 ... 2047 | 2048 2050 ... 4094 | 4096 4100 ... 8188 | ...
 *     width           1     |       1       |         2          |         4          | ...
 *     slot       0 ... 1023 | 1024 ... 2047 | 2048    ...   3071 | 3072     ...  4095 | ...
 *
 * Every octave above 1024 has 1024 buckets of equal width, so a bucket is at most 2^-10 of its least value
 * wide. A quantile answers with the bucket's middle, at most half a width away: 2^-11 = 0.049 %, inside the
 * 0.1 % that semantics (E) allows; or with the one value that fell into it, if it was one. The slot is shift
 * * 1024 + (value >> shift) with the shift that leaves 11 bits, which makes the slots of successive octaves
 * adjoin.
 *
 * Invariant: where pages is not NULL, count is the sum over all buckets, min and max are the extremes
 * (INT64_MAX and -1 while count is 0, as after a clear); where it is NULL all else is 0. Quantiles of ranks 1
 * and n are min and max. The sum cannot overflow: fewer than 2^64 values below 2^63. */
#include "sim/stats/histogram.h"

#include "sim/base/sparse.h"
#include "sim/stats/percentile.h"

#include <stdlib.h>
#include <string.h>

static uint32_t slot_shift(uint32_t slot)
{
    uint32_t octave = slot / HISTOGRAM_OCTAVE;

    return octave > 1 ? octave - 1 : 0;
}

int64_t histogram_slot_low(uint32_t slot)
{
    uint32_t shift = slot_shift(slot);

    return (int64_t)((uint64_t)(slot - shift * HISTOGRAM_OCTAVE) << shift);
}

int64_t histogram_slot_high(uint32_t slot)
{
    return histogram_slot_low(slot) + (int64_t)((UINT64_C(1) << slot_shift(slot)) - 1);
}

static int64_t slot_middle(uint32_t slot)
{
    int64_t low = histogram_slot_low(slot);

    return low + (histogram_slot_high(slot) - low) / 2;
}

/* Of a page that is there, as below. */
static struct histogram_bucket *bucket_of(const struct histogram *h, uint32_t slot)
{
    return &h->pages[slot / HISTOGRAM_PAGE]->buckets[slot % HISTOGRAM_PAGE];
}

static uint64_t count_of(const struct histogram *h, uint32_t slot)
{
    const uint32_t *high = h->more != NULL ? h->more->high[slot / HISTOGRAM_PAGE] : NULL;

    return bucket_of(h, slot)->low | (high != NULL ? (uint64_t)high[slot % HISTOGRAM_PAGE] << 32 : 0);
}

/* The one value that fell into the bucket of this slot, or HISTOGRAM_MIXED. */
static int64_t only_of(const struct histogram *h, uint32_t slot)
{
    if (slot >= HISTOGRAM_WIDE)
        return h->more->only[slot / HISTOGRAM_PAGE][slot % HISTOGRAM_PAGE];
    uint32_t above = bucket_of(h, slot)->above;
    return above != HISTOGRAM_SEVERAL ? histogram_slot_low(slot) + above : HISTOGRAM_MIXED;
}

static void set_only(struct histogram *h, uint32_t slot, int64_t only)
{
    if (slot >= HISTOGRAM_WIDE)
        h->more->only[slot / HISTOGRAM_PAGE][slot % HISTOGRAM_PAGE] = only;
    else
        bucket_of(h, slot)->above =
            only != HISTOGRAM_MIXED ? (uint32_t)(only - histogram_slot_low(slot)) : HISTOGRAM_SEVERAL;
}

static struct histogram_more *more_of(struct histogram *h)
{
    if (h->more == NULL)
        h->more = memory_new(1, sizeof *h->more);
    return h->more;
}

static void set_high(struct histogram *h, uint32_t slot, uint32_t value)
{
    uint32_t **high = &more_of(h)->high[slot / HISTOGRAM_PAGE];

    if (*high == NULL)
        *high = memory_new(HISTOGRAM_PAGE, sizeof **high);
    (*high)[slot % HISTOGRAM_PAGE] = value;
    h->vast = true;
}

/* `only`: what all of them are, or HISTOGRAM_MIXED. The page is there. */
static void add_to_bucket(struct histogram *h, uint32_t slot, uint64_t times, int64_t only)
{
    uint64_t before = count_of(h, slot), count = before + times;

    if (times == 0)
        return;
    if (before == 0 || only_of(h, slot) != only)
        set_only(h, slot, before == 0 ? only : HISTOGRAM_MIXED);
    bucket_of(h, slot)->low = (uint32_t)count;
    if (count >> 32 != 0)
        set_high(h, slot, (uint32_t)(count >> 32));
}

/* Pages, and the table of them, are pieces of large pages: a bucket is met at random. */
static void page_meet(struct histogram *h, uint32_t number)
{
    CHECK(number < HISTOGRAM_PAGES);
    if (h->pages == NULL) {
        h->pages = sparse_new(HISTOGRAM_PAGES * sizeof *h->pages, 0);
        h->min = INT64_MAX;
        h->max = -1;
    }
    if (h->pages[number] != NULL)
        return;
    h->pages[number] = sparse_new(sizeof *h->pages[number], 0);
    if (number >= HISTOGRAM_WIDE / HISTOGRAM_PAGE)
        /* cppcheck-suppress arrayIndexOutOfBoundsCond ; checked above */
        more_of(h)->only[number] = memory_new(HISTOGRAM_PAGE, sizeof(int64_t));
}

void histogram_add_many(struct histogram *h, int64_t value, uint64_t times)
{
    CHECK(value >= 0);
    CHECK(times <= UINT64_MAX - h->count);
    if (times == 0)
        return;
    uint32_t slot = histogram_slot(value);

    page_meet(h, slot / HISTOGRAM_PAGE);
    add_to_bucket(h, slot, times, value);
    h->count += times;
    h->sum += (histogram_sum)(uint64_t)value * times;
    if (value < h->min)
        h->min = value;
    if (value > h->max)
        h->max = value;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    CHECK(into != from);
    CHECK(from->count <= UINT64_MAX - into->count);
    if (from->count == 0)
        return;
    for (uint32_t number = 0; number < HISTOGRAM_PAGES; number++) {
        if (from->pages[number] == NULL)
            continue;
        page_meet(into, number);
        for (uint32_t slot = number * HISTOGRAM_PAGE, end = slot + HISTOGRAM_PAGE; slot < end; slot++)
            if (bucket_of(from, slot)->low != 0 || from->vast)
                add_to_bucket(into, slot, count_of(from, slot), only_of(from, slot));
    }
    into->count += from->count;
    into->sum += from->sum;
    if (from->min < into->min)
        into->min = from->min;
    if (from->max > into->max)
        into->max = from->max;
}

uint64_t histogram_count(const struct histogram *h)
{
    return h->count;
}

int64_t histogram_min(const struct histogram *h)
{
    CHECK(h->count > 0);
    return h->min;
}

int64_t histogram_max(const struct histogram *h)
{
    CHECK(h->count > 0);
    return h->max;
}

double histogram_mean(const struct histogram *h)
{
    CHECK(h->count > 0);
    /* Whole part and rest apart: the quotient of two rounded doubles would be off by more than an ulp. */
    uint64_t whole = (uint64_t)(h->sum / h->count), rest = (uint64_t)(h->sum % h->count);

    return (double)whole + (double)rest / (double)h->count;
}

uint64_t histogram_slot_count(const struct histogram *h, uint32_t slot)
{
    CHECK(slot < HISTOGRAM_SLOTS);
    if (h->pages == NULL || h->pages[slot / HISTOGRAM_PAGE] == NULL)
        return 0;
    return count_of(h, slot);
}

int64_t histogram_slot_only(const struct histogram *h, uint32_t slot)
{
    CHECK(histogram_slot_count(h, slot) > 0);
    return only_of(h, slot);
}

void histogram_add_slot(struct histogram *h, uint32_t slot, uint64_t times, int64_t only)
{
    CHECK(only == HISTOGRAM_MIXED || histogram_slot(only) == slot);
    if (times == 0)
        return;
    histogram_add_many(h, histogram_slot_low(slot), times);
    set_only(h, slot, only);
}

/* What a value of the bucket is taken for. */
static int64_t slot_value(const struct histogram *h, uint32_t slot)
{
    int64_t only = histogram_slot_count(h, slot) > 0 ? histogram_slot_only(h, slot) : HISTOGRAM_MIXED;

    return only != HISTOGRAM_MIXED ? only : slot_middle(slot);
}

static int64_t clip(const struct histogram *h, int64_t value)
{
    if (value < h->min)
        return h->min;
    return value > h->max ? h->max : value;
}

void histogram_quantiles(const struct histogram *h, const double *p, size_t count, int64_t *values)
{
    CHECK(h->count > 0);
    uint32_t slot = histogram_slot(h->min);
    uint64_t below = 0; /* values in the slots before this one */

    for (size_t i = 0; i < count; i++) {
        /* cppcheck-suppress objectIndex ; from the second on there is one before */
        CHECK(i == 0 || p[i] >= p[i - 1]);
        uint64_t rank = percentile_rank(h->count, p[i]);
        while (below + histogram_slot_count(h, slot) < rank)
            below += histogram_slot_count(h, slot++);
        if (rank == 1)
            values[i] = h->min;
        else
            values[i] = rank == h->count ? h->max : clip(h, slot_value(h, slot));
    }
}

int64_t histogram_quantile(const struct histogram *h, double p)
{
    int64_t value;

    histogram_quantiles(h, &p, 1, &value);
    return value;
}

uint64_t histogram_above(const struct histogram *h, int64_t value)
{
    if (h->count == 0 || value >= h->max)
        return 0;
    if (value < h->min)
        return h->count;
    uint32_t slot = histogram_slot(value), last = histogram_slot(h->max);
    uint64_t above = 0;

    if (clip(h, slot_value(h, slot)) <= value)
        slot++;
    for (; slot <= last; slot++)
        above += histogram_slot_count(h, slot);
    return above;
}

bool histogram_equals(const struct histogram *a, const struct histogram *b)
{
    if (a->count != b->count || a->sum != b->sum)
        return false;
    if (a->count == 0)
        return true;
    if (a->min != b->min || a->max != b->max)
        return false;
    for (uint32_t slot = histogram_slot(a->min); slot <= histogram_slot(a->max); slot++) {
        if (histogram_slot_count(a, slot) != histogram_slot_count(b, slot))
            return false;
        if (histogram_slot_count(a, slot) > 0 && histogram_slot_only(a, slot) != histogram_slot_only(b, slot))
            return false;
    }
    return true;
}

void histogram_clear(struct histogram *h)
{
    if (h->pages == NULL)
        return;
    for (uint32_t number = 0; number < HISTOGRAM_PAGES; number++) {
        if (h->pages[number] != NULL)
            memset(h->pages[number], 0, sizeof *h->pages[number]);
        if (h->more != NULL) {
            free(h->more->high[number]);
            h->more->high[number] = NULL;
        }
    }
    h->count = 0;
    h->sum = 0;
    h->min = INT64_MAX;
    h->max = -1;
    h->vast = false;
    h->again = NULL;
}

void histogram_free(struct histogram *h)
{
    for (uint32_t number = 0; h->pages != NULL && number < HISTOGRAM_PAGES; number++) {
        sparse_free(h->pages[number], sizeof *h->pages[number]);
        if (h->more != NULL) {
            free(h->more->high[number]);
            free(h->more->only[number]);
        }
    }
    sparse_free(h->pages, HISTOGRAM_PAGES * sizeof *h->pages);
    free(h->more);
    *h = (struct histogram){0};
}
