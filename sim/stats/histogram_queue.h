/* histogram_queue.h -- values on their way into histograms, so that the buckets they fall into can be asked
 * for ahead.
 *
 * Values of a wide range fall into buckets that are seldom in the nearest caches, and there are many
 * histograms. A histogram does not depend on the order of what was added, so a value waits here while its
 * bucket comes.
 *
 *     histogram_queue_add(&q, &lag, lag_ns);
 *     histogram_queue_flush(&q);              // before any of them is looked at
 */
#ifndef GEOREP_STATS_HISTOGRAM_QUEUE_H
#define GEOREP_STATS_HISTOGRAM_QUEUE_H

#include "sim/base/expect.h"
#include "sim/stats/histogram.h"

#define HISTOGRAM_QUEUE 16u

struct histogram_queued {
    struct histogram *into; /* NULL: none */
    int64_t value;
    struct histogram_bucket *bucket; /* NULL: there was none */
    uint32_t rest;
};

/* Zeroed is empty. */
struct histogram_queue {
    struct histogram_queued ring[HISTOGRAM_QUEUE];
    uint32_t added; /* the place of the next, counted round */
};

/* `into` stays where it is until the queue is flushed. */
static inline void histogram_queue_add(struct histogram_queue *q, struct histogram *into, int64_t value)
{
    struct histogram_queued *last = &q->ring[q->added++ % HISTOGRAM_QUEUE];
    const struct histogram_queued due = *last;

    CHECK(value >= 0);
    *last = (struct histogram_queued){.into = into,
                                      .value = value,
                                      .bucket = histogram_bucket(into, histogram_slot(value)),
                                      .rest = histogram_rest(value)};
    expect_line(last->bucket);
    if (due.into != NULL)
        histogram_add_in(due.into, due.bucket, due.rest, due.value);
}

static inline void histogram_queue_flush(struct histogram_queue *q)
{
    for (uint32_t at = 0; at < HISTOGRAM_QUEUE; at++) {
        if (q->ring[at].into != NULL)
            histogram_add(q->ring[at].into, q->ring[at].value);
        q->ring[at].into = NULL;
    }
}

#endif
