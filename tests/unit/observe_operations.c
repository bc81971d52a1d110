/* observe_operations.c -- what clients see, what faults cost, what crosses the sea: by hand. */
#include "tests/unit/observe_story.h"

enum { US, EU, AP };

static struct story s;

static void fault(sim_ns time, uint32_t index, bool begins)
{
    story_add(&s, (struct history_record){.time = time,
                                          .node = HISTORY_NO_NODE,
                                          .kind = HISTORY_FAULT,
                                          .fault = {.index = index, .begins = begins}});
}

static void down(sim_ns time, uint32_t node, uint8_t lose, uint32_t index)
{
    story_add(
        &s, (struct history_record){.time = time, .node = node, .kind = HISTORY_DOWN, .down = {lose, index}});
}

static void up(sim_ns time, uint32_t node)
{
    story_add(&s, (struct history_record){.time = time, .node = node, .kind = HISTORY_UP});
}

Test(observe_operations, latency_is_of_those_that_finished_well_and_all_of_failures_too)
{
    story_begin(&s, &(struct story_def){.regions = 2, .warmup = MS(100)});
    uint64_t early = write_begin(&s, MS(99), US, 1); /* of the warm-up */
    uint64_t ok = write_begin(&s, MS(100), US, 1), no = op_begin(&s, MS(110), EU, 1, GEO_DECREMENT, 5);
    end(&s, MS(130), early, OUTCOME_OK);
    end(&s, MS(130), ok, OUTCOME_OK); /* 30 ms */
    end(&s, MS(150), no, OUTCOME_NO); /* 40 ms, finished well */
    uint64_t timeout = write_begin(&s, MS(200), US, 1), refused = write_begin(&s, MS(200), US, 1);
    end(&s, MS(210), refused, OUTCOME_REFUSED); /* 10 ms */
    end(&s, MS(700), timeout, OUTCOME_TIMEOUT); /* 500 ms */
    uint64_t open = write_begin(&s, MS(800), EU, 1);
    end(&s, MS(1400), open, OUTCOME_OPEN);            /* 600 ms at least */
    uint64_t late = write_begin(&s, MS(1000), US, 1); /* at duration: not of the window */
    end(&s, MS(1500), late, OUTCOME_OK);
    story_end(&s, MS(1500));
    cr_assert_eq(story_sum(&s, METRIC_WRITE_LATENCY), MS(70));
    cr_assert_eq(story_count(&s, METRIC_WRITE_LATENCY_ALL), 5u);
    cr_assert_eq(story_sum(&s, METRIC_WRITE_LATENCY_ALL), MS(70 + 10 + 500 + 600));
    cr_assert(story_spread(&s, METRIC_WRITE_LATENCY_ALL, ALL_REGIONS)->at_least);
    cr_assert_not(story_spread(&s, METRIC_WRITE_LATENCY, ALL_REGIONS)->at_least);
    cr_assert_eq(story_value(&s, METRIC_OPERATIONS, STATISTIC_VALUE), 2);
    cr_assert_eq(story_value(&s, METRIC_FAILED, STATISTIC_VALUE), 3);
    cr_assert_float_eq(story_value(&s, METRIC_AVAILABILITY, STATISTIC_VALUE), 0.4, 0);
    cr_assert_float_eq(story_value_in(s.figures, METRIC_WRITE_AVAILABILITY, STATISTIC_VALUE, EU), 0.5, 0);
    cr_assert(isnan(story_value(&s, METRIC_READ_AVAILABILITY, STATISTIC_VALUE))); /* no reads: no row */
    cr_assert_null(story_spread(&s, METRIC_READ_LATENCY, ALL_REGIONS));
    story_free(&s);
}

Test(observe_operations, operations_in_faults_are_those_issued_while_one_is_on)
{
    struct history_fault faults[] = {{"cut", FAULT_CUT, MS(100), MS(200)},
                                     {"step", FAULT_CLOCK, MS(300), MS(300)}};

    story_begin(&s, &(struct story_def){.faults = faults, .fault_count = 2});
    read_end(&s, MS(90), read_begin(&s, MS(90), US, 1), US);
    fault(MS(100), 0, true);
    read_end(&s, MS(150), read_begin(&s, MS(150), US, 1), US);
    fault(MS(200), 0, false);
    read_end(&s, MS(250), read_begin(&s, MS(250), US, 1), US);
    fault(MS(300), 1, true);
    read_end(&s, MS(350), read_begin(&s, MS(350), US, 1), US);
    story_end(&s, MS(1000));
    cr_assert_eq(story_value(&s, METRIC_OPERATIONS_IN_FAULTS, STATISTIC_VALUE), 1);
    story_free(&s);
}

