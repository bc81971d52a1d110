/* theory_faults.c -- what the faults of a scenario may have touched. What they have not is as if there were
 * none: models send each node its own messages, and without bandwidth and service times no message waits for
 * another way's. */
#include "sim/base/array.h"
#include "sim/experiment/theory_room.h"
#include "sim/history/setting.h"

#include <stdlib.h>

static void touch_link(struct theory_faults *f, const struct world_def *w, uint32_t from, uint32_t to)
{
    f->link[from * w->region_count + to] = true;
}

static void touch_region(struct theory_faults *f, const struct world_def *w, uint32_t region)
{
    f->region[region] = true;
    for (uint32_t other = 0; other < w->region_count; other++) {
        touch_link(f, w, region, other);
        touch_link(f, w, other, region);
    }
}

static void touch_links(struct theory_faults *f, const struct world_def *w, const struct fault_def *fault)
{
    uint32_t regions = w->region_count;

    for (uint32_t i = 0; i < regions * regions; i++) {
        uint32_t a = i / regions, b = i % regions;
        bool is_named = (a == fault->from && b == fault->to) ||
                        (fault->target == TARGET_PAIR && a == fault->to && b == fault->from);
        switch (fault->target) {
        case TARGET_GROUPS:
            f->link[i] |= fault->group[a] != 0 && fault->group[b] != 0 && fault->group[a] != fault->group[b];
            break;
        case TARGET_LINK:
        case TARGET_PAIR:
            f->link[i] |= is_named;
            break;
        default:
            f->link[i] = true;
        }
    }
}

static void touch_nodes(struct theory_faults *f, const struct world_def *w, const struct fault_def *fault)
{
    for (uint32_t r = 0; r < w->region_count; r++)
        if (fault->target == TARGET_LEADER || r == fault->region)
            touch_region(f, w, r);
}

void theory_faults_open(struct theory_faults *f, const struct world_def *w)
{
    uint32_t regions = w->region_count;

    *f = (struct theory_faults){.any = w->fault_count > 0,
                                .clocks_only = true,
                                .link = memory_new((size_t)regions * regions, sizeof *f->link),
                                .region = memory_new(regions, sizeof *f->region),
                                .load = memory_new(regions, sizeof *f->load)};
    for (uint32_t r = 0; r < regions; r++)
        f->load[r] = 1;
    for (uint32_t i = 0; i < w->fault_count; i++) {
        const struct fault_def *fault = &w->faults[i];
        f->clocks_only = f->clocks_only && fault->kind == FAULT_CLOCK;
        switch (fault->kind) {
        case FAULT_CRASH:
        case FAULT_OVERLOAD:
            touch_nodes(f, w, fault);
            break;
        case FAULT_LOAD:
            if (fault->factor > f->load[fault->region])
                f->load[fault->region] = fault->factor;
            break;
        case FAULT_CLOCK:
            break;
        case FAULT_SWITCHOVER:
            f->leader_moves = true;
            break;
        default:
            touch_links(f, w, fault);
        }
    }
}

void theory_faults_close(struct theory_faults *f)
{
    free(f->link);
    free(f->region);
    free(f->load);
}
