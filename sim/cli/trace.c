/* trace.c -- georep trace: one trial's messages over a window of time, for a viewer. */
#include "sim/cli/diagram.h"
#include "sim/cli/explain_run.h"
#include "sim/cli/prepare.h"
#include "sim/cli/say.h"
#include "sim/cli/verbs.h"
#include "sim/observe/trace_export.h"
#include "sim/scenario/units.h"

#include <errno.h>
#include <string.h>

/* Most messages sent at the window's end arrive within this. */
#define GRACE SIM_SECOND

enum { MODEL = 330, REPLICATION, FROM, FOR, FORMAT, MESSAGES, POINT };
enum { FORMAT_CHROME, FORMAT_SHIVIZ, FORMAT_SVG, FORMAT_JSONL, FORMATS };

static const struct {
    const char *name, *ending;
    unsigned long long messages; /* by default, at most: what a viewer, or a page, can show */
} formats[FORMATS] = {
    {"chrome", ".json", 50000},
    {"shiviz", ".log", 2000},
    {"svg", ".svg", 400},
    {"jsonl", ".jsonl", 1000000},
};

const struct option_def trace_options[] = {
    {'o', "output", "FILE", "where to; .json, .log, .svg or .jsonl say the format; - is standard output"},
    {FORMAT, "format", "FORMAT", "chrome (Perfetto), shiviz, svg or jsonl"},
    {MODEL, "model", "NAME", "which model (the first)"},
    {REPLICATION, "replication", "N", "which replication (1)"},
    {POINT, "point", "N", "which sweep point (0)"},
    {FROM, "from", "TIME", "the window's beginning, as 25s (the end of the warm-up)"},
    {FOR, "for", "TIME", "its length (2s)"},
    {MESSAGES, "messages", "N", "at most so many (50000; shiviz 2000, svg 400, jsonl 1000000)"},
    {'s', "set", "PATH=VALUE", "override one value, as network.loss=1%; may be repeated"},
    {OPTION_SEED, "seed", "N", "override the scenario's seed"},
    {OPTION_PLUGIN, "plugin", "FILE", "load a model from a shared object"},
    {0, NULL, NULL, NULL},
};

const char trace_notes[] =
    "Open the .json in https://ui.perfetto.dev, the .log in ShiViz. Times are simulated time.";

struct tracing {
    struct preparation preparation;
    const char *output, *model;
    unsigned long long replication, point, messages;
    sim_ns from, lasts; /* from -1: the end of the warm-up */
    int format;         /* -1: by the file's ending */
};

static bool take_time(const struct options *o, const char *name, sim_ns *out)
{
    char why[QUANTITY_WHY_BYTES];
    double ns;

    if (!quantity_read(QUANTITY_TIME, o->value, false, &ns, why)) {
        say_error("--%s: %s", name, why);
        return false;
    }
    *out = (sim_ns)ns;
    return true;
}

static bool take_format(struct tracing *t, const char *word)
{
    for (int i = 0; i < FORMATS; i++)
        if (strcmp(word, formats[i].name) == 0) {
            t->format = i;
            return true;
        }
    say_error("--format wants chrome, shiviz, svg or jsonl, not `%s`", word);
    return false;
}

static bool take(struct tracing *t, const struct options *o, int id)
{
    switch (id) {
    case 'o':
        t->output = o->value;
        return true;
    case MODEL:
        t->model = o->value;
        return true;
    case FORMAT:
        return take_format(t, o->value);
    case REPLICATION:
        return option_number(o, "replication", 1, UINT32_MAX, &t->replication);
    case POINT:
        return option_number(o, "point", 0, 1000000000, &t->point);
    case MESSAGES:
        return option_number(o, "messages", 1, 100000000, &t->messages);
    case FROM:
        return take_time(o, "from", &t->from);
    case FOR:
        return take_time(o, "for", &t->lasts);
    default:
        return preparation_take(&t->preparation, o, id);
    }
}

static bool choose_format(struct tracing *t)
{
    size_t length = strlen(t->output);

    for (int i = 0; i < FORMATS && t->format < 0; i++) {
        size_t ending = strlen(formats[i].ending);
        if (length > ending && strcmp(t->output + length - ending, formats[i].ending) == 0)
            t->format = i;
    }
    if (t->format < 0)
        say_error("--output %s does not say the format: .json, .log, .svg or .jsonl do, or --format",
                  t->output);
    return t->format >= 0;
}

