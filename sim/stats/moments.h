/* moments.h -- mean and variance of a stream of doubles, and mean over time and maximum of a step
 * function. */
#ifndef GEOREP_STATS_MOMENTS_H
#define GEOREP_STATS_MOMENTS_H

#include <stdbool.h>
#include <stdint.h>

/* Count, mean and variance in constant memory; zeroed is empty. The order of adding and merging shows in the
 * last bits: keep it fixed. */
struct moments {
    uint64_t count;
    double mean, squares; /* squares: the sum of squared differences from the mean */
    double min, max;
};

void moments_add(struct moments *m, double value);
void moments_merge(struct moments *into, const struct moments *from);
double moments_mean(const struct moments *m);     /* count > 0 */
double moments_variance(const struct moments *m); /* of the sample, by count - 1; count > 1 */

__extension__ typedef __int128 step_area;

/* A whole-numbered quantity that holds its value until it changes (a backlog, in operations or bytes),
 * followed over the window [from_ns, to_ns). Changes before the window carry into it; what is later is left
 * out. Exact: the area is summed in 128 bits. Its fields are private to the functions. */
struct step_mean {
    int64_t at_ns, plain_ns; /* plain: what is set before is simple; see step_mean_set */
    int64_t value, max;
    step_area area;
    int64_t from_ns, to_ns;
    bool closed, seen;
};

/* Starts at 0 at time 0. from_ns <= to_ns. */
void step_mean_open(struct step_mean *s, int64_t from_ns, int64_t to_ns);

void step_mean_set_outside(struct step_mean *s, int64_t time_ns, int64_t value); /* the same, slower */

/* The value from time_ns on. Times never go back. Once a value was seen inside the window, the one that
 * stands has been until the window ends. */
static inline void step_mean_set(struct step_mean *s, int64_t time_ns, int64_t value)
{
    if (time_ns >= s->plain_ns || time_ns < s->at_ns) {
        step_mean_set_outside(s, time_ns, value);
        return;
    }
    s->area += (step_area)s->value * (time_ns - s->at_ns);
    s->at_ns = time_ns;
    s->value = value;
    if (value > s->max)
        s->max = value;
}
void step_mean_add(struct step_mean *s, int64_t time_ns, int64_t change);

/* Ends the window, at time_ns if that is before its end. Nothing may be set after. */
void step_mean_close(struct step_mean *s, int64_t time_ns);

/* After the close. Empty: the run ended before the window began, and there is no mean and no maximum. The
 * maximum is over every value that stood in the window, if only for an instant between two changes of the
 * same time. */
bool step_mean_empty(const struct step_mean *s);
double step_mean_value(const struct step_mean *s);
int64_t step_mean_max(const struct step_mean *s);

#endif
