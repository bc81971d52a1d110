/* explain_story.c -- stories word by word, on worlds small enough to be told by hand: constant delays (40 ms
 * one way, 0.25 ms to a client's own region), two regions, one thing that goes wrong. */
#include "tests/support/simulate.h"

#include "sim/cli/diagram.h"
#include "sim/cli/explain_run.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define TWO_REGIONS TWO_REGIONS_OF("")
#define TWO_REGIONS_OF(more)                                                                                 \
    "name: story\nduration: 12s\nwarmup: 1s\ndrain: 20s\nreplications: 1\nregions: [east, west]\n"           \
    "workload: {clients: 1, arrivals: {constant: 5/s}, keys: {count: 1}, mix: {read: 50%, write: 50%}" more  \
    "}\n"

enum what { STALEST, SLOWEST, LOST, LOST_COMMIT, OPERATION };

struct telling {
    struct simulation *simulation;
    struct explain_trial trial;
    struct story *story;
    char *text;
};

static struct story *story_of(const struct story_def *def, const struct trace_worst_figures *w,
                              enum what what)
{
    const struct worst_lost *lost = NULL;

    for (int kind = WORST_LOSSES - 1; kind >= 0; kind--)
        if (w->lost[kind].loser != 0)
            lost = &w->lost[kind];
    switch (what) {
    case STALEST:
        return story_of_stale_read(def, w->stalest.read, w->stalest.missed, w->stalest.stale_ns,
                                   w->stalest.missed_count);
    case SLOWEST:
        return story_of_operation(def, w->slowest.op);
    case LOST:
        return lost == NULL ? NULL
                            : story_of_lost_update(def, lost->loser, lost->winner, lost->node, lost->met,
                                                   (enum loss_cause)lost->cause);
    case LOST_COMMIT:
        return story_of_lost_commit(def, w->lost_commit.loser);
    default:
        return story_of_operation(def, w->wanted.op);
    }
}

static struct telling tell(const char *yaml, enum what what, uint64_t wanted)
{
    struct telling t = {.simulation = simulate(yaml, 1)};
    const struct scenario *s = t.simulation->scenario;
    struct check_breach breach;
    struct trace_worst_figures w = wanted != 0 ? explain_operation(s, 0, 1, wanted, GEO_CHECKS, &breach)
                                               : explain_worst(s, 0, 1, NULL, NULL);
    size_t bytes;

    explain_trial_run(&t.trial, s, 0, 1, &(struct trace_def){.to = SIM_NS_NEVER - SIM_SECOND});
    t.story = story_of(&(struct story_def){&t.trial.timeline, t.trial.facts, "It"}, &w, what);
    cr_assert_not_null(t.story, "there is nothing to tell");
    FILE *to = open_memstream(&t.text, &bytes);
    story_print(t.story, false, to);
    fclose(to);
    return t;
}

static void untell(struct telling *t)
{
    story_free(t->story);
    explain_trial_close(&t->trial);
    simulation_free(t->simulation);
    free(t->text);
}

static void assert_story(const char *yaml, enum what what, const char *expected)
{
    struct telling t = tell(yaml, what, 0);

    cr_expect_str_eq(t.text, expected, "told:\n%s\nexpected:\n%s", t.text, expected);
    untell(&t);
}

/* The cut swallows east/36 from 7.2 s on; west reads at 7.6 s. 8.04 s is 7.2 + 0.28 (rtt + 200 ms) + 0.56. */
Test(explain_story, a_cut_makes_a_read_stale)
{
    assert_story(
        TWO_REGIONS "network: {rtt: 80ms}\nmodels: [{type: lww, clock: wall}]\n"
                    "faults: [{name: digger, at: 5s, for: 3s, cut: {from: east, to: west}}]\n",
        STALEST,
        "It: key 0 at west was 399.5 ms behind\n"
        "      7.200 s  east/36: a client in east begins write of key 0\n"
        "      7.200 s  east takes east/36\n"
        "      7.200 s  row east -> west: lost: link cut by 'digger' until 8.000 s\n"
        "      7.200 s  east/36: its client is told, after 0.500 ms: it is committed\n"
        "      7.480 s  ... sent to west again: lost too\n"
        "      7.600 s  west/38: a client in west begins to read key 0\n"
        "      7.601 s  its client gets the value of west/35, from west: it misses east/36, and 1 newer\n"
        "      7.800 s  west goes on to a newer one, west/39, 599.8 ms after it was committed\n"
        "      8.040 s  ... sent to west again (transmission 3): 840.0 ms, in order behind an earlier one\n"
        "  cause: the link east -> west was cut from 5.000 s to 8.000 s by 'digger'\n");
}

