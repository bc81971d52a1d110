/* explain.c -- georep explain: the worst cases of a run, told message by message and drawn.
 *
 * Two passes: every trial that is asked about is run again as `run` ran it, to find the worst cases; then the
 * few trials that have them once more, with all records around the operations in question. */
#include "sim/cli/diagram.h"
#include "sim/cli/explain_room.h"
#include "sim/cli/prepare.h"
#include "sim/cli/say.h"
#include "sim/cli/verbs.h"
#include "sim/experiment/folder.h"
#include "sim/experiment/machine.h"
#include "sim/experiment/tables.h"
#include "sim/model/registry.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Records kept around a case besides its own: some 90 MB. */
#define RECORDS_MOST 1000000
/* Before and after a case, for what its messages stood behind and for what came of it. */
#define AROUND (2 * SIM_SECOND)

static const char *const case_names[CASES] = {"stalest-read", "slowest-write", "failed-write", "lost-write",
                                              "broken-promise"};

enum { MODEL = 320, POINT, REPLICATION, OPERATION, CASE, LOST };

const struct option_def explain_options[] = {
    {MODEL, "model", "NAME", "tell of this model alone (of all, the worst)"},
    {POINT, "point", "N", "of this sweep point (0)"},
    {REPLICATION, "replication", "N", "of this replication alone (of all, the worst)"},
    {OPERATION, "op", "REPLICATION:OPERATION",
     "of this operation, as 3:eu-west-1/4711 or as verdicts.csv names it"},
    {CASE, "case", "CASE", "only stalest-read, slowest-write, failed-write, lost-write or broken-promise"},
    {LOST, "lost", NULL, "list every lost update with its cause, as CSV in the form of conflicts.csv"},
    {'o', "output", "FILE.svg", "the diagram (RESULTS/charts/explain-MODEL-CASE.svg)"},
    {OPTION_PLUGIN, "plugin", "FILE", "load a model from a shared object"},
    {0, NULL, NULL, NULL},
};

const char explain_notes[] = "The run is repeated from its seed, so that `run` itself need not keep the "
                             "detail. Times are true simulated time.\n"
                             "An operation is REGION/COUNT: the region's COUNTth operation.";

/* ---- the first pass, over the cores ---- */

struct search {
    const struct scenario *scenario;
    struct looked *all;
    size_t count, next;
    bool lists_lost;
};

static void keep_lost(void *argument, const struct loss_figure *lost)
{
    struct looked *l = argument;

    *array_add(&l->lost) = *lost;
}

static void *work(void *argument)
{
    struct search *s = argument;

    for (size_t i; (i = __atomic_fetch_add(&s->next, 1, __ATOMIC_RELAXED)) < s->count;)
        s->all[i].figures = explain_worst(s->scenario, s->all[i].model, s->all[i].replication,
                                          s->lists_lost ? keep_lost : NULL, &s->all[i]);
    return NULL;
}

static void search_all(struct search *s)
{
    uint32_t threads = machine_cores();
    pthread_t thread[64];
    uint32_t made = 0;

    while (made + 1 < threads && made < 63 && made + 1 < s->count &&
           pthread_create(&thread[made], NULL, work, s) == 0)
        made++;
    work(s);
    for (uint32_t i = 0; i < made; i++)
        pthread_join(thread[i], NULL);
}

/* ---- one case ---- */

static char *path_of_diagram(const struct explain *e, const struct told_case *c, struct failure *f)
{
    char *charts = path_join(e->folder, "charts"), *path = NULL;

    if (e->output != NULL) {
        path = memory_text(e->output);
    } else if (folder_make(charts, NULL, f)) {
        CHECK(asprintf(&path, "%s/explain-%s-%s.svg", charts, e->scenario->models[c->model].name,
                       c->label != NULL ? c->label : case_names[c->kind]) >= 0);
        for (char *slash = path + strlen(charts) + 1; (slash = strchr(slash, '/')) != NULL;)
            *slash = '_';
    }
    free(charts);
    return path;
}

