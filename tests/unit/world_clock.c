/* world_clock.c -- clock - true = offset + the last synchronisation's error + drift x time since it. */
#include "sim/world/clock.h"

#include <criterion/criterion.h>
#include <math.h>

static const struct distribution one_ms = {.kind = DISTRIBUTION_CONSTANT, .a = 1e6};
static const struct distribution two_ms = {.kind = DISTRIBUTION_CONSTANT, .a = -2e6};
static const struct distribution ppm_20 = {.kind = DISTRIBUTION_CONSTANT, .a = 20e-6};

static struct clock open_clock(const struct clock_def *def)
{
    struct clock c;

    clock_open(&c, def, random_key_new(1, 1, "clock"));
    return c;
}

Test(world_clock, a_true_clock_is_true)
{
    struct clock_def def = {0};
    struct clock c = open_clock(&def);

    cr_expect_eq(clock_now(&c, 0), 0);
    cr_expect_eq(clock_now(&c, 123456789), 123456789);
}

/* 1 ms ahead, and 20 us more every second. */
Test(world_clock, runs_free_without_synchronisation)
{
    struct clock_def def = {.offset = &one_ms, .drift = &ppm_20};
    struct clock c = open_clock(&def);

    cr_expect_eq(clock_now(&c, 0), SIM_MILLISECOND);
    cr_expect_eq(clock_now(&c, 10 * SIM_SECOND), 10 * SIM_SECOND + SIM_MILLISECOND + 200 * SIM_MICROSECOND);
    cr_expect_eq(clock_steady(&c, 10 * SIM_SECOND), 10 * SIM_SECOND + 200 * SIM_MICROSECOND);
}

/* Offset 1 ms stays, the error of each synchronisation is -2 ms, drift is taken back: between two of them the
 * clock goes from -1 ms to -1 ms + 20e-6 x 10 s = -0.8 ms. */
Test(world_clock, a_synchronisation_takes_back_drift_and_may_set_the_clock_back)
{
    struct clock_def def = {
        .offset = &one_ms, .drift = &ppm_20, .sync_every_ns = 10 * SIM_SECOND, .sync_error = &two_ms};
    struct clock c = open_clock(&def);
    sim_ns least = SIM_NS_NEVER, most = -SIM_NS_NEVER, phase = c.phase_ns;
    int backwards = 0;

    for (sim_ns t = 0; t < 100 * SIM_SECOND; t += SIM_MILLISECOND) {
        sim_ns error = clock_now(&c, t) - t;
        backwards += t > 0 && error < clock_now(&c, t - SIM_MILLISECOND) - (t - SIM_MILLISECOND);
        least = error < least ? error : least;
        most = error > most ? error : most;
    }
    cr_expect(phase >= 0 && phase < 10 * SIM_SECOND);
    cr_expect(least >= -SIM_MILLISECOND && least < -SIM_MILLISECOND + 100, "%lld", (long long)least);
    cr_expect(most <= -800 * SIM_MICROSECOND && most > -801 * SIM_MICROSECOND, "%lld", (long long)most);
    cr_expect_eq(backwards, 10);
}

Test(world_clock, a_step_lasts_until_the_next_synchronisation)
{
    struct clock_def def = {.sync_every_ns = 10 * SIM_SECOND};
    struct clock c = open_clock(&def);
    sim_ns at = c.phase_ns + 10 * SIM_SECOND + 1;

    clock_step(&c, at, -500 * SIM_MILLISECOND);
    cr_expect_eq(clock_now(&c, at), at - 500 * SIM_MILLISECOND);
    cr_expect_eq(clock_now(&c, at + 9 * SIM_SECOND), at + 9 * SIM_SECOND - 500 * SIM_MILLISECOND);
    cr_expect_eq(clock_now(&c, at + 10 * SIM_SECOND), at + 10 * SIM_SECOND);
}

Test(world_clock, draws_are_cut_so_that_the_uncertainty_holds)
{
    struct distribution wide = {.kind = DISTRIBUTION_NORMAL, .b = 100e6};
    struct clock_def def = {.offset = &wide,
                            .sync_every_ns = SIM_SECOND,
                            .sync_error = &wide,
                            .has_uncertainty = true,
                            .uncertainty_ns = 4 * SIM_MILLISECOND,
                            .cut_offset = true,
                            .cut_error = true};
    struct clock c = open_clock(&def);
    bool differs = false;

    for (sim_ns t = 0; t < 50 * SIM_SECOND; t += 100 * SIM_MILLISECOND) {
        cr_expect_leq(llabs(clock_now(&c, t) - t), 4 * SIM_MILLISECOND);
        differs |= clock_now(&c, t) - t != clock_now(&c, 0);
    }
    cr_expect(differs);
}
