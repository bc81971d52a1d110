/* explain_run.c -- see explain_run.h. */
#include "sim/cli/explain_run.h"

#include "sim/cli/explain_facts.h"
#include "sim/cli/say.h"
#include "sim/cli/verbs.h"
#include "sim/observe/check.h"
#include "sim/observe/observation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the scenario of a folder ---- */

static const char *view_version(const struct view *v)
{
    const char *version = json_string_value(json_object_get(v->manifest, "version"));

    return version != NULL ? version : "unknown";
}

/* `text` with every `from` replaced; takes it over. */
static char *replaced(char *text, const char *from, const char *to)
{
    char *out = NULL, *rest = text;
    size_t bytes = 0;

    if (*from == '\0' || strstr(text, from) == NULL)
        return text;
    FILE *f = open_memstream(&out, &bytes);
    CHECK(f != NULL);
    for (char *at = strstr(rest, from); at != NULL; at = strstr(rest, from)) {
        fwrite(rest, 1, (size_t)(at - rest), f);
        fputs(to, f);
        rest = at + strlen(from);
    }
    fputs(rest, f);
    fclose(f);
    free(text);
    return out;
}

/* The resolved scenario names its files whole, where they were read; the folder has copies of them. */
static char *text_of_scenario(const struct view *v)
{
    const char *scenario = json_string_value(json_object_get(v->manifest, "scenario"));
    json_t *inputs = json_object_get(v->manifest, "inputs"), *input;
    char *folder = realpath(v->folder, NULL), *text = memory_text(scenario);
    size_t i;

    json_array_foreach(inputs, i, input)
    {
        const char *file = json_string_value(json_object_get(input, "file"));
        const char *from = json_string_value(json_object_get(input, "from"));
        char *copy = NULL;
        if (text == NULL || folder == NULL || file == NULL || from == NULL || from[0] != '/')
            continue;
        CHECK(asprintf(&copy, "%s/inputs/%s", folder, file) >= 0);
        if (access(copy, R_OK) == 0)
            text = replaced(text, from, copy);
        free(copy);
    }
    free(folder);
    return text;
}

/* What is wrong, said of the manifest: the file that was read is gone. */
static void say_diagnostics(const struct diagnostics *d, const char *path, const struct view *v)
{
    char *text = NULL, *name = NULL;
    size_t bytes;
    FILE *to = open_memstream(&text, &bytes);

    CHECK(to != NULL);
    diagnostics_print(d, to);
    fclose(to);
    CHECK(asprintf(&name, "the scenario in %s/manifest.json", v->folder) >= 0);
    text = replaced(text, path, name);
    fputs(text, stderr);
    free(text);
    free(name);
}

/* A document is read from a file: this one is gone as soon as it is read. */
static struct document *read_text(const char *text, const struct view *v, struct failure *f)
{
    const char *folder = getenv("TMPDIR");
    char *path = NULL;
    struct document *doc = NULL;

    CHECK(asprintf(&path, "%s/georep-scenario-XXXXXX.yaml",
                   folder != NULL && *folder != '\0' ? folder : "/tmp") >= 0);
    int fd = mkstemps(path, 5);
    size_t bytes = strlen(text);
    if (fd < 0 || write(fd, text, bytes) != (ssize_t)bytes) {
        failure_set(f, STATUS_REFUSED, "cannot write the scenario to %s: %s", path, strerror(errno));
    } else {
        struct diagnostics *d = diagnostics_new();
        doc = document_read(path, NULL, 0, NULL, 0, d);
        if (doc == NULL) {
            say_diagnostics(d, path, v);
            failure_set(f, STATUS_WRONG,
                        "the run cannot be repeated; --plugin FILE loads a model that is not built in");
        }
        diagnostics_free(d);
    }
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    free(path);
    return doc;
}

struct document *explain_document(const struct view *v, struct failure *f)
{
    char *text = text_of_scenario(v);
    struct document *doc = NULL;

    if (text != NULL && strcmp(view_version(v), program_version) != 0)
        say_warning("%s was made by version %s, and this is %s: repeated, the run may differ", v->folder,
                    view_version(v), program_version);
    if (text == NULL)
        failure_set(f, STATUS_WRONG, "%s/manifest.json has no scenario", v->folder);
    else
        doc = read_text(text, v, f);
    free(text);
    return doc;
}