static bool draw(const struct explain *e, const struct told_case *c, const struct explain_trial *trial,
                 const struct story *story, struct failure *f)
{
    char *path = path_of_diagram(e, c, f);
    FILE *to = path != NULL ? fopen(path, "we") : NULL;
    char note[200];

    if (path != NULL && to == NULL)
        failure_set(f, STATUS_REFUSED, "cannot write %s: %s", path, strerror(errno));
    if (to != NULL) {
        snprintf(note, sizeof note, "%.60s, model %.60s, replication %u%s", e->scenario->name,
                 e->scenario->models[c->model].name, c->replication,
                 trial->trace.records_left_out > 0 ? "; some messages of others are left out" : "");
        diagram_write(&(struct diagram_def){.timeline = &trial->timeline,
                                            .story = story,
                                            .facts = trial->facts,
                                            .title = story->title,
                                            .note = note},
                      to);
        bool bad = ferror(to) != 0;
        if (fclose(to) != 0 || bad)
            failure_set(f, STATUS_REFUSED, "cannot write %s: %s", path, strerror(errno));
        else
            printf("  drawn in %s\n", path);
    }
    free(path);
    return f->status == 0;
}

static struct story *story_of(const struct told_case *c, const struct story_def *def)
{
    if (c->breach.op != 0)
        return story_of_breach(def, c->breach.op, c->breach.against, c->breach.node);
    if (c->is_lost && c->lost.winner != 0)
        return story_of_lost_update(def, c->lost.loser, c->lost.winner, c->lost.node, c->lost.met,
                                    (enum loss_cause)c->lost.cause);
    if (c->is_lost)
        return story_of_lost_commit(def, c->lost.loser);
    if (c->read.missed != 0)
        return story_of_stale_read(def, c->read.read, c->read.missed, c->read.stale_ns, c->read.missed_count);
    return story_of_operation(def, c->ops[0]);
}

/* Runs the trial again for its records, prints the story and draws it. */
bool explain_tell(struct explain *e, const struct told_case *c, struct failure *f)
{
    struct explain_trial trial;
    char heading[200];
    struct trace_def def = {.from = c->from > AROUND ? c->from - AROUND : 0,
                            .to = c->to,
                            .ops = c->ops,
                            .op_count = 2,
                            .records_most = RECORDS_MOST};

    explain_trial_run(&trial, e->scenario, c->model, c->replication, &def);
    snprintf(heading, sizeof heading, "%.80s (%.60s, replication %u)", c->preface,
             e->scenario->models[c->model].name, c->replication);
    struct story *story = story_of(c, &(struct story_def){&trial.timeline, trial.facts, heading});
    if (story != NULL) {
        if (e->told++ > 0)
            printf("\n");
        story_print(story, stream_has_colour(stdout), stdout);
        draw(e, c, &trial, story, f);
    }
    story_free(story);
    explain_trial_close(&trial);
    return story != NULL;
}

/* Times that a case of one operation, of a read, of a lost write spans. */
struct told_case explain_case_of_write(const struct looked *l, const struct worst_write *w, int kind,
                                       const char *preface)
{
    return (struct told_case){.kind = kind,
                              .model = l->model,
                              .replication = l->replication,
                              .ops = {w->op},
                              .from = w->begin,
                              .to = w->end + AROUND,
                              .preface = preface};
}

struct told_case explain_case_of_read(const struct looked *l, const struct worst_read *r, int kind,
                                      const char *preface)
{
    /* The write that was missed is followed from before its commit, and until some while after the read. */
    return (struct told_case){.kind = kind,
                              .model = l->model,
                              .replication = l->replication,
                              .ops = {r->read, r->missed},
                              .from = r->missed != 0 ? r->missed_commit : r->begin,
                              .to = r->end + 30 * SIM_SECOND,
                              .read = *r,
                              .preface = preface};
}

struct told_case explain_case_of_lost(const struct looked *l, const struct worst_lost *w, sim_ns end,
                                      const char *preface)
{
    bool commit = w->winner == 0;

    return (struct told_case){.kind = CASE_LOST,
                              .model = l->model,
                              .replication = l->replication,
                              .ops = {w->loser, w->winner},
                              .from = w->met - (commit ? 0 : w->gap_ns + AROUND),
                              .to = commit ? end : w->met + AROUND,
                              .is_lost = true,
                              .lost = *w,
                              .preface = preface};
}

