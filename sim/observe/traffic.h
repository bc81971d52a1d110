/* traffic.h -- what crosses between regions, and what it costs.
 *
 * wan_messages, wan_bytes: SEND records of the window (by their own time) from one region to another, every
 * transmission, lost ones and those of clients too; also by pair of regions. wan_cost_usd: bytes times the
 * price from one to the other. wan_cost_usd_month: the same times 30 days / (duration - warmup). */
#ifndef GEOREP_OBSERVE_TRAFFIC_H
#define GEOREP_OBSERVE_TRAFFIC_H

#include "sim/observe/figures.h"

struct traffic {
    const struct history_setting *setting;
    uint64_t *messages, *bytes; /* [from * regions + to] */
};

void traffic_open(struct traffic *t, const struct history_setting *s);
void traffic_close(struct traffic *t);
void traffic_send(struct traffic *t, const struct history_record *r);
void traffic_put(const struct traffic *t, struct figure_list *f);

#endif
