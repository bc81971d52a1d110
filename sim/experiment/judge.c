/* judge.c -- see judge.h. A lower bound decides only what it can: from ">= 30 s" follows that "< 10 s" is broken, and
 * nothing about "< 60 s". What was not measured is undecided, never held. */
#include "sim/experiment/judge.h"

#include "sim/base/array.h"
#include "sim/experiment/csv.h"
#include "sim/model/registry.h"

#include <math.h>
#include <stdlib.h>

const char *const holds_names[3] = {"false", "true", "undecided"};

uint64_t promised_checks(const struct scenario *s, uint32_t model)
{
    const struct scenario_model *m = &s->models[model];
    struct geo_setting setting = {.data = s->world.data};

    for (uint32_t r = 0; r < s->world.region_count; r++) {
        setting.regions += s->world.regions[r].nodes != 0;
        setting.nodes += s->world.regions[r].nodes;
    }
    return m->model->promise != NULL ? m->model->promise(m->config, &setting).checks : 0;
}

/* Every replication in which reads at different replicas still differ breaks it, if everything had been applied; if
 * something was still on its way when the run ended, nobody knows. */
static void judge_eventual(const struct gathering *g, struct verdict *v)
{
    bool seen = false, unfinished = false;

    for (uint32_t r = 0; r < gathering_count(g); r++) {
        double converged, unapplied;
        if (!gathering_value(g, v->model, METRIC_CONVERGED, STATISTIC_VALUE, r, &converged))
            continue;
        seen = true;
        if (converged >= 1)
            continue;
        if (gathering_value(g, v->model, METRIC_UNAPPLIED, STATISTIC_VALUE, r, &unapplied) && unapplied == 0)
            v->violations++;
        else
            unfinished = true;
    }
    v->holds = v->violations != 0 ? HOLDS_FALSE : !seen || unfinished ? HOLDS_UNDECIDED : HOLDS_TRUE;
}

static void judge_nothing_lost(const struct gathering *g, struct verdict *v)
{
    const struct figure *lost =
        figure_find(gathering_figures(g, v->model), METRIC_LOST_COMMITS, STATISTIC_VALUE);

    for (uint32_t r = 0; r < gathering_count(g); r++) {
        double value;
        if (gathering_value(g, v->model, METRIC_LOST_COMMITS, STATISTIC_VALUE, r, &value))
            v->violations += (uint64_t)value;
    }
    v->holds = v->violations != 0                 ? HOLDS_FALSE
               : lost == NULL || lost->undecided ? HOLDS_UNDECIDED
                                                 : HOLDS_TRUE;
}

enum holds relation_holds(enum expect_relation relation, double value, bool at_least, double bound, bool bound_at_least)
{
    bool exact = !at_least && !bound_at_least;
    char left[CSV_NUMBER_ROOM], right[CSV_NUMBER_ROOM];

    switch (relation) {
    case EXPECT_EQUAL: /* as printed: 9 digits, so that a sum's last bit does not decide */
        if (!exact)
            return at_least && !bound_at_least && value > bound ? HOLDS_FALSE : HOLDS_UNDECIDED;
        figure_print(left, value);
        figure_print(right, bound);
        return strcmp(left, right) == 0 ? HOLDS_TRUE : HOLDS_FALSE;
    case EXPECT_BELOW:
    case EXPECT_AT_MOST: {
        bool now = relation == EXPECT_BELOW ? value < bound : value <= bound;
        if (exact)
            return now ? HOLDS_TRUE : HOLDS_FALSE;
        if (!at_least && now)
            return HOLDS_TRUE; /* the bound can only be larger */
        return !bound_at_least && !now ? HOLDS_FALSE : HOLDS_UNDECIDED;
    }
    case EXPECT_ABOVE:
    case EXPECT_AT_LEAST: {
        bool now = relation == EXPECT_ABOVE ? value > bound : value >= bound;
        if (exact)
            return now ? HOLDS_TRUE : HOLDS_FALSE;
        if (!bound_at_least && now)
            return HOLDS_TRUE;
        return !at_least && !now ? HOLDS_FALSE : HOLDS_UNDECIDED;
    }
    }
    CHECK(false);
    return HOLDS_UNDECIDED;
}

