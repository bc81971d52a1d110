/* experiment.c -- see experiment.h.
 *
 *     workers:  take (point, replication, model) -> run the trial -> put its figures into the point's slots
 *               -> while the next replication is there for every model: fold it in; enough? the point is
 * decided caller:   writes decided points, in order; shows progress; hears the interrupt
 *
 * Everything but the trials themselves happens under one lock. A point is decided by replications 1..n in
 * order, so the decision is the same whatever came in first; what was run beyond n is let go. */
#include "sim/experiment/experiment.h"

#include "sim/base/check.h"
#include "sim/base/hash.h"
#include "sim/experiment/journal.h"
#include "sim/experiment/judge.h"
#include "sim/experiment/trial_run.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How many points workers may be ahead of the one that is written next. */
#define POINTS_AHEAD 32

struct point_state {
    const struct scenario *scenario;
    struct gathering *gathering;
    struct trial_figures **slots; /* [(replication - 1) * models + model] of what is not folded yet */
    uint32_t running;
    bool decided;
};

struct experiment {
    const struct experiment_def *def;
    struct point_state *points;
    size_t point_count, written, at_point;
    uint32_t at_replication, at_model; /* the work to be taken next */
    uint64_t trials_done, trials_most, resumed;
    uint32_t running;
    struct journal *journal;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    atomic_bool halt; /* trials poll it without the lock */
    struct failure failure;
};

struct work {
    size_t point;
    uint32_t replication, model;
};

/* Lets go of the running trials and takes no more; workers that wait for the writer are woken. */
static void experiment_halt(struct experiment *e)
{
    atomic_store_explicit(&e->halt, true, memory_order_relaxed);
    pthread_cond_broadcast(&e->changed);
}

static void point_open(struct experiment *e, size_t point)
{
    struct point_state *p = &e->points[point];

    if (p->gathering != NULL)
        return;
    p->scenario = document_scenario(e->def->document, point);
    p->gathering = gathering_new(p->scenario);
    p->slots = memory_new((size_t)p->scenario->replications_max * p->scenario->model_count, sizeof *p->slots);
}

static void point_close(struct experiment *e, size_t point)
{
    struct point_state *p = &e->points[point];

    if (p->gathering == NULL)
        return;
    for (size_t i = 0; i < (size_t)p->scenario->replications_max * p->scenario->model_count; i++)
        trial_figures_free(p->slots[i]);
    free(p->slots);
    gathering_free(p->gathering);
    p->slots = NULL;
    p->gathering = NULL;
}

/* The next trial to run; waits while the workers are too far ahead. false: there is none. */
static bool work_take(struct experiment *e, struct work *w)
{
    for (;;) {
        if (e->halt || e->at_point >= e->point_count)
            return false;
        if (e->at_point >= e->written + POINTS_AHEAD) {
            pthread_cond_wait(&e->changed, &e->lock);
            continue;
        }
        point_open(e, e->at_point);
        struct point_state *p = &e->points[e->at_point];
        if (p->decided || e->at_replication > p->scenario->replications_max) {
            e->at_point++;
            e->at_replication = 1;
            e->at_model = 0;
            continue;
        }
        *w = (struct work){e->at_point, e->at_replication, e->at_model};
        if (++e->at_model == p->scenario->model_count) {
            e->at_model = 0;
            e->at_replication++;
        }
        p->running++;
        return true;
    }
}

/* Folds in what has come, replication by replication, until the point is decided. */
static void point_advance(struct experiment *e, size_t point)
{
    struct point_state *p = &e->points[point];
    uint32_t models = p->scenario->model_count;

    while (!p->decided) {
        uint32_t next = gathering_count(p->gathering);
        struct trial_figures **row = p->slots + (size_t)next * models;
        for (uint32_t m = 0; m < models; m++)
            if (row[m] == NULL)
                return;
        gathering_add(p->gathering, (const struct trial_figures *const *)row);
        for (uint32_t m = 0; m < models; m++) {
            trial_figures_free(row[m]);
            row[m] = NULL;
        }
        p->decided = gathering_enough(p->gathering);
    }
    pthread_cond_broadcast(&e->changed);
}

