/* list.c -- georep list: what a scenario may name. Everything that the parser knows by a table is shown from
 * that table; only what checks and faults mean is told here. */
#include "sim/cli/prepare.h"
#include "sim/cli/say.h"
#include "sim/cli/share.h"
#include "sim/cli/verbs.h"
#include "sim/cli/view.h"
#include "sim/model/registry.h"
#include "sim/observe/metrics.h"
#include "sim/scenario/distributions.h"

#include <stdlib.h>
#include <string.h>

struct told {
    const char *name, *doc, *more;
};

static const struct told checks[GEO_CHECKS] = {
    [GEO_LINEARIZABLE] = {"linearizable",
                          "every operation takes effect at one instant between its call and its answer",
                          NULL},
    [GEO_SEQUENTIAL] = {"sequential", "one order of all operations that agrees with each session's", NULL},
    [GEO_CAUSAL] = {"causal", "nobody reads past what their own past implies", NULL},
    [GEO_READ_YOUR_WRITES] = {"read_your_writes", "a session's reads reflect its own writes", NULL},
    [GEO_MONOTONIC_READS] = {"monotonic_reads", "what a session has read once, it does not unread", NULL},
    [GEO_MONOTONIC_WRITES] = {"monotonic_writes", "a session's writes are applied everywhere in its order",
                              NULL},
    [GEO_WRITES_FOLLOW_READS] = {"writes_follow_reads", "a write comes after what its session had read",
                                 NULL},
    [GEO_BOUNDED_STALENESS] = {"bounded_staleness", "no read is further behind than the bound", NULL},
    [GEO_EVENTUAL] = {"eventual", "after the faults and the writes, all replicas answer alike",
                      "decided from `converged` in every replication; undecided while something is still "
                      "unapplied when the "
                      "run ends"},
    [GEO_STRONG_EVENTUAL] = {"strong_eventual", "replicas that have had the same writes answer alike", NULL},
    [GEO_NOTHING_LOST] = {"nothing_lost", "no committed write is gone at the end",
                          "decided from `lost_commits`"},
};

static const struct told faults[] = {
    {"partition", "links between groups of regions are cut",
     "{at: 20s, for: 10s, partition: [[us-east-1], [eu-west-1, ap-northeast-1]]}\n"
     "{every: {exponential: {mean: 1h}}, for: {exponential: {mean: 60s}}, partition: random}"},
    {"cut", "one directed link is cut", "{at: 20s, for: 10s, cut: {from: us-east-1, to: eu-west-1}}"},
    {"slow", "delays of a link times a factor; its loss replaced",
     "{at: 20s, for: 10s, slow: {between: [us-east-1, eu-west-1], factor: 10, loss: 5%}}"},
    {"crash", "a region's nodes, one node or the leader stop; they may lose memory or disk",
     "{at: 20s, for: 10s, crash: {region: eu-west-1, lose: nothing}}      # nothing | memory | disk\n"
     "{at: 20s, for: 10s, crash: {region: eu-west-1, node: 1}}\n"
     "{at: 20s, for: 10s, crash: {leader: true}}"},
    {"overload", "service times times a factor; inf stops the service",
     "{at: 20s, for: 10s, overload: {region: eu-west-1, factor: 20, of: apply}}"},
    {"load", "a spike of traffic", "{at: 20s, for: 10s, load: {region: eu-west-1, factor: 10}}"},
    {"clock", "a region's clocks step", "{at: 20s, clock: {region: eu-west-1, step: -500ms}}"},
    {"switchover", "a planned change of leader", "{at: 20s, switchover: {to: eu-west-1}}"},
};
enum { FAULT_COUNT = sizeof faults / sizeof *faults };

static int name_width(size_t longest)
{
    return (int)longest + 2;
}

static void told_list(const struct told *list, size_t count)
{
    size_t longest = 0;

    for (size_t i = 0; i < count; i++)
        longest = strlen(list[i].name) > longest ? strlen(list[i].name) : longest;
    for (size_t i = 0; i < count; i++)
        printf("%-*s%s\n", name_width(longest), list[i].name, list[i].doc);
}

static bool told_show(const struct told *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0) {
            printf("%s: %s\n", list[i].name, list[i].doc);
            if (list[i].more != NULL)
                printf("\n%s\n", list[i].more);
            return true;
        }
    return false;
}

static const char *kind_words(const geo_param *p)
{
    static const char *const words[GEO_PARAM_KINDS] = {
        [GEO_PARAM_INTEGER] = "a whole number",
        [GEO_PARAM_SHARE] = "a share, as 0.1% or 0.001",
        [GEO_PARAM_TIME] = "a time, as 250us or 5s",
        [GEO_PARAM_BYTES] = "a size, as 64KB or 1GiB",
        [GEO_PARAM_FLAG] = "true or false",
        [GEO_PARAM_REGION] = "a region's name",
        [GEO_PARAM_CHOICE] = "one of",
        [GEO_PARAM_DISTRIBUTION] = "a distribution of times",
    };
    return words[p->kind];
}