#define POISSON                                                                                              \
    "name: story\nduration: 12s\nwarmup: 1s\ndrain: 20s\nreplications: 1\nregions: [east, west]\nnetwork: "  \
    "{rtt: 80ms}\n"                                                                                          \
    "workload: {clients: 1, keys: {count: 1}, mix: {write: 100%}}\n"

/* West's clock is 150 ms behind: 87.9 ms after east's write, west stamps a time before it. */
Test(explain_story, a_clock_that_is_behind_loses_the_later_write)
{
    assert_story(
        POISSON "clocks: {regions: {west: {offset: -150ms}}}\nmodels: [{type: lww, clock: wall}]\n", LOST,
        "It: west/419 of key 0 gave way to east/409\n"
        "      3.819 s  east/409: a client in east begins write of key 0\n"
        "      3.819 s  east takes east/409\n"
        "      3.819 s  east/409 is stamped 3.819 s at east, which is right\n"
        "      3.819 s  row east -> west: 40.0 ms\n"
        "      3.820 s  east/409: its client is told, after 0.500 ms: it is committed\n"
        "      3.907 s  west/419: a client in west begins write of key 0\n"
        "      3.907 s  west takes west/419\n"
        "      3.907 s  west/419 is stamped 3.757 s at west: 150.0 ms behind true time\n"
        "      3.907 s  they meet at west, which holds east/409: it refuses west/419, which is lost\n"
        "      3.907 s  west/419: its client is told, after 0.500 ms: it is committed\n"
        "  cause: west's clock was 150.0 ms behind when it stamped the loser, which in truth came 87.9 ms "
        "after the winner (clock offset)\n");
}

/* 15000 ppm is 15 ms a second. */
Test(explain_story, a_clock_that_drifts_is_told_from_one_that_is_off)
{
    assert_story(
        POISSON "clocks: {regions: {west: {drift: -15000ppm}}}\nmodels: [{type: lww, clock: wall}]\n", LOST,
        "It: west/1069 of key 0 gave way to east/1113\n"
        "     10.596 s  east/1113: a client in east begins write of key 0\n"
        "     10.596 s  east takes east/1113\n"
        "     10.596 s  east/1113 is stamped 10.596 s at east, which is right\n"
        "     10.596 s  row east -> west: 40.0 ms\n"
        "     10.596 s  east/1113: its client is told, after 0.500 ms: it is committed\n"
        "     10.675 s  west/1069: a client in west begins write of key 0\n"
        "     10.675 s  west takes west/1069\n"
        "     10.675 s  west/1069 is stamped 10.515 s at west: 160.1 ms behind true time\n"
        "     10.675 s  they meet at west, which holds east/1113: it refuses west/1069, which is lost\n"
        "     10.676 s  west/1069: its client is told, after 0.500 ms: it is committed\n"
        "  cause: west's clock was 160.1 ms behind when it stamped the loser (it had drifted by 160.1 ms), "
        "which in truth came 79.5 ms after the winner (drift)\n");
}

/* Counts are no times: nothing is said of stamps, and neither write could have known of the other. */
Test(explain_story, two_writes_at_once_are_concurrent)
{
    assert_story(TWO_REGIONS "network: {rtt: 80ms}\nmodels: [{type: lww, clock: lamport}]\n", LOST,
                 "It: east/15 of key 0 gave way to west/15\n"
                 "      3.000 s  east/15: a client in east begins write of key 0\n"
                 "      3.000 s  west/15: a client in west begins write of key 0\n"
                 "      3.000 s  east takes east/15\n"
                 "      3.000 s  west takes west/15\n"
                 "      3.000 s  row east -> west: 40.0 ms\n"
                 "      3.001 s  east/15: its client is told, after 0.500 ms: it is committed\n"
                 "      3.001 s  west/15: its client is told, after 0.500 ms: it is committed\n"
                 "      3.040 s  they meet at west, which holds west/15: it refuses east/15, which is lost\n"
                 "  cause: both were written at the same instant, before either had arrived at the other "
                 "(concurrent)\n");
}

