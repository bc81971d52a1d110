/* explain_room.h -- what the parts of `explain` share: explain.c (the worst cases of a run, one case told and
 * drawn) and explain_named.c (operations by their name, and broken promises). */
#ifndef GEOREP_CLI_EXPLAIN_ROOM_H
#define GEOREP_CLI_EXPLAIN_ROOM_H

#include "sim/base/array.h"
#include "sim/cli/explain_run.h"

enum explain_case { CASE_STALEST, CASE_SLOWEST, CASE_FAILED, CASE_LOST, CASE_BROKEN, CASES };

struct explain {
    const char *folder, *model, *operation, *output;
    unsigned long long point, replication; /* replication 0: all */
    int only;                              /* CASE_..., or -1 */
    bool lists_lost;
    struct view *view;
    struct document *document;
    const struct scenario *scenario;
    int told;
    bool is_absent[CASES]; /* there was none */
};

/* One trial's worst, and which trial it is. */
struct looked {
    uint32_t model, replication;
    struct trace_worst_figures figures;
    ARRAY(struct loss_figure) lost; /* if all are to be listed */
};

struct told_case {
    int kind;
    uint32_t model, replication;
    uint64_t ops[2]; /* the read and what it missed; the write; the loser and the winner */
    sim_ns from, to; /* records are kept of */
    struct worst_read read;
    struct worst_lost lost; /* .winner 0: a lost commit */
    bool is_lost;
    struct check_breach breach; /* .op 0: of no promise, or nothing more is known of it */
    const char *label;          /* of its file; NULL: the kind's name */
    const char *preface;        /* what the title begins with */
};

/* Runs the trial again for its records, prints the story and draws it; false: there is none, or a failure. */
bool explain_tell(struct explain *e, const struct told_case *c, struct failure *f);

/* What a case of one operation, of a read, of a lost write spans; `end` is of the run. */
struct told_case explain_case_of_write(const struct looked *l, const struct worst_write *w, int kind,
                                       const char *preface);
struct told_case explain_case_of_read(const struct looked *l, const struct worst_read *r, int kind,
                                      const char *preface);
struct told_case explain_case_of_lost(const struct looked *l, const struct worst_lost *w, sim_ns end,
                                      const char *preface);

uint32_t explain_find_model(const struct scenario *s, const char *name); /* UINT32_MAX: none */
int explain_one(struct explain *e, struct failure *f);                   /* --op: a status */
void explain_broken(struct explain *e, struct failure *f);

#endif
