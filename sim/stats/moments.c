/* moments.c -- Welford's recurrence (Technometrics 4, 1962), merged as Chan, Golub and LeVeque (1979) do; and
 * the area under a step function, clipped to its window change by change. */
#include "sim/stats/moments.h"

#include "sim/base/check.h"

void moments_add(struct moments *m, double value)
{
    if (m->count == 0)
        m->min = m->max = value;
    double before = value - m->mean;

    m->count++;
    m->mean += before / (double)m->count;
    m->squares += before * (value - m->mean);
    if (value < m->min)
        m->min = value;
    if (value > m->max)
        m->max = value;
}

void moments_merge(struct moments *into, const struct moments *from)
{
    if (from->count == 0)
        return;
    if (into->count == 0) {
        *into = *from;
        return;
    }
    double a = (double)into->count, b = (double)from->count, apart = from->mean - into->mean;

    into->squares += from->squares + apart * apart * (a * b / (a + b));
    into->mean += apart * (b / (a + b));
    into->count += from->count;
    if (from->min < into->min)
        into->min = from->min;
    if (from->max > into->max)
        into->max = from->max;
}

double moments_mean(const struct moments *m)
{
    CHECK(m->count > 0);
    return m->mean;
}

double moments_variance(const struct moments *m)
{
    CHECK(m->count > 1);
    return m->squares / (double)(m->count - 1);
}

void step_mean_open(struct step_mean *s, int64_t from_ns, int64_t to_ns)
{
    CHECK(from_ns >= 0 && from_ns <= to_ns);
    *s = (struct step_mean){.from_ns = from_ns, .to_ns = to_ns, .plain_ns = INT64_MIN};
}

static int64_t clip(const struct step_mean *s, int64_t time_ns)
{
    if (time_ns < s->from_ns)
        return s->from_ns;
    return time_ns > s->to_ns ? s->to_ns : time_ns;
}

static void see(struct step_mean *s)
{
    if (!s->seen || s->value > s->max)
        s->max = s->value;
    s->seen = true;
}

/* The value stood from at_ns to time_ns. */
static void advance(struct step_mean *s, int64_t time_ns)
{
    CHECK(!s->closed && time_ns >= s->at_ns);
    int64_t inside_ns = clip(s, time_ns) - clip(s, s->at_ns);

    if (inside_ns > 0) {
        s->area += (step_area)s->value * inside_ns;
        see(s);
    }
    s->at_ns = time_ns;
}

void step_mean_set_outside(struct step_mean *s, int64_t time_ns, int64_t value)
{
    advance(s, time_ns);
    s->value = value;
    if (time_ns >= s->from_ns && time_ns < s->to_ns) {
        see(s);
        s->plain_ns = s->to_ns;
    }
}

void step_mean_add(struct step_mean *s, int64_t time_ns, int64_t change)
{
    step_mean_set(s, time_ns, s->value + change);
}

void step_mean_close(struct step_mean *s, int64_t time_ns)
{
    advance(s, time_ns);
    s->to_ns = clip(s, time_ns);
    s->closed = true;
    s->plain_ns = INT64_MIN;
}

bool step_mean_empty(const struct step_mean *s)
{
    CHECK(s->closed);
    return s->to_ns == s->from_ns;
}

double step_mean_value(const struct step_mean *s)
{
    CHECK(!step_mean_empty(s));
    /* Whole part and rest apart, as both may be beyond 2^53. */
    int64_t width = s->to_ns - s->from_ns;

    return (double)(int64_t)(s->area / width) + (double)(int64_t)(s->area % width) / (double)width;
}

int64_t step_mean_max(const struct step_mean *s)
{
    CHECK(!step_mean_empty(s));
    return s->max;
}
