/* check_live.c -- the checks of a live history, record by record: canaries that each must catch. */
#include "sim/base/hash.h"
#include "sim/observe/check.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint16_t node_region[] = {0, 1, 2};
static const uint32_t first_node[] = {0, 1, 2}, node_count[] = {1, 1, 1};
static const char *const names[] = {"a", "b", "c"};
static const struct history_fault faults[] = {
    {.name = "apart", .kind = FAULT_PARTITION, .begin = 5, .end = SIM_NS_NEVER}};

struct stage {
    struct history_setting setting;
    struct history *history;
    struct checks *checks;
    sim_ns time;
};

static struct stage stage_new(uint8_t data, bool by_merge)
{
    static struct history_setting setting;
    struct stage s = {0};

    setting = (struct history_setting){
        .region_count = 3,
        .node_count = 3,
        .region_names = names,
        .node_region = node_region,
        .region_first_node = first_node,
        .region_node_count = node_count,
        .placement = PLACEMENT_PER_REGION,
        .data = data,
        .by_merge = by_merge,
        .key_count = 4,
        .initial = 100,
        .duration = 1000,
        .limit = 1000,
        .faults = faults,
        .fault_count = 1,
    };
    s.history = history_new();
    s.checks = checks_new(&setting, s.history);
    return s;
}

static void note(struct stage *s, struct history_record r)
{
    r.time = ++s->time;
    history_append(s->history, &r);
}

static void begin(struct stage *s, uint64_t op, uint64_t key, uint32_t session, uint8_t kind)
{
    note(s, (struct history_record){.kind = HISTORY_BEGIN,
                                    .op = op << 8,
                                    .key = key,
                                    .begin = {.session = session, .op_kind = kind, .amount = 1}});
}

static void end(struct stage *s, uint64_t op, uint64_t key, uint8_t outcome, uint64_t write, int64_t number)
{
    note(s, (struct history_record){.kind = HISTORY_END,
                                    .op = op << 8,
                                    .key = key,
                                    .end = {.outcome = outcome, .write = write << 8, .number = number}});
}

static void store(struct stage *s, uint32_t node, int64_t stamp, uint64_t write, uint64_t digest)
{
    note(s,
         (struct history_record){.kind = HISTORY_STORE,
                                 .op = write,
                                 .key = 1,
                                 .node = node,
                                 .store = {.stamp = stamp, .write = write, .digest = digest, .kept = true}});
}

static struct check_verdict verdict(const struct stage *s, enum geo_check check)
{
    struct check_verdict v;

    checks_verdict(s->checks, check, &v);
    return v;
}

static void stage_free(struct stage *s)
{
    checks_free(s->checks);
    history_free(s->history);
}

static void write_and_read(struct stage *s, uint8_t outcome, uint64_t read)
{
    begin(s, 1, 1, 0, GEO_WRITE);
    end(s, 1, 1, outcome, 0, 0);
    begin(s, 2, 1, 1, GEO_READ);
    end(s, 2, 1, OUTCOME_OK, read, 0);
    checks_finish(s->checks);
}

Test(check_live, a_write_that_was_refused_or_timed_out_may_be_read_or_not)
{
    static const uint8_t outcomes[] = {OUTCOME_REFUSED, OUTCOME_TIMEOUT, OUTCOME_THROTTLED, OUTCOME_OPEN};

    for (size_t i = 0; i < sizeof outcomes; i++)
        for (uint64_t read = 0; read <= 1; read++) {
            struct stage s = stage_new(GEO_REGISTER, false);
            write_and_read(&s, outcomes[i], read);
            cr_expect_eq(verdict(&s, GEO_LINEARIZABLE).holds, CHECK_HOLDS);
            stage_free(&s);
        }
}

Test(check_live, a_stale_read_is_caught_and_named)
{
    struct stage s = stage_new(GEO_REGISTER, false);

    write_and_read(&s, OUTCOME_OK, 0);
    struct check_verdict v = verdict(&s, GEO_LINEARIZABLE);
    cr_expect(v.holds == CHECK_BROKEN && v.violations == 1 && v.example == 2 << 8, "%s", v.why);
    cr_expect_eq(verdict(&s, GEO_CAUSAL).holds, CHECK_HOLDS);
    cr_expect_eq(verdict(&s, GEO_SEQUENTIAL).holds, CHECK_HOLDS);
    stage_free(&s);
}

