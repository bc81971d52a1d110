/* world_sessions.c -- clients at work, and the queue at a node: a model that serves every request where it
 * arrives. */
#include "tests/support/world.h"

#include <criterion/criterion.h>
#include <math.h>

/* Answers each request after the READ service of the node that has it. */
static void request(geo_replica *r, const geo_op *op)
{
    geo_send(r, geo_self(r), (geo_out){.type = 0, .op = op->id}, &op->id, sizeof op->id);
}

static void message(geo_replica *r, const geo_message *m)
{
    geo_op_id id = *(const geo_op_id *)m->body;
    geo_value v = geo_stored(r, 0);

    geo_reply(r, id, &(geo_answer){.outcome = GEO_OK, .values = &v, .value_count = 1});
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

static const geo_message_def messages[] = {{.name = "serve", .service = GEO_SERVE_READ}, {0}};
static const geo_param params[] = {{0}};
static const geo_model server = {
    .abi = GEO_ABI,
    .model_bytes = sizeof(geo_model),
    .param_bytes = sizeof(geo_param),
    .name = "server",
    .summary = "serves",
    .params = params,
    .messages = messages,
    .placement = placement,
    .promise = promise,
    .request = request,
    .message = message,
};

static struct record_list run(struct world_def *def)
{
    struct record_list records = {0};
    struct trial *t = trial_new(&(struct trial_def){
        .world = def, .model = &server, .model_name = "server", .seed = 7, .replication = 1});
    test_keep_history(t, &records);
    cr_assert(trial_run(t, NULL));
    trial_free(t);
    return records;
}

/* Latency of the operation of the index-th END, of any outcome. */
static sim_ns latency(const struct record_list *records, size_t index)
{
    const struct history_record *end = test_record(records, HISTORY_END, index);

    for (size_t i = 0; i < records->list.count; i++) {
        const struct history_record *begin = &records->list.items[i];
        if (begin->kind == HISTORY_BEGIN && history_op_of(begin->op) == history_op_of(end->op))
            return end->time - begin->time;
    }
    return -1;
}

Test(world_sessions, constant_arrivals_come_at_even_intervals)
{
    struct world_def def = test_world(1, 0);

    def.regions[0].workload.clients = 3;
    def.regions[0].workload.arrivals = ARRIVALS_CONSTANT;
    def.regions[0].workload.rate_per_s = 10;
    def.duration_ns = SIM_SECOND;
    struct record_list records = run(&def);
    cr_assert_eq(test_record_count(&records, HISTORY_BEGIN), 9); /* at 0.1 .. 0.9 s: the end is not in it */
    for (size_t i = 0; i < 9; i++)
        cr_expect_eq(test_record(&records, HISTORY_BEGIN, i)->time, (sim_ns)(i + 1) * 100 * SIM_MILLISECOND);
}

/* A client thinks, asks, waits for the answer, thinks: 10 ms and 3 ms of service and 1 ms of way, so every 14
 * ms. */
Test(world_sessions, a_closed_client_waits_for_its_answer)
{
    struct world_def def = test_world(1, 0);

    def.client = test_constant(1e6);
    def.storage.read = test_constant(3e6);
    def.regions[0].workload.clients = 1;
    def.regions[0].workload.arrivals = ARRIVALS_CLOSED;
    def.regions[0].workload.think = test_constant(10e6);
    def.duration_ns = SIM_SECOND;
    struct record_list records = run(&def);
    for (size_t i = 0; i < test_record_count(&records, HISTORY_BEGIN); i++)
        cr_expect_eq(test_record(&records, HISTORY_BEGIN, i)->time, (sim_ns)(10 + 14 * i) * SIM_MILLISECOND);
    cr_expect_eq(test_record_count(&records, HISTORY_BEGIN), 71);
    cr_expect_eq(latency(&records, 0), 4 * SIM_MILLISECOND);
}

/* Another region, or another rate of it, changes nothing of the first one's clients. */
Test(world_sessions, another_region_changes_no_ones_luck)
{
    struct record_list records[2];

    for (uint32_t i = 0; i < 2; i++) {
        struct world_def def = test_world(2 + i, 50 * SIM_MILLISECOND);
        for (uint32_t g = 0; g < 2 + i; g++)
            def.regions[g].workload.clients = 5;
        def.regions[1].workload.rate_per_s = i == 0 ? 100 : 37;
        records[i] = run(&def);
    }
    size_t a = 0, b = 0, same = 0;
    for (;;) {
        const struct history_record *x, *y;
        do
            x = a < records[0].list.count ? &records[0].list.items[a++] : NULL;
        while (x != NULL && (x->kind != HISTORY_BEGIN || x->begin.region != 0));
        do
            y = b < records[1].list.count ? &records[1].list.items[b++] : NULL;
        while (y != NULL && (y->kind != HISTORY_BEGIN || y->begin.region != 0));
        cr_assert_eq(x == NULL, y == NULL);
        if (x == NULL)
            break;
        cr_expect(x->time == y->time && x->key == y->key && x->begin.op_kind == y->begin.op_kind &&
                  x->begin.session == y->begin.session);
        same++;
    }
    cr_expect_gt(same, 500);
}

/* The node is down from 1 s on; clients of "a" go to "b", 80 ms away, once it has been down for a second. */
Test(world_sessions, clients_of_a_region_that_is_down_go_to_the_nearest_one_that_is_up)
{
    struct world_def def = test_world(3, 80 * SIM_MILLISECOND);
    struct fault_def crash = {.kind = FAULT_CRASH,
                              .target = TARGET_REGION,
                              .region = 0,
                              .at_ns = SIM_SECOND,
                              .lasts = test_constant(4e9)};

    for (uint32_t to = 1; to < 3; to++)
        test_link(&def, 0, to)->rtt_median_ns = to == 1 ? 80 * SIM_MILLISECOND : 90 * SIM_MILLISECOND;
    def.faults = &crash;
    def.fault_count = 1;
    def.regions[0].workload.clients = 1;
    def.regions[0].workload.timeout_ns = 500 * SIM_MILLISECOND;
    def.regions[0].workload.arrivals = ARRIVALS_CONSTANT;
    def.regions[0].workload.rate_per_s = 10;
    struct record_list records = run(&def);
    for (size_t i = 0; i < test_record_count(&records, HISTORY_END); i++) {
        const struct history_record *end = test_record(&records, HISTORY_END, i);
        sim_ns took = latency(&records, i), began = end->time - took;
        if (began < SIM_SECOND || began >= 5 * SIM_SECOND)
            cr_expect(end->end.outcome == OUTCOME_OK && took == 0, "at %lld", (long long)began);
        else if (began < 2 * SIM_SECOND)
            cr_expect(end->end.outcome == OUTCOME_TIMEOUT && took == 500 * SIM_MILLISECOND);
        else
            cr_expect(end->end.outcome == OUTCOME_OK && took == 80 * SIM_MILLISECOND);
    }
}

/* Two retries of 500 ms each, at once after each other: the node is back at 2.2 s. */
Test(world_sessions, an_attempt_follows_the_one_that_timed_out)
{
    struct world_def def = test_world(1, 0);
    struct fault_def crash = {.kind = FAULT_CRASH,
                              .target = TARGET_REGION,
                              .region = 0,
                              .at_ns = 900 * SIM_MILLISECOND,
                              .lasts = test_constant(1.3e9)};

    def.faults = &crash;
    def.fault_count = 1;
    def.regions[0].workload.clients = 1;
    def.regions[0].workload.timeout_ns = 500 * SIM_MILLISECOND;
    def.regions[0].workload.retries = 3;
    def.regions[0].workload.retry_as_new = true;
    def.regions[0].workload.arrivals = ARRIVALS_CONSTANT;
    def.regions[0].workload.rate_per_s = 1;
    def.duration_ns = 2 * SIM_SECOND;
    struct record_list records = run(&def);
    const struct history_record *end = test_record(&records, HISTORY_END, 0);
    cr_assert_eq(test_record_count(&records, HISTORY_END), 1);
    cr_expect_eq(end->end.outcome, OUTCOME_OK);
    cr_expect_eq(latency(&records, 0), 1500 * SIM_MILLISECOND);
    cr_expect_eq(test_record_count(&records, HISTORY_RETRY), 3);
    cr_expect_eq(end->op & 0xff, 3); /* the identity of the attempt that succeeded */
}

/* Served in 400 ms, given up after 300 ms: the first attempt's answer comes when the second is under way
 * under an identity of its own, and is the first's success. */
Test(world_sessions, an_answer_that_comes_late_is_its_own_attempts)
{
    for (int as_new = 0; as_new <= 1; as_new++) {
        struct world_def def = test_world(1, 0);
        def.storage.read = test_constant(400e6);
        def.storage.workers = 8;
        def.regions[0].workload.clients = 1;
        def.regions[0].workload.timeout_ns = 300 * SIM_MILLISECOND;
        def.regions[0].workload.retries = 3;
        def.regions[0].workload.retry_as_new = as_new == 1;
        def.regions[0].workload.arrivals = ARRIVALS_CONSTANT;
        def.regions[0].workload.rate_per_s = 1;
        def.duration_ns = 2 * SIM_SECOND;
        struct record_list records = run(&def);
        const struct history_record *end = test_record(&records, HISTORY_END, 0);
        cr_assert_not_null(end);
        cr_expect_eq(end->end.outcome, OUTCOME_OK);
        cr_expect_eq(latency(&records, 0), 400 * SIM_MILLISECOND);
        cr_expect_eq(test_record_count(&records, HISTORY_RETRY), 1);
        cr_expect_eq(end->op & 0xff, 0, "it is the first identity that succeeded");
        test_world_free(&def);
    }
}

/* Two nodes, of which one is ten times as slow for a while: only who goes through it waits. */
Test(world_sessions, an_overload_of_one_node_slows_that_one)
{
    struct world_def def = test_world(1, 0);
    struct fault_def overload = {.kind = FAULT_OVERLOAD,
                                 .target = TARGET_NODE,
                                 .region = 0,
                                 .node = 1,
                                 .factor = 10,
                                 .at_ns = 0,
                                 .lasts = test_constant(100e9)};
    size_t slow = 0, fast = 0;

    def.faults = &overload;
    def.fault_count = 1;
    def.regions[0].nodes = 2;
    def.storage.read = test_constant(10e6);
    def.storage.workers = 64;
    def.regions[0].workload.clients = 2;
    def.regions[0].workload.timeout_ns = SIM_SECOND;
    def.regions[0].workload.arrivals = ARRIVALS_CONSTANT;
    def.regions[0].workload.rate_per_s = 10;
    struct record_list records = run(&def);
    for (size_t i = 0; i < test_record_count(&records, HISTORY_END); i++) {
        slow += latency(&records, i) == 100 * SIM_MILLISECOND;
        fast += latency(&records, i) == 10 * SIM_MILLISECOND;
    }
    cr_expect_eq(slow + fast, test_record_count(&records, HISTORY_END));
    cr_expect(slow > 10 && fast > 10, "%zu slow, %zu fast", slow, fast);
    test_world_free(&def);
}

/* M/M/1 at a node: arrivals 80/s, service 10 ms. The mean time at the node is 1 / (mu - lambda) = 50 ms. Of N
 * customers in a row the mean has a variance of about (1 + rho)(...)/N: Daley (1968), for the mean waiting
 * time in steady state, sigma^2 = rho (2 + 5 rho - 4 rho^2 + rho^3) / (mu^2 (1 - rho)^4 N); the bound is 4.5
 * of its roots. */
Test(world_sessions, a_node_with_one_server_is_an_m_m_1_queue)
{
    struct world_def def = test_world(1, 0);
    const double rho = 0.8, mu = 100;
    struct distribution service = {.kind = DISTRIBUTION_EXPONENTIAL, .a = 1e9 / mu};

    def.storage = (struct storage_def){.workers = 1, .read = &service};
    def.regions[0].workload.clients = 1;
    def.regions[0].workload.timeout_ns = 1000 * SIM_SECOND;
    def.regions[0].workload.rate_per_s = rho * mu;
    def.duration_ns = 4000 * SIM_SECOND;
    struct record_list records = run(&def);
    double sum = 0, n = 0;
    size_t begins = 0;
    sim_ns *begun = memory_new(records.list.count, sizeof *begun);
    for (size_t i = 0; i < records.list.count;
         i++) { /* first come first served: the ends are in the order of the beginnings */
        const struct history_record *record = &records.list.items[i];
        if (record->kind == HISTORY_BEGIN)
            begun[begins++] = record->time;
        else if (record->kind == HISTORY_END && record->end.outcome == OUTCOME_OK)
            sum += (double)(record->time - begun[(size_t)n++]) / 1e9;
    }
    double theory = 1 / (mu - rho * mu);
    double variance = rho * (2 + 5 * rho - 4 * rho * rho + rho * rho * rho) / (mu * mu * pow(1 - rho, 4) * n);
    cr_expect_gt(n, 300000);
    cr_expect_lt(fabs(sum / n - theory), 4.5 * sqrt(variance), "mean %g s, theory %g s, n %g, bound %g",
                 sum / n, theory, n, 4.5 * sqrt(variance));
}