/* local|bounded <time>|<copies> as a person would write them. */
static void choices_print(const char *choices)
{
    for (const char *at = choices; *at != '\0';) {
        size_t length = strcspn(at, "|"), word = strcspn(at, " |");
        printf("%s", at == choices ? " " : ", ");
        if (length > word)
            printf("{%.*s: %.*s}", (int)word, at, (int)(length - word - 1), at + word + 1);
        else if (*at == '<')
            printf("%s", strncmp(at, "<copies>", 8) == 0 ? "a number of copies" : "a list of regions");
        else
            printf("%.*s", (int)length, at);
        at += length + (at[length] == '|');
    }
}

static void promise_print(const geo_model *m)
{
    void *config = memory_new(1, m->config_bytes);
    geo_setting setting = {.regions = 3, .nodes = 3, .data = GEO_REGISTER};
    geo_promise promise = m->promise != NULL ? m->promise(config, &setting) : (geo_promise){0};
    bool any = false;

    /* config zeroed is the first of each choice; what a scenario's parameters promise is in its manifest. */
    printf("promise with its first choices:");
    for (unsigned c = 0; c < GEO_CHECKS; c++)
        if ((promise.checks >> c & 1) != 0) {
            printf("%s %s", any ? "," : "", geo_check_names[c]);
            any = true;
        }
    printf("%s\n", any ? "" : " nothing");
    free(config);
}

static void model_show(const geo_model *m)
{
    printf("%s: %s\n\n", m->name, m->summary);
    if (m->params == NULL || m->params->name == NULL)
        printf("no parameters\n");
    for (const geo_param *p = m->params; p != NULL && p->name != NULL; p++) {
        printf("  %s: %s", p->name, kind_words(p));
        if (p->kind == GEO_PARAM_CHOICE && p->choices != NULL)
            choices_print(p->choices);
        if (p->least != NULL)
            printf(", from %s", p->least);
        if (p->most != NULL)
            printf(", to %s", p->most);
        printf("; default %s\n      %s\n", p->by_default, p->doc);
    }
    printf("\n");
    promise_print(m);
}

static bool list_models(const char *name)
{
    size_t longest = 0;

    if (name != NULL) {
        const geo_model *m = registry_find(name);
        if (m != NULL)
            model_show(m);
        return m != NULL;
    }
    for (size_t i = 0; registry_model(i) != NULL; i++)
        longest = strlen(registry_model(i)->name) > longest ? strlen(registry_model(i)->name) : longest;
    for (size_t i = 0; registry_model(i) != NULL; i++)
        printf("%-*s%s\n", name_width(longest), registry_model(i)->name, registry_model(i)->summary);
    return true;
}

static void metric_print(const struct metric_def *m, int width)
{
    printf("%-*s%s%s%s: ", width, m->name, *m->unit != '\0' ? "[" : "", m->unit,
           *m->unit != '\0' ? "] " : "");
    const char *comma = "";
    for (unsigned s = 0; s < STATISTICS; s++)
        if ((m->statistics >> s & 1) != 0) {
            printf("%s%s", comma, statistic_names[s]);
            comma = " ";
        }
    printf("\n%*s%s\n", width, "", m->doc);
}

static bool list_metrics(const char *name)
{
    size_t longest = 0;

    if (name != NULL) {
        int m = metric_find(name);
        if (m >= 0)
            metric_print(&metric_defs[m], (int)strlen(name) + 2);
        return m >= 0;
    }
    for (unsigned m = 0; m < METRICS; m++)
        longest = strlen(metric_defs[m].name) > longest ? strlen(metric_defs[m].name) : longest;
    for (unsigned m = 0; m < METRICS; m++)
        metric_print(&metric_defs[m], name_width(longest));
    return true;
}

static void parameter_print(const struct distribution_parameter *p)
{
    static const char *const words[] = {
        [PARAMETER_PLACE] = "a quantity",
        [PARAMETER_WIDTH] = "a quantity, not below 0",
        [PARAMETER_SCALE] = "a quantity above 0",
        [PARAMETER_SIGMA] = "a number from 0 to 20",
        [PARAMETER_SHAPE] = "a number from 0.01 to 1e6",
    };

    if (p->kind != PARAMETER_NONE)
        printf("  %s: %s\n", p->name, words[p->kind]);
}

static bool list_distributions(const char *name)
{
    bool found = name == NULL;

    for (const struct distribution_form *d = distribution_forms; d->name != NULL; d++) {
        if (name == NULL) {
            printf("%-13s%s\n", d->name, d->doc);
        } else if (strcmp(d->name, name) == 0) {
            found = true;
            printf("%s: %s\n", d->name, d->doc);
            parameter_print(&d->a);
            parameter_print(&d->b);
        }
    }
    return found;
}