/* West writes 400 ms after east, and would have known but for the cut. */
Test(explain_story, a_write_that_comes_late_loses)
{
    assert_story(
        TWO_REGIONS "network: {rtt: 80ms}\nmodels: [{type: lww, clock: wall}]\n"
                    "faults: [{name: digger, at: 5s, for: 3s, cut: {from: east, to: west}}]\n",
        LOST,
        "It: east/37 of key 0 gave way to west/39\n"
        "      7.400 s  east/37: a client in east begins write of key 0\n"
        "      7.400 s  east takes east/37\n"
        "      7.400 s  east/37 is stamped 7.400 s at east, which is right\n"
        "      7.400 s  row east -> west: lost: link cut by 'digger' until 8.000 s\n"
        "      7.401 s  east/37: its client is told, after 0.500 ms: it is committed\n"
        "      7.680 s  ... sent to west again: lost too\n"
        "      7.800 s  west/39: a client in west begins write of key 0\n"
        "      7.800 s  west takes west/39\n"
        "      7.800 s  west/39 is stamped 7.800 s at west, which is right\n"
        "      7.800 s  row west -> east: 40.0 ms\n"
        "      7.801 s  west/39: its client is told, after 0.500 ms: it is committed\n"
        "      7.840 s  they meet at east: west/39 replaces east/37, which is lost\n"
        "      8.240 s  ... sent to west again (transmission 3): 640.0 ms, in order behind an earlier one\n"
        "  cause: the loser had not come to west when the winner was taken there, 400.0 ms later: "
        "the link east -> west was cut from 5.000 s to 8.000 s by 'digger' (late arrival)\n");
}

/* Timeouts: 80 ms + 200 ms, 560 ms, 1 s. */
Test(explain_story, loss_makes_a_write_slow)
{
    assert_story(TWO_REGIONS "network: {rtt: 80ms, loss: 20%}\nmodels: [async]\n", SLOWEST,
                 "It: write of key 0 from west took 2.200 s\n"
                 "      9.200 s  west/46: a client in west begins write of key 0\n"
                 "      9.200 s  write west -> east: lost by chance\n"
                 "      9.480 s  ... sent to east again, twice until 10.040 s: all lost\n"
                 "     11.040 s  ... sent to east again (transmission 4): 40.0 ms\n"
                 "     11.080 s  east takes west/46\n"
                 "     11.080 s  reply east -> west: lost by chance\n"
                 "     11.360 s  ... sent to west again (transmission 2): 40.0 ms\n"
                 "     11.400 s  west/46: its client is told, after 2.200 s: it is committed\n"
                 "  cause: loss: the link west -> east lost it 3 times, and it was sent again after a "
                 "timeout (1.880 s of 2.200 s)\n");
}

Test(explain_story, a_slow_link_makes_a_write_slow)
{
    assert_story(TWO_REGIONS
                 "network: {rtt: 80ms}\nmodels: [{type: async, leader: west}]\n"
                 "faults: [{name: rain, at: 5s, for: 3s, slow: {between: [east, west], factor: 10}}]\n",
                 SLOWEST,
                 "It: write of key 0 from east took 800.5 ms\n"
                 "      5.400 s  east/27: a client in east begins write of key 0\n"
                 "      5.400 s  write east -> west: 400.0 ms\n"
                 "      5.800 s  west takes east/27\n"
                 "      5.800 s  reply west -> east: 400.0 ms\n"
                 "      6.200 s  east/27: its client is told, after 800.5 ms: it is committed\n"
                 "  cause: the link west -> east was slow from 5.000 s to 8.000 s by 'rain' (2 ways, 800.0 "
                 "ms of 800.5 ms)\n");
}

