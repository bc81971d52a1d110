/* whole.c -- see whole.h: the child process runs the trial and writes its figures into a pipe. */
#include "bench/whole.h"

#include "sim/cli/prepare.h"
#include "sim/experiment/history_file.h"
#include "sim/experiment/trial_run.h"
#include "sim/observe/check.h"
#include "sim/trial/trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct document *whole_document(const char *path, const struct document_override *overrides, size_t count)
{
    static bool is_started;
    struct diagnostics *d;

    if (!is_started && !prepare_start())
        return NULL;
    is_started = true;
    d = diagnostics_new();
    struct document *doc = document_read(path, overrides, count, NULL, 0, d);
    diagnostics_print(d, stderr);
    diagnostics_free(d);
    return doc;
}

static double core_seconds(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

/* From the kernel's table of this process: VmHWM counts pages of a parent before a fork too, so what is
 * resident at the start is taken off. */
static uint64_t status_bytes(const char *field)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[200];
    unsigned long long kilobytes = 0;

    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            kilobytes = strtoull(line + strlen(field) + 1, NULL, 10);
    if (f != NULL)
        fclose(f);
    return kilobytes * 1024;
}

static bool agreed(void *observation)
{
    return observation_agreed(observation);
}

const char *const whole_found_names[WHOLE_FOUND] = {
    "read_latency_ms",    "write_latency_ms",       "stale_read_fraction",
    "read_staleness_ms",  "read_staleness_ms_p99",  "read_staleness_versions",
    "replication_lag_ms", "replication_lag_ms_p99", "conflicts",
    "lost_updates",       "skew_inversions",
};

static const struct {
    enum metric_id metric;
    enum statistic_id statistic; /* mean and percentile: of a distribution, else a number of its own */
} found_rows[WHOLE_FOUND] = {
    {METRIC_READ_LATENCY, STATISTIC_MEAN},         {METRIC_WRITE_LATENCY, STATISTIC_MEAN},
    {METRIC_STALE_READ_FRACTION, STATISTIC_VALUE}, {METRIC_READ_STALENESS, STATISTIC_MEAN},
    {METRIC_READ_STALENESS, STATISTIC_P99},        {METRIC_READ_STALENESS_VERSIONS, STATISTIC_MEAN},
    {METRIC_REPLICATION_LAG, STATISTIC_MEAN},      {METRIC_REPLICATION_LAG, STATISTIC_P99},
    {METRIC_CONFLICTS, STATISTIC_PER_WRITE},       {METRIC_LOST_UPDATES, STATISTIC_PER_WRITE},
    {METRIC_SKEW_INVERSIONS, STATISTIC_PER_WRITE},
};

static double found_take(const struct trial_figures *f, enum metric_id metric, enum statistic_id statistic)
{
    for (uint32_t i = 0; i < f->scalar_count; i++) {
        const struct scalar_figure *s = &f->scalars[i];
        if (s->metric == metric && s->statistic == statistic && s->region == ALL_REGIONS)
            return s->value;
    }
    for (uint32_t i = 0; i < f->distribution_count; i++) {
        const struct distribution_figure *d = &f->distributions[i];
        if (d->metric != metric || d->region != ALL_REGIONS || d->values.count == 0)
            continue;
        double value = statistic == STATISTIC_MEAN
                           ? histogram_mean(&d->values)
                           : (double)histogram_quantile(&d->values, statistic_quantile(statistic));
        return metric_defs[metric].is_time ? value / 1e6 : value;
    }
    return NAN;
}

/* Of a trial's tables those by key: what nodes, links and sessions have is there without any key. */
static uint64_t key_bytes(const struct trial_def *def)
{
    struct world_def none = *def->world;
    struct trial_def without = *def;

    none.key_count = none.own_key_count = 0;
    without.world = &none;
    return trial_bytes(def) - trial_bytes(&without);
}

static bool measure_here(const struct scenario *s, uint32_t model, uint32_t replication,
                         struct whole_readers readers, struct whole_figures *out)
{
    const struct scenario_model *m = &s->models[model];
    struct trial_def def = {.world = &s->world,
                            .model = m->model,
                            .config = m->config,
                            .model_name = m->name,
                            .seed = s->seed,
                            .replication = replication};
    uint64_t resident = status_bytes("VmRSS");
    double start = core_seconds();
    struct trial *t = trial_new(&def);
    struct observation *o = NULL;
    struct checks *checks = NULL;
    struct history_file *file = NULL;
    struct geo_promise promised = model_promise(s, model);

    if (readers.ledger || readers.metrics != 0)
        o = observation_new_of(trial_setting(t), trial_history(t), readers.metrics);
    if (readers.checks != 0) {
        checks = checks_new_of(trial_setting(t), trial_history(t), readers.checks);
        checks_bound(checks, promised.stale_ns_max, promised.stale_versions_max);
    }
    if (o != NULL && checks != NULL)
        observation_check(o, checks);
    if (readers.history &&
        (file = history_file_open("/dev/null", trial_setting(t), trial_history(t))) == NULL)
        return false;
    if (o != NULL)
        trial_set_agreed(t, agreed, o);
    out->setup_seconds = core_seconds() - start;
    bool done = trial_run(t, NULL);
    for (int i = 0; i < WHOLE_FOUND; i++)
        out->found[i] = NAN;
    if (o != NULL) {
        observation_finish(o, trial_now(t));
        struct trial_figures *figures = observation_figures(o);
        for (int i = 0; i < WHOLE_FOUND; i++)
            out->found[i] = found_take(figures, found_rows[i].metric, found_rows[i].statistic);
        trial_figures_free(figures);
    } else if (checks != NULL) {
        checks_finish(checks);
    }
    if (file != NULL)
        done = history_file_close(file) && done;
    out->seconds = core_seconds() - start;
    out->operations = trial_operations(t);
    out->events = trial_events(t);
    out->keys = trial_setting(t)->key_count;
    uint32_t holders[PLACEMENT_MOST];
    out->replicas = placement_holders(trial_setting(t), 0, holders);
    out->table_bytes = key_bytes(&def) + (o != NULL ? observation_bytes(trial_setting(t)) : 0);
    out->peak_bytes = status_bytes("VmHWM") - resident;
    return done; /* its memory goes with the process */
}

bool whole_measure(const struct scenario *s, uint32_t model, uint32_t replication,
                   struct whole_readers readers, struct whole_figures *out)
{
    int ends[2], status = 0;

    fflush(stdout);
    if (pipe(ends) != 0) {
        perror("georep-bench");
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        struct whole_figures figures = {0};
        bool done = measure_here(s, model, replication, readers, &figures);
        done = done && write(ends[1], &figures, sizeof figures) == (ssize_t)sizeof figures;
        _exit(done ? 0 : 1);
    }
    close(ends[1]);
    ssize_t got = child > 0 ? read(ends[0], out, sizeof *out) : -1;
    close(ends[0]);
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0 || got != (ssize_t)sizeof *out) {
        fprintf(stderr, "georep-bench: the trial of %s did not end well\n", s->models[model].name);
        return false;
    }
    return true;
}
