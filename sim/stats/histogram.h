/* histogram.h -- how often each int64 value from 0 up occurred: nanoseconds, or plain counts such as
 * versions.
 *
 *     struct histogram lag = {0};            // empty; costs nothing until the first value
 *     histogram_add(&lag, lag_ns);
 *     int64_t p99_ns = histogram_quantile(&lag, 0.99);
 *     histogram_free(&lag);
 *
 * Count, sum (hence mean), min and max are exact; quantiles are within 2^-11 (0.049 %) of the sorted values
 * and inside [min, max]; they are exact below 2048, and wherever all that fell into a bucket was one value,
 * as with constant delays. Adding costs a few nanoseconds; memory is 1.7 KB and 2 KB for each quarter octave
 * that a value fell into (74 KB if they fill everything from 1 ms to 0.5 s). The result depends on what was
 * added, never on the order. */
#ifndef GEOREP_STATS_HISTOGRAM_H
#define GEOREP_STATS_HISTOGRAM_H

#include "sim/base/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define HISTOGRAM_OCTAVE 1024u /* buckets an octave */
#define HISTOGRAM_PAGE 256u    /* buckets a page */
#define HISTOGRAM_SLOTS (54u * HISTOGRAM_OCTAVE)
#define HISTOGRAM_PAGES (HISTOGRAM_SLOTS / HISTOGRAM_PAGE)

__extension__ typedef unsigned __int128 histogram_sum;

#define HISTOGRAM_MIXED (-1)

/* Counts in two halves: the upper one is made when a bucket first passes 2^32, which few ever do. `above`: of
 * a bucket that is not empty, the one value that fell into it less the least that might, or
 * HISTOGRAM_SEVERAL. */
struct histogram_bucket {
    uint32_t low, above;
};

#define HISTOGRAM_SEVERAL UINT32_MAX
/* From this slot on, 2^42, buckets are as wide as `above` can tell or wider: there a page has its values. */
#define HISTOGRAM_WIDE (33u * HISTOGRAM_OCTAVE)

struct histogram_page {
    struct histogram_bucket buckets[HISTOGRAM_PAGE];
};

/* What few pages have, of HISTOGRAM_PAGE each: upper halves of counts; and of wide slots the one value, or
 * HISTOGRAM_MIXED. */
struct histogram_more {
    uint32_t *high[HISTOGRAM_PAGES];
    int64_t *only[HISTOGRAM_PAGES];
};

/* Private to the functions below; zeroed is empty. */
struct histogram {
    struct histogram_bucket *again; /* of the value that was added last, if it is known: */
    int64_t last;
    histogram_sum sum;
    uint64_t count;
    int64_t min, max;
    struct histogram_page **pages; /* HISTOGRAM_PAGES, NULL where nothing fell; NULL before the first value */
    struct histogram_more *more;   /* NULL: no page has any */
    bool vast;                     /* some page has upper halves */
};

/* The same value several times. */
void histogram_add_many(struct histogram *h, int64_t value, uint64_t times);

/* So many bits of a value does its bucket leave out. */
static inline uint32_t histogram_shift(int64_t value)
{
    return 53u - (uint32_t)__builtin_clzll((uint64_t)value | HISTOGRAM_OCTAVE);
}

/* The bucket of a value: itself below 2048, then 1024 buckets an octave. */
static inline uint32_t histogram_slot(int64_t value)
{
    uint32_t shift = histogram_shift(value);

    return shift * HISTOGRAM_OCTAVE + (uint32_t)((uint64_t)value >> shift);
}

/* What the bucket leaves out: how far the value is above the least that might fall there. */
static inline uint32_t histogram_rest(int64_t value)
{
    return (uint32_t)((uint64_t)value & ((UINT64_C(1) << histogram_shift(value)) - 1));
}