static void work_put(struct experiment *e, struct work w, struct trial_figures *figures)
{
    struct point_state *p = &e->points[w.point];
    bool wanted = figures != NULL && !p->decided;

    p->running--;
    if (figures != NULL)
        e->trials_done++;
    if (!wanted) {
        trial_figures_free(figures);
        pthread_cond_broadcast(&e->changed);
        return;
    }
    p->slots[(size_t)(w.replication - 1) * p->scenario->model_count + w.model] = figures;
    point_advance(e, w.point);
}

static void *worker(void *argument)
{
    struct experiment *e = argument;
    struct work w;

    pthread_mutex_lock(&e->lock);
    while (work_take(e, &w)) {
        const struct journal_trial key = {w.point, w.model, w.replication};
        /* A history cannot be had from the journal: with --history every trial runs. */
        struct trial_figures *figures = e->def->history ? NULL : journal_read(e->journal, key);
        if (figures != NULL) {
            e->resumed++;
        } else {
            const struct scenario *s = e->points[w.point].scenario;
            struct failure failure = {0};
            char *history = e->def->history ? results_history_path(results_partial(e->def->results), w.point,
                                                                   s->models[w.model].name, w.replication)
                                            : NULL;
            pthread_mutex_unlock(&e->lock);
            figures = trial_run_whole(s, w.model, w.replication, history, &e->halt, &failure);
            pthread_mutex_lock(&e->lock);
            free(history);
            if (figures != NULL)
                journal_append(e->journal, key, figures, &failure);
            if (failure.status != 0) {
                failure_set(&e->failure, failure.status, "%s", failure.text);
                failure_clear(&failure);
                experiment_halt(e);
            }
        }
        work_put(e, w, figures);
    }
    e->running--;
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

/* Histories of replications that the stopping rule threw away, and of trials that were let go. */
static void drop_histories(const struct experiment *e, size_t point)
{
    const struct point_state *p = &e->points[point];

    if (!e->def->history)
        return;
    for (uint32_t r = gathering_count(p->gathering) + 1; r <= p->scenario->replications_max; r++)
        for (uint32_t m = 0; m < p->scenario->model_count; m++) {
            char *path =
                results_history_path(results_partial(e->def->results), point, p->scenario->models[m].name, r);
            (void)unlink(path);
            free(path);
        }
}

/* Outside the lock: nobody else touches a point that is decided and has no trial running. */
static void point_write(struct experiment *e, size_t point, struct experiment_outcome *out, struct failure *f)
{
    struct point_state *p = &e->points[point];

    gathering_finish(p->gathering);
    struct judgement j = judge(p->scenario, p->gathering);
    for (size_t i = 0; i < j.verdict_count; i++)
        if (j.verdicts[i].promised) {
            out->broken += j.verdicts[i].holds == HOLDS_FALSE;
            out->undecided += j.verdicts[i].holds == HOLDS_UNDECIDED;
        }
    for (size_t i = 0; i < j.expectation_count; i++) {
        out->broken += j.expectations[i].holds == HOLDS_FALSE;
        out->undecided += j.expectations[i].holds == HOLDS_UNDECIDED;
    }
    out->points_done++;
    out->trials += (uint64_t)gathering_count(p->gathering) * p->scenario->model_count;
    out->events += gathering_events(p->gathering);
    out->operations += gathering_operations(p->gathering);
    results_add(e->def->results, point, p->scenario, p->gathering, &j, f);
    drop_histories(e, point);
    judgement_free(&j);
}

static void show_progress(const struct experiment *e)
{
    struct experiment_progress p = {.trials_done = e->trials_done, .trials_most = e->trials_most};
    double share = 0;

    if (e->def->progress == NULL)
        return;
    for (size_t i = 0; i < e->point_count; i++) {
        const struct point_state *state = &e->points[i];
        if (i < e->written || state->decided)
            share += 1;
        else if (state->gathering != NULL)
            share += (double)gathering_count(state->gathering) / state->scenario->replications_max;
    }
    /* Trials in between count as well where the number of replications is fixed. */
    p.share = e->trials_most != 0 ? (double)e->trials_done / (double)e->trials_most : 1;
    if (share / (double)e->point_count > p.share)
        p.share = share / (double)e->point_count;
    e->def->progress(e->def->progress_argument, &p);
}

/* Until every point is written, or all workers have gone home. Holds the lock but while it writes. */
static void conduct(struct experiment *e, struct experiment_outcome *out)
{
    for (;;) {
        if (*e->def->stop && !e->halt)
            experiment_halt(e);
        while (e->written < e->point_count && !e->halt && e->points[e->written].decided &&
               e->points[e->written].running == 0) {
            struct failure failure = {0};
            size_t point = e->written;
            pthread_mutex_unlock(&e->lock);
            point_write(e, point, out, &failure);
            pthread_mutex_lock(&e->lock);
            point_close(e, point);
            e->written++;
            if (failure.status != 0) {
                failure_set(&e->failure, failure.status, "%s", failure.text);
                failure_clear(&failure);
                experiment_halt(e);
            }
            pthread_cond_broadcast(&e->changed);
        }
        show_progress(e);
        if (e->running == 0 && (e->halt || e->written == e->point_count))
            return;
        struct timespec until; /* an interrupt does not wake us: look every tenth of a second */
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 100000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&e->changed, &e->lock, &until);
    }
}

