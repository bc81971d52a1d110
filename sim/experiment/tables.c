/* tables.c -- the tables with a figure or a judgement a row; tables_curves.c has those that draw a line. */
#include "sim/experiment/tables.h"

#include "sim/model/registry.h"

#include <stdio.h>
#include <stdlib.h>

const char *const table_files[TABLES] = {
    [TABLE_METRICS] = "metrics.csv",
    [TABLE_BY_REGION] = "by_region.csv",
    [TABLE_NOTES] = "notes.csv",
    [TABLE_POINTS] = "points.csv",
    [TABLE_COMPARISONS] = "comparisons.csv",
    [TABLE_DISTRIBUTIONS] = "distributions.csv",
    [TABLE_VISIBILITY] = "t_visibility.csv",
    [TABLE_SERIES] = "series.csv",
    [TABLE_PAIRS] = "pairs.csv",
    [TABLE_VERDICTS] = "verdicts.csv",
    [TABLE_CONFLICTS] = "conflicts.csv",
    [TABLE_EXPECTATIONS] = "expectations.csv",
    [TABLE_THEORY] = "theory.csv",
};

const char *const table_headers[TABLES] = {
    [TABLE_METRICS] = "point,model,metric,statistic,value,ci_low,ci_high,replications",
    [TABLE_BY_REGION] = "point,model,region,metric,statistic,value,ci_low,ci_high,replications",
    [TABLE_NOTES] = "point,model,region,metric,statistic,note",
    [TABLE_POINTS] = "point",
    [TABLE_COMPARISONS] = "point,metric,statistic,model_a,model_b,difference,ci_low,ci_high",
    [TABLE_DISTRIBUTIONS] = "point,model,metric,quantile,value",
    [TABLE_VISIBILITY] = "point,model,t_ms,p_stale,ci_low,ci_high",
    [TABLE_SERIES] = "point,model,region,t_s,metric,value",
    [TABLE_PAIRS] = "point,model,from,to,metric,statistic,value",
    [TABLE_VERDICTS] = "point,model,check,promised,holds,violations,example",
    [TABLE_CONFLICTS] = "point,model,replication,operation,winner,key,cause,skew,causal,region,t_s",
    [TABLE_EXPECTATIONS] = "point,model,metric,statistic,expected,value,holds,why",
    [TABLE_THEORY] = "point,model,quantity,theory,simulation,ci_low,ci_high,agrees,theory_error",
};

static void put_interval(struct csv *out, const struct interval *in)
{
    csv_number(out, in->value);
    if (in->has_interval) {
        csv_number(out, in->low);
        csv_number(out, in->high);
    } else {
        csv_empty(out);
        csv_empty(out);
    }
}

static void put_note(const struct table_point *p, uint32_t model, const char *region, const struct figure *f,
                     struct csv *notes)
{
    if (!f->undecided && !f->at_least)
        return;
    csv_count(notes, p->point);
    csv_text(notes, p->scenario->models[model].name);
    csv_text(notes, region != NULL ? region : "");
    csv_text(notes, metric_defs[f->metric].name);
    csv_text(notes, statistic_names[f->statistic]);
    csv_text(notes, f->undecided ? "undecided" : "lower_bound");
    csv_row_end(notes);
}

/* The rows of one model, of all regions (region NULL) or of one. */
static void put_figures(const struct table_point *p, uint32_t model, const char *region,
                        struct figure_list list, struct csv *out, struct csv *notes)
{
    for (size_t i = 0; i < list.count; i++) {
        const struct figure *f = &list.items[i];
        put_note(p, model, region, f, notes);
        if (f->undecided)
            continue;
        csv_count(out, p->point);
        csv_text(out, p->scenario->models[model].name);
        if (region != NULL)
            csv_text(out, region);
        csv_text(out, metric_defs[f->metric].name);
        csv_text(out, statistic_names[f->statistic]);
        put_interval(out, &f->interval);
        csv_count(out, f->interval.count);
        csv_row_end(out);
    }
}

void table_metrics(const struct table_point *p, struct csv *metrics, struct csv *by_region, struct csv *notes)
{
    const struct world_def *world = &p->scenario->world;

    for (uint32_t m = 0; m < p->scenario->model_count; m++) {
        put_figures(p, m, NULL, gathering_figures(p->gathering, m), metrics, notes);
        for (uint32_t r = 0; r < world->region_count; r++)
            put_figures(p, m, world->regions[r].name, gathering_region_figures(p->gathering, m, r), by_region,
                        notes);
    }
}

