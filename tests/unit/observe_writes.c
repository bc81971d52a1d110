/* observe_writes.c -- staleness, lag, conflicts and losses of histories told by hand. */
#include "tests/unit/observe_story.h"

enum { US, EU, AP };

static struct story s;

#define CONFLICTS story_value(&s, METRIC_CONFLICTS, STATISTIC_VALUE)
#define LOST story_value(&s, METRIC_LOST_UPDATES, STATISTIC_VALUE)

Test(observe_writes, a_write_that_travels_has_a_lag_to_each_region)
{
    story_begin(&s, &(struct story_def){0});
    uint64_t w = write_at(&s, MS(10), US, 3, 10); /* committed at 10 ms */
    store(&s, MS(50), w, EU, true);               /* 40 ms later */
    store(&s, MS(110), w, AP, true);              /* 100 ms later */
    story_end(&s, MS(1000));
    cr_assert_eq(story_count(&s, METRIC_REPLICATION_LAG), 2u);
    cr_assert_eq(story_sum(&s, METRIC_REPLICATION_LAG), MS(140));
    cr_assert_eq(story_sum(&s, METRIC_CONVERGENCE), MS(100));
    cr_assert_eq(story_value(&s, METRIC_UNAPPLIED, STATISTIC_VALUE), 0);
    cr_assert_eq(story_value(&s, METRIC_CONVERGED, STATISTIC_VALUE), 1);
    cr_assert_eq(story_value(&s, METRIC_DIVERGED_KEYS, STATISTIC_MAX), 1);
    cr_assert_eq(CONFLICTS, 0);
    cr_assert_eq(LOST, 0);
    /* (write, replica) pairs: 3 for no time at 10 ms, 2 for 40 ms, 1 for 60 ms, over 1000 ms; the greatest
     * stood at the TAKE. */
    cr_assert_float_eq(story_value(&s, METRIC_BACKLOG_OPS, STATISTIC_MEAN), 0.14, 1e-15);
    cr_assert_eq(story_value(&s, METRIC_BACKLOG_OPS, STATISTIC_MAX), 3);
    cr_assert_eq(story_value(&s, METRIC_BACKLOG_BYTES, STATISTIC_MAX), 300);
    story_free(&s);
}

Test(observe_writes, applied_before_the_commit_is_no_lag)
{
    story_begin(&s, &(struct story_def){.regions = 2});
    uint64_t w = write_begin(&s, MS(10), US, 3);
    take(&s, MS(10), w, US, 10);
    store(&s, MS(10), w, US, true);
    store(&s, MS(50), w, EU, true);
    end(&s, MS(90), w, OUTCOME_OK); /* sync: acknowledged after both have it */
    story_end(&s, MS(1000));
    cr_assert_eq(story_count(&s, METRIC_REPLICATION_LAG), 1u);
    cr_assert_eq(story_sum(&s, METRIC_REPLICATION_LAG), 0);
    cr_assert_eq(story_count(&s, METRIC_CONVERGENCE), 1u);
    cr_assert_eq(story_sum(&s, METRIC_CONVERGENCE), 0);
    story_free(&s);
}

Test(observe_writes, what_never_arrives_counts_until_the_end_as_a_lower_bound)
{
    story_begin(&s, &(struct story_def){.regions = 2});
    write_at(&s, MS(100), US, 3, 10);
    story_end(&s, MS(1500));
    cr_assert_eq(story_sum(&s, METRIC_REPLICATION_LAG), MS(1400));
    cr_assert(story_spread(&s, METRIC_REPLICATION_LAG, ALL_REGIONS)->at_least);
    cr_assert(story_spread(&s, METRIC_CONVERGENCE, ALL_REGIONS)->at_least);
    cr_assert_eq(story_value(&s, METRIC_UNAPPLIED, STATISTIC_VALUE), 1);
    cr_assert_eq(story_value(&s, METRIC_CONVERGED, STATISTIC_VALUE), 0);
    cr_assert_not(observation_agreed(s.observation));
    story_free(&s);
}