/* ---- which cases ---- */

static void tell_stalest(struct explain *e, const struct search *s, struct failure *f)
{
    const struct looked *worst = NULL;

    for (size_t i = 0; i < s->count; i++)
        if (s->all[i].figures.stalest.read != 0 &&
            (worst == NULL || s->all[i].figures.stalest.stale_ns > worst->figures.stalest.stale_ns))
            worst = &s->all[i];
    if (worst != NULL) {
        struct told_case c =
            explain_case_of_read(worst, &worst->figures.stalest, CASE_STALEST, "The stalest read");
        explain_tell(e, &c, f);
    } else {
        e->is_absent[CASE_STALEST] = true;
    }
}

static void tell_slowest(struct explain *e, const struct search *s, struct failure *f)
{
    const struct looked *worst = NULL;

    for (size_t i = 0; i < s->count; i++)
        if (s->all[i].figures.slowest.op != 0 &&
            (worst == NULL || s->all[i].figures.slowest.latency_ns > worst->figures.slowest.latency_ns))
            worst = &s->all[i];
    e->is_absent[CASE_SLOWEST] = worst == NULL;
    if (worst == NULL)
        return;
    struct told_case c = explain_case_of_write(worst, &worst->figures.slowest, CASE_SLOWEST,
                                               "The slowest write that succeeded");
    explain_tell(e, &c, f);
}

/* The one that waited longest in vain. */
static void tell_failed(struct explain *e, const struct search *s, struct failure *f)
{
    const struct looked *worst = NULL;
    unsigned long long failed = 0;

    for (size_t i = 0; i < s->count; i++) {
        failed += s->all[i].figures.failed_writes;
        if (s->all[i].figures.failed.op != 0 &&
            (worst == NULL || s->all[i].figures.failed.latency_ns > worst->figures.failed.latency_ns))
            worst = &s->all[i];
    }
    e->is_absent[CASE_FAILED] = worst == NULL;
    if (worst == NULL)
        return;
    struct told_case c = explain_case_of_write(worst, &worst->figures.failed, CASE_FAILED, "A failed write");
    if (explain_tell(e, &c, f))
        printf("  (in all: %llu failed write%s)\n", failed, failed == 1 ? "" : "s");
}

/* "(in all: 2 lost commits; 31 lost updates: 30 concurrent, 1 clock offset)", "(in all: 2 lost updates, by
 * drift)". */
static void tell_counts(unsigned long long commits, const unsigned long long by_cause[LOSS_CAUSES])
{
    static const char *const alone[LOSS_CAUSES] = {"concurrent", "by a clock's offset", "by a clock's drift",
                                                   "by late arrival", "by failover"};
    const char *between = ": ";
    unsigned long long updates = 0;
    int causes = 0;

    for (int c = 0; c < LOSS_CAUSES; c++) {
        updates += by_cause[c];
        causes += by_cause[c] > 0;
    }
    printf("  (in all: ");
    if (commits > 0)
        printf("%llu lost commit%s%s", commits, commits == 1 ? "" : "s", updates > 0 ? "; " : "");
    if (updates > 0)
        printf("%llu lost update%s", updates, updates == 1 ? "" : "s");
    for (int c = 0; c < LOSS_CAUSES; c++) {
        if (by_cause[c] == 0)
            continue;
        if (causes == 1)
            printf(", %s%s", updates > 1 ? "all " : "", alone[c]);
        else
            printf("%s%llu %s", between, by_cause[c], loss_cause_names[c]);
        between = ", ";
    }
    printf(")\n");
}

/* A lost commit first; else the loss that had the least excuse: it had seen its winner, or began after it, or
 * neither. */
