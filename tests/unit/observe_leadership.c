/* observe_leadership.c -- who led, for how long two did, and what a replica that was rolled back has lost:
 * told by hand. */
#include "tests/unit/observe_story.h"

enum { US, EU, AP };
enum { GROUP = 2 };

static struct story s;

#define FAILOVERS story_value(&s, METRIC_FAILOVERS, STATISTIC_VALUE)
#define TWO_LEADERS story_sum(&s, METRIC_TWO_LEADERS)

static const struct history_fault cut[] = {
    {.name = "cut", .kind = FAULT_PARTITION, .begin = MS(100), .end = MS(500)},
};
static const struct history_fault crash[] = {
    {.name = "crash", .kind = FAULT_CRASH, .begin = MS(200), .end = MS(300)},
};

static void leads(sim_ns time, uint32_t node, uint64_t term, bool yes)
{
    story_add(&s, (struct history_record){.time = time,
                                          .node = node,
                                          .kind = HISTORY_LEADS,
                                          .leads = {.term = term, .group = GROUP, .yes = yes}});
}

static void node_down(sim_ns time, uint32_t node, uint8_t lose)
{
    story_add(&s, (struct history_record){
                      .time = time, .node = node, .kind = HISTORY_DOWN, .down = {.lose = lose}});
}

static void node_up(sim_ns time, uint32_t node)
{
    story_add(&s, (struct history_record){.time = time, .node = node, .kind = HISTORY_UP});
}

static void forget(sim_ns time, uint32_t node, uint64_t key)
{
    story_add(&s, (struct history_record){.time = time, .node = node, .key = key, .kind = HISTORY_FORGET});
}

static void fault(sim_ns time, bool begins)
{
    story_add(&s, (struct history_record){.time = time,
                                          .node = HISTORY_NO_NODE,
                                          .kind = HISTORY_FAULT,
                                          .fault = {.index = 0, .begins = begins}});
}

Test(observe_leadership, a_model_that_tells_nothing_has_no_such_figures)
{
    story_begin(&s, &(struct story_def){0});
    write_at(&s, MS(10), US, 3, 10);
    story_end(&s, MS(1000));
    cr_assert(isnan(FAILOVERS));
    cr_assert_null(story_spread(&s, METRIC_TWO_LEADERS, ALL_REGIONS));
    story_free(&s);
}

Test(observe_leadership, two_lead_from_the_newer_term_to_the_stepping_down_of_the_older)
{
    story_begin(&s, &(struct story_def){.regions = 3});
    leads(0, US, 0, true);
    write_at(&s, MS(50), US, 3, 10);
    leads(MS(200), EU, 1, true);
    write_at(&s, MS(250), EU, 3, 20);
    write_at(&s, MS(300), US, 4, 10); /* answered by the older one: the split brain */
    leads(MS(700), US, 0, false);
    story_end(&s, MS(1000));
    cr_assert_eq(FAILOVERS, 1);
    cr_assert_eq(story_count(&s, METRIC_TWO_LEADERS), 1u);
    cr_assert_eq(TWO_LEADERS, MS(500));
    story_free(&s);
}

Test(observe_leadership, one_that_answers_nobody_splits_nothing)
{
    story_begin(&s, &(struct story_def){.regions = 3});
    leads(0, US, 0, true);
    uint64_t before = write_begin(&s, MS(190), US, 3);
    take(&s, MS(190), before, US, 10);
    leads(MS(200), EU, 1, true);
    end(&s, MS(210), before, OUTCOME_OK); /* taken before the other took over */
    uint64_t never = write_begin(&s, MS(300), US, 4);
    take(&s, MS(300), never, US, 10);
    end(&s, MS(400), never, OUTCOME_TIMEOUT);
    write_at(&s, MS(450), EU, 5, 10); /* the newer one's */
    leads(MS(700), US, 0, false);
    story_end(&s, MS(1000));
    cr_assert_eq(FAILOVERS, 1);
    cr_assert_eq(TWO_LEADERS, 0);
    story_free(&s);
}

Test(observe_leadership, a_crash_ends_it_and_a_pause_interrupts_it)
{
    story_begin(&s, &(struct story_def){.regions = 3, .may_lose = true});
    leads(0, US, 0, true);
    node_down(MS(100), US, LOSE_NOTHING); /* paused: the other takes over meanwhile */
    leads(MS(200), EU, 1, true);
    node_up(MS(300), US); /* it leads on, and answers */
    write_at(&s, MS(320), US, 3, 10);
    node_down(MS(400), US, LOSE_MEMORY); /* 100 ms: it leads no more */
    node_up(MS(500), US);
    write_at(&s, MS(600), US, 4, 10);
    leads(MS(700), AP, 2, true);
    write_at(&s, MS(710), EU, 4, 20); /* now eu is the older one, to the end of the clients */
    story_end(&s, MS(1500));
    cr_assert_eq(FAILOVERS, 2);
    cr_assert_eq(TWO_LEADERS, MS(100 + 300));
    story_free(&s);
}

