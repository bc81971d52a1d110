/* whole.h -- a whole trial measured: what it did, the processor time it took, and the memory it held.
 *
 * Each trial runs in a process of its own, so that its memory is its own and nothing is warm for the next. */
#ifndef GEOREP_BENCH_WHOLE_H
#define GEOREP_BENCH_WHOLE_H

#include "bench/bench.h"
#include "sim/observe/observation.h"
#include "sim/scenario/scenario.h"

/* Who reads the trial's history. */
struct whole_readers {
    bool ledger;      /* the observation, with */
    uint32_t metrics; /* these parts (OBSERVE_*); any of them brings the ledger */
    uint32_t checks;  /* 1u << enum geo_check */
    bool history;     /* the file of operations */
};
#define WHOLE_METRICS OBSERVE_ALL
/* Those that find what the programs of bench/peers find (WHOLE_FOUND). */
#define WHOLE_PEERS (OBSERVE_LATENCY | OBSERVE_STALENESS | OBSERVE_LAG | OBSERVE_CONFLICTS)
#define WHOLE_CHECKS UINT32_MAX

/* What the programs of bench/peers find of the reference scenario too: by its name in metrics.csv, of
 * conflicts and losses the share per write, NaN where a trial has no such figure or no metrics were read. */
enum { WHOLE_FOUND = 11 };
extern const char *const whole_found_names[WHOLE_FOUND];

struct whole_figures {
    uint64_t operations, events; /* that clients began; that the queue gave */
    double seconds;              /* of one core, user and system, from the trial's making to its end */
    double setup_seconds;        /* of these, before the first event */
    uint64_t keys, replicas;     /* of each key */
    uint64_t table_bytes;        /* by key: of the trial and of its metrics, every key touched */
    uint64_t peak_bytes;         /* resident, less what was resident before the trial was made */
    double found[WHOLE_FOUND];
};

/* The document of PATH with `--set` overrides; NULL, and it has been said why. document_free. */
struct document *whole_document(const char *path, const struct document_override *overrides, size_t count);

/* One replication of one model, by `readers`. false: it failed, and it has been said how. */
bool whole_measure(const struct scenario *s, uint32_t model, uint32_t replication,
                   struct whole_readers readers, struct whole_figures *out);

#endif