Test(observe_operations, probes_show_in_the_visibility_curve_alone)
{
    story_begin(&s, &(struct story_def){.regions = 2});
    uint64_t w = write_at(&s, MS(10), US, 3, 10);
    for (uint16_t point = 0; point < 2; point++) {
        uint64_t probe = (uint64_t)EU << 48 | UINT64_C(1) << 47 | (uint64_t)(point + 1) << 8;
        sim_ns at = MS(10) + s.probe_after[point];
        story_add(
            &s,
            (struct history_record){
                .time = at,
                .op = probe,
                .key = 3,
                .kind = HISTORY_BEGIN,
                .begin = {
                    .region = EU, .op_kind = GEO_READ, .is_probe = 1, .probe_of = w, .probe_after = point}});
        story_add(&s, (struct history_record){.time = at,
                                              .op = probe,
                                              .key = 3,
                                              .node = EU,
                                              .kind = HISTORY_END,
                                              .end = {.instant = history_position(s.history),
                                                      .outcome = OUTCOME_OK,
                                                      .op_kind = GEO_READ}});
        if (point == 0)
            store(&s, MS(15), w, EU, true);
    }
    story_end(&s, MS(1000));
    cr_assert_eq(s.figures->visibility_count, 2u);
    cr_assert_eq(s.figures->visibility_probes[0], 1u);
    cr_assert_eq(s.figures->visibility_stale[0], 1u);
    cr_assert_eq(s.figures->visibility_probes[1], 1u);
    cr_assert_eq(s.figures->visibility_stale[1], 0u);
    cr_assert_null(story_spread(&s, METRIC_READ_STALENESS, ALL_REGIONS));
    cr_assert_eq(story_value(&s, METRIC_OPERATIONS, STATISTIC_VALUE), 1);
    story_free(&s);
}

Test(observe_operations, traffic_counts_what_leaves_a_region_in_the_window)
{
    struct history_record send = {
        .time = MS(500), .kind = HISTORY_SEND, .send = {.bytes = 1000, .from_region = US, .to_region = EU}};

    story_begin(&s, &(struct story_def){.warmup = MS(100), .duration = MS(1100)});
    story_add(&s, send);
    send.send.transmission = 1; /* again: counts again */
    story_add(&s, send);
    send.send = (struct history_record){.send = {.bytes = 500, .from_region = EU, .to_region = US}}.send;
    story_add(&s, send);
    send.send.to_region = EU; /* at home */
    story_add(&s, send);
    send.send.to_region = US;
    send.time = MS(1100); /* after the window */
    story_add(&s, send);
    story_end(&s, MS(1200));
    cr_assert_eq(story_value(&s, METRIC_WAN_MESSAGES, STATISTIC_VALUE), 3);
    cr_assert_eq(story_value(&s, METRIC_WAN_BYTES, STATISTIC_VALUE), 2500);
    /* 2000 B at 0.02 USD/GB and 500 B at 0.04; the window is 1 s of the month's 2592000. */
    cr_assert_float_eq(story_value(&s, METRIC_WAN_COST, STATISTIC_VALUE), 6e-8, 1e-20);
    cr_assert_float_eq(story_value(&s, METRIC_WAN_COST_MONTH, STATISTIC_VALUE), 6e-8 * 2592000, 1e-12);
    cr_assert_eq(s.figures->pair_count, 2u);
    cr_assert_eq(s.figures->pairs[0].bytes, 2000u);
    cr_assert_eq(s.figures->pairs[1].messages, 1u);
    story_free(&s);
}

