/* table.h -- the comparison on the terminal. */
#ifndef GEOREP_CLI_TABLE_H
#define GEOREP_CLI_TABLE_H

#include "sim/cli/view.h"

#include <stdio.h>

struct table_look {
    bool colour, utf8;
};

/* Every point's comparison (of many points the first ones, and says so), then promises and expectations. */
void table_print(const struct view *r, struct table_look look, FILE *to);

#endif
