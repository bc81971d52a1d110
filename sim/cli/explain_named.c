/* explain_named.c -- see explain_room.h: an operation by its name, and what breaks a promise. */
#include "sim/cli/explain_room.h"
#include "sim/cli/say.h"
#include "sim/cli/verbs.h"
#include "sim/model/registry.h"

#include <stdlib.h>
#include <string.h>

/* ---- operations by their name ---- */

/* REPLICATION:OPERATION; false has said what is wrong. */
static bool parse_operation(const struct explain *e, const char *text, uint32_t *replication, uint64_t *op)
{
    char *rest;
    unsigned long number = strtoul(text, &rest, 10);
    struct trial *t = trial_new(&(struct trial_def){.world = &e->scenario->world,
                                                    .model = e->scenario->models[0].model,
                                                    .config = e->scenario->models[0].config,
                                                    .model_name = e->scenario->models[0].name,
                                                    .seed = e->scenario->seed,
                                                    .replication = 1});

    *op = *rest == ':' ? timeline_operation_parse(trial_setting(t), rest + 1) : 0;
    *replication = (uint32_t)number;
    trial_free(t);
    return *op != 0 && number > 0 && number <= UINT32_MAX;
}

/* What a broken promise's operation goes against is told where the worst of it (a loss, a stale read) is not
 * the same. */
static struct told_case case_of_breach(const struct looked *l, const struct check_breach *b, int kind,
                                       const char *preface)
{
    const struct worst_write *w = &l->figures.wanted;

    return (struct told_case){.kind = kind,
                              .model = l->model,
                              .replication = l->replication,
                              .ops = {b->op, b->against},
                              .from = w->begin,
                              .to = w->end + 30 * SIM_SECOND,
                              .breach = *b,
                              .preface = preface};
}

/* What happened to one operation: lost, stale, or where its time went; or what it goes against, if it is
 * named by a check (GEO_CHECKS: by none). */
static bool tell_operation(struct explain *e, uint32_t model, uint32_t replication, uint64_t op, int kind,
                           enum geo_check check, const char *label, const char *preface, struct failure *f)
{
    struct looked looked = {.model = model, .replication = replication};
    struct check_breach breach;

    looked.figures = explain_operation(e->scenario, model, replication, op, check, &breach);
    const struct trace_worst_figures *w = &looked.figures;
    struct told_case c;

    if (w->wanted.op == 0)
        return false;
    if (breach.op != 0 && breach.against != breach.op && w->wanted_read.missed == 0)
        c = case_of_breach(&looked, &breach, kind, preface);
    else if (w->wanted_lost.loser != 0)
        c = explain_case_of_lost(&looked, &w->wanted_lost,
                                 e->scenario->world.duration_ns + e->scenario->world.drain_ns + 1, preface);
    else if (w->wanted_read.missed != 0)
        c = explain_case_of_read(&looked, &w->wanted_read, kind, preface);
    else
        c = explain_case_of_write(&looked, &w->wanted, kind, preface);
    c.kind = kind;
    c.label = label;
    return explain_tell(e, &c, f);
}

uint32_t explain_find_model(const struct scenario *s, const char *name)
{
    for (uint32_t m = 0; m < s->model_count; m++)
        if (strcmp(s->models[m].name, name) == 0)
            return m;
    return UINT32_MAX;
}

/* Is the operation of this row that of a broken promise before it? */
static bool told_before(const struct csv_rows *v, size_t row, const char *point)
{
    for (size_t i = 0; i < row; i++)
        if (strcmp(csv_cell(v, i, 0), point) == 0 && strcmp(csv_cell(v, i, 1), csv_cell(v, row, 1)) == 0 &&
            strcmp(csv_cell(v, i, 3), "true") == 0 && strcmp(csv_cell(v, i, 4), "false") == 0 &&
            strcmp(csv_cell(v, i, 6), csv_cell(v, row, 6)) == 0)
            return true;
    return false;
}

