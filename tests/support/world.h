/* world.h -- small worlds for tests, built in C, and a reader that keeps a whole history. */
#ifndef GEOREP_TESTS_WORLD_H
#define GEOREP_TESTS_WORLD_H

#include "sim/base/array.h"
#include "sim/trial/trial.h"

/* A world of `regions` regions "a", "b", "c", ... with one node each, constant round trips of `rtt_ns`
 * between any two, no clients, no faults, everything else neutral: clients 0, local 0, overhead 0, duration
 * 10 s, no warm-up, drain 10 s. Change what the test is about; free with test_world_free. Distributions come
 * from test_constant and stay valid. */
struct world_def test_world(uint32_t regions, sim_ns rtt_ns);
void test_world_free(struct world_def *def);
const struct distribution *test_constant(double value);
struct link_def *test_link(struct world_def *def, uint32_t from, uint32_t to);

/* Every record of a trial, in order. */
struct record_list {
    ARRAY(struct history_record) list;
};
void test_keep_history(struct trial *t, struct record_list *into);

/* The index-th record of a kind, or NULL. */
const struct history_record *test_record(const struct record_list *from, enum history_kind kind,
                                         size_t index);
size_t test_record_count(const struct record_list *from, enum history_kind kind);

#endif