static void tell_lost(struct explain *e, const struct search *s, struct failure *f)
{
    unsigned long long by_cause[LOSS_CAUSES] = {0};
    static const char *const prefaces[WORST_LOSSES] = {"A lost write, which had seen its winner",
                                                       "A lost write, begun after its winner's commit",
                                                       "A lost write"};
    unsigned long long commits = 0;
    const struct looked *worst = NULL;
    int kind = WORST_LOSSES;
    sim_ns end = e->scenario->world.duration_ns + e->scenario->world.drain_ns + 1;

    for (size_t i = 0; i < s->count; i++) {
        const struct trace_worst_figures *w = &s->all[i].figures;
        commits += w->lost_commit_count;
        for (int c = 0; c < LOSS_CAUSES; c++)
            by_cause[c] += w->lost_by_cause[c];
        if (w->lost_commit.loser != 0 && kind >= 0) {
            worst = &s->all[i];
            kind = -1;
        }
        for (int k = 0; k < WORST_LOSSES; k++) {
            if ((k < kind || (k == kind && w->lost[k].gap_ns > worst->figures.lost[k].gap_ns)) &&
                w->lost[k].loser != 0) {
                worst = &s->all[i];
                kind = k;
            }
        }
    }
    e->is_absent[CASE_LOST] = worst == NULL;
    if (worst == NULL)
        return;
    struct told_case c = kind < 0
                             ? explain_case_of_lost(worst, &worst->figures.lost_commit, end, "A lost commit")
                             : explain_case_of_lost(worst, &worst->figures.lost[kind], end, prefaces[kind]);
    if (!explain_tell(e, &c, f))
        return;
    tell_counts(commits, by_cause);
}

/* conflicts.csv, but of all. */
static void list_lost(const struct explain *e, const struct search *s)
{
    struct csv out = {.file = stdout};

    fprintf(stdout, "%s\n", table_headers[TABLE_CONFLICTS]);
    for (size_t i = 0; i < s->count; i++) {
        for (size_t k = 0; k < s->all[i].lost.count; k++)
            table_conflict(e->point, e->scenario, s->all[i].model, s->all[i].replication,
                           &s->all[i].lost.items[k], &out);
        array_free(&s->all[i].lost);
    }
}

/* How many replications the point has, as the manifest says. */
static uint32_t replications_of(const struct explain *e)
{
    json_t *points = json_object_get(e->view->manifest, "points"), *one;
    size_t i;

    json_array_foreach(points, i, one) if (json_integer_value(json_object_get(one, "point")) ==
                                           (json_int_t)e->point) return (uint32_t)
        json_integer_value(json_object_get(one, "replications"));
    return 0;
}

/* What there was none of, in one sentence. */
static void tell_absent(const struct explain *e)
{
    static const char *const nouns[CASES] = {"no read was stale", "no write succeeded", "no write failed",
                                             "no write was lost", "no promise was broken"};
    const char *between = e->told > 0 ? "\nElse nothing: " : "Nothing to tell: ";
    bool any = false;

    for (int c = 0; c < CASES; c++)
        if (e->is_absent[c]) {
            printf("%s%s", between, nouns[c]);
            between = ", ";
            any = true;
        }
    if (any)
        printf(".\n");
}

static int tell_worst(struct explain *e, uint32_t replications, struct failure *f)
{
    struct search s = {.scenario = e->scenario, .lists_lost = e->lists_lost};

    s.all = memory_new((size_t)e->scenario->model_count * replications, sizeof *s.all);
    for (uint32_t m = 0; m < e->scenario->model_count; m++)
        for (uint32_t n = 1; n <= replications; n++)
            if ((e->model == NULL || strcmp(e->model, e->scenario->models[m].name) == 0) &&
                (e->replication == 0 || e->replication == n))
                s.all[s.count++] = (struct looked){.model = m, .replication = n};
    if (e->only != CASE_BROKEN || e->lists_lost)
        search_all(&s);
    if (e->lists_lost) {
        list_lost(e, &s);
        free(s.all);
        return STATUS_DONE;
    }
    if (e->only < 0 || e->only == CASE_STALEST)
        tell_stalest(e, &s, f);
    if (f->status == 0 && (e->only < 0 || e->only == CASE_SLOWEST))
        tell_slowest(e, &s, f);
    if (f->status == 0 && (e->only < 0 || e->only == CASE_FAILED))
        tell_failed(e, &s, f);
    if (f->status == 0 && (e->only < 0 || e->only == CASE_LOST))
        tell_lost(e, &s, f);
    if (f->status == 0 && (e->only < 0 || e->only == CASE_BROKEN))
        explain_broken(e, f);
    free(s.all);
    if (f->status != 0)
        return STATUS_REFUSED;
    tell_absent(e);
    if (e->model == NULL && e->scenario->model_count > 1 && e->told > 0)
        printf("\nThese are the worst of all models; --model NAME tells of one.\n");
    return STATUS_DONE;
}

