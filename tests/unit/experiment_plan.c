/* experiment_plan.c -- how much memory a run is said to need: tables by hand, and what the readers keep of
 * keys that are written. */
#include "sim/experiment/plan.h"

#include "models/parts/crdt.h"
#include "sim/observe/observation.h"
#include "sim/scenario/scenario.h"
#include "sim/trial/trial.h"
#include "tests/support/simulate.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* What goes before the workload. */
static struct document *document_of(const char *world, const char *data, const char *model, unsigned keys,
                                    unsigned rate)
{
    char *yaml = NULL;

    cr_assert(asprintf(&yaml,
                       "name: p\nduration: 10s\n%s\nnetwork: {rtt: 80ms}\n"
                       "workload: {data: %s, keys: {count: %u}, arrivals: {poisson: %u/s}}\nmodels: [%s]\n",
                       world, data, keys, rate, model) >= 0);
    struct document *document = document_of_right_text(yaml, NULL);
    free(yaml);
    return document;
}

/* Three regions of a node each. */
static struct document *scenario_of(const char *data, const char *model, unsigned keys, unsigned rate)
{
    return document_of("regions: [a, b, c]", data, model, keys, rate);
}

static uint64_t trial_bytes_of(const char *data, const char *model, unsigned keys)
{
    struct document *document = scenario_of(data, model, keys, 10);
    const struct scenario *s = document_scenario(document, 0);
    uint64_t bytes = trial_bytes(
        &(struct trial_def){.world = &s->world, .model = s->models[0].model, .config = s->models[0].config});

    document_free(document);
    return bytes;
}

static void expect_by_key(const char *data, const char *model, uint64_t copy_bytes)
{
    uint64_t less = trial_bytes_of(data, model, 1000), more = trial_bytes_of(data, model, 3000);

    cr_expect_eq(more - less, 2000 * 3 * copy_bytes, "%s of %s: %.3f bytes a key and copy, not %llu", model,
                 data, (double)(more - less) / 6000, (unsigned long long)copy_bytes);
}

/* A value of 16 bytes, 24 with a number, 32 with a set; and what merges, if it is of that data. */
Test(experiment_plan, a_copy_of_a_key_takes_what_is_kept_for_its_data)
{
    expect_by_key("register", "lww", 16);
    expect_by_key("counter", "lww", 24);
    expect_by_key("set", "lww", 32);
    expect_by_key("register", "crdt", 16 + crdt_row_bytes(CRDT_MV_REGISTER, 3));
    expect_by_key("counter", "crdt", 24 + crdt_row_bytes(CRDT_PN_COUNTER, 3));
    expect_by_key("set", "crdt", 32 + crdt_row_bytes(CRDT_OR_SET, 3) + 3 * sizeof(struct crdt_removes));
}

static uint64_t plan_bytes_of(const char *model, unsigned keys, unsigned rate)
{
    struct document *document = scenario_of("register", model, keys, rate);
    struct plan p = plan_of(document);

    document_free(document);
    return p.trial_bytes_max;
}

/* Of a key that is written the checks keep its place (128), its last write (64) and what each of its copies
 * answers (8 + 3 * 24); three regions of `rate` operations for ten seconds, of which a tenth are writes,
 * write no more than these. */
Test(experiment_plan, readers_keep_no_more_keys_than_are_written)
{
    uint64_t few = plan_bytes_of("lww", 100000, 1), some = plan_bytes_of("lww", 100000, 100),
             all = plan_bytes_of("lww", 100000, 100000), more = plan_bytes_of("lww", 100000, 200000);

    cr_expect_eq(some - few, (300 - 3) * (128 + 64 + 8 + 3 * 24));
    cr_expect_eq(all - few, (100000 - 3) * (128 + 64 + 8 + 3 * 24));
    cr_expect_eq(more, all);
}

/* What merges also has, of each key and origin, how far each copy has come: of 48 bytes, and no more than one
 * of each write for each of three copies. */
Test(experiment_plan, readers_keep_no_more_origins_than_have_written)
{
    uint64_t few = plan_bytes_of("crdt", 100, 1), some = plan_bytes_of("crdt", 100, 20),
             all = plan_bytes_of("crdt", 100, 1000), more = plan_bytes_of("crdt", 100, 2000);

    cr_expect_eq(some - few, (60 - 3) * (128 + 64 + 8 + 3 * 24 + 3 * 48));
    cr_expect_eq(all - few, (100 - 3) * (128 + 64 + 8 + 3 * 24) + (300 - 3) * 3 * 48);
    cr_expect_eq(more, all);
}

/* The tables of a trial and of the metrics that hang on it. */
static uint64_t table_bytes_of(const char *world, unsigned keys)
{
    struct document *document = document_of(world, "register", "lww", keys, 10);
    const struct scenario *s = document_scenario(document, 0);
    struct trial_def def = {.world = &s->world,
                            .model = s->models[0].model,
                            .config = s->models[0].config,
                            .model_name = s->models[0].name,
                            .seed = 1,
                            .replication = 1};
    struct trial *t = trial_new(&def);
    uint64_t bytes = trial_bytes(&def) + observation_bytes(trial_setting(t));

    trial_free(t);
    document_free(document);
    return bytes;
}

/* 16 for the value; of each key 64 and, as clocks err, 16 more. */
Test(experiment_plan, a_register_on_five_regions_takes_32_bytes_a_replica)
{
    const char *world = "regions: [a, b, c, d, e]\nclocks: {offset: {normal: {mean: 0ms, stddev: 1ms}}}";

    cr_expect_eq(table_bytes_of(world, 3000) - table_bytes_of(world, 1000), 2000 * 5 * 32);
}