Test(explain_story, an_overload_makes_a_write_slow)
{
    assert_story(
        TWO_REGIONS "network: {rtt: 80ms}\nstorage: {write: 10ms}\nmodels: [async]\n"
                    "faults: [{at: 5s, for: 3s, overload: {region: east, factor: 20}}]\n",
        SLOWEST,
        "It: write of key 0 from west took 280.5 ms\n"
        "      5.400 s  west/27: a client in west begins write of key 0\n"
        "      5.400 s  write west -> east: 40.0 ms\n"
        "      5.440 s  east takes west/27\n"
        "      5.440 s  east: 200.0 ms pass here\n"
        "      5.640 s  reply east -> west: 40.0 ms\n"
        "      5.681 s  west/27: its client is told, after 280.5 ms: it is committed\n"
        "  cause: east was overloaded from 5.000 s to 8.000 s: it waited there 200.0 ms to be served\n");
}

/* Two ways between the regions, one of them for the acknowledgement, and the client's own. */
Test(explain_story, distance_alone_makes_a_write_slow)
{
    assert_story(TWO_REGIONS "network: {rtt: 80ms}\nmodels: [{type: sync, acks: all}]\n", SLOWEST,
                 "It: write of key 0 from west took 160.5 ms\n"
                 "      1.000 s  west/5: a client in west begins write of key 0\n"
                 "      1.000 s  write west -> east: 40.0 ms\n"
                 "      1.040 s  east takes west/5\n"
                 "      1.040 s  entries east -> west: 40.0 ms\n"
                 "      1.080 s  status west -> east: 40.0 ms\n"
                 "      1.120 s  reply east -> west: 40.0 ms\n"
                 "      1.161 s  west/5: its client is told, after 160.5 ms: it is committed\n"
                 "  cause: distance: 4 ways between regions, one after the other (160.0 ms of 160.5 ms)\n");
}

Test(explain_story, nothing_is_blamed_for_a_write_that_stays_at_home)
{
    assert_story(
        TWO_REGIONS "network: {rtt: 80ms}\nmodels: [crdt]\n", SLOWEST,
        "It: write of key 0 from west took 0.500 ms\n"
        "      1.000 s  west/5: a client in west begins write of key 0\n"
        "      1.000 s  west takes west/5\n"
        "      1.000 s  west/5: its client is told, after 0.500 ms: it is committed\n"
        "  cause: only its way to west and back, and the service there: nothing else was waited for\n");
}

Test(explain_story, a_batch_that_waits_makes_a_read_stale)
{
    assert_story(TWO_REGIONS "network: {rtt: 80ms}\nmodels: [{type: async, flush_every: 1s}]\n", STALEST,
                 "It: key 0 at west was 719.5 ms behind\n"
                 "      1.200 s  west/6: a client in west begins write of key 0\n"
                 "      1.200 s  write west -> east: 40.0 ms\n"
                 "      1.240 s  east takes west/6\n"
                 "      1.280 s  west/6: its client is told, after 80.5 ms: it is committed\n"
                 "      2.000 s  west/10: a client in west begins to read key 0\n"
                 "      2.001 s  its client gets the value of west/5, from west: it misses west/6, its own "
                 "session's write, and 1 newer\n"
                 "      2.088 s  entries east -> west: 40.0 ms\n"
                 "      2.128 s  west has it at last, 847.1 ms after it was committed\n"
                 "  cause: east had not yet sent it to west: it waited 847.4 ms to be shipped\n");
}

/* East goes down for good 40 ms after what it took at 4.960 s, which was on its way. */
Test(explain_story, a_crash_takes_a_commit_with_it)
{
    assert_story(
        "name: story\nduration: 12s\nwarmup: 1s\ndrain: 20s\nreplications: 1\nregions: [east, west]\n"
        "network: {rtt: 80ms}\nmodels: [async]\n"
        "workload: {clients: 1, arrivals: {constant: 50/s}, keys: {count: 100}, mix: {read: 50%, write: "
        "50%}}\n"
        "faults: [{name: fire, at: 5s, crash: {region: east, lose: disk}}]\n",
        LOST_COMMIT,
        "It: east/248 of key 98, committed and gone\n"
        "      4.960 s  east/248: a client in east begins write of key 98\n"
        "      4.960 s  east takes east/248\n"
        "      4.960 s  entries east -> west: lost on its way, as east goes down at 5.000 s\n"
        "      4.960 s  east/248: its client is told, after 0.500 ms: it is committed\n"
        "      5.000 s  east goes down by 'fire', and loses its disk\n"
        "  cause: east lost its disk at 5.000 s by 'fire', 39.5 ms after the commit, and with it east/248, "
        "which no other replica had\n");
}