static int explain(struct explain *e)
{
    struct failure f = {0};
    int status = STATUS_WRONG;

    e->view = view_open(e->folder, &f);
    e->document = e->view != NULL ? explain_document(e->view, &f) : NULL;
    if (e->document != NULL && e->point >= document_point_count(e->document)) {
        failure_set(&f, STATUS_WRONG, "there is no point %llu: the results have %zu", e->point,
                    document_point_count(e->document));
    } else if (e->document != NULL) {
        e->scenario = document_scenario(e->document, e->point);
        uint32_t replications = replications_of(e);
        if (e->model != NULL && explain_find_model(e->scenario, e->model) == UINT32_MAX)
            failure_set(&f, STATUS_WRONG, "the results have no model `%s`", e->model);
        else if (replications == 0)
            failure_set(&f, STATUS_WRONG, "point %llu has no finished replication", e->point);
        else if (e->replication > replications)
            failure_set(&f, STATUS_WRONG, "there is no replication %llu: point %llu has %u", e->replication,
                        e->point, replications);
        else
            status = e->operation != NULL ? explain_one(e, &f) : tell_worst(e, replications, &f);
    }
    document_free(e->document);
    view_free(e->view);
    return f.status != 0 ? say_failure(&f) : status;
}

static bool take(struct explain *e, const struct options *o, int id)
{
    switch (id) {
    case OPTIONS_OPERAND:
        if (e->folder != NULL)
            say_error("georep explain wants one results folder");
        return e->folder == NULL && (e->folder = o->value) != NULL;
    case MODEL:
        e->model = o->value;
        return true;
    case POINT:
        return option_number(o, "point", 0, 1000000000, &e->point);
    case REPLICATION:
        return option_number(o, "replication", 1, UINT32_MAX, &e->replication);
    case OPERATION:
        e->operation = o->value;
        return true;
    case LOST:
        e->lists_lost = true;
        return true;
    case 'o':
        e->output = o->value;
        return true;
    case OPTION_PLUGIN: {
        char *wrong = registry_load_plugin(o->value);
        if (wrong != NULL)
            say_error("%s", wrong);
        free(wrong);
        return wrong == NULL;
    }
    default:
        for (e->only = 0; e->only < CASES; e->only++)
            if (strcmp(o->value, case_names[e->only]) == 0)
                return true;
        say_error(
            "--case wants stalest-read, slowest-write, failed-write, lost-write or broken-promise, not `%s`",
            o->value);
        return false;
    }
}

int verb_explain(const struct verb *verb, int argc, char **argv)
{
    struct options o = options_of(verb, argc, argv);
    struct explain e = {.only = -1};

    for (int id; (id = options_next(&o)) != OPTIONS_END;) {
        if (id == OPTIONS_WRONG || id == OPTIONS_HELP)
            return options_status(id);
        if (!take(&e, &o, id))
            return STATUS_WRONG;
    }
    if (e.folder == NULL) {
        say_error("georep explain wants a results folder, as `georep run` writes it");
        return STATUS_WRONG;
    }
    if (e.lists_lost && (e.output != NULL || e.only >= 0 || e.operation != NULL)) {
        say_error("--lost lists; it goes with --model, --point and --replication alone");
        return STATUS_WRONG;
    }
    if (e.output != NULL && e.only < 0 && e.operation == NULL) {
        say_error("--output names one diagram: say which with --case or --op");
        return STATUS_WRONG;
    }
    return prepare_start() ? explain(&e) : STATUS_WRONG;
}
