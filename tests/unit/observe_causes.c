/* observe_causes.c -- why a write was lost, told by hand: two or three regions, 40 ms apart. */
#include "tests/unit/observe_story.h"

enum { A, B, C };

/* A commits at 10 ms and is stored; what the test adds decides the rest. */
static uint64_t begin_with_a(struct story *s, sim_ns offset, sim_ns drift)
{
    uint64_t a = write_begin(s, MS(10), A, 0);

    take_by_clock(s, MS(10), a, A, offset, drift, 0);
    store(s, MS(10), a, A, true);
    end(s, MS(11), a, OUTCOME_OK);
    return a;
}

static uint64_t then_b(struct story *s, sim_ns at, sim_ns offset, sim_ns drift)
{
    uint64_t b = write_begin(s, at, B, 0);

    take_by_clock(s, at, b, B, offset, drift, 0);
    store(s, at, b, B, true);
    end(s, at + MS(1), b, OUTCOME_OK);
    return b;
}

/* Each comes to the other; of `wins` both keep the value. */
static void meet(struct story *s, sim_ns at, uint64_t a, uint64_t b, uint64_t wins)
{
    store(s, at, a, B, wins == a);
    store(s, at, b, A, wins == b);
}

static void assert_lost(const struct story *s, enum loss_cause cause, int lost, int skew)
{
    for (int c = 0; c < LOSS_CAUSES; c++) {
        cr_expect_eq(story_value(s, METRIC_LOST_UPDATES_BY_CAUSE + c, STATISTIC_VALUE),
                     c == (int)cause ? lost : 0, "%s: %g", loss_cause_names[c],
                     story_value(s, METRIC_LOST_UPDATES_BY_CAUSE + c, STATISTIC_VALUE));
        cr_expect_eq(story_value(s, METRIC_SKEW_INVERSIONS_BY_CAUSE + c, STATISTIC_VALUE),
                     c == (int)cause ? skew : 0, "%s, inverted", loss_cause_names[c]);
    }
    cr_expect_eq(story_value(s, METRIC_LOST_UPDATES, STATISTIC_VALUE), lost);
    cr_expect_eq(story_value(s, METRIC_SKEW_INVERSIONS, STATISTIC_VALUE), skew);
}

/* The later one wins, as it should; did its taker have a chance to know? At 50 ms the first was due. */
static void assert_earlier_lost(sim_ns second, enum loss_cause cause)
{
    struct story s;

    story_begin(&s, &(struct story_def){.regions = 2});
    uint64_t a = begin_with_a(&s, 0, 0), b = then_b(&s, second, 0, 0);
    meet(&s, MS(200), a, b, b);
    story_end(&s, MS(900));
    assert_lost(&s, cause, 1, 0);
    cr_assert_eq(s.figures->loss_count, 1u);
    const struct loss_figure *f = s.figures->losses;
    cr_assert(f->operation == a && f->winner == b && f->cause == cause && !f->skew && !f->causal);
    cr_assert(f->key == 0 && f->time == MS(200) && f->node == B);
    story_free(&s);
}

Test(observe_causes, two_within_the_way_between_them_are_concurrent)
{
    assert_earlier_lost(MS(30), LOSS_CONCURRENT);
    assert_earlier_lost(MS(50), LOSS_CONCURRENT);
}

Test(observe_causes, one_that_was_due_and_had_not_come_is_late)
{
    assert_earlier_lost(MS(50) + 1, LOSS_LATE_ARRIVAL);
}

/* B is 20 ms later by true time and has the smaller stamp. */
static void assert_turned_round(sim_ns a_offset, sim_ns a_drift, sim_ns b_offset, sim_ns b_drift,
                                enum loss_cause cause)
{
    struct story s;

    story_begin(&s, &(struct story_def){.regions = 2});
    uint64_t a = begin_with_a(&s, a_offset, a_drift), b = then_b(&s, MS(30), b_offset, b_drift);
    meet(&s, MS(200), a, b, a);
    story_end(&s, MS(900));
    assert_lost(&s, cause, 1, 1);
    story_free(&s);
}

