/* check_past.c -- the bounds of what the causal checker keeps. */
#include "sim/observe/check.h"

#include <criterion/criterion.h>
#include <sys/resource.h>

enum { SESSIONS = 70000 };

static long peak_kb(void)
{
    struct rusage usage;

    cr_assert_eq(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* Lanes are added as writes end, so that no begin comes between these. Without a bound there each session's
 * vector is as long as those before it are many: 2 bytes * 70000 * 70000 / 2, some 5 GB; and more lanes than
 * 16 bits can name. */
Test(check_past, sessions_that_all_write_at_once_are_undecided_and_take_little_memory)
{
    static struct check_op *open[SESSIONS];
    const struct check_stream_def def = {.checks = 1u << GEO_CAUSAL, .numbered_sessions = true};
    struct check_stream *s = check_stream_new(&def);
    struct check_verdict v;
    uint64_t position = 0;
    long before = peak_kb();

    for (uint32_t i = 0; i < SESSIONS; i++) {
        struct check_begin b = {.id = i + 1,
                                .key = i % 7,
                                .session = i,
                                .value = i + 1,
                                .position = ++position,
                                .f = CHECK_WRITE};
        open[i] = check_begin(s, &b);
    }
    for (uint32_t i = 0; i < SESSIONS; i++)
        check_end(s, open[i], ++position, CHECK_OK, 0, 0);
    /* What is linearizable is causal without a look at pasts: this read is neither too old for its session,
     * nor that. */
    struct check_begin late = {
        .id = SESSIONS + 1, .session = SESSIONS, .position = ++position, .f = CHECK_READ};
    check_end(s, check_begin(s, &late), position + 1, CHECK_OK, 0, 0);
    check_stream_finish(s);
    check_stream_verdict(s, GEO_CAUSAL, &v);
    cr_expect_eq(v.holds, CHECK_UNDECIDED, "%s", v.why);
    cr_expect_lt(peak_kb() - before, 512 * 1024, "%ld KB", peak_kb() - before);
    check_stream_free(s);
}
