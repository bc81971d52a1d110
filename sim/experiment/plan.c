/* plan.c -- see plan.h. The memory is what the tables of a trial will hold when every key has been touched,
 * and as many are written as may be: it is known before anything runs. The time is a count of operations at a
 * measured cost, so "about". */
#include "sim/experiment/plan.h"

#include "sim/experiment/machine.h"
#include "sim/observe/check.h"
#include "sim/observe/observation.h"
#include "sim/trial/trial.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* Of one operation, with its messages to each of the regions, in seconds of one core: measured on the
 * quickstart, whose 1.7 million operations on four regions took 3.1 s. */
#define SECONDS_PER_OPERATION 0.7e-6
#define SECONDS_PER_OPERATION_AND_REGION 0.28e-6

static struct trial_def trial_of(const struct scenario *s, uint32_t model)
{
    return (struct trial_def){.world = &s->world,
                              .model = s->models[model].model,
                              .config = s->models[model].config,
                              .model_name = s->models[model].name,
                              .seed = s->seed,
                              .replication = 1};
}

void plan_check(const struct document *doc, const char *file, struct diagnostics *d)
{
    for (size_t p = 0; p < document_point_count(doc); p++) {
        const struct scenario *s = document_scenario(doc, p);
        for (uint32_t m = 0; m < s->model_count; m++) {
            const char *wrong = trial_check(&s->world, s->models[m].model, s->models[m].config);
            if (wrong != NULL)
                diagnostics_error(d, (struct place){.file = file}, "models.%s: %s", s->models[m].name, wrong);
        }
    }
}

/* What the readers of a trial's history need besides. A trial must be made to know it (its tables are
 * untouched pages then), which is why one that does not fit as it is is not asked. */
static uint64_t readers_bytes(const struct trial_def *def)
{
    struct trial *t = trial_new(def);
    const struct history_setting *setting = trial_setting(t);
    uint64_t writes = (uint64_t)fmin(round(world_def_writes(def->world)), 1e18);
    uint64_t bytes = observation_bytes(setting) + checks_bytes(setting, writes);

    trial_free(t);
    return bytes;
}

struct plan plan_of(const struct document *doc)
{
    struct plan p = {.points = document_point_count(doc), .largest = ""};
    struct trial_def largest = {0};

    for (size_t i = 0; i < p.points; i++) {
        const struct scenario *s = document_scenario(doc, i);
        double operations = world_def_operations(&s->world) * s->model_count * s->replications_min;
        p.trials_least += (uint64_t)s->model_count * s->replications_min;
        p.trials_most += (uint64_t)s->model_count * s->replications_max;
        p.operations += operations;
        p.core_seconds +=
            operations * (SECONDS_PER_OPERATION + SECONDS_PER_OPERATION_AND_REGION * s->world.region_count);
        for (uint32_t m = 0; m < s->model_count; m++) {
            struct trial_def def = trial_of(s, m);
            uint64_t bytes = trial_bytes(&def);
            if (bytes > p.trial_bytes_max || *p.largest == '\0') {
                p.trial_bytes_max = bytes;
                p.largest = s->models[m].name;
                largest = def;
            }
        }
    }
    if (largest.world != NULL && p.trial_bytes_max <= machine_available_bytes())
        p.trial_bytes_max += readers_bytes(&largest);
    return p;
}

void bytes_print(char *out, size_t room, uint64_t bytes)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1000;
        unit++;
    }
    snprintf(out, room, unit == 0 || value >= 99.95 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

uint32_t plan_jobs(const struct plan *p, uint32_t jobs, uint64_t available_bytes, struct failure *f)
{
    char needs[32], has[32];

    if (p->trial_bytes_max == 0 || available_bytes == UINT64_MAX)
        return jobs;
    uint64_t fit = available_bytes / p->trial_bytes_max;
    if (fit >= 1)
        return fit < jobs ? (uint32_t)fit : jobs;
    bytes_print(needs, sizeof needs, p->trial_bytes_max);
    bytes_print(has, sizeof has, available_bytes);
    failure_set(
        f, STATUS_WRONG,
        "one trial of %s needs %s of memory and %s are available; fewer keys, regions or nodes need less",
        p->largest, needs, has);
    return 0;
}