Test(observe_causes, offset_or_drift_whichever_alone_turns_them_round)
{
    assert_turned_round(MS(25), 0, 0, 0, LOSS_CLOCK_OFFSET);
    assert_turned_round(0, 0, MS(-25), 0, LOSS_CLOCK_OFFSET);
    assert_turned_round(0, MS(25), 0, 0, LOSS_DRIFT);
    assert_turned_round(0, 0, 0, MS(-25), LOSS_DRIFT);
    assert_turned_round(MS(25), MS(5), 0, 0, LOSS_CLOCK_OFFSET); /* 5 ms of drift alone would not */
    assert_turned_round(MS(5), 0, 0, MS(-25), LOSS_DRIFT);
    assert_turned_round(MS(40), MS(-15), 0, 0, LOSS_CLOCK_OFFSET); /* the drift worked against it */
}

Test(observe_causes, the_larger_part_where_both_or_neither_alone_would)
{
    assert_turned_round(MS(12), MS(10), 0, 0, LOSS_CLOCK_OFFSET); /* neither alone */
    assert_turned_round(MS(10), MS(12), 0, 0, LOSS_DRIFT);
    assert_turned_round(MS(11), MS(11), 0, 0, LOSS_CLOCK_OFFSET);
    assert_turned_round(MS(30), MS(25), 0, 0, LOSS_CLOCK_OFFSET); /* each alone */
    assert_turned_round(MS(25), MS(30), 0, 0, LOSS_DRIFT);
}

/* Begun while the other waits still: either order is right, so the clocks turned nothing round. */
Test(observe_causes, clocks_turn_nothing_round_between_writes_that_overlap)
{
    struct story s;

    story_begin(&s, &(struct story_def){.regions = 2});
    uint64_t a = write_begin(&s, MS(10), A, 0);
    take_by_clock(&s, MS(10), a, A, MS(100), 0, 0);
    store(&s, MS(10), a, A, true);
    uint64_t b = then_b(&s, MS(90), 0, 0);
    end(&s, MS(95), a, OUTCOME_OK);
    meet(&s, MS(200), a, b, a);
    story_end(&s, MS(900));
    assert_lost(&s, LOSS_CONCURRENT, 1, 0);
    story_free(&s);
}

/* A clock that is behind, in a hybrid clock's company: C's is 90 ms ahead and B has heard of it, so B's stamp
 * is C's and one more. A, right and 50 ms later, loses to it: by the offset of C. */
Test(observe_causes, an_inherited_stamp_errs_as_the_clock_that_it_was_read_from)
{
    for (int drifts = 0; drifts <= 1; drifts++) {
        struct story s;
        story_begin(&s, &(struct story_def){.regions = 3});
        uint64_t c = write_begin(&s, MS(10), C, 5);
        take_by_clock(&s, MS(10), c, C, drifts ? 0 : MS(90), drifts ? MS(90) : 0, 0);
        store(&s, MS(10), c, C, true);
        store(&s, MS(40), c, B, true);
        end(&s, MS(11), c, OUTCOME_OK);
        uint64_t b = write_begin(&s, MS(45), B, 0);
        take_by_clock(&s, MS(45), b, B, MS(1), MS(1), MS(100) + 1);
        store(&s, MS(45), b, B, true);
        end(&s, MS(46), b, OUTCOME_OK);
        uint64_t a = write_begin(&s, MS(70), A, 0);
        take_by_clock(&s, MS(70), a, A, 0, 0, 0);
        store(&s, MS(70), a, A, true);
        end(&s, MS(71), a, OUTCOME_OK);
        store(&s, MS(85), b, A, true);
        store(&s, MS(110), a, B, false);
        story_end(&s, MS(900));
        assert_lost(&s, drifts ? LOSS_DRIFT : LOSS_CLOCK_OFFSET, 1, 1);
        story_free(&s);
    }
}

