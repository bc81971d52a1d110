/* latency.c -- see latency.h. Each operation falls into one histogram of its region; totals and `_all` are
 * merged at the end. */
#include "sim/observe/latency.h"

#include "sim/model/model.h"

void latency_open(struct latency *l, const struct history_setting *s)
{
    *l = (struct latency){.setting = s};
    l->regions = memory_new(s->region_count, sizeof *l->regions);
}

void latency_close(struct latency *l)
{
    for (uint32_t g = 0; g < l->setting->region_count; g++)
        for (int kind = 0; kind < 2; kind++) {
            histogram_free(&l->regions[g].well[kind]);
            histogram_free(&l->regions[g].failed[kind]);
        }
    free(l->regions);
}

void latency_fault(struct latency *l, const struct history_record *r)
{
    const struct history_fault *fault = &l->setting->faults[r->fault.index];

    if (fault->end <= fault->begin)
        return;
    if (r->fault.begins)
        l->faults_on++;
    else if (l->faults_on > 0)
        l->faults_on--;
}

void latency_retry(struct latency *l, const struct operation *op)
{
    l->regions[op->region].retries += op->in_window;
}

static void put_of(const struct latency_region *sum, struct figure_list *f, int32_t region)
{
    static const enum metric_id well_metric[2] = {METRIC_READ_LATENCY, METRIC_WRITE_LATENCY};
    static const enum metric_id all_metric[2] = {METRIC_READ_LATENCY_ALL, METRIC_WRITE_LATENCY_ALL};
    static const enum metric_id share_metric[2] = {METRIC_READ_AVAILABILITY, METRIC_WRITE_AVAILABILITY};
    uint64_t well[2], failed[2];

    for (int kind = 0; kind < 2; kind++) {
        struct histogram all = {0};
        well[kind] = histogram_count(&sum->well[kind]);
        failed[kind] = histogram_count(&sum->failed[kind]);
        histogram_merge(&all, &sum->well[kind]);
        histogram_merge(&all, &sum->failed[kind]);
        figures_put_histogram(f, well_metric[kind], region, false, &sum->well[kind]);
        figures_put_histogram(f, all_metric[kind], region, sum->failed_at_least[kind], &all);
        figures_put_share(f, share_metric[kind], STATISTIC_VALUE, region, well[kind],
                          well[kind] + failed[kind]);
        histogram_free(&all);
    }
    figures_put_share(f, METRIC_AVAILABILITY, STATISTIC_VALUE, region, well[0] + well[1],
                      well[0] + well[1] + failed[0] + failed[1]);
    if (region != ALL_REGIONS && well[0] + well[1] + failed[0] + failed[1] == 0)
        return; /* no clients there */
    figures_put(f, METRIC_OPERATIONS, STATISTIC_VALUE, region, (double)(well[0] + well[1]));
    figures_put(f, METRIC_FAILED, STATISTIC_VALUE, region, (double)(failed[0] + failed[1]));
    figures_put(f, METRIC_RETRIES, STATISTIC_VALUE, region, (double)sum->retries);
}

void latency_put(const struct latency *l, struct figure_list *f)
{
    struct latency_region all = {0};

    for (uint32_t g = 0; g < l->setting->region_count; g++) {
        const struct latency_region *region = &l->regions[g];
        for (int kind = 0; kind < 2; kind++) {
            histogram_merge(&all.well[kind], &region->well[kind]);
            histogram_merge(&all.failed[kind], &region->failed[kind]);
            all.failed_at_least[kind] |= region->failed_at_least[kind];
        }
        all.retries += region->retries;
        put_of(region, f, (int32_t)g);
    }
    put_of(&all, f, ALL_REGIONS);
    figures_put(f, METRIC_OPERATIONS_IN_FAULTS, STATISTIC_VALUE, ALL_REGIONS, (double)l->in_faults);
    for (int kind = 0; kind < 2; kind++) {
        histogram_free(&all.well[kind]);
        histogram_free(&all.failed[kind]);
    }
}
