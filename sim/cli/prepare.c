/* prepare.c -- see prepare.h. */
#include "sim/cli/prepare.h"

#include "sim/cli/say.h"
#include "sim/cli/share.h"
#include "sim/experiment/plan.h"
#include "sim/model/registry.h"
#include "sim/observe/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool prepare_start(void)
{
    static struct scenario_metric metrics[METRICS];
    static char data[5000];
    const char *looked, *folder = share_folder(&looked);

    if (folder == NULL) {
        say_error("the presets were not found in %s; GEOREP_DATA may name the folder that has scenarios/ and "
                  "plots/",
                  looked);
        return false;
    }
    snprintf(data, sizeof data, "%s/scenarios", folder);
    scenario_set_data_folder(data);
    for (unsigned m = 0; m < METRICS; m++)
        metrics[m] =
            (struct scenario_metric){metric_defs[m].name, metric_defs[m].statistics, metric_defs[m].is_time};
    scenario_set_metrics(metrics, METRICS, statistic_names, STATISTICS);
    return true;
}

static char *keep_text(struct preparation *p, const char *text, size_t length)
{
    if (p->text_count == sizeof p->texts / sizeof *p->texts)
        return NULL;
    return p->texts[p->text_count++] = memory_text_of(text, length);
}

static bool too_many(void)
{
    say_error("too many --set and --models");
    return false;
}

static bool take_set(struct preparation *p, const char *word)
{
    const char *equals = strchr(word, '=');

    if (equals == NULL || equals == word) {
        say_error("--set wants PATH=VALUE, as network.loss=1%%, not `%s`", word);
        return false;
    }
    char *path = keep_text(p, word, (size_t)(equals - word));
    if (path == NULL)
        return too_many();
    struct document_override *one = array_add(&p->overrides);
    *one = (struct document_override){path, equals + 1};
    return true;
}

static bool take_models(struct preparation *p, const char *list)
{
    for (;;) {
        size_t length = strcspn(list, ",");
        if (length == 0) {
            say_error("--models wants names with commas between them");
            return false;
        }
        const char *name = keep_text(p, list, length);
        if (name == NULL)
            return too_many();
        *(const char **)array_add(&p->models) = name;
        if (list[length] == '\0')
            return true;
        list += length + 1;
    }
}

static bool take_number(struct preparation *p, const struct options *o, const char *name,
                        unsigned long long least, unsigned long long most)
{
    unsigned long long number;

    if (!option_number(o, name, least, most, &number))
        return false;
    struct document_override *one = array_add(&p->overrides);
    *one = (struct document_override){name, o->value};
    return true;
}

bool preparation_take(struct preparation *p, const struct options *o, int id)
{
    switch (id) {
    case OPTIONS_OPERAND:
        *(const char **)array_add(&p->files) = o->value;
        return true;
    case 's':
        return take_set(p, o->value);
    case 'm':
        return take_models(p, o->value);
    case 'r':
        return take_number(p, o, "replications", 1, 1000000);
    case OPTION_SEED:
        return take_number(p, o, "seed", 0, UINT64_MAX);
    case OPTION_PLUGIN: {
        char *wrong = registry_load_plugin(o->value);
        if (wrong != NULL)
            say_error("%s", wrong);
        free(wrong);
        return wrong == NULL;
    }
    default:
        CHECK(false);
        return false;
    }
}

void preparation_free(struct preparation *p)
{
    for (size_t i = 0; i < p->text_count; i++)
        free(p->texts[i]);
    array_free(&p->overrides);
    array_free(&p->models);
    array_free(&p->files);
}

struct document **documents_read(struct preparation *p)
{
    struct document **documents = memory_new(p->files.count, sizeof(struct document *));
    bool good = true;

    for (size_t i = 0; i < p->files.count; i++) {
        struct diagnostics *d = diagnostics_new();
        documents[i] = document_read(p->files.items[i], p->overrides.items, p->overrides.count,
                                     p->models.count != 0 ? p->models.items : NULL, p->models.count, d);
        if (documents[i] != NULL)
            plan_check(documents[i], strcmp(p->files.items[i], "-") == 0 ? "<stdin>" : p->files.items[i], d);
        diagnostics_print(d, stderr);
        good = good && documents[i] != NULL && diagnostics_count(d) == 0;
        diagnostics_free(d);
    }
    if (good)
        return documents;
    documents_free(documents, p->files.count);
    return NULL;
}

void documents_free(struct document **documents, size_t count)
{
    for (size_t i = 0; documents != NULL && i < count; i++)
        document_free(documents[i]);
    free(documents);
}