/* Lamport's counts know no time: an inversion of theirs is the clocks' fault never. */
Test(observe_causes, counts_are_not_turned_round_by_clocks)
{
    for (int late = 0; late <= 1; late++) {
        struct story s;
        story_begin(&s, &(struct story_def){.regions = 2});
        uint64_t a = write_begin(&s, MS(10), A, 0);
        take(&s, MS(10), a, A, 7);
        store(&s, MS(10), a, A, true);
        end(&s, MS(11), a, OUTCOME_OK);
        uint64_t b = write_begin(&s, MS(late ? 90 : 30), B, 0);
        take(&s, MS(late ? 90 : 30), b, B, 3);
        store(&s, MS(late ? 90 : 30), b, B, true);
        end(&s, MS(late ? 91 : 31), b, OUTCOME_OK);
        meet(&s, MS(200), a, b, a);
        story_end(&s, MS(900));
        assert_lost(&s, late ? LOSS_LATE_ARRIVAL : LOSS_CONCURRENT, 1, 1);
        story_free(&s);
    }
}

/* The winner is everywhere and retired, and its clock is known still. */
Test(observe_causes, a_retired_winner_is_judged_by_its_clock)
{
    for (int drifts = 0; drifts <= 1; drifts++) {
        struct story s;
        story_begin(&s, &(struct story_def){.regions = 2});
        uint64_t a = begin_with_a(&s, drifts ? 0 : MS(500), drifts ? MS(500) : 0);
        store(&s, MS(50), a, B, true);
        read_end(&s, MS(101), read_begin(&s, MS(100), A, 3), A); /* time for it to retire */
        uint64_t b = write_begin(&s, MS(200), B, 0);
        take_by_clock(&s, MS(200), b, B, 0, 0, 0);
        store(&s, MS(200), b, B, false);
        end(&s, MS(201), b, OUTCOME_OK);
        store(&s, MS(240), b, A, false);
        story_end(&s, MS(900));
        assert_lost(&s, drifts ? LOSS_DRIFT : LOSS_CLOCK_OFFSET, 1, 1);
        cr_assert(s.figures->losses[0].causal && s.figures->losses[0].winner == a);
        story_free(&s);
    }
}

static void leads(struct story *s, sim_ns at, uint32_t node)
{
    story_add(s, (struct history_record){
                     .time = at, .node = node, .kind = HISTORY_LEADS, .leads = {.term = 2, .yes = true}});
}

/* B becomes the leader without A's last write: its log goes on without it, however soon. */
Test(observe_causes, a_new_leader_goes_on_without_a_write)
{
    for (int before = 0; before <= 1; before++) {
        struct story s;
        story_begin(&s, &(struct story_def){.regions = 2});
        leads(&s, 0, before ? B : A);
        if (before)
            leads(&s, MS(1), A);
        uint64_t a = write_begin(&s, MS(10), A, 0);
        take(&s, MS(10), a, A, 1);
        store(&s, MS(10), a, A, true);
        end(&s, MS(11), a, OUTCOME_OK);
        if (!before)
            leads(&s, MS(15), B);
        uint64_t b = write_begin(&s, MS(20), B, 0);
        take(&s, MS(20), b, B, 2);
        store(&s, MS(20), b, B, true);
        end(&s, MS(21), b, OUTCOME_OK);
        meet(&s, MS(200), a, b, b);
        story_end(&s, MS(900));
        assert_lost(&s, before ? LOSS_CONCURRENT : LOSS_FAILOVER, 1, 0);
        story_free(&s);
    }
}

static const struct history_fault crash_of_a = {
    .name = "crash", .kind = FAULT_CRASH, .begin = MS(20), .end = MS(120)};

static void goes_down(struct story *s, sim_ns from, sim_ns to, uint32_t node, uint8_t lose)
{
    story_add(
        s, (struct history_record){.time = from, .node = node, .kind = HISTORY_DOWN, .down = {.lose = lose}});
    story_add(s, (struct history_record){.time = to, .node = node, .kind = HISTORY_UP});
}

