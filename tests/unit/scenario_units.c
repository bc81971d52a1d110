/* scenario_units.c -- quantities as users write them: exact values, and what is said of the others. */
#include "sim/scenario/units.h"

#include <criterion/criterion.h>

Test(scenario_units, every_unit_has_its_exact_value)
{
    static const struct {
        enum quantity quantity;
        const char *text;
        double value;
    } table[] = {
        {QUANTITY_TIME, "0", 0},
        {QUANTITY_TIME, "1ns", 1},
        {QUANTITY_TIME, "250us", 250e3},
        {QUANTITY_TIME, "250µs", 250e3},
        {QUANTITY_TIME, "80ms", 80e6},
        {QUANTITY_TIME, "80.1ms", 80100000},
        {QUANTITY_TIME, "1.5s", 1.5e9},
        {QUANTITY_TIME, "60s", 60e9},
        {QUANTITY_TIME, "2m", 120e9},
        {QUANTITY_TIME, "1h30m", 5400e9},
        {QUANTITY_TIME, "1m30s", 90e9},
        {QUANTITY_TIME, "1m 30s", 90e9},
        {QUANTITY_TIME, "2d", 172800e9},
        {QUANTITY_TIME, "0.000001ms", 1},
        {QUANTITY_TIME, "1e3ms", 1e9},
        {QUANTITY_TIME, "80 ms", 80e6},
        {QUANTITY_TIME, "+3s", 3e9},
        {QUANTITY_TIME, "149.264ms", 149264000},
        {QUANTITY_BYTES, "512B", 512},
        {QUANTITY_BYTES, "2KB", 2000},
        {QUANTITY_BYTES, "4KiB", 4096},
        {QUANTITY_BYTES, "1MB", 1e6},
        {QUANTITY_BYTES, "1MiB", 1048576},
        {QUANTITY_BYTES, "1GB", 1e9},
        {QUANTITY_BYTES, "1GiB", 1073741824},
        {QUANTITY_BYTES, "2TB", 2e12},
        {QUANTITY_RATE, "100/s", 100},
        {QUANTITY_RATE, "6/m", 0.1},
        {QUANTITY_RATE, "36/h", 0.01},
        {QUANTITY_BANDWIDTH, "1bps", 1},
        {QUANTITY_BANDWIDTH, "64Kbps", 64e3},
        {QUANTITY_BANDWIDTH, "10Mbps", 1e7},
        {QUANTITY_BANDWIDTH, "1Gbps", 1e9},
        {QUANTITY_SHARE, "0.1%", 0.001},
        {QUANTITY_SHARE, "0.001", 0.001},
        {QUANTITY_SHARE, "100%", 1},
        {QUANTITY_SHARE, "1", 1},
        {QUANTITY_FREQUENCY, "20ppm", 20e-6},
        {QUANTITY_FREQUENCY, "50ppb", 50e-9},
        {QUANTITY_PRICE, "0.02 USD/GB", 0.02e-9},
        {QUANTITY_PRICE, "0.02USD/GB", 0.02e-9},
        {QUANTITY_PRICE, "0", 0},
        {QUANTITY_NUMBER, "0.99", 0.99},
        {QUANTITY_NUMBER, ".5", 0.5},
        {QUANTITY_NUMBER, "1e3", 1000},
    };
    char why[QUANTITY_WHY_BYTES] = "";
    double value;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        cr_expect(quantity_read(table[i].quantity, table[i].text, false, &value, why), "%s: %s",
                  table[i].text, why);
        cr_expect_eq(value, table[i].value, "%s is %.17g", table[i].text, value);
    }
}

Test(scenario_units, what_is_below_zero_is_taken_only_where_it_makes_sense)
{
    char why[QUANTITY_WHY_BYTES];
    double value;

    cr_assert(quantity_read(QUANTITY_TIME, "-500ms", true, &value, why));
    cr_assert_eq(value, -500e6);
    cr_assert(quantity_read(QUANTITY_TIME, "-1m30s", true, &value, why));
    cr_assert_eq(value, -90e9);
    cr_assert_not(quantity_read(QUANTITY_TIME, "-500ms", false, &value, why));
    cr_assert(quantity_read(QUANTITY_TIME, "-0", false, &value, why));
    cr_assert_eq(value, 0);
}