void table_comparisons(const struct table_point *p, struct csv *out)
{
    const struct difference *differences;
    size_t count = gathering_differences(p->gathering, &differences);

    for (size_t i = 0; i < count; i++) {
        const struct difference *d = &differences[i];
        csv_count(out, p->point);
        csv_text(out, metric_defs[d->metric].name);
        csv_text(out, statistic_names[d->statistic]);
        csv_text(out, p->scenario->models[d->model_a].name);
        csv_text(out, p->scenario->models[d->model_b].name);
        put_interval(out, &d->interval);
        csv_row_end(out);
    }
}

void table_pairs(const struct table_point *p, struct csv *out)
{
    const struct world_def *world = &p->scenario->world;
    uint32_t regions = world->region_count;

    for (uint32_t m = 0; m < p->scenario->model_count; m++)
        for (uint32_t pair = 0; pair < regions * regions; pair++) {
            uint32_t from = pair / regions, to = pair % regions;
            struct figure_list list = gathering_pair_figures(p->gathering, m, from, to);
            for (size_t i = 0; i < list.count; i++) {
                csv_count(out, p->point);
                csv_text(out, p->scenario->models[m].name);
                csv_text(out, world->regions[from].name);
                csv_text(out, world->regions[to].name);
                csv_text(out, metric_defs[list.items[i].metric].name);
                csv_text(out, statistic_names[list.items[i].statistic]);
                csv_number(out, list.items[i].interval.value);
                csv_row_end(out);
            }
        }
}

/* As `georep explain --op` reads it: REPLICATION:REGION/NUMBER, with the identity of a retry. */
/* An operation's name, REGION/COUNT and behind a point its identity, if it is not the first one; the
 * caller's. */
static char *operation_name(const struct scenario *s, uint64_t op)
{
    uint32_t region = history_op_region(op), identity = (uint32_t)(op & 0xff);
    char *text = NULL;

    CHECK(region < s->world.region_count);
    CHECK(asprintf(&text, identity != 0 ? "%s/%llu.%u" : "%s/%llu", s->world.regions[region].name,
                   (unsigned long long)(op >> 8 & ((UINT64_C(1) << 39) - 1)), identity) >= 0);
    return text;
}

static void put_example(const struct scenario *s, const struct verdict *v, struct csv *out)
{
    char *text = NULL;

    if (v->example == 0) {
        csv_empty(out); /* of replicas, not of an operation */
        return;
    }
    char *name = operation_name(s, v->example);
    CHECK(asprintf(&text, "%u:%s", v->example_replication, name) >= 0);
    csv_text(out, text);
    free(name);
    free(text);
}

static const char *region_of_node(const struct world_def *w, uint32_t node)
{
    uint32_t g = 0;

    for (; node >= w->regions[g].nodes; g++)
        node -= w->regions[g].nodes;
    return w->regions[g].name;
}

/* REGION, REGION[2] where it has several; the caller's. */
static char *node_name(const struct world_def *w, uint32_t node)
{
    uint32_t g = 0;
    char *text = NULL;

    for (; node >= w->regions[g].nodes; g++)
        node -= w->regions[g].nodes;
    CHECK(asprintf(&text, w->regions[g].nodes > 1 ? "%s[%u]" : "%s", w->regions[g].name, node) >= 0);
    return text;
}

/* " (fire)": the user's name for the crash that began then. */
static void put_crash(const struct world_def *w, const struct check_breach *b, FILE *to)
{
    for (uint32_t i = 0; i < w->fault_count; i++)
        if (w->faults[i].kind == FAULT_CRASH && w->faults[i].every == NULL &&
            w->faults[i].at_ns == b->lost_time && strcmp(w->faults[i].name, "crash") != 0) {
            fprintf(to, " (%s)", w->faults[i].name);
            return;
        }
}

/* "3:a/4711 goes without a/4699, which b lost with its disk at 4.000 s (fire)", "nobody has 3:a/4699, which
 * ..."; the caller's. */
static char *breach_text(const struct scenario *s, const struct verdict *v)
{
    static const char *const losses[] = {[LOST_WITH_MEMORY] = "lost with its memory",
                                         [LOST_WITH_DISK] = "lost with its disk",
                                         [LOST_BY_ROLLBACK] = "threw away for another leader's log"};
    const struct check_breach *b = &v->breach;
    char *op = operation_name(s, b->op), *against = operation_name(s, b->against), *text = NULL, *node;
    size_t bytes;
    FILE *to = open_memstream(&text, &bytes);

    CHECK(to != NULL);
    if (b->against != b->op)
        fprintf(to, "%u:%s goes without %s", v->example_replication, op, against);
    else
        fprintf(to, "nobody has %u:%s", v->example_replication, op);
    if (b->loss != LOST_NOTHING) {
        node = node_name(&s->world, b->lost_at);
        fprintf(to, ", which %s %s at %.3f s", node, losses[b->loss], (double)b->lost_time / 1e9);
        put_crash(&s->world, b, to);
        free(node);
    } else if (b->node != HISTORY_NO_NODE && b->against != b->op) {
        node = node_name(&s->world, b->node);
        fprintf(to, " at %s", node);
        free(node);
    }
    fclose(to);
    free(op);
    free(against);
    return text;
}