/* A goes down with its write; 90 ms later B takes another. Within the way between them the crash made no
 * difference. */
Test(observe_causes, others_go_on_after_a_crash)
{
    for (int soon = 0; soon <= 1; soon++) {
        struct story s;
        story_begin(&s, &(struct story_def){.regions = 2, .faults = &crash_of_a, .fault_count = 1});
        uint64_t a = begin_with_a(&s, 0, 0);
        story_add(&s, (struct history_record){.time = MS(20), .node = A, .kind = HISTORY_DOWN});
        uint64_t b = then_b(&s, MS(soon ? 30 : 100), 0, 0);
        story_add(&s, (struct history_record){.time = MS(120), .node = A, .kind = HISTORY_UP});
        meet(&s, MS(200), a, b, b);
        story_end(&s, MS(900));
        assert_lost(&s, soon ? LOSS_CONCURRENT : LOSS_FAILOVER, 1, 0);
        story_free(&s);
    }
}

/* The same node takes both, and had lost its disk in between: what the other holds of the first goes for the
 * second. */
Test(observe_causes, a_node_that_lost_what_it_had_taken)
{
    struct story s;

    story_begin(&s,
                &(struct story_def){.regions = 2, .faults = &crash_of_a, .fault_count = 1, .may_lose = true});
    uint64_t a = begin_with_a(&s, 0, 0);
    store(&s, MS(15), a, B, true);
    goes_down(&s, MS(20), MS(120), A, LOSE_DISK);
    uint64_t again = write_begin(&s, MS(130), A, 0);
    take_by_clock(&s, MS(130), again, A, 0, 0, 0);
    store(&s, MS(130), again, A, true);
    store(&s, MS(170), again, B, true);
    end(&s, MS(131), again, OUTCOME_OK);
    story_end(&s, MS(900));
    assert_lost(&s, LOSS_FAILOVER, 1, 0);
    story_free(&s);
}

/* The same by a rollback of the key. */
Test(observe_causes, a_node_that_rolled_back_what_it_had_taken)
{
    struct story s;

    story_begin(&s, &(struct story_def){.regions = 2, .may_lose = true});
    uint64_t a = begin_with_a(&s, 0, 0);
    store(&s, MS(15), a, B, true);
    story_add(&s, (struct history_record){.time = MS(20), .node = A, .kind = HISTORY_FORGET});
    uint64_t again = write_begin(&s, MS(30), A, 0);
    take_by_clock(&s, MS(30), again, A, 0, 0, 0);
    store(&s, MS(30), again, A, true);
    store(&s, MS(70), again, B, true);
    end(&s, MS(31), again, OUTCOME_OK);
    story_end(&s, MS(900));
    assert_lost(&s, LOSS_FAILOVER, 1, 0);
    story_free(&s);
}

/* More than CONFLICT_EXAMPLES: all are counted, the first are kept. */
Test(observe_causes, examples_are_the_first)
{
    struct story s;

    story_begin(&s, &(struct story_def){.regions = 2, .keys = 40});
    for (uint64_t key = 0; key < 40; key++) {
        uint64_t a = write_begin(&s, MS(10), A, key), b = write_begin(&s, MS(10), B, key);
        take(&s, MS(10), a, A, 1);
        store(&s, MS(10), a, A, true);
        take(&s, MS(10), b, B, 2);
        store(&s, MS(10), b, B, true);
        end(&s, MS(10), a, OUTCOME_OK);
        end(&s, MS(10), b, OUTCOME_OK);
        store(&s, MS(10), b, A, true);
        store(&s, MS(10), a, B, false);
    }
    story_end(&s, MS(900));
    assert_lost(&s, LOSS_CONCURRENT, 40, 0);
    cr_assert_eq(s.figures->loss_count, 20u);
    for (uint32_t i = 0; i < 20; i++)
        cr_assert_eq(s.figures->losses[i].key, i);
    story_free(&s);
}