/* The client waits its 2 s for a node that is down, then goes to the other: 40.25 ms there, and as much back.
 */
Test(explain_story, a_retry_after_a_crash_makes_a_write_slow)
{
    assert_story(TWO_REGIONS_OF(
                     ", timeout: 2s, retries: 1") "network: {rtt: 80ms}\nmodels: [{type: lww, clock: wall}]\n"
                                                  "faults: [{name: fire, at: 5s, for: 4s, crash: {region: "
                                                  "east, lose: memory}}]\n",
                 SLOWEST,
                 "It: write of key 0 from east took 2.080 s\n"
                 "      5.400 s  east/27: a client in east begins write of key 0\n"
                 "      7.400 s  east/27: no answer after 2.000 s, so its client asks again\n"
                 "      7.400 s  request client in east -> west: 40.2 ms\n"
                 "      7.440 s  west takes east/27\n"
                 "      7.440 s  answer west -> client in east: 40.2 ms\n"
                 "      7.481 s  east/27: its client is told, after 2.080 s: it is committed\n"
                 "  cause: no answer for 2.000 s: east was down from 5.000 s to 9.000 s by 'fire' (2.000 s "
                 "of 2.080 s)\n");
}

/* West ships every 600 ms: what it took at 1.600 s leaves 542.9 ms later, when east has another. */
Test(explain_story, a_batch_that_waits_loses_a_write)
{
    assert_story(TWO_REGIONS "network: {rtt: 80ms}\nmodels: [{type: lww, clock: wall, flush_every: 600ms}]\n",
                 LOST,
                 "It: west/8 of key 0 gave way to east/10\n"
                 "      1.600 s  west/8: a client in west begins write of key 0\n"
                 "      1.600 s  west takes west/8\n"
                 "      1.600 s  west/8 is stamped 1.600 s at west, which is right\n"
                 "      1.601 s  west/8: its client is told, after 0.500 ms: it is committed\n"
                 "      2.000 s  east/10: a client in east begins write of key 0\n"
                 "      2.000 s  east takes east/10\n"
                 "      2.000 s  east/10 is stamped 2.000 s at east, which is right\n"
                 "      2.001 s  east/10: its client is told, after 0.500 ms: it is committed\n"
                 "      2.143 s  row west -> east: 40.0 ms\n"
                 "      2.183 s  they meet at east, which holds east/10: it refuses west/8, which is lost\n"
                 "  cause: the loser had not come to east when the winner was taken there, 400.0 ms later: "
                 "west had not yet sent it to east: it waited 542.9 ms to be shipped (late arrival)\n");
}

/* Datagrams come no more by themselves: async sends again when west says that it waits. */
Test(explain_story, a_datagram_that_is_lost_twice_makes_a_read_stale)
{
    assert_story(
        TWO_REGIONS
        "network: {rtt: 80ms, transport: datagram, links: [{from: east, to: west, delay: 40ms, loss: 20%}]}\n"
        "models: [async]\n",
        STALEST,
        "It: key 0 at west was 1.720 s behind\n"
        "     10.000 s  west/50: a client in west begins write of key 0\n"
        "     10.000 s  write west -> east: 40.0 ms\n"
        "     10.040 s  east takes west/50\n"
        "     10.040 s  entries east -> west: lost by chance\n"
        "     10.081 s  west/50: its client is told, after 80.5 ms: it is committed\n"
        "     11.280 s  entries east -> west: lost by chance\n"
        "     11.800 s  west/59: a client in west begins to read key 0\n"
        "     11.800 s  its client gets the value of east/50, from west: it misses west/50, its own "
        "session's write, and 6 newer\n"
        "     12.635 s  entries east -> west: 40.0 ms\n"
        "     12.675 s  west has it at last, 2.595 s after it was committed\n"
        "  cause: loss: the link east -> west lost it twice, before it came through\n");
}

