/* bench.h -- what the benchmarks share: the command line they are given and a clock. */
#ifndef GEOREP_BENCH_BENCH_H
#define GEOREP_BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

struct bench_options {
    bool csv;        /* comma-separated, else aligned for reading */
    uint64_t events; /* how much work in each row; 0: the benchmark's own choice */
};

double bench_seconds(void); /* of a monotonic clock */

/* Each prints its table to standard output and returns the exit status. */
int bench_hold(const struct bench_options *o);
int bench_cancel(const struct bench_options *o);
int bench_mm1(const struct bench_options *o);
int bench_random(const struct bench_options *o);

#endif
