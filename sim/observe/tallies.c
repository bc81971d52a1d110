/* tallies.c -- see tallies.h. */
#include "sim/observe/tallies.h"

#include "sim/model/model.h"

void tallies_open(struct tallies *t, const struct history_setting *s)
{
    *t = (struct tallies){.setting = s};
    if (s->data == GEO_COUNTER)
        t->sold = memory_new(s->key_count, sizeof *t->sold);
}

void tallies_close(struct tallies *t)
{
    free(t->sold);
}

uint64_t tallies_bytes(const struct history_setting *s)
{
    return s->data == GEO_COUNTER ? s->key_count * sizeof(int64_t) : 0;
}

void tallies_begin(struct tallies *t, const struct operation *op)
{
    t->any_decrement |= op->kind == GEO_DECREMENT;
}

static bool changes_again(uint8_t kind, uint8_t data, bool same_identity)
{
    switch (kind) {
    case GEO_INCREMENT:
    case GEO_DECREMENT:
    case GEO_UPDATE:
        return true;
    case GEO_WRITE:
        return data == GEO_COUNTER || (data == GEO_SET && !same_identity);
    default:
        return false;
    }
}

void tallies_take(struct tallies *t, const struct history_record *r, struct operation *op, bool again,
                  bool in_window)
{
    bool second = again;

    if (op != NULL) {
        second |= op->taken > 0;
        op->taken = (uint8_t)(op->taken + (op->taken < UINT8_MAX));
    }
    if (second && in_window && changes_again(r->take.op_kind, t->setting->data, again))
        t->duplicates++;
}

void tallies_wrote(struct tallies *t, const struct operation *op, const struct history_record *r)
{
    if (r->end.outcome != OUTCOME_OK || t->sold == NULL)
        return;
    if (op->kind == GEO_DECREMENT)
        t->sold[op->key] += op->amount;
    else
        t->sold[op->key] -=
            op->kind == GEO_INCREMENT ? op->amount : op->kind == GEO_WRITE || op->kind == GEO_UPDATE;
}

void tallies_count(struct tallies *t, const struct history_record *r)
{
    if (r->time < t->setting->warmup || r->time >= t->setting->duration)
        return;
    switch (r->count.counter) {
    case GEO_DEAD_LETTERS:
        t->dead_letters += r->count.by;
        break;
    case GEO_THROTTLES:
        t->throttled += r->count.by;
        break;
    case GEO_SIBLINGS:
        if (r->count.by > t->siblings)
            t->siblings = r->count.by;
        break;
    default:
        break;
    }
}

static double oversold(const struct tallies *t)
{
    int64_t sum = 0;

    for (uint64_t key = 0; key < t->setting->key_count; key++)
        if (t->sold[key] > t->setting->initial)
            sum += t->sold[key] - t->setting->initial;
    return (double)sum;
}

void tallies_put(const struct tallies *t, struct figure_list *f)
{
    if (t->sold != NULL && t->any_decrement)
        figures_put(f, METRIC_OVERSOLD, STATISTIC_VALUE, ALL_REGIONS, oversold(t));
    if (t->any_read)
        figures_put(f, METRIC_SIBLINGS, STATISTIC_MAX, ALL_REGIONS, (double)t->siblings);
    figures_put(f, METRIC_DUPLICATES_APPLIED, STATISTIC_VALUE, ALL_REGIONS, (double)t->duplicates);
    figures_put(f, METRIC_DEAD_LETTERS, STATISTIC_VALUE, ALL_REGIONS, (double)t->dead_letters);
    figures_put(f, METRIC_THROTTLED, STATISTIC_VALUE, ALL_REGIONS, (double)t->throttled);
}
