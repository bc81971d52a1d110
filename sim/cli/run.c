/* run.c -- georep run: scenarios in, results folders and comparisons out.
 *
 * All scenarios are read before any is run, so that a mistake in the last one costs nothing. The comparison,
 * the charts and the page are made from the folder that was written, not from memory: what is shown is what
 * is kept. */
#include "sim/cli/charts.h"
#include "sim/cli/page.h"
#include "sim/cli/prepare.h"
#include "sim/cli/progress.h"
#include "sim/cli/say.h"
#include "sim/cli/summary.h"
#include "sim/cli/table.h"
#include "sim/cli/verbs.h"
#include "sim/experiment/experiment.h"
#include "sim/experiment/folder.h"
#include "sim/experiment/machine.h"
#include "sim/experiment/plan.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RESUME = 310, HISTORY, NO_PLOTS, NO_REPORT, JSON, NO_PROGRESS };

const struct option_def run_options[] = {
    {'o', "output", "DIR", "the results folder (results/NAME); of several scenarios DIR/NAME each"},
    PREPARE_OPTIONS,
    {'j', "jobs", "N", "worker threads (the cores)"},
    {RESUME, "resume", NULL,
     "go on where an interrupted run of the same scenario stopped (with --history all runs again)"},
    {HISTORY, "history", NULL, "also write every run's history"},
    {NO_PLOTS, "no-plots", NULL, "draw no charts"},
    {NO_REPORT, "no-report", NULL, "write no report.html"},
    {JSON, "json", NULL, "print the summary as JSON in place of the table"},
    {'q', "quiet", NULL, "no progress bar and no notes"},
    {NO_PROGRESS, "no-progress", NULL, "no progress bar"},
    {'f', "force", NULL, "replace a results folder that holds another scenario's results"},
    {0, NULL, NULL, NULL},
};

const char run_notes[] = "A scenario `-` is standard input. Exit status: 0 done; 1 done, and an expectation "
                         "or a promise did not hold;\n"
                         "2 the command or a scenario is wrong; 3 the machine refused; 4 something promised "
                         "or expected is undecided;\n"
                         "128 + the signal when interrupted, with the finished replications kept.";

struct run {
    struct preparation preparation;
    const char *output;
    uint32_t jobs;
    bool resume, history, plots, report, json, quiet, progress, force;
    int argument_count;
    const char *const *arguments;
};

static atomic_bool interrupted;
_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "a handler of signals may set it");
static volatile sig_atomic_t interrupting_signal;

