/* judge.h -- what was promised and what was expected, held against the figures of a sweep point. */
#ifndef GEOREP_EXPERIMENT_JUDGE_H
#define GEOREP_EXPERIMENT_JUDGE_H

#include "sim/experiment/gather.h"

extern const char *const holds_names[3]; /* "false", "true", "undecided" */

/* One check of one model, decided from the outside, whether it was promised or not. */
struct verdict {
    uint32_t model;
    uint8_t check; /* enum geo_check */
    bool promised;
    enum holds holds;
    uint64_t violations;
    uint64_t example; /* an operation of replication `example_replication`, 0: none */
    uint32_t example_replication;
    struct check_breach breach; /* of the example; .op 0: no more is known */
};

/* One bound of one expectation for one model. */
struct expectation {
    const struct scenario_expect *expect; /* of the scenario */
    uint32_t model;
    enum holds holds;
    bool has_value, at_least; /* at_least: value is a lower bound */
    double value;             /* of a check: 1 or 0 */
    const char *why;          /* of undecided; static */
};

struct judgement {
    struct verdict *verdicts;
    struct expectation *expectations;
    size_t verdict_count, expectation_count;
};

/* After gathering_finish. Free with judgement_free; it points into the scenario. */
struct judgement judge(const struct scenario *s, const struct gathering *g);
void judgement_free(struct judgement *j);

uint64_t promised_checks(const struct scenario *s, uint32_t model); /* bits by enum geo_check */

/* Is `value` (a lower bound if at_least) in the relation to `bound` (a lower bound if bound_at_least)? */
enum holds relation_holds(enum expect_relation relation, double value, bool at_least, double bound,
                          bool bound_at_least);

#endif
