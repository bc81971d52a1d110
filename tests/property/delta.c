/* delta.c -- delta-atomicity by hand, and against an exhaustive search over orders and shifts. */
#include "sim/observe/delta.h"

#include "sim/base/hash.h"

#include <criterion/criterion.h>

enum { OPS_MOST = 7 };

struct op {
    bool is_write;
    uint64_t write; /* that it writes, or returns; 0: the initial value */
    sim_ns begin, end;
};

/* False: a read of a write that is new to it, or was let go of. */
static bool tell(struct delta *d, const struct op *op)
{
    if (!op->is_write)
        return delta_read(d, 5, op->write, op->begin, op->end);
    delta_write(d, 5, op->write, op->begin, op->end);
    return true;
}

static int64_t delta_by_zones(const struct op *ops, int count)
{
    struct delta d;
    struct histogram h = {0};

    struct keys keys;

    keys_open(&keys, 6, 0);
    delta_open(&d, &keys);
    for (int i = 0; i < count; i++)
        tell(&d, &ops[i]);
    cr_assert(delta_finish(&d, &h));
    cr_assert_eq(histogram_count(&h), 1);
    int64_t delta = histogram_max(&h);
    histogram_free(&h);
    delta_close(&d);
    keys_close(&keys);
    return delta;
}

/* Is there an order of what is left that respects time (with reads beginning earlier by `delta`) and values?
 * A write without an end may also never happen, but then nobody read it, and it may as well come last. */
static bool goes_on(const struct op *ops, int count, unsigned left, uint64_t value, sim_ns delta)
{
    if (left == 0)
        return true;
    for (int i = 0; i < count; i++) {
        bool first = (left >> i & 1) != 0 && (ops[i].is_write || ops[i].write == value);
        sim_ns begin = ops[i].begin - (ops[i].is_write ? 0 : delta);
        for (int j = 0; j < count && first; j++)
            first = (left >> j & 1) == 0 || j == i || ops[j].end >= begin;
        if (first && goes_on(ops, count, left & ~(1u << i), ops[i].is_write ? ops[i].write : value, delta))
            return true;
    }
    return false;
}

static int64_t delta_by_search(const struct op *ops, int count)
{
    sim_ns delta = 0;

    while (!goes_on(ops, count, (1u << count) - 1, 0, delta)) {
        cr_assert_lt(delta, 1000, "no shift makes it linearizable");
        delta++;
    }
    return delta;
}

Test(delta, a_read_of_what_was_overwritten_costs_the_time_since)
{
    const struct op stale[] = {{true, 1, 0, 10}, {true, 2, 20, 30}, {false, 1, 50, 60}};
    const struct op fresh[] = {{true, 1, 0, 10}, {true, 2, 20, 30}, {false, 2, 50, 60}};

    cr_expect_eq(delta_by_zones(stale, 3), 20); /* to begin at 30, as the second write ends */
    cr_expect_eq(delta_by_zones(fresh, 3), 0);
}

Test(delta, two_reads_that_turn_an_open_write_round_cost_the_time_between_them)
{
    const struct op ops[] = {{true, 1, 0, 100}, {false, 1, 10, 20}, {false, 0, 35, 40}};

    cr_expect_eq(delta_by_zones(ops, 3), 15); /* the older read would have to begin at 20 */
}

Test(delta, a_failed_write_that_somebody_read_may_have_happened)
{
    const struct op ops[] = {{true, 1, 0, SIM_NS_NEVER}, {false, 0, 50, 60}, {false, 1, 70, 80}};

    cr_expect_eq(delta_by_zones(ops, 3), 0);
    cr_expect_eq(delta_by_zones(ops, 1), 0);
}

static uint64_t luck(uint64_t *state, uint64_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % below;
}

/* Up to 7 operations within 30 ns, so that all sorts of overlap come; a read returns the initial value or a
 * write that has begun before it ends. */