/* The first signal asks; the second one, with the default action back, ends it. */
static void on_signal(int number)
{
    interrupting_signal = number;
    interrupted = true;
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

static bool take_option(struct run *run, const struct options *o, int id)
{
    unsigned long long number;

    switch (id) {
    case 'o':
        run->output = o->value;
        return true;
    case 'j':
        if (!option_number(o, "jobs", 1, 4096, &number))
            return false;
        run->jobs = (uint32_t)number;
        return true;
    case RESUME:
        run->resume = true;
        return true;
    case HISTORY:
        run->history = true;
        return true;
    case NO_PLOTS:
        run->plots = false;
        return true;
    case NO_REPORT:
        run->report = false;
        return true;
    case JSON:
        run->json = true;
        return true;
    case 'q':
        run->quiet = true;
        return true;
    case NO_PROGRESS:
        run->progress = false;
        return true;
    case 'f':
        run->force = true;
        return true;
    default:
        return preparation_take(&run->preparation, o, id);
    }
}

static char *folder_of(const struct run *run, const struct document *doc)
{
    const char *name = document_scenario(doc, 0)->name;

    if (run->output == NULL)
        return path_join("results", name);
    return run->preparation.files.count > 1 ? path_join(run->output, name) : memory_text(run->output);
}

/* Runs it and leaves the folder (*written); STATUS_DONE, STATUS_BROKEN, STATUS_UNDECIDED, 128 + a signal, or
 * a failure. */
static int run_trials(const struct run *run, const struct document *doc, const char *folder, bool *written,
                      struct failure *f)
{
    const char *name = document_scenario(doc, 0)->name;
    struct results_def def = {.folder = folder,
                              .force = run->force,
                              .document = doc,
                              .version = program_version,
                              .history = run->history};
    struct plan plan = plan_of(doc);
    uint32_t jobs = plan_jobs(&plan, run->jobs, machine_available_bytes(), f);
    struct results *results = jobs != 0 ? results_open(&def, f) : NULL;
    struct experiment_outcome outcome = {0};
    double started = steady_seconds();
    int64_t date = (int64_t)time(NULL);

    if (results == NULL)
        return f->status;
    if (jobs < run->jobs && !run->quiet)
        say("%u jobs in place of %u, for want of memory", jobs, run->jobs);
    char *journal = memory_text(folder);
    for (size_t n = strlen(journal); n > 1 && journal[n - 1] == '/';)
        journal[--n] = '\0';
    char *journal_path = memory_new(strlen(journal) + sizeof ".journal", 1);
    sprintf(journal_path, "%s.journal", journal);
    struct progress bar = progress_begin(name, run->progress && !run->quiet);
    struct experiment_def experiment = {.document = doc,
                                        .version = program_version,
                                        .journal = journal_path,
                                        .results = results,
                                        .jobs = jobs,
                                        .resume = run->resume,
                                        .history = run->history,
                                        .stop = &interrupted,
                                        .progress = progress_draw,
                                        .progress_argument = &bar};
    bool good = experiment_run(&experiment, &outcome, f);
    progress_end(&bar);
    if (good && outcome.resumed != 0 && !run->quiet)
        say("%llu trials were finished before", (unsigned long long)outcome.resumed);
    if (good && outcome.points_done == 0)
        say("interrupted before the first replication was finished; no results were written");
    if (good && outcome.points_done != 0) {
        struct results_run about = {
            .complete = outcome.complete,
            .jobs = jobs,
            .wall_s = steady_seconds() - started,
            .note =
                outcome.complete ? NULL : "interrupted: only the replications that were finished are here",
            .trials = outcome.trials,
            .events = outcome.events,
            .operations = outcome.operations,
            .started = date,
            .argument_count = run->argument_count,
            .arguments = run->arguments};
        good = *written = results_close(results, &about, f);
        if (good && !outcome.complete)
            say("interrupted: what was finished is in %s, and --resume goes on; `georep plot` and `georep "
                "report` "
                "draw what there is",
                folder);
    }
    results_free(results);
    free(journal);
    free(journal_path);
    if (!good)
        return f->status;
    if (!outcome.complete)
        return 128 + (int)interrupting_signal;
    return outcome.broken != 0 ? STATUS_BROKEN : outcome.undecided != 0 ? STATUS_UNDECIDED : STATUS_DONE;
}

/* Charts and page; what is missing is a warning here, and does not change the status. false: the machine
 * refused. */
static bool make_pictures(const struct run *run, const struct view *r, struct failure *f)
{
    const char *why_not;

    if (run->plots && !charts_can_draw(&why_not))
        say_warning("no charts: %s; `georep plot %s` draws them later", why_not, r->folder);
    else if (run->plots && !charts_draw(r, CHART_SVG | CHART_PNG, f))
        return false;
    return !run->report || page_write(r, f);
}

static void say_where(const struct run *run, const struct view *r)
{
    FILE *to = run->json ? stderr : stdout;

    if (run->quiet)
        return;
    fprintf(to, "\nResults  %s\n", r->folder);
    if (run->plots && r->point_count != 0)
        fprintf(to, "Charts   %s/charts\n", r->folder);
    if (run->report)
        fprintf(to, "Report   %s/report.html\n", r->folder);
}

static int run_one(const struct run *run, const struct document *doc, json_t *summaries)
{
    struct failure f = {0};
    char *folder = folder_of(run, doc);
    bool written = false;
    int status = run_trials(run, doc, folder, &written, &f);
    struct view *r = written ? view_open(folder, &f) : NULL;

    if (r != NULL) {
        if (run->json)
            json_array_append_new(summaries, summary_json(r));
        else
            table_print(r, (struct table_look){stream_has_colour(stdout), stream_has_utf8()}, stdout);
        fflush(stdout);
        /* Whoever interrupts wants to get away: charts and page are left to `georep plot` and `georep
         * report`. */
        if (status < 128 && make_pictures(run, r, &f))
            say_where(run, r);
    }
    view_free(r);
    free(folder);
    return f.status != 0 ? say_failure(&f) : status;
}

/* The first that applies of 2, 3, 1, 4; an interrupt before all. */
static int worse(int a, int b)
{
    static const int order[] = {STATUS_WRONG, STATUS_REFUSED, STATUS_BROKEN, STATUS_UNDECIDED};

    if (a >= 128 || b >= 128)
        return a >= 128 ? a : b;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return STATUS_DONE;
}

static bool names_differ(struct document **documents, size_t count)
{
    for (size_t a = 0; a < count; a++)
        for (size_t b = a + 1; b < count; b++)
            if (strcmp(document_scenario(documents[a], 0)->name, document_scenario(documents[b], 0)->name) ==
                0) {
                say_error("two of the scenarios are called `%s`, and would share a results folder",
                          document_scenario(documents[a], 0)->name);
                return false;
            }
    return true;
}

static int run_all(struct run *run)
{
    size_t count = run->preparation.files.count;
    struct document **documents = prepare_start() ? documents_read(&run->preparation) : NULL;
    json_t *summaries = json_array();
    int status = STATUS_DONE;

    if (documents == NULL || !names_differ(documents, count))
        status = STATUS_WRONG;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    for (size_t i = 0; i < count && status != STATUS_WRONG && !interrupted; i++) {
        if (i != 0 && !run->json)
            printf("\n");
        status = worse(status, run_one(run, documents[i], summaries));
    }
    if (run->json && json_array_size(summaries) != 0) {
        json_t *all = count == 1 ? json_array_get(summaries, 0) : summaries;
        json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        printf("\n");
    }
    json_decref(summaries);
    documents_free(documents, count);
    return status;
}

int verb_run(const struct verb *verb, int argc, char **argv)
{
    struct options o = options_of(verb, argc, argv);
    struct run run = {.jobs = machine_cores(),
                      .plots = true,
                      .report = true,
                      .progress = true,
                      .argument_count = argc,
                      .arguments = (const char *const *)argv};
    int status = -1;

    for (int id; status < 0 && (id = options_next(&o)) != OPTIONS_END;) {
        if (id == OPTIONS_WRONG || id == OPTIONS_HELP)
            status = options_status(id);
        else if (!take_option(&run, &o, id))
            status = STATUS_WRONG;
    }
    if (status < 0 && run.preparation.files.count == 0) {
        say_error("georep run wants a scenario; `georep init first.yaml` writes one to begin with");
        status = STATUS_WRONG;
    }
    if (status < 0)
        status = run_all(&run);
    preparation_free(&run.preparation);
    return status;
}
