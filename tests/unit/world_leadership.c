/* world_leadership.c -- `crash: {leader: true}` takes the leader that the model told, not the one that it
 * began with; and what a rolled-back replica answers. */
#include "tests/support/world.h"

#include <criterion/criterion.h>

/* Region 0 leads at first, region 2 from `moves` on; node 1 stores a value at once and rolls it back then. */
struct config {
    geo_region leader;
    geo_ns moves;
};
static const struct config config = {.leader = 0, .moves = 2 * SIM_SECOND};

static void start(geo_replica *r, enum geo_lost lost)
{
    const struct config *c = geo_config(r);

    if (lost == GEO_FIRST_START)
        geo_arm(r, c->moves, 0, 0);
    if (lost == GEO_FIRST_START && geo_self(r) == c->leader)
        geo_leads(r, 0, 0, true);
    if (lost == GEO_FIRST_START && geo_self(r) == 1) {
        geo_store(r, 3, (geo_value){.version = {.stamp = 9, .write = 0x100}, .number = 7});
        geo_forget(r, 4); /* nothing is there */
    }
}

static void timer(geo_replica *r, uint32_t type, uint64_t arg)
{
    (void)type;
    (void)arg;
    if (geo_self(r) == 1) {
        geo_forget(r, 3);
        cr_expect_eq(geo_stored(r, 3).version.write, 0);
        cr_expect_eq(geo_stored(r, 3).number, 100); /* the initial value */
        cr_expect(geo_store(r, 3, (geo_value){.version = {.stamp = 5, .write = 0x200}, .number = 8}),
                  "a smaller version");
    } else if (geo_self(r) == 2) {
        geo_leads(r, 0, 1, true);
    }
}

static void request(geo_replica *r, const geo_op *op)
{
    geo_reply(r, op->id, &(geo_answer){.outcome = GEO_OK});
}

static void message(geo_replica *r, const geo_message *m)
{
    (void)r;
    (void)m;
}

static bool forgets(const void *c)
{
    (void)c;
    return true;
}

static geo_placement placement(const void *c, const geo_setting *s)
{
    (void)c;
    (void)s;
    return (geo_placement){.kind = GEO_PER_REGION};
}

static geo_promise promise(const void *c, const geo_setting *s)
{
    (void)c;
    (void)s;
    return (geo_promise){0};
}

static const geo_message_def messages[] = {{0}};
static const geo_param params[] = {
    {"leader", GEO_PARAM_REGION, offsetof(struct config, leader), "first", NULL, NULL, NULL,
     "where it begins"},
    {0},
};
static const geo_model mover = {
    .abi = GEO_ABI,
    .model_bytes = sizeof(geo_model),
    .param_bytes = sizeof(geo_param),
    .name = "mover",
    .summary = "moves its leader",
    .params = params,
    .messages = messages,
    .placement = placement,
    .promise = promise,
    .config_bytes = sizeof(struct config),
    .start = start,
    .timer = timer,
    .request = request,
    .message = message,
    .forgets = forgets,
};

/* Two crashes of the leader, before and after it moves; the second is over when region 0 leads no more. */
Test(world_leadership, a_crash_of_the_leader_follows_the_leadership)
{
    struct world_def def = test_world(3, 80 * SIM_MILLISECOND);
    struct fault_def faults[] = {
        {.name = "first",
         .kind = FAULT_CRASH,
         .at_ns = SIM_SECOND,
         .lasts = test_constant(2e9),
         .target = TARGET_LEADER,
         .lose = LOSE_NOTHING},
        {.name = "second",
         .kind = FAULT_CRASH,
         .at_ns = 5 * SIM_SECOND,
         .lasts = test_constant(1e9),
         .target = TARGET_LEADER,
         .lose = LOSE_MEMORY},
    };
    struct record_list records = {0};

    def.data = GEO_COUNTER;
    def.faults = faults;
    def.fault_count = 2;
    struct trial *t = trial_new(&(struct trial_def){.world = &def,
                                                    .model = &mover,
                                                    .model_name = "mover",
                                                    .config = &config,
                                                    .seed = 7,
                                                    .replication = 1});
    test_keep_history(t, &records);
    cr_assert(trial_run(t, NULL));
    trial_free(t);
    cr_assert_eq(test_record_count(&records, HISTORY_LEADS), 2u);
    cr_assert_eq(test_record_count(&records, HISTORY_DOWN), 2u);
    cr_assert_eq(test_record_count(&records, HISTORY_UP), 2u);
    cr_expect_eq(test_record(&records, HISTORY_DOWN, 0)->node, 0u);
    cr_expect_eq(test_record(&records, HISTORY_UP, 0)->node, 0u,
                 "the one that it took, though another leads by then");
    cr_expect_eq(test_record(&records, HISTORY_DOWN, 1)->node, 2u);
    cr_expect_eq(test_record(&records, HISTORY_UP, 1)->node, 2u);
    cr_assert_eq(test_record_count(&records, HISTORY_FORGET), 1u);
    cr_expect_eq(test_record(&records, HISTORY_FORGET, 0)->key, 3u);
    array_free(&records.list);
    test_world_free(&def);
}