Test(observe_writes, a_read_is_stale_since_the_oldest_commit_that_it_misses)
{
    story_begin(&s, &(struct story_def){.regions = 2});
    uint64_t w1 = write_at(&s, MS(10), US, 3, 10), w2 = write_at(&s, MS(20), US, 3, 20);
    uint64_t stale = read_begin(&s, MS(25), EU, 3), fresh = read_begin(&s, MS(25), US, 3);
    read_end(&s, MS(26), fresh, US);
    read_end(&s, MS(26), stale, EU); /* misses w1 (since 15 ms) and w2 */
    uint64_t during = read_begin(&s, MS(30), EU, 3);
    store(&s, MS(40), w1, EU, true);
    read_end(&s, MS(41), during, EU); /* w1 came while it was open: misses w2 alone, since 10 ms */
    store(&s, MS(50), w2, EU, true);
    uint64_t late = read_begin(&s, MS(60), EU, 3);
    read_end(&s, MS(60), late, EU);
    story_end(&s, MS(1000));
    cr_assert_float_eq(story_value(&s, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE), 0.5, 0);
    cr_assert_eq(story_count(&s, METRIC_READ_STALENESS), 4u);
    cr_assert_eq(story_sum(&s, METRIC_READ_STALENESS), MS(15 + 10));
    cr_assert_eq(story_sum(&s, METRIC_READ_STALENESS_VERSIONS), 2 + 1);
    cr_assert_float_eq(story_value_in(s.figures, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE, EU), 2.0 / 3,
                       1e-15);
    cr_assert_eq(story_value_in(s.figures, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE, US), 0);
    story_free(&s);
}

Test(observe_writes, a_read_of_two_replicas_reflects_what_either_did)
{
    story_begin(&s, &(struct story_def){0});
    write_at(&s, MS(10), US, 3, 10);
    uint64_t r = read_begin(&s, MS(20), AP, 3);
    story_add(&s, (struct history_record){.time = MS(30),
                                          .op = r,
                                          .node = US,
                                          .key = 3,
                                          .kind = HISTORY_SAMPLE,
                                          .sample = {history_position(s.history)}});
    read_end(&s, MS(30), r, EU);
    story_end(&s, MS(1000));
    cr_assert_eq(story_value(&s, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE), 0);
    story_free(&s);
}

Test(observe_writes, a_write_that_committed_after_the_read_began_is_not_missed)
{
    story_begin(&s, &(struct story_def){.regions = 2});
    uint64_t r = read_begin(&s, MS(5), EU, 3);
    write_at(&s, MS(10), US, 3, 10);
    read_end(&s, MS(20), r, EU);
    story_end(&s, MS(1000));
    cr_assert_eq(story_value(&s, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE), 0);
    story_free(&s);
}

Test(observe_writes, two_regions_that_write_at_once_conflict_once_and_lose_one)
{
    story_begin(&s, &(struct story_def){.regions = 2});
    uint64_t a = write_at(&s, MS(10), US, 3, 10), b = write_at(&s, MS(11), EU, 3, 11);
    store(&s, MS(50), a, EU, false); /* meets b, refused in favour of it: a is lost here */
    store(&s, MS(51), b, US, true);  /* meets a again */
    story_end(&s, MS(1000));
    cr_assert_eq(CONFLICTS, 1);
    cr_assert_float_eq(story_value(&s, METRIC_CONFLICTS, STATISTIC_PER_WRITE), 0.5, 0);
    cr_assert_eq(LOST, 1);
    cr_assert_eq(story_value(&s, METRIC_SKEW_INVERSIONS, STATISTIC_VALUE), 0);
    cr_assert_eq(story_value(&s, METRIC_CAUSAL_INVERSIONS, STATISTIC_VALUE), 0);
    cr_assert_eq(story_value(&s, METRIC_CONVERGED, STATISTIC_VALUE), 1);
    story_free(&s);
}

Test(observe_writes, a_write_that_saw_the_other_makes_no_conflict)
{
    story_begin(&s, &(struct story_def){.regions = 2});
    uint64_t a = write_at(&s, MS(10), US, 3, 10);
    store(&s, MS(50), a, EU, true);
    uint64_t b = write_at(&s, MS(60), EU, 3, 60);
    store(&s, MS(90), b, US, true);
    story_end(&s, MS(1000));
    cr_assert_eq(CONFLICTS, 0);
    cr_assert_eq(LOST, 0);
    story_free(&s);
}

