/* observation_figures.c -- what the readers of one trial leave. */
#include "sim/observe/observation_room.h"

static void put_checks(const struct observation *o, struct trial_figures *f)
{
    if (o->checks == NULL)
        return;
    f->check_count = GEO_CHECKS;
    f->checks = memory_new(GEO_CHECKS, sizeof *f->checks);
    for (int c = 0; c < GEO_CHECKS; c++) {
        struct check_verdict v;
        checks_verdict(o->checks, (enum geo_check)c, &v);
        f->checks[c] = (struct check_figure){
            .check = (uint8_t)c, .holds = v.holds, .violations = v.violations, .example = v.example};
        const struct check_breach *b = checks_breach(o->checks, (enum geo_check)c, v.example);
        if (b != NULL)
            f->checks[c].breach = *b;
    }
}

static void put_backlog(struct figure_list *f, enum metric_id metric, const struct step_mean *s)
{
    if (step_mean_empty(s))
        return;
    figures_put(f, metric, STATISTIC_MEAN, ALL_REGIONS, step_mean_value(s));
    figures_put(f, metric, STATISTIC_MAX, ALL_REGIONS, (double)step_mean_max(s));
}

/* The histogram changes hands: with a hundred regions there are twenty thousand, and copies would be most of
 * the memory. */
static struct histogram given(struct histogram *h)
{
    struct histogram whole = *h;

    *h = (struct histogram){0};
    return whole;
}

/* The lag of each pair of regions beside what was sent between them. Whoever else reads the pairs has. */
static void put_pairs(struct observation *o, struct figure_list *f)
{
    uint32_t regions = o->setting->region_count;

    for (uint32_t from = 0; from < regions; from++)
        for (uint32_t to = 0; to < regions; to++) {
            size_t at = (size_t)from * regions + to;
            struct lag_pair *lag = &o->lag.pairs[at];
            bool lags = histogram_count(&lag->ns) > 0 && !o->ledger.overflowed;
            struct histogram *stale = &o->staleness.pairs[at];
            bool is_stale = histogram_count(stale) > 0 && !o->ledger.overflowed;
            if (!lags && !is_stale && o->traffic.messages[at] == 0)
                continue;
            struct pair_figure *p = figures_put_pair(f, from, to);
            if (lags)
                p->lag_ns = given(&lag->ns);
            if (is_stale)
                p->stale_ns = given(stale);
            p->at_least = lags && lag->at_least;
            p->messages = o->traffic.messages[at];
            p->bytes = o->traffic.bytes[at];
        }
}

static const uint32_t OF_THE_LEDGER = 1u << SERIES_STALE_READ_FRACTION | 1u << SERIES_READ_STALENESS |
                                      1u << SERIES_REPLICATION_LAG | 1u << SERIES_BACKLOG_OPS;

/* All that hangs on the ledger, when it could not enter every write. */
static void put_undecided(struct figure_list *f)
{
    static const enum metric_id of_the_ledger[] = {
        METRIC_STALE_READ_FRACTION, METRIC_READ_STALENESS,         METRIC_READ_STALENESS_VERSIONS,
        METRIC_READ_YOUR_WRITES,    METRIC_MONOTONIC_READS,        METRIC_MONOTONIC_WRITES,
        METRIC_WRITES_FOLLOW_READS, METRIC_REPLICATION_LAG,        METRIC_CONVERGENCE,
        METRIC_UNAPPLIED,           METRIC_TIME_TO_CONVERGE,       METRIC_CONFLICTS,
        METRIC_LOST_UPDATES,        METRIC_SKEW_INVERSIONS,        METRIC_CAUSAL_INVERSIONS,
        METRIC_LOST_COMMITS,        METRIC_LOST_COMMITS_PER_FAULT, METRIC_RPO,
        METRIC_BACKLOG_OPS,         METRIC_BACKLOG_BYTES,
    };

    for (size_t i = 0; i < sizeof of_the_ledger / sizeof of_the_ledger[0]; i++)
        figures_put_undecided(f, of_the_ledger[i]);
    for (int cause = 0; cause < LOSS_CAUSES; cause++) {
        figures_put_undecided(f, (enum metric_id)((int)METRIC_LOST_UPDATES_BY_CAUSE + cause));
        figures_put_undecided(f, (enum metric_id)((int)METRIC_SKEW_INVERSIONS_BY_CAUSE + cause));
    }
}

struct trial_figures *observation_figures(struct observation *o)
{
    struct figure_list *f = figure_list_new();

    CHECK(o->finished);
    if (o->ledger.overflowed)
        put_undecided(f);
    else
        staleness_put_visibility(&o->staleness, f);
    latency_put(&o->latency, f);
    staleness_put(&o->staleness, f);
    if (o->delta_undecided)
        figures_put_undecided(f, METRIC_DELTA_ATOMICITY);
    else
        figures_put_histogram(f, METRIC_DELTA_ATOMICITY, ALL_REGIONS, false, &o->delta_ns);
    guarantees_put(&o->guarantees, f);
    put_checks(o, figure_list_look(f));
    lag_put(&o->lag, f);
    put_pairs(o, f);
    convergence_put(&o->convergence, f);
    if (!step_mean_empty(&o->diverged))
        figures_put(f, METRIC_DIVERGED_KEYS, STATISTIC_MAX, ALL_REGIONS, (double)step_mean_max(&o->diverged));
    conflicts_put(&o->conflicts, f);
    recovery_put(&o->recovery, f);
    leadership_put(&o->leadership, f);
    put_backlog(f, METRIC_BACKLOG_OPS, &o->backlog_ops);
    put_backlog(f, METRIC_BACKLOG_BYTES, &o->backlog_bytes);
    traffic_put(&o->traffic, f);
    tallies_put(&o->tallies, f);
    series_put(&o->series, f, o->end_ns, o->ledger.overflowed ? OF_THE_LEDGER : 0);
    figure_list_look(f)->end_ns = o->end_ns;
    return figure_list_end(f);
}