Test(scenario_units, what_is_wrong_is_said_with_what_would_be_right)
{
    static const struct {
        enum quantity quantity;
        const char *text, *why;
    } table[] = {
        {QUANTITY_TIME, "80", "`80` has no unit: write a time such as 80ms, 1.5s or 2m"},
        {QUANTITY_TIME, "", "nothing is given here; write a time such as 80ms, 1.5s or 2m"},
        {QUANTITY_TIME, "ms", "`ms` is not a time; write it as 80ms, 1.5s or 2m"},
        {QUANTITY_TIME, "1..5s", "`1..5s` has no unit: write a time such as 80ms, 1.5s or 2m"},
        {QUANTITY_TIME, "80Ms", "`80Ms`: there is no unit `Ms`; did you mean `ms`?"},
        {QUANTITY_TIME, "80KB", "`80KB`: `KB` is no unit of a time; write a time such as 80ms, 1.5s or 2m"},
        {QUANTITY_TIME, "1m1h", "`1m1h`: the parts of a time go from large to small, as in 1h30m"},
        {QUANTITY_TIME, "1s1s", "`1s1s`: the parts of a time go from large to small, as in 1h30m"},
        {QUANTITY_TIME, "--1s", "`--1s` is not a time; write it as 80ms, 1.5s or 2m"},
        {QUANTITY_TIME, "1s-1ms", "`1s-1ms` is not a time; write it as 80ms, 1.5s or 2m"},
        {QUANTITY_TIME, ".nan", "`.nan` is not a finite number; write a time such as 80ms, 1.5s or 2m"},
        {QUANTITY_TIME, "-inf", "`-inf` is not a finite number; write a time such as 80ms, 1.5s or 2m"},
        {QUANTITY_TIME, "1e999s", "`1e999s` is absurd: more than 100 years"},
        {QUANTITY_TIME, "36526d", "`36526d` is absurd: more than 100 years"},
        {QUANTITY_SHARE, "101%", "`101%` is more than all; a share is between 0% and 100%"},
        {QUANTITY_SHARE, "1%%", "`1%%`: `%%` is no unit of a share; write a share such as 0.1% or 0.001"},
        {QUANTITY_RATE, "100", "`100` has no unit: write a rate such as 100/s, 5/m or 1/h"},
        {QUANTITY_BYTES, "1kb", "`1kb`: there is no unit `kb`; did you mean `KB`?"},
        {QUANTITY_FREQUENCY, "200000ppm", "`200000ppm` is absurd: more than 100000ppm"},
        {QUANTITY_PRICE, "0.02", "`0.02` has no unit: write a price such as 0.02 USD/GB"},
        {QUANTITY_NUMBER, "3s", "`3s`: `s` is no unit of a number; write a number such as 2 or 0.5"},
        {QUANTITY_NUMBER, "0x10", "`0x10`: `x10` is no unit of a number; write a number such as 2 or 0.5"},
    };
    char why[QUANTITY_WHY_BYTES];
    double value;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        cr_expect_not(quantity_read(table[i].quantity, table[i].text, false, &value, why), "%s",
                      table[i].text);
        cr_expect_str_eq(why, table[i].why);
    }
}

Test(scenario_units, whole_numbers_are_digits)
{
    char why[QUANTITY_WHY_BYTES];
    uint64_t value;

    cr_assert(whole_read("18446744073709551615", &value, why));
    cr_assert_eq(value, UINT64_MAX);
    cr_assert_not(whole_read("18446744073709551616", &value, why));
    cr_assert_str_eq(why, "`18446744073709551616` is absurd: it does not fit into 64 bits");
    cr_assert_not(whole_read("1e3", &value, why));
    cr_assert_not(whole_read("0x10", &value, why));
    cr_assert_not(whole_read("-3", &value, why));
    cr_assert_str_eq(why, "`-3` is negative; write a whole number such as 3");
}
