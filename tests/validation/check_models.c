/* check_models.c -- live trials under the checkers: a model whose protocol is linearizable is found to be,
 * and one that is not is caught. */
#include "sim/base/check.h"
#include "sim/observe/check.h"
#include "sim/scenario/scenario.h"
#include "sim/trial/trial.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORLD                                                                                                \
    "name: check\nseed: 4\nduration: 20s\nwarmup: 0s\ndrain: 30s\nregions: [us-east-1, eu-west-1, "          \
    "ap-northeast-1]\n"                                                                                      \
    "network: {rtt: aws, jitter: {lognormal: {median: 2ms, sigma: 0.8}}}\n"

static struct document *read_text(const char *yaml)
{
    struct diagnostics *d = diagnostics_new();
    char *path = NULL;

    CHECK(asprintf(&path, "%s/check-XXXXXX.yaml", GEOREP_TEST_FOLDER) >= 0);
    int fd = mkstemps(path, 5);
    cr_assert(fd >= 0 && write(fd, yaml, strlen(yaml)) == (ssize_t)strlen(yaml));
    close(fd);
    scenario_set_data_folder(GEOREP_SOURCE_DIR "/scenarios");
    struct document *document = document_read(path, NULL, 0, NULL, 0, d);
    diagnostics_print(d, stderr);
    cr_assert_not_null(document);
    unlink(path);
    free(path);
    diagnostics_free(d);
    return document;
}

static void judge(const struct scenario *s, const struct scenario_model *m,
                  struct check_verdict verdicts[GEO_CHECKS])
{
    struct trial *t = trial_new(&(struct trial_def){.world = &s->world,
                                                    .model = m->model,
                                                    .config = m->config,
                                                    .model_name = m->name,
                                                    .seed = s->seed,
                                                    .replication = 1});
    struct checks *c = checks_new(trial_setting(t), trial_history(t));

    cr_assert(trial_run(t, NULL));
    checks_finish(c);
    for (int i = 0; i < GEO_CHECKS; i++)
        checks_verdict(c, (enum geo_check)i, &verdicts[i]);
    checks_free(c);
    trial_free(t);
}

struct wanted {
    const char *model;
    enum geo_check check;
    enum check_holds holds;
};

static void expect(const char *yaml, const struct wanted *wanted, size_t count)
{
    struct document *document = read_text(yaml);
    const struct scenario *s = document_scenario(document, 0);

    for (uint32_t m = 0; m < s->model_count; m++) {
        struct check_verdict verdicts[GEO_CHECKS];
        judge(s, &s->models[m], verdicts);
        for (size_t i = 0; i < count; i++)
            if (strcmp(wanted[i].model, s->models[m].name) == 0)
                cr_expect_eq(
                    verdicts[wanted[i].check].holds, wanted[i].holds, "%s, check %d: %s, %llu violations: %s",
                    wanted[i].model, wanted[i].check, check_holds_names[verdicts[wanted[i].check].holds],
                    (unsigned long long)verdicts[wanted[i].check].violations, verdicts[wanted[i].check].why);
    }
    document_free(document);
}

Test(check_models, registers)
{
    static const struct wanted wanted[] = {
        {"leader", GEO_LINEARIZABLE, CHECK_HOLDS},
        {"leader", GEO_SEQUENTIAL, CHECK_HOLDS},
        {"leader", GEO_CAUSAL, CHECK_HOLDS},
        {"leader", GEO_STRONG_EVENTUAL, CHECK_HOLDS},
        {"local", GEO_LINEARIZABLE, CHECK_BROKEN},
        {"lww", GEO_LINEARIZABLE, CHECK_BROKEN},
        {"lww", GEO_EVENTUAL, CHECK_HOLDS},
        {"lww", GEO_STRONG_EVENTUAL, CHECK_HOLDS},
        {"lww", GEO_READ_YOUR_WRITES, CHECK_UNDECIDED},
    };

    expect(WORLD "workload: {data: register, clients: 5, arrivals: {poisson: 50/s}, keys: {count: 20}, "
                 "mix: {read: 60%, write: 40%}, timeout: 2s}\n"
                 "models: [{name: leader, type: sync, acks: all, read: leader}, {name: local, type: async, "
                 "read: local}, lww]\n",
           wanted, sizeof wanted / sizeof wanted[0]);
}

Test(check_models, counters)
{
    static const struct wanted wanted[] = {
        {"leader", GEO_LINEARIZABLE, CHECK_HOLDS},
        {"lww", GEO_LINEARIZABLE, CHECK_BROKEN},
        {"crdt", GEO_LINEARIZABLE, CHECK_BROKEN},
        {"crdt", GEO_STRONG_EVENTUAL, CHECK_HOLDS},
    };

    expect(WORLD "workload: {data: counter, clients: 5, arrivals: {poisson: 30/s}, keys: {count: 50}, "
                 "mix: {read: 60%, increment: 30%, decrement: 10%}, timeout: 2s}\n"
                 "models: [{name: leader, type: sync, acks: all, read: leader}, lww, crdt]\n",
           wanted, sizeof wanted / sizeof wanted[0]);
}

Test(check_models, sets)
{
    static const struct wanted wanted[] = {
        {"leader", GEO_LINEARIZABLE, CHECK_HOLDS},
        {"lww", GEO_LINEARIZABLE, CHECK_BROKEN},
        {"crdt", GEO_EVENTUAL, CHECK_HOLDS},
        {"crdt", GEO_STRONG_EVENTUAL, CHECK_HOLDS},
    };

    expect(WORLD "workload: {data: set, clients: 5, arrivals: {poisson: 30/s}, keys: {count: 50}, "
                 "mix: {read: 60%, add: 20%, remove: 10%, write: 10%}, timeout: 2s}\n"
                 "models: [{name: leader, type: sync, acks: all, read: leader}, lww, crdt]\n",
           wanted, sizeof wanted / sizeof wanted[0]);
}
