/* summary.h -- `--json`: all of the comparison as one JSON object. */
#ifndef GEOREP_CLI_SUMMARY_H
#define GEOREP_CLI_SUMMARY_H

#include "sim/cli/view.h"

json_t *summary_json(const struct view *r);

#endif