Test(delta, agrees_with_a_search_over_all_orders)
{
    uint64_t state = 20261123;
    int shifted = 0;

    for (int round = 0; round < 20000; round++) {
        struct op ops[OPS_MOST];
        int count = 2 + (int)luck(&state, OPS_MOST - 1), writes = 1 + (int)luck(&state, 3);
        for (int i = 0; i < count; i++) {
            ops[i].begin = (sim_ns)luck(&state, 30);
            ops[i].end = ops[i].begin + 1 + (sim_ns)luck(&state, 12);
            ops[i].is_write = i < writes;
            ops[i].write =
                i < writes ? (uint64_t)i + 1 : luck(&state, (uint64_t)(writes < count ? writes : count) + 1);
            if (i < writes && luck(&state, 6) == 0)
                ops[i].end = SIM_NS_NEVER;
            if (i >= writes && ops[i].write != 0 && ops[ops[i].write - 1].begin > ops[i].end)
                ops[i].write = 0;
        }
        int64_t zones = delta_by_zones(ops, count), search = delta_by_search(ops, count);
        shifted += search > 0;
        cr_assert_eq(zones, search, "round %d: %lld by zones, %lld by search", round, (long long)zones,
                     (long long)search);
    }
    cr_expect_gt(shifted, 2000);
    cr_expect_lt(shifted, 18000);
}

/* Long histories of one key, with what is over told as soon as it is: the same delta, and little is kept. A
 * read returns one of the last few writes, and now and then an old one, until it is over for good. */
Test(delta, what_is_let_go_of_changes_nothing)
{
    enum { LONG = 3000, BACK = 6 };
    static struct op ops[LONG];
    size_t most = 0, stale = 0;

    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct keys keys_all, keys_some;
        struct delta all, some;
        struct histogram of_all = {0}, of_some = {0};
        uint64_t luck = seed, writes = 0, oldest_later[LONG + 1];

        for (int i = 0; i < LONG; i++) {
            uint64_t back = (luck = hash_mix(luck)) % BACK;
            back = (luck >> 20) % 200 == 0 ? back * 4 : back / 3;
            ops[i] =
                (struct op){.is_write = (luck >> 40) % 3 == 0, .begin = i * 10 - (sim_ns)((luck >> 30) % 40)};
            ops[i].end = i * 10 + 5;
            ops[i].write = ops[i].is_write ? ++writes : writes > back ? writes - back : 0;
            stale += !ops[i].is_write && back > 2;
        }
        oldest_later[LONG] = UINT64_MAX;
        for (int i = LONG; i-- > 0;)
            oldest_later[i] =
                !ops[i].is_write && ops[i].write < oldest_later[i + 1] ? ops[i].write : oldest_later[i + 1];
        keys_open(&keys_all, 6, 0);
        keys_open(&keys_some, 6, 0);
        delta_open(&all, &keys_all);
        delta_open(&some, &keys_some);
        for (int i = 0, told = 0; i < LONG; i++) {
            tell(&all, &ops[i]);
            cr_assert((!ops[i].is_write && delta_read_newest(&some, 5, ops[i].write, ops[i].begin)) ||
                      tell(&some, &ops[i]));
            for (; told <= i && (!ops[told].is_write || ops[told].write <= oldest_later[i + 1]); told++)
                if (ops[told].is_write)
                    delta_over(&some, 5, (int64_t)ops[told].write, ops[told].write);
            size_t kept = some.cluster_count;
            most = kept > most ? kept : most;
        }
        cr_assert(delta_finish(&all, &of_all) && delta_finish(&some, &of_some));
        cr_assert_eq(histogram_max(&of_all), histogram_max(&of_some), "seed %d", (int)seed);
        cr_assert_eq(histogram_count(&of_some), 1);
        histogram_free(&of_all);
        histogram_free(&of_some);
        delta_close(&all);
        delta_close(&some);
        keys_close(&keys_all);
        keys_close(&keys_some);
    }
    cr_expect(most < 200 && stale > 1000, "%zu kept at most, %zu stale reads", most, stale);
}