Test(check_live, a_retry_under_a_new_identity_is_another_write)
{
    for (uint64_t twice = 0; twice <= 1; twice++) {
        struct stage s = stage_new(GEO_REGISTER, false);
        begin(&s, 1, 1, 0, GEO_WRITE);
        note(&s,
             (struct history_record){
                 .kind = HISTORY_RETRY, .op = 1 << 8 | 1, .key = 1, .retry = {.of = 1 << 8, .attempt = 1}});
        note(&s, (struct history_record){
                     .kind = HISTORY_END, .op = 1 << 8 | 1, .key = 1, .end = {.outcome = OUTCOME_OK}});
        begin(&s, 2, 1, 1, GEO_READ);
        note(&s, (struct history_record){.kind = HISTORY_END,
                                         .op = 2 << 8,
                                         .key = 1,
                                         .end = {.outcome = OUTCOME_OK, .write = 1 << 8 | twice}});
        checks_finish(s.checks);
        cr_expect_eq(verdict(&s, GEO_LINEARIZABLE).holds, CHECK_HOLDS,
                     "the first identity may be the later one");
        stage_free(&s);
    }
}

/* The first identity's answer comes when the second is under way: either may be read afterwards. */
Test(check_live, an_earlier_identity_that_succeeds_leaves_the_later_one_open)
{
    for (uint64_t twice = 0; twice <= 1; twice++) {
        struct stage s = stage_new(GEO_REGISTER, false);
        begin(&s, 1, 1, 0, GEO_WRITE);
        note(&s,
             (struct history_record){
                 .kind = HISTORY_RETRY, .op = 1 << 8 | 1, .key = 1, .retry = {.of = 1 << 8, .attempt = 1}});
        note(&s, (struct history_record){
                     .kind = HISTORY_END, .op = 1 << 8, .key = 1, .end = {.outcome = OUTCOME_OK}});
        for (uint64_t i = 0; i <= twice; i++) {
            begin(&s, 2 + i, 1, 1, GEO_READ);
            note(&s, (struct history_record){.kind = HISTORY_END,
                                             .op = (2 + i) << 8,
                                             .key = 1,
                                             .end = {.outcome = OUTCOME_OK, .write = 1 << 8 | i}});
        }
        checks_finish(s.checks);
        cr_expect_eq(verdict(&s, GEO_LINEARIZABLE).holds, CHECK_HOLDS);
        cr_expect_eq(verdict(&s, GEO_CAUSAL).holds, CHECK_HOLDS);
        stage_free(&s);
    }
}

Test(check_live, a_counter_that_loses_an_increment_is_caught)
{
    for (int64_t number = 100; number <= 103; number++) {
        struct stage s = stage_new(GEO_COUNTER, false);
        for (uint64_t op = 1; op <= 2; op++) {
            begin(&s, op, 1, 0, GEO_INCREMENT);
            end(&s, op, 1, OUTCOME_OK, 0, 0);
        }
        begin(&s, 3, 1, 1, GEO_READ);
        end(&s, 3, 1, OUTCOME_OK, 2, number);
        checks_finish(s.checks);
        cr_expect_eq(verdict(&s, GEO_LINEARIZABLE).holds, number == 102 ? CHECK_HOLDS : CHECK_BROKEN, "%d",
                     (int)number);
        stage_free(&s);
    }
}

/* "No" is right only when there was not enough. */
Test(check_live, a_decrement_answered_no_is_checked)
{
    struct stage s = stage_new(GEO_COUNTER, false);

    begin(&s, 1, 1, 0, GEO_DECREMENT);
    end(&s, 1, 1, OUTCOME_NO, 0, 0);
    checks_finish(s.checks);
    cr_expect_eq(verdict(&s, GEO_LINEARIZABLE).holds, CHECK_BROKEN, "100 were there");
    stage_free(&s);
}

