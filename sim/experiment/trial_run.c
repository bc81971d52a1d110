/* trial_run.c -- see trial_run.h. */
#include "sim/experiment/trial_run.h"

#include "sim/experiment/history_file.h"
#include "sim/observe/check.h"
#include "sim/trial/trial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct geo_promise model_promise(const struct scenario *s, uint32_t model)
{
    const struct scenario_model *m = &s->models[model];
    geo_setting setting = world_def_setting(&s->world);

    return m->model->promise != NULL ? m->model->promise(m->config, &setting) : (struct geo_promise){0};
}

static bool agreed(void *observation)
{
    return observation_agreed(observation);
}

struct trial_figures *trial_run_whole(const struct scenario *s, uint32_t model, uint32_t replication,
                                      const char *history, const atomic_bool *stop, struct failure *f)
{
    const struct scenario_model *m = &s->models[model];
    struct trial_figures *figures = NULL;
    struct trial *t = trial_new(&(struct trial_def){.world = &s->world,
                                                    .model = m->model,
                                                    .config = m->config,
                                                    .model_name = m->name,
                                                    .seed = s->seed,
                                                    .replication = replication});
    struct observation *o = observation_new(trial_setting(t), trial_history(t));

    struct checks *checks = checks_new(trial_setting(t), trial_history(t));
    struct geo_promise promised = model_promise(s, model);
    struct history_file *file = NULL;

    checks_bound(checks, promised.stale_ns_max, promised.stale_versions_max);
    observation_check(o, checks);

    if (history != NULL && (file = history_file_open(history, trial_setting(t), trial_history(t))) == NULL)
        failure_set(f, STATUS_REFUSED, "cannot write %s: %s", history, strerror(errno));
    trial_set_agreed(t, agreed, o);
    if (f->status == 0 && trial_run(t, stop)) {
        observation_finish(o, trial_now(t));
        figures = observation_figures(o);
        figures->events = trial_events(t);
        figures->operations = trial_operations(t);
        figures->end_ns = trial_now(t);
    }
    if (file != NULL && !history_file_close(file))
        failure_set(f, STATUS_REFUSED, "cannot write %s: %s", history, strerror(errno));
    observation_free(o);
    checks_free(checks);
    trial_free(t);
    if (f->status != 0) {
        trial_figures_free(figures);
        figures = NULL;
    }
    return figures;
}