Test(observe_leadership, only_what_is_in_the_window_counts)
{
    story_begin(&s, &(struct story_def){.regions = 3, .warmup = MS(400)});
    leads(0, US, 0, true);
    leads(MS(200), EU, 1, true);
    write_at(&s, MS(250), US, 3, 10);
    leads(MS(700), US, 0, false);
    story_end(&s, MS(1000));
    cr_assert_eq(FAILOVERS, 0); /* it was before the window */
    cr_assert_eq(TWO_LEADERS, MS(300));
    story_free(&s);
}

/* Cut off from 100 to 500 ms, us goes on by itself; eu takes over at 200 ms. What us committed in that time
 * (at 120 and 300 ms) goes when it is rolled back at 520 ms; what eu has is copied to it. */
Test(observe_leadership, what_is_rolled_back_is_lost_and_belongs_to_the_fault)
{
    story_begin(&s, &(struct story_def){.regions = 2, .may_lose = true, .faults = cut, .fault_count = 1});
    uint64_t old = write_at(&s, MS(50), US, 3, 10);
    store(&s, MS(90), old, EU, true);
    fault(MS(100), true);
    write_at(&s, MS(120), US, 3, 11);
    uint64_t newer = write_at(&s, MS(250), EU, 3, 100);
    write_at(&s, MS(300), US, 4, 10);
    fault(MS(500), false);
    cr_assert_not(observation_agreed(s.observation));
    forget(MS(520), US, 3);
    forget(MS(520), US, 4);
    store(&s, MS(560), newer, US, true);
    cr_assert(observation_agreed(s.observation)); /* what is lost is not waited for */
    story_end(&s, MS(1000));
    cr_assert_eq(story_value(&s, METRIC_LOST_COMMITS, STATISTIC_VALUE), 2);
    cr_assert_eq(story_sum(&s, METRIC_RPO),
                 MS(180)); /* from the oldest lost, at 120, to the newest, at 300 */
    cr_assert_eq(story_value(&s, METRIC_CONVERGED, STATISTIC_VALUE), 1);
    story_free(&s);
}

/* The value that a rolled-back replica had is older than what it is copied, or newer: both must hold. */
Test(observe_leadership, a_replica_that_was_rolled_back_takes_a_smaller_version)
{
    story_begin(&s, &(struct story_def){.regions = 2, .may_lose = true, .faults = cut, .fault_count = 1});
    uint64_t kept = write_at(&s, MS(50), US, 3, 10);
    store(&s, MS(90), kept, EU, true);
    fault(MS(100), true);
    write_at(&s, MS(120), US, 3, 11); /* lost */
    fault(MS(500), false);
    forget(MS(520), US, 3);
    uint64_t early = read_begin(&s, MS(530), US, 3);
    read_end(&s, MS(531), early, US); /* misses both */
    store(&s, MS(560), kept, US, true);
    uint64_t late = read_begin(&s, MS(600), US, 3);
    read_end(&s, MS(601), late, US); /* misses the lost one alone */
    story_end(&s, MS(1000));
    cr_assert_eq(story_value(&s, METRIC_LOST_COMMITS, STATISTIC_VALUE), 1);
    cr_assert_eq(story_sum(&s, METRIC_READ_STALENESS_VERSIONS), 2 + 1);
    cr_assert_eq(story_sum(&s, METRIC_READ_STALENESS), MS(530 - 50 + 600 - 120));
    cr_assert_eq(story_sum(&s, METRIC_RPO), 0); /* from the oldest lost to the newest: it is the only one */
    story_free(&s);
}

/* A failover on constant links by hand: the leader crashes at 200 ms with its disk, and had shipped all but
 * what it committed at 180; the next leader serves a region from 330 ms, the other from 350. */
Test(observe_leadership, recovery_point_and_time_of_a_failover)
{
    story_begin(&s, &(struct story_def){.regions = 3, .may_lose = true, .faults = crash, .fault_count = 1});
    leads(0, US, 0, true);
    uint64_t shipped = write_at(&s, MS(100), US, 3, 10);
    store(&s, MS(140), shipped, EU, true);
    store(&s, MS(150), shipped, AP, true);
    write_at(&s, MS(180), US, 4, 10);
    fault(MS(200), true);
    node_down(MS(200), US, LOSE_DISK);
    uint64_t from_eu = write_begin(&s, MS(210), EU, 5), from_ap = write_begin(&s, MS(215), AP, 6);
    leads(MS(320), EU, 1, true);
    take(&s, MS(325), from_eu, EU, 100);
    store(&s, MS(325), from_eu, EU, true);
    end(&s, MS(330), from_eu, OUTCOME_OK);
    take(&s, MS(335), from_ap, EU, 100);
    store(&s, MS(335), from_ap, EU, true);
    end(&s, MS(350), from_ap, OUTCOME_OK);
    fault(MS(400), false);
    node_up(MS(400), US);
    story_end(&s, MS(1000));
    cr_assert_eq(story_value(&s, METRIC_LOST_COMMITS, STATISTIC_VALUE), 1);
    cr_assert_eq(story_sum(&s, METRIC_RPO), MS(20));
    cr_assert_eq(story_sum(&s, METRIC_RTO), MS(150));
    cr_assert_eq(FAILOVERS, 1);
    cr_assert_eq(TWO_LEADERS, 0);
    story_free(&s);
}