/* 280 ms after the first: rtt + 200 ms. */
Test(explain_story, a_burst_of_loss_makes_a_read_stale)
{
    assert_story(
        TWO_REGIONS
        "network: {rtt: 80ms, loss: {gilbert_elliott: {to_bad: 0.3/s, to_good: 1/s, good: 0%, bad: 70%}}}\n"
        "models: [{type: lww, clock: wall}]\n",
        STALEST,
        "It: key 0 at west was 399.5 ms behind\n"
        "      7.200 s  east/36: a client in east begins write of key 0\n"
        "      7.200 s  east takes east/36\n"
        "      7.200 s  row east -> west: lost by chance\n"
        "      7.200 s  east/36: its client is told, after 0.500 ms: it is committed\n"
        "      7.480 s  ... sent to west again (transmission 2): 400.0 ms, in order behind an earlier one\n"
        "      7.600 s  west/38: a client in west begins to read key 0\n"
        "      7.601 s  its client gets the value of west/35, from west: it misses east/36, and 1 newer\n"
        "      7.800 s  west goes on to a newer one, west/39, 599.8 ms after it was committed\n"
        "  cause: loss in bursts: the link east -> west lost it once, and it was sent again after a "
        "timeout\n");
}

/* West's own clock is right; its hybrid stamp runs ahead since it heard from south. Its loss is south's all
 * the same. */
Test(explain_story, a_stamp_that_had_come_there_is_told)
{
    assert_story(
        "name: story\nduration: 40s\nwarmup: 1s\ndrain: 20s\nreplications: 1\nregions: [east, west, south]\n"
        "network: {rtt: 80ms}\nclocks: {regions: {south: {offset: 300ms}}}\n"
        "workload: {clients: 1, keys: {count: 4}, arrivals: {poisson: 3/s}, mix: {write: 100%}}\n"
        "models: [{type: lww, clock: hlc}]\n",
        LOST,
        "It: west/92 of key 0 gave way to south/94\n"
        "     30.025 s  south/94: a client in south begins write of key 0\n"
        "     30.025 s  south takes south/94\n"
        "     30.025 s  south/94 is stamped 30.325 s at south: 300.0 ms ahead of true time\n"
        "     30.025 s  row south -> west: 40.0 ms\n"
        "     30.025 s  south/94: its client is told, after 0.500 ms: it is committed\n"
        "     30.060 s  west/92: a client in west begins write of key 0\n"
        "     30.060 s  west takes west/92\n"
        "     30.060 s  west/92 is stamped 30.129 s at west: 68.8 ms ahead of true time, as a stamp that had "
        "come there\n"
        "     30.061 s  west/92: its client is told, after 0.500 ms: it is committed\n"
        "     30.065 s  they meet at west: south/94 replaces west/92, which is lost\n"
        "  cause: south's clock was 300.0 ms ahead when it stamped the winner, which in truth came 35.3 ms "
        "before the loser (clock offset)\n");
}

Test(explain_story, a_lost_disk_is_a_failover)
{
    assert_story("name: story\nduration: 12s\nwarmup: 1s\ndrain: 20s\nreplications: 1\nregions: [east, "
                 "west]\nnetwork: {rtt: 80ms}\n"
                 "workload: {clients: 1, arrivals: {constant: 20/s}, keys: {count: 100}, mix: {read: 50%, "
                 "write: 50%}}\n"
                 "models: [{type: quorum, n: 2, w: 1, r: 1, handoff: false}]\n"
                 "faults: [{name: fire, at: 5s, for: 1s, crash: {region: east, lose: disk}}]\n",
                 LOST,
                 "It: west/28 of key 79 gave way to east/136\n"
                 "      1.400 s  west/28: a client in west begins write of key 79\n"
                 "      1.400 s  west takes west/28\n"
                 "      1.400 s  west/28 is stamped 1.400 s at west, which is right\n"
                 "      1.400 s  write west -> east: 40.0 ms\n"
                 "      1.401 s  west/28: its client is told, after 0.500 ms: it is committed\n"
                 "      5.000 s  east goes down by 'fire', and loses its disk\n"
                 "      6.000 s  east is up again\n"
                 "      6.800 s  east/136: a client in east begins write of key 79\n"
                 "      6.800 s  east takes east/136\n"
                 "      6.800 s  east/136 is stamped 6.800 s at east, which is right\n"
                 "      6.800 s  write east -> west: 40.0 ms\n"
                 "      6.801 s  east/136: its client is told, after 0.500 ms: it is committed\n"
                 "      6.840 s  they meet at west: east/136 replaces west/28, which is lost\n"
                 "  cause: east lost its disk at 5.000 s by 'fire', and with it west/28, and had not got it "
                 "back from west (failover)\n");
}

