/* canaries.c -- models that are right but for something rare, each of which the right check must catch in a
 * whole trial, with the observer telling the checks; and the same model without its flaw, which none may
 * accuse. */
#include "sim/base/check.h"
#include "sim/base/hash.h"
#include "sim/observe/check.h"
#include "sim/observe/observation.h"
#include "sim/scenario/scenario.h"
#include "sim/trial/trial.h"
#include "tests/support/simulate.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define WORLD                                                                                                \
    "name: canary\nseed: 4\nduration: 60s\nwarmup: 0s\ndrain: 30s\nregions: [us-east-1, eu-west-1, "         \
    "ap-northeast-1]\nnetwork: {rtt: aws, jitter: {lognormal: {median: 2ms, sigma: 0.8}}}\n"                 \
    "workload: {data: %s, clients: 5, arrivals: {poisson: 100/s}, keys: {count: 20}, "                       \
    "mix: {read: 60%%, %s: 40%%}, timeout: 2s}\n"                                                            \
    "models: [{name: leader, type: sync, acks: all, read: leader}]\n"

static const geo_model *original;
static uint64_t one_in;

/* One read in so many is answered from the replica at hand, without asking the leader. */
static void stale_request(geo_replica *r, const geo_op *op)
{
    if (op->kind != GEO_READ || hash_mix(op->id) % one_in != 0) {
        original->request(r, op);
        return;
    }
    geo_value value = geo_stored(r, op->key);
    geo_answer answer = {.outcome = GEO_OK, .value_count = 1, .values = &value};
    geo_reply(r, op->id, &answer);
}

/* One write in so many is answered and forgotten. */
static void forgetful_request(geo_replica *r, const geo_op *op)
{
    if (op->kind == GEO_READ || hash_mix(op->id) % one_in != 0) {
        original->request(r, op);
        return;
    }
    geo_answer answer = {.outcome = GEO_OK};
    geo_reply(r, op->id, &answer);
}

static struct document *world_of(const char *data, const char *write)
{
    char *yaml = NULL;

    CHECK(asprintf(&yaml, WORLD, data, write) >= 0);
    struct document *document = document_of_right_text(yaml, NULL);
    free(yaml);
    return document;
}

static void fly(const char *data, const char *write, void (*request)(geo_replica *, const geo_op *),
                uint64_t rarely, struct check_verdict v[GEO_CHECKS])
{
    struct document *document = world_of(data, write);
    const struct scenario *s = document_scenario(document, 0);
    geo_model canary = *s->models[0].model;

    original = s->models[0].model;
    one_in = rarely;
    if (request != NULL)
        canary.request = request;
    struct trial *t = trial_new(&(struct trial_def){.world = &s->world,
                                                    .model = &canary,
                                                    .config = s->models[0].config,
                                                    .model_name = "canary",
                                                    .seed = s->seed,
                                                    .replication = 1});
    struct observation *o = observation_new(trial_setting(t), trial_history(t));
    struct checks *c = checks_new(trial_setting(t), trial_history(t));
    observation_check(o, c);
    cr_assert(trial_run(t, NULL));
    observation_finish(o, trial_now(t));
    for (int i = 0; i < GEO_CHECKS; i++)
        checks_verdict(c, (enum geo_check)i, &v[i]);
    observation_free(o);
    checks_free(c);
    trial_free(t);
    document_free(document);
}

static const char *const kinds[][2] = {{"register", "write"}, {"counter", "increment"}, {"set", "write"}};

Test(canaries, the_right_model_is_accused_of_nothing)
{
    for (size_t k = 0; k < 3; k++) {
        struct check_verdict v[GEO_CHECKS];
        fly(kinds[k][0], kinds[k][1], NULL, 1, v);
        for (int i = 0; i < GEO_CHECKS; i++)
            cr_expect(i == GEO_BOUNDED_STALENESS ? v[i].holds == CHECK_UNDECIDED : v[i].holds == CHECK_HOLDS,
                      "%s, check %d: %s %s", kinds[k][0], i, check_holds_names[v[i].holds], v[i].why);
    }
}

Test(canaries, one_stale_read_in_a_hundred_is_caught_and_named)
{
    for (size_t k = 0; k < 3; k++) {
        struct check_verdict v[GEO_CHECKS];
        fly(kinds[k][0], kinds[k][1], stale_request, 100, v);
        cr_expect(v[GEO_LINEARIZABLE].holds == CHECK_BROKEN && v[GEO_LINEARIZABLE].example != 0, "%s: %s",
                  kinds[k][0], check_holds_names[v[GEO_LINEARIZABLE].holds]);
        cr_expect_eq(v[GEO_EVENTUAL].holds, CHECK_HOLDS);
        cr_expect_eq(v[GEO_MONOTONIC_WRITES].holds, CHECK_HOLDS);
    }
}

/* Every read from the replica at hand: a session's own last write may not have come there yet. */
Test(canaries, reads_at_hand_break_no_more_than_they_should)
{
    struct check_verdict v[GEO_CHECKS];

    fly("register", "write", stale_request, 2, v);
    cr_expect_eq(v[GEO_LINEARIZABLE].holds, CHECK_BROKEN);
    cr_expect_eq(v[GEO_MONOTONIC_READS].holds, CHECK_BROKEN,
                 "the leader's answer, then an older one at hand");
    cr_expect_eq(v[GEO_MONOTONIC_WRITES].holds, CHECK_HOLDS);
    cr_expect_eq(v[GEO_WRITES_FOLLOW_READS].holds, CHECK_HOLDS);
}

Test(canaries, a_counter_that_forgets_one_write_in_a_hundred_is_caught)
{
    struct check_verdict v[GEO_CHECKS];

    fly("counter", "increment", forgetful_request, 100, v);
    cr_expect_eq(v[GEO_LINEARIZABLE].holds, CHECK_BROKEN);
}
