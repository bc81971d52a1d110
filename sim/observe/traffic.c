/* traffic.c -- see traffic.h. Money is summed at the end, in the order of the pairs, so that its last digits
 * do not depend on when what was sent. */
#include "sim/observe/traffic.h"

#include "sim/base/check.h"

#include <stdlib.h>

void traffic_open(struct traffic *t, const struct history_setting *s)
{
    size_t pairs = (size_t)s->region_count * s->region_count;

    *t = (struct traffic){.setting = s};
    t->messages = memory_new(pairs, sizeof *t->messages);
    t->bytes = memory_new(pairs, sizeof *t->bytes);
}

void traffic_close(struct traffic *t)
{
    free(t->messages);
    free(t->bytes);
}

void traffic_send(struct traffic *t, const struct history_record *r)
{
    const struct history_setting *s = t->setting;

    if (r->send.from_region == r->send.to_region || r->time < s->warmup || r->time >= s->duration)
        return;
    size_t pair = (size_t)r->send.from_region * s->region_count + r->send.to_region;
    t->messages[pair]++;
    t->bytes[pair] += r->send.bytes;
}

void traffic_put(const struct traffic *t, struct figure_list *f)
{
    const struct history_setting *s = t->setting;
    uint64_t messages = 0, bytes = 0;
    double cost = 0, months = 30 * 86400e9 / (double)(s->duration - s->warmup);

    for (size_t pair = 0; pair < (size_t)s->region_count * s->region_count; pair++) {
        messages += t->messages[pair];
        bytes += t->bytes[pair];
        cost += (double)t->bytes[pair] * s->price_usd_per_byte[pair];
    }
    figures_put(f, METRIC_WAN_MESSAGES, STATISTIC_VALUE, ALL_REGIONS, (double)messages);
    figures_put(f, METRIC_WAN_BYTES, STATISTIC_VALUE, ALL_REGIONS, (double)bytes);
    figures_put(f, METRIC_WAN_COST, STATISTIC_VALUE, ALL_REGIONS, cost);
    figures_put(f, METRIC_WAN_COST_MONTH, STATISTIC_VALUE, ALL_REGIONS, cost * months);
}