Test(check_live, replicas_that_differ_at_the_end_are_caught)
{
    for (int apart = 0; apart <= 1; apart++) {
        struct stage s = stage_new(GEO_REGISTER, false);
        store(&s, 0, 7, 1 << 8, 1 << 8);
        store(&s, 1, 7, 1 << 8, 1 << 8);
        if (apart)
            note(&s, (struct history_record){
                         .kind = HISTORY_FAULT, .node = HISTORY_NO_NODE, .fault = {.index = 0, .begins = 1}});
        checks_finish(s.checks);
        cr_expect_eq(verdict(&s, GEO_EVENTUAL).holds, apart ? CHECK_UNDECIDED : CHECK_BROKEN);
        stage_free(&s);
    }
}

Test(check_live, replicas_of_one_version_answer_alike)
{
    for (uint64_t wrong = 0; wrong <= 1; wrong++) {
        struct stage s = stage_new(GEO_REGISTER, false);
        for (uint32_t node = 0; node < 3; node++)
            store(&s, node, 7, 1 << 8, 5 + (node == 1 ? wrong : 0));
        for (uint32_t node = 0; node < 3; node++)
            store(&s, node, 8, 2 << 8, 6);
        checks_finish(s.checks);
        cr_expect_eq(verdict(&s, GEO_EVENTUAL).holds, CHECK_HOLDS);
        cr_expect_eq(verdict(&s, GEO_STRONG_EVENTUAL).holds, wrong ? CHECK_BROKEN : CHECK_HOLDS);
        stage_free(&s);
    }
}

static void merged(struct stage *s, uint32_t node, uint32_t origin, uint64_t upto, uint64_t digest)
{
    note(s, (struct history_record){
                .kind = HISTORY_MERGE, .key = 1, .node = node, .merge = {.upto = upto, .origin = origin}});
    s->time--; /* one instant */
    note(s, (struct history_record){
                .kind = HISTORY_ANSWER, .key = 1, .node = node, .answer = {.digest = digest}});
}

Test(check_live, replicas_that_merged_the_same_answer_alike_in_whatever_order)
{
    for (uint64_t wrong = 0; wrong <= 1; wrong++) {
        struct stage s = stage_new(GEO_COUNTER, true);
        merged(&s, 0, 0, 1, 101);
        merged(&s, 1, 1, 1, 101);
        merged(&s, 0, 1, 1, 102);
        merged(&s, 1, 0, 1, 102 + wrong);
        for (uint32_t node = 0; node < 3; node++) {
            merged(&s, node, 0, 2, 103);
            merged(&s, node, 1, 2, 104);
        }
        checks_finish(s.checks);
        struct check_verdict v = verdict(&s, GEO_STRONG_EVENTUAL);
        cr_expect_eq(v.holds, wrong ? CHECK_BROKEN : CHECK_HOLDS, "%s", v.why);
        stage_free(&s);
    }
}

Test(check_live, what_the_ledger_tells_is_the_verdict)
{
    struct stage s = stage_new(GEO_REGISTER, false);

    checks_told(s.checks, GEO_READ_YOUR_WRITES);
    checks_told(s.checks, GEO_NOTHING_LOST);
    checks_note_violation(s.checks, GEO_NOTHING_LOST, 7 << 8);
    checks_bound(s.checks, 0, 3);
    checks_note_staleness(s.checks, 1 << 8, 5, 3);
    checks_note_staleness(s.checks, 2 << 8, 5, 4);
    checks_finish(s.checks);
    cr_expect_eq(verdict(&s, GEO_READ_YOUR_WRITES).holds, CHECK_HOLDS);
    cr_expect_eq(verdict(&s, GEO_MONOTONIC_READS).holds, CHECK_UNDECIDED, "nobody told");
    cr_expect_eq(verdict(&s, GEO_NOTHING_LOST).example, 7 << 8);
    cr_expect(verdict(&s, GEO_BOUNDED_STALENESS).holds == CHECK_BROKEN &&
              verdict(&s, GEO_BOUNDED_STALENESS).example == 2 << 8);
    stage_free(&s);
}
