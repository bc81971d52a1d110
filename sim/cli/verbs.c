/* verbs.c -- the table of verbs: a new one is a file and a row here. */
#include "sim/cli/verbs.h"

#include <stddef.h>

const char *const program_version = GEOREP_VERSION;

const struct verb verbs[] = {
    {"run", "SCENARIO...", "simulates every model of each scenario and compares them", run_options, run_notes,
     verb_run},
    {"check", "SCENARIO...", "says all that is wrong with a scenario, and what it would take", check_options,
     NULL, verb_check},
    {"plot", "RESULTS", "draws the charts of a results folder again", plot_options, NULL, verb_plot},
    {"report", "RESULTS", "writes the HTML report of a results folder again", report_options, NULL,
     verb_report},
    {"explain", "RESULTS", "tells the worst cases of a run, message by message", explain_options,
     explain_notes, verb_explain},
    {"trace", "SCENARIO", "writes one run's messages for Perfetto or ShiViz, or as a picture", trace_options,
     trace_notes, verb_trace},
    {"verify", "HISTORY", "checks a recorded history (EDN or JSON lines) for consistency", verify_options,
     verify_notes, verb_verify},
    {"list", "KIND [NAME]", "shows models, presets, distributions, metrics, checks or faults", NULL, NULL,
     verb_list},
    {"schema", "", "prints the JSON Schema of a scenario, for editors", NULL, NULL, verb_schema},
    {"init", "[FILE]", "writes a commented starter scenario", NULL, NULL, verb_init},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