/* Of three regions two cut off the leader: one of them leads from some 6 s on. */
#define DEPOSED                                                                                              \
    "name: story\nduration: 12s\nwarmup: 1s\ndrain: 20s\nreplications: 1\nregions: [east, west, south]\n"    \
    "network: {rtt: 80ms}\nmodels: [{type: async, failover: {after: 1s}}]\n"                                 \
    "workload: {clients: 1, arrivals: {poisson: 10/s}, keys: {count: 40}, mix: {read: 50%, write: 50%}}\n"   \
    "faults: [{name: digger, at: 5s, for: 3s, partition: [[east], [west, south]]}]\n"

Test(explain_story, a_leader_that_is_deposed_makes_a_read_stale)
{
    assert_story(
        DEPOSED, STALEST,
        "It: key 24 at south was 5.440 s behind\n"
        "      5.719 s  east/68: a client in east begins write of key 24\n"
        "      5.720 s  east takes east/68\n"
        "      5.720 s  entries east -> south: lost: link cut by 'digger' until 8.000 s\n"
        "      5.720 s  east/68: its client is told, after 0.500 ms: it is committed\n"
        "      6.000 s  ... sent to south again, 3 times until 7.560 s: all lost\n"
        "      6.067 s  south leads from now on, without east/68\n"
        "      8.560 s  ... sent to south again (transmission 5): 367.2 ms, in order behind an earlier one\n"
        "      8.927 s  south pays it no heed: it leads itself by now\n"
        "      8.947 s  east leads no more\n"
        "      9.056 s  east throws east/68 away: the new leader has it not\n"
        "     11.160 s  south/118: a client in south begins to read key 24\n"
        "     11.161 s  its client gets the value of east/56, from south: it misses east/68, and 2 newer\n"
        "  cause: south took over from east at 6.067 s without east/68: the link east -> south was cut from "
        "5.000 s to 8.000 s by 'digger'\n");
}

Test(explain_story, a_leader_that_is_deposed_loses_what_it_committed)
{
    assert_story(
        DEPOSED, LOST_COMMIT,
        "It: east/68 of key 24, committed and gone\n"
        "      5.719 s  east/68: a client in east begins write of key 24\n"
        "      5.720 s  east takes east/68\n"
        "      5.720 s  entries east -> south: lost: link cut by 'digger' until 8.000 s\n"
        "      5.720 s  east/68: its client is told, after 0.500 ms: it is committed\n"
        "      6.000 s  ... sent to south again, 3 times until 7.560 s: all lost\n"
        "      6.067 s  south leads from now on, without east/68\n"
        "      8.560 s  ... sent to south again (transmission 5): 367.2 ms, in order behind an earlier one\n"
        "      8.927 s  south pays it no heed: it leads itself by now\n"
        "      8.947 s  east leads no more\n"
        "      9.056 s  east throws east/68 away: the new leader has it not\n"
        "  cause: south took over from east at 6.067 s without east/68: the link east -> south was cut from "
        "5.000 s to 8.000 s by 'digger'\n");
}

Test(explain_story, a_leader_that_does_not_know_loses_an_update)
{
    assert_story(DEPOSED, LOST,
                 "It: east/96 of key 37 gave way to south/77\n"
                 "      6.067 s  south leads from now on\n"
                 "      6.945 s  south/77: a client in south begins write of key 37\n"
                 "      6.945 s  south takes south/77\n"
                 "      6.946 s  south/77: its client is told, after 0.500 ms: it is committed\n"
                 "      8.677 s  east/96: a client in east begins write of key 37\n"
                 "      8.677 s  east takes east/96\n"
                 "      8.677 s  entries east -> south: 339.1 ms, in order behind an earlier one\n"
                 "      8.678 s  east/96: its client is told, after 0.500 ms: it is committed\n"
                 "      9.016 s  south pays it no heed: it leads itself by now\n"
                 "      9.056 s  they meet at east: south/77 replaces east/96, which is lost\n"
                 "      9.096 s  entries south -> east: 40.0 ms\n"
                 "  cause: east took it, and did not know that south led since 6.067 s: the link south -> "
                 "east was cut from 5.000 s to 8.000 s by 'digger' (failover)\n");
}