/* NULL: on a page that is not there, or that has its values apart. */
static inline struct histogram_bucket *histogram_bucket(const struct histogram *h, uint32_t slot)
{
    struct histogram_page *page =
        h->pages != NULL && slot < HISTOGRAM_WIDE ? h->pages[slot / HISTOGRAM_PAGE] : NULL;

    return page != NULL ? &page->buckets[slot % HISTOGRAM_PAGE] : NULL;
}

/* As histogram_add, where its bucket is known, or NULL, and what that leaves out. */
static inline void histogram_add_in(struct histogram *h, struct histogram_bucket *b, uint32_t rest,
                                    int64_t value)
{
    if (b == NULL || b->low == UINT32_MAX || h->vast) {
        histogram_add_many(h, value, 1);
        return;
    }
    b->above = ((b->low == 0) | (b->above == rest)) != 0 ? rest : HISTOGRAM_SEVERAL;
    b->low++;
    h->count++;
    h->sum += (uint64_t)value;
    if (value < h->min)
        h->min = value;
    if (value > h->max)
        h->max = value;
}

static inline void histogram_add_other(struct histogram *h, int64_t value)
{
    CHECK(value >= 0);
    struct histogram_bucket *b = histogram_bucket(h, histogram_slot(value));

    histogram_add_in(h, b, histogram_rest(value), value);
    h->again = b;
    h->last = value;
}

/* Where nothing waits, one value comes many times in a row: there its bucket, which knows of it, and the
 * extremes stay as they are. */
static inline void histogram_add(struct histogram *h, int64_t value)
{
    struct histogram_bucket *b = h->again;

    if (value != h->last || b == NULL || b->low == UINT32_MAX) {
        histogram_add_other(h, value);
        return;
    }
    b->low++;
    h->count++;
    h->sum += (uint64_t)value;
}

/* All of `from` too, as if each of its values had been added; `from` stays. */
void histogram_merge(struct histogram *into, const struct histogram *from);

uint64_t histogram_count(const struct histogram *h);

/* Of at least one value; of none it is a bug to ask. */
int64_t histogram_min(const struct histogram *h);
int64_t histogram_max(const struct histogram *h);
double histogram_mean(const struct histogram *h);
int64_t histogram_quantile(const struct histogram *h, double p); /* the ceil(p n)-th smallest, p in (0, 1] */

/* Many quantiles in one pass: `p` ascending, `count` of them. */
void histogram_quantiles(const struct histogram *h, const double *p, size_t count, int64_t *values);

/* How many are > value, where all of a bucket count as its middle: exact for a value below 2047, and for any
 * that is more than 2^-10 of itself away from all that were added. */
uint64_t histogram_above(const struct histogram *h, int64_t value);

/* Whether both hold the same: count, sum, min, max and every bucket. */
bool histogram_equals(const struct histogram *a, const struct histogram *b);

void histogram_clear(struct histogram *h); /* empty again; keeps its memory */
void histogram_free(struct histogram *h);  /* empty again, as zeroed */

/* A compact binary form (a few bytes for each bucket in use), the same on every machine, for going on with an
 * interrupted run; several may follow each other in a file. Write: false when the stream refused (errno says
 * why). Read: replaces what `h` held; false when the bytes are cut off, damaged or contradict themselves, and
 * `h` is empty then. */
bool histogram_write(const struct histogram *h, FILE *to);
bool histogram_read(struct histogram *h, FILE *from);

/* Buckets for whoever reads or writes a histogram whole: slots in ascending order of value. */
int64_t histogram_slot_low(uint32_t slot);  /* the least value of a bucket */
int64_t histogram_slot_high(uint32_t slot); /* the greatest */
uint64_t histogram_slot_count(const struct histogram *h, uint32_t slot);
int64_t histogram_slot_only(const struct histogram *h,
                            uint32_t slot); /* of one that is not empty: its one value, or HISTOGRAM_MIXED */

/* For whoever reads one back: `times` of values in one bucket, which are all `only`, or HISTOGRAM_MIXED. The
 * sum and the extremes take the bucket's least value for each. */
void histogram_add_slot(struct histogram *h, uint32_t slot, uint64_t times, int64_t only);

#endif