Test(observe_operations, stock_is_oversold_by_what_was_sold_beyond_it)
{
    story_begin(&s, &(struct story_def){.data = GEO_COUNTER, .initial = 10});
    end(&s, MS(1), op_begin(&s, MS(1), US, 1, GEO_DECREMENT, 8), OUTCOME_OK);
    end(&s, MS(2), op_begin(&s, MS(2), EU, 1, GEO_DECREMENT, 8), OUTCOME_OK);
    end(&s, MS(3), op_begin(&s, MS(3), EU, 1, GEO_DECREMENT, 8), OUTCOME_NO);
    end(&s, MS(4), op_begin(&s, MS(4), EU, 1, GEO_INCREMENT, 2), OUTCOME_OK);
    end(&s, MS(5), op_begin(&s, MS(5), EU, 2, GEO_DECREMENT, 10), OUTCOME_OK);
    story_end(&s, MS(1000));
    cr_assert_eq(story_value(&s, METRIC_OVERSOLD, STATISTIC_VALUE), 4); /* 16 of 12; key 2 just sold out */
    story_free(&s);
}

Test(observe_operations, a_retry_that_is_taken_as_well_is_a_duplicate)
{
    story_begin(&s, &(struct story_def){.data = GEO_COUNTER, .initial = 10});
    uint64_t op = op_begin(&s, MS(1), US, 1, GEO_DECREMENT, 1);
    take(&s, MS(2), op, US, 2);
    store(&s, MS(2), op, US, true);
    story_add(&s, (struct history_record){.time = MS(50), .op = op, .kind = HISTORY_RETRY, .retry = {op, 1}});
    take(&s, MS(51), op, EU, 51);
    end(&s, MS(52), op, OUTCOME_OK);
    story_end(&s, MS(1000));
    cr_assert_eq(story_value(&s, METRIC_DUPLICATES_APPLIED, STATISTIC_VALUE), 1);
    cr_assert_eq(story_value(&s, METRIC_RETRIES, STATISTIC_VALUE), 1);
    story_free(&s);
}

Test(observe_operations, with_new_identities_one_operation_is_several_writes)
{
    story_begin(&s, &(struct story_def){.regions = 2});
    uint64_t first = write_begin(&s, MS(1), US, 1), second = first | 1;
    s.writes[US][s.counts[US]].stamp = 2;
    take(&s, MS(2), first, US, 2);
    store(&s, MS(2), first, US, true);
    story_add(&s, (struct history_record){
                      .time = MS(50), .op = second, .kind = HISTORY_RETRY, .retry = {first, 1}});
    take(&s, MS(60), second, EU, 60);
    store(&s, MS(60), second, EU, true);
    end(&s, MS(70), second, OUTCOME_OK); /* the second succeeded: it alone commits */
    store(&s, MS(90), second, US, true); /* lets go of the first, which is no commit: nothing is lost */
    story_end(&s, MS(1000));
    cr_assert_eq(story_value(&s, METRIC_OPERATIONS, STATISTIC_VALUE), 1);
    cr_assert_eq(story_sum(&s, METRIC_WRITE_LATENCY), MS(69));
    cr_assert_eq(story_value(&s, METRIC_CONFLICTS, STATISTIC_VALUE), 1);
    cr_assert_eq(story_value(&s, METRIC_LOST_UPDATES, STATISTIC_VALUE), 0);
    cr_assert_eq(story_sum(&s, METRIC_REPLICATION_LAG), MS(20));
    story_free(&s);
}

Test(observe_operations, recovery_is_the_first_success_of_the_slowest_region)
{
    struct history_fault faults[] = {{"partition", FAULT_PARTITION, MS(100), MS(300)}};

    story_begin(&s, &(struct story_def){.faults = faults, .fault_count = 1});
    uint64_t before = write_begin(&s, MS(90), EU, 1);
    fault(MS(100), 0, true);
    end(&s, MS(110), before, OUTCOME_OK); /* begun before: tells nothing */
    end(&s, MS(125), write_begin(&s, MS(120), US, 2), OUTCOME_OK);
    end(&s, MS(200), write_begin(&s, MS(130), EU, 1), OUTCOME_TIMEOUT);
    fault(MS(300), 0, false);
    end(&s, MS(340), write_begin(&s, MS(310), EU, 1), OUTCOME_OK);
    story_end(&s, MS(1000));
    cr_assert_eq(story_sum(&s, METRIC_RTO), MS(240)); /* EU's; AP has no writers */
    cr_assert_not(story_spread(&s, METRIC_RTO, ALL_REGIONS)->at_least);
    cr_assert_eq(story_sum(&s, METRIC_RPO), 0);
    cr_assert_eq(story_count(&s, METRIC_RPO), 1u);
    story_free(&s);
}

