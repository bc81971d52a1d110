/* judge.c -- see judge.h. A lower bound decides only what it can: from ">= 30 s" follows that "< 10 s" is
 * broken, and nothing about "< 60 s". What was not measured is undecided, never held. */
#include "sim/experiment/judge.h"

#include "sim/base/array.h"
#include "sim/experiment/csv.h"
#include "sim/experiment/trial_run.h"
#include "sim/model/registry.h"

#include <math.h>
#include <stdlib.h>

const char *const holds_names[3] = {"false", "true", "undecided"};

uint64_t promised_checks(const struct scenario *s, uint32_t model)
{
    return model_promise(s, model).checks;
}

enum holds relation_holds(enum expect_relation relation, double value, bool at_least, double bound,
                          bool bound_at_least)
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
    const struct figure *f =
        figure_find(gathering_figures(g, e->model), (unsigned)metric, (unsigned)statistic);
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
        uint64_t promised = promised_checks(s, m);
        for (unsigned c = 0; c < GEO_CHECKS; c++) {
            const struct gathered_check *found = gathering_check(g, m, (enum geo_check)c);
            *array_add(&verdicts) = (struct verdict){.model = m,
                                                     .check = (uint8_t)c,
                                                     .promised = (promised >> c & 1) != 0,
                                                     .holds = found->holds,
                                                     .violations = found->violations,
                                                     .example = found->example,
                                                     .example_replication = found->example_replication,
                                                     .breach = found->breach};
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