static void expect_check(const struct judgement *j, struct expectation *e)
{
    for (size_t i = 0; i < j->verdict_count; i++) {
        const struct verdict *v = &j->verdicts[i];
        if (v->model != e->model || strcmp(geo_check_names[v->check], e->expect->metric) != 0)
            continue;
        if (v->holds == HOLDS_UNDECIDED) {
            e->why = "the check could not be decided";
            return;
        }
        e->has_value = true;
        e->value = v->holds == HOLDS_TRUE;
        e->holds = (e->expect->number != 0) == (v->holds == HOLDS_TRUE) ? HOLDS_TRUE : HOLDS_FALSE;
        return;
    }
    e->why = "this version of georep does not make the check";
}

static void expect_figure(const struct gathering *g, struct expectation *e)
{
    const struct scenario_expect *x = e->expect;
    int metric = metric_find(x->metric), statistic = statistic_find(x->statistic);

    CHECK(metric >= 0 && statistic >= 0);
    const struct figure *f = figure_find(gathering_figures(g, e->model), (unsigned)metric, (unsigned)statistic);
    double bound = x->number;
    bool bound_at_least = false;
    if (f == NULL || f->undecided) {
        e->why = f == NULL ? "nothing was observed" : "a reader reached its bound of memory";
        return;
    }
    e->has_value = true;
    e->value = f->interval.value;
    e->at_least = f->at_least;
    if (x->other_model != UINT32_MAX) {
        const struct figure *other =
            figure_find(gathering_figures(g, x->other_model), (unsigned)metric, (unsigned)statistic);
        if (other == NULL || other->undecided) {
            e->why = "the other model has no such figure";
            return;
        }
        bound = x->number * other->interval.value;
        bound_at_least = other->at_least;
    }
    e->holds = relation_holds(x->relation, e->value, e->at_least, bound, bound_at_least);
    if (e->holds == HOLDS_UNDECIDED)
        e->why = "the figure is a lower bound";
}

struct judgement judge(const struct scenario *s, const struct gathering *g)
{
    ARRAY(struct verdict) verdicts = {0};
    ARRAY(struct expectation) expectations = {0};
    struct judgement j;

    for (uint32_t m = 0; m < s->model_count; m++) {
        static const uint8_t decided[] = {GEO_EVENTUAL, GEO_NOTHING_LOST};
        uint64_t promised = promised_checks(s, m);
        for (size_t i = 0; i < sizeof decided; i++) {
            struct verdict *v = array_add(&verdicts);
            *v = (struct verdict){.model = m, .check = decided[i], .promised = (promised >> decided[i] & 1) != 0};
            if (decided[i] == GEO_EVENTUAL)
                judge_eventual(g, v);
            else
                judge_nothing_lost(g, v);
        }
    }
    j = (struct judgement){.verdicts = verdicts.items, .verdict_count = verdicts.count};
    for (uint32_t i = 0; i < s->expect_count; i++)
        for (uint32_t m = 0; m < s->model_count; m++) {
            const struct scenario_expect *x = &s->expects[i];
            /* "all: < 0.5 * sync" is a bound for all others: none is half of itself. */
            if (x->model != UINT32_MAX ? x->model != m : x->other_model == m)
                continue;
            struct expectation *e = array_add(&expectations);
            *e = (struct expectation){.expect = x, .model = m, .holds = HOLDS_UNDECIDED};
            if (x->is_check)
                expect_check(&j, e);
            else
                expect_figure(g, e);
        }
    j.expectations = expectations.items;
    j.expectation_count = expectations.count;
    return j;
}

void judgement_free(struct judgement *j)
{
    free(j->verdicts);
    free(j->expectations);
    *j = (struct judgement){0};
}
