/* scenario.c -- whole trials: what an operation costs in events, time and memory, for each model of a
 * scenario with all readers on (`scenario`), and for its first model with one reader after another
 * (`observe`). The least of the turns counts: a turn can only be slowed by what else the machine does. */
#include "bench/whole.h"
#include "sim/model/model.h"

#include <stdio.h>
#include <string.h>

/* Of the metrics each but the ledger comes with the ledger that it hangs on, so that it costs what its row
 * has more than that one. Session guarantees and nothing_lost are checked by the metrics. */
static const struct reader_row {
    const char *name;
    struct whole_readers readers;
} reader_rows[] = {
    {"none", {0}},
    {"ledger", {.ledger = true}},
    {"latency", {.metrics = OBSERVE_LATENCY}},
    {"staleness", {.metrics = OBSERVE_STALENESS}},
    {"delta", {.metrics = OBSERVE_DELTA}},
    {"guarantees", {.metrics = OBSERVE_GUARANTEES}},
    {"lag", {.metrics = OBSERVE_LAG}},
    {"convergence", {.metrics = OBSERVE_CONVERGENCE}},
    {"conflicts", {.metrics = OBSERVE_CONFLICTS}},
    {"recovery", {.metrics = OBSERVE_RECOVERY}},
    {"leadership", {.metrics = OBSERVE_LEADERSHIP}},
    {"traffic", {.metrics = OBSERVE_TRAFFIC}},
    {"tallies", {.metrics = OBSERVE_TALLIES}},
    {"backlog", {.metrics = OBSERVE_BACKLOG}},
    {"peers", {.metrics = WHOLE_PEERS}},
    {"metrics", {.metrics = WHOLE_METRICS}},
    {"linearizable", {.checks = 1u << GEO_LINEARIZABLE}},
    {"sequential", {.checks = 1u << GEO_LINEARIZABLE | 1u << GEO_SEQUENTIAL}},
    {"causal", {.checks = 1u << GEO_LINEARIZABLE | 1u << GEO_CAUSAL}},
    {"eventual", {.checks = 1u << GEO_EVENTUAL | 1u << GEO_STRONG_EVENTUAL}},
    {"checks", {.checks = WHOLE_CHECKS}},
    {"metrics+checks", {.metrics = WHOLE_METRICS, .checks = WHOLE_CHECKS}},
    {"history", {.history = true}},
    {"all", {.metrics = WHOLE_METRICS, .checks = WHOLE_CHECKS, .history = true}},
};

enum { READERS = sizeof reader_rows / sizeof *reader_rows };

static bool measure_least(const struct scenario *s, uint32_t model, struct whole_readers readers,
                          uint64_t turns, struct whole_figures *least)
{
    for (uint64_t turn = 0; turn < (turns != 0 ? turns : 3); turn++) {
        struct whole_figures f;
        if (!whole_measure(s, model, 1, readers, &f))
            return false;
        if (turn == 0 || f.seconds < least->seconds)
            *least = f;
    }
    return true;
}

static struct document *read_file(const struct bench_options *o)
{
    return whole_document(o->file != NULL ? o->file : GEOREP_REFERENCE, o->overrides, o->override_count);
}

int bench_scenario(const struct bench_options *o)
{
    int r = 0;

    while (r < READERS &&
           strcmp(reader_rows[r].name, o->readers != NULL ? o->readers : "metrics+checks") != 0)
        r++;
    if (r == READERS) {
        fprintf(stderr, "georep-bench: no readers of the name %s\n", o->readers);
        return 2;
    }
    struct document *doc = read_file(o);
    if (doc == NULL)
        return 2;
    const struct scenario *s = document_scenario(doc, 0);
    printf(
        o->csv
            ? "model,operations,events,seconds,operations_per_second,events_per_second,ns_per_operation,"
              "events_per_operation,setup_seconds,peak_bytes,bytes_per_operation,bytes_per_key_and_replica,"
              "table_bytes_per_key_and_replica\n"
            : "model             operations    events  seconds   ops/s  events/s  ns/op  events/op  setup s"
              "  peak MB  B/op  B/key,replica  of tables\n");
    int status = 0;
    for (uint32_t m = 0; m < s->model_count && status == 0; m++) {
        struct whole_figures f;
        if (!measure_least(s, m, reader_rows[r].readers, o->turns, &f)) {
            status = 1;
            break;
        }
        double operations = (double)f.operations, events = (double)f.events, peak = (double)f.peak_bytes;
        double rows = (double)(f.keys * f.replicas);
        printf(o->csv ? "%s,%llu,%llu,%.6f,%.0f,%.0f,%.1f,%.3f,%.6f,%llu,%.2f,%.2f,%.2f\n"
                      : "%-16s %11llu %9llu %8.3f %7.0f %9.0f %6.0f %10.2f %8.3f %8llu %5.1f %14.1f %10.1f\n",
               s->models[m].name, (unsigned long long)f.operations, (unsigned long long)f.events, f.seconds,
               operations / f.seconds, events / f.seconds, 1e9 * f.seconds / operations, events / operations,
               f.setup_seconds, (unsigned long long)(o->csv ? f.peak_bytes : f.peak_bytes / 1000000),
               peak / operations, peak / rows, (double)f.table_bytes / rows);
        for (int i = 0; o->found && i < WHOLE_FOUND; i++)
            printf("# %s %.5f\n", whole_found_names[i], f.found[i]);
        fflush(stdout);
    }
    document_free(doc);
    return status;
}

int bench_observe(const struct bench_options *o)
{
    struct document *doc = read_file(o);
    double alone = 0;
    int status = 0;

    if (doc == NULL)
        return 2;
    printf(o->csv ? "readers,operations,seconds,ns_per_operation,ratio_to_none\n"
                  : "readers          operations  seconds  ns/op  ratio to none\n");
    for (int i = 0; i < READERS && status == 0; i++) {
        struct whole_figures f;
        if (!measure_least(document_scenario(doc, 0), 0, reader_rows[i].readers, o->turns, &f)) {
            status = 1;
            break;
        }
        if (i == 0)
            alone = f.seconds / (double)f.operations;
        double each = f.seconds / (double)f.operations;
        printf(o->csv ? "%s,%llu,%.6f,%.1f,%.3f\n" : "%-15s %11llu %8.3f %6.0f %14.2f\n", reader_rows[i].name,
               (unsigned long long)f.operations, f.seconds, 1e9 * each, each / alone);
        fflush(stdout);
    }
    document_free(doc);
    return status;
}
