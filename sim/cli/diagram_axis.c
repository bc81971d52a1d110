/* diagram_axis.c -- see diagram_axis.h. */
#include "sim/cli/diagram_axis.h"

#include <stdlib.h>

/* Ticks stand at least this far from each other. */
#define TICK_PX 38.0

static sim_ns nice_tick(double px_per_ns)
{
    static const sim_ns steps[] = {1, 2, 5};
    sim_ns power = 1;

    for (;;) {
        for (size_t i = 0; i < 3; i++)
            if ((double)(steps[i] * power) * px_per_ns >= TICK_PX)
                return steps[i] * power;
        if (power >= SIM_NS_NEVER / 100)
            return power;
        power *= 10;
    }
}

static void add(struct axis *a, sim_ns time, double y)
{
    struct axis_knot *knot = array_add(&a->knots);

    *knot = (struct axis_knot){.time = time, .y = y};
}

void axis_open_plain(struct axis *a, sim_ns from, sim_ns to, double top, double height)
{
    *a = (struct axis){.px_per_ns = height / (double)(to > from ? to - from : 1)};
    add(a, from, top);
    add(a, to > from ? to : from + 1, top + height);
    a->tick_ns = nice_tick(a->px_per_ns);
}

static int by_time(const void *left, const void *right)
{
    sim_ns a = *(const sim_ns *)left, b = *(const sim_ns *)right;

    return a < b ? -1 : a > b;
}

void axis_open_broken(struct axis *a, sim_ns *instants, size_t count, double top, double px_per_ns,
                      double stretch_most)
{
    double y = top;

    *a = (struct axis){.px_per_ns = px_per_ns, .tick_ns = nice_tick(px_per_ns)};
    qsort(instants, count, sizeof *instants, by_time);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && instants[i] == instants[i - 1])
            continue;
        if (a->knots.count > 0) {
            struct axis_knot *last = &a->knots.items[a->knots.count - 1];
            double px = (double)(instants[i] - last->time) * px_per_ns;
            last->broken = px > stretch_most;
            y += last->broken ? AXIS_BREAK : px;
        }
        add(a, instants[i], y);
    }
    if (a->knots.count == 0)
        add(a, 0, y);
    if (a->knots.count == 1)
        add(a, a->knots.items[0].time + 1, y + 1);
}

void axis_close(struct axis *a)
{
    array_free(&a->knots);
}

/* The knot whose stretch `time` falls into. */
static size_t stretch_of(const struct axis *a, sim_ns time)
{
    size_t low = 0, high = a->knots.count - 1;

    while (low + 1 < high) {
        size_t middle = (low + high) / 2;
        if (a->knots.items[middle].time <= time)
            low = middle;
        else
            high = middle;
    }
    return low;
}

double axis_y(const struct axis *a, sim_ns time)
{
    const struct axis_knot *first = &a->knots.items[0], *last = &a->knots.items[a->knots.count - 1];

    if (time <= first->time)
        return first->y;
    if (time >= last->time)
        return last->y;
    const struct axis_knot *k = &a->knots.items[stretch_of(a, time)];
    return k[0].y + (k[1].y - k[0].y) * (double)(time - k[0].time) / (double)(k[1].time - k[0].time);
}

double axis_bottom(const struct axis *a)
{
    return a->knots.items[a->knots.count - 1].y;
}

sim_ns axis_tick(const struct axis *a, sim_ns time)
{
    sim_ns rest = time % a->tick_ns;

    return rest == 0 ? time : time - rest + a->tick_ns;
}

bool axis_is_cut(const struct axis *a, sim_ns time)
{
    const struct axis_knot *k = &a->knots.items[stretch_of(a, time)];

    return k->broken && time > k[0].time && time < k[1].time;
}

int axis_decimals(const struct axis *a)
{
    int decimals = 0;

    for (sim_ns unit = SIM_SECOND; unit > 1 && a->tick_ns % unit != 0; unit /= 10)
        decimals++;
    return decimals;
}