/* After an interrupt: what every model of a point has finished, in the order of the replications, is kept. */
static void write_rest(struct experiment *e, struct experiment_outcome *out)
{
    for (; e->written < e->point_count && e->failure.status == 0; e->written++) {
        struct point_state *p = &e->points[e->written];
        if (p->gathering == NULL)
            continue;
        if (gathering_count(p->gathering) != 0)
            point_write(e, e->written, out, &e->failure);
        else
            drop_histories(e, e->written);
    }
}

static uint64_t digest_of(const struct experiment_def *def)
{
    char *resolved = document_resolved(def->document);
    uint64_t digest = hash_join(hash_text(resolved), hash_text(def->version));

    free(resolved);
    return hash_join(digest, document_scenario(def->document, 0)->seed);
}

static uint32_t start_workers(struct experiment *e, pthread_t *threads)
{
    uint32_t started = 0;

    for (; started < e->def->jobs; started++) {
        e->running++;
        int error = pthread_create(&threads[started], NULL, worker, e);
        if (error == 0)
            continue;
        e->running--;
        if (started == 0)
            failure_set(&e->failure, STATUS_REFUSED, "cannot start a thread: %s", strerror(error));
        break;
    }
    return started;
}

bool experiment_run(const struct experiment_def *def, struct experiment_outcome *out, struct failure *f)
{
    struct experiment e = {
        .def = def, .point_count = document_point_count(def->document), .at_replication = 1};

    *out = (struct experiment_outcome){0};
    CHECK(def->jobs > 0);
    e.journal = journal_open(def->journal, digest_of(def), def->resume, f);
    if (e.journal == NULL)
        return false;
    e.points = memory_new(e.point_count, sizeof *e.points);
    for (size_t p = 0; p < e.point_count; p++) {
        const struct scenario *s = document_scenario(def->document, p);
        e.trials_most += (uint64_t)s->replications_max * s->model_count;
    }
    pthread_mutex_init(&e.lock, NULL);
    pthread_cond_init(&e.changed, NULL);
    pthread_t *threads = memory_new(def->jobs, sizeof *threads);
    pthread_mutex_lock(&e.lock);
    uint32_t started = start_workers(&e, threads);
    conduct(&e, out);
    pthread_mutex_unlock(&e.lock);
    for (uint32_t t = 0; t < started; t++)
        pthread_join(threads[t], NULL);
    free(threads);
    out->complete = true;
    for (size_t p = 0; p < e.point_count; p++)
        out->complete = out->complete && e.points[p].decided;
    write_rest(&e, out);
    out->resumed = e.resumed;
    for (size_t p = 0; p < e.point_count; p++)
        point_close(&e, p);
    free(e.points);
    pthread_cond_destroy(&e.changed);
    pthread_mutex_destroy(&e.lock);
    if (e.failure.status != 0) {
        failure_set(f, e.failure.status, "%s", e.failure.text);
        failure_clear(&e.failure);
    }
    /* It stays after an interrupt alone: a disk that is full or a folder that refuses is to be left as it
     * was. */
    journal_close(e.journal, out->complete || f->status != 0 || journal_count(e.journal) == 0);
    return f->status == 0;
}
