/* bench.h -- what the benchmarks share: the command line they are given and a clock. */
#ifndef GEOREP_BENCH_BENCH_H
#define GEOREP_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct document_override;

struct bench_options {
    bool csv;                                  /* comma-separated, else aligned for reading */
    uint64_t events;                           /* how much work in each row; 0: the benchmark's own choice */
    uint64_t pending;                          /* of `hold`: this row alone; 0: all */
    const char *file;                          /* of `scenario` and `observe`; NULL: the reference scenario */
    const struct document_override *overrides; /* by --set, of the same */
    uint64_t turns;                            /* of the same: the least of so many counts; 0: three */
    const char *readers; /* of `scenario`, by a name of `observe`; NULL: metrics+checks */
    bool found;          /* of `scenario`: and what the trials found */
    size_t override_count;
};

double bench_seconds(void); /* of processor time */

/* Each prints its table to standard output and returns the exit status. */
int bench_hold(const struct bench_options *o);
int bench_cancel(const struct bench_options *o);
int bench_mm1(const struct bench_options *o);
int bench_random(const struct bench_options *o);
int bench_scenario(const struct bench_options *o);
int bench_observe(const struct bench_options *o);

#endif