Test(observe_writes, a_clock_that_is_behind_turns_round_what_it_had_seen)
{
    story_begin(&s, &(struct story_def){.regions = 2});
    uint64_t a = write_at(&s, MS(10), US, 3, 1000); /* a clock far ahead */
    store(&s, MS(50), a, EU, true);
    uint64_t b = write_begin(&s, MS(60), EU, 3); /* after a committed, by a node that holds a */
    take(&s, MS(60), b, EU, 60);
    store(&s, MS(60), b, EU, false);
    end(&s, MS(60), b, OUTCOME_OK);
    store(&s, MS(100), b, US, false);
    uint64_t r = read_begin(&s, MS(110), EU, 3);
    read_end(&s, MS(110), r, EU); /* both have lost b by their own order: no stale read */
    story_end(&s, MS(1000));
    cr_assert_eq(CONFLICTS, 0); /* b has seen a */
    cr_assert_eq(LOST, 1);
    cr_assert_eq(story_value(&s, METRIC_SKEW_INVERSIONS, STATISTIC_VALUE), 1);
    cr_assert_eq(story_value(&s, METRIC_CAUSAL_INVERSIONS, STATISTIC_VALUE), 1);
    cr_assert_eq(story_value(&s, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE), 0);
    /* Both reflect b from its TAKE on. The taker is the first; to US there is no lag. */
    cr_assert_eq(story_count(&s, METRIC_REPLICATION_LAG), 2u);
    cr_assert_eq(story_sum(&s, METRIC_REPLICATION_LAG), MS(40));
    story_free(&s);
}

Test(observe_writes, overwritten_before_the_meeting_makes_no_pair)
{
    story_begin(&s, &(struct story_def){.regions = 2});
    uint64_t a1 = write_at(&s, MS(10), US, 3, 10), b = write_at(&s, MS(15), EU, 3, 15);
    uint64_t a2 = write_at(&s, MS(20), US, 3, 20);
    store(&s, MS(60), a2, EU, true); /* a2 brings a1 along */
    store(&s, MS(61), b, US, false); /* meets a2 again; a1 is overwritten here, too */
    store(&s, MS(62), a1, EU, false);
    story_end(&s, MS(1000));
    cr_assert_eq(CONFLICTS, 1);
    cr_assert_eq(LOST, 1); /* b; a1 was let go for a2, which had seen it */
    story_free(&s);
}

Test(observe_writes, merging_replicas_conflict_but_lose_nothing)
{
    story_begin(&s, &(struct story_def){.regions = 2, .by_merge = true, .data = GEO_COUNTER, .initial = 100});
    uint64_t a = op_begin(&s, MS(10), US, 3, GEO_INCREMENT, 1),
             b = op_begin(&s, MS(10), EU, 3, GEO_INCREMENT, 1);
    take(&s, MS(10), a, US, 1);
    take(&s, MS(10), b, EU, 1);
#define MERGE(at, here, from, count)                                                                         \
    story_add(&s, (struct history_record){.time = at,                                                        \
                                          .key = 3,                                                          \
                                          .node = here,                                                      \
                                          .kind = HISTORY_MERGE,                                             \
                                          .merge = {.upto = count, .origin = from}})
#define ANSWER(at, here, number)                                                                             \
    story_add(&s,                                                                                            \
              (struct history_record){                                                                       \
                  .time = at, .key = 3, .node = here, .kind = HISTORY_ANSWER, .answer = {.digest = number}})
    MERGE(MS(10), US, US, 1);
    ANSWER(MS(10), US, 101);
    MERGE(MS(10), EU, EU, 1);
    ANSWER(MS(10), EU, 101);
    end(&s, MS(10), a, OUTCOME_OK);
    end(&s, MS(10), b, OUTCOME_OK);
    cr_assert_not(observation_agreed(s.observation)); /* the same answer, but b is not at US */
    uint64_t r = read_begin(&s, MS(20), US, 3);
    read_end(&s, MS(20), r, US); /* misses b */
    MERGE(MS(50), US, EU, 1);
    ANSWER(MS(50), US, 102);
    MERGE(MS(60), EU, US, 1);
    ANSWER(MS(60), EU, 102);
    cr_assert(observation_agreed(s.observation));
    story_end(&s, MS(1000));
    cr_assert_eq(CONFLICTS, 1);
    cr_assert_eq(LOST, 0);
    cr_assert_eq(story_sum(&s, METRIC_READ_STALENESS), MS(10));
    cr_assert_eq(story_sum(&s, METRIC_REPLICATION_LAG), MS(40 + 50));
    cr_assert_eq(story_value(&s, METRIC_CONVERGED, STATISTIC_VALUE), 1);
    cr_assert_eq(story_value(&s, METRIC_DIVERGED_KEYS, STATISTIC_MAX), 1);
    story_free(&s);
}
