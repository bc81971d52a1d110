/* world_network.c -- a message's way, to the nanosecond: a model that only sends and notes what comes. */
#include "tests/support/world.h"

#include <criterion/criterion.h>
#include <signal.h>

/* At the start, node 0 sends `count` messages to node 1, one every `every`; node 1 notes when they come. */
static struct {
    uint32_t count;
    geo_ns every;
    uint64_t bytes;
    geo_ns came[64];
    uint64_t number[64];
    uint32_t arrived;
    bool to_all;  /* instead: to every node of the world, and one more than there are where `to_nobody` */
    bool at_once; /* by one call */
    bool to_nobody;
} story;

enum { NUMBER };

enum { ALL = 9 };

static void tell_all(geo_replica *r, uint64_t number)
{
    const geo_out how = {.type = NUMBER, .wire_bytes = story.bytes};
    const geo_node all[ALL] = {1, 2, 3, 4, 0, 5, 6, 7, story.to_nobody ? 8 : 1};

    if (story.at_once)
        geo_send_many(r, all, ALL, how, &number, sizeof number);
    for (uint32_t i = 0; !story.at_once && i < ALL; i++)
        geo_send(r, all[i], how, &number, sizeof number);
}

static void tell(geo_replica *r, uint64_t number)
{
    if (story.to_all) {
        tell_all(r, number);
        return;
    }
    geo_send(r, 1, (geo_out){.type = NUMBER, .wire_bytes = story.bytes}, &number, sizeof number);
}

static void start(geo_replica *r, enum geo_lost lost)
{
    if (geo_self(r) != 0 || lost != GEO_FIRST_START)
        return;
    for (uint32_t i = 0; i < story.count; i++)
        geo_arm(r, (geo_ns)i * story.every, 0, i);
}

static void timer(geo_replica *r, uint32_t type, uint64_t arg)
{
    (void)type;
    tell(r, arg);
}

static void message(geo_replica *r, const geo_message *m)
{
    cr_assert(m->body_bytes == sizeof(uint64_t));
    if (story.to_all)
        return;
    story.came[story.arrived] = geo_steady(r);
    story.number[story.arrived++] = *(const uint64_t *)m->body;
}

static void request(geo_replica *r, const geo_op *op)
{
    geo_reply(r, op->id, &(geo_answer){.outcome = GEO_OK});
}

static geo_placement placement(const void *config, const geo_setting *s)
{
    (void)config;
    (void)s;
    return (geo_placement){.kind = GEO_PER_REGION};
}

static geo_promise promise(const void *config, const geo_setting *s)
{
    (void)config;
    (void)s;
    return (geo_promise){0};
}

static const geo_message_def messages[] = {{.name = "number"}, {0}};
static const geo_param params[] = {{0}};
static const geo_model teller = {
    .abi = GEO_ABI,
    .model_bytes = sizeof(geo_model),
    .param_bytes = sizeof(geo_param),
    .name = "teller",
    .summary = "sends numbers",
    .params = params,
    .messages = messages,
    .placement = placement,
    .promise = promise,
    .start = start,
    .request = request,
    .message = message,
    .timer = timer,
};

static void run(struct world_def *def, struct record_list *records)
{
    struct trial *t = trial_new(&(struct trial_def){
        .world = def, .model = &teller, .model_name = "teller", .seed = 1, .replication = 1});
    test_keep_history(t, records);
    cr_assert(trial_run(t, NULL));
    trial_free(t);
}

Test(world_network, one_way_is_half_of_the_round_trip_and_the_lower_name_has_the_odd_nanosecond)
{
    struct world_def def = test_world(2, 80000001);
    struct record_list records = {0};

    story.count = 1;
    run(&def, &records);
    cr_assert_eq(story.arrived, 1);
    cr_expect_eq(story.came[0], 40000001);
    const struct history_record *sent = test_record(&records, HISTORY_SEND, 0);
    cr_assert_not_null(sent);
    cr_expect_eq(sent->send.bytes, 0);
    cr_expect_eq(test_record_count(&records, HISTORY_SEND), 1);
}