Test(observe_operations, a_region_that_is_not_served_again_is_a_lower_bound)
{
    struct history_fault faults[] = {{"crash", FAULT_CRASH, MS(100), SIM_NS_NEVER}};

    story_begin(&s, &(struct story_def){.faults = faults, .fault_count = 1});
    fault(MS(100), 0, true);
    end(&s, MS(600), write_begin(&s, MS(120), EU, 1), OUTCOME_TIMEOUT);
    story_end(&s, MS(1100));
    cr_assert_eq(story_sum(&s, METRIC_RTO), MS(1000));
    cr_assert(story_spread(&s, METRIC_RTO, ALL_REGIONS)->at_least);
    story_free(&s);
}

Test(observe_operations, commits_that_only_a_dead_region_had_are_lost)
{
    struct history_fault faults[] = {{"crash", FAULT_CRASH, MS(100), SIM_NS_NEVER}};

    story_begin(&s, &(struct story_def){.regions = 2, .faults = faults, .fault_count = 1, .may_lose = true});
    uint64_t safe = write_at(&s, MS(10), US, 1, 10);
    store(&s, MS(40), safe, EU, true);
    write_at(&s, MS(60), US, 2, 60); /* committed 40 ms before the crash, never shipped */
    uint64_t built_upon = write_at(&s, MS(70), US, 3, 70), upon = write_at(&s, MS(80), US, 3, 80);
    (void)built_upon;
    store(&s, MS(95), upon, EU, true); /* has seen the one before */
    fault(MS(100), 0, true);
    down(MS(100), US, LOSE_DISK, 0);
    story_end(&s, MS(1000));
    cr_assert_eq(story_value(&s, METRIC_LOST_COMMITS, STATISTIC_VALUE), 1);
    cr_assert_eq(story_sum(&s, METRIC_RPO), MS(40));
    story_free(&s);
}

Test(observe_operations, a_disk_that_is_lost_and_filled_again_takes_time_to_converge)
{
    struct history_fault faults[] = {{"crash", FAULT_CRASH, MS(100), MS(200)}};

    story_begin(&s, &(struct story_def){.regions = 2, .faults = faults, .fault_count = 1, .may_lose = true});
    uint64_t w = write_at(&s, MS(10), US, 1, 10);
    store(&s, MS(40), w, EU, true);
    fault(MS(100), 0, true);
    down(MS(100), EU, LOSE_DISK, 0);
    fault(MS(200), 0, false);
    up(MS(200), EU);
    cr_assert_not(observation_agreed(s.observation));
    read_end(&s, MS(210), read_begin(&s, MS(210), EU, 1), EU); /* misses w, since 200 ms */
    store(&s, MS(250), w, EU, true);
    cr_assert(observation_agreed(s.observation));
    story_end(&s, MS(1000));
    cr_assert_eq(story_sum(&s, METRIC_READ_STALENESS), MS(200));
    cr_assert_eq(story_sum(&s, METRIC_TIME_TO_CONVERGE), MS(50));
    cr_assert_eq(story_value(&s, METRIC_LOST_COMMITS, STATISTIC_VALUE), 0);
    cr_assert_eq(story_sum(&s, METRIC_REPLICATION_LAG), MS(30)); /* it had been everywhere */
    story_free(&s);
}

Test(observe_operations, series_are_means_of_bins)
{
    story_begin(&s, &(struct story_def){.regions = 2, .duration = MS(3000), .limit = MS(4000)});
    uint64_t w = write_at(&s, MS(500), US, 1, 500);
    end(&s, MS(1020), write_begin(&s, MS(1000), US, 2), OUTCOME_OK);
    end(&s, MS(1040), write_begin(&s, MS(1000), US, 2), OUTCOME_TIMEOUT);
    store(&s, MS(1250), w, EU, true);
    story_end(&s, MS(2500));
    cr_assert_eq(s.figures->bin_ns, MS(1000));
    cr_assert_eq(s.figures->bin_count, 3u);
    for (uint32_t i = 0; i < s.figures->series_count; i++) {
        const struct series_figure *f = &s.figures->series[i];
        if (f->region != ALL_REGIONS)
            continue;
        if (f->series == SERIES_WRITE_LATENCY)
            cr_assert(f->sum[0] == 0 && f->weight[0] == 1 && f->sum[1] == 20 && f->weight[1] == 1 &&
                      f->weight[2] == 0);
        if (f->series == SERIES_AVAILABILITY)
            cr_assert(f->sum[1] == 1 && f->weight[1] == 2);
        if (f->series == SERIES_REPLICATION_LAG)
            cr_assert(f->sum[0] == 750 && f->weight[0] == 1); /* at the commit */
        if (f->series == SERIES_DIVERGED_KEYS) /* half of the first second, a quarter of the next */
            cr_assert(f->sum[0] / f->weight[0] == 0.5 && f->sum[1] / f->weight[1] == 0.25);
    }
    story_free(&s);
}

