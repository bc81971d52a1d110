/* columns.c -- see columns.h. Three figures of a number are enough to compare; a share near 1 gets as many as
 * tell it from 1, because 100% is a claim. */
#include "sim/cli/columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct column_def seen[] = {
    {"available", "%", "availability", "value", 100, NULL, 0, 1},
    {"write p50", "ms", "write_latency_ms", "p50", 1, "write_availability", 0.5, -1},
    {"write p99", "ms", "write_latency_ms", "p99", 1, "write_availability", 0.01, -1},
    {"read p50", "ms", "read_latency_ms", "p50", 1, "read_availability", 0.5, -1},
    {"read p99", "ms", "read_latency_ms", "p99", 1, "read_availability", 0.01, -1},
    {"stale reads", "%", "stale_read_fraction", "value", 100, NULL, 0, -1},
    {"staleness p99", "ms", "read_staleness_ms", "p99", 1, NULL, 0, -1},
};
static const struct column_def wrong[] = {
    {"conflicts", "", "conflicts", "value", 1, NULL, 0, -1},
    {"lost updates", "", "lost_updates", "value", 1, NULL, 0, -1},
    {"skew inversions", "", "skew_inversions", "value", 1, NULL, 0, -1},
    {"lost commits", "", "lost_commits", "value", 1, NULL, 0, -1},
    {"unapplied", "", "unapplied", "value", 1, NULL, 0, -1},
    {"converged", "%", "converged", "value", 100, NULL, 0, 1},
};
/* As observe/causes.h has them: they add up to the lost updates. */
static const struct column_def causes[] = {
    {"concurrent", "", "lost_updates_concurrent", "value", 1, NULL, 0, -1},
    {"clock offset", "", "lost_updates_clock_offset", "value", 1, NULL, 0, -1},
    {"drift", "", "lost_updates_drift", "value", 1, NULL, 0, -1},
    {"late arrival", "", "lost_updates_late", "value", 1, NULL, 0, -1},
    {"failover", "", "lost_updates_failover", "value", 1, NULL, 0, -1},
};
/* Of each fault and of each failover; the extremes and percentiles are of all replications. */
static const struct column_def failing[] = {
    {"failovers", "", "failovers", "value", 1, NULL, 0, 0},
    {"taken over p50", "s", "failover_ms", "p50", 1e-3, NULL, 0, -1},
    {"taken over max", "s", "failover_ms", "max", 1e-3, NULL, 0, -1},
    {"recovery p50", "s", "rto_ms", "p50", 1e-3, NULL, 0, -1},
    {"recovery max", "s", "rto_ms", "max", 1e-3, NULL, 0, -1},
    {"lost back p50", "s", "rpo_ms", "p50", 1e-3, NULL, 0, -1},
    {"lost back max", "s", "rpo_ms", "max", 1e-3, NULL, 0, -1},
    {"two leaders", "s", "two_leaders_ms", "mean", 1e-3, NULL, 0, -1},
};
static const struct column_def moved[] = {
    {"lag p50", "ms", "replication_lag_ms", "p50", 1, NULL, 0, -1},
    {"lag p99", "ms", "replication_lag_ms", "p99", 1, NULL, 0, -1},
    {"to converge", "ms", "time_to_converge_ms", "mean", 1, NULL, 0, -1},
    {"diverged keys", "", "diverged_keys", "max", 1, NULL, 0, -1},
    {"messages", "k", "wan_messages", "value", 1e-3, NULL, 0, -1},
    {"traffic", "MB", "wan_bytes", "value", 1e-6, NULL, 0, -1},
    {"30 days", "USD", "wan_cost_usd_month", "value", 1, NULL, 0, -1},
};

const struct column_group column_groups[] = {
    {"What clients see", seen, sizeof seen / sizeof *seen, {0}},
    {"What goes wrong", wrong, sizeof wrong / sizeof *wrong, {0}},
    {"Lost updates by cause", causes, sizeof causes / sizeof *causes, {"lost_updates"}},
    {"What faults cost", failing, sizeof failing / sizeof *failing, {"failovers", "lost_commits"}},
    {"Replication and cost", moved, sizeof moved / sizeof *moved, {0}},
};
const size_t column_group_count = sizeof column_groups / sizeof *column_groups;

bool column_group_is_shown(const struct view *r, size_t point, const struct column_group *group)
{
    return group->if_any[0] == NULL || view_has_any(r, point, group->if_any);
}

/* Decimals that give a value three figures, at most four decimals. */
static int decimals_for(double value)
{
    double size = fabs(value);

    if (size == 0 || size >= 99.95)
        return 0;
    if (size >= 9.995)
        return 1;
    if (size >= 0.9995)
        return 2;
    return size >= 0.09995 ? 3 : 4;
}

static void number_print(char *out, size_t room, double value, int decimals)
{
    snprintf(out, room, "%.*f", decimals, value);
    char *point = strchr(out, '.');
    if (value != 0 && point != NULL && strtod(out, NULL) == 0)
        snprintf(out, room, "%.0e", value); /* too small for its column, and not nothing */
}

/* Of a percentage: as many decimals as tell it from 100. */
static int decimals_below_hundred(double value, int decimals)
{
    while (decimals < 6 && value < 100 && rint(value * pow(10, decimals)) >= 100 * pow(10, decimals))
        decimals++;
    return decimals;
}

struct cell_text column_cell(const struct view *r, size_t point, size_t model,
                             const struct column_def *column)
{
    struct cell_text cell = {.value = "-"};
    struct shown_figure figure, available;

    if (!view_figure(r, point, model, column->metric, column->statistic, &figure)) {
        if (figure.undecided)
            snprintf(cell.value, sizeof cell.value, "?");
        return cell;
    }
    double value = figure.value * column->scale;
    double half = fmax(figure.high - figure.value, figure.value - figure.low) * column->scale;
    int decimals = decimals_for(value);
    char number[32];
    if (strcmp(column->unit, "%") == 0)
        decimals = decimals_below_hundred(value, decimals);
    if (value == 0 && half > 0)
        decimals = decimals_for(half) < 2 ? decimals_for(half) : 2;
    number_print(number, sizeof number, value, value == 0 ? 0 : decimals);
    snprintf(cell.value, sizeof cell.value, "%s%s", figure.at_least ? ">=" : "", number);
    if (figure.has_interval && half > 0) {
        snprintf(cell.half, sizeof cell.half, "%.*f", decimals, half);
        if (strtod(cell.half, NULL) == 0)
            cell.half[0] = '\0'; /* smaller than the last digit shown */
    }
    cell.flattered = column->flattered_by != NULL &&
                     view_figure(r, point, model, column->flattered_by, "value", &available) &&
                     1 - available.value > column->leaves_out;
    cell.there = true;
    cell.number = value;
    return cell;
}