/* 1000 B + 0 overhead at 8 Mbit/s leave in 1 ms; five messages at once wait for each other. */
Test(world_network, a_message_waits_for_the_link)
{
    struct world_def def = test_world(2, 80 * SIM_MILLISECOND);
    struct record_list records = {0};

    test_link(&def, 0, 1)->bandwidth_bits_per_s = 8e6;
    story.count = 5;
    story.bytes = 1000;
    run(&def, &records);
    cr_assert_eq(story.arrived, 5);
    for (uint32_t i = 0; i < 5; i++)
        cr_expect_eq(story.came[i], 40 * SIM_MILLISECOND + (geo_ns)(i + 1) * SIM_MILLISECOND,
                     "message %u at %lld", i, (long long)story.came[i]);
}

/* Cut from 1 s to 2 s. What leaves at 0.97 s is under way when the cut comes, and would arrive at 1.01: lost.
 * The next transmission is 80 + 200 ms after the first left, then 560 ms, then 1 s (the ceiling)
 * later: 1.25, 1.81, 2.81: it comes at 2.85 s. What was sent at 1.95 s goes again at 2.23 and would be there
 * at 2.27, but waits for the one before it. */
Test(world_network, tcp_retransmits_through_a_cut_and_keeps_the_order)
{
    struct world_def def = test_world(2, 80 * SIM_MILLISECOND);
    struct record_list records = {0};
    struct fault_def cut = {.kind = FAULT_CUT,
                            .target = TARGET_LINK,
                            .from = 0,
                            .to = 1,
                            .at_ns = SIM_SECOND,
                            .lasts = test_constant(1e9)};

    def.faults = &cut;
    def.fault_count = 1;
    story.count = 3;
    story.every = 970 * SIM_MILLISECOND; /* at 0, 0.97 and 1.94 s */
    run(&def, &records);
    cr_assert_eq(story.arrived, 3);
    cr_expect_eq(story.came[0], 40 * SIM_MILLISECOND);
    cr_expect_eq(story.came[1], 2850 * SIM_MILLISECOND, "%lld", (long long)story.came[1]);
    cr_expect_eq(story.came[2], 2850 * SIM_MILLISECOND, "%lld", (long long)story.came[2]);
    cr_expect_eq(story.number[1], 1);
    cr_expect_eq(story.number[2], 2);
    /* 1 + 4 + 2 transmissions */
    cr_expect_eq(test_record_count(&records, HISTORY_SEND), 7);
}

Test(world_network, a_datagram_in_a_cut_is_gone)
{
    struct world_def def = test_world(2, 80 * SIM_MILLISECOND);
    struct record_list records = {0};
    struct fault_def cut = {.kind = FAULT_CUT,
                            .target = TARGET_LINK,
                            .from = 0,
                            .to = 1,
                            .at_ns = SIM_SECOND,
                            .lasts = test_constant(1e9)};

    def.datagram = true;
    def.faults = &cut;
    def.fault_count = 1;
    story.count = 3;
    story.every = 970 * SIM_MILLISECOND;
    run(&def, &records);
    cr_assert_eq(story.arrived, 1);
}

Test(world_network, slow_multiplies_the_delay_while_it_lasts)
{
    struct world_def def = test_world(2, 80 * SIM_MILLISECOND);
    struct record_list records = {0};
    struct fault_def slow = {.kind = FAULT_SLOW,
                             .target = TARGET_PAIR,
                             .from = 1,
                             .to = 0,
                             .at_ns = SIM_SECOND,
                             .lasts = test_constant(1e9),
                             .factor = 10};

    def.faults = &slow;
    def.fault_count = 1;
    story.count = 3;
    story.every = 1500 * SIM_MILLISECOND;
    run(&def, &records);
    cr_assert_eq(story.arrived, 3);
    cr_expect_eq(story.came[0], 40 * SIM_MILLISECOND);
    cr_expect_eq(story.came[1], 1900 * SIM_MILLISECOND);
    cr_expect_eq(story.came[2], 3040 * SIM_MILLISECOND);
}

