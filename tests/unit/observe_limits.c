/* observe_limits.c -- what the ledger costs when nothing goes on, when much is held up, and past its bound.
 */
#include "sim/observe/figures.h"
#include "sim/observe/ledger.h"
#include "tests/unit/observe_story.h"

static struct story s;

/* A thousand writes to one key that are everywhere at once: nothing is left but what one write needs. */
Test(observe_limits, what_is_applied_everywhere_is_let_go)
{
    struct keys keys;
    struct ledger l;

    story_begin(&s, &(struct story_def){.regions = 2});
    keys_open(&keys, s.setting.key_count, 0);
    ledger_open(&l, &s.setting, &keys);
    for (uint64_t i = 1; i <= 1000; i++) {
        uint64_t op = i << 8;
        struct history_record r = {
            .time = (sim_ns)i, .op = op, .key = 3, .kind = HISTORY_TAKE, .take = {.stamp = (int64_t)i}};
        ledger_at(&l, &r, 10 * i);
        cr_assert(ledger_take(&l, &r, (struct take_origin){.begin_position = 10 * i - 1}));
        for (uint32_t node = 0; node < 2; node++) {
            struct history_record at = {.time = (sim_ns)i,
                                        .key = 3,
                                        .node = node,
                                        .kind = HISTORY_STORE,
                                        .store = {.stamp = (int64_t)i, .write = op, .kept = true}};
            ledger_at(&l, &at, 10 * i + 1 + node);
            ledger_store(&l, &at, ledger_find(&l, at.store.write));
        }
        ledger_end(&l, ledger_find(&l, op), true, false);
        cr_assert_not_null(ledger_entry(&l, 3));
        ledger_retire(&l, 5); /* an old read is open: it may still miss it */
        cr_assert_not_null(ledger_entry(&l, 3));
        ledger_retire(&l, UINT64_MAX);
        cr_assert_null(ledger_entry(&l, 3));
    }
    cr_assert_eq(l.live, 0u);
    cr_assert_eq(l.retired, 1000u);
    cr_assert_eq(l.entries.count, 1u);
    cr_assert_eq(l.writes_free.count, 1u);
    ledger_close(&l);
    keys_close(&keys);
    story_free(&s);
}

Test(observe_limits, past_the_bound_it_says_so)
{
    struct keys keys;
    struct ledger l;

    story_begin(&s, &(struct story_def){.regions = 2});
    keys_open(&keys, s.setting.key_count, 0);
    ledger_open(&l, &s.setting, &keys);
    l.live_most = 10;
    for (uint64_t i = 1; i <= 11; i++) {
        struct history_record r = {
            .op = i << 8, .key = i, .kind = HISTORY_TAKE, .take = {.stamp = (int64_t)i}};
        cr_assert_not(l.overflowed);
        ledger_at(&l, &r, i);
        ledger_take(&l, &r, (struct take_origin){.begin_position = i - 1});
    }
    cr_assert(l.overflowed);
    cr_assert_eq(l.live, 10u);
    ledger_close(&l);
    keys_close(&keys);
    story_free(&s);
}

/* Where a disk may be lost, writes stay while there is room; a disk that is lost after that leaves figures
 * undecided. */
Test(observe_limits, a_disk_lost_after_writes_retired_is_undecided)
{
    for (int room = 0; room < 2; room++) {
        struct keys keys;
        struct ledger l;
        story_begin(&s, &(struct story_def){.regions = 2, .may_lose = true});
        keys_open(&keys, s.setting.key_count, 0);
        ledger_open(&l, &s.setting, &keys);
        l.keep_most = room ? 10 : 0;
        struct history_record r = {.op = 256, .key = 3, .kind = HISTORY_TAKE, .take = {.stamp = 1}};
        ledger_at(&l, &r, 2);
        ledger_take(&l, &r, (struct take_origin){.begin_position = 1});
        for (uint32_t node = 0; node < 2; node++) {
            struct history_record at = {
                .key = 3, .node = node, .kind = HISTORY_STORE, .store = {.stamp = 1, .write = 256}};
            ledger_at(&l, &at, 3 + node);
            ledger_store(&l, &at, ledger_find(&l, at.store.write));
        }
        ledger_end(&l, ledger_find(&l, 256), true, false);
        ledger_retire(&l, UINT64_MAX);
        cr_assert_eq(ledger_entry(&l, 3) != NULL, room != 0);
        struct history_record down = {.kind = HISTORY_DOWN, .node = 1, .down = {.lose = LOSE_DISK}};
        ledger_down(&l, &down, false, LEDGER_NO_FAULT);
        cr_assert_eq(l.overflowed, room == 0);
        ledger_close(&l);
        keys_close(&keys);
        story_free(&s);
    }
}

static void stored(struct ledger *l, uint64_t position, uint32_t node, int64_t stamp)
{
    struct history_record r = {.key = 3,
                               .node = node,
                               .kind = HISTORY_STORE,
                               .store = {.stamp = stamp, .write = (uint64_t)stamp << 8, .kept = true}};

    ledger_at(l, &r, position);
    ledger_store(l, &r, ledger_find(l, r.store.write));
}

/* Replicas of a key without live writes come to hold different versions where a write was not entered: that
 * is known until they hold the same again, and then kept once. */
Test(observe_limits, versions_that_differ_are_kept_until_they_do_not)
{
    struct keys keys;
    struct ledger l;

    story_begin(&s, &(struct story_def){.regions = 2});
    keys_open(&keys, s.setting.key_count, 0);
    ledger_open(&l, &s.setting, &keys);
    stored(&l, 1, 0, 7);
    cr_assert_not_null(ledger_entry(&l, 3));
    cr_expect_eq(ledger_entry(&l, 3)->rows[0].version.stamp, 7);
    cr_expect_eq(ledger_entry(&l, 3)->rows[1].version.stamp, 0);
    stored(&l, 2, 1, 5); /* another, and older */
    cr_assert_not_null(ledger_entry(&l, 3));
    stored(&l, 3, 1, 7);
    cr_assert_null(ledger_entry(&l, 3));
    cr_expect_eq(keys.records[3].held.stamp, 7);
    stored(&l, 4, 0, 6); /* refused */
    cr_assert_null(ledger_entry(&l, 3));

    /* A write taken below what they hold is reflected everywhere at once, one above nowhere yet. */
    for (int64_t stamp = 6; stamp <= 8; stamp += 2) {
        struct history_record take = {
            .op = (uint64_t)stamp << 8, .key = 3, .kind = HISTORY_TAKE, .take = {.stamp = stamp}};
        ledger_at(&l, &take, 10 + (uint64_t)stamp);
        cr_assert(ledger_take(&l, &take, (struct take_origin){.begin_position = 9}));
        cr_expect_eq(ledger_find(&l, take.op)->unapplied, stamp == 6 ? 0u : 2u);
    }
    ledger_close(&l);
    keys_close(&keys);
    story_free(&s);
}

Test(observe_limits, undecided_figures_have_no_value)
{
    struct figure_list *list = figure_list_new();

    figures_put_undecided(list, METRIC_CONFLICTS);
    figures_put(list, METRIC_CONFLICTS, STATISTIC_VALUE, ALL_REGIONS, 7);
    struct trial_figures *f = figure_list_end(list);
    cr_assert_eq(f->scalar_count, 2u); /* value and per_write */
    cr_assert(f->scalars[0].undecided && f->scalars[1].undecided);
    trial_figures_free(f);
}