/* What is left out, or NULL. */
static const char *note_of(const struct explain_trial *e, char out[300])
{
    if (e->trace.messages_left_out == 0)
        return NULL;
    snprintf(out, 300,
             "the first %llu messages of the window; %llu more are left out (--messages, or a shorter --for)",
             (unsigned long long)e->trace.messages, (unsigned long long)e->trace.messages_left_out);
    return out;
}

static void write_diagram(const struct explain_trial *e, const struct scenario *s, uint32_t model,
                          unsigned long long replication, const char *note, FILE *to)
{
    char title[300];
    const struct trace_def *def = &e->trace.def;
    sim_ns end = def->to < e->setting->limit ? def->to : e->setting->limit;

    /* Where messages were left out, the picture ends with the last that it has. */
    if (e->trace.messages_left_out > 0 && e->timeline.messages.count > 0)
        end = e->timeline.messages.items[e->timeline.messages.count - 1].sent + 1;
    snprintf(title, sizeof title, "%.80s, %.80s, replication %llu: %.3f s to %.3f s", s->name,
             s->models[model].name, replication, (double)def->from / 1e9, (double)end / 1e9);
    diagram_write(&(struct diagram_def){.timeline = &e->timeline,
                                        .title = title,
                                        .note = note,
                                        .facts = e->facts,
                                        .from = def->from,
                                        .to = end},
                  to);
}

static int write_trace(const struct tracing *t, const struct scenario *s, uint32_t model)
{
    sim_ns from = t->from >= 0 ? t->from : s->world.warmup_ns;
    struct trace_def def = {.from = from,
                            .to = from + t->lasts,
                            .grace = GRACE,
                            .messages_most = t->messages != 0 ? t->messages : formats[t->format].messages};
    struct explain_trial e;
    char text[300];
    bool standard = strcmp(t->output, "-") == 0;
    FILE *to = standard ? stdout : fopen(t->output, "we");

    if (to == NULL) {
        say_error("cannot write %s: %s", t->output, strerror(errno));
        return STATUS_REFUSED;
    }
    explain_trial_run(&e, s, model, (uint32_t)t->replication, &def);
    const char *note = note_of(&e, text);
    if (t->format == FORMAT_CHROME)
        trace_write_chrome(&e.timeline, note, to);
    else if (t->format == FORMAT_SHIVIZ)
        trace_write_shiviz(&e.timeline, to);
    else if (t->format == FORMAT_JSONL)
        trace_write_jsonl(&e.timeline, note, to);
    else
        write_diagram(&e, s, model, t->replication, note, to);
    bool bad = ferror(to) != 0;
    if ((!standard && fclose(to) != 0) || bad)
        say_error("cannot write %s: %s", t->output, strerror(errno));
    else
        say("%s: %zu operations, %zu messages of %s%s%s", t->output, e.timeline.operations.count,
            e.timeline.messages.count, s->models[model].name, note != NULL ? ": " : "",
            note != NULL ? note : "");
    explain_trial_close(&e);
    return bad ? STATUS_REFUSED : STATUS_DONE;
}

static int trace(struct tracing *t)
{
    struct document **documents = prepare_start() ? documents_read(&t->preparation) : NULL;
    uint32_t model = 0;
    int status = STATUS_WRONG;

    if (documents == NULL)
        return STATUS_WRONG;
    if (t->point >= document_point_count(documents[0])) {
        say_error("there is no point %llu: the scenario has %zu", t->point,
                  document_point_count(documents[0]));
    } else {
        const struct scenario *s = document_scenario(documents[0], t->point);
        while (t->model != NULL && model < s->model_count && strcmp(s->models[model].name, t->model) != 0)
            model++;
        if (model == s->model_count)
            say_error("the scenario has no model `%s`", t->model);
        else
            status = write_trace(t, s, model);
    }
    documents_free(documents, 1);
    return status;
}

int verb_trace(const struct verb *verb, int argc, char **argv)
{
    struct options o = options_of(verb, argc, argv);
    struct tracing t = {.from = -1, .lasts = 2 * SIM_SECOND, .format = -1, .replication = 1};
    int status = -1;

    for (int id; status < 0 && (id = options_next(&o)) != OPTIONS_END;) {
        if (id == OPTIONS_WRONG || id == OPTIONS_HELP)
            status = options_status(id);
        else if (!take(&t, &o, id))
            status = STATUS_WRONG;
    }
    if (status < 0 && (t.preparation.files.count != 1 || t.output == NULL)) {
        say_error(t.output == NULL ? "georep trace wants -o FILE" : "georep trace wants one scenario");
        status = STATUS_WRONG;
    }
    if (status < 0)
        status = choose_format(&t) ? trace(&t) : STATUS_WRONG;
    preparation_free(&t.preparation);
    return status;
}