/* Node 1 is paused from 1 s to 2 s, or restarts having lost its memory: then what was under way is dropped.
 */
Test(world_network, a_pause_keeps_the_connection_and_a_restart_drops_it)
{
    for (int lose = LOSE_NOTHING; lose <= LOSE_MEMORY; lose++) {
        struct world_def def = test_world(2, 80 * SIM_MILLISECOND);
        struct record_list records = {0};
        struct fault_def crash = {.kind = FAULT_CRASH,
                                  .target = TARGET_REGION,
                                  .region = 1,
                                  .at_ns = SIM_SECOND,
                                  .lasts = test_constant(1e9),
                                  .lose = (uint8_t)lose};
        def.faults = &crash;
        def.fault_count = 1;
        story.arrived = 0;
        story.count = 2;
        story.every = 970 * SIM_MILLISECOND;
        run(&def, &records);
        cr_expect_eq(story.arrived, lose == LOSE_NOTHING ? 2u : 1u, "lose %d: %u", lose, story.arrived);
        array_free(&records.list);
        test_world_free(&def);
    }
}

/* Loss of one half: a message takes 1 / (1 - 1/2) = 2 transmissions on average, and each is counted. Of n
 * messages the transmissions have the variance n p / (1-p)^2 = 2 n; the bound is 4.5 standard deviations. */
Test(world_network, loss_costs_retransmissions)
{
    struct world_def def = test_world(2, 2 * SIM_MILLISECOND);
    struct record_list records = {0};
    const double n = 60;

    test_link(&def, 0, 1)->loss = 0.5;
    def.duration_ns = 100 * SIM_SECOND;
    def.drain_ns = 100 * SIM_SECOND;
    story.count = (uint32_t)n;
    story.every = SIM_SECOND;
    run(&def, &records);
    cr_assert_eq(story.arrived, story.count);
    for (uint32_t i = 0; i < story.count; i++)
        cr_expect_eq(story.number[i], i);
    double sent = (double)test_record_count(&records, HISTORY_SEND);
    cr_expect((sent - 2 * n) * (sent - 2 * n) < 4.5 * 4.5 * 2 * n, "%g transmissions of %g messages", sent,
              n);
}

/* Eight regions; by all links but one the delay is drawn, so that some are sent together and some alone. */
static void run_to_all(bool at_once, struct record_list *records)
{
    static const struct distribution jitter = {.kind = DISTRIBUTION_LOGNORMAL, .a = 1e6, .b = 0.6};
    struct world_def def = test_world(8, 100 * SIM_MILLISECOND);

    for (uint32_t to = 1; to < 8; to++)
        test_link(&def, 0, to)->jitter = to == 6 ? NULL : &jitter;
    story.count = 20;
    story.every = 10 * SIM_MILLISECOND;
    story.bytes = 100;
    story.to_all = true;
    story.at_once = at_once;
    run(&def, records);
    test_world_free(&def);
}

Test(world_network, what_is_sent_to_many_takes_the_ways_of_each_alone)
{
    static struct record_list together, alone;

    run_to_all(true, &together);
    run_to_all(false, &alone);
    cr_assert_eq(together.list.count, alone.list.count);
    cr_assert_eq(test_record_count(&alone, HISTORY_SEND), 20 * (ALL - 1)); /* to itself it takes no way */
    for (size_t i = 0; i < alone.list.count; i++) {
        const struct history_record *a = &together.list.items[i], *b = &alone.list.items[i];
        cr_assert(a->kind == b->kind && a->time == b->time && a->node == b->node, "record %zu", i);
        if (a->kind == HISTORY_SEND)
            cr_assert(a->send.to == b->send.to && a->send.message == b->send.message, "record %zu", i);
        if (a->kind == HISTORY_ARRIVE)
            cr_assert(a->way.message == b->way.message, "record %zu", i);
    }
}

Test(world_network, a_model_that_sends_to_a_node_that_is_not_there_is_a_bug, .signal = SIGABRT)
{
    static struct record_list records;

    story.to_nobody = true;
    run_to_all(true, &records);
}