static void same_histogram(const struct histogram *a, const struct histogram *b)
{
    cr_assert(histogram_equals(a, b));
}

Test(observe_operations, figures_survive_a_file_and_a_torn_one_is_refused)
{
    story_begin(&s, &(struct story_def){0});
    uint64_t w = write_at(&s, MS(10), US, 3, 10);
    store(&s, MS(50), w, EU, true);
    read_end(&s, MS(60), read_begin(&s, MS(55), AP, 3), AP);
    story_end(&s, MS(1000));
    char *bytes = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&bytes, &size);
    s.figures->events = 12345;
    cr_assert(trial_figures_write(s.figures, file));
    fclose(file);
    file = fmemopen(bytes, size, "rb");
    struct trial_figures *f = trial_figures_read(file);
    fclose(file);
    cr_assert_not_null(f);
    cr_assert_eq(f->events, 12345u);
    cr_assert_eq(f->end_ns, MS(1000));
    cr_assert_eq(f->scalar_count, s.figures->scalar_count);
    for (uint32_t i = 0; i < f->scalar_count; i++) {
        cr_assert_eq(f->scalars[i].metric, s.figures->scalars[i].metric);
        cr_assert_eq(f->scalars[i].region, s.figures->scalars[i].region);
        cr_assert_eq(f->scalars[i].value, s.figures->scalars[i].value);
    }
    cr_assert_eq(f->distribution_count, s.figures->distribution_count);
    for (uint32_t i = 0; i < f->distribution_count; i++) {
        cr_assert_eq(f->distributions[i].at_least, s.figures->distributions[i].at_least);
        same_histogram(&f->distributions[i].values, &s.figures->distributions[i].values);
    }
    cr_assert_eq(f->series_count, s.figures->series_count);
    cr_assert_eq(f->series[0].sum[0], s.figures->series[0].sum[0]);
    cr_assert_eq(f->pair_count, s.figures->pair_count);
    same_histogram(&f->pairs[0].lag_ns, &s.figures->pairs[0].lag_ns);
    trial_figures_free(f);
    for (size_t cut = 0; cut < size; cut += 1 + size / 97) {
        file = cut == 0 ? fopen("/dev/null", "rb") : fmemopen(bytes, cut, "rb");
        cr_assert_null(trial_figures_read(file), "cut at %zu", cut);
        fclose(file);
    }
    for (size_t at = 0; at < size; at += 1 + size / 97) {
        bytes[at] ^= 0x10;
        file = fmemopen(bytes, size, "rb");
        cr_assert_null(trial_figures_read(file), "a bit turned at %zu", at);
        fclose(file);
        bytes[at] ^= 0x10;
    }
    free(bytes);
    story_free(&s);
}

Test(observe_operations, every_metric_has_a_name_a_doc_and_a_statistic)
{
    for (int m = 0; m < METRICS; m++) {
        cr_assert_not_null(metric_defs[m].name);
        cr_assert_not_null(metric_defs[m].doc);
        cr_assert_neq(metric_defs[m].statistics, 0);
        cr_assert_eq(metric_find(metric_defs[m].name), m);
    }
    for (int f = 0; f < SERIES; f++)
        cr_assert_geq(metric_find(series_names[f]), 0, "%s", series_names[f]);
    cr_assert_eq(metric_find("nonsense"), -1);
    cr_assert_eq(statistic_find("p999"), STATISTIC_P999);
    cr_assert_eq(statistic_quantile(STATISTIC_P999), 0.999);
}
