/* distributions.h -- the table of the distributions: what each is called and its two parameters. */
#ifndef GEOREP_SCENARIO_DISTRIBUTIONS_H
#define GEOREP_SCENARIO_DISTRIBUTIONS_H

#include "sim/engine/distribution.h"

#include <stdbool.h>

enum parameter_kind {
    PARAMETER_NONE,
    PARAMETER_PLACE, /* a quantity; below 0 where the distribution may be */
    PARAMETER_WIDTH, /* a quantity, at least 0 */
    PARAMETER_SCALE, /* a quantity, above 0 */
    PARAMETER_SIGMA, /* a number from 0 to 20 */
    PARAMETER_SHAPE  /* a number from 0.01 to 1e6 */
};

struct distribution_parameter {
    const char *name;
    enum parameter_kind kind;
};

struct distribution_form {
    const char *name;
    enum distribution_kind kind;
    struct distribution_parameter a, b;
    const char *doc;
};

extern const struct distribution_form distribution_forms[]; /* ends with a NULL name */

#endif