/* A taker that lost its disk counts on beyond: those counts do not mean what went with the disk. */
Test(explain_story, a_merging_replica_that_lost_its_disk_makes_a_read_stale)
{
    assert_story(
        "name: story\nduration: 12s\nwarmup: 1s\ndrain: 20s\nreplications: 1\nregions: [east, "
        "west]\nnetwork: {rtt: 80ms}\n"
        "workload: {data: counter, clients: 1, arrivals: {constant: 20/s}, keys: {count: 1}, mix: "
        "{read: 50%, increment: 50%}}\n"
        "models: [crdt]\n"
        "faults: [{name: digger, at: 4s, for: 1500ms, cut: {from: east, to: west}},\n"
        "         {name: fire, at: 5s, for: 1s, crash: {region: east, lose: disk}}]\n",
        STALEST,
        "It: key 0 at west was 7.949 s behind\n"
        "      4.000 s  east/80: a client in east begins increment of key 0\n"
        "      4.000 s  east takes east/80\n"
        "      4.000 s  row east -> west: lost: link cut by 'digger' until 5.500 s\n"
        "      4.000 s  east/80: its client is told, after 0.500 ms: it is committed\n"
        "      4.280 s  ... sent to west again, twice until 4.840 s: all lost\n"
        "      5.000 s  east goes down by 'fire', and loses its disk\n"
        "      6.000 s  east is up again\n"
        "     11.950 s  west/239: a client in west begins to read key 0\n"
        "     11.950 s  its client gets a value without it, from west: it misses east/80, and 10 newer\n"
        "  cause: east lost its disk at 5.000 s by 'fire', 999.5 ms after the commit, and with it east/80, "
        "which no other replica had: the link east -> west was cut from 4.000 s to 5.500 s by 'digger'\n");
}

/* ---- names ---- */

Test(explain_story, an_operation_is_named_and_found_by_its_name)
{
    struct telling t = tell(TWO_REGIONS "network: {rtt: 80ms}\nmodels: [crdt]\n", SLOWEST, 0);
    const struct history_setting *s = t.trial.setting;
    char name[TIMELINE_NAME];
    static const uint64_t ops[] = {UINT64_C(1) << 48 | 4711 << 8, 1 << 8, UINT64_C(1) << 48 | 4711 << 8 | 3,
                                   UINT64_C(1) << 47 | 12 << 8};
    static const char *const names[] = {"west/4711", "east/1", "west/4711.3", "east/probe-12"};

    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        cr_expect_str_eq(timeline_operation_name(s, ops[i], name), names[i]);
        cr_expect_eq(timeline_operation_parse(s, names[i]), ops[i], "%s", names[i]);
        snprintf(name, sizeof name, "%llu", (unsigned long long)ops[i]);
        cr_expect_eq(timeline_operation_parse(s, name), ops[i], "%s", name);
    }
    static const char *const wrong[] = {"",     "north/1", "west/", "west/0",     "west/1x",
                                        "west", "/1",      "12x",   "west/1.999", "18446744073709551615"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(timeline_operation_parse(s, wrong[i]), 0, "`%s` is no operation", wrong[i]);
    untell(&t);
}

Test(explain_story, spans_are_as_precise_as_they_are_long)
{
    char text[TIMELINE_NAME];

    cr_expect_str_eq(timeline_span(250 * SIM_MICROSECOND, text), "0.250 ms");
    cr_expect_str_eq(timeline_span(5123 * SIM_MICROSECOND, text), "5.12 ms");
    cr_expect_str_eq(timeline_span(76 * SIM_MILLISECOND, text), "76.0 ms");
    cr_expect_str_eq(timeline_span(9812 * SIM_MILLISECOND, text), "9.812 s");
}