static void put_breach(const struct table_point *p, const struct verdict *v, struct csv *notes)
{
    char *text = breach_text(p->scenario, v);

    csv_count(notes, p->point);
    csv_text(notes, p->scenario->models[v->model].name);
    csv_text(notes, "");
    csv_text(notes, geo_check_names[v->check]);
    csv_text(notes, "");
    csv_text(notes, text);
    csv_row_end(notes);
    free(text);
}

void table_verdicts(const struct table_point *p, struct csv *out, struct csv *notes)
{
    for (size_t i = 0; i < p->judgement->verdict_count; i++) {
        const struct verdict *v = &p->judgement->verdicts[i];
        csv_count(out, p->point);
        csv_text(out, p->scenario->models[v->model].name);
        csv_text(out, geo_check_names[v->check]);
        csv_text(out, v->promised ? "true" : "false");
        csv_text(out, holds_names[v->holds]);
        csv_count(out, v->violations);
        put_example(p->scenario, v, out);
        csv_row_end(out);
        if (v->promised && v->holds == HOLDS_FALSE && v->breach.op != 0)
            put_breach(p, v, notes);
    }
}

static void put_operation(const struct scenario *s, uint64_t op, struct csv *out)
{
    char *name = operation_name(s, op);

    csv_text(out, name);
    free(name);
}

void table_conflict(size_t point, const struct scenario *s, uint32_t model, uint32_t replication,
                    const struct loss_figure *f, struct csv *out)
{
    csv_count(out, point);
    csv_text(out, s->models[model].name);
    csv_count(out, replication);
    put_operation(s, f->operation, out);
    put_operation(s, f->winner, out);
    csv_count(out, f->key);
    csv_text(out, loss_cause_names[f->cause]);
    csv_text(out, f->skew ? "true" : "false");
    csv_text(out, f->causal ? "true" : "false");
    csv_text(out, region_of_node(&s->world, f->node));
    csv_number(out, (double)f->time / 1e9);
    csv_row_end(out);
}

void table_conflicts(const struct table_point *p, struct csv *out)
{
    for (uint32_t m = 0; m < p->scenario->model_count; m++) {
        const struct gathered_loss *losses;
        size_t count = gathering_losses(p->gathering, m, &losses);
        for (size_t i = 0; i < count; i++)
            table_conflict(p->point, p->scenario, m, losses[i].replication, &losses[i].figure, out);
    }
}

void table_expectations(const struct table_point *p, struct csv *out)
{
    for (size_t i = 0; i < p->judgement->expectation_count; i++) {
        const struct expectation *e = &p->judgement->expectations[i];
        csv_count(out, p->point);
        csv_text(out, p->scenario->models[e->model].name);
        csv_text(out, e->expect->metric);
        csv_text(out, e->expect->is_check || e->expect->statistic == NULL ? "" : e->expect->statistic);
        csv_text(out, e->expect->text);
        if (!e->has_value)
            csv_empty(out);
        else if (e->expect->is_check)
            csv_text(out, e->value != 0 ? "true" : "false");
        else
            csv_number(out, e->value);
        csv_text(out, holds_names[e->holds]);
        csv_text(out, e->why != NULL ? e->why : "");
        csv_row_end(out);
    }
}

void table_theory(const struct table_point *p, struct csv *out, struct csv *notes)
{
    for (size_t i = 0; i < p->theory->silence_count; i++) {
        const struct theory_silence *silence = &p->theory->silences[i];
        csv_count(notes, p->point);
        csv_text(notes, p->scenario->models[silence->model].name);
        csv_text(notes, "");
        csv_text(notes, "theory");
        csv_text(notes, silence->part);
        csv_text(notes, silence->reason);
        csv_row_end(notes);
    }
    for (size_t i = 0; i < p->theory->count; i++) {
        const struct theory_row *row = &p->theory->rows[i];
        csv_count(out, p->point);
        csv_text(out, p->scenario->models[row->model].name);
        csv_text(out, row->quantity);
        csv_number(out, row->theory);
        csv_number(out, row->simulation);
        if (row->has_interval) {
            csv_number(out, row->low);
            csv_number(out, row->high);
        } else {
            csv_empty(out);
            csv_empty(out);
        }
        csv_text(out, theory_agrees_names[row->agrees]);
        csv_number(out, row->error);
        csv_row_end(out);
    }
}