static bool list_presets(const char *name)
{
    char *path = share_path("scenarios/data/presets.csv");
    struct csv_rows rows;
    struct failure f = {0};
    bool found = name == NULL;

    if (path == NULL || !csv_rows_read(&rows, path, NULL, &f) || rows.columns < 6) {
        if (f.status != 0)
            say_failure(&f);
        free(path);
        return false;
    }
    for (size_t i = 0; i < rows.rows; i++) {
        if (name == NULL) {
            printf("%-12s%-7s%s\n", csv_cell(&rows, i, 0), csv_cell(&rows, i, 1), csv_cell(&rows, i, 3));
        } else if (strcmp(csv_cell(&rows, i, 0), name) == 0) {
            found = true;
            printf("%s (%s): %s\n  source: %s\n  of: %s\n  file: scenarios/data/%s\n", name,
                   csv_cell(&rows, i, 1), csv_cell(&rows, i, 3), csv_cell(&rows, i, 4), csv_cell(&rows, i, 5),
                   csv_cell(&rows, i, 2));
        }
    }
    csv_rows_free(&rows);
    free(path);
    return found;
}

static bool list_checks(const char *name)
{
    if (name != NULL)
        return told_show(checks, GEO_CHECKS, name);
    told_list(checks, GEO_CHECKS);
    return true;
}

static bool list_faults(const char *name)
{
    if (name != NULL)
        return told_show(faults, FAULT_COUNT, name);
    told_list(faults, FAULT_COUNT);
    return true;
}

static bool list_keys(const char *name)
{
    if (name != NULL)
        return false;
    scenario_list_keys(stdout);
    return true;
}

static const struct {
    const char *name, *one;
    bool (*list)(const char *name); /* NULL: all of them; false: there is none of that name */
} kinds[] = {
    {"models", "model", list_models},
    {"presets", "preset", list_presets},
    {"distributions", "distribution", list_distributions},
    {"metrics", "metric", list_metrics},
    {"checks", "check", list_checks},
    {"faults", "fault", list_faults},
    {"keys", "key", list_keys},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Names of a kind, for the nearest one. */
static const char *nearest_of(const char *kind, const char *name)
{
    const char *names[METRICS + 64];
    size_t count = 0;

    if (strcmp(kind, "models") == 0)
        for (; count < 64 && registry_model(count) != NULL; count++)
            names[count] = registry_model(count)->name;
    else if (strcmp(kind, "metrics") == 0)
        for (; count < METRICS; count++)
            names[count] = metric_defs[count].name;
    else if (strcmp(kind, "checks") == 0)
        for (; count < GEO_CHECKS; count++)
            names[count] = checks[count].name;
    else if (strcmp(kind, "faults") == 0)
        for (; count < FAULT_COUNT; count++)
            names[count] = faults[count].name;
    else if (strcmp(kind, "distributions") == 0)
        for (; count < 64 && distribution_forms[count].name != NULL; count++)
            names[count] = distribution_forms[count].name;
    return nearest_name(name, names, count);
}

static int list_kind(const char *kind, const char *name)
{
    const char *names[KINDS];

    for (size_t k = 0; k < KINDS; k++) {
        names[k] = kinds[k].name;
        if (strcmp(kinds[k].name, kind) != 0 && strcmp(kinds[k].one, kind) != 0)
            continue;
        if (kinds[k].list(name))
            return STATUS_DONE;
        if (name == NULL)
            return STATUS_REFUSED;
        const char *nearest = nearest_of(kinds[k].name, name);
        if (nearest != NULL)
            say_error("there is no %s `%s`; did you mean `%s`?", kinds[k].one, name, nearest);
        else
            say_error("there is no %s `%s`; `georep list %s` shows all", kinds[k].one, name, kinds[k].name);
        return STATUS_WRONG;
    }
    const char *nearest = nearest_name(kind, names, KINDS);
    say_error(
        "georep list knows models, presets, distributions, metrics, checks, faults and keys, not `%s`%s%s%s",
        kind, nearest != NULL ? "; did you mean `" : "", nearest != NULL ? nearest : "",
        nearest != NULL ? "`?" : "");
    return STATUS_WRONG;
}

int verb_list(const struct verb *verb, int argc, char **argv)
{
    struct options o = options_of(verb, argc, argv);
    const char *words[2] = {NULL, NULL};
    size_t count = 0;

    for (int id; (id = options_next(&o)) != OPTIONS_END;) {
        if (id != OPTIONS_OPERAND)
            return options_status(id);
        if (count == 2) {
            say_error("georep list wants a kind and perhaps a name");
            return STATUS_WRONG;
        }
        words[count++] = o.value;
    }
    if (count == 0) {
        say_error("georep list wants to know of what: models, presets, distributions, metrics, checks, "
                  "faults or keys");
        return STATUS_WRONG;
    }
    return list_kind(words[0], words[1]);
}