static enum geo_check check_of(const char *name)
{
    int check = 0;

    while (check < GEO_CHECKS && strcmp(geo_check_names[check], name) != 0)
        check++;
    return (enum geo_check)check;
}

/* The first broken promise that has this example, or GEO_CHECKS. */
static enum geo_check check_that_names(const struct explain *e, uint32_t model, const char *example)
{
    const struct csv_rows *v = &e->view->verdicts;
    char point[24];

    snprintf(point, sizeof point, "%llu", e->point);
    for (size_t row = 0; row < v->rows && v->columns >= 7; row++)
        if (strcmp(csv_cell(v, row, 0), point) == 0 &&
            strcmp(csv_cell(v, row, 1), e->scenario->models[model].name) == 0 &&
            strcmp(csv_cell(v, row, 3), "true") == 0 && strcmp(csv_cell(v, row, 6), example) == 0)
            return check_of(csv_cell(v, row, 2));
    return GEO_CHECKS;
}

/* verdicts.csv: point,model,check,promised,holds,violations,example. */
void explain_broken(struct explain *e, struct failure *f)
{
    const struct csv_rows *v = &e->view->verdicts;
    char point[24];
    int found = 0;

    snprintf(point, sizeof point, "%llu", e->point);
    for (size_t row = 0; row < v->rows && v->columns >= 7 && f->status == 0; row++) {
        const char *name = csv_cell(v, row, 1), *check = csv_cell(v, row, 2), *example = csv_cell(v, row, 6);
        uint32_t model = explain_find_model(e->scenario, name), replication;
        uint64_t op;
        char preface[120], label[120];
        if (strcmp(csv_cell(v, row, 0), point) != 0 || strcmp(csv_cell(v, row, 3), "true") != 0 ||
            strcmp(csv_cell(v, row, 4), "false") != 0 || model == UINT32_MAX ||
            (e->model != NULL && strcmp(e->model, name) != 0))
            continue;
        found++;
        if (!parse_operation(e, example, &replication, &op)) {
            printf("%sA broken promise, %s (%s): %s violation%s, of replicas and not of one operation\n",
                   e->told++ > 0 ? "\n" : "", check, name, csv_cell(v, row, 5),
                   strcmp(csv_cell(v, row, 5), "1") == 0 ? "" : "s");
            continue;
        }
        if (e->replication != 0 && e->replication != replication)
            continue;
        if (told_before(v, row, point)) {
            printf("\nA broken promise, %s (%s): by %s too, as told above\n", check, name, example);
            continue;
        }
        snprintf(preface, sizeof preface, "A broken promise, %.60s", check);
        snprintf(label, sizeof label, "broken-%.80s", check);
        tell_operation(e, model, replication, op, CASE_BROKEN, check_of(check), label, preface, f);
    }
    e->is_absent[CASE_BROKEN] = found == 0;
}

/* Of --op without --model: the first model that has it (all have the same clients, so most do). */
int explain_one(struct explain *e, struct failure *f)
{
    uint32_t replication, model = e->model != NULL ? explain_find_model(e->scenario, e->model) : 0;
    uint64_t op;

    if (e->model == NULL && e->scenario->model_count > 1) {
        say_error("--op wants --model: every model has met this operation");
        return STATUS_WRONG;
    }
    if (!parse_operation(e, e->operation, &replication, &op)) {
        say_error("--op wants REPLICATION:OPERATION, as 3:%s/4711, not `%s`",
                  e->scenario->world.regions[0].name, e->operation);
        return STATUS_WRONG;
    }
    if (!tell_operation(e, model, replication, op, CASE_SLOWEST, check_that_names(e, model, e->operation),
                        "op", "The operation", f) &&
        f->status == 0) {
        say_error("replication %u has no operation `%s`", replication, strchr(e->operation, ':') + 1);
        return STATUS_WRONG;
    }
    return STATUS_DONE;
}
