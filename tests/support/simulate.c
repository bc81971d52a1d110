/* simulate.c -- see simulate.h. */
#include "tests/support/simulate.h"

#include "sim/experiment/trial_run.h"
#include "sim/trial/trial.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct document *document_of_text(const char *yaml, const char *model, struct diagnostics *d)
{
    char *path = NULL;

    CHECK(asprintf(&path, "%s/scenario-XXXXXX.yaml", GEOREP_TEST_FOLDER) >= 0);
    int fd = mkstemps(path, 5);
    cr_assert(fd >= 0, "cannot write %s", path);
    cr_assert_eq(write(fd, yaml, strlen(yaml)), (ssize_t)strlen(yaml));
    close(fd);
    scenario_set_data_folder(GEOREP_SOURCE_DIR "/scenarios");
    struct document *document = document_read(path, NULL, 0, model != NULL ? &model : NULL, model != NULL, d);
    unlink(path);
    free(path);
    return document;
}

struct document *document_of_right_text(const char *yaml, const char *model)
{
    struct diagnostics *d = diagnostics_new();
    struct document *document = document_of_text(yaml, model, d);

    if (document == NULL)
        diagnostics_print(d, stderr);
    cr_assert_not_null(document, "the test's scenario is wrong");
    diagnostics_free(d);
    return document;
}

static struct trial_figures *run_one(const struct scenario *s, uint32_t model, uint32_t replication)
{
    const struct scenario_model *m = &s->models[model];
    const char *wrong = trial_check(&s->world, m->model, m->config);
    struct failure failure = {0};

    cr_assert_null(wrong, "%s: %s", m->name, wrong);
    struct trial_figures *f = trial_run_whole(s, model, replication, NULL, NULL, &failure);
    cr_assert_not_null(f);
    return f;
}

struct simulation *simulate(const char *yaml, uint32_t replications)
{
    return simulate_one(yaml, replications, NULL);
}

struct simulation *simulate_one(const char *yaml, uint32_t replications, const char *model)
{
    struct simulation *s = memory_new(1, sizeof *s);

    s->document = document_of_right_text(yaml, model);
    s->scenario = document_scenario(s->document, 0);
    s->replications = replications;
    s->figures = memory_new((size_t)replications * s->scenario->model_count, sizeof *s->figures);
    for (uint32_t n = 1; n <= replications; n++)
        for (uint32_t m = 0; m < s->scenario->model_count; m++)
            s->figures[(n - 1) * s->scenario->model_count + m] = run_one(s->scenario, m, n);
    return s;
}

void simulation_free(struct simulation *s)
{
    for (uint32_t i = 0; i < s->replications * s->scenario->model_count; i++)
        trial_figures_free(s->figures[i]);
    free(s->figures);
    document_free(s->document);
    free(s);
}

static const struct trial_figures *figures_of(const struct simulation *s, const char *model, uint32_t n)
{
    for (uint32_t m = 0; m < s->scenario->model_count; m++)
        if (strcmp(s->scenario->models[m].name, model) == 0)
            return s->figures[(n - 1) * s->scenario->model_count + m];
    cr_assert(false, "no model %s in the scenario", model);
    return NULL;
}

const struct histogram *simulated_values(const struct simulation *s, const char *model, uint32_t n,
                                         enum metric_id metric, int32_t region)
{
    const struct trial_figures *f = figures_of(s, model, n);

    for (uint32_t i = 0; i < f->distribution_count; i++)
        if (f->distributions[i].metric == metric && f->distributions[i].region == region)
            return &f->distributions[i].values;
    return NULL;
}

bool simulated_maybe(const struct simulation *s, const char *model, uint32_t n, enum metric_id metric,
                     enum statistic_id which, int32_t region, double *value)
{
    const struct trial_figures *f = figures_of(s, model, n);

    for (uint32_t i = 0; i < f->scalar_count; i++)
        if (f->scalars[i].metric == metric && f->scalars[i].statistic == which &&
            f->scalars[i].region == region) {
            *value = f->scalars[i].value;
            return true;
        }
    return false;
}

double simulated(const struct simulation *s, const char *model, uint32_t n, enum metric_id metric,
                 enum statistic_id which)
{
    double value = 0;

    cr_assert(simulated_maybe(s, model, n, metric, which, ALL_REGIONS, &value), "%s has no %s.%s", model,
              metric_defs[metric].name, statistic_names[which]);
    return value;
}

void assert_always(const struct simulation *s, const char *model, enum metric_id metric, int32_t region,
                   int64_t value)
{
    const struct histogram *h = simulated_values(s, model, 1, metric, region);

    cr_assert(h != NULL && histogram_count(h) > 0, "%s has no %s", model, metric_defs[metric].name);
    cr_expect(histogram_min(h) == value && histogram_max(h) == value,
              "%s: %s in region %d is from %lld to %lld ns; by hand it is %lld", model,
              metric_defs[metric].name, region, (long long)histogram_min(h), (long long)histogram_max(h),
              (long long)value);
}

int32_t region_index(const struct simulation *s, const char *name)
{
    for (uint32_t g = 0; g < s->scenario->world.region_count; g++)
        if (strcmp(s->scenario->world.regions[g].name, name) == 0)
            return (int32_t)g;
    cr_assert(false, "no region %s", name);
    return -1;
}
