/* experiment_run.c -- whole experiments, small: the same bytes for any number of threads, interrupted and
 * gone on with, and a results folder that is left alone when it is somebody else's. */
#include "sim/experiment/experiment.h"
#include "sim/experiment/folder.h"
#include "sim/experiment/tables.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char root[64];

static const char scenario_text[] =
    "name: small\n"
    "duration: 4s\n"
    "warmup: 1s\n"
    "drain: 2s\n"
    "replications: {min: 2, max: 12, metric: stale_read_fraction, precision: 40%}\n"
    "regions: [a, b]\n"
    "network: {rtt: {normal: {mean: 80ms, stddev: 10ms}}}\n"
    "workload:\n"
    "  data: counter\n"
    "  arrivals: {poisson: 40/s}\n"
    "  keys: {count: 300}\n" /* few writes a key: orders of crowded counters are searched for long */
    "  mix: {read: 50%, increment: 50%}\n"
    "models: [async, lww]\n"
    "sweep: {network.loss: [0%, 5%, 10%]}\n"
    "expect:\n"
    "  - lww: {availability: 100%}\n";

static char *put_scenario(void)
{
    struct failure f = {0};
    char *path = path_join(root, "small.yaml");

    cr_assert(file_write(path, scenario_text, strlen(scenario_text), &f));
    return path;
}

static void make_root(void)
{
    strcpy(root, "/tmp/georep-run-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
    free(put_scenario());
}

static void remove_root(void)
{
    folder_remove(root);
}

TestSuite(experiment_run, .init = make_root, .fini = remove_root,
          .timeout = 300); /* under sanitizers it takes minutes */

static struct document *read_it(void)
{
    char *path = path_join(root, "small.yaml");
    struct diagnostics *d = diagnostics_new();
    struct document *doc = document_read(path, NULL, 0, NULL, 0, d);

    diagnostics_print(d, stderr);
    cr_assert_not_null(doc);
    diagnostics_free(d);
    free(path);
    return doc;
}

struct ask {
    const char *name;
    uint32_t jobs;
    bool resume, history;
    uint64_t stop_after; /* trials; 0: never */
};

static atomic_bool stop;
static uint64_t stop_after;

static void watch(void *argument, const struct experiment_progress *p)
{
    (void)argument;
    if (stop_after != 0 && p->trials_done >= stop_after)
        stop = true;
}

static struct experiment_outcome run(struct ask ask)
{
    struct failure f = {0};
    struct document *doc = read_it();
    char *folder = path_join(root, ask.name), *journal = NULL;
    struct results_def def = {.folder = folder, .document = doc, .version = "test", .history = ask.history};
    struct results *results = results_open(&def, &f);
    struct experiment_outcome out;

    cr_assert_not_null(results, "%s", f.text);
    cr_assert(asprintf(&journal, "%s.journal", folder) > 0);
    stop = false;
    stop_after = ask.stop_after;
    struct experiment_def experiment = {.document = doc,
                                        .version = "test",
                                        .journal = journal,
                                        .results = results,
                                        .jobs = ask.jobs,
                                        .resume = ask.resume,
                                        .history = ask.history,
                                        .stop = &stop,
                                        .progress = watch};
    cr_assert(experiment_run(&experiment, &out, &f), "%s", f.text);
    if (out.points_done != 0)
        cr_assert(
            results_close(results, &(struct results_run){.complete = out.complete, .jobs = ask.jobs}, &f),
            "%s", f.text);
    cr_assert_eq(access(journal, F_OK) != 0, out.complete, "a journal stays after an interrupt alone");
    results_free(results);
    document_free(doc);
    free(folder);
    free(journal);
    return out;
}

static void expect_same(const char *a, const char *b)
{
    for (int t = 0; t < TABLES; t++) {
        char name_a[128], name_b[128];
        size_t bytes_a, bytes_b;
        snprintf(name_a, sizeof name_a, "%s/%s/%s", root, a, table_files[t]);
        snprintf(name_b, sizeof name_b, "%s/%s/%s", root, b, table_files[t]);
        char *text_a = file_read(name_a, &bytes_a), *text_b = file_read(name_b, &bytes_b);
        cr_assert(text_a != NULL && text_b != NULL);
        cr_assert(bytes_a == bytes_b && memcmp(text_a, text_b, bytes_a) == 0, "%s of %s and %s",
                  table_files[t], a, b);
        free(text_a);
        free(text_b);
    }
}

Test(experiment_run, is_the_same_bytes_for_any_number_of_threads)
{
    struct experiment_outcome one = run((struct ask){.name = "one", .jobs = 1});

    cr_assert(one.complete);
    cr_assert_eq(one.points_done, 3);
    cr_assert(one.trials > 12, "the rule asked for more than its least: %llu",
              (unsigned long long)one.trials);
    cr_assert_eq(one.broken, 0);
    for (uint32_t jobs = 2; jobs <= 7; jobs += 5) {
        struct experiment_outcome many = run((struct ask){.name = "many", .jobs = jobs});
        cr_assert_eq(many.trials, one.trials);
        expect_same("one", "many");
    }
}

Test(experiment_run, goes_on_where_it_was_interrupted_to_the_same_bytes)
{
    run((struct ask){.name = "whole", .jobs = 2});
    uint64_t resumed = 0;
    struct experiment_outcome out = {0};
    int turns = 0;
    for (uint64_t after = 3; !out.complete; after += 6, turns++) {
        out = run((struct ask){.name = "part", .jobs = 2, .resume = true, .stop_after = after});
        cr_assert(out.resumed >= resumed, "what was finished is not run again");
        resumed = out.resumed;
    }
    cr_assert(turns > 1, "it was interrupted at all");
    cr_assert(resumed > 0);
    expect_same("whole", "part");
}

Test(experiment_run, keeps_the_histories_of_what_counts_and_no_others)
{
    struct experiment_outcome out = run((struct ask){.name = "h", .jobs = 3, .history = true});
    char command[256], line[64] = "";

    snprintf(command, sizeof command, "ls %s/h/history | wc -l", root);
    FILE *count = popen(command, "r");
    cr_assert_not_null(fgets(line, sizeof line, count));
    pclose(count);
    cr_assert_eq(strtoull(line, NULL, 10), out.trials);
}

Test(experiment_run, refuses_a_folder_that_holds_something_else)
{
    struct failure f = {0};
    struct document *doc = read_it();
    char *folder = path_join(root, "mine"), *letter = path_join(root, "mine/letter");

    cr_assert(folder_make(folder, NULL, &f));
    cr_assert(file_write(letter, "x", 1, &f));
    for (int force = 0; force < 2; force++) {
        struct results_def def = {.folder = folder, .document = doc, .version = "test", .force = force != 0};
        cr_assert_null(results_open(&def, &f));
        cr_assert_eq(f.status, STATUS_WRONG);
        failure_clear(&f);
    }
    cr_assert_eq(access(letter, F_OK), 0);
    document_free(doc);
    free(folder);
    free(letter);
}

Test(experiment_run, leaves_nothing_where_it_gave_up)
{
    struct failure f = {0};
    struct document *doc = read_it();
    char *folder = path_join(root, "deep/er/out"), *top = path_join(root, "deep");
    struct results_def def = {.folder = folder, .document = doc, .version = "test"};
    struct results *results = results_open(&def, &f);

    cr_assert_not_null(results);
    cr_assert_eq(access(results_partial(results), F_OK), 0);
    results_free(results);
    cr_assert_eq(access(top, F_OK), -1);
    document_free(doc);
    free(folder);
    free(top);
}
