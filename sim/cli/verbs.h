/* verbs.h -- what each verb's file offers to the table. */
#ifndef GEOREP_CLI_VERBS_H
#define GEOREP_CLI_VERBS_H

#include "sim/cli/options.h"

extern const struct option_def run_options[], check_options[], plot_options[], report_options[];
extern const char run_notes[];
extern const struct option_def explain_options[], trace_options[];
extern const char explain_notes[], trace_notes[];

int verb_run(const struct verb *verb, int argc, char **argv);
int verb_check(const struct verb *verb, int argc, char **argv);
int verb_plot(const struct verb *verb, int argc, char **argv);
int verb_report(const struct verb *verb, int argc, char **argv);
int verb_explain(const struct verb *verb, int argc, char **argv);
int verb_trace(const struct verb *verb, int argc, char **argv);
int verb_list(const struct verb *verb, int argc, char **argv);
int verb_schema(const struct verb *verb, int argc, char **argv);
extern const struct option_def verify_options[];
extern const char verify_notes[];
int verb_verify(const struct verb *verb, int argc, char **argv);
int verb_init(const struct verb *verb, int argc, char **argv);

#endif