/* ---- trials ---- */

static bool agreed(void *observation)
{
    return observation_agreed(observation);
}

static struct trial *trial_of(const struct scenario *s, uint32_t model, uint32_t replication)
{
    const struct scenario_model *m = &s->models[model];

    return trial_new(&(struct trial_def){.world = &s->world,
                                         .model = m->model,
                                         .config = m->config,
                                         .model_name = m->name,
                                         .seed = s->seed,
                                         .replication = replication});
}

struct trace_worst_figures explain_worst(const struct scenario *s, uint32_t model, uint32_t replication,
                                         trace_worst_lost_fn *each_lost, void *argument)
{
    struct trial *t = trial_of(s, model, replication);
    struct observation *o =
        observation_new(trial_setting(t), trial_history(t)); /* says when the run is over */
    struct trace_worst *w = trace_worst_new(trial_setting(t), trial_history(t), 0);

    trace_worst_each_lost(w, each_lost, argument);
    trial_set_agreed(t, agreed, o);
    trial_run(t, NULL);
    struct trace_worst_figures figures = trace_worst_finish(w);
    observation_free(o);
    trial_free(t);
    return figures;
}

/* One operation that is looked at, until all is known of it. */
struct watch {
    struct trace_worst *worst;
    struct checks *checks; /* NULL: no check names it */
    enum geo_check check;
    uint64_t wanted;
    atomic_bool over;
};

static void watch(void *self, const struct history_record *r, uint64_t position)
{
    struct watch *w = self;

    (void)r;
    (void)position;
    if (trace_worst_wanted_is_over(w->worst) &&
        (w->checks == NULL || checks_breach(w->checks, w->check, w->wanted) != NULL))
        w->over = true;
}

struct trace_worst_figures explain_operation(const struct scenario *s, uint32_t model, uint32_t replication,
                                             uint64_t wanted, enum geo_check check,
                                             struct check_breach *breach)
{
    struct trial *t = trial_of(s, model, replication);
    struct history *h = trial_history(t);
    struct checks *checks = check < GEO_CHECKS ? checks_new(trial_setting(t), h) : NULL;
    struct observation *o = observation_new(trial_setting(t), h);
    struct watch w = {.worst = trace_worst_new(trial_setting(t), h, wanted),
                      .checks = checks,
                      .check = check,
                      .wanted = wanted};

    if (checks != NULL)
        observation_check(o, checks);
    history_add_reader(h, watch, &w,
                       UINT32_C(1) << HISTORY_END | UINT32_C(1) << HISTORY_STORE |
                           UINT32_C(1) << HISTORY_MERGE | UINT32_C(1) << HISTORY_TAKE);
    trial_set_agreed(t, agreed, o);
    trial_run(t, &w.over);
    struct trace_worst_figures figures = trace_worst_finish(w.worst);
    const struct check_breach *found = checks != NULL ? checks_breach(checks, check, wanted) : NULL;
    *breach = found != NULL ? *found : (struct check_breach){0};
    observation_free(o);
    checks_free(checks);
    trial_free(t);
    return figures;
}

void explain_trial_run(struct explain_trial *e, const struct scenario *s, uint32_t model,
                       uint32_t replication, const struct trace_def *def)
{
    *e = (struct explain_trial){.trial = trial_of(s, model, replication)};
    struct observation *o = observation_new(trial_setting(e->trial), trial_history(e->trial));

    e->setting = trial_setting(e->trial);
    trace_open(&e->trace, def, e->setting);
    trace_attach(&e->trace, trial_history(e->trial));
    trial_set_agreed(e->trial, agreed, o);
    trial_run(e->trial, &e->trace.past);
    observation_free(o);
    timeline_open(&e->timeline, &e->trace);
    e->facts = explain_facts_new(&s->world, s->seed, replication);
}

void explain_trial_close(struct explain_trial *e)
{
    explain_facts_free(e->facts);
    timeline_close(&e->timeline);
    trace_close(&e->trace);
    trial_free(e->trial);
}
